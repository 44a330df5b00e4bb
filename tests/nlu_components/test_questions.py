"""Clauses, which questions a message asks, and what a story asks."""

import numpy as np
import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from ruamel.yaml import YAML

from preceptor.nlu.component import CLAUSES, END, START
from preceptor.nlu.intents.component import RANKING
from preceptor.nlu.questions.cuts import clauses_of, cuts_of, is_story, pieces_of, sentences
from preceptor.nlu.questions.model import Piece, several
from preceptor.nlu.questions.reader import (
    QUESTIONS,
    Question,
    QuestionReader,
    choose,
    in_context,
    part,
)
from preceptor.nlu.tokens import tokens_of
from preceptor.runtime.settings import CODE


def parts_of(text: str) -> list[str]:
    """Return a message's clauses, cut wherever it may be cut."""
    doc = tokens_of(text)
    cuts = cuts_of(doc)
    return [pieces_of(doc, cuts)[i, i].text for i in range(len(cuts) + 1)]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("why do an internship", ["why do an internship"]),
        ("is it worth it and what does it cost?", ["is it worth it", "what does it cost?"]),
        ("Is it paid? How long is it?", ["Is it paid?", "How long is it?"]),
        ("do i need jabs, when should i apply", ["do i need jabs,", "when should i apply"]),
        ("how do i apply what does it cost", ["how do i apply", "what does it cost"]),
        ("is it compulsory how long is it", ["is it compulsory", "how long is it"]),
        ("cost n duration", ["cost", "duration"]),
        ("price? vaccines?", ["price?", "vaccines?"]),
        ("tell me 1) is it paid 2) is it safe", ["tell me", "is it paid", "is it safe"]),
        ("what documents (2) what visa", ["what documents", "what visa"]),
        ("is it safe / is it paid", ["is it safe /", "is it paid"]),
        ("hi! what can you do", ["hi!", "what can you do"]),
        ("first line here\nsecond line here", ["first line here", "second line here"]),
        (
            "what does it cost, how long is it and do I need jabs?",
            ["what does it cost,", "how long is it", "do I need jabs?"],
        ),
    ],
)
def test_a_message_is_cut_where_another_question_may_begin(text, clauses):
    assert parts_of(text) == clauses


@pytest.mark.parametrize(
    "text",
    [
        "Kenya or Tanzania",
        "tell me how long I should stay there in your opinion",
        "what vaccines do i need",
        "I would like to find out who takes students in their second year",
        "can i do it if i am not a medical student",
        "electives in Peru where English is ok",
    ],
)
def test_what_can_only_be_one_question_costs_no_more_to_read(text):
    assert clauses_of(tokens_of(text)) == []


def test_clauses_point_into_the_message():
    doc = tokens_of("Is it paid? And how long is it?")
    found = clauses_of(doc)
    assert [doc.text[s.start_char : s.end_char] for s in found] == [s.text for s in found]
    assert [s.text for s in found] == ["Is it paid?", "how long is it?"]


def test_a_message_with_two_cuts_is_read_in_all_parts_between_them():
    doc = tokens_of("thanks! is it paid, and how long is it?")
    assert [s.text for s in clauses_of(doc)] == [
        "thanks!",
        "thanks! is it paid,",
        "is it paid,",
        "is it paid, and how long is it?",
        "how long is it?",
    ]


def test_a_message_is_cut_four_times_at_most():
    asked = "is it paid? how long is it? is it safe? do i need jabs? who can go? when do i apply?"
    assert len(cuts_of(tokens_of(asked))) == 4


def test_a_long_story_is_read_by_its_last_sentences():
    doc = tokens_of("It was nice there. " * 100 + "What vaccines do I need?")
    assert is_story(doc)
    spans = sentences(doc)
    assert len(spans) == 24 and spans[-1].text == "What vaccines do I need?"


def q(intent: str, confidence: float = 0.9, text: str = "what about it?") -> Question:
    return Question(text, 0, len(text), intent, confidence)


