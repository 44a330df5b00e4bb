"""Programmes as answers show them: their records with the names of what they refer to."""

from __future__ import annotations

from collections.abc import Mapping

from preceptor.catalogue.cells import COST_BASES
from preceptor.catalogue.language_names import language_name
from preceptor.catalogue.money import Money
from preceptor.catalogue.records import ProgramRecord


class ProgramView(ProgramRecord):
    """All that a reply shows of a programme. None or an empty tuple: the catalogue does not know.

    Each `…_names` has the order of its ids: `country_names` that of `countries` and so on.
    """

    country_names: tuple[str, ...]
    place_names: tuple[str, ...]
    specialty_names: tuple[str, ...]
    kind_name: str
    stage_names: tuple[str, ...]
    language_names: tuple[str, ...]

    @classmethod
    def of(cls, record: ProgramRecord, names: Mapping[tuple[str, str], str]) -> ProgramView:
        """Return the view of a record.

        Args:
            record: The programme.
            names: The names of things by kind and id (`Catalogue.names`).
        """

        def named(kind: str, ids: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names[kind, id] for id in ids)

        return cls.construct(
            **vars(record),
            country_names=named("country", record.countries),
            place_names=named("place", record.places),
            specialty_names=named("specialty", record.specialties),
            kind_name=names["kind", record.kind],
            stage_names=named("stage", record.stages),
            language_names=tuple(language_name(code) for code in record.languages),
        )

    @property
    def price(self) -> Money | None:
        """The price, or None if it is not known."""
        if self.price_minor is None or self.currency is None:
            return None
        return Money(self.price_minor, self.currency)

    @property
    def price_is_cost(self) -> bool:
        """Whether the price says what the programme costs, not only what a fee is."""
        return self.price_minor is not None and self.price_basis in COST_BASES
