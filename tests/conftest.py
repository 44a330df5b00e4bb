"""What all tests share: the real advisor, started once, and an environment of settings."""

from collections.abc import Callable, Iterator

import pytest

from preceptor.runtime.settings import Settings, SlackSettings, WebSettings
from tests.support.advisor import Advisor, running_advisor


@pytest.fixture(scope="session")
def advisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Advisor]:
    """The advisor with the newest model and the whole catalogue, both servers running."""
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
