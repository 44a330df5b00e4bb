"""What the action server gets of a conversation is recent, enough, and does not grow."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from preceptor.turn import EARLIER_REPLIES, REPLIES_SENT, RecentAction, recent_events
from tests.launcher.tiny import ROOT

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [ask]
    actions: [action_answer]
    slots: {country: {type: text, mappings: [{type: custom}]}}
    """
)


def conversation(turns: int) -> DialogueStateTracker:
    tracker = DialogueStateTracker("person", DOMAIN.slots)
    for turn in range(turns):
        tracker.update(ActionExecuted("action_listen"))
        tracker.update(UserUttered(f"question {turn}", {"name": "ask"}))
        tracker.update(SlotSet("country", f"country {turn}"))
        tracker.update(BotUttered(f"answer {turn}", {"custom": {"type": "program_list"}}))
        tracker.update(BotUttered(f"more {turn}"))
    return tracker


def call(tracker: DialogueStateTracker, **options: bool) -> dict[str, object]:
    endpoint = EndpointConfig("http://127.0.0.1:1", **options)
    return RecentAction("action_answer", endpoint)._action_call_format(tracker, DOMAIN)


@pytest.mark.parametrize("turns", [0, 1])
def test_a_short_conversation_is_sent_as_rasa_sends_it(turns: int) -> None:
    tracker = conversation(turns)
    ours = call(tracker)
    rasas = RemoteAction("action_answer", EndpointConfig("http://x"))._action_call_format(
        tracker, DOMAIN
    )
    message = ours["tracker"]["latest_message"]  # type: ignore[index]
    assert message.pop(EARLIER_REPLIES) == 0
    assert ours == rasas


def test_of_a_long_one_the_last_turns_are_whole_and_replies_before_are_words() -> None:
    events, earlier = recent_events(conversation(100))
    assert earlier == 200 - REPLIES_SENT
    assert [e["text"] for e in events if e["event"] == "user"] == ["question 98", "question 99"]
    replies = [e for e in events if e["event"] == "bot"]
    assert [e["text"] for e in replies[:2]] == ["answer 80", "more 80"]
    assert len(replies) == REPLIES_SENT
    assert set(replies[0]) == {"event", "text", "timestamp"}
    assert replies[-2]["data"]["custom"] == {"type": "program_list"}


def test_the_call_does_not_grow_with_the_conversation() -> None:
    sizes = [len(json.dumps(call(conversation(turns)))) for turns in (100, 400)]
    assert sizes[1] < sizes[0] * 1.02


def test_the_domain_is_sent_where_it_is_asked_for() -> None:
    assert "domain" in call(conversation(1))
    assert "domain" not in call(conversation(1), enable_selective_domain=True)


def test_a_server_imports_neither_tensorflow_nor_other_channels() -> None:
    script = """
import sys
from preceptor.lean_imports import import_rasa
import_rasa()
import rasa.core.run, preceptor.channels.rest, preceptor.policies
from rasa.core.channels import BUILTIN_CHANNELS
from rasa.utils import train_utils
loaded = {"tensorflow", "matplotlib", "boto3", "pymongo", "aiogram", "slack_sdk"} & set(sys.modules)
assert not loaded, loaded
assert BUILTIN_CHANNELS["callback"].name() == "callback"
assert BUILTIN_CHANNELS["twilio"].name() == "twilio"
made = BUILTIN_CHANNELS["twilio"].from_credentials(
    {"account_sid": "a", "auth_token": "b", "twilio_number": "1"}
)
from rasa.core.channels.twilio import TwilioInput
assert type(made) is TwilioInput and isinstance(made, BUILTIN_CHANNELS["twilio"])
assert issubclass(TwilioInput, BUILTIN_CHANNELS["twilio"])
assert not isinstance(made, BUILTIN_CHANNELS["slack"])
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
