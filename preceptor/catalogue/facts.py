"""The catalogue's facts as answers need them: licensing, advice, numbers to call."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from preceptor.catalogue.records import (
    AdviceFactRecord,
    EmergencyNumberRecord,
    HelplineRecord,
    LicensingRecord,
    ProgramRecord,
    RegulatorRecord,
)
from preceptor.catalogue.snapshot import Catalogue


class Licensing(LicensingRecord):
    """What a country demands before it registers a doctor, with the country's name."""

    country_name: str


class Regulator(RegulatorRecord):
    """Who registers doctors in a country, with the country's name."""

    country_name: str


class EmergencyNumber(EmergencyNumberRecord):
    """A number to call, with the country's name."""

    country_name: str


@dataclass(frozen=True)
class CountryCoverage:
    """What the catalogue has on a country: programmes by listing, and its registration rules."""

    iso2: str
    name: str
    open_calls: int
    restricted: int
    reports: int
    licensing: bool


_View = TypeVar("_View", Licensing, Regulator, EmergencyNumber)


def _with_name(
    catalogue: Catalogue,
    view: type[_View],
    record: LicensingRecord | RegulatorRecord | EmergencyNumberRecord,
) -> _View:
    name = catalogue.countries[record.country].name
    return view.construct(**vars(record), country_name=name)


def licensing(catalogue: Catalogue, iso2: str) -> Licensing | None:
    """Return the registration rules of a country, or None if the catalogue has none."""
    record = catalogue.all(LicensingRecord).get(iso2)
    return _with_name(catalogue, Licensing, record) if record else None


def regulator(catalogue: Catalogue, iso2: str) -> Regulator | None:
    """Return who registers doctors in a country, or None if the catalogue does not know."""
    record = catalogue.all(RegulatorRecord).get(iso2)
    return _with_name(catalogue, Regulator, record) if record else None


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


def emergency_numbers(catalogue: Catalogue, iso2: str) -> tuple[EmergencyNumber, ...]:
    """Return the emergency numbers of a country, the ambulance first; empty if not known."""
    return tuple(
        _with_name(catalogue, EmergencyNumber, number)
        for number in sorted(
            catalogue.all(EmergencyNumberRecord).values(), key=lambda number: number.service
        )
        if number.country == iso2
    )


def helplines(
    catalogue: Catalogue, iso2: str | None = None, for_whom: str | None = None
) -> tuple[HelplineRecord, ...]:
    """Return the helplines of a country, then those that help in many countries.

    Args:
        catalogue: The catalogue.
        iso2: The country; None for the latter only.
        for_whom: Keeps those whose description of whom they are for contains it, in whatever
            case ("doctors").
    """
    wanted = (for_whom or "").casefold()
    fitting = [
        line
        for line in catalogue.all(HelplineRecord).values()
        if line.country in (None, iso2) and wanted in (line.for_whom or "").casefold()
    ]
    fitting.sort(key=lambda line: (line.country is None, line.id))
    return tuple(fitting)


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
