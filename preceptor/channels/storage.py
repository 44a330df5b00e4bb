"""The channels' database: one engine per process; tables are made when they are first needed.

Several servers may share one database in PostgreSQL. There, waits are bounded on both sides: a
statement, a lock and a session end after a few seconds, also if the other side is silent.
"""

from __future__ import annotations

import asyncio
import select
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any, TypeVar

import psycopg2.extensions
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url

from preceptor.runtime.secrets import derived_key
from preceptor.runtime.settings import Complaint, Settings

T = TypeVar("T")

metadata = sa.MetaData()
"""Every store's tables; a store adds its own when its module is imported.

The `info` of each says with a `Kept` how long its rows are kept and whose they are.
"""

_BUSY_SECONDS = 5


@dataclass(frozen=True)
class Kept:
    """How long a table's rows are kept, and whose they are (`preceptor.channels.people`).

    Attributes:
        conversation: The column with the conversation's id, None if rows belong to nobody.
        since: The column with the time, in seconds since 1970, from which they age; None if
            they don't.
        until: The column with the time at which they end, None where they only age. A row
            without such a time gets the longest.
        at_least_days: They are kept for so long, whatever the setting is: nothing in them was
            written by a person.
        of_person: Returns what is true of the rows of a person, if more than `conversation` says.
    """

    conversation: str | None = None
    since: str | None = None
    until: str | None = None
    at_least_days: int = 0
    of_person: Callable[[str], sa.sql.ColumnElement] | None = None


# PostgreSQL's own limits, in milliseconds, and for the connection's keepalive in seconds.
_POSTGRES_SESSION = {
    "statement_timeout": 7_000,
    "lock_timeout": 5_000,
    "idle_in_transaction_session_timeout": 8_000,
    "tcp_keepalives_idle": 3,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 2,
    "tcp_user_timeout": 8_000,
}
# Ours, for a server that is silent, or out of reach.
_POSTGRES_SECONDS = 8.0
_POOL_WAIT_SECONDS = 5
_installation = sa.Table(
    "installation",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    info={"kept": Kept()},
)
# Of versions before the first release: what people wrote must not outlive its time in them.
_FORMER_TABLES = (
    "web_messages",
    "deliveries_inbox",
    "deliveries_outbox",
    "deliveries_seen",
    "deliveries_servers",
    "deliveries_leases",
    "slack_oauth_states",
    "slack_threads",
    "slack_conversations",
    "slack_answers",
)
# SQLite writes one at a time, PostgreSQL is waited for: a few threads are enough.
_threads = ThreadPoolExecutor(4, thread_name_prefix="channels-db")


@lru_cache(maxsize=8)
def engine_of(url: str) -> Engine:
    """Return the engine for an SQLAlchemy URL, made once per process.

    SQLite files are opened for several threads and in WAL mode, so that readers do not wait for
    a writer, and stay open: SQLAlchemy 1.4 would open them anew each time. Errors don't repeat a
    statement's parameters: what people typed stays out of logs.
    """
    if not url.startswith("sqlite"):
        own = str(make_url(url).query.get("options", ""))
        options = [own, *(f"-c {name}={value}" for name, value in _POSTGRES_SESSION.items())]
        psycopg2.extensions.set_wait_callback(_wait)
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            pool_timeout=_POOL_WAIT_SECONDS,
            hide_parameters=True,
            connect_args={"options": " ".join(options)},
        )
    engine = sa.create_engine(
        url,
        poolclass=sa.pool.QueuePool,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
    )
    sa.event.listen(engine, "connect", _write_ahead)
    return engine


