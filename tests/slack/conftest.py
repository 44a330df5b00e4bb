"""The advisor behind a fake Slack: once over HTTP, once through Socket Mode, once with a lab."""

from collections.abc import Iterator

import pytest

from tests.support.slack import SlackAdvisor, slack_advisor
from tests.support.slack_cases import install
from tests.support.slack_lab import (
    Lab,
    lab_environment,
    serving,
    slack_settings,
    write_lab,
)
from tests.support.tiny_project import free_port
from tools.slack_simulator import TWO, FakeSlack
from tools.slack_simulator.manifest import read_manifest

OURS = "preceptor.channels.slack.SlackInput:\n"


@pytest.fixture(scope="session")
def over_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlackAdvisor]:
    """The real advisor, told by signed requests."""
    home = tmp_path_factory.mktemp("slack-http") / "home"
    with slack_advisor(home, socket_mode=False) as running:
        yield running


@pytest.fixture(scope="session")
def through_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlackAdvisor]:
    """The real advisor, told through Socket Mode."""
    home = tmp_path_factory.mktemp("slack-socket") / "home"
    with slack_advisor(home, socket_mode=True) as running:
        yield running


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Our channel in front of the tiny model of the 31 cases, told over HTTP."""
    home = write_lab(tmp_path_factory.mktemp("slack-lab") / "home", OURS)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    manifest = read_manifest(socket_mode=False)
    with (
        FakeSlack(
            scopes=manifest.scopes,
            subscriptions=manifest.events,
            request_url=f"{base}/webhooks/slack/events",
        ) as slack,
        serving(
            home,
            f"{base}/webhooks/slack/",
            **lab_environment(home, port, "ours"),
            **slack_settings(slack),
        ),
    ):
        # A second workspace, as a person of it would install the app.
        install(base, slack.grant(TWO))
        yield Lab("ours", slack, None, base, home)


@pytest.fixture(autouse=True)
def nothing_slack_would_refuse(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test: whatever was posted kept to Slack's shapes, limits and manners."""
    yield
    for name in ("over_http", "through_socket", "lab"):
        if name in request.fixturenames:
            slack = request.getfixturevalue(name).slack
            violations, slack.api.violations = list(slack.api.violations), []
            assert violations == []
