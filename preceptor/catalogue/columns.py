"""The tables of columns in `catalogue/README.md`, written from the records' declarations."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from pydantic.fields import SHAPE_TUPLE_ELLIPSIS, ModelField

from preceptor.catalogue.cells import LIST_SEPARATOR
from preceptor.catalogue.database import CatalogueError
from preceptor.catalogue.records import RECORDS, Record
from preceptor.runtime.settings import CODE

README = CODE / "catalogue" / "README.md"
MARK = (
    "<!-- From here on written by `python -m preceptor catalogue columns` from"
    " preceptor/catalogue/records.py. -->\n"
)


def tables_of_columns() -> str:
    """Return a section in Markdown for each file, with a table of its columns."""
    return "\n".join(_section(record) for record in RECORDS.values())


def write_columns(path: Path = README) -> None:
    """Replace what follows the mark in the data dictionary.

    Raises:
        CatalogueError: The file has no mark.
    """
    before, mark, _ = path.read_text("utf-8").partition(MARK)
    if not mark:
        raise CatalogueError(f"{path} does not say where its tables of columns begin.")
    path.write_text(f"{before}{MARK}\n{tables_of_columns()}", "utf-8")


def _section(record: type[Record]) -> str:
    lines = [f"## {record.file}", ""]
    if record.about:
        lines += [record.about, ""]
    lines += ["| column | type | meaning |", "|---|---|---|"]
    key = record.key_columns()
    for name in record.columns():
        field = record.__fields__[name]
        needed = ["key" if len(key) == 1 else "part of the key"] if name in key else []
        needed += ["required"] if field.required and name not in key else []
        type_ = ", ".join([_type(field), *needed])
        lines.append(f"| `{name}` | {type_} | {field.field_info.description or ''} |")
    return "\n".join([*lines, ""])


def _type(field: ModelField) -> str:
    """Return the type of a column's cells in words."""
    file = field.field_info.extra.get("references")
    if file:
        one = f"`{RECORDS[file].key_columns()[0]}` in {file}"
    elif values := get_args(field.type_):
        one = " ".join(f"`{value}`" for value in values)
    elif format := field.field_info.extra["format"]:
        one = format.description
    else:
        one = "text"
    return f"`{LIST_SEPARATOR}` list of {one}" if field.shape == SHAPE_TUPLE_ELLIPSIS else one