@pytest.mark.parametrize(
    ("whole", "clauses", "intent"),
    [
        (q("ask_timing"), [], "ask_timing"),
        (q("ask_timing"), [q("ask_bali")], "ask_timing"),
        (q("greet"), [q("greet", text="hi there"), q("ask_timing")], "ask_timing"),
        (q("greet"), [q("greet"), q("ask_timing", 0.3)], "greet"),
        (q("greet"), [q("greet"), q("ask_timing", 0.7, text="it was nice")], "greet"),
        (q("greet"), [q("greet"), q("ask_bali", 0.97, text="bali tempts me")], "ask_bali"),
        (q("thank"), [q("thank"), q("goodbye")], "thank"),
        (q("report_emergency"), [q("report_emergency"), q("ask_timing")], "report_emergency"),
        (q("express_crisis"), [q("ask_bali"), q("ask_timing")], "express_crisis"),
    ],
)
def test_neither_a_greeting_nor_another_clause_hides_what_is_asked(whole, clauses, intent):
    assert choose(whole, clauses, sure=0.5).intent == intent


def test_a_cry_for_help_among_other_things_is_heard():
    crisis = q("express_crisis", 0.95)
    whole = q("ask_timing")
    assert choose(whole, [crisis], sure=0.5, suspected={"express_crisis": 0.05}) is crisis
    assert choose(whole, [crisis], sure=0.5, suspected={"express_crisis": 0.0}) is whole


def read(text: str, **readings: str) -> list[str]:
    """Return the intents of a message whose clauses a sure classifier reads as told.

    Args:
        text: the message.
        readings: for a word of a clause, its intent; what has several of the words is in doubt.
    """
    doc, models = tokens_of(text), several()
    cuts = cuts_of(doc)
    asked = {}
    for place, span in pieces_of(doc, cuts).items():
        named = [intent for word, intent in readings.items() if word in span.text.casefold()]
        ranking = [{"name": n, "confidence": 0.95 / len(named)} for n in named]
        piece = models.piece(span, ranking)
        asked[place] = q(named[0] if named else "", text=span.text), piece
    return [question.intent for question in part(cuts, asked, models, 0.5)]


COST, LONG, SAFE = "ask_cost_and_funding", "ask_how_long", "ask_health_and_safety"


def test_two_questions_are_found_in_order():
    assert read("what does it cost and how long is it?", cost=COST, long=LONG) == [COST, LONG]
    assert read("how long is it? what does it cost?", cost=COST, long=LONG) == [LONG, COST]


def test_three_questions_are_found_in_order():
    text = "what does it cost, how long is it and which vaccines do I need?"
    assert read(text, cost=COST, long=LONG, vaccines=SAFE) == [COST, LONG, SAFE]


def test_a_greeting_before_two_questions_does_not_hide_them():
    text = "thanks! what does it cost and how long is it?"
    assert read(text, thanks="thank", cost=COST, long=LONG) == [COST, LONG]


def test_thanks_after_two_questions_do_not_hide_them():
    text = "what does it cost and how long is it? thank you!"
    assert read(text, thank="thank", cost=COST, long=LONG) == [COST, LONG]


def test_two_clauses_about_one_thing_are_one_question():
    assert len(read("what does it cost and is the price fixed?", cost=COST, price=COST)) == 1


def test_who_searches_is_no_question_before_a_search():
    text = "I'm a qualified doctor from Egypt and want an observership in Cleveland"
    rule, search = "ask_registration_requirement", "find_program"
    assert len(read(text, observership=search, doctor=rule)) == 1


def test_two_searches_are_one():
    text = "show me surgery in Kenya and find something cheaper"
    assert len(read(text, surgery="find_program", cheaper="refine_search")) == 1


def test_the_length_of_a_compulsory_internship_is_asked_once():
    text = "what is the length of house job, and how many months are they in total?"
    assert len(read(text, house="ask_internship_length", total=LONG)) == 1
    assert len(read(text, house="ask_internship_length", total=SAFE)) == 2


