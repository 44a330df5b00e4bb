"""What a correction says was meant, and where another matter begins."""

import pytest

from preceptor.conversation.decide import decided, meant, new_matter
from preceptor.conversation.frame import Frame


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
