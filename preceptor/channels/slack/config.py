"""What connects the advisor with Slack: read once from the environment, typed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from preceptor.runtime.settings import Complaint

SLACK_API = "https://slack.com/api/"

BOT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "chat:write",
    "commands",
    "groups:history",
    "im:history",
    "im:write",
    "mpim:history",
)
"""What the advisor asks a workspace for; docs/slack.md says why it needs each."""

BOT_EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "assistant_thread_started",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
)
COMMAND = "/preceptor"
SHORTCUT = "ask_preceptor"

_VARIABLES = (
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_APP_TOKEN",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "PRECEPTOR_SLACK_MODE",
)
_DOCS = "docs/slack.md tells where to find it."


@dataclass(frozen=True)
class SlackConfig:
    """How the advisor reaches Slack and how Slack reaches it.

    Attributes:
        mode: `http`, where Slack calls us, or `socket`, where we call Slack.
        bot_token: The token of one workspace, or None where workspaces install by OAuth alone.
        signing_secret: What Slack signs its calls with; needed for HTTP.
        app_token: What opens Socket Mode; needed for that.
        client_id: The app's id for OAuth, with its secret, or None where that is off.
        client_secret: The secret that goes with it.
        redirect_uri: Where Slack sends a browser back to, where the app has several addresses.
        api_url: Slack's API; tests have their own.
        redis_url: Where keys are remembered for several servers, or None.
        native_blocks: Whether to send blocks that not every workspace has yet.
    """

    mode: Literal["http", "socket"]
    bot_token: str | None
    signing_secret: str
    app_token: str | None
    client_id: str | None
    client_secret: str | None
    redirect_uri: str | None
    api_url: str
    redis_url: str | None
    native_blocks: bool


def load_slack(environ: Mapping[str, str] = os.environ) -> SlackConfig | None:
    """Read Slack's settings from environment variables.

    Args:
        environ: The variables of docs/slack.md.

    Returns:
        The settings, or None where no variable of Slack's is set: then Slack is off.

    Raises:
        Complaint: If it is half set up, with what is missing.
    """
    values = {name: environ.get(name, "").strip() for name in _VARIABLES}
    if not any(values.values()):
        return None
    mode = values["PRECEPTOR_SLACK_MODE"] or "http"
    if mode not in ("http", "socket"):
        raise Complaint(f'PRECEPTOR_SLACK_MODE is "{mode}"; it must be "http" or "socket".')
    _check_token("SLACK_BOT_TOKEN", values["SLACK_BOT_TOKEN"], "xoxb-")
    _check_token("SLACK_APP_TOKEN", values["SLACK_APP_TOKEN"], "xapp-")
    if bool(values["SLACK_CLIENT_ID"]) != bool(values["SLACK_CLIENT_SECRET"]):
        have, lack = "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"
        if values[lack]:
            have, lack = lack, have
        raise Complaint(f"{have} is set and {lack} is not; OAuth needs both. {_DOCS}")
    if not values["SLACK_BOT_TOKEN"] and not values["SLACK_CLIENT_ID"]:
        raise Complaint(
            "Slack is half set up: SLACK_BOT_TOKEN is missing (or SLACK_CLIENT_ID with "
            f"SLACK_CLIENT_SECRET, for several workspaces). {_DOCS}"
        )
    if mode == "http" and not values["SLACK_SIGNING_SECRET"]:
        raise Complaint(
            "Slack is half set up: over HTTP it needs SLACK_SIGNING_SECRET, or else set "
            f"PRECEPTOR_SLACK_MODE=socket and SLACK_APP_TOKEN. {_DOCS}"
        )
    if mode == "socket" and not values["SLACK_APP_TOKEN"]:
        raise Complaint(f"Slack is half set up: Socket Mode needs SLACK_APP_TOKEN. {_DOCS}")
    api_url = environ.get("PRECEPTOR_SLACK_API_URL", "").strip() or SLACK_API
    if not re.match(r"https?://[^/\s]+", api_url):
        raise Complaint(f'PRECEPTOR_SLACK_API_URL is "{api_url}", which is no web address.')
    native = environ.get("PRECEPTOR_SLACK_NATIVE_BLOCKS", "").strip().lower() or "on"
    if native not in ("on", "off"):
        raise Complaint(f'PRECEPTOR_SLACK_NATIVE_BLOCKS is "{native}"; it must be "on" or "off".')
    return SlackConfig(
        mode="socket" if mode == "socket" else "http",
        bot_token=values["SLACK_BOT_TOKEN"] or None,
        signing_secret=values["SLACK_SIGNING_SECRET"],
        app_token=values["SLACK_APP_TOKEN"] or None,
        client_id=values["SLACK_CLIENT_ID"] or None,
        client_secret=values["SLACK_CLIENT_SECRET"] or None,
        redirect_uri=environ.get("SLACK_REDIRECT_URI", "").strip() or None,
        api_url=api_url.rstrip("/") + "/",
        redis_url=environ.get("REDIS_URL", "").strip() or None,
        native_blocks=native == "on",
    )


def _check_token(name: str, value: str, start: str) -> None:
    if value and not value.startswith(start):
        raise Complaint(f'{name} must begin with "{start}"; please copy it again. {_DOCS}')
