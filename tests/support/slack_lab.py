"""A tiny Rasa project behind a Slack connector: what the 31 cases run against.

The real advisor never offers six quick replies, never takes four seconds and never echoes, so the
cases that need such a turn have a model of their own. It runs behind our channel, behind Rasa's
own connector (`benchmarks/slack.py`), and in tests.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.tiny_project import LOOK_UP_AND_CRASH, ROOT, command, environment
from tools.slack_simulator import (
    APP_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    ONE,
    SIGNING_SECRET,
    FakeSlack,
    Person,
)

START_LIMIT_SECONDS = 120

_INTENTS = {
    "greet": "hello",
    "look_up": "kenya",
    "dawdle": "dawdle",
    "crash": "crash",
    "offer_six": "choices",
    "offer_two": "pair",
    "offer_link": "link",
    "echo": "echo",
}
_DOMAIN = """
version: "3.1"
intents: [{intents}]
slots:
  search_country:
    type: text
    mappings:
      - type: custom
actions: [{actions}]
responses:
  utter_action_failed:
    - text: "I cannot look that up right now."
  utter_default:
    - text: "I did not understand."
session_config:
  session_expiration_time: 60
  carry_over_slots_to_new_session: true
"""
_CONFIG = """
recipe: default.v1
assistant_id: slack_lab
language: en
pipeline:
  - name: KeywordIntentClassifier
policies:
  - name: RulePolicy
"""
_ACTIONS = '''
"""Actions of the lab: each does what one of the cases needs."""

import asyncio

from rasa_sdk import Action
from rasa_sdk.events import SlotSet


class Greet(Action):
    def name(self):
        return "action_greet"

    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="Hello from the lab.")
        return []


class Dawdle(Action):
    def name(self):
        return "action_dawdle"

    async def run(self, dispatcher, tracker, domain):
        await asyncio.sleep(4)
        dispatcher.utter_message(text="Done at last.")
        return []


class OfferSix(Action):
    def name(self):
        return "action_offer_six"

    async def run(self, dispatcher, tracker, domain):
        names = ["kenya", "hello", "link", "echo one", "echo two", "echo three"]
        buttons = [{"title": f"Choice {n}", "payload": name} for n, name in enumerate(names, 1)]
        dispatcher.utter_message(text="Choose one of six.", buttons=buttons)
        return []


class OfferTwo(Action):
    def name(self):
        return "action_offer_two"

    async def run(self, dispatcher, tracker, domain):
        buttons = [
            {"title": "Look up Kenya", "payload": "kenya"},
            {"title": "Say hello", "payload": "hello"},
        ]
        dispatcher.utter_message(text="Choose one of two.", buttons=buttons)
        return []


class OfferLink(Action):
    def name(self):
        return "action_offer_link"

    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(
            text="Read on.",
            buttons=[
                {"title": "Open the page", "type": "web_url", "url": "https://example.org/page"}
            ],
        )
        return []


class Echo(Action):
    def name(self):
        return "action_echo"

    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="You said: " + tracker.latest_message["text"])
        return []
'''


@dataclass
class Lab:
    """A connector under test.

    Attributes:
        name: Whose connector it is.
        slack: The Slack that tells it over HTTP.
        socket: The Slack that tells it through Socket Mode, where there is one.
        base: The address of its server.
        home: The folder of its project.
        patience: For how long an answer is waited for, in seconds.
    """

    name: str
    slack: FakeSlack
    socket: FakeSlack | None
    base: str
    home: Path
    patience: float = 20.0

    def person(self, name: str, team: str = ONE) -> Person:
        """Return a person of a workspace."""
        return Person(self.slack, f"U0{name.upper()}", team)


def write_lab(home: Path, credentials: str) -> Path:
    """Write and train the project; `credentials` is its credentials.yml."""
    actions = [f"action_{intent}" for intent in _INTENTS]
    files = {
        "config.yml": _CONFIG,
        "domain.yml": _DOMAIN.format(intents=", ".join(_INTENTS), actions=", ".join(actions)),
        "credentials.yml": credentials,
        "endpoints.yml": (ROOT / "endpoints.yml").read_text(),
        "actions/__init__.py": _ACTIONS + LOOK_UP_AND_CRASH,
        "data/nlu.yml": 'version: "3.1"\nnlu:\n'
        + "".join(
            f"  - intent: {intent}\n    examples: |\n      - {word}\n      - {word} please\n"
            for intent, word in _INTENTS.items()
        ),
        "data/rules.yml": 'version: "3.1"\nrules:\n'
        + "".join(
            f"  - rule: {intent}\n    steps:\n      - intent: {intent}\n"
            f"      - action: action_{intent}\n"
            for intent in _INTENTS
        ),
    }
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.lstrip())
    (home / "catalogue").symlink_to(ROOT / "catalogue")
    subprocess.run(
        command("train"), env=environment(home), check=True, timeout=180, stdout=subprocess.DEVNULL
    )
    return home


def slack_settings(slack: FakeSlack) -> dict[str, str]:
    """Return the environment in which our channel talks with a fake Slack."""
    return {
        "SLACK_BOT_TOKEN": slack.world.teams[ONE].token,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "PRECEPTOR_SLACK_API_URL": slack.api_url,
        "PRECEPTOR_SLACK_MODE": "socket" if slack.socket_mode else "http",
        **({"SLACK_APP_TOKEN": APP_TOKEN} if slack.socket_mode else {}),
    }


@contextmanager
def serving(home: Path, ready: str, **more: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Run the server until the block ends; wait until `ready` answers.

    Args:
        home: The project's folder.
        ready: The address that answers with 200 when it is.
        more: The environment.
    """
    # From the port, since several servers may run from one folder.
    log_path = home / f"serve-{ready.split(':')[2].split('/')[0]}.log"
    with log_path.open("ab") as log:
        server = subprocess.Popen(
            command("serve"),
            cwd=home,
            env=environment(home, **more),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        with httpx.Client(trust_env=False, timeout=5) as client:
            while True:
                assert server.poll() is None, log_path.read_text("utf-8", "replace")[-3000:]
                assert time.monotonic() < deadline, log_path.read_text("utf-8", "replace")[-3000:]
                try:
                    if client.get(ready).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def lab_environment(home: Path, port: int, name: str) -> dict[str, str]:
    """Return the environment of a server of the lab with conversations of its own."""
    return {
        "PRECEPTOR_PORT": str(port),
        "PRECEPTOR_CONVERSATIONS_URL": f"sqlite:///{home / f'{name}-conversations.db'}",
        "PRECEPTOR_CHANNELS_URL": f"sqlite:///{home / f'{name}-channels.db'}",
        # Cases count seconds; the machine's proxies have no business on the loopback interface.
        "NO_PROXY": "127.0.0.1",
        "PATH": os.environ["PATH"],
    }