@pytest.mark.parametrize(("sure", "heard"), [(0.5, "ask_timing"), (0.95, "express_crisis")])
def test_a_story_in_a_low_mood_is_no_crisis_unless_surely(sure, heard):
    text = "The rain has not stopped and nobody wrote to me this week. " * 4
    text += "When should I apply for an elective?"
    doc = tokens_of(text)
    message = Message(data={TEXT: text})
    clauses = []
    for span in clauses_of(doc):
        name, chance = ("ask_timing", 0.99) if "apply" in span.text else ("out_of_scope", 0.3)
        ranking = [{"name": name, "confidence": chance}]
        own = Message(data={TEXT: span.text, INTENT: ranking[0], RANKING: ranking})
        own.set(START, span.start_char)
        own.set(END, span.end_char)
        clauses.append(own)
    message.set(CLAUSES, clauses)
    ranking = [
        {"name": "express_crisis", "confidence": sure},
        {"name": "ask_timing", "confidence": 1 - sure},
    ]
    message.set(INTENT, ranking[0])
    message.set(RANKING, ranking)
    reader = QuestionReader(QuestionReader.get_default_config())
    (message,) = reader.process([message])
    assert message.get(INTENT)["name"] == heard
    assert message.get(QUESTIONS)[0]["intent"] == heard


def test_a_clause_that_could_be_on_a_programme_is_a_general_question_beside_another():
    doc, models = tokens_of("which vaccines do I need and what does it cost?"), several()
    found = pieces_of(doc, cuts_of(doc))

    def piece(place: tuple[int, int], **chances: float) -> Piece:
        ranking = [{"name": n, "confidence": c} for n, c in chances.items()]
        return models.piece(found[place], ranking)

    left = piece((0, 0), ask_health_and_safety=0.9)
    right = piece((1, 1), ask_program_detail=0.8, ask_cost_and_funding=0.1)
    whole = piece((0, 1), ask_health_and_safety=0.5, ask_cost_and_funding=0.2)
    _, pair = models.parts(cuts_of(doc)[0], left, right, whole)
    assert (pair.first, pair.second) == (SAFE, COST)


def test_the_models_know_every_intent_that_is_trained():
    labels = {
        example["intent"]
        for path in (CODE / "data/nlu").rglob("*.yml")
        for example in YAML(typ="safe").load(path.read_text("utf-8"))["nlu"]
        if "intent" in example
    }
    assert labels <= set(several().intents), "fit again: python -m tools.fit_several"


def story(*readings: tuple[str, str, float]) -> np.ndarray:
    """Return how much sentences weigh that are read as told, the last reading the whole's."""
    models = several()
    pieces = [
        models.piece(tokens_of(text)[:], [{"name": name, "confidence": chance}])
        for text, name, chance in readings
    ]
    return models.attention(pieces[:-1], pieces[-1])


def test_the_sentence_that_asks_weighs_most_in_a_story():
    told = [
        ("My sister has a boat and a very large cat that sleeps on it.", "out_of_scope", 0.3),
        ("The street is quiet tonight and my tea has been cold for hours.", "out_of_scope", 0.3),
        ("On Sunday we painted the fence green and fell off the ladder.", "refine_search", 0.2),
    ]
    weights = story(
        *told,
        *told,
        ("Which vaccines do I need?", SAFE, 0.99),
        *told,
        ("All of it together, with the boat and the fence and the tea.", "out_of_scope", 0.2),
    )
    assert weights.sum() == pytest.approx(1)
    assert weights.argmax() == 6 and weights[6] > 0.5


def test_a_story_that_is_clear_as_a_whole_is_read_as_a_whole():
    weights = story(
        ("A patient shouted at me all morning.", "ask_difficult_patients", 0.6),
        ("Then he threw his tray.", "out_of_scope", 0.3),
        ("A patient shouted at me. Then he threw it.", "ask_difficult_patients", 0.95),
    )
    assert weights.argmax() == 2


def ranking(**confidences: float) -> list[dict]:
    return [{"name": name, "confidence": value} for name, value in confidences.items()]


def test_the_message_speaks_for_what_a_clause_only_hints_at():
    clause = ranking(ask_program_detail=0.5, ask_timing=0.4, greet=0.1)
    whole = ranking(ask_how_to_apply=0.6, ask_timing=0.4)
    read_so = in_context(clause, whole)
    assert read_so[0]["name"] == "ask_timing"
    assert sum(each["confidence"] for each in read_so) == pytest.approx(1)


def test_no_ranking_stays_none():
    assert in_context([], ranking(greet=1.0)) == []
