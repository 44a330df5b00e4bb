"""What a fake Slack knows: teams, people, channels, messages and views. Pure state, no I/O."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ONE = "T0ONE"
TWO = "T0TWO"
MAIN = "C0MAIN"
OTHER = "C0OTHER"

# What the Web API methods need, from https://docs.slack.dev/reference/methods.
SCOPE_OF = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.delete": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "conversations.open": {"im:write", "mpim:write", "channels:manage", "groups:write"},
    "conversations.info": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "conversations.members": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "conversations.history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "users.info": {"users:read"},
    "assistant.threads.setStatus": {"assistant:write", "chat:write"},
    "assistant.threads.setSuggestedPrompts": {"assistant:write"},
    "assistant.threads.setTitle": {"assistant:write"},
    "reactions.add": {"reactions:write"},
    "reactions.remove": {"reactions:write"},
}
# What the Events API needs, from https://docs.slack.dev/reference/events.
SCOPE_OF_EVENT = {
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.mpim": "mpim:history",
    "assistant_thread_started": "assistant:write",
    "assistant_thread_context_changed": "assistant:write",
}


@dataclass
class Channel:
    """A channel, group DM or DM.

    Attributes:
        kind: as events name it: channel, group, mpim or im.
        members: ids of people and bots.
    """

    id: str
    team: str
    kind: str
    name: str = ""
    members: set[str] = field(default_factory=set)


@dataclass
class Message:
    """A message as Slack keeps it; `ephemeral_to` names the only person who sees it."""

    team: str
    channel: str
    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    from_bot: bool = False
    ephemeral_to: str | None = None
    deleted: bool = False
    metadata: dict[str, Any] | None = None
    earlier: list[list[dict[str, Any]]] = field(default_factory=list)

    def change(self, text: str, blocks: list[dict[str, Any]]) -> None:
        """Replace what it shows; `earlier` keeps what was shown before."""
        self.earlier.append(self.blocks)
        self.text, self.blocks = text, blocks

    def body(self, bot_id: str = "") -> dict[str, Any]:
        """Return it as Slack's API and its events show it."""
        body: dict[str, Any] = {
            "type": "message", "user": self.user, "text": self.text, "ts": self.ts,
            "team": self.team,
        }  # fmt: skip
        if self.blocks:
            body["blocks"] = self.blocks
        if self.thread_ts:
            body["thread_ts"] = self.thread_ts
        if self.from_bot:
            body |= {"bot_id": bot_id, "app_id": "A0APP"}
        if self.metadata:
            body["metadata"] = self.metadata
        if self.earlier:
            body["edited"] = {"user": self.user, "ts": self.ts}
        return body

    def elements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (block_id, element) of everything that can be clicked."""
        yield from clickable(self.blocks)


def clickable(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (block_id, element) of everything that can be clicked in blocks."""
    for block in blocks:
        name = block.get("block_id", "")
        if block["type"] == "carousel":
            yield from clickable(block["elements"])
        for key in ("elements", "actions"):
            for element in block.get(key) or []:
                if element.get("action_id"):
                    yield name, element
        for key in ("accessory", "element"):
            if (block.get(key) or {}).get("action_id"):
                yield name, block[key]


@dataclass
class Team:
    """A workspace in which the app is installed, or was."""

    id: str
    name: str
    token: str
    bot_user: str
    bot_id: str
    installed: bool = True
    scopes: set[str] = field(default_factory=set)


@dataclass
class Call:
    """One call of the Web API or of a response_url."""

    method: str
    body: dict[str, Any]
    team: str
    at: float
    ok: bool = False
    error: str = ""


class Workspaces:
    """Two workspaces with the same people, and everything posted in them."""

    def __init__(self, scopes: set[str]) -> None:
        """Start with the app installed in both and a member of their channels."""
        self.scopes = set(scopes)
        self.teams: dict[str, Team] = {}
        self.channels: dict[tuple[str, str], Channel] = {}
        self.messages: list[Message] = []
        self.homes: dict[tuple[str, str], dict[str, Any]] = {}
        self.modals: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, str, str]] = []
        self.prompts: dict[str, list[dict[str, str]]] = {}
        self.titles: dict[str, str] = {}
        self.reactions: list[tuple[str, str, str]] = []
        self.calls: list[Call] = []
        self.codes: dict[str, str] = {}
        self._ids = itertools.count(1)
        self._last_ts = (0, 0)
        for team, name in ((ONE, "Northfield Medical School"), (TWO, "Lakeside Students")):
            self.install(team, name)

    def install(self, team: str, name: str) -> Team:
        """Install the app in a workspace, with a fresh token; channels are made if new."""
        number = team[2:]
        made = Team(
            team, name, f"xoxb-{number.lower()}-{next(self._ids)}", f"U0BOT{number}",
            f"B0BOT{number}", scopes=set(self.scopes),
        )  # fmt: skip
        self.teams[team] = made
        for channel, title in ((MAIN, "electives-abroad"), (OTHER, "general")):
            self.channels.setdefault(
                (team, channel), Channel(channel, team, "channel", title)
            ).members.add(made.bot_user)
        return made

    def team_of_token(self, token: str) -> Team | None:
        """Return the workspace to which a bot token belongs."""
        return next((t for t in self.teams.values() if t.token == token), None)

    def dm(self, team: str, user: str) -> Channel:
        """Return the DM of a person with the app, made when first asked for."""
        name = f"D{user[1:]}"
        bot = self.teams[team].bot_user
        return self.channels.setdefault((team, name), Channel(name, team, "im", user, {user, bot}))

    def group_dm(self, team: str, *users: str) -> Channel:
        """Return a group DM of people with the app."""
        name = "G" + "".join(user[1:] for user in sorted(users))
        bot = self.teams[team].bot_user
        return self.channels.setdefault(
            (team, name), Channel(name, team, "mpim", ",".join(users), {*users, bot})
        )

    def next_ts(self) -> str:
        """Return a timestamp that no message has yet and that is later than all."""
        second, count = self._last_ts
        now = int(time.time())
        self._last_ts = (now, 1) if now > second else (second, count + 1)
        return f"{self._last_ts[0]}.{self._last_ts[1]:06d}"

    def next_id(self, prefix: str) -> str:
        """Return an id that nothing else has."""
        return f"{prefix}{next(self._ids):08X}"

    def find(self, team: str, channel: str, ts: str) -> Message | None:
        """Return a message by its place and timestamp."""
        for message in reversed(self.messages):
            if (message.team, message.channel, message.ts) == (team, channel, ts):
                return message
        return None

    def thread(self, team: str, channel: str, ts: str) -> list[Message]:
        """Return a thread's messages that everybody sees, its parent first."""
        return [
            m for m in self.messages
            if (m.team, m.channel) == (team, channel)
            and ts in (m.ts, m.thread_ts)
            and not m.ephemeral_to and not m.deleted
        ]  # fmt: skip
