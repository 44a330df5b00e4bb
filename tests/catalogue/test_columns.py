"""The tables of columns in the data dictionary follow from the records."""

from pathlib import Path

import pytest

from preceptor.catalogue.columns import MARK, README, tables_of_columns, write_columns
from preceptor.catalogue.database import CatalogueError
from preceptor.catalogue.records import RECORDS
from preceptor.runtime.settings import CODE


def test_the_data_dictionary_is_up_to_date() -> None:
    written = README.read_text("utf-8").partition(MARK)[2]
    assert written == "\n" + tables_of_columns(), "run `python -m preceptor catalogue columns`"


def test_a_column_tells_its_type_and_its_meaning() -> None:
    tables = tables_of_columns()
    for row in (
        "| `iso2` | ISO 3166-1 alpha-2, key |  |",
        "| `type` | `city` `area`, required |",
        "| `specialties` | `;` list of `id` in specialties.csv | empty: not known or any |",
        "| `service` | `general` `ambulance`, part of the key |  |",
    ):
        assert row in tables


def test_only_what_follows_the_mark_is_written(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(f"By hand.\n{MARK}old")
    write_columns(path)
    assert path.read_text() == f"By hand.\n{MARK}\n{tables_of_columns()}"
    path.write_text("By hand.")
    with pytest.raises(CatalogueError):
        write_columns(path)
    assert path.read_text() == "By hand."


def test_the_projects_files_have_their_columns_in_the_order_of_the_records() -> None:
    for file, record in RECORDS.items():
        header = (CODE / "catalogue" / file).read_text("utf-8").split("\n", 1)[0]
        assert tuple(header.split(",")) == record.columns(), file
