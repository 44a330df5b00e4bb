"""The catalogue's rows in the database: one table of documents, and one row with their version."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

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
    select,
    true,
)
from sqlalchemy.engine import Connection, Engine

from preceptor.catalogue.database import NotImported, reading
from preceptor.catalogue.records import RECORDS, Record, write_row

METADATA = MetaData()
_ROWS = Table(
    "catalogue_rows",
    METADATA,
    Column("file", String(40), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("document", JSON, nullable=False),
)
_VERSION = Table(
    "catalogue_version",
    METADATA,
    Column("version", String(64), primary_key=True),
    # For people who look into the database.
    Column("imported_at", DateTime, nullable=False, default=datetime.datetime.utcnow),
)

Documents = dict[str, dict[str, dict[str, str]]]
"""All rows of a catalogue: by file and key, the text by column of the cells that are not empty."""


class Stored(NamedTuple):
    """What the database holds: a catalogue's rows with their version."""

    version: str
    documents: Documents


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


def read_stored(connection: Connection) -> Stored | None:
    """Return what is stored, rows sorted by key; None if nothing was imported.

    One statement reads everything, so all of it is of the same import.
    """
    joined = _VERSION.outerjoin(_ROWS, true())
    rows = connection.execute(select(_VERSION.c.version, _ROWS).select_from(joined)).all()
    if not rows:
        return None
    documents: Documents = {file: {} for file in RECORDS}
    # Sorted here: databases differ in how they order texts.
    for _, file, key, document in sorted(rows, key=lambda row: (row[1] or "", row[2] or "")):
        if file in documents:
            documents[file][key] = document
    return Stored(rows[0][0], documents)


def replace_stored(connection: Connection, documents: Documents) -> None:
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
    connection.execute(insert(_VERSION), {"version": version_of(documents)})


def current_version(engine: Engine) -> str:
    """Return the version of the catalogue, by one small query.

    Raises:
        NotImported: There is no catalogue yet.
        CatalogueError: The database fails.
    """
    with reading(engine) as connection:
        version = connection.execute(select(_VERSION.c.version)).scalar()
    if version is None:
        raise NotImported()
    return str(version)


def load_stored(engine: Engine) -> Stored:
    """Return the catalogue that is stored.

    Raises:
        NotImported: There is no catalogue yet.
        CatalogueError: The database fails.
    """
    with reading(engine) as connection:
        stored = read_stored(connection)
    if stored is None:
        raise NotImported()
    return stored
