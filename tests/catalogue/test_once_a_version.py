"""What is read of the catalogue is remembered for its version, and for no other."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from preceptor.catalogue.database import NotImported, session
from preceptor.catalogue.facts import advice_facts, licensing, topics
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.programs import snapshot
from preceptor.catalogue.store import current_version
from tests.catalogue.support import Rows, program, write_csv


@pytest.fixture
def statements(imported: Engine) -> Iterator[list[str]]:
    """What the database is asked from now on."""
    asked: list[str] = []

    def note(connection: object, cursor: object, sql: str, *rest: object) -> None:
        if sql.startswith("SELECT"):
            asked.append(sql)

    event.listen(imported, "before_cursor_execute", note)
    yield asked
    event.remove(imported, "before_cursor_execute", note)


def read(opened: Session) -> tuple[object, ...]:
    return (
        topics(opened),
        advice_facts(opened, "ask_bali", limit=20),
        licensing(opened, "KE"),
        snapshot(opened),
    )


def settle(engine: Engine) -> None:
    """Make a database's files look as if they had been written long ago."""
    an_hour_ago = time.time() - 3600
    for path in Path(str(engine.url.database)).parent.glob("*.db*"):
        os.utime(path, (an_hour_ago, an_hour_ago))


def test_a_session_asks_for_the_version_and_no_more(
    imported: Engine, statements: list[str]
) -> None:
    with session(imported) as opened:
        first = read(opened)
    statements.clear()
    with session(imported) as opened:
        assert read(opened) == first
    assert len(statements) == 1 and "version" in statements[0]


def test_a_settled_file_is_not_even_opened(imported: Engine, statements: list[str]) -> None:
    if imported.url.get_backend_name() != "sqlite":
        pytest.skip("only files have a state to look at")
    settle(imported)
    for _ in range(2):
        statements.clear()
        with session(imported) as opened:
            read(opened)
    assert statements == []


@pytest.mark.parametrize("settled", [True, False])
def test_an_import_is_seen_by_the_next_session(
    imported: Engine, folder: Path, rows: Rows, settled: bool
) -> None:
    if settled and imported.url.get_backend_name() == "sqlite":
        settle(imported)
    with session(imported) as opened:
        before = read(opened)
    rows["programs.csv"].append(program("a-new-one", name="Clinic on the moon"))
    rows["topics.csv"][0]["label"] = "A new label"
    import_folder(write_csv(folder, rows), imported)
    with session(imported) as opened:
        after = read(opened)
        assert snapshot(opened).version == current_version(opened)
    assert after[1:3] == before[1:3]
    assert "A new label" in [topic.label for topic in after[0]]  # type: ignore[attr-defined]
    assert "a-new-one" in [p.id for p in after[3].programs]  # type: ignore[attr-defined]


def test_what_a_session_began_to_read_it_reads_to_the_end(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    with session(imported) as early:
        before = topics(early), current_version(early)
        # The transaction is open by now.
        early.connection()
        rows["topics.csv"][0]["label"] = "A new label"
        import_folder(write_csv(folder, rows), imported)
        with session(imported) as late:
            assert "A new label" in [topic.label for topic in topics(late)]
        assert (topics(early), current_version(early)) == before


def test_without_a_catalogue_nothing_is_remembered(
    engine: Engine, folder: Path, rows: Rows
) -> None:
    for _ in range(2):
        with pytest.raises(NotImported), session(engine) as opened:
            topics(opened)
    import_folder(folder, engine)
    with session(engine) as opened:
        assert topics(opened)
