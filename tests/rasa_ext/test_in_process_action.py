"""rasa_sdk actions in the advisor's process, and the same actions behind rasa_sdk's own server."""

import asyncio
import json
import subprocess
import sys
import time
import uuid

import httpx
import pytest
from rasa.core.actions.action import ActionExecutionRejection
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, FollowupAction, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from structlog.testing import capture_logs

from preceptor.rasa_ext.in_process_action import ActionRunner, InProcessAction
from tests.support.tiny_project import ROOT, environment, free_port

FAILED = "I cannot look that up right now."
DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [ask]
    slots: {seen: {type: any, mappings: [{type: custom}]}}
    actions: [action_say, action_break, action_hang, action_reject, action_read, {action_domain: {send_domain: true}}]
    responses:
      utter_action_failed: [{text: "I cannot look that up right now."}]
      utter_hello: [{text: "Hello {seen}.", buttons: [{title: Own, payload: own}]}]
    """  # noqa: E501
)
ACTIONS = """
import asyncio, time
from rasa_sdk import Action
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.interfaces import ActionExecutionRejection

def action(name, run):
    return type(name, (Action,), {"name": lambda self: name, "run": run})

def answer(self, dispatcher, tracker, domain):
    dispatcher.utter_message(
        response="utter_hello", buttons=[{"title": "More", "payload": "more"}], seen="you"
    )
    dispatcher.utter_message(text="A card.", json_message={"type": "card"})
    return [SlotSet("seen", [1]), FollowupAction("action_listen")]

def break_(self, dispatcher, tracker, domain):
    dispatcher.utter_message(text="half an answer")
    raise RuntimeError("boom")

def hang(self, dispatcher, tracker, domain):
    time.sleep(tracker.latest_message.get("seconds", 15))
    return []

def reject(self, dispatcher, tracker, domain):
    raise ActionExecutionRejection("action_reject", "not now")

async def read(self, dispatcher, tracker, domain):
    await asyncio.sleep(0)
    tracker.slots["seen"].append("changed")
    last = [event["event"] for event in reversed(tracker.events)][0]
    return [SlotSet("seen", [tracker.sender_id, tracker.latest_message["text"], last])]

def domain_(self, dispatcher, tracker, domain):
    return [SlotSet("seen", "utter_hello" in domain["responses"])]

made = [action(*each) for each in (
    ("action_say", answer), ("action_break", break_), ("action_hang", hang),
    ("action_reject", reject), ("action_read", read), ("action_domain", domain_),
)]
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The name of a package with the actions above, importable while this module's tests run."""
    folder = tmp_path_factory.mktemp("actions")
    name = f"actions_{uuid.uuid4().hex}"
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(ACTIONS)
    sys.path.insert(0, str(folder))
    yield name
    sys.path.remove(str(folder))


def conversation(turns: int = 1) -> DialogueStateTracker:
    tracker = DialogueStateTracker("someone", DOMAIN.slots)
    for turn in range(turns):
        parse_data = {"text": f"question {turn}", "intent": {"name": "ask"}}
        tracker.update(UserUttered(f"question {turn}", {"name": "ask"}, parse_data=parse_data))
        tracker.update(SlotSet("seen", [turn]))
    return tracker


async def run(runner: ActionRunner, name: str, tracker: DialogueStateTracker | None = None) -> list:
    nlg = TemplatedNaturalLanguageGenerator(DOMAIN.responses)
    action = InProcessAction(name, runner)
    return await action.run(CollectingOutputChannel(), nlg, tracker or conversation(), DOMAIN)


async def test_replies_and_events_are_those_of_rasa_s_call(package):
    hello, card, slot, followup = await run(ActionRunner(package), "action_say")
    assert isinstance(hello, BotUttered) and hello.text == "Hello you."
    assert [button["title"] for button in hello.data["buttons"]] == ["Own", "More"]
    assert hello.metadata["utter_action"] == "utter_hello"
    assert (card.text, card.data["custom"]) == ("A card.", {"type": "card"})
    assert slot == SlotSet("seen", [1]) and followup == FollowupAction("action_listen")


