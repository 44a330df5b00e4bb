"""What tests share: the advisor and PostgreSQL, each started once, and an environment."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text

from preceptor.runtime.settings import Settings, SlackSettings, WebSettings
from tests.support.advisor import Advisor, running_advisor
from tests.support.postgres import postgres_server


@pytest.fixture(scope="session")
def advisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Advisor]:
    """The advisor with the newest model and the whole catalogue, its server running."""
    with running_advisor(tmp_path_factory.mktemp("advisor") / "home") as running:
        yield running


@pytest.fixture
def set_environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets variables of settings and unsets all others of ours."""

    def set_variables(**variables: str) -> None:
        for section in (Settings, WebSettings, SlackSettings):
            for field in section.__fields__.values():
                monkeypatch.delenv(field.field_info.extra["env"], raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_variables


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server, with `{}` for the database's name."""
    with postgres_server() as url:
        yield url


_database_numbers = itertools.count()


@pytest.fixture
def new_database(postgres: str) -> Iterator[Callable[[], str]]:
    """A function that makes an empty database in PostgreSQL and returns its address."""
    maintenance = create_engine(postgres.format("postgres"), isolation_level="AUTOCOMMIT")

    def make() -> str:
        name = f"database_{next(_database_numbers)}"
        with maintenance.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return postgres.format(name)

    yield make
    maintenance.dispose()
