"""The real advisor, started once for all tests that talk with it."""

from collections.abc import Iterator

import pytest

from tests.support.advisor import Advisor, running_advisor


@pytest.fixture(scope="session")
def advisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Advisor]:
    """The advisor with the newest model and the whole catalogue, its server running."""
    with running_advisor(tmp_path_factory.mktemp("advisor") / "home") as running:
        yield running
