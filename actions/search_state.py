"""The search of a conversation: constraints that live across turns. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from actions.topic_action import Question
from preceptor.catalogue.money import Money
from preceptor.catalogue.search import SearchQuery
from preceptor.catalogue.snapshot import Catalogue

ASSUMED_CURRENCY = "USD"

_SLOTS = {
    "countries": "search_country",
    "places": "search_place",
    "regions": "search_region",
    "specialties": "search_specialty",
    "kinds": "search_kind",
    "stages": "search_stage",
    "languages": "search_language",
    "excluded_countries": "search_excluded_country",
    "excluded_specialties": "search_excluded_specialty",
}


def query_from_slots(slots: Mapping[str, Any]) -> SearchQuery:
    """Return the search that a conversation's slots hold."""
    budget = slots.get("search_budget")
    lists: dict[str, Any] = {name: tuple(slots.get(slot) or ()) for name, slot in _SLOTS.items()}
    return SearchQuery(
        **lists,
        min_weeks=slots.get("search_min_weeks"),
        max_weeks=slots.get("search_max_weeks"),
        budget=Money(budget["minor"], budget["currency"]) if budget else None,
        order=slots.get("search_order") or "fit",
    )


def query_to_slots(query: SearchQuery) -> dict[str, Any]:
    """Return the slots that hold a search; None for what it doesn't constrain."""
    slots: dict[str, Any] = {
        slot: list(getattr(query, name)) or None for name, slot in _SLOTS.items()
    }
    return slots | {
        "search_min_weeks": query.min_weeks,
        "search_max_weeks": query.max_weeks,
        "search_budget": (
            {"minor": query.budget.minor, "currency": query.budget.currency}
            if query.budget
            else None
        ),
        "search_order": None if query.order == "fit" else query.order,
    }


