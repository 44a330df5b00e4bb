"""The catalogue's records: one pydantic model per CSV file, which declares all there is of it.

A field is a column, in the order of the file's columns. From it follow the checks on import,
the documents in the database (`preceptor.catalogue.store`) and the tables of columns in
`catalogue/README.md` (`preceptor.catalogue.columns`). A cell that does not fit raises
ValueError with a sentence that a career officer understands; `preceptor.catalogue.importer`
adds the file, the row and the column.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, Extra, Field, ValidationError, validator
from pydantic.fields import SHAPE_TUPLE_ELLIPSIS, ModelField, Undefined

from preceptor.catalogue.cells import (
    COUNTRY_CODE,
    CURRENCY_CODE,
    EXCHANGE_RATE,
    FULL_DATE,
    LANGUAGE_CODE,
    LIST_SEPARATOR,
    MINOR_UNITS,
    MONTHS,
    PAGE_DATE,
    PARTIAL_DATE,
    SENTENCE,
    SLUG,
    WEB_ADDRESS,
    WEEKS,
    YES_NO,
    Accommodation,
    CellFormat,
    Certainty,
    Confidence,
    EmergencyService,
    Kind,
    Listing,
    Needed,
    PlaceType,
    PriceBasis,
    Profession,
    Route,
    Stage,
    TermKind,
)

R = TypeVar("R", bound="Record")


def column(
    meaning: str = "",
    default: Any = Undefined,
    *,
    format: CellFormat | None = None,
    key: bool = False,
    references: str | None = None,
) -> Any:
    """Declare a column.

    Args:
        meaning: What belongs into it, in Markdown, for `catalogue/README.md`.
        default: The value of an empty cell; without it every row needs the cell, unless its
            type has None.
        format: How the text of the cell, or of each value in it, is written, unless its type
            or the file that it refers to says it.
        key: True if the column is the record's key, or a part of it.
        references: The file whose keys the cell names.
    """
    return Field(default, description=meaning, format=format, key=key, references=references)


class Record(BaseModel):
    """A row of a CSV file.

    Attributes:
        file: The file's name.
        about: What the file holds, in Markdown, for `catalogue/README.md`.
    """

    file: ClassVar[str]
    about: ClassVar[str] = ""

    class Config:
        """pydantic's settings."""

        extra = Extra.forbid
        frozen = True

    @validator("*", pre=True)
    def _read_cell(cls, value: Any, field: ModelField) -> Any:
        if not isinstance(value, str):
            return value  # The default of an empty cell.
        format = field.field_info.extra["format"]
        read = format.parse if format else str
        if field.shape != SHAPE_TUPLE_ELLIPSIS:
            return read(value)
        parts = (part.strip() for part in value.split(LIST_SEPARATOR))
        return tuple(dict.fromkeys(read(part) for part in parts if part))

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns of the file, in the order in which they are written."""
        return tuple(cls.__fields__)

    @classmethod
    def list_columns(cls) -> frozenset[str]:
        """Return the columns whose cells hold several values."""
        return frozenset(
            name for name, field in cls.__fields__.items() if field.shape == SHAPE_TUPLE_ELLIPSIS
        )

    @classmethod
    def key_columns(cls) -> tuple[str, ...]:
        """Return the columns that identify a row."""
        return tuple(
            name for name, field in cls.__fields__.items() if field.field_info.extra.get("key")
        )

    @classmethod
    def references(cls) -> dict[str, str]:
        """Return the columns that name keys of another file, or of this one, with that file."""
        return {
            name: file
            for name, field in cls.__fields__.items()
            if (file := field.field_info.extra.get("references"))
        }

    @classmethod
    def key_of(cls, cells: Mapping[str, str]) -> str:
        """Return the key of a row; the parts of a longer key are separated by a blank."""
        return " ".join(cells.get(name, "") for name in cls.key_columns())


def _check_ambiguous(names_column: str) -> Any:
    """Return a validator: what is ambiguous must be the name or one of `names_column`."""

    def check(cls: type[Record], value: str, values: dict[str, Any]) -> str:
        if "name" not in values or names_column not in values:
            return value
        names = {values["name"].casefold(), *(n.casefold() for n in values[names_column])}
        if value.casefold() not in names:
            raise ValueError(f"{value!r} is neither the name nor one of the {names_column}")
        return value

    return validator("ambiguous", each_item=True, allow_reuse=True)(check)


def _not_above(upper: str, lower: str) -> Any:
    """Return a validator: the value in column `upper` is at least that in column `lower`."""

    def check(cls: type[Record], value: Any, values: dict[str, Any]) -> Any:
        least = values.get(lower)
        if value is not None and least is not None and value < least:
            raise ValueError(f"{value} is less than {lower}, which is {least}")
        return value

    return validator(upper, allow_reuse=True)(check)


class SourcedRecord(Record):
    """A row that says where it comes from, in columns behind its own."""

    source_title: str | None = column()
    source_url: str | None = column(
        "may be empty only if `confidence` is `medium`", format=WEB_ADDRESS
    )
    source_date: str | None = column("when it was published or is valid for", format=PARTIAL_DATE)
    source_note: str | None = column('what it says about its own age ("stored page, undated")')
    confidence: Confidence = column(
        "`high`: read on a stored copy of the source; `medium`: widely known, no page found"
    )
    confidence_note: str | None = column("caveats for whoever uses the row")

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns of the file, those of the source last."""
        common = SourcedRecord.__fields__
        own = (name for name in cls.__fields__ if name not in common)
        return (*own, *common)

    @validator("confidence")
    def _source_needed(cls, value: str, values: dict[str, Any]) -> str:
        # A source_url that is itself wrong is missing from `values` and is reported on its own.
        if value == "high" and "source_url" in values and values["source_url"] is None:
            raise ValueError("'high' needs a source_url (fill it in, or write medium)")
        return value


