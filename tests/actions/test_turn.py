"""What all actions share: several questions in a message."""

import subprocess
import sys

from preceptor.intents import FALLBACK_ACTION, intents
from tests.support.actions import actions_by_name
from tests.support.tiny_project import ROOT


def message_with(desk, *questions: tuple[str, str]) -> dict:
    text = " ".join(asked for _, asked in questions)
    asked, start = [], 0
    for intent, words in questions:
        end = start + len(words)
        asked.append(
            {"intent": intent, "text": words, "start": start, "end": end, "confidence": 0.9}
        )
        start = end + 1
    return desk.message(text, questions[0][0], questions=asked)


def test_all_questions_of_a_message_are_answered_in_order(desk):
    message = message_with(
        desk,
        ("find_program", "find surgery in Nepal"),
        ("ask_health_and_safety", "do I need jabs?"),
        ("ask_internship_length", "how long is the internship in India?"),
    )
    done = desk.turn("action_search_programs", message)
    assert done.ran == [
        "action_search_programs",
        "action_answer",
        "action_show_internship_length",
    ]
    assert done.slots["search_country"] == ["NP"]
    assert done.slots["licensing_country"] == ["IN"]
    assert done.slots["open_questions"] is None


def test_only_the_last_answer_has_quick_replies(desk):
    message = message_with(
        desk,
        ("ask_registration_requirement", "is it required in Ghana?"),
        ("ask_how_to_apply", "and how do I apply?"),
    )
    done = desk.turn("action_show_registration", message)
    offered = [bool(reply.choices) for reply in done.replies]
    assert offered == [False] * (len(done.messages) - 1) + [True]


def test_topics_are_offered_behind_the_last_answer_alone(desk):
    message = message_with(
        desk,
        ("ask_kinds_of_placement", "what's an observership?"),
        ("ask_discipline", "and how do I stop putting things off?"),
    )
    done = desk.turn("action_answer", message)
    assert [bool(reply.choices) for reply in done.replies] == [False, True]


def test_questions_that_a_broken_turn_left_behind_are_not_answered_later(desk):
    left = {"message_id": "old", "questions": [{"intent": "ask_bali", "text": "", "entities": []}]}
    done = desk.turn("action_answer", desk.message("why", "ask_why_intern"),
                     {"open_questions": left})  # fmt: skip
    assert done.ran == ["action_answer"]
    assert done.slots["topic"] == "ask_why_intern"


def test_every_action_is_declared_and_every_declared_action_exists():
    declared = {action for intent in intents().values() for action in intent.actions}
    looked_up = {action for action in declared if action.startswith("action_")}
    assert set(actions_by_name()) == looked_up | {FALLBACK_ACTION}


def test_actions_load_neither_rasa_nor_tensorflow():
    code = (
        "import importlib, pkgutil, sys, actions\n"
        "for m in pkgutil.iter_modules(actions.__path__):\n"
        "    importlib.import_module(f'actions.{m.name}')\n"
        "heavy = {'rasa', 'tensorflow', 'spacy', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
