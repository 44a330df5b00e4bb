"""Numbers to call and countries covered, as answers need them."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple, get_args

from preceptor.catalogue.cells import Route
from preceptor.catalogue.records import (
    CountryRecord,
    EmergencyNumberRecord,
    HelplineRecord,
    ProgramRecord,
    RegistrationRecord,
)
from preceptor.catalogue.snapshot import Catalogue


class CountryCoverage(NamedTuple):
    """What the catalogue has on a country: programmes, and whether its registration rules."""

    country: CountryRecord
    programs: int
    open_calls: int
    licensing: bool


def emergency_numbers(catalogue: Catalogue, iso2: str) -> tuple[EmergencyNumberRecord, ...]:
    """Return the emergency numbers of a country, the ambulance first; empty if not known."""
    numbers = catalogue.all(EmergencyNumberRecord).values()
    own = (number for number in numbers if number.country == iso2)
    return tuple(sorted(own, key=lambda number: number.service))


def helplines(catalogue: Catalogue, iso2: str | None = None) -> tuple[HelplineRecord, ...]:
    """Return the helplines of a country, then those that help in many countries.

    Without a country only the latter.
    """
    lines = catalogue.all(HelplineRecord).values()
    fitting = (line for line in lines if line.country in (None, iso2))
    return tuple(sorted(fitting, key=lambda line: (line.country is None, line.id)))


def registration_rules(catalogue: Catalogue, iso2: str) -> dict[Route, RegistrationRecord]:
    """Return the rules of registration in a country by route; empty if none are known."""
    rules = catalogue.all(RegistrationRecord)
    routes = [route for route in get_args(Route) if f"{iso2} {route}" in rules]
    return {route: rules[f"{iso2} {route}"] for route in routes}


def countries_covered(catalogue: Catalogue) -> tuple[CountryCoverage, ...]:
    """Return the countries that have a programme or a licensing rule, sorted by name."""
    listings: dict[str, list[str]] = defaultdict(list)
    for program in catalogue.all(ProgramRecord).values():
        for iso2 in program.countries:
            listings[iso2].append(program.listing)
    licensed = {rule.country for rule in catalogue.all(RegistrationRecord).values()}
    return tuple(
        CountryCoverage(
            country, len(listings[iso2]), listings[iso2].count("open_call"), iso2 in licensed
        )
        for iso2, country in sorted(
            catalogue.countries.items(), key=lambda item: item[1].name.casefold()
        )
        if iso2 in listings or iso2 in licensed
    )
