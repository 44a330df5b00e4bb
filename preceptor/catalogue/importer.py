"""From CSV files to the database: check everything, then replace everything in one transaction."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import structlog
from pydantic import ValidationError
from sqlalchemy.engine import Engine

from preceptor.catalogue.cells import LIST_SEPARATOR, unquote_formula
from preceptor.catalogue.database import writing
from preceptor.catalogue.records import RECORDS, Record, complaints, parse_row
from preceptor.catalogue.store import (
    METADATA,
    Documents,
    documents_of,
    read_stored,
    replace_stored,
    version_of,
)

log = structlog.get_logger(__name__)

# A catalogue of tens of thousands of rows stays far below this.
MAX_FILE_BYTES = 50_000_000
MAX_CELL_CHARACTERS = 10_000


@dataclass(frozen=True)
class Problem:
    """One thing that keeps the catalogue from being imported.

    Attributes:
        file: The file's name.
        message: What is wrong.
        row: The line number that a spreadsheet shows (the header is 1), None for the whole file.
        column: The header's name, None for the whole row.
    """

    file: str
    message: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        """Return the problem with its place: `programs.csv, row 14, price_minor: …`."""
        where = [self.file, f"row {self.row}" if self.row else None, self.column]
        return f"{', '.join(part for part in where if part)}: {self.message}"


class ImportRefused(Exception):
    """The files have problems; nothing was imported and the old catalogue stays."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        listed = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(
            f"The import was refused because of {count_errors(self.problems)}; the catalogue is as"
            f" it was before.\n{listed}"
        )


def count_errors(problems: Sequence[Problem]) -> str:
    """Return how many there are, as "1 error" or "3 errors"."""
    return "1 error" if len(problems) == 1 else f"{len(problems)} errors"


class Changes(NamedTuple):
    """How many rows of one file an import added, changed, removed and left as they were."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes:
        files: The changes by file.
        version: The catalogue's version afterwards.
    """

    files: Mapping[str, Changes]
    version: str

    @property
    def changed(self) -> bool:
        """Whether any row differs from before."""
        return any(c.added or c.changed or c.removed for c in self.files.values())


@dataclass
class _Table:
    """One file as read: the cells by row number, before anything is known of their values."""

    record: type[Record]
    header: list[str] = field(default_factory=list)
    rows: dict[int, dict[str, str]] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, message: str, row: int | None = None, column: str | None = None) -> None:
        self.problems.append(Problem(self.record.file, message, row, column))

    def by_key(self) -> dict[str, tuple[int, Mapping[str, str]]]:
        """Return the number and the cells of each row by its key."""
        return {self.record.key_of(c): (number, c) for number, c in self.rows.items()}

    def places_of_problems(self) -> set[tuple[int | None, str | None]]:
        return {(problem.row, problem.column) for problem in self.problems}

    def sorted_problems(self) -> list[Problem]:
        """Return the problems by row, then in the order of the columns."""
        order = {column: at for at, column in enumerate((None, *self.record.columns()))}
        return sorted(self.problems, key=lambda p: (p.row or 0, order.get(p.column, len(order))))


def check(folder: Path | str) -> list[Problem]:
    """Return all that is wrong with the CSV files of a folder, by file and row.

    Needs no database and changes nothing.
    """
    return _read_folder(Path(folder))[1]


def import_folder(folder: Path | str, engine: Engine) -> ImportReport:
    """Make the database hold exactly what the CSV files of `folder` say.

    Makes the tables if needed. All in one transaction: whoever reads meanwhile sees the old
    catalogue or the new one. The same files again change nothing, not even the version.

    Raises:
        ImportRefused: A file is not as the data dictionary says; it has every problem.
        CatalogueError: The database fails.
        Complaint: intents.yml, which facts refer to, cannot be read. The old catalogue stays in
            all three cases.
    """
    contents, problems = _read_folder(Path(folder))
    if problems:
        log.warning("catalogue.import.refused", folder=str(folder), problems=len(problems))
        raise ImportRefused(problems)
    documents = documents_of(contents)
    version = version_of(documents)
    with writing(engine) as connection:
        METADATA.create_all(connection)
        stored = read_stored(connection)
        if stored != (version, documents):
            replace_stored(connection, documents)
    before = stored.documents if stored else {file: {} for file in documents}
    report = ImportReport(_compare(before, documents), version)
    log.info("catalogue.import.done", folder=str(folder), version=version, changed=report.changed)
    return report


