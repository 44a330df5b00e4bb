"""Search over the programmes: what fits, in which order, and what to offer when nothing does.

A programme that is known to contradict a constraint is out. Where the catalogue does not know,
the programme stays in, below those that are known to fit, and its notes say what is not known.
"""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy.orm import Session

from preceptor.catalogue.dictionary import LISTINGS
from preceptor.catalogue.money import Converted, Money, NoRate, Rate, convert, in_euro
from preceptor.catalogue.programs import ProgramView, Snapshot, snapshot

__all__ = [
    "CONSTRAINTS",
    "NOTES",
    "Converted",
    "Hit",
    "Money",
    "NoRate",
    "Nothing",
    "ProgramView",
    "SearchPage",
    "SearchQuery",
    "convert",
    "find_programs_by_name",
    "get_program",
    "nearest",
    "search",
]

#: What a hit's notes may say: why a constraint of the query could not be verified.
NOTES: Mapping[str, str] = {
    "specialty_unknown": "the specialties are not known",
    "stage_unknown": "the stages of training are not known",
    "language_unknown": "the languages are not known",
    "length_unknown": "the length is not known",
    "price_unknown": "the price is not known, or cannot be compared",
    "price_is_fee_only": "the price known is a fee, not the cost of the stay",
    "price_for_shorter_stay": "the price known is for a shorter stay than the one asked for",
}

#: The constraints of a query, those first that a person gives up most easily. When several of
#: them could be blamed for an empty result, it is the first.
CONSTRAINTS = (
    "budget",
    "max_weeks",
    "min_weeks",
    "languages",
    "kinds",
    "excluded_specialties",
    "specialties",
    "places",
    "excluded_countries",
    "countries",
    "regions",
    "stages",
)


@dataclass(frozen=True)
class SearchQuery:
    """What to search for. Values of one kind are alternatives; all kinds must hold.

    Countries, places and regions are one kind: "Kenya or Zanzibar" finds both.

    Ids are those of the catalogue: countries ISO 3166-1 alpha-2, languages ISO 639-1, the rest
    the ids of the CSV files. ``min_weeks`` and ``max_weeks`` are the stay that the person has in
    mind, in weeks; fractions are fine. Only open calls are found unless ``include_restricted``
    and ``include_reports`` say otherwise.
    """

    countries: tuple[str, ...] = ()
    excluded_countries: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    excluded_specialties: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    max_weeks: float | None = None
    min_weeks: float | None = None
    budget: Money | None = None
    include_restricted: bool = False
    include_reports: bool = False
    order: Literal["fit", "price", "length"] = "fit"

    def constraints(self) -> tuple[str, ...]:
        """The names of the constraints that are set, in the order of ``CONSTRAINTS``."""
        return tuple(name for name in CONSTRAINTS if getattr(self, name) not in ((), None))

    def without(self, *constraints: str) -> SearchQuery:
        """The same query less some constraints."""
        empty: dict[str, Any] = {name: getattr(_ANYTHING, name) for name in constraints}
        return replace(self, **empty)


_ANYTHING = SearchQuery()


@dataclass(frozen=True)
class Hit:
    """A programme that a search found.

    ``notes`` are codes of ``NOTES``. ``cost_eur`` is what the stay costs as far as the price
    says, in euros and not rounded: for comparing, not for showing.
    """

    program: ProgramView
    notes: tuple[str, ...] = ()
    cost_eur: Decimal | None = None


@dataclass(frozen=True)
class SearchPage:
    """A part of a result: ``results`` begins at ``offset`` of ``total`` hits."""

    results: tuple[Hit, ...]
    total: int
    offset: int


@dataclass(frozen=True)
class Nothing:
    """Why a query has no result, and what comes nearest.

    ``blame``: the smallest set of constraints (names of SearchQuery's fields) without which there
    are results. ``without``: for each single constraint, how many results there are without it.
    ``alternatives``: the nearest programmes once the blamed constraints are dropped.
    ``hidden``: how many restricted programmes and reports fit the whole query.
    """

    blame: tuple[str, ...]
    without: Mapping[str, int]
    alternatives: tuple[Hit, ...]
    hidden: int


def search(session: Session, query: SearchQuery, offset: int = 0, limit: int = 3) -> SearchPage:
    """The hits of ``query`` from ``offset`` on (0 is the best), at most ``limit``.

    Raises NotImported when there is no catalogue.
    """
    hits = _find(snapshot(session), query)
    start = max(offset, 0)
    return SearchPage(tuple(hits[start : start + max(limit, 0)]), len(hits), start)