class CountryRecord(Record):
    """A row of countries.csv."""

    file = "countries.csv"

    iso2: str = column(key=True, format=COUNTRY_CODE)
    name: str = column("the name that answers use")
    aliases: tuple[str, ...] = column(
        "other names, demonyms (singular and plural forms, adjectives), common short forms:"
        ' "UK;U.K.;Britain;Great Britain;British;England;…"',
        (),
    )
    ambiguous: tuple[str, ...] = column(
        "those of its names and aliases that are also ordinary words or people's names"
        ' ("Chad", "Jordan", "Georgia", "Turkey", "polish", "US" written "us"): understood as'
        " the country only with a hint from the context",
        (),
    )

    _ambiguous = _check_ambiguous("aliases")


class RegionRecord(Record):
    """A row of regions.csv."""

    file = "regions.csv"
    about = "Parts of the world that hold several countries."

    id: str = column(key=True, format=SLUG)
    name: str = column()
    aliases: tuple[str, ...] = column('"SE Asia;South East Asia;…"', ())
    countries: tuple[str, ...] = column(references="countries.csv")


class PlaceRecord(Record):
    """A row of places.csv."""

    file = "places.csv"
    about = (
        "Cities, islands and provinces inside one country, with or without programmes, so that"
        ' "Zanzibar" or "Lagos" are understood.'
    )

    id: str = column(key=True, format=SLUG)
    name: str = column()
    type: PlaceType = column("`area`: an island, province or state (Bali, Kerala, Zanzibar)")
    country: str = column(references="countries.csv")
    area: str | None = column(
        "the place of type `area` that the city lies in", references="places.csv"
    )
    aliases: tuple[str, ...] = column("other spellings and names", ())
    ambiguous: tuple[str, ...] = column("as in countries.csv", ())

    _ambiguous = _check_ambiguous("aliases")


class SpecialtyRecord(Record):
    """A row of specialties.csv."""

    file = "specialties.csv"

    id: str = column(key=True, format=SLUG)
    name: str = column('"Obstetrics and gynaecology"')
    parent: str | None = column(
        "a search for the parent also finds this one", references="specialties.csv"
    )
    synonyms: tuple[str, ...] = column(
        '"obgyn;ob/gyn;O&G;obs and gynae;obstetrics;gynecology;…"', ()
    )
    ambiguous: tuple[str, ...] = column("as in countries.csv", ())

    _ambiguous = _check_ambiguous("synonyms")


class KindRecord(Record):
    """A row of kinds.csv."""

    file = "kinds.csv"
    about = "Kinds of programme."

    id: Kind = column(key=True)
    name: str = column()
    synonyms: tuple[str, ...] = column('"shadowing;observership;…"', ())
    description: str | None = column("one sentence")


class StageRecord(Record):
    """A row of stages.csv."""

    file = "stages.csv"
    about = "A person's stages of training."

    id: Stage = column(key=True)
    name: str = column()
    synonyms: tuple[str, ...] = column(
        '"IMG;foreign medical graduate;…", "3rd year;third-year;…"', ()
    )
    description: str | None = column("one sentence")


