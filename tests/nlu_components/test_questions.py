"""Where a message is cut, which questions it asks, and what a story asks."""

import numpy as np
import pytest

from preceptor.intents import intents
from preceptor.nlu.questions.cuts import (
    cuts_of,
    is_story,
    parts_of,
    pieces_of,
    place_of,
    sentences,
)
from preceptor.nlu.questions.model import (
    CutModel,
    Piece,
    Roles,
    StoryModel,
    features,
    story_features,
)
from preceptor.nlu.questions.reader import (
    Asked,
    behind_a_greeting,
    cry_for_help,
    is_surely_danger,
    questions_of,
)
from preceptor.nlu.tokens import tokens_of

COST, LONG, SAFE = "ask_cost_and_funding", "ask_how_long", "ask_health_and_safety"
ROLES = Roles(sorted(name for name, i in intents().items() if i.trained), intents())


def clauses_of(text: str, whole: tuple[tuple[int, int], ...] = ()) -> list[str]:
    """Return a message's clauses, cut wherever it may be cut."""
    doc = tokens_of(text)
    cuts = cuts_of(doc, whole)
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
    assert clauses_of(text) == clauses


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
    assert list(parts_of(tokens_of(text))[1]) == [(0, 0)]


def test_no_cut_is_made_inside_an_entity():
    text = "surgery in Kenya for three and a half months"
    assert clauses_of(text) == ["surgery in Kenya for three", "a half months"]
    start = text.index("three")
    assert clauses_of(text, ((start, len(text)),)) == [text]
    before = (text.index("Kenya"), start)
    assert len(clauses_of(text, (before,))) == 2


def test_clauses_point_into_the_message():
    doc = tokens_of("Is it paid? And how long is it?")
    _, found = parts_of(doc)
    places = {part: place_of(span) for part, span in found.items()}
    said = {part: doc.text[start:end] for part, (start, end) in places.items()}
    assert said == {(0, 0): "Is it paid?", (0, 1): doc.text, (1, 1): "how long is it?"}


def test_a_message_with_two_cuts_is_read_in_all_parts_between_them():
    doc = tokens_of("thanks! is it paid, and how long is it?")
    assert {part: span.text for part, span in parts_of(doc)[1].items()} == {
        (0, 0): "thanks!",
        (0, 1): "thanks! is it paid,",
        (0, 2): doc.text,
        (1, 1): "is it paid,",
        (1, 2): "is it paid, and how long is it?",
        (2, 2): "how long is it?",
    }


def test_a_message_is_cut_four_times_at_most():
    asked = "is it paid? how long is it? is it safe? do i need jabs? who can go? when do i apply?"
    assert len(cuts_of(tokens_of(asked))) == 4


def test_a_long_story_is_read_by_its_last_sentences():
    doc = tokens_of("It was nice there. " * 100 + "What vaccines do I need?")
    assert is_story(doc)
    spans = sentences(doc)
    assert len(spans) == 24 and spans[-1].text == "What vaccines do I need?"
    cuts, parts = parts_of(doc)
    assert cuts == [] and len(parts) == 25 and place_of(parts[0, 23]) == (0, len(doc.text))


def piece(text: str, **chances: float) -> Piece:
    """Return a part that a classifier reads as told."""
    row = np.zeros(len(ROLES.names))
    for name, chance in chances.items():
        row[ROLES.names.index(name)] = chance
    return Piece.of(tokens_of(text)[:], row)


def asked(text: str, **chances: float) -> Asked:
    return Asked.by((0, 0), piece(text, **chances))


@pytest.mark.parametrize(
    ("text", "chances", "counts"),
    [
        ("what about it?", {"ask_timing": 0.9}, True),
        ("what about it?", {"ask_timing": 0.3}, False),
        ("it was nice", {"ask_timing": 0.7}, False),
        ("bali tempts me", {"ask_bali": 0.97}, True),
        ("bye then?", {"goodbye": 0.99}, False),
        ("what a mess?", {"complain": 0.99}, False),
    ],
)
def test_a_greeting_does_not_hide_what_is_surely_asked(text, chances, counts):
    found = asked(text, **chances)
    assert (behind_a_greeting([found], {(0, 0): piece(text)}, ROLES) == found) == counts


