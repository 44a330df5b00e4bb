"""Cards: what a reply shows beside its text, the same for every channel.

An action fills a card and sends it under `custom`; a channel turns it into HTML or Block Kit.
Channels without cards show what `plain_text` makes of it. What people read is worded already: a
channel draws it as it stands. Amounts are integers in minor units of an ISO 4217 currency, lengths
are weeks or months as the names say, dates are ISO 8601 and may stop at the month or the year.
None means not known.
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


class ProgramItem(_Model):
    """One programme as lists show it.

    Attributes:
        number: its number in the list on the screen; None if it isn't in it.
        title: its name, with its organisation unless the name holds it.
        summary: place, length and price in words, always these three.
        notes: doubts to look into, in words.
    """

    id: str
    number: int | None = None
    name: str
    title: str
    summary: tuple[str, str, str]
    organisation: str
    listing: Literal["open_call", "restricted", "report"]
    place: str
    specialties: list[str]
    kind: str
    who_for: str | None
    min_weeks: int | None
    max_weeks: int | None
    price: Price | None
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


class Row(_Model):
    """One line of a programme's details: what it is about, and what is known of it."""

    label: str
    value: str


class ProgramCard(_Model):
    """One programme in full."""

    type: Literal["program"] = "program"
    program: ProgramItem
    rows: list[Row]


class ComparisonRow(_Model):
    """One line of a comparison: a label and one cell per programme, in the columns' order."""

    label: str
    cells: list[str]


class ComparisonCard(_Model):
    """Two or three programmes side by side; `unknown` is what stands for an empty cell."""

    type: Literal["comparison"] = "comparison"
    unknown: str
    programs: list[ProgramItem]
    rows: list[ComparisonRow]


class LicensingCard(_Model):
    """What a country demands before it registers a doctor; `length` in words, "" if unknown."""

    type: Literal["licensing"] = "licensing"
    country: str
    country_name: str
    local_name: str | None
    required: Literal["yes", "partly", "no"]
    length: str
    min_months: float | None
    max_months: float | None
    regulator: str | None
    regulator_url: str | None
    source: SourceLink


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


Card = ProgramListCard | ProgramCard | ComparisonCard | LicensingCard | ContactsCard