async def test_an_action_sees_the_conversation_and_changes_only_its_copy(package):
    tracker = conversation(3)
    (slot,) = await run(ActionRunner(package), "action_read", tracker)
    assert slot.value == ["someone", "question 2", "slot"]
    assert tracker.get_slot("seen") == [2]


async def test_the_domain_goes_to_actions_that_ask_for_it(package):
    (slot,) = await run(ActionRunner(package), "action_domain")
    assert slot.value is True


async def test_an_action_that_raises_costs_a_sentence_and_the_log_has_the_cause(package):
    with capture_logs() as lines:
        events = await run(ActionRunner(package), "action_break")
    assert [event.text for event in events] == [FAILED]
    (line,) = [line for line in lines if line["event"] == "action.failed"]
    assert (line["conversation"], line["action"]) == ("someone", "action_break")
    assert line["cause"] == "RuntimeError: boom" and line["exc_info"]


async def test_an_action_that_does_not_exist_costs_a_sentence(package):
    assert [event.text for event in await run(ActionRunner(package), "action_other")] == [FAILED]


async def test_two_failures_in_one_turn_make_one_apology(package):
    runner, tracker = ActionRunner(package), conversation()
    for event in await run(runner, "action_break", tracker):
        tracker.update(event)
    assert await run(runner, "action_break", tracker) == []
    tracker.update(UserUttered("and now?", {"name": "ask"}))
    assert [event.text for event in await run(runner, "action_break", tracker)] == [FAILED]


async def test_a_rejected_execution_keeps_its_meaning(package):
    with pytest.raises(ActionExecutionRejection, match="not now"):
        await run(ActionRunner(package), "action_reject")


async def test_while_an_action_of_15_s_runs_others_are_answered_and_its_person_is_told(package):
    runner = ActionRunner(package, limit_seconds=1.0)
    started = time.monotonic()
    slow = asyncio.create_task(run(runner, "action_hang"))
    await asyncio.sleep(0.05)
    assert len(await run(runner, "action_say")) == 4
    assert time.monotonic() - started < 0.9 and not slow.done()
    assert [event.text for event in await slow] == [FAILED]
    assert 0.9 < time.monotonic() - started < 5


async def test_an_action_that_always_hangs_fails_alone(package):
    runner = ActionRunner(package, limit_seconds=0.1)
    for _ in range(6):
        assert [event.text for event in await run(runner, "action_hang")] == [FAILED]
    with capture_logs() as lines:
        await run(runner, "action_hang")
    assert "4 calls before it have not ended yet" in lines[0]["cause"]
    assert len(await run(runner, "action_say")) == 4


def test_a_package_that_cannot_be_imported_is_told(tmp_path, monkeypatch):
    name = f"actions_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ImportError, match="no_such_module"):
        ActionRunner(name)


def test_rasa_sdk_s_own_server_serves_the_actions(tmp_path):
    env = environment(tmp_path, SANIC_HOST="127.0.0.1")
    imported = [sys.executable, "-m", "preceptor", "catalogue", "import"]
    subprocess.run(imported, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)],
        cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    message = {"text": "thanks", "intent": {"name": "find_program"}, "entities": []}
    call = {
        "next_action": "action_search_programs",
        "sender_id": "someone",
        "tracker": {"sender_id": "someone", "slots": {}, "latest_message": message, "events": []},
    }
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            _wait_for(client, server)
            answer = client.post("/webhook", content=json.dumps(call), timeout=30)
        assert answer.status_code == 200, answer.text
        assert any(response["text"] for response in answer.json()["responses"])
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(client: httpx.Client, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert server.poll() is None, "the action server has ended"
        try:
            client.get("/health").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the action server does not answer")
