"""Search over the programmes: what fits, in which order, and what to offer when nothing does.

A programme that is known to contradict a constraint is out. One of which the catalogue does not
know enough is no match: it may fit, stands behind all that are known to fit, and its notes say
what is not known. Worldwide schemes, which name no place of their own, stand last.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    "dates_unknown",
    "nationals_only",
]
"""Why a constraint of the query could not be verified.

Some of it is not known; `price_unknown` also stands for a price that cannot be compared,
`price_is_fee_only` for a price that is a fee and not the cost of the stay, and
`price_for_shorter_stay` for the price of a shorter stay than the one asked for, and
`nationals_only` for a programme that takes people of the person's country alone.
"""

Standing = Literal["fits", "may_fit", "worldwide"]
"""Whether a programme is known to fit, may fit, or is a scheme without a place of its own."""
STANDINGS: tuple[Standing, ...] = ("fits", "may_fit", "worldwide")

# The constraints of a query, those first that a person gives up most easily. If several of them
# could be blamed for an empty result, it is the first.
_CONSTRAINTS = (
    "when",
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
    mind, in weeks; fractions are fine. `budget` is for the whole stay or per week, as
    `budget_per` says. `when` is the time that the person named, in their own words. `home` is where
    they come from, study or work, as codes of countries: what takes people from abroad only, or
    from one country only, is judged by it. Only open calls are found unless `include_restricted`
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
    budget_per: Literal["stay", "week"] = "stay"
    when: tuple[str, ...] = ()
    home: tuple[str, ...] = ()
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

    `cost_eur` is what the stay costs as far as the price says, and `weekly_eur` what a week of it
    costs, in euros and not rounded: for comparing, not for showing. `is_stale` tells that its
    source was not read or published within the last twelve months, as far as is known.
    """

    program: ProgramView
    notes: tuple[Note, ...] = ()
    cost_eur: Decimal | None = None
    weekly_eur: Decimal | None = None
    standing: Standing = "fits"
    is_stale: bool = False


