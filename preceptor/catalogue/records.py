"""Typed rows: one pydantic model a CSV file of the data dictionary (catalogue/README.md).

The fields stand in the order of the file's columns. A cell that does not fit raises
``ValueError`` with a sentence that a career officer understands; ``importer`` adds the
file, the row and the column.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pycountry
from pydantic import BaseModel, Extra, ValidationError, validator
from pydantic.fields import SHAPE_TUPLE_ELLIPSIS, ModelField

from preceptor.catalogue.dictionary import (
    LIST_SEPARATOR,
    Accommodation,
    Confidence,
    EmergencyService,
    Kind,
    Listing,
    PlaceType,
    PriceBasis,
    Required,
    Stage,
    TopicDoes,
    YesNo,
)

_Validators = Iterator[Callable[[Any], Any]]


class _Cell:
    """A type of cell: ``parse`` turns the text into a value or raises ValueError."""

    @classmethod
    def parse(cls, text: str) -> Any:
        """Read a cell; ValueError says what is wrong."""
        raise NotImplementedError

    @classmethod
    def __get_validators__(cls) -> _Validators:
        yield cls.parse


class Slug(_Cell, str):
    """A lower-case id such as ``ivhq-bali``."""

    @classmethod
    def parse(cls, text: str) -> str:
        """Read a cell; ValueError says what is wrong."""
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) or len(text) > 120:
            raise ValueError(
                f"{text!r} is not an id (lower-case letters a-z, digits and single hyphens,"
                " at most 120)"
            )
        return text


class IntentName(_Cell, str):
    """The name of an intent, such as ``ask_bali``."""

    @classmethod
    def parse(cls, text: str) -> str:
        """Read a cell; ValueError says what is wrong."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,79}", text):
            raise ValueError(f"{text!r} is not the name of an intent (see docs/intents.md)")
        return text


class CountryCode(_Cell, str):
    """An ISO 3166-1 alpha-2 code, or XK for Kosovo, which has none and by custom uses that."""

    @classmethod
    def parse(cls, text: str) -> str:
        """Read a cell; ValueError says what is wrong."""
        # pycountry looks up without regard to case; the catalogue has one spelling only.
        known = text == "XK" or pycountry.countries.get(alpha_2=text) is not None
        if text != text.upper() or not known:
            raise ValueError(
                f"{text!r} is not a country code (two capital letters by ISO 3166-1,"
                " such as KE for Kenya)"
            )
        return text


class CurrencyCode(_Cell, str):
    """An ISO 4217 code."""

    @classmethod
    def parse(cls, text: str) -> str:
        """Read a cell; ValueError says what is wrong."""
        if text != text.upper() or pycountry.currencies.get(alpha_3=text) is None:
            raise ValueError(
                f"{text!r} is not a currency code (three capital letters by ISO 4217, such as EUR)"
            )
        return text


class LanguageCode(_Cell, str):
    """An ISO 639-1 code."""

    @classmethod
    def parse(cls, text: str) -> str:
        """Read a cell; ValueError says what is wrong."""
        if text != text.lower() or pycountry.languages.get(alpha_2=text) is None:
            raise ValueError(
                f"{text!r} is not a language code (two small letters by ISO 639-1,"
                " such as es for Spanish)"
            )
        return text


class WebAddress(_Cell, str):
    """An http or https URL."""

    @classmethod
    def parse(cls, text: str) -> str:
        """Read a cell; ValueError says what is wrong."""
        try:
            parts = urlsplit(text)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good or re.search(r"\s", text) or len(text) > 2000:
            raise ValueError(
                f"{text[:80]!r} is not a web address (it must begin with https:// or http://"
                " and hold no blanks)"
            )
        return text


class PartialDate(_Cell, str):
    """An ISO 8601 date that may stop at the month or the year; kept as text."""

    @classmethod
    def parse(cls, text: str) -> str:
        """Read a cell; ValueError says what is wrong."""
        try:
            if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
                raise ValueError
            datetime.date.fromisoformat(text + "-01-01"[len(text) - 4 :])
        except ValueError:
            raise ValueError(
                f"{text!r} is not a date (write 2024, 2024-07 or 2024-07-01)"
            ) from None
        return text


class FullDate(_Cell, datetime.date):
    """A whole ISO 8601 date."""

    @classmethod
    def parse(cls, text: str) -> datetime.date:
        """Read a cell; ValueError says what is wrong."""
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError
            return datetime.date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a whole date (write 2024-07-01)") from None


def _whole(text: str, least: int, most: int, complaint: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text) or not least <= int(text) <= most:
        raise ValueError(complaint)
    return int(text)


