"""Formats of cells: each turns a CSV cell's text into a value, or says what is wrong with it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import pycountry

LIST_SEPARATOR = ";"
"""What separates the values in a cell that holds several."""

_FORMULA = re.compile("'*[=+@-]")


def quote_formula(text: str) -> str:
    """Return a cell that spreadsheets take as text, though it begins like a formula.

    As spreadsheets do themselves, an apostrophe is put before it. See
    https://owasp.org/www-community/attacks/CSV_Injection.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unquote_formula(text: str) -> str:
    """Return the text that `quote_formula` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


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
Accommodation = Literal["yes", "no", "optional"]
Route = Literal["home", "abroad", "eu", "recognised"]
Needed = Literal["yes", "partly", "no", "not stated"]
TermKind = Literal["regulator", "exam", "programme"]
Profession = Literal[
    "doctor", "nurse", "midwife", "dentist", "pharmacist", "physiotherapist", "allied_health"
]
Certainty = Literal["confirmed", "unconfirmed"]
Confidence = Literal["high", "medium"]
EmergencyService = Literal["general", "ambulance"]

NOT_STATED = "not stated by the regulator"
"""What a cell holds that was looked up in vain."""
MOST_WORDS = 30
"""The most words of a sentence that an answer says as it stands."""

LISTINGS: tuple[str, ...] = get_args(Listing)

COST_BASES = ("total_shortest_stay", "advertised_from", "per_week", "estimated_trip_cost")
"""Bases of prices that say what the programme itself costs; the others are fees on top."""


@dataclass(frozen=True)
class CellFormat:
    """How the text of a cell is written, where its type alone does not say it.

    Attributes:
        description: The format as the table of columns shows it.
        pattern: A regular expression that the whole text must match.
        complaint: What is wrong with a text that does not fit, for somebody who edits a
            spreadsheet; `{}` stands for the text.
        convert: Returns the value of a text that matches, or None if it is no value.
    """

    description: str
    pattern: str
    complaint: str
    convert: Callable[[str], Any] = str

    def parse(self, text: str) -> Any:
        """Return the value of a cell's text.

        Raises:
            ValueError: The text does not fit; the message is `complaint`.
        """
        value = self.convert(text) if re.fullmatch(self.pattern, text) else None
        if value is None:
            raise ValueError(self.complaint.format(repr(text[:80])))
        return value


def _whole_number(least: int, most: int, complaint: str, description: str) -> CellFormat:
    def convert(text: str) -> int | None:
        return int(text) if least <= int(text) <= most else None

    return CellFormat(description, "[0-9]{1,15}", complaint, convert)


def _web_address(text: str) -> str | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in ("http", "https") and parts.hostname else None


def _sentence(text: str) -> str | None:
    return text if text == NOT_STATED or len(text.split()) <= MOST_WORDS else None


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


SLUG = CellFormat(
    "id",
    r"(?=.{1,120}$)[a-z0-9]+(-[a-z0-9]+)*",
    "{} is not an id (lower-case letters a-z, digits and single hyphens, at most 120)",
)
# The patterns of ISO codes have one case only: pycountry looks codes up without regard to it.
COUNTRY_CODE = CellFormat(
    "ISO 3166-1 alpha-2",
    "[A-Z]{2}",
    "{} is not a country code (two capital letters by ISO 3166-1, such as KE for Kenya)",
    # Kosovo has no code and by custom uses XK.
    lambda text: text if text == "XK" or pycountry.countries.get(alpha_2=text) else None,
)
CURRENCY_CODE = CellFormat(
    "ISO 4217",
    "[A-Z]{3}",
    "{} is not a currency code (three capital letters by ISO 4217, such as EUR)",
    lambda text: text if pycountry.currencies.get(alpha_3=text) else None,
)
LANGUAGE_CODE = CellFormat(
    "ISO 639-1",
    "[a-z]{2}",
    "{} is not a language code (two small letters by ISO 639-1, such as es for Spanish)",
    lambda text: text if pycountry.languages.get(alpha_2=text) else None,
)
WEB_ADDRESS = CellFormat(
    "web address",
    r"\S{1,2000}",
    "{} is not a web address (it must begin with https:// or http:// and hold no blanks)",
    _web_address,
)
PARTIAL_DATE = CellFormat(
    "date, may stop at month or year",
    "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?",
    "{} is not a date (write 2024, 2024-07 or 2024-07-01)",
    lambda text: text if _date(text + "-01-01"[len(text) - 4 :]) else None,
)
PAGE_DATE = CellFormat(
    f"{PARTIAL_DATE.description}, or `undated`",
    f"undated|{PARTIAL_DATE.pattern}",
    "{} is not a date (write 2024, 2024-07, 2024-07-01 or undated)",
    lambda text: text if text == "undated" else PARTIAL_DATE.convert(text),
)
SENTENCE = CellFormat(
    f"sentence of at most {MOST_WORDS} words, or `{NOT_STATED}`",
    rf"(?s){re.escape(NOT_STATED)}|.*[.!?]",
    f"{{}} is not a sentence of at most {MOST_WORDS} words that ends in a full stop (or write"
    f" {NOT_STATED})",
    _sentence,
)
FULL_DATE = CellFormat(
    "whole date",
    "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "{} is not a whole date (write 2024-07-01)",
    _date,
)
WEEKS = _whole_number(
    1, 520, "{} is not a whole number of weeks from 1 to 520", "whole number of weeks"
)
MINOR_UNITS = _whole_number(
    0, 10**12, "{} is not a whole number of minor units (write 120000 for 1,200.00)", "whole number"
)
RANK = _whole_number(
    1, 10**6, "{} is not a rank (a whole number; 1 is shown first)", "whole number"
)
MONTHS = CellFormat(
    "number of months",
    r"[0-9]{1,12}(\.[0-9]{1,12})?",
    "{} is not a number of months from 0 to 240 (write 12 or 4.5)",
    lambda text: Decimal(text) if Decimal(text) <= 240 else None,
)
EXCHANGE_RATE = CellFormat(
    "decimal",
    MONTHS.pattern,
    "{} is not an exchange rate above 0 (write 1.0834)",
    lambda text: Decimal(text) or None,
)
YES_NO = CellFormat("`yes` `no`", "yes|no", "{} is not one of: yes, no", lambda text: text == "yes")