@dataclass(frozen=True)
class SearchPage:
    """A part of a result, which has `total` hits, and how many there are of each standing."""

    results: tuple[Hit, ...]
    total: int
    counts: Mapping[Standing, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Nothing:
    """Why a query has no result, and what comes nearest.

    Attributes:
        blame: The smallest set of constraints (names of SearchQuery's fields) without which
            there are results.
        alternatives: The nearest programmes once the blamed constraints are dropped.
        worldwide: The schemes without a place of their own that may fit the whole query.
    """

    blame: tuple[str, ...]
    alternatives: tuple[Hit, ...]
    worldwide: tuple[Hit, ...] = ()


def search(catalogue: Catalogue, query: SearchQuery, offset: int = 0, limit: int = 3) -> SearchPage:
    """Return the hits of `query` from `offset` on (0 is the best), at most `limit`."""
    hits = _hits(catalogue, query)
    start = max(offset, 0)
    counts = Counter(hit.standing for hit in hits)
    return SearchPage(tuple(hits[start : start + max(limit, 0)]), len(hits), counts)


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
        self.implied_stages = _NOBODY
        if query.specialties and not query.stages:
            implied = [_PROFESSIONS.get(specialty, _NOBODY) for specialty in query.specialties]
            if all(implied):
                self.implied_stages = frozenset().union(*implied)
        self.excluded_specialties = catalogue.specialties_within(query.excluded_specialties)
        self.rates = catalogue.rates
        if query.budget and query.budget.currency not in self.rates:
            # No rate is needed to compare amounts of one currency; others cannot be compared.
            self.rates = {query.budget.currency: Rate(Decimal(1))}
        self.budget_eur = in_euro(query.budget, self.rates) if query.budget else None


def _hits(catalogue: Catalogue, query: SearchQuery) -> list[Hit]:
    """Return all hits in order."""
    scope = _Scope(query, catalogue)
    year_ago = f"{datetime.date.today() - datetime.timedelta(days=365)}"
    hits = []
    for program in catalogue.programs:
        notes = _judge(program, scope)
        if notes is not None:
            hits.append(
                Hit(
                    program,
                    notes,
                    _cost(program, query, catalogue.rates),
                    _weekly(program, catalogue.rates),
                    _standing(program, notes, scope),
                    _is_stale(program, year_ago),
                )
            )
    hits.sort(key=lambda hit: _rank(hit, scope))
    return hits


def _standing(program: ProgramView, notes: tuple[Note, ...], scope: _Scope) -> Standing:
    if program.worldwide:
        here = scope.countries is not None and not scope.countries.isdisjoint(program.countries)
        if not here and scope.places.isdisjoint(program.places):
            return "worldwide"
    # Most hosts that name no language work in English; the note says what to ask.
    return "may_fit" if set(notes) - {"language_unknown"} else "fits"


def _is_stale(program: ProgramView, year_ago: str) -> bool:
    """Tell whether a programme's source is older than `year_ago` (ISO 8601), or undated."""
    date = program.source_date
    return date is None or date < year_ago[: len(date)]


_Verdict = Note | Literal["fits", "out"]


def _judge(program: ProgramView, scope: _Scope) -> tuple[Note, ...] | None:
    """Return the notes on a programme that fits as far as is known, or None if it does not."""
    query = scope.query
    own = _judge_home(program, query)
    if program.listing == "restricted" and not query.include_restricted and own == "fits":
        return None
    if program.listing == "report" and not query.include_reports:
        return None
    if not _is_located(program, scope) or (query.kinds and program.kind not in query.kinds):
        return None
    verdicts: tuple[_Verdict, ...] = (
        _judge_specialties(program, scope),
        _judge_stages(program, scope),
        _judge_any(program.languages, query.languages, "language_unknown"),
        _judge_length(program, query),
        _judge_budget(program, scope),
        _judge_dates(program, query),
        own,
    )
    if "out" in verdicts:
        return None
    return tuple(verdict for verdict in verdicts if verdict != "fits" and verdict != "out")


_FROM_ABROAD = re.compile(r"(?:any |only )?(?:foreign|international|overseas)\b", re.IGNORECASE)
_NATIONALS = re.compile(r"only .*?\b(?:citizens|enrolled at an? \w+ university)\b", re.IGNORECASE)


def _judge_home(program: ProgramView, query: SearchQuery) -> _Verdict:
    """Judge a programme by where the person is at home.

    What is for people from abroad is out at home; what is for people of its own country only may
    fit there.
    """
    who = program.who_for or ""
    at_home = bool(query.home) and bool(program.countries)
    if at_home and set(query.home) <= set(program.countries) and _FROM_ABROAD.match(who):
        return "out"
    own = at_home and not set(query.home).isdisjoint(program.countries)
    return "nationals_only" if own and _NATIONALS.match(who) else "fits"


def takes_only_from_abroad(program: ProgramView) -> bool:
    """Tell whether a programme says that it is for people from other countries."""
    return bool(_FROM_ABROAD.match(program.who_for or ""))


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


# Specialties that are professions of their own, with the stages of whoever is in them.
_NOBODY = frozenset[str]()
_ALLIED = frozenset({"allied_health"})
_PROFESSIONS: Mapping[str, frozenset[str]] = {
    "nursing": frozenset({"nursing_student", "nurse"}),
    "midwifery": frozenset({"midwifery_student", "nurse"}),
    "dentistry": _ALLIED,
    "pharmacy": _ALLIED,
    "physiotherapy": _ALLIED,
    "occupational-therapy": _ALLIED,
    "speech-therapy": _ALLIED,
}
# An elective is a part of a course in medicine or health: these are in none.
_NOT_ON_A_COURSE = frozenset({"pre_university", "premed", "nurse"})


def _judge_stages(program: ProgramView, scope: _Scope) -> _Verdict:
    """Judge a programme by who it is for; who asks for a profession is taken to be in it."""
    wanted = frozenset(scope.query.stages) or scope.implied_stages
    own = set(scope.query.specialties) & set(program.specialties)
    if any(_PROFESSIONS.get(specialty, _NOBODY) & wanted for specialty in own):
        return "fits"
    if not scope.query.stages:
        out = wanted and program.stages and wanted.isdisjoint(program.stages)
        return "out" if out else "fits"
    if not program.stages and program.kind == "elective" and wanted <= _NOT_ON_A_COURSE:
        return "out"
    return _judge_any(program.stages, scope.query.stages, "stage_unknown")


_ALL_YEAR = re.compile(
    r"\b(?:all year|any ?time|any (?:day|week|weekend|month|monday)|every (?:day|week|month|monday)"
    r"|mondays|weekly|flexible|year[- ]round)\b",
    re.IGNORECASE,
)


def _judge_dates(program: ProgramView, query: SearchQuery) -> _Verdict:
    """Judge a programme by when it starts: known to fit is what starts all year round."""
    if not query.when or _ALL_YEAR.search(program.start_dates or ""):
        return "fits"
    return "dates_unknown"


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


def _weekly(program: ProgramView, rates: Rates) -> Decimal | None:
    """Return what a week costs in euros, None if the price or the length is not known."""
    if program.price is None or not program.price_is_cost:
        return None
    price = in_euro(program.price, rates)
    if price is None or program.price_basis == "per_week":
        return price
    # A price without "per week" is that of the shortest stay.
    return price / program.min_weeks if program.min_weeks else None


def _judge_budget(program: ProgramView, scope: _Scope) -> _Verdict:
    query = scope.query
    if query.budget is None:
        return "fits"
    if program.price is None or not program.price_is_cost:
        return "price_is_fee_only" if program.price else "price_unknown"
    per_week = query.budget_per == "week"
    cost = _weekly(program, scope.rates) if per_week else _cost(program, query, scope.rates)
    if cost is None or scope.budget_eur is None:
        return "price_unknown"
    if cost > scope.budget_eur:
        return "out"
    longer = (
        not per_week and query.min_weeks is not None and query.min_weeks > (program.min_weeks or 0)
    )
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
    specificity = 0
    if query.places:
        specificity += 2 if set(program.places) & set(query.places) else 1
    if query.specialties:
        specificity += 2 if set(program.specialties) & set(query.specialties) else 1
    return (
        STANDINGS.index(hit.standing),
        hit.is_stale,
        *_measure(hit, query),
        len(hit.notes),
        LISTINGS.index(program.listing),
        -specificity,
        not program.price_is_cost,
        program.confidence != "high",
        -_date_number(program.source_date),
        program.name.casefold(),
        program.id,
    )


def _measure(hit: Hit, query: SearchQuery) -> tuple[Any, ...]:
    """Return what a list by price or length goes by; what has none comes last.

    Prices are compared per week. Those of a stay whose length isn't known come behind.
    """
    if query.order == "price":
        if hit.weekly_eur is not None:
            return 0, hit.weekly_eur
        return (2, 0) if hit.cost_eur is None else (1, hit.cost_eur)
    if query.order == "length":
        low, high = hit.program.min_weeks, hit.program.max_weeks
        return low is None, low or 0, high or _FAR
    return ()


# When there is no result ----------------------------------------------------------------

_MOST_ALTERNATIVES = 3
# Beyond that, naming the constraints helps nobody: all of them are to blame.
_MOST_BLAMED = 3


# Who somebody is isn't given up: no nurse wants the programmes of medical students.
_NEVER_GIVEN_UP = frozenset({"stages"})


def nearest(catalogue: Catalogue, query: SearchQuery) -> Nothing:
    """Return what to say if `query` has no result: what is to blame, and what comes nearest.

    The alternatives are in the part of the world that was asked for, if any was, and sorted by how
    near they come to what was asked: for countries and places by the smallest area or region that
    holds both, for a budget by cost, for a length by length. Worldwide schemes are none of them.
    """
    found = _hits(catalogue, query)
    worldwide = tuple(hit for hit in found if hit.standing == "worldwide")
    if implied := _Scope(query, catalogue).implied_stages:
        query = replace(query, stages=tuple(sorted(implied)))
    for blame in _blames(query):
        found = [h for h in _hits(catalogue, query.without(*blame)) if h.standing != "worldwide"]
        hits = [h for h in found if _is_near(h, query, catalogue)]
        if hits:
            measures = [_NEARNESS[name] for name in blame if name in _NEARNESS]
            hits.sort(key=lambda hit: tuple(m(hit, query, catalogue) for m in measures))
            return Nothing(blame, tuple(hits[:_MOST_ALTERNATIVES]), worldwide)
    return Nothing((), (), worldwide)


def left_out(catalogue: Catalogue, query: SearchQuery) -> list[ProgramView]:
    """Return what a query leaves out, less schemes.

    That is restricted programmes, reports, and what is for people from abroad only.
    """
    everything = replace(query, include_restricted=True, include_reports=True, home=())
    shown = {hit.program.id for hit in _hits(catalogue, query)}
    return [
        hit.program
        for hit in _hits(catalogue, everything)
        if hit.program.id not in shown and hit.standing != "worldwide"
    ]


def narrowest(catalogue: Catalogue, query: SearchQuery) -> tuple[str, int] | None:
    """Return the constraint that leaves out the most programmes, and how many; None if none does.

    Who somebody is and where they want to go aren't among them.
    """

    def count(less: SearchQuery) -> int:
        return sum(hit.standing != "worldwide" for hit in _hits(catalogue, less))

    found = count(query)
    kept = {*_NEVER_GIVEN_UP, *_OF_PLACES}
    gains = {
        name: count(query.without(name)) - found for name in query.constraints() if name not in kept
    }
    name = max(gains, key=lambda each: gains[each], default=None)
    return (name, gains[name]) if name and gains[name] else None


_OF_PLACES = frozenset({"places", "countries", "regions", "excluded_countries"})


def _blames(query: SearchQuery) -> Iterable[tuple[str, ...]]:
    """Return the sets of constraints to do without, the smallest first."""
    constraints = [c for c in query.constraints() if c not in _NEVER_GIVEN_UP]
    for size in (*range(1, min(_MOST_BLAMED, len(constraints)) + 1), len(constraints)):
        yield from itertools.combinations(constraints, size)


def _is_near(hit: Hit, query: SearchQuery, catalogue: Catalogue) -> bool:
    """Tell whether a hit is in the part of the world that was asked for, if any was."""
    asked = catalogue.countries_within(query.regions) | {
        *query.countries,
        *(catalogue.places[p].country for p in query.places if p in catalogue.places),
    }
    return not asked or _shared_region(hit, asked, catalogue) < _FAR


# Regions of history and not of the map.
_ALL_OVER_THE_WORLD = frozenset({"commonwealth"})


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
            if region.id not in _ALL_OVER_THE_WORLD
            and countries & set(region.countries)
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
