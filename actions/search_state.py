"""The search of a conversation: constraints that live across turns. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from actions.phrases import money
from actions.topic_action import Question
from preceptor.catalogue.money import Money
from preceptor.catalogue.search import SearchQuery
from preceptor.catalogue.snapshot import Catalogue
from preceptor.conversation import search_words as words
from preceptor.conversation.frame import Person, stages_after, stay_of

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
        budget_per=(budget or {}).get("per") or "stay",
        order=slots.get("search_order") or "fit",
    )


def query_to_slots(query: SearchQuery) -> dict[str, Any]:
    """Return the slots that hold a search; None for what it doesn't constrain."""
    per = {"per": query.budget_per} if query.budget_per != "stay" else {}
    slots: dict[str, Any] = {
        slot: list(getattr(query, name)) or None for name, slot in _SLOTS.items()
    }
    return slots | {
        "search_min_weeks": query.min_weeks,
        "search_max_weeks": query.max_weeks,
        "search_budget": (
            {"minor": query.budget.minor, "currency": query.budget.currency, **per}
            if query.budget
            else None
        ),
        "search_order": None if query.order == "fit" else query.order,
    }


UnusedKind = Literal[
    "when",
    "least_sum",
    "price_per",
    "currency",
    "currency_unknown",
    "working_days",
    "wishes",
    "roughly",
]


@dataclass(frozen=True)
class Unused:
    """Something that a message says and that no search can go by; the answer names it.

    Attributes:
        kind: `when` (a date, month or season), `least_sum` (a lower limit of money), `price_per`
            (a price per week and the like), `currency` (unclear which one), `currency_unknown`,
            `working_days` (used, but counted as weeks), `wishes` (such as "safe"),
            `roughly` (a kind of placement named as an example).
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
        dropped: fields of the search that the message gives up.
    """

    query: SearchQuery
    step: str = "none"
    assumed_currency: bool = False
    unused: tuple[Unused, ...] = ()
    changed: bool = False
    dropped: frozenset[str] = frozenset()


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
    if words.RESET.search(text):
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
    given_up = words.given_up(text)
    dropped = {field for fields, _ in given_up for field in fields}
    question = _without_words(question, given_up)
    query, question, let_go = _let_go(query.without(*dropped), question, catalogue)
    query, assumed, unused = _with_entities(
        query, question, catalogue, add=bool(words.ADD.search(text))
    )
    if dropped & {"budget"}:
        query = replace(query, budget_per="stay")
    changed = query != before
    query, step = _moved(query, question, changed=changed, fresh=fresh)
    return Change(query, step, assumed, unused, changed, frozenset(dropped | let_go))


def _without_words(question: Question, said: Iterable[tuple[Collection[str], str]]) -> Question:
    """Return a message in which the words that give up a field name no value of it.

    "Any kind of elective" asks for no electives.

    Args:
        question: the message.
        said: fields that it gives up, and the words for it.
    """
    entities = list(question.entities)
    for i, entity in enumerate(entities):
        field = _FIELDS.get(entity["entity"])
        if any(field in fields and entity["text"] in given_up for fields, given_up in said):
            entities[i] = _with_role(entity, "let_go")
    return replace(question, entities=tuple(entities))


def _moved(
    query: SearchQuery, question: Question, *, changed: bool, fresh: bool
) -> tuple[SearchQuery, str]:
    """Return the search in the order that a message asks for, and where it moves in the list."""
    text = question.text
    if not changed and words.BACK.search(text):
        return query, "back"
    if words.CHEAPER.search(text) and not question.of_kind("money"):
        step = "cheaper" if not changed and not fresh else "none"
        return replace(query, order="price"), step
    moves = [
        ("shorter", words.SHORTER, not question.of_kind("duration")),
        ("longer", words.LONGER, not question.of_kind("duration")),
        ("previous", words.PREVIOUS, not changed),
        ("more", words.MORE, not changed),
    ]
    found = (step for step, pattern, possible in moves if possible and pattern.search(text))
    return query, next(found, "none")


_FIELDS = {
    "country": "countries",
    "place": "places",
    "region": "regions",
    "specialty": "specialties",
    "kind": "kinds",
    "stage": "stages",
    "language": "languages",
}


