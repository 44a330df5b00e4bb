"""The same catalogue in a real PostgreSQL, as several machines use it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from preceptor.catalogue import database
from preceptor.catalogue.database import CatalogueError, NotImported, engine_from_url, writing
from preceptor.catalogue.exporter import export_folder
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.search import SearchQuery, search
from preceptor.catalogue.snapshot import Catalogue, CatalogueCache
from preceptor.catalogue.store import load_stored, version_of
from tests.support.catalogue import Rows, program, write_csv


@pytest.fixture
def engine(postgres: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a new, empty database."""
    maintenance = engine_from_url(postgres.format("postgres"))
    with maintenance.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS catalogue"))
        connection.execute(text("CREATE DATABASE catalogue"))
    maintenance.dispose()
    made = engine_from_url(postgres.format("catalogue"))
    yield made
    made.dispose()


def test_an_empty_database_says_that_nothing_was_imported(engine: Engine) -> None:
    with pytest.raises(NotImported):
        Catalogue.load(engine)


def test_an_import_is_idempotent_and_can_be_exported(
    imported: Engine, folder: Path, tmp_path: Path, url: str
) -> None:
    before = load_stored(imported)
    assert not import_folder(folder, imported).changed
    assert load_stored(imported) == before
    export_folder(tmp_path / "out", imported)
    sqlite = engine_from_url(url)
    import_folder(tmp_path / "out", sqlite)
    # The two databases hold the same, to the last decimal.
    assert load_stored(sqlite) == before


def test_search_works_and_an_import_is_seen_at_the_next_call(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    cache = CatalogueCache(imported)
    query = SearchQuery(countries=("KE",), specialties=("surgery",))
    page = search(cache.current(), query)
    assert [hit.program.id for hit in page.results] == ["kenya-elective"]
    rows["programs.csv"] = [program("new-one", specialties="surgery")]
    import_folder(write_csv(folder, rows), imported)
    page = search(cache.current(), query)
    assert [hit.program.id for hit in page.results] == ["new-one"]


def test_what_is_read_while_others_import_is_of_one_import(
    imported: Engine, tmp_path: Path, rows: Rows
) -> None:
    folders = [tmp_path / "old", tmp_path / "new"]
    for folder in folders:
        rows["programs.csv"] = [program(f"{folder.name}-{i}") for i in range(60)]
        write_csv(folder, rows)
    import_folder(folders[0], imported)
    done = threading.Event()

    def run() -> None:
        for number in range(10):
            import_folder(folders[1 - number % 2], imported)
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    seen = set()
    while not done.is_set():
        version, documents = load_stored(imported)
        assert version == version_of(documents)
        seen.add(version)
    thread.join()
    assert len(seen) == 2


def test_first_imports_at_once_all_succeed(engine: Engine, folder: Path) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            import_folder(folder, engine)
        except BaseException as error:  # Whatever it is, the main thread reports it.
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(Catalogue.load(engine).programs) == 2


def test_the_second_of_two_imports_compares_with_what_the_first_wrote(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    reports = []

    def run() -> None:
        reports.append(import_folder(folder, imported))

    rows["programs.csv"].append(program("new-one"))
    write_csv(folder, rows)
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.files["programs.csv"].added for report in reports) == [0, 1]


def test_a_locked_catalogue_is_reported(
    imported: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "POSTGRES_LOCK_MS", 50)
    with writing(imported):
        with pytest.raises(CatalogueError, match="Another process is writing"):
            import_folder(folder, imported)


def test_a_read_only_database_is_reported(
    imported: Engine, folder: Path, rows: Rows, postgres: str
) -> None:
    with imported.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER DATABASE catalogue SET default_transaction_read_only = on"))
    rows["programs.csv"].pop()
    with pytest.raises(CatalogueError, match="is read-only"):
        import_folder(write_csv(folder, rows), engine_from_url(postgres.format("catalogue")))


def test_a_database_that_does_not_exist_is_reported(postgres: str, folder: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be reached.*does not exist"):
        import_folder(folder, engine_from_url(postgres.format("nowhere")))
