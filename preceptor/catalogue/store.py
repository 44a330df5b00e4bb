"""The catalogue's rows in the database: one table of documents, and one row with their version."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import Connection, Engine

from preceptor.catalogue.database import OUTDATED, CatalogueError, NotImported, transaction
from preceptor.catalogue.records import RECORDS, Record, write_row

_METADATA = MetaData()
_ROWS = Table(
    "catalogue_rows",
    _METADATA,
    Column("file", String(40), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("document", JSON, nullable=False),
)
_VERSION = Table(
    "catalogue_version",
    _METADATA,
    Column("version", String(64), primary_key=True),
    Column("imported_at", DateTime, nullable=False),
)
# Earlier versions of the program had a table per file, tables between them, and Alembic's.
_OLD_SIGN = "catalogue_meta"
_OLD_TABLES = {
    *(file.removesuffix(".csv") for file in RECORDS),
    *("program_countries program_places program_specialties program_stages").split(),
    *("program_languages region_countries advice_fact_intents topic_leads_to").split(),
    *(_OLD_SIGN, "topics", "alembic_version"),
}

Documents = dict[str, dict[str, dict[str, str]]]
"""All rows of a catalogue: by file and key, the text by column of the cells that are not empty."""


def documents_of(contents: Mapping[str, list[Record]]) -> Documents:
    """Return the documents of the records of each file."""
    documents: Documents = {}
    for file, records in contents.items():
        rows = [
            {column: text for column, text in write_row(record).items() if text}
            for record in records
        ]
        documents[file] = {RECORDS[file].key_of(row): row for row in rows}
    return documents


def version_of(documents: Documents) -> str:
    """Return a hash of the contents, whatever order they stand in."""
    return hashlib.sha256(json.dumps(documents, sort_keys=True).encode()).hexdigest()


def prepare_tables(connection: Connection) -> bool:
    """Create the tables if needed; those of another version of the program go first.

    Returns:
        True if there were such tables. Nothing is lost: their rows came from the CSV files.
    """
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    outdated = _OLD_TABLES & present if _OLD_SIGN in present else set()
    for name, table in _METADATA.tables.items():
        if name in present:
            columns = {column["name"] for column in inspector.get_columns(name)}
            if columns != set(table.columns.keys()):
                outdated |= _METADATA.tables.keys() & present
    if not outdated and _ROWS.name in present:
        foreign = select(_ROWS.c.file).where(_ROWS.c.file.not_in(RECORDS)).limit(1)
        if connection.execute(foreign).first():
            outdated = _METADATA.tables.keys() & present
    if outdated:
        reflected = MetaData()
        reflected.reflect(connection, only=sorted(outdated))
        reflected.drop_all(connection)
    _METADATA.create_all(connection)
    return bool(outdated)


def read_version(connection: Connection) -> tuple[str, datetime.datetime] | None:
    """Return the version and the time (UTC) of the last import that changed something."""
    row = connection.execute(select(_VERSION.c.version, _VERSION.c.imported_at)).first()
    return None if row is None else (row[0], row[1].replace(tzinfo=datetime.timezone.utc))


def read_documents(connection: Connection) -> Documents:
    """Return all rows, sorted by key."""
    documents: Documents = {file: {} for file in RECORDS}
    rows = connection.execute(select(_ROWS.c.file, _ROWS.c.key, _ROWS.c.document)).all()
    # Sorted here: databases differ in how they order texts.
    for file, key, document in sorted(rows, key=lambda row: (row[0], row[1])):
        if file in documents:
            documents[file][key] = document
    return documents


def replace_documents(connection: Connection, documents: Documents) -> None:
    """Put `documents` in place of everything that is there."""
    connection.execute(delete(_ROWS))
    connection.execute(delete(_VERSION))
    rows = [
        {"file": file, "key": key, "document": document}
        for file, by_key in documents.items()
        for key, document in by_key.items()
    ]
    if rows:
        connection.execute(insert(_ROWS), rows)
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    version = {"version": version_of(documents), "imported_at": now}
    connection.execute(insert(_VERSION), version)


def current_version(engine: Engine) -> str:
    """Return the version of the catalogue, by one small query.

    Raises:
        NotImported: There is no catalogue yet.
        CatalogueError: The database fails, or is of another version of the program.
    """
    with _reading(engine) as connection:
        return _version(connection)[0]


def load_documents(engine: Engine) -> tuple[str, datetime.datetime, Documents]:
    """Return the version, the time (UTC) of its import and the rows, all of one import.

    Raises:
        NotImported: There is no catalogue yet.
        CatalogueError: The database fails, or is of another version of the program.
    """
    with _reading(engine) as connection:
        return *_version(connection), read_documents(connection)


def _version(connection: Connection) -> tuple[str, datetime.datetime]:
    version = read_version(connection)
    if version is None:
        raise NotImported()
    return version


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction; tell tables of an earlier version of the program from none."""
    try:
        with transaction(engine) as connection:
            yield connection
    except NotImported:
        with transaction(engine) as connection:
            if inspect(connection).has_table(_OLD_SIGN):
                raise CatalogueError(OUTDATED) from None
        raise
