"""People of the fake Slack: what they type and click, and the events that the app gets."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tools.slack_simulator.server import ACK_LIMIT_SECONDS, WAIT_SECONDS, Delivery, FakeSlack
from tools.slack_simulator.workspace import (
    MAIN,
    ONE,
    SCOPE_OF_EVENT,
    Channel,
    Message,
    clickable,
)

_EVENT_OF_KIND = {"im": "message.im", "channel": "message.channels", "group": "message.groups",
                  "mpim": "message.mpim"}  # fmt: skip


@dataclass
class Person:
    """A member of a workspace."""

    slack: FakeSlack
    id: str
    team: str = ONE

    def dm(self) -> "Place":
        """Return the DM with the app."""
        return Place(self, self.slack.world.dm(self.team, self.id))

    def channel(self, name: str = MAIN) -> "Place":
        """Return a channel, joined if needed."""
        channel = self.slack.world.channels[self.team, name]
        channel.members.add(self.id)
        return Place(self, channel)

    def group_dm(self, *others: str) -> "Place":
        """Return a group DM with others and the app."""
        return Place(self, self.slack.world.group_dm(self.team, self.id, *others))

    def command(self, text: str, place: "Place | None" = None, **more: str) -> Delivery:
        """Type `/preceptor <text>` in a place, a channel by default."""
        place = place or self.channel()
        team = self.slack.world.teams[self.team]
        payload = {
            "token": "old-verification-token", "team_id": self.team, "team_domain": team.name,
            "channel_id": place.channel.id, "channel_name": place.channel.name or "directmessage",
            "user_id": self.id, "user_name": self.id.lower(), "command": "/preceptor",
            "text": text, "api_app_id": "A0APP", "is_enterprise_install": "false",
            "response_url": self.slack.response_url(
                team=self.team, channel=place.channel.id, user=self.id
            ),
            "trigger_id": self.slack.world.next_id("trigger."),
            **more,
        }  # fmt: skip
        delivery = self.slack.deliver("slash_commands", payload)
        attempt = delivery.wait()
        if attempt.ok and attempt.body.strip():
            self._show_answer_of_command(attempt.body, place)
        return delivery

    def _show_answer_of_command(self, body: str, place: "Place") -> None:
        """Show what the app put into its acknowledgement, as Slack does."""
        try:
            said = json.loads(body)
        except ValueError:
            said = {"text": body}
        team = self.slack.world.teams[self.team]
        self.slack.api.check(said, "answer to a command")
        self.slack.world.messages.append(
            Message(
                self.team, place.channel.id, self.slack.world.next_ts(), team.bot_user,
                str(said.get("text") or ""), self.slack.api.named_blocks(said.get("blocks")),
                from_bot=True,
                ephemeral_to=None if said.get("response_type") == "in_channel" else self.id,
            )
        )  # fmt: skip
        self.slack.notify()

    def open_home(self) -> Delivery:
        """Open the app's Home tab."""
        return self._open_tab("home")

    def open_messages_tab(self) -> Delivery:
        """Open the app's Messages tab, where the assistant of new apps lives."""
        return self._open_tab("messages")

    def _open_tab(self, tab: str) -> Delivery:
        event: dict[str, Any] = {
            "type": "app_home_opened", "user": self.id, "tab": tab,
            "channel": self.dm().channel.id, "event_ts": self.slack.world.next_ts(),
        }  # fmt: skip
        if tab == "home" and (view := self.home()):
            event["view"] = {**view, "team_id": self.team}
        return self.slack.tell_event(event, self.team)

    def home(self) -> dict[str, Any] | None:
        """Return the App Home as the app last published it for this person."""
        return self.slack.world.homes.get((self.team, self.id))

    def click_home(self, wanted: str, *element: str) -> Delivery:
        """Click what has this text, action or option in the App Home."""
        home = self.home()
        assert home, "there is no App Home yet"
        payload = self._interaction("block_actions") | {
            "container": {"type": "view", "view_id": home["id"]},
            "view": {**home, "team_id": self.team},
            "actions": [_action_on(home["blocks"], wanted, *element)],
        }
        return self.slack.deliver("interactive", payload)

    def submit(self, view: dict[str, Any], values: dict[str, Any] | None = None) -> Delivery:
        """Submit a modal; `values` is its state, by block and action."""
        payload = self._interaction("view_submission") | {
            "view": {**view, "team_id": self.team, "state": {"values": values or {}}},
            "response_urls": [],
        }
        return self.slack.deliver("interactive", payload)

    def shortcut(self, message: Message, callback_id: str, place: "Place") -> Delivery:
        """Use a message shortcut on somebody's message."""
        bot = self.slack.world.teams[self.team].bot_id
        payload = self._interaction("message_action") | {
            "callback_id": callback_id, "message_ts": message.ts,
            "channel": {"id": place.channel.id, "name": place.channel.name},
            "message": message.body(bot),
            "response_url": self.slack.response_url(
                team=self.team, channel=place.channel.id, user=self.id, thread_ts=message.thread_ts
            ),
        }  # fmt: skip
        return self.slack.deliver("interactive", payload)

    def global_shortcut(self, callback_id: str) -> Delivery:
        """Use a global shortcut."""
        payload = self._interaction("shortcut") | {"callback_id": callback_id}
        return self.slack.deliver("interactive", payload)

    def open_assistant(self) -> "Place":
        """Open the assistant panel of a workspace that still sends `assistant_*` events."""
        dm = self.dm()
        root = Message(
            self.team, dm.channel.id, self.slack.world.next_ts(),
            self.slack.world.teams[self.team].bot_user, "New chat", from_bot=True,
        )  # fmt: skip
        self.slack.world.messages.append(root)
        self.slack.tell_event(
            {
                "type": "assistant_thread_started", "event_ts": root.ts,
                "assistant_thread": {
                    "user_id": self.id, "context": {}, "channel_id": dm.channel.id,
                    "thread_ts": root.ts,
                },
            },
            self.team,
        )  # fmt: skip
        return Place(self, dm.channel, root.ts)

    def _interaction(self, kind: str) -> dict[str, Any]:
        team = self.slack.world.teams[self.team]
        return {
            "type": kind, "token": "old-verification-token", "api_app_id": "A0APP",
            "action_ts": self.slack.world.next_ts(),
            "trigger_id": self.slack.world.next_id("trigger."),
            "team": {"id": self.team, "domain": team.name},
            "user": {"id": self.id, "username": self.id.lower(), "name": self.id.lower(),
                     "team_id": self.team},
            "enterprise": None, "is_enterprise_install": False,
        }  # fmt: skip


