"""The channels' database in both kinds: a SQLite file and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from preceptor.channels.storage import open_channels
from preceptor.runtime.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("new_database")()
    made = open_channels(Settings(home=tmp_path, channels_database=url))
    yield made
    made.dispose()
