"""Programmes as answers show them, with the catalogue's geography and tree of specialties.

Everything a search needs is read once a catalogue version and kept: the same version always
means the same contents, and a catalogue is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from preceptor.catalogue.dictionary import COST_BASES
from preceptor.catalogue.language_names import language_name
from preceptor.catalogue.money import Money, Rates, read_rates
from preceptor.catalogue.records import (
    CountryRecord,
    KindRecord,
    PlaceRecord,
    ProgramRecord,
    RegionRecord,
    SpecialtyRecord,
    StageRecord,
)
from preceptor.catalogue.store import current_version, once_a_version, read_records


@dataclass(frozen=True)
class ProgramView:
    """All that a reply shows of a programme. None or an empty tuple: the catalogue does not know.

    ``country_ids`` are ISO 3166-1 alpha-2, ``languages`` ISO 639-1 with ``language_names`` beside;
    each ``…_names`` has the order of its ``…_ids``. Lengths are weeks. ``price_basis`` says what
    the price is, ``price_date`` and ``source_date`` are ISO dates that may stop at month or year.
    """

    id: str
    name: str
    organisation: str
    listing: Literal["open_call", "restricted", "report"]
    worldwide: bool
    country_ids: tuple[str, ...]
    country_names: tuple[str, ...]
    place_ids: tuple[str, ...]
    place_names: tuple[str, ...]
    specialty_ids: tuple[str, ...]
    specialty_names: tuple[str, ...]
    departments: str | None
    kind: str
    kind_name: str
    stages: tuple[str, ...]
    stage_names: tuple[str, ...]
    who_for: str | None
    min_weeks: int | None
    max_weeks: int | None
    price: Money | None
    price_basis: str | None
    price_covers: str | None
    price_date: str | None
    price_note: str | None
    languages: tuple[str, ...]
    language_names: tuple[str, ...]
    languages_note: str | None
    start_dates: str | None
    accommodation: str | None
    accommodation_note: str | None
    source_url: str | None
    source_date: str | None
    source_note: str | None
    confidence: str
    confidence_note: str | None

    @property
    def price_is_cost(self) -> bool:
        """Whether the price says what the programme costs, not only what a fee is."""
        return self.price is not None and self.price_basis in COST_BASES


@dataclass(frozen=True)
class Snapshot:
    """One version of the catalogue as searches need it; never changed after it is made."""

    version: str
    programs: tuple[ProgramView, ...]
    places: Mapping[str, PlaceRecord]
    specialties: Mapping[str, SpecialtyRecord]
    regions: Mapping[str, RegionRecord]
    rates: Rates

    def program(self, id: str) -> ProgramView | None:
        """The programme with this id."""
        return next((program for program in self.programs if program.id == id), None)

    def places_within(self, ids: Iterable[str]) -> set[str]:
        """The places asked for and, of areas, all that lie in them."""
        return _with_children(ids, {place.id: place.area for place in self.places.values()})

    def specialties_within(self, ids: Iterable[str]) -> set[str]:
        """The specialties asked for and all below them."""
        return _with_children(ids, {s.id: s.parent for s in self.specialties.values()})

    def countries_within(self, regions: Iterable[str]) -> set[str]:
        """The countries (ISO alpha-2) of regions."""
        return {
            country
            for region in regions
            if region in self.regions
            for country in self.regions[region].countries
        }


def _with_children(ids: Iterable[str], parents: Mapping[str, str | None]) -> set[str]:
    found = set(ids)
    while True:
        more = {id for id, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


@once_a_version
def snapshot(session: Session) -> Snapshot:
    """The catalogue that ``session`` sees. Raises NotImported when there is none."""
    version = current_version(session)
    countries = {r.iso2: r for r in read_records(session, CountryRecord)}
    places: dict[str, PlaceRecord] = {r.id: r for r in read_records(session, PlaceRecord)}
    specialties: dict[str, SpecialtyRecord] = {
        r.id: r for r in read_records(session, SpecialtyRecord)
    }
    regions: dict[str, RegionRecord] = {r.id: r for r in read_records(session, RegionRecord)}
    kinds = {r.id: r for r in read_records(session, KindRecord)}
    stages = {r.id: r for r in read_records(session, StageRecord)}
    programs = tuple(
        ProgramView(
            id=r.id,
            name=r.name,
            organisation=r.organisation,
            listing=r.listing,
            worldwide=r.worldwide == "yes",
            country_ids=r.countries,
            country_names=tuple(countries[id].name for id in r.countries),
            place_ids=r.places,
            place_names=tuple(places[id].name for id in r.places),
            specialty_ids=r.specialties,
            specialty_names=tuple(specialties[id].name for id in r.specialties),
            departments=r.departments,
            kind=r.kind,
            kind_name=kinds[r.kind].name,
            stages=r.stages,
            stage_names=tuple(stages[id].name for id in r.stages),
            who_for=r.who_for,
            min_weeks=r.min_weeks,
            max_weeks=r.max_weeks,
            price=(
                Money(r.price_minor, r.currency)
                if r.price_minor is not None and r.currency is not None
                else None
            ),
            price_basis=r.price_basis,
            price_covers=r.price_covers,
            price_date=r.price_date,
            price_note=r.price_note,
            languages=r.languages,
            language_names=tuple(language_name(code) for code in r.languages),
            languages_note=r.languages_note,
            start_dates=r.start_dates,
            accommodation=r.accommodation,
            accommodation_note=r.accommodation_note,
            source_url=r.source_url,
            source_date=r.source_date,
            source_note=r.source_note,
            confidence=r.confidence,
            confidence_note=r.confidence_note,
        )
        for r in read_records(session, ProgramRecord)
    )
    return Snapshot(version, programs, places, specialties, regions, read_rates(session))
