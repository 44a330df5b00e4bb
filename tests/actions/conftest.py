"""The project's catalogue in a real SQLite file, and the actions on it."""

from collections.abc import Iterator

import pytest

from preceptor.catalogue.database import engine_from_url
from tests.support.actions import Desk


@pytest.fixture(scope="session")
def catalogue_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    engine = engine_from_url(f"sqlite:///{tmp_path_factory.mktemp('actions') / 'catalogue.db'}")
    yield Desk(engine)
    engine.dispose()


@pytest.fixture
def desk(catalogue_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Runs actions; they find the catalogue of the tests in place of the configured one."""
    monkeypatch.setattr("actions.topic_action.shared_catalogue", lambda: catalogue_desk.cache)
    return catalogue_desk