def test_a_cry_for_help_among_other_things_is_heard():
    parts = {(0, 0): piece("x", ask_timing=0.9), (1, 1): piece("y", express_crisis=0.95)}
    whole = piece("x y", ask_timing=0.9, express_crisis=0.05)
    found = cry_for_help(parts, whole, ROLES)
    assert found is not None and found.part == (1, 1)
    assert cry_for_help(parts, piece("x y", ask_timing=0.9), ROLES) is None
    unsure = {(0, 0): piece("y", express_crisis=0.85)}
    assert cry_for_help(unsure, whole, ROLES) is None


@pytest.mark.parametrize(("sure", "danger"), [(0.5, False), (0.95, True)])
def test_a_story_in_a_low_mood_is_no_crisis_unless_surely(sure, danger):
    whole = piece("The rain has not stopped.", express_crisis=sure)
    assert is_surely_danger(whole, ROLES, story=True) == danger
    assert is_surely_danger(whole, ROLES, story=False)


def fitted(models) -> CutModel:
    """Return the trained model of cuts, over the intents as they are declared."""
    assert models.roles.names == ROLES.names
    return models.cuts


def read(models, text: str, **readings: str) -> list[str]:
    """Return the intents of a message whose clauses a sure classifier reads as told.

    Args:
        models: what was trained.
        text: the message.
        readings: for a word of a clause, its intent; what has several of the words is in doubt.
    """
    cuts, spans = parts_of(tokens_of(text))
    pieces = {}
    for part, span in spans.items():
        named = [intent for word, intent in readings.items() if word in span.text.casefold()]
        row = np.zeros(len(ROLES.names))
        for name in named:
            row[ROLES.names.index(name)] += 0.95 / len(named)
        pieces[part] = Piece.of(span, row)
    return [ROLES.names[one.intent] for one in questions_of(cuts, pieces, fitted(models))]


def test_two_questions_are_found_in_order(models):
    assert read(models, "what does it cost and how long is it?", cost=COST, long=LONG) == [
        COST,
        LONG,
    ]
    assert read(models, "how long is it? what does it cost?", cost=COST, long=LONG) == [LONG, COST]


def test_three_questions_are_found_in_order(models):
    text = "what does it cost, how long is it and which vaccines do I need?"
    assert read(models, text, cost=COST, long=LONG, vaccines=SAFE) == [COST, LONG, SAFE]


def test_a_greeting_before_two_questions_does_not_hide_them(models):
    text = "thanks! what does it cost and how long is it?"
    assert read(models, text, thanks="thank", cost=COST, long=LONG) == [COST, LONG]


def test_thanks_after_two_questions_do_not_hide_them(models):
    text = "what does it cost and how long is it? thank you!"
    assert read(models, text, thank="thank", cost=COST, long=LONG) == [COST, LONG]


def test_two_clauses_about_one_thing_are_one_question(models):
    assert (
        len(read(models, "what does it cost and is the price fixed?", cost=COST, price=COST)) == 1
    )


def test_who_searches_is_no_question_before_a_search(models):
    text = "I'm a qualified doctor from Egypt and want an observership in Cleveland"
    rule, search = "ask_registration_requirement", "find_program"
    assert len(read(models, text, observership=search, doctor=rule)) == 1


def test_two_searches_are_one(models):
    text = "show me surgery in Kenya and find something cheaper"
    assert len(read(models, text, surgery="find_program", cheaper="refine_search")) == 1


def test_the_length_of_a_compulsory_internship_is_asked_once(models):
    text = "what is the length of house job, and how many months are they in total?"
    assert len(read(models, text, house="ask_internship_length", total=LONG)) == 1
    assert len(read(models, text, house="ask_internship_length", total=SAFE)) == 2


def test_a_clause_that_could_be_on_a_programme_is_a_general_question_beside_another():
    left = piece("which vaccines do I need", ask_health_and_safety=0.9)
    right = piece("what does it cost?", ask_program_detail=0.8, ask_cost_and_funding=0.1)
    pair, _ = ROLES.pair(left, right)
    assert (ROLES.names[pair.first], ROLES.names[pair.second]) == (SAFE, COST)
    pointing = piece("what does the first one cost?", ask_program_detail=0.8)
    pair, _ = ROLES.pair(left, pointing)
    assert ROLES.names[pair.second] == "ask_program_detail"


