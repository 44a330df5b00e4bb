"""Fixtures: a folder of CSV files, and a real SQLite database with its contents."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from preceptor.catalogue.database import engine_from_url, session
from preceptor.catalogue.importer import import_folder
from tests.catalogue.support import Rows, small_catalogue, write_csv


@pytest.fixture
def rows() -> Rows:
    return small_catalogue()


@pytest.fixture
def folder(tmp_path: Path, rows: Rows) -> Path:
    return write_csv(tmp_path / "csv", rows)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'catalogue.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = engine_from_url(url)
    yield made
    made.dispose()


@pytest.fixture
def imported(engine: Engine, folder: Path) -> Engine:
    """An engine on a database that holds the small catalogue."""
    import_folder(folder, engine)
    return engine


@pytest.fixture
def opened(imported: Engine) -> Iterator[Session]:
    """A session on the small catalogue."""
    with session(imported) as session_:
        yield session_


@pytest.fixture
def with_programs(tmp_path: Path, rows: Rows, engine: Engine) -> Iterator[Callable[..., Session]]:
    """A session on the small catalogue with other programmes: ``with_programs(program(…), …)``."""
    managers = []

    def make(*programs: dict[str, str]) -> Session:
        rows["programs.csv"] = list(programs)
        import_folder(write_csv(tmp_path / "csv", rows), engine)
        manager = session(engine)
        managers.append(manager)
        return manager.__enter__()

    yield make
    for manager in managers:
        manager.__exit__(None, None, None)
