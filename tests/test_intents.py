"""intents.yml is checked, and what follows a message is what it says."""

import re

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from preceptor.intents import FALLBACK_ACTION, intents, read_intents
from preceptor.rasa_ext.data_importer import FileImporter
from preceptor.rasa_ext.policy import next_action
from preceptor.runtime.settings import Complaint
from tests.support.tiny_project import ROOT

ENTRY = """
ask_parking:
  group: advice
  label: Parking
  question: Where do interns park?
  means: where one parks
"""


def tracker(*events) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("somebody", list(events))


def says(intent: str) -> UserUttered:
    return UserUttered("words", intent={"name": intent, "confidence": 0.9})


@pytest.mark.parametrize("name", intents())
def test_the_actions_of_an_intent_run_in_order_and_then_the_advisor_listens(name):
    events = [ActionExecuted("action_listen"), says(name)]
    done = []
    while (action := next_action(tracker(*events))) != "action_listen":
        done.append(action)
        events += [ActionExecuted(action), SlotSet("topic", name)]
    assert done == list(intents()[name].actions) and done


def test_earlier_turns_do_not_count():
    before = [says("greet"), *map(ActionExecuted, intents()["greet"].actions)]
    assert next_action(tracker(*before, ActionExecuted("action_listen"), says("affirm"))) == (
        "action_accept_offer"
    )


def test_what_is_not_understood_is_asked_about():
    assert next_action(tracker(says("nlu_fallback"))) == FALLBACK_ACTION
    assert next_action(tracker(says("nlu_fallback"), ActionExecuted(FALLBACK_ACTION))) == (
        "action_listen"
    )


def test_the_domain_and_the_rules_follow_from_the_declaration():
    importer = FileImporter(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]
    )
    domain = importer.get_domain()
    assert {*intents()} <= {*domain.intents}
    assert {a for i in intents().values() for a in i.actions} <= {*domain.action_names_or_texts}
    rules = {step.block_name for step in importer.get_stories().story_steps}
    assert {*intents(), "nlu_fallback"} == rules


def test_every_response_that_an_intent_names_is_in_the_domain():
    responses = Domain.load(str(ROOT / "domain.yml")).responses
    named = {a for i in intents().values() for a in i.actions if a.startswith("utter_")}
    assert named - responses.keys() == set()


def test_neighbours_that_are_named_exist():
    for intent in intents().values():
        named = set(re.findall(r"`(\w+)`", intent.means + intent.not_))
        assert named <= {*intents()}, intent.name


def test_an_advice_entry_is_answered_from_knowledge(tmp_path):
    (tmp_path / "intents.yml").write_text(ENTRY)
    entry = read_intents(tmp_path / "intents.yml")["ask_parking"]
    assert entry.actions == ("action_answer",)
    assert entry.offered and entry.answer_action == "action_answer"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "must hold one entry per intent"),
        ("- a list", "must hold one entry per intent"),
        ("a: [", "is not valid YAML"),
        ("ask_parking: parking", "ask_parking: label: field required"),
        (ENTRY + "  colour: red\n", "ask_parking: colour: extra fields"),
        (ENTRY.replace("advice", "advise"), "ask_parking: group: unexpected value"),
        (ENTRY + "  leads_to: [ask_trains]\n", "ask_parking: there is no intent ask_trains"),
        (ENTRY.replace("advice", "search"), "ask_parking: it needs an action"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path, text, complaint):
    path = tmp_path / "intents.yml"
    path.write_text(text)
    with pytest.raises(Complaint, match=re.escape(complaint)):
        read_intents(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Complaint, match="cannot be read"):
        read_intents(tmp_path / "intents.yml")


def test_all_faults_are_told_at_once(tmp_path):
    path = tmp_path / "intents.yml"
    path.write_text(ENTRY + "  colour: red\n" + ENTRY.replace("parking", "trains") + "  in_menu: x")
    with pytest.raises(Complaint, match=r"(?s)colour.*in_menu"):
        read_intents(path)