def _compare(before: Documents, after: Documents) -> dict[str, Changes]:
    changes = {}
    for file, new in after.items():
        old = before[file]
        common = old.keys() & new.keys()
        changed = sum(old[key] != new[key] for key in common)
        changes[file] = Changes(
            added=len(new.keys() - old.keys()),
            changed=changed,
            removed=len(old.keys() - new.keys()),
            unchanged=len(common) - changed,
        )
    return changes


def _read_folder(folder: Path) -> tuple[dict[str, list[Record]], list[Problem]]:
    if not folder.is_dir():
        return {}, [Problem(str(folder), "this folder does not exist")]
    tables = {file: _read_table(record, folder / file) for file, record in RECORDS.items()}
    for table in tables.values():
        _check_keys(table)
        _check_references(table, tables)
    _check_areas(tables["places.csv"])
    _check_program_places(tables["programs.csv"], tables["places.csv"])
    contents = {name: list(table.records.values()) for name, table in tables.items()}
    problems = [problem for table in tables.values() for problem in table.sorted_problems()]
    return contents, problems


def _read_table(record: type[Record], path: Path) -> _Table:
    table = _Table(record)
    try:
        rows = _read_rows(_read_text(path))
        table.header = _check_header(table, next(rows, (1, []))[1])
        for number, cells in rows:
            if any(cell.strip() for cell in cells):  # Spreadsheets write blank rows at the end.
                _read_row(table, number, cells)
    except _Unreadable as error:
        table.add(str(error), error.row)
    return table


class _Unreadable(Exception):
    """The file cannot be read, or not from a row on; the message says why."""

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


def _read_text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise _Unreadable(f"is too large: {size:,} bytes, and {MAX_FILE_BYTES:,} is the most")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise _Unreadable("is missing") from None
    except OSError as error:
        raise _Unreadable(f"cannot be read ({error.strerror})") from error
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Unreadable("is UTF-16 text; save it as “CSV UTF-8”")
    nul = raw.find(b"\0")
    if nul >= 0:
        line = raw.count(b"\n", 0, nul) + 1
        raise _Unreadable("holds a NUL byte: this is not a text file, or it is damaged", line)
    # Bytes that are not UTF-8 become lone surrogates, so that they can be told by row and column.
    return raw.decode("utf-8-sig", errors="surrogateescape")


def _read_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with their numbers, until the first that cannot be read."""
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
            yield number, cells
    except csv.Error as error:
        reason = str(error)
        if "field larger than field limit" in reason:
            message = "holds a cell that is far too long (is a closing quote missing?)"
        elif "end of data" in reason:
            message = "begins a cell with a quote that is never closed"
        else:
            message = f'has a stray quote: double it (“""”) or take it out ({reason})'
        raise _Unreadable(message, number + 1) from error


def _check_header(table: _Table, cells: Iterable[str]) -> list[str]:
    """Return the header; problems of single columns do not prevent the rows from being read."""
    header = [cell.strip() for cell in cells]
    columns = table.record.columns()
    if not header:
        raise _Unreadable("is empty: not even a header row")
    if len(header) == 1 and len(columns) > 1 and re.search("[;\t]", header[0]):
        raise _Unreadable("separates columns by semicolons or tabs; the catalogue needs commas", 1)
    for column in columns:
        if column not in header:
            table.add("this column is missing", 1, column)
    for position, column in enumerate(header):
        if column not in columns:
            near = difflib.get_close_matches(column, columns, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            shown = column.encode("utf-8", "replace").decode() or f"column {position + 1}"
            table.add(f"no such column in the data dictionary{hint}", 1, shown)
        elif column in header[:position]:
            table.add("this column stands twice", 1, column)
    return header


def _read_row(table: _Table, number: int, raw: Sequence[str]) -> None:
    header = table.header
    if len(raw) != len(header):
        table.add(
            f"has {len(raw)} cells, but the header has {len(header)} columns"
            " (is a cell with a comma without quotes?)",
            number,
        )
        return
    cells: dict[str, str] = {}
    unreadable = set()
    for column, cell in zip(header, raw, strict=True):
        # Of a column that stands twice, the first counts.
        if column in table.record.columns() and column not in cells:
            cells[column], problem = _clean(cell)
            if problem:
                unreadable.add(column)
                table.add(problem, number, column)
    table.rows[number] = cells
    try:
        table.records[number] = parse_row(table.record, cells)
    except ValidationError as error:
        for column, message in complaints(error):
            # A missing column, or a cell that is no text, has been reported already.
            if column in cells and column not in unreadable:
                table.add(message, number, column)


def _clean(cell: str) -> tuple[str, str | None]:
    """Return the cell's text, and what is wrong with it as a text."""
    if len(cell) > MAX_CELL_CHARACTERS:
        return "", f"has {len(cell):,} characters, and {MAX_CELL_CHARACTERS:,} is the most"
    if any("\udc80" <= character <= "\udcff" for character in cell):
        return "", "is not UTF-8 text; save the file as “CSV UTF-8”"
    text = unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in "\n\t":
            return "", f"holds an invisible control character (U+{ord(character):04X}); delete it"
    return unquote_formula(text), None


