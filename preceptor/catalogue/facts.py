"""The catalogue's facts as answers need them: licensing, advice, numbers to call, topics."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from preceptor.catalogue import models
from preceptor.catalogue.database import NotImported
from preceptor.catalogue.models import LINKS, MODELS
from preceptor.catalogue.records import FILES, TopicRecord
from preceptor.catalogue.store import once_a_version, read_meta, read_records


@dataclass(frozen=True)
class Source:
    """Where a fact comes from. ``date`` is an ISO date that may stop at the month or the year."""

    title: str | None
    url: str | None
    date: str | None
    note: str | None
    confidence: str
    confidence_note: str | None


@dataclass(frozen=True)
class Licensing:
    """What a country demands before it registers a doctor; ``required`` is yes, partly or no."""

    country: str
    country_name: str
    local_name: str | None
    required: Literal["yes", "partly", "no"]
    required_note: str | None
    min_months: Decimal | None
    max_months: Decimal | None
    length_note: str | None
    rotations: str | None
    regulator: str | None
    how_to_apply: str | None
    source: Source


@dataclass(frozen=True)
class Regulator:
    """Who registers doctors in a country."""

    country: str
    country_name: str
    name: str
    url: str | None
    source: Source


@dataclass(frozen=True)
class AdviceFact:
    """One or two sentences that a person reads as they stand."""

    id: str
    topic: str
    fact: str
    rank: int
    source: Source


@dataclass(frozen=True)
class EmergencyNumber:
    """A number to call; ``service`` is general or ambulance."""

    country: str
    country_name: str
    service: str
    number: str
    source: Source


@dataclass(frozen=True)
class Helpline:
    """Somebody to talk to; ``country`` None means that it helps in many countries."""

    id: str
    country: str | None
    name: str
    phone: str | None
    text: str | None
    url: str | None
    hours: str | None
    for_whom: str | None
    source: Source


@dataclass(frozen=True)
class Topic:
    """An intent as menus and quick replies show it; ``does`` says what the advisor does with it."""

    intent: str
    label: str
    question: str
    does: str
    leads_to: tuple[str, ...]
    in_menu: bool


@dataclass(frozen=True)
class CountryCoverage:
    """What the catalogue has on a country: programmes by listing, and its registration rules."""

    iso2: str
    name: str
    open_calls: int
    restricted: int
    reports: int
    licensing: bool


@dataclass(frozen=True)
class CatalogueSummary:
    """How much the catalogue holds: rows by file name without ``.csv``; ``imported_at`` is UTC."""

    version: str
    imported_at: datetime.datetime
    rows: Mapping[str, int]


def _source(row: Any) -> Source:
    # Not every file has every column of a source.
    return Source(
        title=getattr(row, "source_title", None),
        url=row.source_url,
        date=getattr(row, "source_date", None),
        note=getattr(row, "source_note", None),
        confidence=row.confidence,
        confidence_note=getattr(row, "confidence_note", None),
    )


@once_a_version
def licensing(session: Session, iso2: str) -> Licensing | None:
    """The registration rules of a country, None when the catalogue has none."""
    row = session.get(models.Licensing, iso2)
    if row is None:
        return None
    return Licensing(
        country=row.country,
        country_name=_country_name(session, row.country),
        local_name=row.local_name,
        required=row.required,
        required_note=row.required_note,
        min_months=row.min_months,
        max_months=row.max_months,
        length_note=row.length_note,
        rotations=row.rotations,
        regulator=row.regulator,
        how_to_apply=row.how_to_apply,
        source=_source(row),
    )


@once_a_version
def regulator(session: Session, iso2: str) -> Regulator | None:
    """Who registers doctors in a country, None when the catalogue does not know."""
    row = session.get(models.Regulator, iso2)
    if row is None:
        return None
    return Regulator(
        row.country, _country_name(session, row.country), row.name, row.url, _source(row)
    )


@once_a_version
def advice_facts(session: Session, intent: str, limit: int = 2) -> tuple[AdviceFact, ...]:
    """At most ``limit`` facts for an intent: by rank, then those that it fits best.

    Facts of medium confidence without a source are never shown.
    """
    link = LINKS[models.AdviceFact]["intents"].table
    fact = models.AdviceFact
    query = (
        select(fact)
        .join(link, link.c.fact == fact.id)
        .where(link.c.intent == intent)
        .where(or_(fact.confidence == "high", fact.source_url.is_not(None)))
        .order_by(fact.rank, link.c.position, fact.id)
        .limit(limit)
    )
    return tuple(
        AdviceFact(row.id, row.topic, row.fact, row.rank, _source(row))
        for row in session.execute(query).scalars()
    )


@once_a_version
def emergency_numbers(session: Session, iso2: str) -> tuple[EmergencyNumber, ...]:
    """The emergency numbers of a country, the ambulance first; empty when not known."""
    number = models.EmergencyNumber
    query = select(number).where(number.country == iso2).order_by(number.service)
    return tuple(
        EmergencyNumber(
            row.country,
            _country_name(session, row.country),
            row.service,
            row.number,
            _source(row),
        )
        for row in session.execute(query).scalars()
    )


@once_a_version
def helplines(
    session: Session, iso2: str | None = None, for_whom: str | None = None
) -> tuple[Helpline, ...]:
    """The helplines of a country, then those that help in many countries.

    Without ``iso2`` only the latter. ``for_whom`` keeps those whose description of whom they are
    for contains it, in whatever case ("doctors").
    """
    line = models.Helpline
    where = line.country.is_(None)
    if iso2 is not None:
        where = or_(where, line.country == iso2)
    rows = session.execute(select(line).where(where)).scalars().all()
    wanted = (for_whom or "").casefold()
    kept = [row for row in rows if wanted in (row.for_whom or "").casefold()]
    kept.sort(key=lambda row: (row.country is None, row.id))
    return tuple(
        Helpline(
            row.id,
            row.country,
            row.name,
            row.phone,
            row.text,
            row.url,
            row.hours,
            row.for_whom,
            _source(row),
        )
        for row in kept
    )


@once_a_version
def topics(session: Session) -> tuple[Topic, ...]:
    """Every topic, sorted by intent."""
    return tuple(
        Topic(r.intent, r.label, r.question, r.does, r.leads_to, r.in_menu == "yes")
        for r in read_records(session, TopicRecord)
    )


@once_a_version
def countries_covered(session: Session) -> tuple[CountryCoverage, ...]:
    """The countries on which there is a programme or a licensing rule, sorted by name."""
    link = LINKS[models.Program]["countries"].table
    query = (
        select(link.c.country, models.Program.listing, func.count())
        .join(models.Program, models.Program.id == link.c.program)
        .group_by(link.c.country, models.Program.listing)
    )
    programs: dict[str, Counter[str]] = {}
    for country, listing, count in session.execute(query):
        programs.setdefault(country, Counter())[listing] = count
    licensed = set(session.execute(select(models.Licensing.country)).scalars())
    countries = session.execute(select(models.Country.iso2, models.Country.name)).all()
    return tuple(
        CountryCoverage(
            iso2,
            name,
            open_calls=programs.get(iso2, Counter())["open_call"],
            restricted=programs.get(iso2, Counter())["restricted"],
            reports=programs.get(iso2, Counter())["report"],
            licensing=iso2 in licensed,
        )
        for iso2, name in sorted(countries, key=lambda row: row[1].casefold())
        if iso2 in programs or iso2 in licensed
    )


def catalogue_summary(session: Session) -> CatalogueSummary:
    """The version of the catalogue and how many rows it has. Raises NotImported without one."""
    meta = read_meta(session)
    if meta is None:
        raise NotImported()
    rows = {
        file.name.removesuffix(".csv"): session.execute(
            select(func.count()).select_from(MODELS[file.name])
        ).scalar_one()
        for file in FILES
    }
    return CatalogueSummary(meta[0], meta[1], rows)


def _country_name(session: Session, iso2: str) -> str:
    return str(session.get(models.Country, iso2).name)