def get_program(session: Session, id: str) -> ProgramView | None:
    """The programme with this id, whatever its listing."""
    return snapshot(session).program(id)


# Judging one programme ------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """A query with its regions, areas and parent specialties expanded."""

    query: SearchQuery
    countries: frozenset[str] | None
    places: frozenset[str]
    specialties: frozenset[str] | None
    excluded_specialties: frozenset[str]
    budget_eur: Decimal | None

    @classmethod
    def of(cls, query: SearchQuery, world: Snapshot) -> _Asked:
        countries: set[str] | None = None
        if query.countries or query.regions:
            countries = {*query.countries, *world.countries_within(query.regions)}
        if countries is not None:
            countries -= set(query.excluded_countries)
        return cls(
            query=query,
            countries=None if countries is None else frozenset(countries),
            places=frozenset(world.places_within(query.places)),
            specialties=(
                frozenset(world.specialties_within(query.specialties))
                if query.specialties
                else None
            ),
            excluded_specialties=frozenset(world.specialties_within(query.excluded_specialties)),
            budget_eur=in_euro(query.budget, world.rates) if query.budget else None,
        )


def _find(world: Snapshot, query: SearchQuery) -> list[Hit]:
    """All hits in order."""
    asked = _Asked.of(query, world)
    found = []
    for program in world.programs:
        notes = _judge(program, asked, world)
        if notes is not None:
            hit = Hit(program, notes, _cost(program, query, world))
            found.append((_rank(hit, asked), hit))
    found.sort(key=lambda pair: pair[0])
    return [hit for _, hit in found]


def _judge(program: ProgramView, asked: _Asked, world: Snapshot) -> tuple[str, ...] | None:
    """The notes on a programme that fits as far as is known, or None if it does not."""
    query = asked.query
    if program.listing == "restricted" and not query.include_restricted:
        return None
    if program.listing == "report" and not query.include_reports:
        return None
    if not _is_where(program, asked) or (query.kinds and program.kind not in query.kinds):
        return None
    verdicts = (
        _judge_specialties(program, asked),
        _judge_any(program.stages, query.stages, "stage_unknown"),
        _judge_any(program.languages, query.languages, "language_unknown"),
        _judge_length(program, query),
        _judge_budget(program, asked, world),
    )
    if _OUT in verdicts:
        return None
    return tuple(verdict for verdict in verdicts if verdict != _FITS)


# A verdict is one of these or a code of NOTES.
_FITS = "fits"
_OUT = "out"


def _is_where(program: ProgramView, asked: _Asked) -> bool:
    """Whether it is in one of the places, or in one of the countries and regions."""
    if asked.query.places and asked.places.intersection(program.place_ids):
        return bool(_countries_left(program, replace(asked, countries=None)))
    if asked.query.places and asked.countries is None:
        return False
    if asked.countries is None and not asked.query.excluded_countries:
        return True
    if _countries_left(program, asked):
        return True
    # Somebody who excludes a country can still do a worldwide programme in another.
    return program.worldwide and asked.countries != frozenset()


def _countries_left(program: ProgramView, asked: _Asked) -> list[str]:
    """The programme's countries that the person asked for and did not exclude."""
    return [
        country
        for country in program.country_ids
        if country not in asked.query.excluded_countries
        and (asked.countries is None or country in asked.countries)
    ]


def _judge_specialties(program: ProgramView, asked: _Asked) -> str:
    if asked.specialties is None and not asked.excluded_specialties:
        return _FITS
    if not program.specialty_ids:
        return "specialty_unknown"
    left = set(program.specialty_ids) - asked.excluded_specialties
    if asked.specialties is not None:
        left &= asked.specialties
    return _FITS if left else _OUT


def _judge_any(known: tuple[str, ...], wanted: tuple[str, ...], note: str) -> str:
    if not wanted:
        return _FITS
    if not known:
        return note
    return _FITS if set(known) & set(wanted) else _OUT


def _judge_length(program: ProgramView, query: SearchQuery) -> str:
    shortest, longest = program.min_weeks, program.max_weeks
    if query.max_weeks is None and query.min_weeks is None:
        return _FITS
    if query.max_weeks is not None and shortest is not None and shortest > query.max_weeks:
        return _OUT
    if query.min_weeks is not None and longest is not None and longest < query.min_weeks:
        return _OUT
    if shortest is None and longest is None:
        return "length_unknown"
    # Without a known longest stay one may stay longer; without a known shortest stay the
    # programme fits for certain only when even its longest is short enough.
    if query.max_weeks is not None and shortest is None and (longest or 0) > query.max_weeks:
        return "length_unknown"
    return _FITS


