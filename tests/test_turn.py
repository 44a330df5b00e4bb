"""A turn does what Rasa's does; what the action server gets is recent and does not grow."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import warnings
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    BotUttered,
    Event,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.endpoints import EndpointConfig

from preceptor.nlu.spelling import is_english
from preceptor.rasa_ext.nlu_worker import NotRead
from preceptor.rasa_ext.processor import (
    EARLIER_REPLIES,
    REPLIES_SENT,
    Processor,
    RecentAction,
    fills_slots,
    recent_events,
)
from preceptor.rasa_ext.turn_context import Heard, heard
from tests.support.advisor import train
from tests.support.tiny_project import ROOT

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [ask]
    entities: [country]
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
from preceptor.rasa_ext.lean_imports import import_rasa
import_rasa()
import rasa.core.run, preceptor.channels.rest, preceptor.rasa_ext.policy
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


def test_reading_takes_nothing_that_only_training_and_importing_need() -> None:
    script = """
import io, sys
from preceptor.evaluation.parse import parse
from preceptor.runtime.settings import load_settings, quiet_environment
quiet_environment()
parse(load_settings(), None, io.BytesIO(b"is it paid and what vaccines do I need for Ghana?"))
loaded = {"tensorflow", "sklearn", "scipy.optimize", "onnx", "h5py"} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    read = json.loads(done.stdout)
    assert [each["intent"] for each in read["questions"]] == [
        "ask_cost_and_funding",
        "ask_health_and_safety",
    ]


class Reading:
    """A runner of a model that tells in which thread it runs and what it sees of the turn."""

    def __init__(self) -> None:
        self.thread = ""
        self.heard: Heard | None = None

    def run(self, inputs: dict[str, Any], targets: list[str]) -> dict[str, Any]:
        self.thread, self.heard = threading.current_thread().name, heard.get()
        (message,) = inputs["__message__"]
        parsed = Message({"text": message.text, "intent": {"name": "ask"}, "entities": []})
        parsed.set("intent", {"name": "ask"}, add_to_output=True)
        return {target: [parsed] for target in targets}


def processor(**parts: Any) -> Processor:
    made: Processor = Processor.__new__(Processor)
    made.__dict__.update({"http_interpreter": None, "domain": DOMAIN, **parts})
    return made


async def test_a_message_is_read_beside_the_loop_within_its_turn() -> None:
    reading = Reading()
    metadata = SimpleNamespace(nlu_target="read")
    report = Heard()
    token = heard.set(report)
    try:
        parsed = await processor(graph_runner=reading, model_metadata=metadata).parse_message(
            UserMessage("why")
        )
    finally:
        heard.reset(token)
    assert parsed["intent"] == {"name": "ask"}
    assert reading.heard is report
    assert reading.thread.startswith("reader")


@pytest.mark.parametrize(
    ("intent", "entities", "warned"),
    [("ask", [], 0), (None, [{"entity": "country"}], 0), ("sing", [{"entity": "song"}], 2)],
)
def test_only_what_the_domain_does_not_know_is_warned_of(
    intent: str | None, entities: list[dict[str, str]], warned: int
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        processor()._check_for_unseen_features({"intent": {"name": intent}, "entities": entities})
    assert len(caught) == warned


@pytest.mark.parametrize(
    "events",
    [
        None,
        [],
        [BotUttered("hello", timestamp=1.0), SlotSet("country", "Peru", 2.0)],
        [ActionExecutionRejected("action_answer", "RulePolicy", 1.0, 1.0)],
    ],
)
def test_an_action_is_logged_as_rasa_logs_it(events: list[Event] | None) -> None:
    logged = []
    for kind in (Processor, MessageProcessor):
        tracker = conversation(1)
        prediction = PolicyPrediction([1.0], "RulePolicy", events=[LoopInterrupted(True, 1.0)])
        action = RemoteAction("action_answer", EndpointConfig("http://x"))
        kind._log_action_on_tracker(processor(), tracker, action, events, prediction)
        # When it was logged is the one thing that may differ.
        logged.append([event.as_dict() | {"timestamp": None} for event in tracker.events])
    assert logged[0] == logged[1]


@pytest.mark.parametrize(
    ("mapping", "filled"),
    [("{type: custom}", None), ("{type: from_entity, entity: country}", "Peru")],
)
async def test_slots_are_filled_as_rasa_fills_them(mapping: str, filled: str | None) -> None:
    domain = Domain.from_yaml(
        f"""
        version: "3.1"
        intents: [ask]
        entities: [country]
        slots: {{country: {{type: text, mappings: [{mapping}]}}}}
        """
    )
    assert fills_slots(domain) is (filled is not None)
    for kind in (Processor, MessageProcessor):
        tracker = DialogueStateTracker("person", domain.slots)
        tracker.update(
            UserUttered("Peru", {"name": "ask"}, [{"entity": "country", "value": "Peru"}])
        )
        made = kind.__new__(kind)
        made.__dict__.update(domain=domain, action_endpoint=None, nlg=None)
        await made.run_action_extract_slots(CollectingOutputChannel(), tracker)
        assert tracker.get_slot("country") == filled


def test_an_action_for_slots_is_never_left_out() -> None:
    custom = "slots: {country: {type: text, mappings: [{type: custom, action: action_guess}]}}"
    assert fills_slots(Domain.from_yaml(f'version: "3.1"\nactions: [action_guess]\n{custom}'))
    plain = "slots: {country: {type: text, mappings: [{type: custom}]}}"
    checked = f'version: "3.1"\nactions: [action_validate_slot_mappings]\n{plain}'
    assert fills_slots(Domain.from_yaml(checked))


async def test_what_reads_is_let_go_of_and_comes_back_when_it_is_needed() -> None:
    model = train()
    here = Processor.for_reading(model)
    here.http_interpreter, here.domain = None, DOMAIN
    steps = here.graph_runner._instantiated_nodes
    assert is_english("hospital") and any("preceptor.nlu" in name for name in steps)

    class Gone:
        async def parse(self, *_: Any) -> Any:
            raise NotRead

    here.read_beside(Gone(), model)
    assert not any("preceptor.nlu" in name for name in steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = await here.parse_message(UserMessage("what vaccines do I need for Ghana"))
    assert parsed["intent"]["name"] == "ask_health_and_safety"
    assert any("preceptor.nlu" in name for name in steps)
