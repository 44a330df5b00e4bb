"""The search of a conversation: constraints that live across turns. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from actions.phrases import money
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


UnusedKind = Literal[
    "when", "least_sum", "price_per", "currency", "currency_unknown", "working_days"
]


@dataclass(frozen=True)
class Unused:
    """Something that a message says and that no search can go by; the answer names it.

    Attributes:
        kind: `when` (a date, month or season), `least_sum` (a lower limit of money), `price_per`
            (a price per week and the like), `currency` (unclear which one), `currency_unknown`,
            `working_days` (used, but counted as weeks).
        words: what the person wrote, or the sum that it comes to.
        options: ISO 4217 codes that an unclear currency may mean, the likelier first.
    """

    kind: UnusedKind
    words: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What a message changes in a search.

    Attributes:
        query: the search afterwards.
        step: `none` (the page begins anew), `more`, `back` (the same page again), `previous`,
            `cheaper`, `shorter`, `longer` or `reset`.
        assumed_currency: True if a budget came without a currency.
        unused: what the message says and the search can't use.
        changed: True if the message changed a constraint.
    """

    query: SearchQuery
    step: str = "none"
    assumed_currency: bool = False
    unused: tuple[Unused, ...] = ()
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
        rest, assumed, unused = _with_entities(start, question, catalogue, add=False)
        step = "reset" if rest == start and not unused else "none"
        return Change(rest, step, assumed, unused, changed=True)
    before = query
    if fresh and question.of_kind("country", "place", "region", "specialty"):
        # "Find me X in Y" is a search of its own; who asks and what they can pay stays.
        query = replace(query, kinds=(), min_weeks=None, max_weeks=None, order="fit")
        if question.of_kind("country", "place", "region") and question.of_kind("specialty"):
            query = query.without("excluded_countries", "excluded_specialties")
    for fields, pattern in _DROPS:
        if pattern.search(text):
            query = query.without(*fields)
    query, assumed, unused = _with_entities(query, question, catalogue, add=bool(_ADD.search(text)))
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
    return Change(query, step, assumed, unused, changed)


def _with_entities(
    query: SearchQuery, question: Question, catalogue: Catalogue, *, add: bool
) -> tuple[SearchQuery, bool, tuple[Unused, ...]]:
    """Return the search with a message's entities in it, and what of them it can't use.

    The second value tells whether a currency was assumed.
    """
    query = _with_terms(query, question, catalogue, add=add)
    query, unused_lengths = _with_lengths(query, question)
    query, assumed, unused_sums = _with_sums(query, question)
    if question.of_kind("cheap"):
        query = replace(query, order="price")
    return query, assumed, (*unused_lengths, *unused_sums)


def _with_terms(
    query: SearchQuery, question: Question, catalogue: Catalogue, *, add: bool
) -> SearchQuery:
    """Return the search with a message's places, specialties and other terms in it."""
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
    return replace(query, **changes)


def _with_lengths(query: SearchQuery, question: Question) -> tuple[SearchQuery, tuple[Unused, ...]]:
    """Return the search with a message's length of stay, and the dates that it can't use."""
    lengths: list[tuple[float | None, float | None]] = []
    periods: list[tuple[float | None, float | None]] = []
    unused = []
    for entity in question.of_kind("duration"):
        value = entity["value"]
        dated = bool(_WHEN & value.keys())
        if value["min_weeks"] or value["max_weeks"]:
            (periods if dated else lengths).append((value["min_weeks"], value["max_weeks"]))
        if dated:
            unused.append(Unused("when", entity["text"].strip()))
        if value.get("working_days"):
            unused.append(Unused("working_days", entity["text"].strip()))
    # "4 weeks between June and August" is 4 weeks.
    named = lengths or periods
    if not named:
        return query, tuple(unused)
    least, most = named[-1]
    if len(named) > 1:
        before = named[-2]
        # "more than 2 weeks but less than 6"
        if before[0] and not before[1] and most and not least:
            least = before[0]
        elif before[1] and not before[0] and least and not most:
            most = before[1]
    return replace(query, min_weeks=least, max_weeks=most), tuple(unused)


_WHEN = {"month", "season", "start", "relative"}


def _with_sums(
    query: SearchQuery, question: Question
) -> tuple[SearchQuery, bool, tuple[Unused, ...]]:
    """Return the search with a message's budget, and the sums that it can't use.

    The second value tells whether a currency was assumed.
    """
    unused = []
    budget, assumed = query.budget, False
    for entity in question.of_kind("money"):
        value, words = entity["value"], entity["text"].strip()
        currency = value["currency"]
        options = tuple(value.get("candidates") or ())
        if (
            currency is None
            and query.budget
            and query.budget.currency in (options or (query.budget.currency,))
        ):
            currency = query.budget.currency
        if value.get("per"):
            unused.append(Unused("price_per", words))
        elif currency is None and "currency_word" in value:
            unused.append(Unused("currency" if options else "currency_unknown", words, options))
        else:
            if least := value.get("min_amount"):
                unused.append(Unused("least_sum", _sum(least, currency or ASSUMED_CURRENCY)))
            if value["amount"]:
                assumed = currency is None
                budget = Money.of(value["amount"], currency or ASSUMED_CURRENCY)
    return replace(query, budget=budget), assumed, tuple(unused)


def _sum(amount: str, currency: str) -> str:
    return money(Money.of(amount, currency))