def _check_keys(table: _Table) -> None:
    first: dict[str, int] = {}
    for number, cells in table.rows.items():
        if not all(cells.get(column) for column in table.record.key_columns()):
            continue  # An empty key has been reported as a cell that every row needs.
        key = table.record.key_of(cells)
        if key in first:
            column = table.record.key_columns()[0]
            table.add(f"{key!r} stands already in row {first[key]}", number, column)
        else:
            first[key] = number


def _items(cells: Mapping[str, str], column: str) -> list[str]:
    """Return the values of a cell that may hold several, as written."""
    parts = (part.strip() for part in cells.get(column, "").split(LIST_SEPARATOR))
    return [part for part in parts if part]


def _check_references(table: _Table, tables: Mapping[str, _Table]) -> None:
    # Works on the cells, not on the records: a row with another error is checked too.
    reported = table.places_of_problems()
    for column, target in table.record.references().items():
        if not tables[target].header:
            continue  # Everything would be dangling; the file's own problem says enough.
        keys = set(tables[target].by_key())
        for number, cells in table.rows.items():
            if (number, column) in reported:
                continue
            for item in _items(cells, column):
                if item not in keys:
                    table.add(f"{item[:80]!r} is not in {target}", number, column)
        if target == table.record.file and column not in table.record.list_columns():
            _check_cycles(table, column)


def _check_cycles(table: _Table, column: str) -> None:
    """Check that no row lies inside itself, directly or by way of others."""
    rows = table.by_key()
    for start, (number, cells) in rows.items():
        seen = {start}
        above = cells.get(column, "")
        while above in rows and above not in seen:
            seen.add(above)
            above = rows[above][1].get(column, "")
        if above == start:
            table.add(f"{start!r} lies inside itself by way of this column", number, column)


def _check_areas(places: _Table) -> None:
    rows = places.by_key()
    reported = places.places_of_problems()
    for number, cells in places.rows.items():
        area = cells.get("area", "")
        if area not in rows or (number, "area") in reported:
            continue
        above = rows[area][1]
        if above.get("type") != "area":
            places.add(f"{area!r} is not a place of type area", number, "area")
        elif above.get("country") != cells.get("country"):
            places.add(
                f"{area!r} lies in {above.get('country')}, this place in {cells.get('country')}",
                number,
                "area",
            )


def _check_program_places(programs: _Table, places: _Table) -> None:
    rows = places.by_key()
    for number, cells in programs.rows.items():
        countries = _items(cells, "countries")
        if not countries:
            continue  # A worldwide programme may name places without their countries.
        for place in _items(cells, "places"):
            country = rows[place][1].get("country") if place in rows else None
            if country and country not in countries:
                programs.add(
                    f"{place!r} lies in {country}, which is not among the countries of this row",
                    number,
                    "places",
                )
