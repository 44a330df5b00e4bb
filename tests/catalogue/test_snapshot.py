"""The catalogue in memory: loaded once per version, and as new as the last import."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from preceptor.catalogue.database import CatalogueError, NotImported, writing
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.records import RECORDS
from preceptor.catalogue.snapshot import Catalogue, CatalogueCache
from preceptor.runtime.settings import CODE
from tests.support.catalogue import Rows, program, write_csv


@pytest.fixture
def statements(imported: Engine) -> Iterator[list[str]]:
    """What the database is asked from now on."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        if sql.startswith("SELECT"):
            asked.append(sql)

    event.listen(imported, "before_cursor_execute", note)
    yield asked
    event.remove(imported, "before_cursor_execute", note)


def test_only_the_version_is_asked_for_while_nothing_changes(
    imported: Engine, statements: list[str]
) -> None:
    cache = CatalogueCache(imported)
    first = cache.current()
    statements.clear()
    assert cache.current() is first
    assert len(statements) == 1
    assert "catalogue_version" in statements[0] and "catalogue_rows" not in statements[0]


def test_an_import_is_seen_at_the_next_call_and_leaves_what_was_given_out_alone(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    cache = CatalogueCache(imported)
    before = cache.current()
    rows["programs.csv"].append(program("a-new-one"))
    import_folder(write_csv(folder, rows), imported)
    after = cache.current()
    assert after.program("a-new-one") is not None
    assert after.version != before.version
    assert before.program("a-new-one") is None


def test_an_import_by_another_process_is_seen_at_the_next_call(
    imported: Engine, url: str, folder: Path, rows: Rows
) -> None:
    cache = CatalogueCache(imported)
    assert cache.current().program("a-new-one") is None
    rows["programs.csv"].append(program("a-new-one"))
    write_csv(folder, rows)
    script = (
        "import sys\n"
        "from preceptor.catalogue.database import engine_from_url\n"
        "from preceptor.catalogue.importer import import_folder\n"
        "import_folder(sys.argv[1], engine_from_url(sys.argv[2]))\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(folder), url],
        cwd=CODE,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert cache.current().program("a-new-one") is not None


def test_without_a_catalogue_the_cache_says_so_until_there_is_one(
    engine: Engine, folder: Path
) -> None:
    cache = CatalogueCache(engine)
    for _ in range(2):
        with pytest.raises(NotImported):
            cache.current()
    import_folder(folder, engine)
    assert cache.current().programs


def test_a_database_that_fails_leaves_the_last_catalogue_in_use(
    imported: Engine, folder: Path
) -> None:
    cache = CatalogueCache(imported)
    first = cache.current()
    imported.dispose()
    path = Path(str(imported.url.database))
    path.unlink()
    path.mkdir()
    with structlog.testing.capture_logs() as logs:
        assert cache.current() is first
        assert cache.current() is first
    # The cause is logged once, not at every message.
    (line,) = logs
    assert line["event"] == "catalogue.unreadable" and "cannot be opened" in line["cause"]
    path.rmdir()
    import_folder(folder, imported)
    assert cache.current().version == first.version


def test_rows_of_another_version_of_the_program_ask_for_an_import(
    imported: Engine, folder: Path
) -> None:
    with writing(imported) as connection:
        connection.execute(
            text("UPDATE catalogue_rows SET document = '{\"id\": \"x\"}' WHERE file = 'kinds.csv'")
        )
    with pytest.raises(CatalogueError, match="of another version of the program; run `make cata"):
        Catalogue.load(imported)
    report = import_folder(folder, imported)
    assert report.files["kinds.csv"].changed == 2
    assert len(Catalogue.load(imported).programs) == 2


def test_every_row_is_there(catalogue: Catalogue, rows: Rows) -> None:
    assert {file: len(catalogue.all(record)) for file, record in RECORDS.items()} == {
        file: len(lines) for file, lines in rows.items()
    }


def test_names_are_known_by_kind_and_id(catalogue: Catalogue) -> None:
    asked = [("country", "KE"), ("region", "asia"), ("place", "bali"), ("specialty", "surgery")]
    names = [catalogue.names[key] for key in asked]
    assert names == ["Kenya", "Asia", "Bali", "Surgery"]
    assert catalogue.names["kind", "volunteer"] == "Volunteering"
    assert catalogue.names["stage", "premed"] == "Premed student"


def test_records_cannot_be_changed(catalogue: Catalogue) -> None:
    with pytest.raises(TypeError):
        catalogue.countries["KE"].name = "Kenia"  # type: ignore[misc]
    with pytest.raises(TypeError):
        catalogue.countries["KE"] = catalogue.countries["TZ"]  # type: ignore[index]
