"""The demonstration, `make slack-demo`: the advisor in a fake Slack, to be tried in a browser.

It starts the real advisor in Socket Mode with a fake Slack beside it, and serves a small page that
draws channels, threads and the App Home about as Slack does. Nothing leaves the machine.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.advisor import running_advisor
from tests.support.slack_lab import slack_settings
from tools.slack_simulator.manifest import read_manifest
from tools.slack_simulator.people import Person, Place
from tools.slack_simulator.server import SLACKS_DELAYS, FakeSlack
from tools.slack_simulator.workspace import ONE, Message

PAGE = Path(__file__).parent / "page"
PORT = 3900
PEOPLE = {"U0ALICE": "Alice", "U0BOB": "Bob"}
# Nothing of a third party, and nothing inline.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:"
)
_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


class Demo:
    """The page's side of the fake Slack."""

    def __init__(self, slack: FakeSlack, shortcuts: list[dict[str, str]]) -> None:
        """Add the page's routes to a fake Slack that has not started yet."""
        self.slack = slack
        self.shortcuts = shortcuts
        for person in PEOPLE:
            Person(slack, person).dm()
            Person(slack, person).channel()
        Person(slack, "U0ALICE").group_dm("U0BOB")
        slack.routes += [
            web.get("/", self._page),
            web.get("/page/{name}", self._page),
            web.get("/demo/people", self._people),
            web.get("/demo/state", self._state),
            web.post("/demo/act", self._act),
        ]

    async def _page(self, request: web.Request) -> web.Response:
        path = PAGE / request.match_info.get("name", "index.html")
        if path.name not in {each.name for each in PAGE.iterdir()}:
            raise web.HTTPNotFound
        return web.Response(
            text=path.read_text("utf-8"),
            content_type=_KINDS[path.suffix],
            headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
        )

    async def _people(self, _: web.Request) -> web.Response:
        return web.json_response(PEOPLE)

    async def _state(self, request: web.Request) -> web.Response:
        person = Person(self.slack, request.query["person"])
        state = self.state(person)
        # A cheap version: what is shown changes only when one of these does.
        state["version"] = hash(repr(state)) & 0xFFFFFFFF
        if request.query.get("seen") == str(state["version"]):
            return web.Response(status=204)
        return web.json_response(state)

    def state(self, person: Person) -> dict[str, Any]:
        """Return what one person may see."""
        world = self.slack.world
        team = world.teams[person.team]
        seen = {
            channel.id: channel
            for (where, _), channel in world.channels.items()
            if where == person.team and person.id in channel.members
        }
        latest: dict[tuple[str, str], str] = {}
        for channel, thread, text in world.statuses:
            latest[channel, thread] = text
        for message in world.messages:
            # A status ends with the answer, whether the app clears it or not.
            if message.from_bot:
                latest.pop((message.channel, message.thread_ts or ""), None)
        return {
            "team": team.name,
            "names": {**PEOPLE, team.bot_user: "Preceptor"},
            "connected": bool(self.slack.connections),
            "places": [
                {"id": c.id, "kind": c.kind, "name": self._name(c.id, person)}
                for c in seen.values()
            ],
            "messages": [
                {
                    "channel": m.channel, "ts": m.ts, "thread_ts": m.thread_ts, "user": m.user,
                    "bot": m.from_bot, "ephemeral": bool(m.ephemeral_to), "text": m.text,
                    "blocks": m.blocks, "edited": bool(m.earlier),
                }
                for m in world.messages
                if m.team == person.team and m.channel in seen and not m.deleted
                and m.ephemeral_to in (None, person.id)
            ],
            "home": person.home(),
            "modals": [view for view in world.modals if view.get("team_id") == person.team],
            "prompts": world.prompts,
            "statuses": [
                {"channel": channel, "thread": thread, "text": text}
                for (channel, thread), text in latest.items()
                if text and channel in seen
            ],
            "shortcuts": self.shortcuts,
        }  # fmt: skip

    def _name(self, channel: str, person: Person) -> str:
        known = self.slack.world.channels[person.team, channel]
        if known.kind == "im":
            return "Preceptor"
        if known.kind == "mpim":
            return ", ".join(
                PEOPLE.get(each, "Preceptor") for each in sorted(known.members - {person.id})
            )
        return known.name

    async def _act(self, request: web.Request) -> web.Response:
        what = await request.json()
        try:
            # In a thread: a command waits for its acknowledgement, which comes through this loop.
            await asyncio.to_thread(self.act, what)
        except (AssertionError, KeyError, StopIteration) as error:
            return web.json_response({"error": str(error) or "That is not possible."}, status=400)
        return web.json_response({})

    def act(self, what: dict[str, Any]) -> None:
        """Do what was done on the page, `{"person", "do", ...}`."""
        person = Person(self.slack, what["person"])
        done: dict[str, Callable[[], Any]] = {
            "say": lambda: self._place(person, what).say(self._typed(what["text"])),
            "command": lambda: person.command(what["text"], self._place(person, what)),
            "click": lambda: self._place(person, what).click(
                self._message(what), what["wanted"], what["block_id"], what["action_id"]
            ),
            "home": person.open_home,
            "click-home": lambda: person.click_home(
                what["wanted"], what["block_id"], what["action_id"]
            ),
            "assistant": lambda: self._open_chat(person),
            "shortcut": lambda: person.shortcut(
                self._message(what), what["callback_id"], self._place(person, what)
            ),
            "submit": lambda: self._submit(person, what),
            "close": lambda: self._close(what["view"]),
        }
        done[what["do"]]()

    def _open_chat(self, person: Person) -> None:
        person.open_messages_tab()
        if self.slack.subscriptions >= {"assistant_thread_started"}:
            person.open_assistant()

    def _place(self, person: Person, what: dict[str, Any]) -> Place:
        channel = self.slack.world.channels[person.team, what["channel"]]
        return Place(person, channel, what.get("thread_ts"))

    def _message(self, what: dict[str, Any]) -> Message:
        message = self.slack.world.find(ONE, what["channel"], what["ts"])
        assert message, "That message is gone."
        return message

    def _typed(self, text: str) -> str:
        """Return what somebody typed as Slack's events have it."""
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        bot = self.slack.world.teams[ONE].bot_user
        return text.replace("@preceptor", f"<@{bot}>").replace("@Preceptor", f"<@{bot}>")

    def _submit(self, person: Person, what: dict[str, Any]) -> None:
        view = next(v for v in self.slack.world.modals if v["id"] == what["view"])
        values: dict[str, Any] = {}
        for name, value in what["fields"].items():
            block, _, action = name.partition(" ")
            values.setdefault(block, {})[action] = {"type": "plain_text_input", "value": value}
        if person.submit(view, values).wait().ok:
            self._close(view["id"])

    def _close(self, view: str) -> None:
        self.slack.world.modals = [v for v in self.slack.world.modals if v["id"] != view]
        self.slack.notify()


def main() -> None:
    """Run the demonstration until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=PORT, help=f"the page's port ({PORT})")
    options = parser.parse_args()
    manifest = read_manifest(socket_mode=True)
    slack = FakeSlack(
        scopes=manifest.scopes,
        subscriptions=manifest.events,
        socket_mode=True,
        delays=SLACKS_DELAYS,
    )
    Demo(slack, manifest.message_shortcuts)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    tell = sys.stdout.write
    try:
        slack.start(options.port)
    except OSError as error:
        sys.exit(f"Port {options.port} cannot be used ({error.strerror}); choose one with --port.")
    with tempfile.TemporaryDirectory(prefix="slack-demo-") as folder:
        tell("Starting the advisor in a fake Slack; this takes half a minute ...\n")
        sys.stdout.flush()
        with running_advisor(Path(folder) / "home", settings=slack_settings(slack)):
            slack.wait_for(lambda: slack.connections, "the app's connection", 60)
            tell(f"Ready: open {slack.base} in a browser. Ctrl-C stops it.\n")
            sys.stdout.flush()
            ended.wait()
    slack.stop()


if __name__ == "__main__":
    main()
