"""What a correction says was meant, and where another matter begins."""

import pytest

from preceptor.conversation.decide import decided, meant, new_matter
from preceptor.conversation.frame import Danger, Frame
from preceptor.nlu.safety import without_denials


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no, not the flights. I mean who pays for the room", "who pays for the room"),
        ("I didn't ask about insurance. I'm asking whether this firm is honest",
         "this firm is honest"),
        ("that's not what I meant. will they send me home?", "will they send me home?"),
        ("not the visa, what do I pack for a month", "what do I pack for a month"),
        ("in Ghana I mean", None),
        ("that's not what I asked", None),
        ("no, I have none", None),
        ("when should I ask the consultant for a letter?", None),
        ("not sure, what do I wear in theatre", None),
    ],
)  # fmt: skip
def test_what_was_meant_is_found_beside_what_was_not(text, says):
    assert meant(text) == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("also, my mentor never shows up", "my mentor never shows up"),
        ("ok thanks. other thing: may I scrub in", "may I scrub in"),
        ("I also like surgery", None),
        ("also for midwives?", None),
        ("is there another question that they ask", None),
    ],
)
def test_another_matter_is_told_by_how_it_begins(text, says):
    assert new_matter(text) == says


def test_a_correction_of_an_answer_reads_the_question_again():
    frame = Frame(focus="visas/nepal", question="is Nepal a good idea?")
    message = {
        "text": "I didn't ask about visas. I meant whether the firm is honest",
        "intent": {"name": "ask_how_to_apply", "confidence": 0.9},
    }
    assert decided(message, frame)["follow_up"] == "not_answered"
    assert "follow_up" not in decided(message, Frame())


def test_a_good_night_in_an_emergency_is_no_farewell():
    message = {"text": "I feel drowsy, I'm going to sleep", "intent": {"name": "nlu_fallback"}}
    held = Frame(danger=Danger(kind="emergency", said=("first",)))
    assert decided(message, held).get("follow_up") != "good_night"
    assert decided(message, Frame())["follow_up"] == "good_night"


@pytest.mark.parametrize(
    "text",
    [
        "I didn't want to harm myself yesterday but now I do",
        "I won't hurt myself as long as my sister is here",
    ],
)
def test_a_denial_with_a_but_is_no_denial(text):
    assert without_denials(text) == text
