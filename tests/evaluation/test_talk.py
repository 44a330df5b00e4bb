"""The talk report: how a turn is judged, and what counts as said again."""

import pytest

from preceptor.conversation.frame import Danger, Frame
from preceptor.conversation.replies import Reply
from preceptor.evaluation.conversations import Exchange
from preceptor.evaluation.talk import FOLDER, judge, read_talk, repeats
from tests.support.tiny_project import ROOT

LETTER = "letters/after-four-weeks"
LONG = "This is a paragraph that is long enough to be missed if it comes again."


def exchange(text: str = "Yes, you can.", **more) -> Exchange:
    values = {
        "person": "a letter?", "replies": [Reply(lead=text)], "parse": {}, "actions": [],
        "before": Frame(), "frame": Frame(focus=LETTER, told=(LETTER,)), "slots": {},
    }  # fmt: skip
    return Exchange(**{**values, **more})


@pytest.mark.parametrize(
    "turn",
    [
        {"answer": [LETTER, "letters/when-to-ask"]},
        {"says": ["yes", "/you (can|may)/"], "says_not": ["no"]},
        {"slots": {"search_country": None}},
        {"danger": None},
        {"part": "registration"},
    ],
)
def test_a_turn_that_goes_as_expected_has_no_problems(turn):
    parse = {"intent": {"name": "ask_registration_requirement"}}
    assert judge(exchange(parse=parse), turn) == []


@pytest.mark.parametrize(
    "turn",
    [
        {"answer": "letters/when-to-ask"},
        {"unknown": True},
        {"section": "why"},
        {"says": ["no"]},
        {"says_not": ["/can/"]},
        {"slots": {"search_country": ["KE"]}},
        {"danger": "crisis"},
        {"person_has": ["KE"]},
        {"card": "contacts"},
        {"part": "search"},
    ],
)
def test_a_turn_that_goes_otherwise_has_one(turn):
    assert len(judge(exchange(), turn)) == 1


def test_a_danger_goes_by_its_kind_or_intent_and_is_over_once_it_was_dealt_with():
    within = exchange(frame=Frame(danger=Danger(kind="crisis")))
    assert judge(within, {"danger": "crisis"}) == judge(within, {"danger": "express_crisis"}) == []
    after = exchange(frame=Frame(danger=Danger(kind="crisis", dealt=True)))
    assert judge(after, {"danger": None}) == []


def test_a_paragraph_that_comes_again_unasked_is_a_repeat():
    assert repeats([(exchange(LONG), "first"), (exchange(LONG), "why")]) == [LONG]
    assert repeats([(exchange(LONG), "first"), (exchange(LONG), "again")]) == []
    assert repeats([(exchange("Yes."), "first"), (exchange("Yes."), "why")]) == []


def test_every_conversation_can_be_checked_at_every_turn(tmp_path):
    files = sorted((ROOT / FOLDER).glob("*/*.yml"))
    talks = [read_talk(path) for path in files]
    assert len(talks) >= 150 and all(6 <= len(talk["turns"]) <= 12 for talk in talks)
    path = tmp_path / "one.yml"
    path.write_text("name: A talk\nturns: [{person: hi, expect: a greeting}]\n", "utf-8")
    with pytest.raises(ValueError, match="turn 1: it expects nothing"):
        read_talk(path)
