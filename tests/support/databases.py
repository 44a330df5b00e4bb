"""The channels' database in both kinds: a SQLite file and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine, create_engine

import preceptor.channels.slack.delivery_log
import preceptor.channels.slack.installations  # noqa: F401
from preceptor.channels.storage import metadata, open_channels
from preceptor.runtime.settings import Settings
from tests.catalogue.test_postgres import server as postgres_server  # noqa: F401


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        yield open_channels(Settings(home=tmp_path))
        return
    address = request.getfixturevalue("postgres_server").format("postgres")
    made = create_engine(address.replace("postgres://", "postgresql://"))
    with made.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public"))
    metadata.create_all(made)
    yield made
    made.dispose()
