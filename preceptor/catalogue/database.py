"""The connection to the catalogue's database: engines, transactions, errors in plain words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from preceptor.runtime.settings import Complaint, load_settings

PROJECT_ROOT = Path(__file__).resolve().parents[2]

# How long a transaction waits for another, in milliseconds.
SQLITE_BUSY_MS = 2000
POSTGRES_LOCK_MS = 10_000
# Any constant does, as long as nothing else in the database locks with it.
_POSTGRES_IMPORT_LOCK = 7_240_118

_WRITE = "preceptor_write"

NOT_IMPORTED = "The catalogue is empty: nothing has been imported yet. Run `make catalogue`."
OUTDATED = (
    "The catalogue's database is of another version of the program; run `make catalogue`, which"
    " builds it anew from the CSV files."
)


class CatalogueError(Complaint):
    """The catalogue cannot be read or written; the message is a sentence for people."""


class NotImported(CatalogueError):
    """The database holds no catalogue yet."""

    def __init__(self) -> None:
        super().__init__(NOT_IMPORTED)


def engine_from_url(url: str | None = None) -> Engine:
    """Return the engine for a database URL, without connecting.

    Args:
        url: An SQLAlchemy URL; `postgres://` and `postgresql://` both work. None stands for the
            setting DATABASE_URL. A relative SQLite path starts at the project's root, so that
            every process meets at the same file; the file's folder is made.

    Raises:
        CatalogueError: The URL is neither SQLite nor PostgreSQL, or the folder cannot be made.
    """
    address = url or load_settings().catalogue_url
    if address.startswith("postgres://"):
        address = "postgresql://" + address[len("postgres://") :]
    try:
        parsed = make_url(address)
    except (ArgumentError, ValueError):
        # The address may hold a password: it is not repeated.
        raise CatalogueError(
            "DATABASE_URL is not a database address; write sqlite:///path or postgresql://…"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(parsed)
    if backend == "postgresql":
        # REPEATABLE READ: all reads of one transaction see the same import.
        return create_engine(
            parsed.set(drivername="postgresql+psycopg2"),
            future=True,
            hide_parameters=True,
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5},
        )
    raise CatalogueError(
        f"The catalogue cannot live in {backend}; DATABASE_URL must be sqlite:///… or"
        " postgresql://…"
    )


def _sqlite_engine(url: URL) -> Engine:
    path = url.database or ":memory:"
    if path != ":memory:" and not path.startswith("file:"):
        absolute = PROJECT_ROOT / path
        try:
            absolute.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogueError(
                f"The folder {absolute.parent} for the catalogue's database cannot be made"
                f" ({error.strerror}); check the path and its permissions."
            ) from error
        url = url.set(database=str(absolute))
    # SQLAlchemy opens a file anew for each transaction, so that one that was replaced is noticed.
    engine = create_engine(url, future=True, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would begin transactions for writes only; readers need them too, so that two
    # reads of one transaction see the same import. `_begin_sqlite` begins them instead.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get(_WRITE, False):
        connection.exec_driver_sql("BEGIN")
        return
    # Readers go on during a write. The mode is a property of the file: a read-only or busy file
    # keeps what it has, and that is reported by what follows if it matters.
    with suppress(DBAPIError):
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    # A writer takes the lock at once: a reader that turns writer half-way cannot wait for it.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine, *, write: bool = False) -> Iterator[Connection]:
    """Open one transaction; all its reads see the same state of the catalogue.

    Args:
        engine: The catalogue's engine.
        write: True to wait for other writers at once, and to commit at the end; an exception
            rolls back.

    Raises:
        CatalogueError: The database fails.
    """
    options: dict[str, Any] = {}
    if write:
        options[_WRITE] = True
        if engine.dialect.name == "postgresql":
            # What is read after the wait for the lock is what the writer before has written.
            options["isolation_level"] = "READ COMMITTED"
    with (
        database_errors(engine),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        if write and engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {POSTGRES_LOCK_MS}")
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRES_IMPORT_LOCK})"))
        yield connection


@contextmanager
def database_errors(engine: Engine) -> Iterator[None]:
    """Turn the database's failures inside the block into CatalogueError.

    Errors that only a mistake in the code can cause (wrong SQL, a broken constraint) pass.
    """
    try:
        yield
    except PoolTimeout as error:
        raise CatalogueError(
            "The catalogue's database has no connection free; try again in a minute."
        ) from error
    except DBAPIError as error:
        sentence = _sentence(error, engine.url.render_as_string(hide_password=True))
        if sentence is None:
            raise
        raise NotImported() if sentence == NOT_IMPORTED else CatalogueError(sentence) from error


# What the two drivers say, in lower case, and what a person can do about it.
_CAUSES = (
    (("no such table", "undefinedtable"), NOT_IMPORTED),
    (
        ("database is locked", "locknotavailable", "deadlockdetected", "serializationfailure"),
        "Another process is writing to the catalogue ({url}); try again in a minute.",
    ),
    (
        ("readonly database", "read-only", "readonlysqltransaction"),
        "The catalogue's database {url} is read-only; allow writing to it and its folder.",
    ),
    (
        ("disk is full", "diskfull", "no space left on device"),
        (
            "The disk of the catalogue's database {url} is full; free some space and try again."
            " Nothing was changed."
        ),
    ),
    (
        ("disk i/o error",),
        "The disk of the catalogue's database {url} reports an error; check the disk.",
    ),
    (
        ("no such column", "undefinedcolumn"),
        OUTDATED,
    ),
    (
        ("unable to open database file",),
        "The catalogue's database {url} cannot be opened; check the path and its permissions.",
    ),
    (
        ("file is not a database", "malformed"),
        "{url} is damaged or not a database; move it away and run `make catalogue`.",
    ),
)


def _sentence(error: DBAPIError, url: str) -> str | None:
    said = f"{type(error.orig).__name__} {error.orig}".lower()
    for signs, sentence in _CAUSES:
        if any(sign in said for sign in signs):
            return sentence.format(url=url)
    # psycopg2 has no finer class than OperationalError for a server that does not answer; in
    # SQLite the same class is a mistake in the SQL.
    if isinstance(error.orig, sqlite3.Error):
        return None
    if error.connection_invalidated or type(error.orig).__name__ in (
        "OperationalError",
        "AdminShutdown",
        "InterfaceError",
    ):
        reason = (str(error.orig).strip() or "no reason given").splitlines()[0]
        return f"The catalogue's database {url} cannot be reached ({reason})."
    return None
