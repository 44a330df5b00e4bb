"""What a message is, given the frame: plain values in and out."""

import pytest

from preceptor.conversation.decide import decided, leans
from preceptor.conversation.follow_ups import kind_of
from preceptor.conversation.frame import Frame, Person, told_of_oneself

ANSWERED = Frame(focus="letters/four-weeks", question="a letter after four weeks?")
CRISIS = Frame(danger="express_crisis")
EMERGENCY = Frame(danger="report_emergency")


def parsed(text: str, intent: str = "nlu_fallback", confidence: float = 0.4, **more) -> dict:
    return {"text": text, "intent": {"name": intent, "confidence": confidence}, "entities": [],
            **more}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("why?", "why"), ("BUT WHY", "why"), ("can u give me an example pls", "example"),
        ("what words would I use", "words"), ("is there any proof of that", "evidence"),
        ("are you really sure about it", "sure"), ("i still don't get what you mean", "meaning"),
        ("I've already tried that and it did nothing", "instead"),
        ("could you repeat that please", "repeat"), ("what do you remember about me", "about_me"),
        ("that doesn't answer my question at all", "not_answered"),
    ],
)  # fmt: skip
def test_a_follow_up_is_read_by_its_meaning(text: str, kind: str):
    done = decided(parsed(text), ANSWERED)
    assert (done["intent"]["name"], done["follow_up"]) == ("follow_up", kind)


@pytest.mark.parametrize("text", ["why?", "give me an example", "are you sure"])
def test_nothing_is_followed_up_before_anything_was_said(text: str):
    assert decided(parsed(text), Frame())["intent"]["name"] == "nlu_fallback"


@pytest.mark.parametrize(
    ("text", "intent"),
    [("how much is it", "ask_program_detail"), ("cheaper", "refine_search"),
     ("and in Peru?", "refine_search"), ("find me a placement in Kenya", "find_program"),
     ("do I need a visa", "ask_how_to_apply"), ("what is hepatitis", "out_of_scope")],
)  # fmt: skip
def test_a_question_of_its_own_is_no_follow_up(text: str, intent: str):
    assert decided(parsed(text, intent, 0.9), ANSWERED)["intent"]["name"] == intent


@pytest.mark.parametrize(
    ("text", "kind"),
    [("no, nobody's here, i live on my own", "crisis_alone"), ("yes", "crisis_safe"),
     ("no", "crisis_not_safe"), ("can't I just talk to you instead", "crisis_talk"),
     ("I'm not calling anyone", "crisis_wont_call"),
     ("it's for a friend of mine", "crisis_friend")],
)  # fmt: skip
def test_after_a_crisis_the_next_message_is_still_about_it(text: str, kind: str):
    for intent in ("nlu_fallback", "deny", "express_crisis", "complain"):
        assert decided(parsed(text, intent, 0.9), CRISIS)["follow_up"] == kind


def test_in_a_crisis_whatever_is_not_understood_goes_on_with_it():
    assert decided(parsed("blue"), CRISIS)["follow_up"] == "continued"
    again = parsed("blue", "express_crisis", 0.9)
    assert decided(again, CRISIS)["follow_up"] == "crisis_not_safe"


def test_another_matter_ends_a_crisis_only_if_it_is_sure():
    search = parsed("find surgery in Kenya", "find_program", 0.9)
    assert decided(search, CRISIS)["intent"]["name"] == "find_program"
    unsure = parsed("my list of things", "show_shortlist", 0.3)
    assert decided(unsure, CRISIS)["follow_up"] == "continued"


def test_a_new_danger_is_never_a_follow_up():
    alarm = parsed("I took all the pills", "report_emergency", 0.9, safety=["report_emergency"])
    for frame in (ANSWERED, CRISIS):
        assert decided(alarm, frame)["intent"]["name"] == "report_emergency"


def test_the_country_that_was_asked_for_is_answered_by_what_asked():
    there = parsed("Nigeria", "refine_search", 0.4,
                   entities=[{"entity": "country", "value": "NG"}])  # fmt: skip
    assert decided(there, CRISIS)["intent"]["name"] == "refine_search"


def test_after_an_emergency_what_to_do_until_help_comes():
    assert decided(parsed("nobody picks up!!"), EMERGENCY)["follow_up"] == "emergency_nobody"
    assert decided(parsed("the ambulance took her"), EMERGENCY)["follow_up"] == "emergency_over"


def test_long_messages_are_no_follow_ups():
    assert kind_of("why " * 15, ["answer"]) is None
    assert kind_of("", ["answer"]) is None


@pytest.mark.parametrize(
    ("text", "does"),
    [("and for nurses?", True), ("what about Ireland", True), ("but she grades me", True),
     ("how do I apply for an elective", False), ("and " * 12, False)],
)  # fmt: skip
def test_a_question_leans_on_the_one_before(text: str, does: bool):
    assert leans(text) == does


def test_what_somebody_says_of_themselves_is_kept():
    entities = [
        {"entity": "stage", "value": "nurse"},
        {"entity": "country", "value": "NG", "role": "origin"},
        {"entity": "country", "value": "KE"},
        {"entity": "country", "value": "PE", "role": "excluded"},
        {"entity": "duration", "value": {"min_weeks": 4, "max_weeks": 6}},
        {"entity": "money", "value": {"amount": "1500", "currency": "USD"}},
        {"entity": "language", "value": "fr"},
    ]
    person = told_of_oneself(Person(languages=("en",)), entities)
    assert person == Person(
        stages=("nurse",), origin=("NG",), going=("KE",), weeks=(4, 6), budget=(150000, "USD"),
        languages=("en", "fr"),
    )  # fmt: skip
    assert told_of_oneself(person, []) is person


def test_a_frame_survives_the_tracker_and_one_of_another_version_counts_as_none():
    frame = ANSWERED.with_told("letters/when", "when?")
    assert Frame.of(frame.dict()) == frame
    assert Frame.of({"colour": "red"}) == Frame() == Frame.of(None)
