"""The catalogue in memory: one version of it, whole, checked and never changed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache
from types import MappingProxyType

import structlog
from pydantic import ValidationError
from sqlalchemy.engine import Engine

from preceptor.catalogue.database import CatalogueError, engine_from_url
from preceptor.catalogue.money import Rate, Rates
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.records import (
    RECORDS,
    CountryRecord,
    ExchangeRateRecord,
    KindRecord,
    PlaceRecord,
    ProgramRecord,
    R,
    Record,
    RegionRecord,
    SpecialtyRecord,
    StageRecord,
    parse_row,
)
from preceptor.catalogue.store import Stored, current_version, load_stored

_log = structlog.get_logger(__name__)


class Catalogue:
    """One version of the catalogue. Nobody may change what it gives out.

    Attributes:
        version: A hash of the contents.
    """

    def __init__(self, stored: Stored) -> None:
        """Parse the documents of every file.

        Raises:
            CatalogueError: They are of another version of the program.
        """
        self.version = stored.version
        try:
            self._records: Mapping[type[Record], Mapping[str, Record]] = {
                record: MappingProxyType(
                    {key: parse_row(record, row) for key, row in stored.documents[file].items()}
                )
                for file, record in RECORDS.items()
            }
        except ValidationError as error:
            raise CatalogueError(
                "The catalogue's database is of another version of the program; run"
                " `make catalogue`, which fills it anew from the CSV files."
            ) from error

    @classmethod
    def load(cls, engine: Engine) -> Catalogue:
        """Return the catalogue in a database.

        Raises:
            NotImported: There is none yet.
            CatalogueError: The database fails, or is of another version of the program.
        """
        return cls(load_stored(engine))

    def all(self, record: type[R]) -> Mapping[str, R]:
        """Return the records of a file by key (ids, ISO codes), sorted by it."""
        return self._records[record]  # type: ignore[return-value]

    @property
    def countries(self) -> Mapping[str, CountryRecord]:
        """The countries by ISO 3166-1 alpha-2."""
        return self.all(CountryRecord)

    @property
    def regions(self) -> Mapping[str, RegionRecord]:
        """The regions by id."""
        return self.all(RegionRecord)

    @property
    def places(self) -> Mapping[str, PlaceRecord]:
        """The cities and areas by id."""
        return self.all(PlaceRecord)

    @property
    def specialties(self) -> Mapping[str, SpecialtyRecord]:
        """The specialties by id."""
        return self.all(SpecialtyRecord)

    @cached_property
    def names(self) -> Mapping[tuple[str, str], str]:
        """The names of countries, regions, places, specialties, kinds and stages.

        By kind (`country`, `region` and so on) and id.
        """
        return MappingProxyType(
            {("country", id): country.name for id, country in self.countries.items()}
            | {("region", id): region.name for id, region in self.regions.items()}
            | {("place", id): place.name for id, place in self.places.items()}
            | {("specialty", id): specialty.name for id, specialty in self.specialties.items()}
            | {("kind", id): kind.name for id, kind in self.all(KindRecord).items()}
            | {("stage", id): stage.name for id, stage in self.all(StageRecord).items()}
        )

    @cached_property
    def _programs(self) -> Mapping[str, ProgramView]:
        records = self.all(ProgramRecord).items()
        return {id: ProgramView.of(record, self.names) for id, record in records}

    @property
    def programs(self) -> tuple[ProgramView, ...]:
        """The programmes, sorted by id."""
        return tuple(self._programs.values())

    def program(self, id: str) -> ProgramView | None:
        """Return the programme with this id, or None."""
        return self._programs.get(id)

    @cached_property
    def rates(self) -> Rates:
        """The exchange rates by currency; the euro is always among them."""
        rates: dict[str, Rate] = {"EUR": Rate(Decimal(1))}
        for record in self.all(ExchangeRateRecord).values():
            rates.setdefault(record.currency, Rate(record.units_per_eur, record.rate_date))
        return rates

    def places_within(self, ids: Iterable[str]) -> set[str]:
        """Return the places of these ids and, of areas, all that lie in them."""
        return _with_children(ids, {place.id: place.area for place in self.places.values()})

    def specialties_within(self, ids: Iterable[str]) -> set[str]:
        """Return the specialties of these ids and all below them."""
        return _with_children(ids, {s.id: s.parent for s in self.specialties.values()})

    def countries_within(self, regions: Iterable[str]) -> set[str]:
        """Return the countries (ISO 3166-1 alpha-2) of regions."""
        return {
            country
            for region in regions
            if region in self.regions
            for country in self.regions[region].countries
        }


def _with_children(ids: Iterable[str], parents: Mapping[str, str | None]) -> set[str]:
    within = set(ids)
    while more := {id for id, parent in parents.items() if parent in within} - within:
        within |= more
    return within


class CatalogueCache:
    """The catalogue as it is now, loaded again only after an import, by whichever process."""

    def __init__(self, engine: Engine) -> None:
        """Load nothing yet: the catalogue may be imported later."""
        self._engine = engine
        self._lock = threading.Lock()
        self._catalogue: Catalogue | None = None
        self._cause = ""

    def current(self) -> Catalogue:
        """Return the catalogue as it is now; one small query if nothing was imported.

        If the database fails, the last catalogue that was read stays in use (logged).

        Raises:
            NotImported: There is no catalogue yet.
            CatalogueError: The database fails, and none was read before.
        """
        try:
            catalogue = self._read()
        except CatalogueError as error:
            if self._catalogue is None:
                raise
            if str(error) != self._cause:
                _log.error("catalogue.unreadable", cause=str(error))
            self._cause = str(error)
            return self._catalogue
        self._cause = ""
        return catalogue

    def _read(self) -> Catalogue:
        version = current_version(self._engine)
        with self._lock:
            if self._catalogue is None or self._catalogue.version != version:
                self._catalogue = Catalogue.load(self._engine)
            return self._catalogue


@lru_cache(maxsize=1)
def shared_catalogue() -> CatalogueCache:
    """Return the process's cache of the configured database."""
    return CatalogueCache(engine_from_url())
