"""The real advisor for tests: trained model, catalogue and conversations in files.

It is a process of its own, as in operation, on a free port of the loopback interface.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from preceptor.channels.output import channel_seals
from preceptor.conversation.choices import Payload
from preceptor.conversation.replies import reply_of
from preceptor.runtime.models import checksum_file, choose_model
from preceptor.runtime.settings import Settings, load_settings
from tests.support.tiny_project import ROOT, command, environment, free_port

START_LIMIT_SECONDS = 120
TRAIN_LIMIT_SECONDS = 600


@dataclass
class Exchange:
    """One message of a person and what came of it.

    Attributes:
        person: the message.
        replies: the messages that came back, as the REST channel gives them.
        status: the HTTP status.
        intent: how it was read, "" where no message reached the conversation.
        actions: what was run for it, without action_listen.
        parse: the message as the pipeline read it.
        slots: the conversation's slots after the turn.
    """

    person: str
    replies: list[dict[str, Any]]
    status: int = 200
    intent: str = ""
    actions: list[str] = field(default_factory=list)
    parse: dict[str, Any] = field(default_factory=dict)
    slots: dict[str, Any] = field(default_factory=dict)

    def hear(self, event: dict[str, Any]) -> None:
        """Take up what an event of the conversation tells, in order."""
        if event["event"] == "user":
            self.parse = event.get("parse_data") or {}
            self.intent = (self.parse.get("intent") or {}).get("name") or ""
            self.actions = []
        elif event["event"] == "action" and event["name"] != "action_listen":
            self.actions.append(event["name"])

    @property
    def text(self) -> str:
        """All words that came back."""
        return "\n".join(reply.get("text") or "" for reply in self.replies)

    @property
    def buttons(self) -> list[dict[str, str]]:
        """All quick replies, in order."""
        return [button for reply in self.replies for button in reply.get("buttons") or []]

    @property
    def cards(self) -> list[str]:
        """The types of the cards that came back."""
        parts = [reply_of(reply) for reply in self.replies]
        return [reply.card.type for reply in parts if reply.card]

    def shown(self) -> str:
        """Return the exchange as a person would see it, and what was done for it."""
        lines = [f"PERSON   {self.person[:500]}", f"         ({self.intent}: {self.actions})"]
        for reply in self.replies:
            first, *rest = (reply.get("text") or "(no words)").split("\n")
            lines += [f"ADVISOR  {first}", *(f"         {line}" for line in rest)]
            for button in reply.get("buttons") or []:
                lines.append(f"         [{button['title']}]")
        kept = {k: v for k, v in self.slots.items() if v not in (None, 0)}
        return "\n".join([*lines, f"         slots: {kept}"])


class Advisor:
    """The running advisor, its addresses and its files."""

    def __init__(self, home: Path, port: int, settings: dict[str, str] | None = None) -> None:
        """Keep the addresses; `start` starts the server.

        `settings` is what the server's environment has besides, such as a channel's.
        """
        self.home = home
        self.settings = settings or {}
        self.port = port
        self.conversations_url = f"sqlite:///{home / 'conversations.db'}"
        self.catalogue_url = f"sqlite:///{home / 'catalogue.db'}"
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)
        self._intents: dict[str, str] = {}

    @property
    def webhook(self) -> str:
        """The address that takes messages, without host and port."""
        return "/webhooks/rest/webhook"

    def click(self, button: dict[str, str], sender: str) -> Exchange:
        """Click a button, `{"title", "payload"}`."""
        return self.say(button["title"], sender, payload=button["payload"])

    def do(self, payload: Payload, sender: str, title: str = "The title of a button") -> Exchange:
        """Click a button that does this, whether the advisor has offered it or not."""
        return self.click({"title": title, "payload": self.sealed(payload, sender)}, sender)

    def sealed(self, payload: Payload, sender: str) -> str:
        """Return a payload as the advisor seals it for a conversation."""
        settings = Settings(home=self.home)
        return channel_seals(settings).seal(payload, sender)

    def say(self, text: str, sender: str, *, payload: str | None = None) -> Exchange:
        """Send a message through the REST channel; what was done for it is read from the store.

        Args:
            text: The message.
            sender: The conversation.
            payload: The sealed payload of the button whose title the message is.
        """
        seen = len(self.events(sender))
        body = {"sender": sender, "message": text}
        if payload is not None:
            body["payload"] = payload
        answer = self.client.post(self.webhook, json=body)
        body = answer.json()
        replies = body if isinstance(body, list) else [{"text": body.get("error", "")}]
        exchange = Exchange(text, replies, answer.status_code)
        events = self.events(sender)
        for event in events[seen:]:
            exchange.hear(event)
        exchange.slots = slots_of(events)
        return exchange

    def intent_of(self, text: str) -> str:
        """Return the intent as which a message is read, asked in a conversation of its own."""
        if text not in self._intents:
            self._intents[text] = self.say(text, f"reader-{uuid.uuid4()}").intent
        return self._intents[text]

    def events(self, sender: str) -> list[dict[str, Any]]:
        """Return a conversation's events from the conversation store, in order."""
        path = self.home / "conversations.db"
        if not path.exists():
            return []
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as database:
            rows = database.execute(
                "SELECT data FROM events WHERE sender_id = ? ORDER BY id", (sender,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the server; its output goes to a log file."""
        with (self.home / "serve.log").open("ab") as log:
            return subprocess.Popen(
                command("serve"),
                cwd=self.home,
                env=environment(
                    self.home,
                    **{
                        "PRECEPTOR_PORT": str(self.port),
                        "PRECEPTOR_CONVERSATIONS_URL": self.conversations_url,
                        **self.settings,
                    },
                ),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self) -> str:
        """Return what the server has written so far."""
        return (self.home / "serve.log").read_text("utf-8", "replace")


def slots_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the slots that a conversation's events leave behind."""
    slots: dict[str, Any] = {}
    for event in events:
        if event["event"] == "slot":
            slots[event["name"]] = event["value"]
    return slots


def train() -> Path:
    """Train the real project if something has changed, and return its model."""
    subprocess.run(
        command("train"),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=TRAIN_LIMIT_SECONDS,
    )
    return choose_model(load_settings())[0]


def write_home(home: Path) -> Path:
    """Make a folder from which the real advisor runs without touching the project's own files."""
    (home / "models").mkdir(parents=True)
    model = train()
    # A copy: while tests run, a newer training may drop the file.
    for path in (model, checksum_file(model)):
        shutil.copy2(path, home / "models")
    for name in ("credentials.yml", "endpoints.yml"):
        shutil.copy2(ROOT / name, home)
    shutil.copytree(ROOT / "catalogue", home / "catalogue")
    return home


def import_catalogue(home: Path, folder: Path | None = None) -> None:
    """Import a folder's CSV files into the catalogue of a home."""
    subprocess.run(
        command("catalogue", "import", str(folder or home / "catalogue")),
        cwd=ROOT,
        env=environment(home),
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def running_advisor(
    home: Path, port: int | None = None, settings: dict[str, str] | None = None
) -> Iterator[Advisor]:
    """Train if needed, import the catalogue, start the server, and stop it in the end.

    Args:
        home: The folder to run from; it is made.
        port: The advisor's port, a free one by default.
        settings: What the server's environment has besides.
    """
    write_home(home)
    import_catalogue(home)
    advisor = Advisor(home, port or free_port(), settings)
    server = advisor.start()
    try:
        wait_until_ready(advisor, server)
        yield advisor
    finally:
        stop(server)
        advisor.client.close()


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Stop a server as an operator does; one that does not end is killed."""
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def wait_until_ready(
    advisor: Advisor, server: "subprocess.Popen[bytes]", path: str = "/webhooks/rest/"
) -> None:
    """Wait until the server answers at a channel's address."""
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while True:
        assert server.poll() is None, f"the server has ended:\n{advisor.log()[-3000:]}"
        assert time.monotonic() < deadline, advisor.log()[-3000:]
        try:
            if advisor.client.get(path).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