@dataclass
class Place:
    """Where a person writes: a DM, a channel or a thread in one of them."""

    person: Person
    channel: Channel
    thread_ts: str | None = None

    @property
    def slack(self) -> FakeSlack:
        """The fake Slack."""
        return self.person.slack

    @property
    def bot(self) -> str:
        """How the app is mentioned here."""
        return f"<@{self.slack.world.teams[self.person.team].bot_user}>"

    def thread_of(self, message: Message) -> "Place":
        """Return the thread of a message."""
        return Place(self.person, self.channel, message.thread_ts or message.ts)

    def write(self, text: str, **more: Any) -> tuple[Message, list[dict[str, Any]]]:
        """Post a message here and return it with the events that Slack would send.

        Args:
            text: As Slack's events have it: with `&amp;`, `&lt;` and markup.
            more: Keys to add to the event, such as `files` and `subtype`.
        """
        message = Message(
            self.person.team, self.channel.id, self.slack.world.next_ts(), self.person.id, text,
            thread_ts=self.thread_ts,
        )  # fmt: skip
        self.slack.world.messages.append(message)
        event: dict[str, Any] = {
            "type": "message", "channel": self.channel.id, "channel_type": self.channel.kind,
            "user": self.person.id, "text": text, "ts": message.ts, "event_ts": message.ts,
            "team": self.person.team, "client_msg_id": self.slack.world.next_id("msg-"), **more,
        }  # fmt: skip
        if self.thread_ts:
            event["thread_ts"] = self.thread_ts
            parent = self.slack.world.find(self.person.team, self.channel.id, self.thread_ts)
            if parent:
                event["parent_user_id"] = parent.user
        events = []
        if self.told(_EVENT_OF_KIND[self.channel.kind]):
            events.append(event)
        if self.bot in text and self.channel.kind != "im" and self.told("app_mention"):
            mention = {key: value for key, value in event.items() if key != "channel_type"}
            events.append({**mention, "type": "app_mention"})
        return message, events

    def told(self, event: str) -> bool:
        """Say whether the app hears of an event here: subscribed, in scope and a member."""
        team = self.slack.world.teams[self.person.team]
        return (
            event in self.slack.subscriptions
            and SCOPE_OF_EVENT[event] in team.scopes
            and team.bot_user in self.channel.members
        )

    def say(self, text: str, **more: Any) -> Message:
        """Write something here; the app gets the event if it subscribed to it."""
        message, events = self.write(text, **more)
        for event in events:
            self.slack.tell_event(event, self.person.team)
        self.slack.notify()
        return message

    def mention(self, text: str, **more: Any) -> Message:
        """Write something here that mentions the app."""
        return self.say(f"{self.bot} {text}", **more)

    def seen(self, since: str = "", *, threads: bool = False) -> list[Message]:
        """Return what the app has posted here for this person to see after a timestamp.

        Args:
            since: A timestamp, or "" for all.
            threads: Whether what stands in threads here counts as well.
        """
        return [
            message
            for message in list(self.slack.world.messages)
            if (message.team, message.channel) == (self.person.team, self.channel.id)
            and message.from_bot
            and message.ts > since
            and not message.deleted
            and message.ephemeral_to in (None, self.person.id)
            and (message.thread_ts == self.thread_ts or (threads and not self.thread_ts))
        ]

    def wait_for_answer(
        self,
        since: str,
        want: Callable[[Message], bool] = lambda message: True,
        seconds: float = WAIT_SECONDS,
        *,
        threads: bool = False,
    ) -> Message:
        """Wait for the first message of the app after a timestamp that one wants.

        `threads` is as for `seen`.
        """
        return self.slack.wait_for(
            lambda: next((m for m in self.seen(since, threads=threads) if want(m)), None),
            f"an answer in {self.channel.id}",
            seconds,
        )

    def ask(self, text: str, **more: Any) -> Message:
        """Write something here and wait for the app's first message."""
        said = self.say(text, **more)
        return self.wait_for_answer(said.ts)

    def click(self, message: Message, wanted: str, *element: str, again: bool = False) -> Delivery:
        """Click what has this text or action id in a message, or choose this option.

        Args:
            message: Where it is.
            wanted: A button's text, a select's option, `positive` or `negative`, or an action id.
            element: The block_id and action_id of the element, where the text is not enough.
            again: Click what was there before the message was changed: a slow second click.
        """
        blocks = message.earlier[-1] if again and message.earlier else message.blocks
        return self.send_action(message, _action_on(blocks, wanted, *element), blocks)

    def send_action(
        self,
        message: Message,
        action: dict[str, Any],
        blocks: list[dict[str, Any]] | None = None,
    ) -> Delivery:
        """Send a click with this action, whether the message offers it or not."""
        bot = self.slack.world.teams[self.person.team].bot_id
        body = message.body(bot)
        if blocks is not None:
            body["blocks"] = blocks
        container: dict[str, Any] = {
            "type": "message", "message_ts": message.ts, "channel_id": self.channel.id,
            "is_ephemeral": message.ephemeral_to is not None,
        }  # fmt: skip
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        action = {"action_ts": self.slack.world.next_ts(), **action}
        payload = self.person._interaction("block_actions") | {
            "container": container, "message": body, "actions": [action],
            "channel": {"id": self.channel.id, "name": self.channel.name or "directmessage"},
            "state": {"values": {}},
            "response_url": self.slack.response_url(
                team=self.person.team, channel=self.channel.id, user=self.person.id,
                ts=message.ts, thread_ts=message.thread_ts,
            ),
        }  # fmt: skip
        if message.ephemeral_to is not None:
            # Slack does not send an ephemeral message back with a click on it.
            del payload["message"]
        return self.slack.deliver("interactive", payload)


