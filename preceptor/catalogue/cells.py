"""Types of cells: each turns the text of a CSV cell into a value, or says what is wrong with it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args
from urllib.parse import urlsplit

import pycountry

LIST_SEPARATOR = ";"
"""What separates the values in a cell that holds several."""

_FORMULA = re.compile("'*[=+@-]")


def quote_formula(text: str) -> str:
    """Return a cell that spreadsheets take as text, though it begins like a formula.

    As spreadsheets do themselves, an apostrophe is put before it. See
    https://owasp.org/www-community/attacks/CSV_Injection.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unquote_formula(text: str) -> str:
    """Return the text that `quote_formula` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


Kind = Literal["clinical_observation", "elective", "volunteer", "research"]
Stage = Literal[
    "pre_university",
    "premed",
    "preclinical_student",
    "clinical_student",
    "final_year_student",
    "graduate",
    "resident",
    "doctor",
    "nursing_student",
    "nurse",
    "midwifery_student",
    "allied_health",
    "public_health_student",
]
Listing = Literal["open_call", "restricted", "report"]
PriceBasis = Literal[
    "total_shortest_stay",
    "advertised_from",
    "per_week",
    "estimated_trip_cost",
    "exchange_fee",
    "application_fee_only",
]
PlaceType = Literal["city", "area"]
Accommodation = Literal["yes", "no", "optional"]
Required = Literal["yes", "partly", "no"]
Confidence = Literal["high", "medium"]
EmergencyService = Literal["general", "ambulance"]

LISTINGS: tuple[str, ...] = get_args(Listing)

COST_BASES = ("total_shortest_stay", "advertised_from", "per_week", "estimated_trip_cost")
"""Bases of prices that say what the programme itself costs; the others are fees on top."""


class Cell:
    """A type of cell.

    Attributes:
        pattern: A regular expression that the whole text must match.
        complaint: What is wrong with a text that does not fit, for somebody who edits a
            spreadsheet; `{}` stands for the text.
        description: The type as the table of columns shows it.
    """

    pattern: ClassVar[str]
    complaint: ClassVar[str]
    description: ClassVar[str]

    @classmethod
    def convert(cls, text: str) -> Any:
        """Return the value of a text that matches the pattern, or None if it is no value."""
        return text

    @classmethod
    def parse(cls, text: str) -> Any:
        """Return the value of a cell's text.

        Raises:
            ValueError: The text does not fit; the message is `complaint`.
        """
        value = cls.convert(text) if re.fullmatch(cls.pattern, text) else None
        if value is None:
            raise ValueError(cls.complaint.format(repr(text[:80])))
        return value

    @classmethod
    def __get_validators__(cls) -> Iterator[Callable[[Any], Any]]:
        """Yield the functions by which pydantic reads a field of this type."""
        yield cls.parse


class Slug(Cell, str):
    """A lower-case id such as `ivhq-bali`."""

    pattern = r"(?=.{1,120}$)[a-z0-9]+(-[a-z0-9]+)*"
    complaint = "{} is not an id (lower-case letters a-z, digits and single hyphens, at most 120)"
    description = "id"


class _IsoCode(Cell, str):
    """A code of an ISO standard; `code` is its attribute in the `table` of pycountry.

    The patterns have one case only: pycountry looks codes up without regard to it.
    """

    table: ClassVar[Any]
    code: ClassVar[str]

    @classmethod
    def convert(cls, text: str) -> str | None:
        """Return the code, or None if the standard does not have it."""
        return text if cls.table.get(**{cls.code: text}) else None


class CountryCode(_IsoCode):
    """An ISO 3166-1 alpha-2 code, or XK for Kosovo, which has none and by custom uses that."""

    table, code = pycountry.countries, "alpha_2"
    pattern = "[A-Z]{2}"
    complaint = "{} is not a country code (two capital letters by ISO 3166-1, such as KE for Kenya)"
    description = "ISO 3166-1 alpha-2"

    @classmethod
    def convert(cls, text: str) -> str | None:
        """Return the code, or None if there is no such country."""
        return text if text == "XK" else super().convert(text)


class CurrencyCode(_IsoCode):
    """An ISO 4217 code."""

    table, code = pycountry.currencies, "alpha_3"
    pattern = "[A-Z]{3}"
    complaint = "{} is not a currency code (three capital letters by ISO 4217, such as EUR)"
    description = "ISO 4217"


class LanguageCode(_IsoCode):
    """An ISO 639-1 code."""

    table, code = pycountry.languages, "alpha_2"
    pattern = "[a-z]{2}"
    complaint = "{} is not a language code (two small letters by ISO 639-1, such as es for Spanish)"
    description = "ISO 639-1"


class WebAddress(Cell, str):
    """An http or https URL."""

    pattern = r"\S{1,2000}"
    complaint = (
        "{} is not a web address (it must begin with https:// or http:// and hold no blanks)"
    )
    description = "web address"

    @classmethod
    def convert(cls, text: str) -> str | None:
        """Return the URL, or None if it has another scheme or no host."""
        try:
            parts = urlsplit(text)
        except ValueError:
            return None
        return text if parts.scheme in ("http", "https") and parts.hostname else None


class PartialDate(Cell, str):
    """An ISO 8601 date that may stop at the month or the year; kept as text."""

    pattern = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"
    complaint = "{} is not a date (write 2024, 2024-07 or 2024-07-01)"
    description = "date, may stop at month or year"

    @classmethod
    def convert(cls, text: str) -> str | None:
        """Return the text, or None if there is no such date."""
        return text if _date(text + "-01-01"[len(text) - 4 :]) else None


class FullDate(Cell, datetime.date):
    """A whole ISO 8601 date."""

    pattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    complaint = "{} is not a whole date (write 2024-07-01)"
    description = "whole date"

    @classmethod
    def convert(cls, text: str) -> datetime.date | None:
        """Return the date, or None if there is none."""
        return _date(text)


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


class _WholeNumber(Cell, int):
    """A whole number from `least` to `most`."""

    pattern = "[0-9]{1,15}"
    description = "whole number"
    least: ClassVar[int]
    most: ClassVar[int]

    @classmethod
    def convert(cls, text: str) -> int | None:
        """Return the number, or None if it is out of bounds."""
        return int(text) if cls.least <= int(text) <= cls.most else None


class Weeks(_WholeNumber):
    """A number of weeks, 1 to 520."""

    least, most = 1, 520
    complaint = "{} is not a whole number of weeks from 1 to 520"
    description = "whole number of weeks"


class MinorUnits(_WholeNumber):
    """An amount in the currency's smallest unit."""

    least, most = 0, 10**12
    complaint = "{} is not a whole number of minor units (write 120000 for 1,200.00)"


