"""Slack's settings: off, half set up, set up; and the manifests that go with them."""

from typing import Any

import pytest
from ruamel.yaml import YAML

from preceptor.channels.slack import SlackInput
from preceptor.channels.slack.config import (
    BOT_EVENTS,
    BOT_SCOPES,
    COMMAND,
    SHORTCUT,
)
from preceptor.channels.slack.home import prompts as prompts_of_home
from preceptor.runtime.settings import Complaint, load_slack_settings
from tests.support.tiny_project import ROOT

HTTP = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}
SOCKET = {
    "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "PRECEPTOR_SLACK_MODE": "socket",
}  # fmt: skip


def test_without_slacks_variables_slack_is_off(set_environment) -> None:
    set_environment(SLACK_BOT_TOKEN=" ")
    assert load_slack_settings() is None


def test_both_transports_are_read(set_environment) -> None:
    set_environment(**HTTP)
    http = load_slack_settings()
    assert http is not None and http.mode == "http" and http.api_url == "https://slack.com/api/"
    set_environment(**SOCKET)
    socket = load_slack_settings()
    assert socket is not None and socket.mode == "socket" and socket.native_blocks


def test_an_address_of_the_api_may_lack_its_last_slash(set_environment) -> None:
    set_environment(**HTTP, PRECEPTOR_SLACK_API_URL="http://127.0.0.1:1/api")
    config = load_slack_settings()
    assert config is not None and config.api_url == "http://127.0.0.1:1/api/"


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"SLACK_SIGNING_SECRET": "s"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_SIGNING_SECRET"),
        ({**HTTP, "PRECEPTOR_SLACK_MODE": "socket"}, "SLACK_APP_TOKEN"),
        ({**HTTP, "PRECEPTOR_SLACK_MODE": "carrier"}, "PRECEPTOR_SLACK_MODE"),
        ({**HTTP, "SLACK_BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN"),
        ({**SOCKET, "SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({**HTTP, "SLACK_CLIENT_ID": "1.2"}, "SLACK_CLIENT_SECRET"),
        ({**HTTP, "SLACK_CLIENT_SECRET": "1.2"}, "SLACK_CLIENT_ID"),
        ({**HTTP, "PRECEPTOR_SLACK_API_URL": "slack"}, "PRECEPTOR_SLACK_API_URL"),
        ({**HTTP, "PRECEPTOR_SLACK_NATIVE_BLOCKS": "maybe"}, "PRECEPTOR_SLACK_NATIVE_BLOCKS"),
    ],
)
def test_half_set_up_is_refused_with_what_is_missing(
    environ: dict[str, str], names: str, set_environment
) -> None:
    set_environment(**environ)
    with pytest.raises(Complaint) as complaint:
        load_slack_settings()
    assert names in complaint.value.message and complaint.value.message.endswith(".")


def test_half_set_up_turns_slack_off_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "s")
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    assert SlackInput.from_credentials(None)._config is None


@pytest.fixture(params=["http", "socket"])
def manifest(request: pytest.FixtureRequest) -> dict[str, Any]:
    path = ROOT / "deploy" / "slack" / f"manifest.{request.param}.yml"
    content = YAML(typ="safe").load(path.read_text("utf-8"))
    assert content["settings"]["socket_mode_enabled"] == (request.param == "socket")
    return content


def test_the_manifests_ask_for_what_the_code_uses(manifest: dict[str, Any]) -> None:
    features = manifest["features"]
    assert manifest["oauth_config"]["scopes"]["bot"] == list(BOT_SCOPES)
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == list(BOT_EVENTS)
    assert [each["command"] for each in features["slash_commands"]] == [COMMAND]
    assert [each["callback_id"] for each in features["shortcuts"]] == [SHORTCUT]
    prompts = features["agent_view"]["suggested_prompts"]
    assert prompts == prompts_of_home()
    assert features["app_home"]["messages_tab_enabled"] and features["app_home"]["home_tab_enabled"]


def test_the_manifests_keep_to_slacks_limits(manifest: dict[str, Any]) -> None:
    shown = manifest["display_information"]
    assert len(shown["name"]) <= 35 and len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4_000


def test_over_http_everything_comes_to_one_address(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    addresses = {
        settings["event_subscriptions"].get("request_url"),
        settings["interactivity"].get("request_url"),
        manifest["features"]["slash_commands"][0].get("url"),
    }
    if settings["socket_mode_enabled"]:
        assert addresses == {None}
    else:
        assert addresses == {"https://preceptor.example.org/webhooks/slack/events"}