def _choices(element: dict[str, Any]) -> list[tuple[set[str], dict[str, Any]]]:
    """Return what can be done with an element: its names, and the action as Slack reports it."""
    kind = element["type"]
    base = {"action_id": element["action_id"], "type": kind}
    if kind == "button":
        value = {"value": element["value"]} if "value" in element else {}
        names = {element["text"]["text"], element["action_id"]}
        return [(names, base | value | {"text": element["text"]})]
    if kind == "feedback_buttons":
        sides = (("positive", element["positive_button"]), ("negative", element["negative_button"]))
        return [
            ({side}, base | {"value": button["value"], "text": button["text"]})
            for side, button in sides
        ]
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        options += group["options"]
    return [
        ({option["text"]["text"], option["value"]}, base | {"selected_option": option})
        for option in options
    ]


def _action_on(
    blocks: list[dict[str, Any]], wanted: str, block_id: str = "", action_id: str = ""
) -> dict[str, Any]:
    """Return the action, as Slack reports it, of what has this text, within an element if named."""
    names: list[str] = []
    for block, element in clickable(blocks):
        if (block_id and block != block_id) or (action_id and element["action_id"] != action_id):
            continue
        for known, action in _choices(element):
            names += sorted(known)
            if wanted in known:
                return action | {"block_id": block}
    raise AssertionError(f"there is nothing {wanted!r} to click; there is {names}")


def offered(message: Message) -> list[str]:
    """Return the texts of everything that can be clicked in a message, in order."""
    texts = []
    for _, element in message.elements():
        if element["type"] == "button":
            texts.append(element["text"]["text"])
        texts += [option["text"]["text"] for option in element.get("options") or []]
    return texts


def words(message: Message) -> str:
    """Return everything that a person reads in a message, with Slack's escapes undone."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                found.append(value["text"])
            for key, inner in value.items():
                if key in ("url", "value", "alt_text", "elements", "text", "fields", "rows",
                           "title", "subtitle", "body", "subtext", "actions", "accessory",
                           "options", "placeholder"):  # fmt: skip
                    walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(message.blocks)
    text = "\n".join(found) if message.blocks else message.text
    return unescaped(text)


def unescaped(text: str) -> str:
    """Return mrkdwn as it reads: links as "label (address)", escapes undone."""
    text = re.sub(r"<(https?://[^|>]+)\|([^>]*)>", r"\2 (\1)", text)
    text = re.sub(r"<((?:https?://|mailto:)[^|>]+)>", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


__all__ = ["ACK_LIMIT_SECONDS", "Person", "Place", "offered", "unescaped", "words"]
