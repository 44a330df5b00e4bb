"""SQLAlchemy models: one table a CSV file, association tables for cells with several values.

Primary keys are the natural keys of the data dictionary, so ids survive every import. All
foreign keys are deferred to the end of the transaction: an import replaces whole tables and
may do so in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.orm import declarative_base
from sqlalchemy.types import TypeDecorator

from preceptor.catalogue.dictionary import LIST_SEPARATOR, LISTINGS, PRICE_BASES

# Named constraints can be altered by later migrations on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# Any: SQLAlchemy 1.4 has no typed base class.
Base: Any = declarative_base(metadata=metadata)


class TextList(TypeDecorator):
    """Several texts in one column, separated as in the CSV files: ``;``, never part of a text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Any) -> str:
        """Give the database a text."""
        return LIST_SEPARATOR.join(value or ())

    def process_result_value(self, value: str | None, dialect: Any) -> tuple[str, ...]:
        """Read the text back."""
        return tuple(value.split(LIST_SEPARATOR)) if value else ()


class ExactDecimal(TypeDecorator):
    """A decimal kept as text, because SQLite's numbers are binary floats."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> str | None:
        """Give the database a text."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Any) -> Decimal | None:
        """Read the text back."""
        return None if value is None else Decimal(value)


def _points_to(column: str) -> ForeignKey:
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


