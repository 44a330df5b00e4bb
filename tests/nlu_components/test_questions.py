"""Clauses, and which questions a message asks."""

import pytest

from preceptor.nlu.clauses import split
from preceptor.nlu.questions import Question, choose, in_context
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
        (
            q("ask_timing"),
            [q("ask_timing"), q("ask_bali", 0.97, text="bali tempts me")],
            ["ask_timing", "ask_bali"],
        ),
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


def ranking(**confidences: float) -> list[dict]:
    return [{"name": name, "confidence": value} for name, value in confidences.items()]


def test_the_message_speaks_for_what_a_clause_only_hints_at():
    clause = ranking(ask_program_detail=0.5, ask_timing=0.4, greet=0.1)
    whole = ranking(ask_how_to_apply=0.6, ask_timing=0.4)
    read = in_context(clause, whole)
    assert read[0]["name"] == "ask_timing"
    assert sum(each["confidence"] for each in read) == pytest.approx(1)


def test_what_the_message_does_not_show_may_still_be_asked_by_a_clear_clause():
    read = in_context(ranking(ask_bali=0.98, ask_timing=0.02), ranking(ask_timing=1.0))
    assert read[0]["name"] == "ask_bali"


def test_no_ranking_stays_none():
    assert in_context([], ranking(greet=1.0)) == []
