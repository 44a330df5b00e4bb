"""Records in the database: read all of a file's rows, replace them, and the catalogue's version."""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from preceptor.catalogue.database import FILE_STATE, NotImported
from preceptor.catalogue.models import LINKS, MODELS, CatalogueMeta
from preceptor.catalogue.records import FILES, Record, key_of, write_cell

R = TypeVar("R", bound=Record)
T = TypeVar("T")
P = ParamSpec("P")

# Where a session keeps the version that it sees.
_VERSION = "catalogue_version"
# By engine: in which state its files were, and the version in them.
_seen: WeakKeyDictionary[Any, tuple[Any, str]] = WeakKeyDictionary()
# Sessions that began before an import may still read the version before.
_VERSIONS_KEPT = 2
_ANSWERS_KEPT = 1024

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
    session.info.pop(_VERSION, None)
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
    version = _version(session)
    if version is None:
        raise NotImported()
    return version


def _version(session: Session, *, surely: bool = False) -> str | None:
    """The version that a session sees, None where there is none.

    It is looked up once a session, and not at all where the files are as they were at an earlier
    look; ``surely`` looks it up in any case.
    """
    files = session.info.get(FILE_STATE)
    if not surely:
        if _VERSION in session.info:
            return str(session.info[_VERSION])
        seen = _seen.get(session.get_bind()) if files is not None else None
        if seen is not None and seen[0] == files:
            session.info[_VERSION] = seen[1]
            return seen[1]
    meta = read_meta(session)
    if meta is None:
        return None
    session.info[_VERSION] = meta[0]
    if files is not None:
        _seen[session.get_bind()] = files, meta[0]
    return meta[0]


def once_a_version(
    read: Callable[Concatenate[Session, P], T],
) -> Callable[Concatenate[Session, P], T]:
    """Have a function that reads the catalogue read once for each version of it.

    The same version always means the same contents, and a catalogue is small. What the function
    returns is given out again and again, so nobody may change it; its arguments must be hashable.
    """
    known: dict[str, dict[Hashable, T]] = {}
    lock = threading.Lock()

    @wraps(read)
    def reader(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
        asked = args, tuple(sorted(kwargs.items()))
        version = _version(session)
        with lock:
            if version in known and asked in known[version]:
                return known[version][asked]
        # Since the look at the files another catalogue may have been imported.
        version = _version(session, surely=True)
        found = read(session, *args, **kwargs)
        if version is not None:
            with lock:
                answers = known.setdefault(version, {})
                if len(answers) == _ANSWERS_KEPT:
                    answers.clear()
                answers[asked] = found
                while len(known) > _VERSIONS_KEPT:
                    del known[next(iter(known))]
        return found

    return reader
