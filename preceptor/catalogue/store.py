"""Records in the database: read all of a file's rows, replace them, and the catalogue's version."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from preceptor.catalogue.database import NotImported
from preceptor.catalogue.models import LINKS, MODELS, CatalogueMeta
from preceptor.catalogue.records import FILES, Record, key_of, write_cell

R = TypeVar("R", bound=Record)

#: All rows of a catalogue: file name to records.
Contents = Mapping[str, Sequence[Record]]


def read_records(session: Session, record: type[R]) -> list[R]:
    """All records of one kind, that is of one file, sorted by key."""
    file = next(file for file in FILES if file.record is record)
    model = MODELS[file.name]
    links = LINKS.get(model, {})
    scalars = [c for c in file.record.columns() if c not in links]
    rows = session.execute(select(*(getattr(model, c) for c in scalars))).mappings().all()
    values: list[dict[str, Any]] = [dict(row) for row in rows]
    for column, link in links.items():
        table = link.table
        linked: dict[str, list[str]] = defaultdict(list)
        query = select(table.c[link.owner], table.c[link.value]).order_by(table.c.position)
        for owner, value in session.execute(query):
            linked[owner].append(value)
        for row in values:
            row[column] = tuple(linked[row[file.key[0]]])
    # What is in the database was checked when it was imported.
    records = [record.construct(**row) for row in values]
    return sorted(records, key=lambda r: key_of(file, r))


def read_contents(session: Session) -> dict[str, list[Record]]:
    """The whole catalogue: file name to records sorted by key."""
    return {file.name: read_records(session, file.record) for file in FILES}


def replace_contents(session: Session, contents: Contents) -> str:
    """Put ``contents`` in place of everything that is there; returns the new version."""
    for file in FILES:
        model = MODELS[file.name]
        for link in LINKS.get(model, {}).values():
            session.execute(delete(link.table))
        session.execute(delete(model.__table__))
    session.execute(delete(CatalogueMeta.__table__))
    for file in FILES:
        model = MODELS[file.name]
        links = LINKS.get(model, {})
        records = contents[file.name]
        if not records:
            continue
        session.execute(
            insert(model.__table__),
            [
                {c: getattr(record, c) for c in file.record.columns() if c not in links}
                for record in records
            ],
        )
        for column, link in links.items():
            rows = [
                {link.owner: getattr(record, file.key[0]), link.value: value, "position": position}
                for record in records
                for position, value in enumerate(getattr(record, column))
            ]
            if rows:
                session.execute(insert(link.table), rows)
    version = version_of(contents)
    session.execute(
        insert(CatalogueMeta.__table__),
        {
            "id": 1,
            "version": version,
            "imported_at": datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None),
        },
    )
    return version


def version_of(contents: Contents) -> str:
    """A hash of the contents: the same rows give the same version, in whatever order they stand."""
    digest = hashlib.sha256()
    for file in FILES:
        rows = [
            [write_cell(getattr(record, column)) for column in file.record.columns()]
            for record in sorted(contents[file.name], key=lambda r: key_of(file, r))
        ]
        digest.update(json.dumps([file.name, file.record.columns(), rows]).encode())
    return digest.hexdigest()


def read_meta(session: Session) -> tuple[str, datetime.datetime] | None:
    """The version and the time of the last import that changed something (UTC), or None."""
    row = session.execute(select(CatalogueMeta.version, CatalogueMeta.imported_at)).first()
    return None if row is None else (row[0], row[1].replace(tzinfo=datetime.timezone.utc))


def current_version(session: Session) -> str:
    """The version of the catalogue. Raises NotImported when there is none."""
    meta = read_meta(session)
    if meta is None:
        raise NotImported()
    return meta[0]
