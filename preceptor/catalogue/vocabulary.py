"""The words by which the catalogue's things are recognised in what people write."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from preceptor.catalogue.database import session, settled_files
from preceptor.catalogue.language_names import language_name
from preceptor.catalogue.records import (
    CountryRecord,
    KindRecord,
    PlaceRecord,
    ProgramRecord,
    RegionRecord,
    SpecialtyRecord,
    StageRecord,
)
from preceptor.catalogue.store import current_version, read_records

#: What a term can stand for.
KINDS_OF_TERM = (
    "country",
    "region",
    "place",
    "specialty",
    "kind",
    "stage",
    "program",
    "organisation",
    "language",
)


@dataclass(frozen=True)
class Term:
    """A text that stands for a thing of the catalogue.

    ``kind`` is one of ``KINDS_OF_TERM``, ``id`` the thing's key there (ISO codes for countries and
    languages, the name itself for an organisation), ``text`` as the catalogue writes it. An
    ``ambiguous`` text is also an ordinary word or a name: it needs a hint from the context.
    """

    kind: str
    id: str
    text: str
    ambiguous: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """All terms of one version of the catalogue, names before other texts of the same thing.

    ``place_countries`` has the country (ISO alpha-2) of each place by its id.
    """

    version: str
    terms: tuple[Term, ...]
    place_countries: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session) -> Vocabulary:
        """The vocabulary of the catalogue that ``session`` sees; NotImported without one."""
        version = current_version(session)
        # Texts of one thing that differ only in case are one term; the first spelling stays.
        unique = {(t.kind, t.id, t.text.casefold()): t for t in reversed(list(_terms(session)))}
        countries = {str(p.id): str(p.country) for p in read_records(session, PlaceRecord)}
        return cls(version, tuple(reversed(unique.values())), countries)

    def of_kind(self, kind: str) -> tuple[Term, ...]:
        """The terms of one kind."""
        return tuple(term for term in self.terms if term.kind == kind)


class VocabularyCache:
    """The current vocabulary, read again only after an import, by whichever process.

    Opening SQLite for every message takes longer than finding its entities; where the file is as
    it was at the last look, that look still holds.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._vocabulary: Vocabulary | None = None
        self._files: tuple[tuple[int, int, int], ...] | None = None

    def current(self) -> Vocabulary:
        """The vocabulary of the catalogue as it is now; at most one small query if unchanged.

        Raises NotImported when there is no catalogue, CatalogueError when the database fails.
        """
        files = settled_files(self._engine)
        with self._lock:
            known = self._vocabulary
            if known is not None and files is not None and files == self._files:
                return known
        with session(self._engine) as opened:
            version = current_version(opened)
            if known is None or known.version != version:
                known = Vocabulary.load(opened)
        with self._lock:
            self._vocabulary = known
            self._files = files
        return known


def _terms(session: Session) -> Iterator[Term]:
    for country in read_records(session, CountryRecord):
        yield from _of("country", country.iso2, (country.name, *country.aliases), country.ambiguous)
    for region in read_records(session, RegionRecord):
        yield from _of("region", region.id, (region.name, *region.aliases))
    for place in read_records(session, PlaceRecord):
        yield from _of("place", place.id, (place.name, *place.aliases), place.ambiguous)
    for specialty in read_records(session, SpecialtyRecord):
        yield from _of(
            "specialty", specialty.id, (specialty.name, *specialty.synonyms), specialty.ambiguous
        )
    for kind in read_records(session, KindRecord):
        yield from _of("kind", kind.id, (kind.name, *kind.synonyms))
    for stage in read_records(session, StageRecord):
        yield from _of("stage", stage.id, (stage.name, *stage.synonyms))
    programs = read_records(session, ProgramRecord)
    for program in programs:
        yield from _of("program", program.id, (program.name,))
    for organisation in sorted({program.organisation for program in programs}):
        yield from _of("organisation", organisation, _organisation_texts(organisation))
    for code in sorted({code for program in programs for code in program.languages}):
        yield from _of("language", code, (language_name(code),))


def _of(kind: str, id: str, texts: Iterable[str], ambiguous: Iterable[str] = ()) -> Iterator[Term]:
    unclear = {text.casefold() for text in ambiguous}
    for text in texts:
        yield Term(kind, id, text, text.casefold() in unclear)


def _organisation_texts(name: str) -> tuple[str, ...]:
    """The name, and of "Plan My Gap Year (PMGY)" also the two ways people say it."""
    parts = re.fullmatch(r"(.+?)\s*\(([A-Z][A-Z0-9&.-]{1,11})\)", name)
    return (name, parts[1], parts[2]) if parts else (name,)
