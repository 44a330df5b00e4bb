"""The connection to the catalogue's database: engines, transactions, errors in plain words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from preceptor.runtime.settings import CODE, Complaint, load_settings

# How long a transaction waits for another.
SQLITE_WAIT_SECONDS = 2.0
POSTGRES_LOCK_MS = 10_000
# Any constant does, as long as nothing else in the database locks with it.
_POSTGRES_IMPORT_LOCK = 7_240_118

NOT_IMPORTED = "The catalogue is empty: nothing has been imported yet. Run `make catalogue`."


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
    try:
        parsed = make_url(url or load_settings().catalogue_url)
    except (ArgumentError, ValueError):
        # The address may hold a password: it is not repeated.
        raise CatalogueError(
            "DATABASE_URL is not a database address; write sqlite:///path or postgresql://…"
        ) from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg2"):
        return create_engine(
            parsed.set(drivername="postgresql+psycopg2"),
            future=True,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5},
        )
    if parsed.get_backend_name() != "sqlite":
        raise CatalogueError(
            f"The catalogue cannot live in {parsed.drivername}; DATABASE_URL must be sqlite:///… "
            "or postgresql://…"
        )
    path = parsed.database
    if path and path != ":memory:" and not path.startswith("file:"):
        absolute = CODE / path
        try:
            absolute.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogueError(
                f"The folder {absolute.parent} for the catalogue's database cannot be made"
                f" ({error.strerror}); check the path and its permissions."
            ) from error
        parsed = parsed.set(database=str(absolute))
    # SQLAlchemy opens a file anew for each transaction, so that one that was replaced is noticed.
    return create_engine(
        parsed,
        future=True,
        hide_parameters=True,
        connect_args={"timeout": SQLITE_WAIT_SECONDS},
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Connect to read; each statement by itself sees one state of the catalogue.

    Raises:
        CatalogueError: The database fails.
    """
    with _database_errors(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction after waiting for other writers; an exception rolls it back.

    Raises:
        CatalogueError: The database fails.
    """
    with _database_errors(engine), engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # The driver would lock at the first write only, when it is too late to wait.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {POSTGRES_LOCK_MS}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRES_IMPORT_LOCK})")
        yield connection


# What the two drivers say, in lower case, and what a person can do about it.
_CAUSES = {
    "no such table|undefinedtable": NOT_IMPORTED,
    "database is locked|locknotavailable|deadlockdetected": (
        "Another process is writing to the catalogue ({url}); try again in a minute."
    ),
    "readonly database|read-only": (
        "The catalogue's database {url} is read-only; allow writing to it and its folder."
    ),
    "disk is full|diskfull|no space left on device": (
        "The disk of the catalogue's database {url} is full; free some space and try again."
        " Nothing was changed."
    ),
    "disk i/o error": (
        "The disk of the catalogue's database {url} reports an error; check the disk."
    ),
    "unable to open database file": (
        "The catalogue's database {url} cannot be opened; check the path and its permissions."
    ),
    "file is not a database|malformed": (
        "{url} is damaged or not a database; move it away and run `make catalogue`."
    ),
}


@contextmanager
def _database_errors(engine: Engine) -> Iterator[None]:
    """Turn the database's failures inside the block into CatalogueError.

    Errors that only a mistake in the code can cause (wrong SQL, a broken constraint) pass.
    """
    try:
        yield
    except DBAPIError as error:
        said = f"{type(error.orig).__name__} {error.orig}".strip()
        url = engine.url.render_as_string(hide_password=True)
        for signs, sentence in _CAUSES.items():
            if any(sign in said.lower() for sign in signs.split("|")):
                failure = CatalogueError(sentence.format(url=url))
                raise (NotImported() if sentence == NOT_IMPORTED else failure) from error
        # psycopg2 has no finer class for a server that does not answer; in SQLite the same class
        # is a mistake in the SQL.
        names = ("OperationalError", "AdminShutdown", "InterfaceError")
        if isinstance(error.orig, sqlite3.Error) or type(error.orig).__name__ not in names:
            raise
        reason = str(error.orig).strip().partition("\n")[0]
        raise CatalogueError(
            f"The catalogue's database {url} cannot be reached ({reason})."
        ) from error
