"""Clauses, and which questions a message asks."""

import pytest

from preceptor.nlu.clauses import split
from preceptor.nlu.questions import Question, choose
from preceptor.nlu.text import tokens_of


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("why do an internship", []),
        ("is it worth it and what does it cost?", ["is it worth it", "what does it cost?"]),
        ("Is it paid? How long is it?", ["Is it paid?", "How long is it?"]),
        ("surgery and paediatrics in Kenya", []),
        ("Kenya or Tanzania", []),
        ("do i need jabs, when should i apply", ["do i need jabs,", "when should i apply"]),
        ("first line here\nsecond line here", ["first line here", "second line here"]),
        ("hi! what can you do", None),
    ],
)
def test_a_message_is_cut_where_another_question_begins(text, clauses):
    found = [span.text.strip() for span in split(tokens_of(text))]
    if clauses is None:
        assert "what can you do" in found or found == []
    else:
        assert found == clauses


def test_clauses_point_into_the_message():
    doc = tokens_of("Is it paid? And how long is it?")
    for span in split(doc):
        assert doc.text[span.start_char : span.end_char] == span.text


def test_a_long_story_keeps_its_end():
    doc = tokens_of("It was nice there. " * 100 + "What vaccines do I need?")
    spans = split(doc)
    assert len(spans) == 24 and spans[-1].text == "What vaccines do I need?"


def q(intent: str, confidence: float = 0.9, text: str = "what about it?") -> Question:
    return Question(text, 0, len(text), intent, confidence)


@pytest.mark.parametrize(
    ("whole", "clauses", "intents"),
    [
        (q("ask_timing"), [], ["ask_timing"]),
        (
            q("ask_timing", 0.4),
            [q("ask_timing"), q("ask_cost_and_funding")],
            ["ask_timing", "ask_cost_and_funding"],
        ),
        (q("ask_timing"), [q("ask_timing"), q("ask_timing")], ["ask_timing"]),
        (q("ask_timing"), [q("ask_timing"), q("ask_bali", 0.2)], ["ask_timing"]),
        (q("ask_timing"), [q("ask_timing"), q("ask_bali", text="it was nice")], ["ask_timing"]),
        (q("greet"), [q("greet", text="hi there"), q("ask_timing")], ["ask_timing"]),
        (q("thank"), [q("thank"), q("goodbye")], ["thank"]),
        (q("report_emergency"), [q("report_emergency"), q("ask_timing")], ["report_emergency"]),
        (q("express_crisis"), [q("ask_bali"), q("ask_timing")], ["express_crisis"]),
        (q("find_program"), [q("find_program"), q("refine_search")], ["find_program"]),
    ],
)
def test_what_a_message_asks(whole, clauses, intents):
    assert [each.intent for each in choose(whole, clauses, sure=0.5)] == intents


def test_a_story_is_one_question_however_many_it_could_be_cut_into():
    story = q("ask_difficult_patients", text="word " * 400)
    asked = choose(story, [q("ask_timing"), q("ask_bali")] * 6, sure=0.5)
    assert asked == [story]
