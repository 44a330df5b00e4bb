"""The channels' database: one engine per process; tables are made when they are first needed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from preceptor.runtime.settings import Settings

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
# SQLite has one writer at a time: waiting here is cheaper than its polling.
_write_lock = threading.Lock()


@lru_cache(maxsize=8)
def engine_of(url: str) -> Engine:
    """Return the engine for an SQLAlchemy URL, made once per process.

    SQLite files are opened for several threads and in WAL mode, so that readers do not wait for
    a writer. Errors don't repeat a statement's parameters: what people typed stays out of logs.
    """
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
    )
    sa.event.listen(engine, "connect", write_ahead)
    return engine


def write_ahead(connection: Any, _record: object) -> None:
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
    """Return the engine of the channels' database with all known tables made.

    Args:
        settings: Whose `channels_url` says where it is.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: If the database cannot be reached or written.
    """
    settings.var.mkdir(parents=True, exist_ok=True)
    engine = engine_of(settings.channels_url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for name in _FORMER_TABLES:
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; this process has one at a time."""
    with _write_lock, engine.begin() as connection:
        yield connection


async def in_thread(call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run what blocks on the database off the event loop."""
    call = partial(call, *arguments, **named)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
