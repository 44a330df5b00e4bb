"""Cards: what a reply shows beside its text, the same for every channel.

An action fills a card and sends it under `custom`; a channel turns it into HTML or Block Kit.
Every reply that carries a card has a text that is complete without it. Amounts are integers in
minor units of an ISO 4217 currency, lengths are weeks or months as the names say, dates are ISO
8601 and may stop at the month or the year. None means not known.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Extra


class _Model(BaseModel):
    class Config:
        """A card holds what its model names and nothing else."""

        extra = Extra.forbid
        frozen = True


class SourceLink(_Model):
    """Where a statement comes from."""

    title: str | None
    url: str | None
    date: str | None


class Price(_Model):
    """A price with what it is a price of."""

    minor: int
    currency: str
    basis: str
    date: str | None
    covers: str | None
    shown: str


class Row(_Model):
    """What is known under a label, such as Length: 2 to 12 weeks."""

    label: str
    value: str


class ProgramItem(_Model):
    """One programme as lists show it.

    Attributes:
        number: the number that "number 2" means while its list is on the screen.
        length: its length in words, also where it isn't known.
        cost: its price in words, also where it isn't known.
    """

    id: str
    number: int | None = None
    name: str
    organisation: str
    listing: Literal["open_call", "restricted", "report"]
    place: str
    specialties: list[str]
    kind: str
    who_for: str | None
    min_weeks: int | None
    max_weeks: int | None
    price: Price | None
    length: str = ""
    cost: str = ""
    languages: list[str]
    accommodation: str | None
    start_dates: str | None
    notes: list[str]
    source: SourceLink


class ProgramListCard(_Model):
    """A page of a search's results; `offset` is the place of the first among `total`."""

    type: Literal["program_list"] = "program_list"
    programs: list[ProgramItem]
    offset: int
    total: int


class ProgramCard(_Model):
    """One programme in full: its rows hold all that is known, in the order people ask for it."""

    type: Literal["program"] = "program"
    program: ProgramItem
    rows: list[Row] = []


class ComparisonRow(_Model):
    """One line of a comparison: a label and a cell a programme, in the order of the columns."""

    label: str
    cells: list[str]


class ComparisonCard(_Model):
    """Two or three programmes side by side."""

    type: Literal["comparison"] = "comparison"
    programs: list[ProgramItem]
    rows: list[ComparisonRow]


class LicensingCard(_Model):
    """What a country demands before it registers a doctor."""

    type: Literal["licensing"] = "licensing"
    country: str
    country_name: str
    local_name: str | None
    required: Literal["yes", "partly", "no"]
    min_months: float | None
    max_months: float | None
    regulator: str | None
    regulator_url: str | None
    source: SourceLink


class FactItem(_Model):
    """A published fact."""

    text: str
    source: SourceLink


class FactsCard(_Model):
    """Facts behind an answer."""

    type: Literal["facts"] = "facts"
    facts: list[FactItem]


class ContactItem(_Model):
    """A number to call or a place to write to."""

    label: str
    phone: str | None
    url: str | None
    details: str | None
    source: SourceLink


class ContactsCard(_Model):
    """Emergency numbers or helplines."""

    type: Literal["contacts"] = "contacts"
    contacts: list[ContactItem]


Card = ProgramListCard | ProgramCard | ComparisonCard | LicensingCard | FactsCard | ContactsCard
