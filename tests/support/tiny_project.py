"""A Rasa project small enough to train in seconds, for tests of what surrounds the real one."""

import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LOOK_UP_AND_CRASH = """
class LookUp(Action):
    def name(self):
        return "action_look_up"

    async def run(self, dispatcher, tracker, domain):
        before = tracker.get_slot("search_country") or "nothing"
        dispatcher.utter_message(text=f"Looked up Kenya; before that, {before}.")
        return [SlotSet("search_country", "Kenya")]


class Crash(Action):
    def name(self):
        return "action_crash"

    async def run(self, dispatcher, tracker, domain):
        raise RuntimeError("boom")
"""
"""Two actions of the tiny projects, in a file that imports Action and SlotSet."""

_FILES = {
    "config.yml": """
recipe: default.v1
assistant_id: tiny
language: en
pipeline:
  - name: KeywordIntentClassifier
policies:
  - name: RulePolicy
""",
    "domain.yml": """
version: "3.1"
intents: [greet, look_up, stay_silent, reject, crash, stall]
slots:
  search_country:
    type: text
    mappings:
      - type: custom
actions: [action_look_up, action_reject, action_crash, action_stall]
responses:
  utter_greet:
    - text: "Hello."
  utter_action_failed:
    - text: "I cannot look that up right now."
  utter_default:
    - text: "I did not understand."
session_config:
  session_expiration_time: 60
  carry_over_slots_to_new_session: true
""",
    "data/nlu/all.yml": """
version: "3.1"
nlu:
  - intent: greet
    examples: |
      - hello
      - hi there
  - intent: look_up
    examples: |
      - kenya
      - look up
  - intent: stay_silent
    examples: |
      - silence
      - shush
  - intent: reject
    examples: |
      - reject
      - refuse
  - intent: crash
    examples: |
      - crash
      - boom
  - intent: stall
    examples: |
      - stall
      - dawdle
""",
    "data/rules/all.yml": """
version: "3.1"
rules:
  - rule: greet
    steps:
      - intent: greet
      - action: utter_greet
  - rule: look up
    steps:
      - intent: look_up
      - action: action_look_up
  - rule: silent
    steps:
      - intent: stay_silent
      - action: action_listen
  - rule: reject
    steps:
      - intent: reject
      - action: action_reject
  - rule: crash
    steps:
      - intent: crash
      - action: action_crash
  - rule: stall
    steps:
      - intent: stall
      - action: action_stall
""",
    "actions/__init__.py": '''
"""Actions of the tiny project."""

import asyncio

from rasa_sdk import Action
from rasa_sdk.events import SlotSet
from rasa_sdk.interfaces import ActionExecutionRejection


class Reject(Action):
    def name(self):
        return "action_reject"

    async def run(self, dispatcher, tracker, domain):
        raise ActionExecutionRejection(self.name(), "not now")


class Stall(Action):
    def name(self):
        return "action_stall"

    async def run(self, dispatcher, tracker, domain):
        await asyncio.sleep(30)
        return []
'''
    + LOOK_UP_AND_CRASH,
}


def write_project(home: Path) -> Path:
    """Write the project with our own credentials and endpoints, and return its folder."""
    for name, content in _FILES.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.lstrip())
    for name in ("credentials.yml", "endpoints.yml"):
        (home / name).write_text((ROOT / name).read_text())
    return home


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment for `python -m preceptor` on a project in another folder."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PRECEPTOR_HOME": str(home),
        "DATABASE_URL": f"sqlite:///{home / 'catalogue.db'}",
        **more,
    }


def command(*arguments: str) -> list[str]:
    """Return the command line of one of our commands."""
    return [sys.executable, "-m", "preceptor", *arguments]