def _stay_weeks(program: ProgramView, query: SearchQuery) -> Decimal | None:
    """The shortest stay at the programme that the person would do, in weeks."""
    if program.min_weeks is not None:
        return max(Decimal(program.min_weeks), Decimal(str(query.min_weeks or 0)))
    asked = query.min_weeks if query.min_weeks is not None else query.max_weeks
    return None if asked is None else Decimal(str(asked))


def _cost(program: ProgramView, query: SearchQuery, world: Snapshot) -> Decimal | None:
    """What the stay costs in euros, as far as the price says; None if it does not."""
    if program.price is None or not program.price_is_cost:
        return None
    price = in_euro(program.price, world.rates)
    if price is None or program.price_basis != "per_week":
        return price
    weeks = _stay_weeks(program, query)
    return None if weeks is None else price * weeks


def _judge_budget(program: ProgramView, asked: _Asked, world: Snapshot) -> str:
    query = asked.query
    if query.budget is None:
        return _FITS
    if program.price is None:
        return "price_unknown"
    if not program.price_is_cost:
        return "price_is_fee_only"
    cost, budget = _cost(program, query, world), asked.budget_eur
    if program.price.currency == query.budget.currency and asked.budget_eur is None:
        # No rate is needed to compare amounts of one currency.
        one = Rate(Decimal(1), None, None, None)
        same = replace(world, rates={query.budget.currency: one})
        cost, budget = _cost(program, query, same), query.budget.amount
    if cost is None or budget is None:
        return "price_unknown"
    if cost > budget:
        return _OUT
    longer = query.min_weeks is not None and query.min_weeks > (program.min_weeks or 0)
    if longer and program.price_basis in ("total_shortest_stay", "advertised_from"):
        return "price_for_shorter_stay"
    return _FITS


# Farther than any region is large and longer than any stay lasts.
_FAR = 10**6


# Ranking --------------------------------------------------------------------------------


def _date_number(date: str | None) -> int:
    """A shortened ISO date as a number that grows with time; 0 when not known."""
    return int((date or "").replace("-", "").ljust(8, "0"))


def _rank(hit: Hit, asked: _Asked) -> tuple[Any, ...]:
    """A hit's place in the order: smaller is better, no two are equal."""
    program, query = hit.program, asked.query
    # "Anywhere" is the weakest answer to somebody who named a country.
    only_worldwide = (
        asked.countries is not None and not query.places and not _countries_left(program, asked)
    )
    specificity = 0
    if query.places:
        specificity += 2 if set(program.place_ids) & set(query.places) else 1
    if query.specialties:
        specificity += 2 if set(program.specialty_ids) & set(query.specialties) else 1
    # A list by price begins with prices, even where something else of the programme is unknown.
    missing, measure = False, (Decimal(0), 0)
    if query.order == "price":
        missing, measure = hit.cost_eur is None, (hit.cost_eur or Decimal(0), 0)
    elif query.order == "length":
        missing = program.min_weeks is None
        measure = (Decimal(program.min_weeks or 0), program.max_weeks or _FAR)
    return (
        missing,
        only_worldwide,
        len(hit.notes),
        measure,
        LISTINGS.index(program.listing),
        -specificity,
        not program.price_is_cost,
        program.confidence != "high",
        -_date_number(program.source_date),
        program.name.casefold(),
        program.id,
    )


# When there is no result ----------------------------------------------------------------

_MOST_ALTERNATIVES = 3
# Beyond that, naming the constraints helps nobody: all of them are to blame.
_MOST_BLAMED = 3


def nearest(session: Session, query: SearchQuery) -> Nothing:
    """What to say when ``query`` has no result: what is to blame, and what comes nearest.

    The alternatives are sorted by how near they come to what was asked: for countries and places
    by the smallest area or region that holds both, for a budget by cost, for a length by length.

    Raises NotImported when there is no catalogue.
    """
    world = snapshot(session)
    constraints = query.constraints()
    without = {name: len(_find(world, query.without(name))) for name in constraints}
    everything = replace(query, include_restricted=True, include_reports=True)
    hidden = len(_find(world, everything)) - len(_find(world, query))
    for size in (*range(1, min(_MOST_BLAMED, len(constraints)) + 1), len(constraints)):
        for blame in itertools.combinations(constraints, size):
            hits = _find(world, query.without(*blame))
            if hits:
                measures = [_NEARNESS[name] for name in blame if name in _NEARNESS]
                hits.sort(key=lambda hit: tuple(m(hit, query, world) for m in measures))
                return Nothing(blame, without, tuple(hits[:_MOST_ALTERNATIVES]), hidden)
    return Nothing((), without, (), hidden)


