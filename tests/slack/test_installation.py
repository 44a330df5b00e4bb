"""Installing the app: over OAuth in several workspaces, and `python -m preceptor slack check`."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.slack import SlackAdvisor
from tests.support.slack_cases import install
from tests.support.slack_lab import slack_settings
from tests.support.tiny_project import command, environment
from tools.slack_simulator import APP_TOKEN, ONE, SIGNING_SECRET, FakeSlack, words
from tools.slack_simulator.manifest import read_manifest


def base_of(behind: SlackAdvisor) -> str:
    return f"http://127.0.0.1:{behind.advisor.port}"


def stored(behind: SlackAdvisor) -> bytes:
    """Return all bytes of the channels' database, with its write-ahead log."""
    return b"".join(path.read_bytes() for path in (behind.advisor.home / "var").glob("channels*"))


def test_an_installed_workspace_is_answered_with_its_own_token(over_http: SlackAdvisor):
    answer = install(base_of(over_http), over_http.slack.grant("T0FOUR"))
    assert "text/html" in answer.headers["content-type"]
    place = over_http.person("fourth", "T0FOUR").dm()
    assert words(place.ask("why should I do an internship?"))


def test_tokens_are_encrypted_at_rest(over_http: SlackAdvisor):
    install(base_of(over_http), over_http.slack.grant("T0FIVE"))
    token = over_http.slack.world.teams["T0FIVE"].token
    kept = stored(over_http)
    assert b"T0FIVE" in kept
    assert token.encode() not in kept and b"xoxb-" not in kept


def test_uninstalling_forgets_the_workspace(over_http: SlackAdvisor):
    install(base_of(over_http), over_http.slack.grant("T0SIX"))
    place = over_http.person("sixth", "T0SIX").dm()
    assert words(place.ask("hello"))
    for delivery in over_http.slack.uninstall("T0SIX"):
        assert delivery.wait().ok
    over_http.settle()
    before = len(over_http.slack.world.calls)
    _, (event,) = place.write("hello again")
    over_http.slack.tell_event(event, "T0SIX").wait()
    assert words(over_http.person("sixth").dm().ask("hello"))
    # Nothing is tried with a token that is dead.
    assert [c for c in over_http.slack.world.calls[before:] if c.error == "token_revoked"] == []
    install(base_of(over_http), over_http.slack.grant("T0SIX"))
    assert words(place.ask("and now?"))


def test_a_redirect_with_a_state_of_nobody_is_refused(over_http: SlackAdvisor):
    answer = httpx.get(
        f"{base_of(over_http)}/webhooks/slack/oauth_redirect",
        params={"code": over_http.slack.grant("T0EVIL"), "state": "made-up"},
        trust_env=False,
    )
    assert 400 <= answer.status_code < 500
    assert "T0EVIL" not in over_http.slack.world.teams


def test_who_declines_on_slacks_page_is_told_in_words(over_http: SlackAdvisor):
    answer = httpx.get(
        f"{base_of(over_http)}/webhooks/slack/oauth_redirect",
        params={"error": "access_denied", "state": "made-up"},
        trust_env=False,
    )
    assert "text/html" in answer.headers["content-type"]
    assert "You declined" in answer.text


# python -m preceptor slack check


@pytest.fixture(scope="module")
def slack() -> Iterator[FakeSlack]:
    manifest = read_manifest(socket_mode=True)
    with FakeSlack(scopes=manifest.scopes, subscriptions=manifest.events) as running:
        yield running


def check(slack: FakeSlack, tmp_path: Path, **more: str) -> tuple[int, str]:
    """Run the check with the fake's settings and some of them changed; "" unsets one."""
    settings = {**slack_settings(slack), **more}
    done = subprocess.run(
        command("slack", "check"),
        env={k: v for k, v in environment(tmp_path, **settings).items() if v},
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def test_check_finds_nothing_wrong(slack: FakeSlack, tmp_path: Path):
    status, said = check(slack, tmp_path)
    assert status == 0, said
    assert "Northfield Medical School" in said


def test_check_finds_nothing_wrong_with_socket_mode(slack: FakeSlack, tmp_path: Path):
    more = {"PRECEPTOR_SLACK_MODE": "socket", "SLACK_APP_TOKEN": APP_TOKEN}
    status, said = check(slack, tmp_path, **more)
    assert status == 0, said


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xapp-1-wrong"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET"),
        ({"PRECEPTOR_SLACK_MODE": "socket", "SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN"),
        ({"PRECEPTOR_SLACK_MODE": "socket", "SLACK_APP_TOKEN": "xapp-wrong"}, "SLACK_APP_TOKEN"),
        ({"PRECEPTOR_SLACK_MODE": "pigeon"}, "PRECEPTOR_SLACK_MODE"),
        ({"PRECEPTOR_SLACK_API_URL": "http://127.0.0.1:9/api/"}, "reach"),
        ({"SLACK_SIGNING_SECRET": "not a secret"}, "SLACK_SIGNING_SECRET"),
    ],
    ids=[
        "a token of nobody", "a token of another kind", "no signing secret", "no app token",
        "a wrong app token", "an unknown mode", "Slack out of reach", "an odd signing secret",
    ],
)  # fmt: skip
def test_check_says_what_is_wrong(
    slack: FakeSlack, tmp_path: Path, more: dict[str, str], says: str
):
    status, said = check(slack, tmp_path, **more)
    assert status != 0
    assert says in said


def test_check_names_scopes_that_are_missing(slack: FakeSlack, tmp_path: Path):
    team = slack.world.teams[ONE]
    known = set(team.scopes)
    team.scopes -= {"chat:write", "commands"}
    try:
        status, said = check(slack, tmp_path)
    finally:
        team.scopes = known
    assert status != 0
    assert "chat:write" in said and "commands" in said


def test_check_never_shows_a_secret(slack: FakeSlack, tmp_path: Path):
    _, said = check(slack, tmp_path)
    _, failed = check(slack, tmp_path, SLACK_BOT_TOKEN="xoxb-wrong-and-secret")
    for secret in (SIGNING_SECRET, slack.world.teams[ONE].token, "xoxb-wrong-and-secret"):
        assert secret not in said + failed