class Rank(_WholeNumber):
    """A place in an order, 1 first."""

    least, most = 1, 10**6
    complaint = "{} is not a rank (a whole number; 1 is shown first)"


class Months(Cell, Decimal):
    """A number of months, 0 to 240."""

    pattern = r"[0-9]{1,12}(\.[0-9]{1,12})?"
    complaint = "{} is not a number of months from 0 to 240 (write 12 or 4.5)"
    description = "number of months"

    @classmethod
    def convert(cls, text: str) -> Decimal | None:
        """Return the number, or None if it is above 240."""
        return Decimal(text) if Decimal(text) <= 240 else None


class ExchangeRate(Cell, Decimal):
    """Units of a currency for one euro, above 0."""

    pattern = Months.pattern
    complaint = "{} is not an exchange rate above 0 (write 1.0834)"
    description = "decimal"

    @classmethod
    def convert(cls, text: str) -> Decimal | None:
        """Return the rate, or None if it is 0."""
        return Decimal(text) or None


if TYPE_CHECKING:
    YesNo = bool
else:

    class YesNo(Cell):
        """`yes` or `no`, read as True or False."""

        pattern = "yes|no"
        complaint = "{} is not one of: yes, no"
        description = "`yes` `no`"

        @classmethod
        def convert(cls, text: str) -> bool:
            """Return whether the text is `yes`."""
            return text == "yes"
