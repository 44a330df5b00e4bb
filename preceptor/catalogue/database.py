"""The connection to the catalogue's database: engines, sessions, schema, errors in plain words."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from preceptor.runtime.settings import load_settings

if TYPE_CHECKING:
    from alembic.config import Config

PROJECT_ROOT = Path(__file__).resolve().parents[2]

#: How long a writer waits for another, in milliseconds.
SQLITE_BUSY_MS = 2000
POSTGRES_LOCK_MS = 10_000
# Any constant does, as long as nothing else in the database locks with it.
_POSTGRES_MIGRATION_LOCK = 7_240_118

_WRITE = "preceptor_write"
#: Where a session tells in which state the database's files were before it began.
FILE_STATE = "catalogue_files"
_SETTLED_NS = 1_000_000_000

NOT_IMPORTED = "The catalogue is empty: nothing has been imported yet. Run `make catalogue`."


class CatalogueError(Exception):
    """The catalogue cannot be read or written; the message is a sentence for people."""


class NotImported(CatalogueError):
    """The database holds no catalogue yet."""

    def __init__(self) -> None:
        super().__init__(NOT_IMPORTED)


def engine_from_url(url: str | None = None) -> Engine:
    """The engine for a database URL, without connecting.

    ``url`` defaults to DATABASE_URL of the settings.
    SQLite paths that are not absolute start at the project's root, so that every process meets
    at the same file; the file's folder is made. ``postgres://`` and ``postgresql://`` both work.

    Raises CatalogueError when the URL is neither SQLite nor PostgreSQL, or the folder cannot
    be made.
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
        path = parsed.database
        if path and path != ":memory:" and not path.startswith("file:"):
            absolute = PROJECT_ROOT / path
            try:
                absolute.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CatalogueError(
                    f"The folder {absolute.parent} for the catalogue's database cannot be made"
                    f" ({error.strerror}); check the path and its permissions."
                ) from error
            parsed = parsed.set(database=str(absolute))
        # For files SQLAlchemy opens a connection a session, so a file that is replaced is noticed.
        engine = create_engine(parsed, future=True, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        # REPEATABLE READ: all reads of one session see the same import.
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


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would begin transactions for writes only; readers need them too, so that two
    # reads of one session see the same import. `_begin_sqlite` begins them instead.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    # WAL is a property of the file: a read-only or busy file keeps what it has, and that is
    # no reason not to read it.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: a reader that turns writer half-way cannot wait for it.
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def session(engine: Engine, *, write: bool = False) -> Iterator[Session]:
    """A session in one transaction; all its reads see the same state of the catalogue.

    It connects when it is first asked something. With ``write`` it takes the write lock at once
    and commits at the end; an exception rolls back. Raises CatalogueError when the database fails.
    """
    if not write:
        info = {FILE_STATE: settled_files(engine)}
        with (
            database_errors(engine),
            Session(bind=engine, future=True, info=info) as opened,
            opened.begin(),
        ):
            yield opened
        return
    with (
        database_errors(engine),
        engine.connect().execution_options(**{_WRITE: True}) as connection,
        Session(bind=connection, future=True) as opened,
        opened.begin(),
    ):
        if engine.dialect.name == "postgresql":
            opened.connection().exec_driver_sql(f"SET LOCAL lock_timeout = {POSTGRES_LOCK_MS}")
        yield opened


def settled_files(engine: Engine) -> tuple[tuple[int, int, int], ...] | None:
    """What changes with every write to an SQLite database: its file's state and its log's.

    None where the database is no file, or was written so lately that it may be written again
    within one tick of the file system's clock.
    """
    path = engine.url.database
    if engine.url.get_backend_name() != "sqlite" or not path:
        return None
    files = []
    now = time.time_ns()
    for name in (path, f"{path}-wal"):
        try:
            state = os.stat(name)
        except OSError:
            if name == path:
                return None
            continue
        # Readers make and remove an empty log.
        if state.st_size or name == path:
            files.append((state.st_ino, state.st_size, state.st_mtime_ns))
    if now - max(written for _, _, written in files) < _SETTLED_NS:
        return None
    return tuple(files)


def _alembic_config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Bring the database's tables to the newest migration; does nothing when they are there.

    Raises CatalogueError when the database fails.
    """
    # Servers only read: they go without Alembic's 9 MiB.
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_alembic_config()).get_current_head()
    with session(engine) as opened:
        current = MigrationContext.configure(opened.connection()).get_current_revision()
    if current == head:
        return
    with _one_upgrade_in_process, _one_upgrade_in_database(engine):
        with session(engine, write=True) as opened:
            command.upgrade(_alembic_config(opened.connection()), "head")


# Alembic keeps the migration that is running in a variable of its module.
_one_upgrade_in_process = threading.Lock()


@contextmanager
def _one_upgrade_in_database(engine: Engine) -> Iterator[None]:
    if engine.dialect.name != "postgresql":
        yield  # SQLite's write sessions exclude each other anyway.
        return
    # In a session of its own: one that has waited for the lock still reads what was there before.
    with session(engine, write=True) as guard:
        guard.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRES_MIGRATION_LOCK})"))
        yield


@contextmanager
def database_errors(engine: Engine) -> Iterator[None]:
    """Turn the database's failures inside the block into CatalogueError.

    Errors that only a mistake in the code can cause (a wrong column, a broken constraint) pass.
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
        if sentence == NOT_IMPORTED:
            raise NotImported() from error
        raise CatalogueError(sentence) from error


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
        "The tables in {url} are not of this version of the program; run `make catalogue`.",
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
