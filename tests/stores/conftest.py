"""A real PostgreSQL for the stores that several servers share."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text

from tests.catalogue.test_postgres import server

__all__ = ["server"]


@pytest.fixture
def new_database(server: str) -> Iterator[Callable[[], str]]:  # noqa: F811
    """Makes empty databases and returns their addresses."""
    maintenance = create_engine(server.format("postgres").replace("postgres:", "postgresql:", 1))
    numbers = itertools.count()

    def new() -> str:
        name = f"store{next(numbers)}"
        with maintenance.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        return server.format(name).replace("postgres:", "postgresql:", 1)

    yield new
    maintenance.dispose()
