"""Search over the programmes: what fits, in which order, and what to offer when nothing does.

A programme that is known to contradict a constraint is out. Where the catalogue does not know,
the programme stays in, below those that are known to fit, and its notes say what is not known.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from preceptor.catalogue.cells import LISTINGS
from preceptor.catalogue.money import Money, Rate, Rates, in_euro
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.snapshot import Catalogue

Note = Literal[
    "specialty_unknown",
    "stage_unknown",
    "language_unknown",
    "length_unknown",
    "price_unknown",
    "price_is_fee_only",
    "price_for_shorter_stay",
]
"""Why a constraint of the query could not be verified.

Some of it is not known; `price_unknown` also stands for a price that cannot be compared,
`price_is_fee_only` for a price that is a fee and not the cost of the stay, and
`price_for_shorter_stay` for the price of a shorter stay than the one asked for.
"""

# The constraints of a query, those first that a person gives up most easily. If several of them
# could be blamed for an empty result, it is the first.
_CONSTRAINTS = (
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
    the ids of the CSV files. `min_weeks` and `max_weeks` are the stay that the person has in
    mind, in weeks; fractions are fine. Only open calls are found unless `include_restricted`
    and `include_reports` say otherwise.
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
        """Return the names of the constraints that are set, the easiest to give up first."""
        return tuple(name for name in _CONSTRAINTS if getattr(self, name) not in ((), None))

    def without(self, *constraints: str) -> SearchQuery:
        """Return the same query less some constraints."""
        empty: dict[str, Any] = {name: getattr(_ANYTHING, name) for name in constraints}
        return replace(self, **empty)


_ANYTHING = SearchQuery()


@dataclass(frozen=True)
class Hit:
    """A programme that a search found.

    `cost_eur` is what the stay costs as far as the price says, in euros and not rounded: for
    comparing, not for showing.
    """

    program: ProgramView
    notes: tuple[Note, ...] = ()
    cost_eur: Decimal | None = None


@dataclass(frozen=True)
class SearchPage:
    """A part of a result, which has `total` hits."""

    results: tuple[Hit, ...]
    total: int


@dataclass(frozen=True)
class Nothing:
    """Why a query has no result, and what comes nearest.

    Attributes:
        blame: The smallest set of constraints (names of SearchQuery's fields) without which
            there are results.
        alternatives: The nearest programmes once the blamed constraints are dropped.
        hidden: How many restricted programmes and reports fit the whole query.
    """

    blame: tuple[str, ...]
    alternatives: tuple[Hit, ...]
    hidden: int


def search(catalogue: Catalogue, query: SearchQuery, offset: int = 0, limit: int = 3) -> SearchPage:
    """Return the hits of `query` from `offset` on (0 is the best), at most `limit`."""
    hits = _hits(catalogue, query)
    start = max(offset, 0)
    return SearchPage(tuple(hits[start : start + max(limit, 0)]), len(hits))


# Judging one programme ------------------------------------------------------------------


class _Scope:
    """A query with its regions, areas and parent specialties expanded.

    `countries` and `specialties` are None if any will do.
    """

    def __init__(self, query: SearchQuery, catalogue: Catalogue) -> None:
        self.query = query
        self.countries: set[str] | None = None
        if query.countries or query.regions:
            named = {*query.countries, *catalogue.countries_within(query.regions)}
            self.countries = named - set(query.excluded_countries)
        self.places = catalogue.places_within(query.places)
        self.specialties: set[str] | None = None
        if query.specialties:
            self.specialties = catalogue.specialties_within(query.specialties)
        self.excluded_specialties = catalogue.specialties_within(query.excluded_specialties)
        self.rates = catalogue.rates
        if query.budget and query.budget.currency not in self.rates:
            # No rate is needed to compare amounts of one currency; others cannot be compared.
            self.rates = {query.budget.currency: Rate(Decimal(1))}
        self.budget_eur = in_euro(query.budget, self.rates) if query.budget else None


def _hits(catalogue: Catalogue, query: SearchQuery) -> list[Hit]:
    """Return all hits in order."""
    scope = _Scope(query, catalogue)
    hits = []
    for program in catalogue.programs:
        notes = _judge(program, scope)
        if notes is not None:
            hits.append(Hit(program, notes, _cost(program, query, catalogue.rates)))
    hits.sort(key=lambda hit: _rank(hit, scope))
    return hits


_Verdict = Note | Literal["fits", "out"]


def _judge(program: ProgramView, scope: _Scope) -> tuple[Note, ...] | None:
    """Return the notes on a programme that fits as far as is known, or None if it does not."""
    query = scope.query
    if program.listing == "restricted" and not query.include_restricted:
        return None
    if program.listing == "report" and not query.include_reports:
        return None
    if not _is_located(program, scope) or (query.kinds and program.kind not in query.kinds):
        return None
    verdicts: tuple[_Verdict, ...] = (
        _judge_specialties(program, scope),
        _judge_any(program.stages, query.stages, "stage_unknown"),
        _judge_any(program.languages, query.languages, "language_unknown"),
        _judge_length(program, query),
        _judge_budget(program, scope),
    )
    if "out" in verdicts:
        return None
    return tuple(verdict for verdict in verdicts if verdict != "fits" and verdict != "out")


def _is_located(program: ProgramView, scope: _Scope) -> bool:
    """Return whether it is in one of the places, or in one of the countries and regions."""
    query, countries = scope.query, scope.countries
    left = set(program.countries) - set(query.excluded_countries)
    if not scope.places.isdisjoint(program.places):
        return bool(left)
    if countries is None:
        # Somebody who excludes a country can still do a worldwide programme in another.
        anywhere = not query.excluded_countries or bool(left) or program.worldwide
        return anywhere and not query.places
    return bool(countries & left) or (program.worldwide and bool(countries))


def _judge_specialties(program: ProgramView, scope: _Scope) -> _Verdict:
    if scope.specialties is None and not scope.excluded_specialties:
        return "fits"
    if not program.specialties:
        return "specialty_unknown"
    left = set(program.specialties) - scope.excluded_specialties
    if scope.specialties is not None:
        left &= scope.specialties
    return "fits" if left else "out"


def _judge_any(known: tuple[str, ...], wanted: tuple[str, ...], note: Note) -> _Verdict:
    if not wanted:
        return "fits"
    if not known:
        return note
    return "fits" if set(known) & set(wanted) else "out"


def _judge_length(program: ProgramView, query: SearchQuery) -> _Verdict:
    shortest, longest = program.min_weeks, program.max_weeks
    if query.max_weeks is None and query.min_weeks is None:
        return "fits"
    if query.max_weeks is not None and shortest is not None and shortest > query.max_weeks:
        return "out"
    if query.min_weeks is not None and longest is not None and longest < query.min_weeks:
        return "out"
    if shortest is None and longest is None:
        return "length_unknown"
    # Without a known longest stay one may stay longer; without a known shortest stay the
    # programme fits for certain only if even its longest is short enough.
    if query.max_weeks is not None and shortest is None and (longest or 0) > query.max_weeks:
        return "length_unknown"
    return "fits"


def _stay_weeks(program: ProgramView, query: SearchQuery) -> Decimal | None:
    """Return the shortest stay at the programme that the person would do, in weeks."""
    if program.min_weeks is not None:
        return max(Decimal(program.min_weeks), Decimal(str(query.min_weeks or 0)))
    weeks = query.min_weeks if query.min_weeks is not None else query.max_weeks
    return None if weeks is None else Decimal(str(weeks))


def _cost(program: ProgramView, query: SearchQuery, rates: Rates) -> Decimal | None:
    """Return what the stay costs in euros, as far as the price says; None if it does not."""
    if program.price is None or not program.price_is_cost:
        return None
    price = in_euro(program.price, rates)
    if price is None or program.price_basis != "per_week":
        return price
    weeks = _stay_weeks(program, query)
    return None if weeks is None else price * weeks


def _judge_budget(program: ProgramView, scope: _Scope) -> _Verdict:
    query = scope.query
    if query.budget is None:
        return "fits"
    if program.price is None or not program.price_is_cost:
        return "price_is_fee_only" if program.price else "price_unknown"
    cost = _cost(program, query, scope.rates)
    if cost is None or scope.budget_eur is None:
        return "price_unknown"
    if cost > scope.budget_eur:
        return "out"
    longer = query.min_weeks is not None and query.min_weeks > (program.min_weeks or 0)
    if longer and program.price_basis in ("total_shortest_stay", "advertised_from"):
        return "price_for_shorter_stay"
    return "fits"


# Ranking --------------------------------------------------------------------------------

# Farther than any region is large and longer than any stay lasts.
_FAR = 10**6


def _date_number(date: str | None) -> int:
    """Return a shortened ISO date as a number that grows with time; 0 if it is not known."""
    return int((date or "").replace("-", "").ljust(8, "0"))


def _rank(hit: Hit, scope: _Scope) -> tuple[Any, ...]:
    """Return a hit's place in the order: smaller is better, no two are equal."""
    program, query = hit.program, scope.query
    # "Anywhere" is the weakest answer to somebody who named a country.
    only_worldwide = (
        scope.countries is not None
        and not scope.places.intersection(program.places)
        and scope.countries.isdisjoint(program.countries)
    )
    specificity = 0
    if query.places:
        specificity += 2 if set(program.places) & set(query.places) else 1
    if query.specialties:
        specificity += 2 if set(program.specialties) & set(query.specialties) else 1
    # A list by price begins with prices, even if something else of the programme is unknown.
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


def nearest(catalogue: Catalogue, query: SearchQuery) -> Nothing:
    """Return what to say if `query` has no result: what is to blame, and what comes nearest.

    The alternatives are sorted by how near they come to what was asked: for countries and places
    by the smallest area or region that holds both, for a budget by cost, for a length by length.
    """
    constraints = query.constraints()
    everything = replace(query, include_restricted=True, include_reports=True)
    hidden = len(_hits(catalogue, everything)) - len(_hits(catalogue, query))
    for size in (*range(1, min(_MOST_BLAMED, len(constraints)) + 1), len(constraints)):
        for blame in itertools.combinations(constraints, size):
            hits = _hits(catalogue, query.without(*blame))
            if hits:
                measures = [_NEARNESS[name] for name in blame if name in _NEARNESS]
                hits.sort(key=lambda hit: tuple(m(hit, query, catalogue) for m in measures))
                return Nothing(blame, tuple(hits[:_MOST_ALTERNATIVES]), hidden)
    return Nothing((), (), hidden)


def _shared_region(hit: Hit, countries: set[str], catalogue: Catalogue) -> float:
    """Return the size of the smallest region that holds one of the countries and one of the hit's.

    0 if they have a country in common.
    """
    if countries & set(hit.program.countries):
        return 0
    return min(
        (
            len(region.countries)
            for region in catalogue.regions.values()
            if countries & set(region.countries)
            and set(hit.program.countries) & set(region.countries)
        ),
        default=_FAR,
    )


def _place_distance(hit: Hit, query: SearchQuery, catalogue: Catalogue) -> float:
    """Return 0 for the same area, 1 for the same country, or more by the shared region's size."""
    places = [catalogue.places[id] for id in query.places if id in catalogue.places]
    areas = {place.area or place.id for place in places}
    if catalogue.places_within(areas) & set(hit.program.places):
        return 0
    return 1 + _shared_region(hit, {place.country for place in places}, catalogue)


def _specialty_distance(hit: Hit, query: SearchQuery, catalogue: Catalogue) -> float:
    """Return 0 for a specialty next to one that was asked for, 1 for another."""
    parents = {
        catalogue.specialties[id].parent for id in query.specialties if id in catalogue.specialties
    }
    family = catalogue.specialties_within(parent for parent in parents if parent)
    return 0 if family & set(hit.program.specialties) else 1


_Measure = Callable[[Hit, SearchQuery, Catalogue], "float | Decimal"]
_NEARNESS: Mapping[str, _Measure] = {
    "budget": lambda hit, *_: Decimal("Infinity") if hit.cost_eur is None else hit.cost_eur,
    "max_weeks": lambda hit, *_: hit.program.min_weeks or _FAR,
    "min_weeks": lambda hit, *_: -(hit.program.max_weeks or -_FAR),
    "countries": lambda hit, query, catalogue: _shared_region(hit, set(query.countries), catalogue),
    "places": _place_distance,
    "specialties": _specialty_distance,
}
"""How far a hit is from what was asked, by the constraint that was dropped for it."""