def _one_of(column: str, values: Sequence[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Country(Base):
    """The rows of countries.csv."""

    __tablename__ = "countries"
    iso2 = Column(String(2), primary_key=True)
    name = Column(Text, nullable=False)
    aliases = Column(TextList, nullable=False)
    ambiguous = Column(TextList, nullable=False)


class Region(Base):
    """The rows of regions.csv."""

    __tablename__ = "regions"
    id = Column(String(120), primary_key=True)
    name = Column(Text, nullable=False)
    aliases = Column(TextList, nullable=False)


class Place(Base):
    """The rows of places.csv."""

    __tablename__ = "places"
    __table_args__ = (_one_of("type", ("city", "area")),)
    id = Column(String(120), primary_key=True)
    name = Column(Text, nullable=False)
    type = Column(String(10), nullable=False)
    country = Column(String(2), _points_to("countries.iso2"), nullable=False, index=True)
    area = Column(String(120), _points_to("places.id"))
    aliases = Column(TextList, nullable=False)
    ambiguous = Column(TextList, nullable=False)


class Specialty(Base):
    """The rows of specialties.csv."""

    __tablename__ = "specialties"
    id = Column(String(120), primary_key=True)
    name = Column(Text, nullable=False)
    parent = Column(String(120), _points_to("specialties.id"))
    synonyms = Column(TextList, nullable=False)
    ambiguous = Column(TextList, nullable=False)


class Kind(Base):
    """The rows of kinds.csv."""

    __tablename__ = "kinds"
    id = Column(String(40), primary_key=True)
    name = Column(Text, nullable=False)
    synonyms = Column(TextList, nullable=False)
    description = Column(Text)


class Stage(Base):
    """The rows of stages.csv."""

    __tablename__ = "stages"
    id = Column(String(40), primary_key=True)
    name = Column(Text, nullable=False)
    synonyms = Column(TextList, nullable=False)
    description = Column(Text)


class Program(Base):
    """The rows of programs.csv."""

    __tablename__ = "programs"
    __table_args__ = (
        _one_of("listing", LISTINGS),
        _one_of("worldwide", ("yes", "no")),
        _one_of("price_basis", PRICE_BASES),
        _one_of("confidence", ("high", "medium")),
        CheckConstraint("min_weeks >= 1 AND max_weeks >= min_weeks", name="weeks"),
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint(
            "price_minor IS NULL OR (currency IS NOT NULL AND price_basis IS NOT NULL)",
            name="priced",
        ),
    )
    id = Column(String(120), primary_key=True)
    name = Column(Text, nullable=False)
    organisation = Column(Text, nullable=False)
    listing = Column(String(20), nullable=False)
    worldwide = Column(String(3), nullable=False)
    departments = Column(Text)
    kind = Column(String(40), _points_to("kinds.id"), nullable=False)
    who_for = Column(Text)
    min_weeks = Column(Integer)
    max_weeks = Column(Integer)
    price_minor = Column(BigInteger)
    currency = Column(String(3))
    price_basis = Column(String(30))
    price_covers = Column(Text)
    price_date = Column(String(10))
    price_note = Column(Text)
    languages_note = Column(Text)
    start_dates = Column(Text)
    accommodation = Column(String(10))
    accommodation_note = Column(Text)
    source_url = Column(Text)
    source_date = Column(String(10))
    source_note = Column(Text)
    confidence = Column(String(10), nullable=False)
    confidence_note = Column(Text)


class Licensing(Base):
    """The rows of licensing.csv."""

    __tablename__ = "licensing"
    __table_args__ = (
        _one_of("required", ("yes", "partly", "no")),
        _one_of("confidence", ("high", "medium")),
    )
    country = Column(String(2), _points_to("countries.iso2"), primary_key=True)
    local_name = Column(Text)
    required = Column(String(10), nullable=False)
    required_note = Column(Text)
    min_months = Column(ExactDecimal)
    max_months = Column(ExactDecimal)
    length_note = Column(Text)
    rotations = Column(Text)
    regulator = Column(Text)
    how_to_apply = Column(Text)
    source_title = Column(Text)
    source_url = Column(Text)
    source_date = Column(String(10))
    source_note = Column(Text)
    confidence = Column(String(10), nullable=False)
    confidence_note = Column(Text)


class Regulator(Base):
    """The rows of regulators.csv."""

    __tablename__ = "regulators"
    __table_args__ = (_one_of("confidence", ("high", "medium")),)
    country = Column(String(2), _points_to("countries.iso2"), primary_key=True)
    name = Column(Text, nullable=False)
    url = Column(Text)
    source_title = Column(Text)
    source_url = Column(Text)
    source_date = Column(String(10))
    source_note = Column(Text)
    confidence = Column(String(10), nullable=False)


class AdviceFact(Base):
    """The rows of advice_facts.csv."""

    __tablename__ = "advice_facts"
    __table_args__ = (
        _one_of("confidence", ("high", "medium")),
        CheckConstraint("rank >= 1", name="rank"),
    )
    id = Column(String(120), primary_key=True)
    topic = Column(Text, nullable=False)
    fact = Column(Text, nullable=False)
    rank = Column(Integer, nullable=False)
    source_title = Column(Text)
    source_url = Column(Text)
    source_date = Column(String(10))
    confidence = Column(String(10), nullable=False)
    confidence_note = Column(Text)


class EmergencyNumber(Base):
    """The rows of emergency_numbers.csv."""

    __tablename__ = "emergency_numbers"
    __table_args__ = (
        _one_of("service", ("general", "ambulance")),
        _one_of("confidence", ("high", "medium")),
    )
    country = Column(String(2), _points_to("countries.iso2"), primary_key=True)
    service = Column(String(20), primary_key=True)
    number = Column(Text, nullable=False)
    source_title = Column(Text)
    source_url = Column(Text)
    source_date = Column(String(10))
    source_note = Column(Text)
    confidence = Column(String(10), nullable=False)


class Helpline(Base):
    """The rows of helplines.csv."""

    __tablename__ = "helplines"
    __table_args__ = (
        _one_of("confidence", ("high", "medium")),
        CheckConstraint(
            "phone IS NOT NULL OR text IS NOT NULL OR url IS NOT NULL", name="reachable"
        ),
    )
    id = Column(String(120), primary_key=True)
    country = Column(String(2), _points_to("countries.iso2"), index=True)
    name = Column(Text, nullable=False)
    phone = Column(Text)
    text = Column(Text)
    url = Column(Text)
    hours = Column(Text)
    for_whom = Column(Text)
    source_title = Column(Text)
    source_url = Column(Text)
    source_date = Column(String(10))
    source_note = Column(Text)
    confidence = Column(String(10), nullable=False)


class ExchangeRate(Base):
    """The rows of exchange_rates.csv."""

    __tablename__ = "exchange_rates"
    __table_args__ = (_one_of("confidence", ("high", "medium")),)
    currency = Column(String(3), primary_key=True)
    units_per_eur = Column(ExactDecimal, nullable=False)
    rate_date = Column(Date, nullable=False)
    source_title = Column(Text)
    source_url = Column(Text)
    confidence = Column(String(10), nullable=False)


class Topic(Base):
    """The rows of topics.csv."""

    __tablename__ = "topics"
    __table_args__ = (
        _one_of("does", ("answer", "ask", "refuse", "hand_over")),
        _one_of("in_menu", ("yes", "no")),
    )
    intent = Column(String(80), primary_key=True)
    label = Column(Text, nullable=False)
    question = Column(Text, nullable=False)
    does = Column(String(20), nullable=False)
    in_menu = Column(String(3), nullable=False)


class CatalogueMeta(Base):
    """One row: which contents the catalogue has (a hash of them) and since when (UTC)."""

    __tablename__ = "catalogue_meta"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)
    id = Column(Integer, primary_key=True, autoincrement=False)
    version = Column(String(64), nullable=False)
    imported_at = Column(DateTime, nullable=False)


@dataclass(frozen=True)
class Link:
    """An association table: ``owner`` has several ``value``s, in the order of ``position``."""

    table: Table
    owner: str
    value: str


def _link(name: str, owner: Column, value: Column) -> Link:
    table = Table(
        name,
        metadata,
        owner,
        value,
        Column("position", Integer, nullable=False),
    )
    return Link(table, owner.name, value.name)


def _owner(name: str, target: str, length: int) -> Column:
    return Column(name, String(length), _points_to(target), primary_key=True)


def _value(name: str, target: str | None, length: int) -> Column:
    keys = (_points_to(target),) if target else ()
    return Column(name, String(length), *keys, primary_key=True, index=True)


#: Which columns of a file live in an association table.
LINKS: Mapping[type[Any], Mapping[str, Link]] = {
    Region: {
        "countries": _link(
            "region_countries",
            _owner("region", "regions.id", 120),
            _value("country", "countries.iso2", 2),
        )
    },
    Program: {
        "countries": _link(
            "program_countries",
            _owner("program", "programs.id", 120),
            _value("country", "countries.iso2", 2),
        ),
        "places": _link(
            "program_places",
            _owner("program", "programs.id", 120),
            _value("place", "places.id", 120),
        ),
        "specialties": _link(
            "program_specialties",
            _owner("program", "programs.id", 120),
            _value("specialty", "specialties.id", 120),
        ),
        "stages": _link(
            "program_stages",
            _owner("program", "programs.id", 120),
            _value("stage", "stages.id", 40),
        ),
        "languages": _link(
            "program_languages",
            _owner("program", "programs.id", 120),
            _value("language", None, 2),
        ),
    },
    AdviceFact: {
        "intents": _link(
            "advice_fact_intents",
            _owner("fact", "advice_facts.id", 120),
            _value("intent", "topics.intent", 80),
        )
    },
    Topic: {
        "leads_to": _link(
            "topic_leads_to",
            _owner("intent", "topics.intent", 80),
            _value("leads_to", "topics.intent", 80),
        )
    },
}

#: The model that holds the rows of each file.
MODELS: Mapping[str, type[Any]] = {
    "countries.csv": Country,
    "regions.csv": Region,
    "places.csv": Place,
    "specialties.csv": Specialty,
    "kinds.csv": Kind,
    "stages.csv": Stage,
    "programs.csv": Program,
    "licensing.csv": Licensing,
    "regulators.csv": Regulator,
    "advice_facts.csv": AdviceFact,
    "emergency_numbers.csv": EmergencyNumber,
    "helplines.csv": Helpline,
    "exchange_rates.csv": ExchangeRate,
    "topics.csv": Topic,
}