def _country_distance(hit: Hit, query: SearchQuery, world: Snapshot) -> float:
    """How many countries the smallest region has that holds an asked one and the hit's."""
    return _shared_region(hit, set(query.countries), world)


def _shared_region(hit: Hit, asked: set[str], world: Snapshot) -> float:
    if asked & set(hit.program.country_ids):
        return 0
    return min(
        (
            len(region.countries)
            for region in world.regions.values()
            if asked & set(region.countries)
            and set(hit.program.country_ids) & set(region.countries)
        ),
        default=_FAR,
    )


def _place_distance(hit: Hit, query: SearchQuery, world: Snapshot) -> float:
    """Below 1: the same area; 1: the same country; above: the size of a region that holds both."""
    asked = [world.places[id] for id in query.places if id in world.places]
    areas = {place.area or place.id for place in asked}
    if world.places_within(areas) & set(hit.program.place_ids):
        return 0
    return 1 + _shared_region(hit, {place.country for place in asked}, world)


def _specialty_distance(hit: Hit, query: SearchQuery, world: Snapshot) -> float:
    """0: a specialty next to an asked one; 1: another."""
    parents = {world.specialties[id].parent for id in query.specialties if id in world.specialties}
    family = world.specialties_within(parent for parent in parents if parent)
    return 0 if family & set(hit.program.specialty_ids) else 1


def _cost_distance(hit: Hit, query: SearchQuery, world: Snapshot) -> Decimal:
    return Decimal(10**12) if hit.cost_eur is None else hit.cost_eur


def _shortest_stay(hit: Hit, query: SearchQuery, world: Snapshot) -> float:
    return _FAR if hit.program.min_weeks is None else hit.program.min_weeks


def _longest_stay(hit: Hit, query: SearchQuery, world: Snapshot) -> float:
    return _FAR if hit.program.max_weeks is None else -hit.program.max_weeks


_Measure = Callable[[Hit, SearchQuery, Snapshot], "float | Decimal"]
_NEARNESS: Mapping[str, _Measure] = {
    "budget": _cost_distance,
    "max_weeks": _shortest_stay,
    "min_weeks": _longest_stay,
    "countries": _country_distance,
    "places": _place_distance,
    "specialties": _specialty_distance,
}


# By name --------------------------------------------------------------------------------

_EMPTY_WORDS = frozenset(
    [
        "a",
        "about",
        "an",
        "and",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "me",
        "more",
        "of",
        "one",
        "on",
        "program",
        "programme",
        "tell",
        "that",
        "the",
        "this",
        "to",
        "with",
    ]
)
_TYPO_CUTOFF = 0.8


def find_programs_by_name(session: Session, text: str, limit: int = 5) -> tuple[ProgramView, ...]:
    """The programmes that ``text`` may name ("the one in Kandy", "ivhq bali"), best first.

    Every word must stand in the programme's name, organisation, places or countries, small
    typos aside; case, accents and filler words do not matter. An id or a full name finds that
    programme alone. Empty when nothing fits.
    """
    programs = snapshot(session).programs
    folded = _fold(text)
    exact = [p for p in programs if text.strip() == p.id or folded == _fold(p.name)]
    if exact:
        return tuple(exact[:limit])
    words = [word for word in folded.split() if word not in _EMPTY_WORDS]
    scored = []
    for program in programs:
        score = _name_score(words, program)
        if score > 0:
            scored.append((-score, LISTINGS.index(program.listing), program.name, program.id))
    return tuple(p for *_, id in sorted(scored)[:limit] for p in programs if p.id == id)


def _fold(text: str) -> str:
    """Lower case without accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c))))


def _name_score(words: list[str], program: ProgramView) -> float:
    """0 when a word is missing; words of the name count more than those of what is around it."""
    name = _fold(program.name).split()
    around = _fold(
        " ".join((program.organisation, *program.place_names, *program.country_names))
    ).split()
    total = 0.0
    for word in words:
        if word in name:
            total += 3
        elif word in around:
            total += 2
        elif difflib.get_close_matches(word, {*name, *around}, n=1, cutoff=_TYPO_CUTOFF):
            total += 1
        else:
            return 0
    return total