def _let_go(
    query: SearchQuery, question: Question, catalogue: Catalogue
) -> tuple[SearchQuery, Question, set[str]]:
    """Return the search and the message after what it says of things without wanting them.

    "Doesn't have to be surgery" gives surgery up and no more; "forget Peru" doesn't want it
    either; "that isn't physiotherapy" asks for physiotherapy.

    Returns:
        The search, the message with what is left to apply, and the fields that were given up.
    """
    text, entities, given_up = question.text, list(question.entities), set[str]()
    if words.IS_NOT.search(text):
        entities = [_with_role(e, None) if e.get("role") == "excluded" else e for e in entities]
    for i, entity in enumerate(question.entities):
        field = _FIELDS.get(entity["entity"])
        before, _, after = text.partition(entity["text"])
        before = re.split("[,.;]", before)[-1]
        if field is None or entity.get("role") not in (None, "excluded"):
            continue
        if words.LETS_GO.search(before) or words.FILTER.search(text):
            left = tuple(v for v in getattr(query, field) if v != entity["value"])
            changes: dict[str, Any] = {field: left}
            query = replace(query, **changes)
            given_up.add(field)
            entities[i] = _with_role(entity, "let_go")
        elif field == "kinds" and words.ROUGHLY.search(before):
            entities[i] = _with_role(entity, "roughly")
        elif words.FORGETS.search(before) and not after.startswith(" only"):
            entities[i] = _with_role(entity, "excluded")
    return query, replace(question, entities=tuple(entities)), given_up


def _with_role(entity: dict[str, Any], role: str | None) -> dict[str, Any]:
    return {**entity, "role": role}


def _with_entities(
    query: SearchQuery, question: Question, catalogue: Catalogue, *, add: bool
) -> tuple[SearchQuery, bool, tuple[Unused, ...]]:
    """Return the search with a message's entities in it, and what of them it can't use.

    The second value tells whether a currency was assumed.
    """
    query = _with_terms(query, question, catalogue, add=add)
    query, unused_lengths = _with_lengths(query, question)
    query, assumed, unused_sums = _with_sums(_with_number(query, question), question)
    if question.of_kind("cheap"):
        query = replace(query, order="price")
    wishes = [Unused("wishes", name) for name in words.wishes_in(question.text)]
    examples = [Unused("roughly", e["text"]) for e in question.of_kind("kind", role="roughly")]
    return query, assumed, (*unused_lengths, *unused_sums, *wishes, *examples)


def _with_number(query: SearchQuery, question: Question) -> SearchQuery:
    """Return the search with a bare number or currency as what it puts right."""
    if question.of_kind("money", "duration"):
        return query
    if query.budget and (currency := words.currency_in(question.text)):
        return replace(query, budget=Money.of(query.budget.amount, currency))
    match = words.ONLY_A_NUMBER.match(question.text)
    if match is None:
        return query
    if match["word"]:
        number = float(_NUMBERS.index(match["word"].lower()))
    else:
        number = float(match["number"].replace(",", "")) * (1000 if match["k"] else 1)
    if query.budget and number >= _LEAST_SUM:
        amount = Money.of(f"{number:g}", query.budget.currency)
        return replace(query, budget=amount, budget_per="stay")
    if (query.min_weeks or query.max_weeks) and 0 < number <= _MOST_WEEKS:
        low = number if query.min_weeks else None
        return replace(query, min_weeks=low, max_weeks=number if query.max_weeks else None)
    return query


_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
# A bare number from here on is money, and up to there a length in weeks.
_LEAST_SUM, _MOST_WEEKS = 53, 52


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
        countries = _besides_places(query, question, catalogue)
        # A region that was refused as a whole is wanted after all.
        within = [set(catalogue.countries_within([region])) for region in regions]
        refused = set(query.excluded_countries)
        taken_back = {c for each in within if each <= refused for c in each}
        changes |= {
            "countries": merged("countries", countries),
            "places": merged("places", places),
            "regions": merged("regions", regions),
            "excluded_countries": tuple(
                c for c in query.excluded_countries if c not in {*countries, *taken_back}
            ),
        }
    for field, kind in (
        ("specialties", "specialty"),
        ("kinds", "kind"),
        ("stages", "stage"),
        ("languages", "language"),
    ):
        if values := question.values(kind):
            if field == "stages":
                values = list(stages_after(query.stages, values))
            changes[field] = merged(field, values)
            if field == "specialties":
                changes["excluded_specialties"] = tuple(
                    s for s in query.excluded_specialties if s not in values
                )
    unwanted = [*question.values("country", role="excluded")]
    for region in question.values("region", role="excluded"):
        unwanted += [c for c in catalogue.countries_within([region]) if c not in unwanted]
        changes["regions"] = tuple(r for r in changes.get("regions", query.regions) if r != region)
    for place in question.values("place", role="excluded"):
        changes["places"] = tuple(p for p in changes.get("places", query.places) if p != place)
    if unwanted:
        changes["excluded_countries"] = tuple(
            dict.fromkeys([*changes.get("excluded_countries", query.excluded_countries), *unwanted])
        )
        changes["countries"] = tuple(
            c for c in changes.get("countries", query.countries) if c not in unwanted
        )
    return _less_specialties(query, replace(query, **changes), question)


