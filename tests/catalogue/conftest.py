"""Fixtures: a folder of CSV files, and a real SQLite database with its contents."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from preceptor.catalogue.database import engine_from_url
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.snapshot import Catalogue
from tests.support.catalogue import Rows, small_catalogue, write_csv


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
def catalogue(imported: Engine) -> Catalogue:
    """The small catalogue."""
    return Catalogue.load(imported)


@pytest.fixture
def with_programs(tmp_path: Path, rows: Rows, engine: Engine) -> Callable[..., Catalogue]:
    """The small catalogue with other programmes: `with_programs(program(…), …)`."""

    def make(*programs: dict[str, str]) -> Catalogue:
        rows["programs.csv"] = list(programs)
        import_folder(write_csv(tmp_path / "csv", rows), engine)
        return Catalogue.load(engine)

    return make