def test_what_can_be_no_second_question_is_none():
    left, right = piece("who can go", ask_eligibility=0.9), piece("thanks", thank=0.99)
    pair, _ = ROLES.pair(left, right)
    assert ROLES.askable[pair.second]


def test_a_model_of_cuts_learns_what_parts(tmp_path):
    rows, truth = [], []
    for second, parts in (("how long is it", True), ("and the other one", False)) * 20:
        doc = tokens_of(f"what does it cost, {second}")
        (cut,) = cuts_of(doc)
        spans = pieces_of(doc, [cut])
        chances = np.zeros(len(ROLES.names))
        chances[ROLES.names.index(LONG if parts else COST)] = 0.9
        first = piece("what does it cost", **{COST: 0.9})
        row, _ = features(ROLES, cut, first, Piece.of(spans[1, 1], chances), first)
        rows.append(row)
        truth.append(parts)
    model = CutModel.fit(ROLES, np.array(rows), np.array(truth))
    place = (cut, first, Piece.of(spans[1, 1], chances), first)
    ((chance, _),) = model.parts([place])
    assert chance < 0.5
    model.save(tmp_path)
    again = CutModel.load(tmp_path, ROLES)
    assert again is not None and again.parts([place])[0][0] == pytest.approx(chance)


def test_a_model_of_stories_learns_what_asks(tmp_path):
    rows, says = [], []
    for asks in (True, False) * 10:
        told = [piece("It rained.", out_of_scope=0.3), piece("Is it paid?", **{COST: 0.9})]
        told = told if asks else told[::-1]
        rows.append(story_features(ROLES, told, piece("It rained. Is it paid?", thank=0.3)))
        says.append(np.array([0.0, 0.9, 0.1] if asks else [0.9, 0.0, 0.1]))
    model = StoryModel.fit(ROLES, rows, says, [True, False] * 10)
    weights = model.weights(told, piece("It rained. Is it paid?", thank=0.3))
    assert weights.argmax() == 0 and weights.sum() == pytest.approx(1)
    model.save(tmp_path)
    again = StoryModel.load(tmp_path, ROLES)
    assert again is not None
    assert np.allclose(again.weights(told, piece("It rained. Is it paid?", thank=0.3)), weights)


def test_models_that_were_not_trained_are_none(tmp_path):
    assert CutModel.load(tmp_path, ROLES) is None and StoryModel.load(tmp_path, ROLES) is None


def story(models, *readings: tuple[str, str, float]) -> np.ndarray:
    """Return how much sentences weigh that are read as told, the last reading the whole's."""
    pieces = [piece(text, **{name: chance}) for text, name, chance in readings]
    assert isinstance(models.stories, StoryModel)
    return models.stories.weights(pieces[:-1], pieces[-1])


def test_the_sentence_that_asks_weighs_most_in_a_story(models):
    told = [
        ("My sister has a boat and a very large cat that sleeps on it.", "out_of_scope", 0.3),
        ("The street is quiet tonight and my tea has been cold for hours.", "out_of_scope", 0.3),
        ("On Sunday we painted the fence green and fell off the ladder.", "out_of_scope", 0.3),
    ]
    weights = story(
        models,
        *told,
        *told,
        ("Which vaccines do I need?", SAFE, 0.99),
        *told,
        ("All of it together, with the boat and the fence and the tea.", "out_of_scope", 0.2),
    )
    assert weights.sum() == pytest.approx(1)
    assert weights.argmax() == 6 and weights[6] > 0.5


def test_a_story_that_is_clear_as_a_whole_is_read_as_a_whole(models):
    weights = story(
        models,
        ("A patient shouted at me all morning.", "ask_difficult_patients", 0.2),
        ("Then he threw his tray.", "out_of_scope", 0.3),
        ("A patient shouted at me. Then he threw it.", "ask_difficult_patients", 0.98),
    )
    assert weights.argmax() == 2
