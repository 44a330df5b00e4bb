"""The same catalogue in a real PostgreSQL, as several machines use it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.engine import Engine

from preceptor.catalogue import database, models
from preceptor.catalogue.database import (
    CatalogueError,
    NotImported,
    engine_from_url,
    session,
    upgrade,
)
from preceptor.catalogue.exporter import export_folder
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.models import Program
from preceptor.catalogue.search import SearchQuery, search
from preceptor.catalogue.store import current_version, read_contents, read_meta
from preceptor.catalogue.vocabulary import VocabularyCache
from tests.catalogue.support import Rows, program, write_csv
from tests.support.postgres import postgres_server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server, with `{}` for the database's name."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def engine(server: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a new, empty database."""
    maintenance = engine_from_url(server.format("postgres"))
    with maintenance.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS catalogue"))
        connection.execute(text("CREATE DATABASE catalogue"))
    maintenance.dispose()
    made = engine_from_url(server.format("catalogue"))
    yield made
    made.dispose()


def test_migrations_build_exactly_the_tables_of_the_models(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, models.metadata) == []


def test_an_empty_database_says_that_nothing_was_imported(engine: Engine) -> None:
    with pytest.raises(NotImported), session(engine) as opened:
        search(opened, SearchQuery())


def test_an_import_is_idempotent_and_can_be_exported(
    imported: Engine, folder: Path, tmp_path: Path, url: str
) -> None:
    with session(imported) as opened:
        before = read_meta(opened)
        contents = read_contents(opened)
    assert not import_folder(folder, imported).changed
    with session(imported) as opened:
        assert read_meta(opened) == before
    export_folder(tmp_path / "out", imported)
    sqlite = engine_from_url(url)
    import_folder(tmp_path / "out", sqlite)
    with session(sqlite) as opened:
        # The two databases hold the same, to the last decimal.
        assert read_contents(opened) == contents


def test_search_and_vocabulary_work(imported: Engine) -> None:
    with session(imported) as opened:
        page = search(opened, SearchQuery(countries=("KE",), specialties=("surgery",)))
    assert [hit.program.id for hit in page.results] == ["kenya-elective"]
    assert VocabularyCache(imported).current().of_kind("program")


def test_a_session_sees_the_old_catalogue_until_it_ends(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    with session(imported) as opened:
        before = current_version(opened)
        rows["programs.csv"] = [program("new-one")]
        import_folder(write_csv(folder, rows), imported)
        ids = list(opened.execute(select(Program.id).order_by(Program.id)).scalars())
        assert (current_version(opened), ids) == (before, ["bali-volunteer", "kenya-elective"])
    with session(imported) as opened:
        assert list(opened.execute(select(Program.id)).scalars()) == ["new-one"]


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
    with session(engine) as opened:
        assert search(opened, SearchQuery()).total == 2


def test_a_locked_catalogue_is_reported(
    imported: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "POSTGRES_LOCK_MS", 50)
    with session(imported, write=True) as other:
        other.execute(text("LOCK TABLE catalogue_meta IN EXCLUSIVE MODE"))
        with pytest.raises(CatalogueError, match="Another process is writing"):
            import_folder(folder, imported)


def test_a_read_only_database_is_reported(
    imported: Engine, folder: Path, rows: Rows, server: str
) -> None:
    with imported.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER DATABASE catalogue SET default_transaction_read_only = on"))
    rows["programs.csv"].pop()
    with pytest.raises(CatalogueError, match="is read-only"):
        import_folder(write_csv(folder, rows), engine_from_url(server.format("catalogue")))


def test_a_database_that_does_not_exist_is_reported(server: str, folder: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be reached.*does not exist"):
        import_folder(folder, engine_from_url(server.format("nowhere")))