_DROPS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (fields, re.compile(pattern, re.IGNORECASE))
    for fields, pattern in (
        (
            ("countries", "places", "regions", "excluded_countries"),
            r"\b(any ?where|every ?where|world ?wide|globally|any (?:other )?(?:country|place|location|city|region|continent)"
            r"|all countries|no matter where|(?:don'?t|doesn'?t|doesnt|dont) (?:care|matter|mind) where"
            r"|country doesn'?t matter|(?:forget|drop|skip|remove|ignore) (?:about )?(?:the )?(?:country|place|location|region))",
        ),
        (
            ("specialties", "excluded_specialties"),
            r"\b(any (?:speciali?ty|department|field|area of medicine|rotation|subject)|all (?:specialties|departments)"
            r"|(?:specialty|department) doesn'?t matter|no matter which (?:specialty|department)"
            r"|(?:forget|drop|skip|remove|ignore) (?:about )?(?:the )?(?:speciali?ty|department))",
        ),
        (
            ("min_weeks", "max_weeks"),
            r"\b(any (?:length|duration)|(?:length|duration) doesn'?t matter|no matter how long|however long"
            r"|(?:forget|drop|skip|remove|ignore) (?:about )?(?:the )?(?:length|duration|weeks|dates|time))",
        ),
        (
            ("budget",),
            r"\b(any (?:price|budget|cost)|(?:money|price|budget|cost) (?:doesn'?t|does not|isn'?t|is no|is not) (?:matter|an? issue|object|important)"
            r"|no (?:budget|price) limit|whatever (?:it costs|the price|the cost)"
            r"|(?:forget|drop|skip|remove|ignore|lift|raise) (?:about )?(?:the |my )?(?:budget|price|money|cost)|no budget\b)",
        ),
        (
            ("kinds",),
            r"\b(any (?:kind|type)|(?:kind|type) doesn'?t matter|(?:forget|drop|remove) (?:the )?(?:kind|type))",
        ),
        (
            ("stages",),
            r"\b(any (?:stage|level)|(?:forget|drop|remove) (?:the )?(?:stage|level|year))",
        ),
        (
            ("languages",),
            r"\b(any language|language doesn'?t matter|(?:forget|drop|remove) (?:the )?language)",
        ),
    )
)
_RESET = re.compile(
    r"\b(start (?:over|again|from scratch|afresh)|new search|reset|restart|clear (?:it|everything|all|the search|my search)?"
    r"|from the beginning|scrap (?:that|it|everything)|forget (?:everything|all (?:of )?(?:that|this)))\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^(?:\W*(?:show|give|see|any|are there|is there|got|have you got|what|i want|can i see|list|some|and|ok|okay|yes|pls|please|me|the|few|any)\W+)*"
    r"(?:more|next|others?|another|rest|remaining|what else|else|further|next page|more results|more options)\b"
    r"|\b(?:what else|anything else|more (?:results|options|programm?es|please|pls|of them)|show (?:me )?more|next (?:page|ones|three|results)"
    r"|other (?:options|ones|results|programm?es)|the rest|see more|keep going)\b",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"\b(?:back to (?:my|the) (?:search|results|list)|(?:show|see) (?:them|it|the (?:list|results)|my (?:search|results)) again|where were we|my search)\b",
    re.IGNORECASE,
)
_PREVIOUS = re.compile(
    r"\b(?:previous|go back|earlier|the ones before|first page)\b", re.IGNORECASE
)
_CHEAPER = re.compile(
    r"\b(?:cheap(?:er|est)|chea?per|less expensive|lower (?:price|cost|budget)|less (?:money|costly|pricey)|too (?:expensive|pricey|much money|costly)"
    r"|cost(?:s)? less|more affordable|save money|low[- ]?cost|lower fees?|cheeper|cheper|cheap)\b",
    re.IGNORECASE,
)
_SHORTER = re.compile(
    r"\b(?:shorter|less time|fewer weeks|not so long|too long|less long|quicker|briefer|shortest)\b",
    re.IGNORECASE,
)
_LONGER = re.compile(r"\b(?:longer|more (?:weeks|time|months)|too short|longest)\b", re.IGNORECASE)
_ADD = re.compile(r"\b(?:also|as well|too|add|plus|include|both)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """What a message changes in a search.

    Attributes:
        query: the search afterwards.
        step: `none` (the page begins anew), `more`, `back` (the same page again), `previous`,
            `cheaper`, `shorter`, `longer` or `reset`.
        assumed_currency: True where a budget came without a currency.
        start_date: True where the message names a month, which can't be searched by.
        changed: True where the message changed a constraint.
    """

    query: SearchQuery
    step: str = "none"
    assumed_currency: bool = False
    start_date: bool = False
    changed: bool = False


def change(query: SearchQuery, question: Question, catalogue: Catalogue, *, fresh: bool) -> Change:
    """Apply a message to a search.

    Args:
        query: the search so far.
        question: the message; its entities and its words both count.
        catalogue: the catalogue, for which place lies in which country.
        fresh: True for a new request ("find me …"), whose place and specialty replace the old
            ones together; False for a change to what is there.
    """
    text = question.text
    if _RESET.search(text):
        start = SearchQuery()
        rest = _with_entities(start, question, catalogue, add=False)[0]
        return Change(rest, step="reset" if rest == start else "none", changed=True)
    before = query
    if fresh and question.of_kind("country", "place", "region", "specialty"):
        # "Find me X in Y" is a search of its own; who asks and what they can pay stays.
        query = replace(query, kinds=(), min_weeks=None, max_weeks=None, order="fit")
        if question.of_kind("country", "place", "region") and question.of_kind("specialty"):
            query = query.without("excluded_countries", "excluded_specialties")
    for fields, pattern in _DROPS:
        if pattern.search(text):
            query = query.without(*fields)
    query, assumed = _with_entities(query, question, catalogue, add=bool(_ADD.search(text)))
    start_date = any(
        e["value"].get("month") or e["value"].get("season") for e in question.of_kind("duration")
    )
    changed = query != before
    step = "none"
    named_money = bool(question.of_kind("money"))
    named_weeks = bool(question.of_kind("duration"))
    if _BACK.search(text) and not changed:
        step = "back"
    elif _CHEAPER.search(text) and not named_money:
        step = "cheaper" if not changed and not fresh else "none"
        query = replace(query, order="price")
    elif _SHORTER.search(text) and not named_weeks:
        step = "shorter"
    elif _LONGER.search(text) and not named_weeks:
        step = "longer"
    elif not changed and _PREVIOUS.search(text):
        step = "previous"
    elif not changed and _MORE.search(text):
        step = "more"
    return Change(query, step, assumed, start_date, changed)


def _with_entities(
    query: SearchQuery, question: Question, catalogue: Catalogue, *, add: bool
) -> tuple[SearchQuery, bool]:
    """Return the search with a message's entities in it, and whether a currency was assumed."""
    changes: dict[str, Any] = {}

    def merged(field: str, values: list[Any]) -> tuple[Any, ...]:
        old = getattr(query, field) if add else ()
        return tuple(dict.fromkeys([*old, *values]))

    countries, places, regions = map(question.values, ("country", "place", "region"))
    if countries or places or regions:
        # "Arusha, Tanzania" is the city; "Kenya or Zanzibar" is both.
        homes = {catalogue.places[p].country for p in places if p in catalogue.places}
        countries = [c for c in countries if c not in homes]
        changes |= {
            "countries": merged("countries", countries),
            "places": merged("places", places),
            "regions": merged("regions", regions),
            "excluded_countries": tuple(c for c in query.excluded_countries if c not in countries),
        }
    for field, kind in (
        ("specialties", "specialty"),
        ("kinds", "kind"),
        ("stages", "stage"),
        ("languages", "language"),
    ):
        if values := question.values(kind):
            changes[field] = merged(field, values)
            if field == "specialties":
                changes["excluded_specialties"] = tuple(
                    s for s in query.excluded_specialties if s not in values
                )
    unwanted = [*question.values("country", role="excluded")]
    for region in question.values("region", role="excluded"):
        unwanted += [c for c in catalogue.countries_within([region]) if c not in unwanted]
    for place in question.values("place", role="excluded"):
        changes["places"] = tuple(p for p in changes.get("places", query.places) if p != place)
    if unwanted:
        changes["excluded_countries"] = tuple(
            dict.fromkeys([*changes.get("excluded_countries", query.excluded_countries), *unwanted])
        )
        changes["countries"] = tuple(
            c for c in changes.get("countries", query.countries) if c not in unwanted
        )
    if refused := question.values("specialty", role="excluded"):
        changes["excluded_specialties"] = tuple(
            dict.fromkeys(
                [*changes.get("excluded_specialties", query.excluded_specialties), *refused]
            )
        )
        changes["specialties"] = tuple(
            s for s in changes.get("specialties", query.specialties) if s not in refused
        )
    for duration in question.of_kind("duration"):
        weeks = duration["value"]
        if weeks["min_weeks"] or weeks["max_weeks"]:
            changes |= {"min_weeks": weeks["min_weeks"], "max_weeks": weeks["max_weeks"]}
    assumed = False
    if sums := question.of_kind("money"):
        value = sums[-1]["value"]
        currency = value["currency"] or (query.budget.currency if query.budget else None)
        assumed = currency is None
        changes["budget"] = Money.of(value["amount"], currency or ASSUMED_CURRENCY)
    if question.of_kind("cheap"):
        changes["order"] = "price"
    return replace(query, **changes), assumed