class ProgramRecord(SourcedRecord):
    """A row of programs.csv."""

    file = "programs.csv"

    id: str = column("from organisation and place", key=True, format=SLUG)
    name: str = column("short, as a person would read it in a list")
    organisation: str = column()
    listing: Listing = column(
        "`restricted`: only for students of one partner or home institution or nation;"
        " `report`: somebody's experience or visit, not a call that one can answer"
    )
    countries: tuple[str, ...] = column(
        "empty only if `worldwide` is `yes`", (), references="countries.csv"
    )
    worldwide: bool = column("`yes`: the place is chosen among many countries", format=YES_NO)
    places: tuple[str, ...] = column("", (), references="places.csv")
    specialties: tuple[str, ...] = column(
        "empty: not known or any", (), references="specialties.csv"
    )
    departments: str | None = column("departments as the source lists them")
    kind: Kind = column(references="kinds.csv")
    stages: tuple[Stage, ...] = column(
        "empty: not known or open to all", (), references="stages.csv"
    )
    who_for: str | None = column("requirements in words")
    min_weeks: int | None = column("the shortest stay", format=WEEKS)
    max_weeks: int | None = column("the longest stay", format=WEEKS)
    price_minor: int | None = column(
        "the price in minor units of `currency` (EUR 21.20 is 2120; HUF 40,000 is 4000000;"
        " ISO 4217 exponents)",
        format=MINOR_UNITS,
    )
    currency: str | None = column("required with a price", format=CURRENCY_CODE)
    price_basis: PriceBasis | None = column(
        "what the price is, required with it; only the first four values say anything of the"
        " programme's cost"
    )
    price_covers: str | None = column()
    price_date: str | None = column(format=PARTIAL_DATE)
    price_note: str | None = column("what the source says about the price's age")
    languages: tuple[str, ...] = column("required or expected", (), format=LANGUAGE_CODE)
    languages_note: str | None = column()
    start_dates: str | None = column()
    accommodation: Accommodation | None = column("empty: not known")
    accommodation_note: str | None = column()

    _weeks = _not_above("max_weeks", "min_weeks")

    @validator("worldwide")
    def _somewhere(cls, value: bool, values: dict[str, Any]) -> bool:
        if not value and values.get("countries") == ():
            raise ValueError("'no' needs at least one country in the column countries")
        return value

    @validator("currency", "price_basis", always=True)
    def _priced(cls, value: str | None, values: dict[str, Any]) -> str | None:
        if value is None and values.get("price_minor") is not None:
            raise ValueError("is empty, but price_minor has a price that needs it")
        return value


class RegistrationRecord(Record):
    """A row of registration.csv."""

    file = "registration.csv"
    about = (
        "What a country demands before it registers a doctor, by route. A sentence stands in an"
        " answer as it is. Empty: not looked up yet; `not stated by the regulator`: looked up in"
        " vain."
    )

    country: str = column(key=True, references="countries.csv")
    route: Route = column(
        "`home`: degree from there; `abroad`: from elsewhere; `eu`: from the EU or EEA;"
        " `recognised`: from one of the countries whose degrees or boards count more",
        key=True,
    )
    name: str | None = column("what the compulsory internship is called there")
    needed: Needed | None = column("before full registration")
    needed_note: str | None = column(format=SENTENCE)
    min_months: Decimal | None = column("the shortest length", format=MONTHS)
    max_months: Decimal | None = column("the longest; equal if it is one figure", format=MONTHS)
    pattern: str | None = column("what one rotates through", format=SENTENCE)
    part_time: str | None = column(format=SENTENCE)
    gaps: str | None = column("breaks, illness, too few months", format=SENTENCE)
    from_abroad_counts: str | None = column(
        "whether an internship done elsewhere counts", format=SENTENCE
    )
    exam: str | None = column(format=SENTENCE)
    language: str | None = column("the test of language", format=SENTENCE)
    provisional: str | None = column("provisional registration", format=SENTENCE)
    pay: str | None = column(format=SENTENCE)
    steps: str | None = column("in order, separated by ` > `")
    regulator: str = column("short name")
    regulator_name: str = column("full name")
    regulator_url: str | None = column(format=WEB_ADDRESS)
    time_limits: str | None = column("how late one may begin or end", format=SENTENCE)
    source_title: str = column()
    source_url: str = column(format=WEB_ADDRESS)
    source_publisher: str = column()
    read: datetime.date | None = column("when the page was read", format=FULL_DATE)
    page_date: str = column("what the page bears", format=PAGE_DATE)
    confidence: Certainty = column(
        "`confirmed`: by the regulator or the government; `unconfirmed`: by anybody else, and"
        " answers say so"
    )
    note: str | None = column(
        "caveats for whoever edits the row; columns that rest on something else than the source"
        " and that no regulator confirms stand behind `Unconfirmed here:`"
    )

    _months = _not_above("max_months", "min_months")

    @validator("note")
    def _names_columns(cls, value: str | None) -> str | None:
        for name in _unconfirmed(value):
            if name not in cls.__fields__:
                raise ValueError(f"{name[:80]!r} behind 'Unconfirmed here:' is not a column")
        return value

    def is_unconfirmed(self, column: str) -> bool:
        """Tell whether what a column says has no word of the regulator or the government."""
        return self.confidence == "unconfirmed" or column in _unconfirmed(self.note)