def _wait(connection: Any) -> None:
    """Wait for PostgreSQL in psycopg2's place, which would wait for ever.

    Raises:
        psycopg2.OperationalError: It was silent for too long; the connection is closed.
    """
    until = time.monotonic() + _POSTGRES_SECONDS
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        # Not `select`, which knows the first 1,024 descriptors only.
        waiting = select.poll()
        is_read = state == psycopg2.extensions.POLL_READ
        waiting.register(connection, select.POLLIN if is_read else select.POLLOUT)
        if not waiting.poll(max(0.0, until - time.monotonic()) * 1_000):
            raise psycopg2.OperationalError(f"no answer within {_POSTGRES_SECONDS:g} s")


def _write_ahead(connection: Any, _record: object) -> None:
    """Set a new connection to SQLite up so that readers and a writer don't wait for each other.

    A commit then survives the end of the process, and after a power cut the last ones may be
    missing; the file is never damaged.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    # What is deleted is overwritten in the file.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def open_channels(settings: Settings) -> Engine:
    """Return the engine of the channels' database with all known tables and columns made.

    Args:
        settings: Whose `channels_url` says where it is.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: If the database cannot be reached or written.
        Complaint: If the other servers on it have another secret.
    """
    settings.var.mkdir(parents=True, exist_ok=True)
    engine = engine_of(settings.channels_url)
    with engine.begin() as connection:
        # Two servers that start at once: the second finds everything made.
        serialise(connection, "migration")
        _migrate(connection)
        if is_shared(engine):
            _check_secret(connection, settings)
    return engine


def is_shared(engine: Engine) -> bool:
    """Say whether other servers may work on the same database."""
    return engine.dialect.name == "postgresql"


def serialise(connection: Connection, name: str) -> None:
    """Let nobody else who names the same go on before this transaction ends."""
    if connection.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))
        connection.execute(sa.select(lock))


def _migrate(connection: Connection) -> None:
    """Make missing tables and columns, lengthen columns, and drop former tables.

    Tables and columns keep their names and new columns may be NULL: while servers are replaced one
    by one, the old ones go on with the new tables.
    """
    metadata.create_all(connection)
    there = sa.inspect(connection)
    has_lengths = connection.dialect.name == "postgresql"
    for table in metadata.sorted_tables:
        found = {column["name"]: column["type"] for column in there.get_columns(table.name)}
        for column in table.columns:
            kind = column.type.compile(connection.dialect)
            alter = f"ALTER TABLE {table.name}"
            if column.name not in found:
                connection.exec_driver_sql(f"{alter} ADD COLUMN {column.name} {kind}")
            elif has_lengths and _is_shorter(found[column.name], column):
                connection.exec_driver_sql(f"{alter} ALTER COLUMN {column.name} TYPE {kind}")
    for name in _FORMER_TABLES:
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))


def _is_shorter(found: Any, column: sa.Column) -> bool:
    length = getattr(found, "length", None)
    return length is not None and length < (getattr(column.type, "length", None) or 0)


def _check_secret(connection: Connection, settings: Settings) -> None:
    """Complain unless all servers of the database sign with the same secret."""
    mark = derived_key(settings, "mark of the secret").hex()
    known = connection.execute(sa.select(_installation.c.value).filter_by(name="secret")).scalar()
    if known is None:
        connection.execute(_installation.insert().values(name="secret", value=mark))
    elif known != mark:
        raise Complaint(
            "This server's secret is not the one that the database's other servers use, so one "
            "would refuse what the other has signed. Please set the same PRECEPTOR_SECRET for "
            "all. To change the secret itself, stop all servers and run: "
            "DELETE FROM installation WHERE name = 'secret'"
        )


@cache
def writer_lock(engine: Engine) -> AbstractContextManager[Any]:
    """Return what to hold while writing to a database.

    SQLite has one writer at a time: waiting here is cheaper than its polling.
    """
    return nullcontext() if is_shared(engine) else threading.Lock()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; in SQLite this process has one at a time."""
    with writer_lock(engine), engine.begin() as connection:
        yield connection


async def in_thread(call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run what blocks on the database off the event loop."""
    call = partial(call, *arguments, **named)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
