"""The real advisor behind a fake Slack, for tests, the benchmark and the demonstration."""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from preceptor.conversation.replies import reply_of
from tests.support.advisor import Advisor, Exchange, running_advisor, slots_of
from tests.support.slack_lab import slack_settings
from tests.support.tiny_project import free_port
from tools.slack_simulator import ONE, FakeSlack, Message, Person, Place, offered, unescaped
from tools.slack_simulator.manifest import read_manifest


@dataclass
class SlackAdvisor:
    """The advisor and the fake Slack that it talks with."""

    advisor: Advisor
    slack: FakeSlack
    _over_rest: dict[tuple[str, ...], list[list[str]]] = field(default_factory=dict)

    def expected(self, *texts: str) -> list[list[str]]:
        """Return the plain texts that answer messages sent one after the other, a list for each.

        They are asked for over REST, in a conversation of their own, and escaped as in Slack.
        """
        if texts not in self._over_rest:
            sender = f"expected-{uuid.uuid4()}"
            self._over_rest[texts] = [
                [
                    _typed((reply.get("text") or "").strip())
                    for reply in self.advisor.say(text, sender).replies
                    # A card comes as a message of its own over REST.
                    if reply.get("text")
                ]
                for text in texts
            ]
        return self._over_rest[texts]

    def person(self, name: str, team: str = ONE) -> Person:
        """Return a person of a workspace, by a name of their own."""
        return Person(self.slack, f"U0{name.upper()}", team)

    def ask(self, place: Place, text: str) -> Message:
        """Ask something and return the last message of the answer, which has what leads on."""
        said = place.say(text)
        place.wait_for_answer(said.ts)
        self.settle(place.person.id)
        return place.seen(said.ts)[-1]

    def waiting(self, person: str = "") -> int:
        """Return how much the channel has accepted or written and not yet answered or sent.

        Args:
            person: Whose conversations and DM are meant; those of all by default.
        """
        path = self.advisor.home / "var" / "channels.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as database:
            lanes = database.execute("SELECT lane FROM queue_items").fetchall()
        if not person:
            return len(lanes)
        # A DM's lane ends with its channel, D… where the person is U….
        ends = (person, f"D{person[1:]}")
        return sum(name.endswith(ends) for (name,) in lanes)

    def settle(self, person: str = "", seconds: float = 60) -> None:
        """Wait until all that was told is acknowledged, and a person's or all is answered."""
        self.slack.wait_for(
            lambda: (
                all(d.done.is_set() for d in list(self.slack.deliveries))
                and not self.waiting(person)
            ),
            "rest",
            seconds,
        )


@contextmanager
def slack_advisor(
    home: Path, *, socket_mode: bool, more: dict[str, str] | None = None
) -> Iterator[SlackAdvisor]:
    """Start a fake Slack and the real advisor that talks with it over one of the transports."""
    manifest = read_manifest(socket_mode=socket_mode)
    port = free_port()
    with (
        FakeSlack(
            scopes=manifest.scopes,
            subscriptions=manifest.events,
            socket_mode=socket_mode,
            request_url=f"http://127.0.0.1:{port}/webhooks/slack/events",
        ) as slack,
        running_advisor(home, port, {**slack_settings(slack), **(more or {})}) as advisor,
    ):
        # The first turn loads what the others find loaded; on a busy machine that is long.
        advisor.say("surgery in Kenya", "warm-up")
        if socket_mode:
            slack.wait_for(lambda: slack.connections, "the app's connection", 60)
        yield SlackAdvisor(advisor, slack)


@dataclass
class SlackTalk:
    """Holds a dialogue of tests/dialogues through Slack, in a DM, by typing and clicking.

    It has the two methods of `Advisor` that `run_dialogue` uses. What was read and done comes
    from the conversation store, what was said and offered from Slack.
    """

    behind: SlackAdvisor
    place: Place

    def say(self, text: str, _: str = "") -> Exchange:
        """Type a message, and wait for all answers."""
        return self._do(text, lambda: self.place.say(_typed(text)))

    def click(self, button: dict[str, str], _: str = "") -> Exchange:
        """Click the latest button of a title, and wait for all answers."""
        title = button["title"]
        message = [m for m in self.place.seen() if title in offered(m)][-1]
        return self._do(title, lambda: self.place.click(message, title))

    def _do(self, text: str, act: Callable[[], Any]) -> Exchange:
        conversation = f"slack:{self.place.person.team}:{self.place.person.id}"
        seen = len(self.behind.advisor.events(conversation))
        before = {m.ts: m.text for m in self.place.seen()}
        act()
        self._wait(conversation)
        return self._exchange(text, conversation, seen, before)

    def _wait(self, conversation: str) -> None:
        """Wait until the turn is over and all its answers stand in Slack."""
        slack = self.place.slack
        mine = [
            d for d in list(slack.deliveries)
            if not d.done.is_set() and f"'{self.place.person.id}'" in str(d.payload)
        ]  # fmt: skip
        slack.wait_for(
            lambda: (
                all(d.done.is_set() for d in mine) and not self.behind.waiting(self.place.person.id)
            ),
            f"the end of a turn of {conversation}",
            90,
        )

    def _exchange(
        self, text: str, conversation: str, seen: int, before: dict[str, str]
    ) -> Exchange:
        exchange = Exchange(text, [])
        events = self.behind.advisor.events(conversation)
        titles: list[str] = []
        cards = []
        for event in events[seen:]:
            exchange.hear(event)
            if event["event"] == "bot":
                data = event.get("data") or {}
                titles += [choice.title for choice in reply_of(data).choices]
                if data.get("custom"):
                    cards.append(data["custom"])
        exchange.slots = slots_of(events)
        # A page of results may have taken the place of the page before.
        for message in (m for m in self.place.seen() if before.get(m.ts) != m.text):
            exchange.replies.append(
                {
                    "text": unescaped(message.text),
                    "buttons": [
                        {"title": title, "payload": "sealed"}
                        for title in offered(message)
                        if title in titles
                    ],
                }
            )
        exchange.replies += [{"text": "", "custom": card} for card in cards]
        return exchange


def _typed(text: str) -> str:
    """Return what somebody typed as Slack's events have it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
