"""The data dictionary's controlled vocabularies, as catalogue/README.md lists them."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["clinical_observation", "elective", "volunteer", "research"]
Stage = Literal[
    "pre_university",
    "premed",
    "preclinical_student",
    "clinical_student",
    "final_year_student",
    "graduate",
    "resident",
    "doctor",
    "nursing_student",
    "nurse",
    "midwifery_student",
    "allied_health",
    "public_health_student",
]
Listing = Literal["open_call", "restricted", "report"]
PriceBasis = Literal[
    "total_shortest_stay",
    "advertised_from",
    "per_week",
    "estimated_trip_cost",
    "exchange_fee",
    "application_fee_only",
]
PlaceType = Literal["city", "area"]
YesNo = Literal["yes", "no"]
Accommodation = Literal["yes", "no", "optional"]
Required = Literal["yes", "partly", "no"]
Confidence = Literal["high", "medium"]
EmergencyService = Literal["general", "ambulance"]
TopicDoes = Literal["answer", "ask", "refuse", "hand_over"]

LISTINGS: tuple[str, ...] = get_args(Listing)
PRICE_BASES: tuple[str, ...] = get_args(PriceBasis)

#: Prices that say what the programme itself costs; the others are only a fee on top.
COST_BASES = ("total_shortest_stay", "advertised_from", "per_week", "estimated_trip_cost")

#: What separates the values in a cell that holds several.
LIST_SEPARATOR = ";"
