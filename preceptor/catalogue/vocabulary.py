"""The words by which the catalogue's things are recognised in what people write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from preceptor.catalogue.language_names import language_name
from preceptor.catalogue.records import KindRecord, RegistrationTermRecord, StageRecord
from preceptor.catalogue.snapshot import Catalogue

TermKind = Literal[
    "country",
    "region",
    "place",
    "specialty",
    "kind",
    "stage",
    "program",
    "organisation",
    "language",
    "registration",
]
"""What a term can stand for."""


@dataclass(frozen=True)
class Term:
    """A text that stands for a thing of the catalogue.

    Attributes:
        kind: What the thing is.
        id: Its key in the catalogue: an ISO code for a country or language, the name itself for
            an organisation.
        text: As the catalogue writes it.
        ambiguous: True if the text is also an ordinary word or a person's name: it needs a hint
            from the context.
    """

    kind: TermKind
    id: str
    text: str
    ambiguous: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """All terms of one version of the catalogue, names before other texts of the same thing.

    `place_countries` has the country (ISO 3166-1 alpha-2) of each place by its id.
    """

    version: str
    terms: tuple[Term, ...]
    place_countries: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue) -> Vocabulary:
        """Return the vocabulary of a catalogue."""
        # Texts of one thing that differ only in case are one term; the first spelling stays.
        unique = {(t.kind, t.id, t.text.casefold()): t for t in reversed(list(_terms(catalogue)))}
        countries = {id: str(place.country) for id, place in catalogue.places.items()}
        return cls(catalogue.version, tuple(reversed(unique.values())), countries)

    def of_kind(self, kind: TermKind) -> tuple[Term, ...]:
        """Return the terms of one kind."""
        return tuple(term for term in self.terms if term.kind == kind)


def _terms(catalogue: Catalogue) -> Iterator[Term]:
    for country in catalogue.countries.values():
        yield from _of("country", country.iso2, (country.name, *country.aliases), country.ambiguous)
    for region in catalogue.regions.values():
        yield from _of("region", region.id, (region.name, *region.aliases))
    for place in catalogue.places.values():
        yield from _of("place", place.id, (place.name, *place.aliases), place.ambiguous)
    for specialty in catalogue.specialties.values():
        texts = (specialty.name, *specialty.synonyms)
        yield from _of("specialty", specialty.id, texts, specialty.ambiguous)
    for kind in catalogue.all(KindRecord).values():
        yield from _of("kind", kind.id, (kind.name, *kind.synonyms))
    for stage in catalogue.all(StageRecord).values():
        yield from _of("stage", stage.id, (stage.name, *stage.synonyms))
    for program in catalogue.programs:
        yield from _of("program", program.id, (program.name,))
    for organisation in sorted({program.organisation for program in catalogue.programs}):
        yield from _of("organisation", organisation, _organisation_texts(organisation))
    for code in sorted({code for program in catalogue.programs for code in program.languages}):
        yield from _of("language", code, (language_name(code),))
    for term in catalogue.all(RegistrationTermRecord).values():
        yield from _of("registration", term.id, (term.name, *term.aliases), term.ambiguous)


def _of(
    kind: TermKind, id: str, texts: Iterable[str], ambiguous: Iterable[str] = ()
) -> Iterator[Term]:
    unclear = {text.casefold() for text in ambiguous}
    for text in texts:
        yield Term(kind, id, text, text.casefold() in unclear)


def _organisation_texts(name: str) -> tuple[str, ...]:
    """Return the name, and of "Plan My Gap Year (PMGY)" also the two ways people say it."""
    parts = re.fullmatch(r"(.+?)\s*\(([A-Z][A-Z0-9&.-]{1,11})\)", name)
    return (name, parts[1], parts[2]) if parts else (name,)