def _unconfirmed(note: str | None) -> list[str]:
    found = re.search("Unconfirmed here: ([^.]*)", note or "")
    return [name.strip() for name in found[1].split(",")] if found else []


class RegistrationTermRecord(Record):
    """A row of registration_terms.csv."""

    file = "registration_terms.csv"
    about = "Regulators, exams and programmes by which people name a country."

    id: str = column(key=True, format=SLUG)
    name: str = column("in full")
    kind: TermKind = column()
    countries: tuple[str, ...] = column(references="countries.csv")
    profession: Profession = column("whom it registers or examines")
    route: Route | None = column("by which somebody comes who names it: PLAB is for `abroad`")
    aliases: tuple[str, ...] = column("short forms and other spellings", ())
    ambiguous: tuple[str, ...] = column(
        "those of its names and aliases that are ordinary words in small letters", ()
    )
    url: str | None = column("of a regulator", format=WEB_ADDRESS)

    _ambiguous = _check_ambiguous("aliases")


class RegulatorRecord(SourcedRecord):
    """A row of regulators.csv."""

    file = "regulators.csv"
    about = "Who registers doctors in a country."

    country: str = column(key=True, references="countries.csv")
    name: str = column()
    url: str | None = column("the regulator's site", format=WEB_ADDRESS)


class EmergencyNumberRecord(SourcedRecord):
    """A row of emergency_numbers.csv."""

    file = "emergency_numbers.csv"

    country: str = column(key=True, references="countries.csv")
    service: EmergencyService = column(key=True)
    number: str = column()
    caution: str | None = column("what is said with it if the service is not to be relied on")

    @validator("number")
    def _dialable(cls, value: str) -> str:
        if not any("0" <= character <= "9" for character in value):
            raise ValueError(f"{value!r} is not a number that one can call")
        return value


class HelplineRecord(SourcedRecord):
    """A row of helplines.csv."""

    file = "helplines.csv"
    about = "Somebody to talk to. Every row needs one of `phone`, `text` and `url`."

    id: str = column(key=True, format=SLUG)
    country: str | None = column(
        "empty: finds a helpline in many countries", references="countries.csv"
    )
    name: str = column()
    phone: str | None = column()
    text: str | None = column("how to text or chat")
    url: str | None = column(format=WEB_ADDRESS)
    hours: str | None = column()
    for_whom: str | None = column('"anyone"; "doctors and medical students"')

    @validator("url", always=True)
    def _reachable(cls, value: str | None, values: dict[str, Any]) -> str | None:
        if not (value or values.get("phone") or values.get("text")):
            raise ValueError("phone, text and url are all empty: nobody could reach the helpline")
        return value


class ExchangeRateRecord(SourcedRecord):
    """A row of exchange_rates.csv."""

    file = "exchange_rates.csv"

    currency: str = column(key=True, format=CURRENCY_CODE)
    units_per_eur: Decimal = column("what one euro costs", format=EXCHANGE_RATE)
    rate_date: datetime.date = column(format=FULL_DATE)


RECORDS: Mapping[str, type[Record]] = {
    record.file: record
    for record in (
        CountryRecord,
        RegionRecord,
        PlaceRecord,
        SpecialtyRecord,
        KindRecord,
        StageRecord,
        ProgramRecord,
        RegistrationRecord,
        RegistrationTermRecord,
        RegulatorRecord,
        EmergencyNumberRecord,
        HelplineRecord,
        ExchangeRateRecord,
    )
}
"""Every record by its file."""


def parse_row(record: type[R], cells: Mapping[str, str]) -> R:
    """Return the record of a row.

    Args:
        record: The type of record.
        cells: The stripped text by column; an empty cell means not known.

    Raises:
        ValidationError: Some cells do not fit; `complaints` says which and why.
    """
    lists = record.list_columns()
    return record.parse_obj(
        {
            name: text
            for name, text in cells.items()
            if (text.strip(LIST_SEPARATOR + " ") if name in lists else text)
        }
    )


def complaints(error: ValidationError) -> list[tuple[str, str]]:
    """Return each column that does not fit, and why, for somebody who edits a spreadsheet."""
    return [(str(each["loc"][0]), _sentence(dict(each))) for each in error.errors()]


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error.missing":
        return "is empty, but every row needs it"
    if error["type"] == "value_error.const":
        allowed = ", ".join(str(value) for value in error["ctx"]["permitted"])
        return f"{error['ctx']['given']!r} is not one of: {allowed}"
    return str(error["msg"])


def write_row(record: Record) -> dict[str, str]:
    """Return the text of a record's cells; `parse_row` gives the same record back."""
    return {name: write_cell(getattr(record, name)) for name in record.columns()}


def write_cell(value: Any) -> str:
    """Return the text of a cell; None, not known, is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return LIST_SEPARATOR.join(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        plain = format(value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value)
