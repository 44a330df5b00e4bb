"""The database: addresses, schema, transactions, failures in plain words."""

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from preceptor.catalogue import database
from preceptor.catalogue.database import (
    CatalogueError,
    NotImported,
    engine_from_url,
    reading,
    writing,
)
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.snapshot import Catalogue
from preceptor.catalogue.store import METADATA
from preceptor.runtime.settings import CODE
from tests.support.catalogue import Rows, write_csv


def test_rows_of_a_file_that_is_no_more_are_not_read_and_go_at_the_next_change(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    with writing(imported) as connection:
        connection.execute(text("INSERT INTO catalogue_rows VALUES ('topics.csv', 'a', '{}')"))
    assert len(Catalogue.load(imported).programs) == 2
    rows["programs.csv"].pop()
    import_folder(write_csv(folder, rows), imported)
    with reading(imported) as connection:
        left = connection.execute(text("SELECT 1 FROM catalogue_rows WHERE file = 'topics.csv'"))
        assert left.first() is None


def test_two_first_imports_at_once_both_succeed(url: str, folder: Path) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            import_folder(folder, engine_from_url(url))
        except BaseException as error:  # Whatever it is, the main thread reports it.
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_default_is_a_file_under_the_projects_var(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert engine_from_url().url.database == str(CODE / "var" / "catalogue.db")


def test_the_environment_names_the_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert engine_from_url().url.render_as_string() == url


def test_the_folder_of_a_new_database_is_made(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "a" / "b" / "c.db"
    import_folder(folder, engine_from_url(f"sqlite:///{path}"))
    assert path.exists()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_spellings_of_postgresql_are_accepted(scheme: str) -> None:
    assert engine_from_url(f"{scheme}://u:p@host/db").url.drivername == "postgresql+psycopg2"


@pytest.mark.parametrize("url", ["mysql://u:secret@host/db", "no address", "nothing:secret"])
def test_other_addresses_are_refused_in_a_sentence_without_the_password(url: str) -> None:
    with pytest.raises(CatalogueError, match="DATABASE_URL") as caught:
        engine_from_url(url)
    assert "secret" not in str(caught.value)


def test_a_failed_write_leaves_nothing_behind(imported: Engine) -> None:
    before = Catalogue.load(imported).version
    with pytest.raises(ZeroDivisionError), writing(imported) as connection:
        connection.execute(text("DELETE FROM catalogue_version"))
        _ = 1 / 0
    assert Catalogue.load(imported).version == before


def test_a_mistake_in_the_code_is_not_hidden(imported: Engine) -> None:
    with pytest.raises(IntegrityError), writing(imported) as connection:
        connection.execute(text("INSERT INTO catalogue_rows SELECT * FROM catalogue_rows"))
    with pytest.raises(OperationalError), reading(imported) as connection:
        connection.execute(text("SELEKT 1"))


def test_a_database_file_that_is_replaced_is_noticed(
    imported: Engine, tmp_path: Path, rows: Rows
) -> None:
    assert len(Catalogue.load(imported).programs) == 2
    for path in tmp_path.glob("catalogue.db*"):
        path.unlink()
    rows["programs.csv"].pop()
    import_folder(write_csv(tmp_path / "csv", rows), engine_from_url(str(imported.url)))
    assert len(Catalogue.load(imported).programs) == 1


@pytest.mark.parametrize("tables", [False, True])
def test_an_empty_database_says_that_nothing_was_imported(engine: Engine, tables: bool) -> None:
    if tables:
        with writing(engine) as connection:
            METADATA.create_all(connection)
    with pytest.raises(NotImported, match="nothing has been imported yet. Run `make catalogue`"):
        Catalogue.load(engine)


def test_a_database_that_another_process_writes_to_is_reported(
    imported: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SQLITE_WAIT_SECONDS", 0.05)
    imported = engine_from_url(str(imported.url))
    other = sqlite3.connect(imported.url.database)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CatalogueError, match="Another process is writing"):
        import_folder(folder, imported)
    other.close()
    assert not import_folder(folder, imported).changed


def test_a_read_only_database_is_read_but_not_written(
    imported: Engine, tmp_path: Path, rows: Rows
) -> None:
    read_only = engine_from_url(f"sqlite:///file:{imported.url.database}?mode=ro&uri=true")
    assert len(Catalogue.load(read_only).programs) == 2
    rows["programs.csv"].pop()
    with pytest.raises(CatalogueError, match="is read-only"):
        import_folder(write_csv(tmp_path / "new", rows), read_only)


def test_a_full_disk_is_reported_and_the_old_catalogue_stays(
    imported: Engine, tmp_path: Path, rows: Rows
) -> None:
    # SQLite gives the same error for this limit as for a disk without space.
    def limit(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(imported, "connect", limit)
    imported.dispose()
    before = Catalogue.load(imported)
    rows["kinds.csv"][0]["description"] = "What is it like? " * 500
    rows["kinds.csv"][1]["description"] = "How? " * 1900
    with pytest.raises(CatalogueError, match="is full; free some space"):
        import_folder(write_csv(tmp_path / "new", rows), imported)
    assert Catalogue.load(imported).version == before.version


def test_a_file_that_is_no_database_is_reported(engine: Engine, folder: Path) -> None:
    Path(str(engine.url.database)).write_text("shopping list: milk, eggs\n" * 100)
    with pytest.raises(CatalogueError, match="damaged or not a database"):
        import_folder(folder, engine)


def test_a_folder_in_place_of_the_file_is_reported(engine: Engine, folder: Path) -> None:
    Path(str(engine.url.database)).mkdir()
    with pytest.raises(CatalogueError, match="cannot be opened; check the path"):
        import_folder(folder, engine)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogueError, match="cannot be made"):
        engine_from_url(f"sqlite:///{tmp_path}/file/below/c.db")


def test_a_server_that_does_not_answer_is_reported_without_its_password(folder: Path) -> None:
    engine = engine_from_url("postgres://user:secret@127.0.0.1:1/db")
    with pytest.raises(CatalogueError, match="cannot be reached") as caught:
        import_folder(folder, engine)
    assert "secret" not in str(caught.value)