def _less_specialties(before: SearchQuery, query: SearchQuery, question: Question) -> SearchQuery:
    """Return a search less the specialties that a message refuses.

    "Not surgery, sorry, paediatrics" puts the search right and excludes nothing.
    """
    refused = question.values("specialty", role="excluded")
    kept = tuple(s for s in query.specialties if s not in refused)
    unwanted = dict.fromkeys([*query.excluded_specialties, *refused])
    corrects = set(refused) <= set(before.specialties) and bool(question.values("specialty"))
    if corrects or not refused:
        return replace(query, specialties=kept)
    return replace(query, specialties=kept, excluded_specialties=tuple(unwanted))


def _besides_places(query: SearchQuery, question: Question, catalogue: Catalogue) -> list[str]:
    """Return the countries to search besides the places that a message names.

    "Arusha, Tanzania" is the city; "Kenya or Zanzibar" is both, and so are "Tanzania or Zanzibar"
    and "ideally near Leeds" where the United Kingdom is searched.
    """
    places = question.values("place")
    homes = {catalogue.places[p].country for p in places if p in catalogue.places}
    named = [c for c in question.values("country") if c not in homes]
    wished = bool(words.AS_WELL.search(question.text))
    known = (*question.values("country"), *(query.countries if wished else ()))
    if wished or _or_joins(question, catalogue):
        named += [c for c in known if c in homes]
    return named


def _or_joins(question: Question, catalogue: Catalogue) -> bool:
    """Tell whether "or" joins a place with the country that it lies in."""
    for one, other in pairwise(question.of_kind("country", "place")):
        place = catalogue.places.get(one["value"]) or catalogue.places.get(other["value"])
        between = question.text.partition(one["text"])[2].partition(other["text"])[0]
        joined = re.search(r"\bor\b", between, re.IGNORECASE)
        if joined and place and place.country in (one["value"], other["value"]):
            return True
    return False


def _with_lengths(query: SearchQuery, question: Question) -> tuple[SearchQuery, tuple[Unused, ...]]:
    """Return the search with a message's length of stay, and the dates that it can't use."""
    lengths: list[tuple[float | None, float | None]] = []
    periods: list[tuple[float | None, float | None]] = []
    unused = []
    for entity in question.of_kind("duration"):
        value = entity["value"]
        dated = bool(_WHEN & value.keys())
        if stay := stay_of(entity):
            (periods if dated else lengths).append(stay)
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
    per = query.budget_per if budget == query.budget else "stay"
    return replace(query, budget=budget, budget_per=per), assumed, tuple(unused)


def _sum(amount: str, currency: str) -> str:
    return money(Money.of(amount, currency))


# What a person has told that a search begins with, and the entities that say otherwise.
_TOLD: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("stages", ("stages",), ("stage",)),
    ("languages", ("languages",), ("language",)),
    ("specialties", ("specialties", "excluded_specialties"), ("specialty",)),
    ("going", words.WHERE_FIELDS, ("country", "place", "region")),
    ("weeks", ("min_weeks", "max_weeks"), ("duration",)),
    ("budget", ("budget",), ("money",)),
)


def named_in(question: Question) -> frozenset[str]:
    """Return the fields of a search that a message says something of."""
    return frozenset(
        field
        for _, fields, kinds in _TOLD
        if question.of_kind(*kinds) or question.of_kind(*kinds, role="excluded")
        for field in fields
    )


def begun(
    query: SearchQuery, named: Collection[str], person: Person, catalogue: Catalogue
) -> SearchQuery:
    """Return a search that begins, with what the person told earlier.

    Args:
        query: what the message or click makes of the search.
        named: the fields that it says something of; those stay as they are.
        person: what is known of the person.
        catalogue: the catalogue, for what an id is the id of.
    """
    for name, fields, _ in _TOLD:
        told = getattr(person, name)
        if not told or not set(fields).isdisjoint(named):
            continue
        if name == "weeks":
            query = replace(query, min_weeks=told[0], max_weeks=told[1])
        elif name == "budget":
            query = replace(query, budget=Money(*told), budget_per="stay")
        elif name == "going":
            query = replace(query, **_places(told, catalogue))
        else:
            changes: dict[str, Any] = {name: told}
            query = replace(query, **changes)
    return query


def _places(ids: tuple[str, ...], catalogue: Catalogue) -> dict[str, Any]:
    return {
        field: tuple(i for i in ids if (kind, i) in catalogue.names)
        for field, kind in (("countries", "country"), ("places", "place"), ("regions", "region"))
    }


def remembered(query: SearchQuery, person: Person) -> Person:
    """Return what is known of a person after a search: what it asks for, and no longer the rest.

    Who they are and what they speak is theirs, whatever the search asks for.
    """
    per_stay = query.budget is not None and query.budget_per == "stay"
    known: dict[str, Any] = {
        "specialties": query.specialties,
        "going": (*query.countries, *query.places, *query.regions),
        "weeks": (query.min_weeks, query.max_weeks) if query.min_weeks or query.max_weeks else None,
    }
    if per_stay or query.budget is None:
        known["budget"] = (query.budget.minor, query.budget.currency) if query.budget else None
    return person.copy(update=known)
