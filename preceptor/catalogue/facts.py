"""The catalogue's facts as answers need them: advice, numbers to call, countries covered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from preceptor.catalogue.records import (
    AdviceFactRecord,
    EmergencyNumberRecord,
    HelplineRecord,
    LicensingRecord,
    ProgramRecord,
)
from preceptor.catalogue.snapshot import Catalogue


@dataclass(frozen=True)
class CountryCoverage:
    """What the catalogue has on a country: programmes by listing, and its registration rules."""

    iso2: str
    name: str
    open_calls: int
    restricted: int
    reports: int
    licensing: bool


def advice_facts(catalogue: Catalogue, intent: str, limit: int = 2) -> tuple[AdviceFactRecord, ...]:
    """Return at most `limit` facts for an intent: by rank, then those that it fits best.

    Facts of medium confidence without a source are never shown.
    """
    fitting = [
        fact
        for fact in catalogue.all(AdviceFactRecord).values()
        if intent in fact.intents and (fact.confidence == "high" or fact.source_url)
    ]
    fitting.sort(key=lambda fact: (fact.rank, fact.intents.index(intent), fact.id))
    return tuple(fitting[:limit])


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


def countries_covered(catalogue: Catalogue) -> tuple[CountryCoverage, ...]:
    """Return the countries that have a programme or a licensing rule, sorted by name."""
    programs: Counter[tuple[str, str]] = Counter(
        (country, program.listing)
        for program in catalogue.all(ProgramRecord).values()
        for country in program.countries
    )
    licensed = catalogue.all(LicensingRecord).keys()
    covered = {country for country, _ in programs} | licensed
    return tuple(
        CountryCoverage(
            iso2,
            country.name,
            open_calls=programs[iso2, "open_call"],
            restricted=programs[iso2, "restricted"],
            reports=programs[iso2, "report"],
            licensing=iso2 in licensed,
        )
        for iso2, country in sorted(
            catalogue.countries.items(), key=lambda item: item[1].name.casefold()
        )
        if iso2 in covered
    )
