"""The command line: what it prints and what it returns."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.engine import Engine

from preceptor.catalogue import database
from preceptor.catalogue.cli import catalogue
from tests.support.catalogue import Rows, program, write_csv

Run = Callable[..., Result]


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "100")

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(catalogue, [str(argument) for argument in arguments])

    return invoke


def test_import_prints_what_changed(run: Run, folder: Path) -> None:
    result = run("import", folder)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["file", "added", "changed", "removed", "unchanged"] in lines
    assert ["countries.csv", "7", "0", "0", "0"] in lines
    assert "Imported; the catalogue's version is" in result.stdout
    assert "Nothing has changed" in run("import", folder).stdout


def test_import_lists_every_error_and_fails(run: Run, folder: Path, rows: Rows) -> None:
    rows["programs.csv"] = [program("a", kind="x", min_weeks="y")]
    result = run("import", write_csv(folder, rows))
    assert result.exit_code == 1
    assert "programs.csv, row 2, kind: 'x' is not one of" in result.stderr
    assert "programs.csv, row 2, min_weeks: 'y' is not a whole number of weeks" in result.stderr
    assert "2 errors; nothing was imported" in result.stderr


def test_check_says_whether_the_files_are_good(run: Run, folder: Path, url: str) -> None:
    assert run("check", folder).stdout == "No errors.\n"
    (folder / "kinds.csv").unlink()
    result = run("check", folder)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "kinds.csv: is missing"
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_export_writes_the_files(run: Run, imported: Engine, tmp_path: Path) -> None:
    result = run("export", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (
        0,
        f"Wrote 37 rows in 13 files to {tmp_path / 'out'}.\n",
    )
    assert (tmp_path / "out" / "programs.csv").exists()


def test_an_empty_database_is_one_sentence(run: Run, tmp_path: Path) -> None:
    result = run("export", tmp_path)
    assert (result.exit_code, result.stderr) == (1, f"Error: {database.NOT_IMPORTED}\n")


def test_a_locked_database_is_one_sentence(
    run: Run, imported: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SQLITE_WAIT_SECONDS", 0.05)
    other = sqlite3.connect(str(imported.url.database))
    other.execute("BEGIN IMMEDIATE")
    result = run("import", folder)
    other.close()
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Another process is writing to the catalogue")
    assert len(result.stderr.splitlines()) == 1


def test_an_unreachable_database_is_one_sentence(run: Run, tmp_path: Path) -> None:
    result = run("--database", "postgresql://127.0.0.1:1/x", "export", tmp_path)
    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr
    assert len(result.stderr.splitlines()) == 1
