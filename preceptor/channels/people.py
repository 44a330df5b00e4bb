"""What people wrote, in every table: deleted in time, and exported or deleted on request.

Each table of the channels' database says with a `Kept` whose its rows are and how they age; the
conversations' database has Rasa's table `events` alone. A person is known by a conversation's id.
In Slack somebody has a conversation per thread: `slack:<team>:<user>` means all of them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import click
import sqlalchemy as sa
import structlog
from ruamel.yaml import YAML
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import URL

from preceptor.channels import feedback, history, inbox, rate_limit  # noqa: F401 - for tables
from preceptor.channels.slack import installations  # noqa: F401
from preceptor.channels.storage import Kept, engine_of, in_thread, metadata, open_channels, writing
from preceptor.runtime.settings import Settings, load_settings

CLEAN_SECONDS = 3600.0
# Nobody can write meanwhile, so requests that come close together share it.
REWRITE_SECONDS = 30.0
DAY_SECONDS = 24 * 3600
# A message is written to a table and to the inbox within this time.
_SAME_SECONDS = 0.05
_AT_ONCE = 1_000

EVENTS = sa.Table(
    "events",
    sa.MetaData(),
    # As Rasa makes it; what is asked for here.
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender_id", sa.String(255)),
    sa.Column("timestamp", sa.Float),
    sa.Column("data", sa.Text),
    info={"kept": Kept(conversation="sender_id", since="timestamp")},
)

log = structlog.get_logger(__name__)


def person_of(conversation: str) -> str:
    """Return the person of a conversation: its id, in Slack `slack:<team>:<user>`."""
    parts = conversation.split(":")
    return ":".join((*parts[:2], parts[-1])) if parts[0] == "slack" else conversation


def conversations_url(settings: Settings) -> str:
    """Return where the conversations are: the setting, or what endpoints.yml names."""
    if settings.conversations_url:
        return settings.conversations_url
    endpoints = YAML(typ="safe").load(settings.home / "endpoints.yml")
    store = endpoints.get("tracker_store") or {}
    if "://" in str(store.get("url")):
        return str(store["url"])
    name, dialect = str(store.get("db", "rasa.db")), store.get("dialect", "sqlite")
    if dialect == "sqlite":
        return f"sqlite:///{settings.home / name}"
    keys = {"host": "url", "port": "port", "username": "username", "password": "password"}
    address = URL.create(dialect, database=name, **{k: store.get(v) for k, v in keys.items()})
    return str(address.render_as_string(hide_password=False))


class People:
    """What is kept of people; every method blocks."""

    def __init__(self, settings: Settings) -> None:
        """Open both databases.

        Args:
            settings: Where they are, and for how many days is kept what people wrote.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If the channels' database cannot be opened.
        """
        self._days = settings.keep_days
        self._channels = open_channels(settings)
        self._rewrite_at: float | None = None
        self._conversations = engine_of(conversations_url(settings))

    def export(self, person: str) -> dict[str, list[dict[str, Any]]]:
        """Return all that is kept of a person: the rows of each table that has some."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for engine, table in self._tables():
            with engine.connect() as connection:
                own = connection.execute(sa.select(table).where(_of(table, person))).mappings()
                rows[table.name] = [{name: _plain(row[name]) for name in row} for row in own]
        return {name: own for name, own in rows.items() if own}

    def forget(self, person: str, waiting: bool = False) -> dict[str, int]:
        """Delete all that is kept of a person.

        Args:
            person: Who.
            waiting: Whether a message that waits for its answer stays, and what came after it;
                so the wish to be forgotten is answered.

        Returns:
            How many rows of each table are gone.
        """
        asked_at = self._asked_at(person) if waiting else None
        counts = {}
        for engine, table in self._tables():
            where, since = _of(table, person), table.info["kept"].since
            if asked_at is not None and since:
                where = sa.and_(where, table.c[since] < asked_at)
            # The numbers of a conversation's messages go on, and what waits is to be done.
            if asked_at is None or table.name not in ("web_conversations", "queue_items"):
                counts[table.name] = _delete(engine, table, where)
        # The write-ahead log is emptied even if the files are written anew a little later.
        self._in_sqlite("PRAGMA wal_checkpoint(TRUNCATE)")
        self._rewrite_at = time.time() + (REWRITE_SECONDS if waiting else 0)
        self.rewrite()
        return {name: count for name, count in counts.items() if count}

    def clean(self, now: float) -> None:
        """Delete what is older than it may be."""
        for engine, table in self._tables():
            kept = table.info["kept"]
            longest = max(self._days, kept.at_least_days) * DAY_SECONDS
            if kept.since:
                _delete(engine, table, table.c[kept.since] < now - longest, oldest=True)
            if kept.until:
                end = table.c[kept.until]
                _delete(engine, table, end < now)
                with writing(engine) as connection:
                    endless = table.update().where(end.is_(None))
                    connection.execute(endless.values({end: now + longest}))
        self._in_sqlite("PRAGMA wal_checkpoint(TRUNCATE)")

    def rewrite(self) -> None:
        """Write SQLite's files anew if somebody has been forgotten, as soon as that is due.

        SQLite overwrites what it deletes, but not the copies that pages have in their free space
        from when they were split.
        """
        if self._rewrite_at is not None and self._rewrite_at <= time.time():
            self._in_sqlite("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
            self._rewrite_at = None

    def _in_sqlite(self, *statements: str) -> None:
        for engine in (self._channels, self._conversations):
            if engine.url.get_backend_name() == "sqlite":
                with engine.connect() as connection:
                    # VACUUM runs in no transaction.
                    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                    for statement in statements:
                        alone.execute(sa.text(statement))

    def _asked_at(self, person: str) -> float:
        """Return when the oldest message came that waits for its answer."""
        queue = metadata.tables["queue_items"]
        oldest = sa.select(sa.func.min(queue.c.queued_at)).where(_of(queue, person))
        with self._channels.connect() as connection:
            return float(connection.execute(oldest).scalar() or time.time()) - _SAME_SECONDS

    def _tables(self) -> Iterator[tuple[Engine, sa.Table]]:
        if sa.inspect(self._conversations).has_table(EVENTS.name):
            yield self._conversations, EVENTS
        for table in metadata.sorted_tables:
            yield self._channels, table


async def keep_clean(people: People) -> None:
    """Delete what is older than it may be, once per hour, and write files anew where asked."""
    cleaned_at = 0.0
    while True:
        now = time.time()
        try:
            if now - cleaned_at >= CLEAN_SECONDS:
                cleaned_at = now
                await in_thread(people.clean, now)
            await in_thread(people.rewrite)
        except sa.exc.SQLAlchemyError as error:
            log.error("people.cleaning_failed", cause=f"{type(error).__name__}: {error}")
        await asyncio.sleep(REWRITE_SECONDS)


def _of(table: sa.Table, person: str) -> sa.sql.ColumnElement:
    """Return what is true of a table's rows of a person."""
    kept: Kept = table.info["kept"]
    if kept.of_person is not None:
        return kept.of_person(person)
    if kept.conversation is None:
        return sa.false()
    column = table.c[kept.conversation]
    parts = person.split(":")
    if parts[0] != "slack" or len(parts) != 3:
        return column == person
    starts = column.startswith(f"slack:{parts[1]}:", autoescape=True)
    ends = column.endswith(f":{parts[2]}", autoescape=True)
    return sa.or_(column == person, sa.and_(starts, ends))


def _delete(
    engine: Engine, table: sa.Table, where: sa.sql.ColumnElement, *, oldest: bool = False
) -> int:
    """Delete rows, a few at a time: in SQLite nobody else can write meanwhile.

    Args:
        engine: The database.
        table: The table.
        where: Which rows.
        oldest: Whether they have the lowest ids, so that no others are looked at.

    Returns:
        How many are gone.
    """
    if "id" in table.c:
        lowest = sa.select(table.c.id).order_by(table.c.id).limit(_AT_ONCE)
        if oldest:
            where = sa.and_(where, table.c.id.in_(lowest))
        else:
            where = table.c.id.in_(lowest.where(where))
    count = 0
    while True:
        with writing(engine) as connection:
            deleted = connection.execute(table.delete().where(where)).rowcount
        count += deleted
        if "id" not in table.c or deleted < _AT_ONCE:
            return count


@click.group()
def people() -> None:
    """Export or delete what is kept of a person."""


@people.command()
@click.argument("person", metavar="ID")
def export(person: str) -> None:
    """Write all that is kept of ID as JSON.

    ID is a conversation's id, as the log has it; slack:TEAM:USER means all conversations of a
    person in Slack.
    """
    rows = People(load_settings()).export(person)
    click.echo(json.dumps(rows, ensure_ascii=False, indent=1))


@people.command()
@click.argument("person", metavar="ID")
def forget(person: str) -> None:
    """Delete all that is kept of ID, from both databases; a running advisor notices."""
    counts = People(load_settings()).forget(person)
    for table, count in counts.items():
        click.echo(f"{table}: {count} rows deleted")
    click.echo(
        "Backups are not touched; docs/operations.md says what to do about them."
        if counts
        else f"Nothing is kept of {person}."
    )


def _plain(value: Any) -> Any:
    """Return what JSON text holds, and anything else as it is."""
    try:
        return json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value
    except ValueError:
        return value