class Weeks(_Cell, int):
    """A whole number of weeks, 1 to 520."""

    @classmethod
    def parse(cls, text: str) -> int:
        """Read a cell; ValueError says what is wrong."""
        return _whole(text, 1, 520, f"{text!r} is not a whole number of weeks from 1 to 520")


class MinorUnits(_Cell, int):
    """An amount in the currency's smallest unit."""

    @classmethod
    def parse(cls, text: str) -> int:
        """Read a cell; ValueError says what is wrong."""
        return _whole(
            text,
            0,
            10**12,
            f"{text!r} is not a whole number of minor units (write 120000 for 1,200.00)",
        )


class Rank(_Cell, int):
    """A place in an order, 1 first."""

    @classmethod
    def parse(cls, text: str) -> int:
        """Read a cell; ValueError says what is wrong."""
        return _whole(text, 1, 10**6, f"{text!r} is not a rank (a whole number; 1 is shown first)")


def _decimal(text: str, most: int, complaint: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", text) or Decimal(text) > most:
        raise ValueError(complaint)
    return Decimal(text)


class Months(_Cell, Decimal):
    """A number of months, 0 to 240."""

    @classmethod
    def parse(cls, text: str) -> Decimal:
        """Read a cell; ValueError says what is wrong."""
        return _decimal(
            text, 240, f"{text!r} is not a number of months from 0 to 240 (write 12 or 4.5)"
        )


class ExchangeRate(_Cell, Decimal):
    """Units of a currency for one euro, above 0."""

    @classmethod
    def parse(cls, text: str) -> Decimal:
        """Read a cell; ValueError says what is wrong."""
        complaint = f"{text!r} is not an exchange rate above 0 (write 1.0834)"
        rate = _decimal(text, 10**12, complaint)
        if rate == 0:
            raise ValueError(complaint)
        return rate


class Record(BaseModel):
    """What all rows have in common: a cell with several values is split, cells are immutable."""

    class Config:
        """pydantic's settings."""

        extra = Extra.forbid
        allow_mutation = False
        arbitrary_types_allowed = True

    @validator("*", pre=True)
    def _split_list(cls, value: Any, field: ModelField) -> Any:
        if field.shape != SHAPE_TUPLE_ELLIPSIS or not isinstance(value, str):
            return value
        parts = (part.strip() for part in value.split(LIST_SEPARATOR))
        return tuple(dict.fromkeys(part for part in parts if part))

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The columns of the file, in the order in which they are written."""
        return tuple(cls.__fields__)

    @classmethod
    def list_columns(cls) -> tuple[str, ...]:
        """The columns whose cells hold several values."""
        return tuple(name for name, f in cls.__fields__.items() if f.shape == SHAPE_TUPLE_ELLIPSIS)


def _check_ambiguous(names_column: str) -> Any:
    """A validator: what is called ambiguous must be the name or one of ``names_column``."""

    def check(cls: type[Record], value: str, values: dict[str, Any]) -> str:
        if "name" not in values or names_column not in values:
            return value
        known = {values["name"].casefold(), *(n.casefold() for n in values[names_column])}
        if value.casefold() not in known:
            raise ValueError(f"{value!r} is neither the name nor one of the {names_column}")
        return value

    return validator("ambiguous", each_item=True, allow_reuse=True)(check)


def _not_above(upper: str, lower: str) -> Any:
    """A validator: the value in column ``upper`` is at least that in column ``lower``."""

    def check(cls: type[Record], value: Any, values: dict[str, Any]) -> Any:
        least = values.get(lower)
        if value is not None and least is not None and value < least:
            raise ValueError(f"{value} is less than {lower}, which is {least}")
        return value

    return validator(upper, allow_reuse=True)(check)


class _Sourced(Record):
    """The rule about ``confidence`` that every row with a source follows."""

    @validator("confidence", check_fields=False)
    def _source_needed(cls, value: str, values: dict[str, Any]) -> str:
        # A source_url that is itself wrong is missing from `values` and is reported on its own.
        if value == "high" and "source_url" in values and values["source_url"] is None:
            raise ValueError("'high' needs a source_url (fill it in, or write medium)")
        return value


class CountryRecord(Record):
    """A row of countries.csv."""

    iso2: CountryCode
    name: str
    aliases: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()

    _ambiguous = _check_ambiguous("aliases")


class RegionRecord(Record):
    """A row of regions.csv."""

    id: Slug
    name: str
    aliases: tuple[str, ...] = ()
    countries: tuple[CountryCode, ...]


class PlaceRecord(Record):
    """A row of places.csv."""

    id: Slug
    name: str
    type: PlaceType
    country: CountryCode
    area: Slug | None = None
    aliases: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()

    _ambiguous = _check_ambiguous("aliases")


class SpecialtyRecord(Record):
    """A row of specialties.csv."""

    id: Slug
    name: str
    parent: Slug | None = None
    synonyms: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()

    _ambiguous = _check_ambiguous("synonyms")


class KindRecord(Record):
    """A row of kinds.csv."""

    id: Kind
    name: str
    synonyms: tuple[str, ...] = ()
    description: str | None = None


class StageRecord(Record):
    """A row of stages.csv."""

    id: Stage
    name: str
    synonyms: tuple[str, ...] = ()
    description: str | None = None


class ProgramRecord(_Sourced):
    """A row of programs.csv."""

    id: Slug
    name: str
    organisation: str
    listing: Listing
    countries: tuple[CountryCode, ...] = ()
    worldwide: YesNo
    places: tuple[Slug, ...] = ()
    specialties: tuple[Slug, ...] = ()
    departments: str | None = None
    kind: Kind
    stages: tuple[Stage, ...] = ()
    who_for: str | None = None
    min_weeks: Weeks | None = None
    max_weeks: Weeks | None = None
    price_minor: MinorUnits | None = None
    currency: CurrencyCode | None = None
    price_basis: PriceBasis | None = None
    price_covers: str | None = None
    price_date: PartialDate | None = None
    price_note: str | None = None
    languages: tuple[LanguageCode, ...] = ()
    languages_note: str | None = None
    start_dates: str | None = None
    accommodation: Accommodation | None = None
    accommodation_note: str | None = None
    source_url: WebAddress | None = None
    source_date: PartialDate | None = None
    source_note: str | None = None
    confidence: Confidence
    confidence_note: str | None = None

    _weeks = _not_above("max_weeks", "min_weeks")

    @validator("worldwide")
    def _somewhere(cls, value: str, values: dict[str, Any]) -> str:
        if value == "no" and values.get("countries") == ():
            raise ValueError("'no' needs at least one country in the column countries")
        return value

    @validator("currency", "price_basis", always=True)
    def _priced(cls, value: str | None, values: dict[str, Any]) -> str | None:
        if value is None and values.get("price_minor") is not None:
            raise ValueError("is empty, but price_minor has a price that needs it")
        return value


class LicensingRecord(_Sourced):
    """A row of licensing.csv."""

    country: CountryCode
    local_name: str | None = None
    required: Required
    required_note: str | None = None
    min_months: Months | None = None
    max_months: Months | None = None
    length_note: str | None = None
    rotations: str | None = None
    regulator: str | None = None
    how_to_apply: str | None = None
    source_title: str | None = None
    source_url: WebAddress | None = None
    source_date: PartialDate | None = None
    source_note: str | None = None
    confidence: Confidence
    confidence_note: str | None = None

    _months = _not_above("max_months", "min_months")


class RegulatorRecord(_Sourced):
    """A row of regulators.csv."""

    country: CountryCode
    name: str
    url: WebAddress | None = None
    source_title: str | None = None
    source_url: WebAddress | None = None
    source_date: PartialDate | None = None
    source_note: str | None = None
    confidence: Confidence


class AdviceFactRecord(_Sourced):
    """A row of advice_facts.csv."""

    id: Slug
    topic: str
    intents: tuple[IntentName, ...]
    fact: str
    rank: Rank
    source_title: str | None = None
    source_url: WebAddress | None = None
    source_date: PartialDate | None = None
    confidence: Confidence
    confidence_note: str | None = None


class EmergencyNumberRecord(_Sourced):
    """A row of emergency_numbers.csv."""

    country: CountryCode
    service: EmergencyService
    number: str
    source_title: str | None = None
    source_url: WebAddress | None = None
    source_date: PartialDate | None = None
    source_note: str | None = None
    confidence: Confidence

    @validator("number")
    def _dialable(cls, value: str) -> str:
        if not re.search("[0-9]", value):
            raise ValueError(f"{value!r} is not a number that one can call")
        return value


class HelplineRecord(_Sourced):
    """A row of helplines.csv."""

    id: Slug
    country: CountryCode | None = None
    name: str
    phone: str | None = None
    text: str | None = None
    url: WebAddress | None = None
    hours: str | None = None
    for_whom: str | None = None
    source_title: str | None = None
    source_url: WebAddress | None = None
    source_date: PartialDate | None = None
    source_note: str | None = None
    confidence: Confidence

    @validator("url", always=True)
    def _reachable(cls, value: str | None, values: dict[str, Any]) -> str | None:
        if not (value or values.get("phone") or values.get("text")):
            raise ValueError("phone, text and url are all empty: nobody could reach the helpline")
        return value


class ExchangeRateRecord(_Sourced):
    """A row of exchange_rates.csv."""

    currency: CurrencyCode
    units_per_eur: ExchangeRate
    rate_date: FullDate
    source_title: str | None = None
    source_url: WebAddress | None = None
    confidence: Confidence


class TopicRecord(Record):
    """A row of topics.csv."""

    intent: IntentName
    label: str
    question: str
    does: TopicDoes
    leads_to: tuple[IntentName, ...] = ()
    in_menu: YesNo

    @validator("leads_to")
    def _three(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 3:
            raise ValueError(f"names {len(value)} intents; three is the most")
        return value


@dataclass(frozen=True)
class CsvFile:
    """One file of the dictionary: its record, its key, and the files its columns point to."""

    name: str
    record: type[Record]
    key: tuple[str, ...]
    references: Mapping[str, str] = field(default_factory=dict)


#: Every file of the catalogue, in the order of the dictionary.
FILES: tuple[CsvFile, ...] = (
    CsvFile("countries.csv", CountryRecord, ("iso2",)),
    CsvFile("regions.csv", RegionRecord, ("id",), {"countries": "countries.csv"}),
    CsvFile("places.csv", PlaceRecord, ("id",), {"country": "countries.csv", "area": "places.csv"}),
    CsvFile("specialties.csv", SpecialtyRecord, ("id",), {"parent": "specialties.csv"}),
    CsvFile("kinds.csv", KindRecord, ("id",)),
    CsvFile("stages.csv", StageRecord, ("id",)),
    CsvFile(
        "programs.csv",
        ProgramRecord,
        ("id",),
        {
            "countries": "countries.csv",
            "places": "places.csv",
            "specialties": "specialties.csv",
            "kind": "kinds.csv",
            "stages": "stages.csv",
        },
    ),
    CsvFile("licensing.csv", LicensingRecord, ("country",), {"country": "countries.csv"}),
    CsvFile("regulators.csv", RegulatorRecord, ("country",), {"country": "countries.csv"}),
    CsvFile("advice_facts.csv", AdviceFactRecord, ("id",), {"intents": "topics.csv"}),
    CsvFile(
        "emergency_numbers.csv",
        EmergencyNumberRecord,
        ("country", "service"),
        {"country": "countries.csv"},
    ),
    CsvFile("helplines.csv", HelplineRecord, ("id",), {"country": "countries.csv"}),
    CsvFile("exchange_rates.csv", ExchangeRateRecord, ("currency",)),
    CsvFile("topics.csv", TopicRecord, ("intent",), {"leads_to": "topics.csv"}),
)
FILES_BY_NAME: Mapping[str, CsvFile] = {file.name: file for file in FILES}


@dataclass(frozen=True)
class CellError:
    """What is wrong with one cell of a row, as a sentence without file and row."""

    column: str
    message: str


class RowErrors(ValueError):
    """All that is wrong with one row."""

    def __init__(self, errors: list[CellError]) -> None:
        super().__init__("; ".join(f"{e.column}: {e.message}" for e in errors))
        self.errors = errors


def _sentence(error: Mapping[str, Any]) -> str:
    """Pydantic's error in words for somebody who edits a spreadsheet."""
    if error["type"] == "value_error.missing":
        return "is empty, but every row needs it"
    if error["type"] == "value_error.const":
        allowed = ", ".join(str(value) for value in error["ctx"]["permitted"])
        return f"{error['ctx']['given']!r} is not one of: {allowed}"
    return str(error["msg"])


def parse_row(record: type[Record], cells: Mapping[str, str]) -> Record:
    """Make a record of a row's cells (column to stripped text; an empty cell means not known).

    Raises RowErrors with every cell that does not fit.
    """
    try:
        return record.parse_obj(
            {
                column: text
                for column, text in cells.items()
                if (text.strip(LIST_SEPARATOR + " ") if column in record.list_columns() else text)
            }
        )
    except ValidationError as error:
        raise RowErrors(
            [CellError(str(e["loc"][0]), _sentence(dict(e))) for e in error.errors()]
        ) from error


def write_cell(value: Any) -> str:
    """The text of a cell, such that ``parse_row`` gives the same value back."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return LIST_SEPARATOR.join(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        plain = format(value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value)


def key_of(file: CsvFile, record: Record) -> tuple[str, ...]:
    """The natural key of a record: the values of the file's key columns."""
    return tuple(str(getattr(record, column)) for column in file.key)
