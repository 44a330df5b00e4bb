"""The app's manifests, deploy/slack/*.yml, as far as the fake Slack obeys them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.tiny_project import ROOT

FOLDER = ROOT / "deploy" / "slack"


@dataclass(frozen=True)
class Manifest:
    """What an app asks for.

    Attributes:
        scopes: of the bot.
        events: to which it subscribes.
        commands: such as `/preceptor`.
        message_shortcuts: `{"name", "callback_id"}` each.
    """

    scopes: set[str]
    events: set[str]
    commands: list[str] = field(default_factory=list)
    message_shortcuts: list[dict[str, str]] = field(default_factory=list)


def read_manifest(*, socket_mode: bool) -> Manifest:
    """Return the project's manifest for one of the transports."""
    path = _file(socket_mode)
    content: dict[str, Any] = YAML(typ="safe").load(path.read_text("utf-8"))
    features, settings = content["features"], content["settings"]
    return Manifest(
        set(content["oauth_config"]["scopes"]["bot"]),
        set(settings["event_subscriptions"]["bot_events"]),
        [each["command"] for each in features.get("slash_commands", [])],
        [
            {"name": each["name"], "callback_id": each["callback_id"]}
            for each in features.get("shortcuts", [])
            if each["type"] == "message"
        ],
    )


def _file(socket_mode: bool) -> Path:
    for path in sorted(FOLDER.glob("*.y*ml")):
        content = YAML(typ="safe").load(path.read_text("utf-8"))
        if bool(content["settings"].get("socket_mode_enabled")) == socket_mode:
            return path
    raise FileNotFoundError(f"there is no manifest for socket_mode={socket_mode} in {FOLDER}")
