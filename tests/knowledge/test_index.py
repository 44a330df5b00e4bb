"""Choosing an answer, with the real encoders and the project's own answers."""

import numpy as np
import pytest

from preceptor.knowledge.answers import Answer
from preceptor.knowledge.index import (
    FEATURES,
    Context,
    Index,
    Weights,
    readings_of,
    texts_of,
)
from preceptor.knowledge.store import shared_answers
from preceptor.knowledge.vectors import answer_vectors as vectors


def answer(id: str, question: str, text: str, *asked: str, **more: object) -> Answer:
    return Answer.parse_obj(
        {
            "id": id,
            "question": question,
            "asked_as": asked,
            "topics": ["ask_timing"],
            "text": [text],
            **more,
        }  # fmt: skip
    )


@pytest.fixture(scope="module")
def vectors_of():
    def of(answers: list[Answer]):
        texts = texts_of(answers)
        return dict(zip(texts, vectors(texts), strict=True))

    return of


VISA_KE = answer("v/ke", "Which visa do I need for Kenya?", "An e-pass.", "kenya visa",
                 places=["KE"])  # fmt: skip
VISA_IN = answer("v/in", "Which visa do I need for India?", "A student visa.", "india visa",
                 places=["IN"])  # fmt: skip
CRY = answer("s/cry", "Is it wrong to cry at work?", "No.", "I cried on the ward")
NURSE = answer("e/nurse", "Can nurses go?", "Yes, as nurses.", "RN elective", audience=["nurse"])
PUPIL = answer("e/pupil", "Can pupils go?", "To watch.", "high school", audience=["pre_university"])
ALL = [VISA_KE, VISA_IN, CRY, NURSE, PUPIL]


def test_the_nearest_in_meaning_comes_first(vectors_of):
    index = Index(ALL, vectors_of(ALL), Weights())
    found = index.choose("was it bad that I was in tears in front of a patient")
    assert found.matches[0].answer is CRY


STORY = (
    "My cousin keeps bees and the car broke down twice on the way to the village. On Tuesday I"
    " stood by the window of the ward and the tears just came. The bus home was late as always."
)


def test_a_story_is_read_as_a_whole_and_by_its_sentences():
    texts = [text for _, text in readings_of(STORY)]
    assert texts[0] == STORY and texts[2].startswith("On Tuesday") and len(texts) == 4
    assert sum(share for share, _ in readings_of(STORY)) == pytest.approx(1)
    assert readings_of("I cried. Is that bad?") == [(1.0, "I cried. Is that bad?")]
    many = " ".join(f"This is the sentence with number {i}." for i in range(200))
    assert len(readings_of(many)) < 20


def test_what_a_story_has_in_common_with_an_answer_is_the_mean_over_its_readings(vectors_of):
    index = Index(ALL, vectors_of(ALL), Weights())
    best = index.choose(STORY).matches[0]
    place, near = np.array([ALL.index(CRY)]), FEATURES.index("near")
    each = [
        share * index.rows_of([(1.0, text)], vectors([text]), place)[0, near]
        for share, text in readings_of(STORY)
    ]
    whole = index.rows_of([(1.0, STORY)], vectors([STORY]), place)[0, near]
    assert best.answer is CRY
    assert best.features["near"] == pytest.approx(sum(each), abs=1e-3) != pytest.approx(whole)


def test_the_place_that_is_named_decides(vectors_of):
    index = Index(ALL, vectors_of(ALL), Weights())
    for place, wanted in (("KE", VISA_KE), ("IN", VISA_IN)):
        found = index.choose("what about the visa", Context(places=frozenset({place})))
        assert found.matches[0].answer is wanted


def test_the_audience_weighs_in(vectors_of):
    index = Index(ALL, vectors_of(ALL), Weights())
    for audience, wanted in (("nurse", NURSE), ("pre_university", PUPIL)):
        found = index.choose("can I go?", Context(audience=frozenset({audience})))
        assert found.matches[0].answer is wanted


def test_the_context_counts_half_in_a_story(vectors_of):
    index = Index(ALL, vectors_of(ALL), Weights())
    context = Context(topics={"ask_timing": 1.0})
    short = index.choose("may I cry", context).matches[0].context
    story = " ".join(["after a long week on the ward I sat down and could not stop it"] * 2)
    assert index.choose(story, context).matches[0].context == pytest.approx(short / 2)


def test_an_answer_that_is_not_wanted_again_is_left_out(vectors_of):
    index = Index(ALL, vectors_of(ALL), Weights())
    found = index.choose("kenya visa", Context(avoid=frozenset({"v/ke"})))
    assert "v/ke" not in {match.answer.id for match in found.matches}


def test_the_words_of_a_file_find_it_for_sure():
    index = shared_answers().current()
    assert index is not None
    for each in index.answers[::10]:
        for phrase in (each.question, each.asked_as[-1].upper()):
            choice = index.choose(phrase)
            assert choice.matches[0].answer.id == each.id and choice.confidence == 1.0


def test_what_no_answer_fits_is_not_sure():
    index = shared_answers().current()
    assert index is not None
    for question in ("what is the capital of Mongolia", "how do I fix a bicycle", "ggg hhh", "?"):
        assert index.choose(question).confidence < 0.5


WAITS = {"asked_as": ["they don't reply", "no answer yet", "silence since May"], "text": "Ask."}
PAYS = {"asked_as": ["who pays for it", "is there a fee", "what does it cost"], "see": "v/in"}


def test_the_nearest_of_what_people_ask_next_is_found_in_a_sentence_or_a_story(vectors_of):
    asked = answer("v/ng", "Which visa for Nigeria?", "An e-visa.", "nigeria visa",
                   further=[WAITS, PAYS])  # fmt: skip
    index = Index([asked, CRY], vectors_of([asked, CRY]), Weights())
    found = index.further(asked, "i still have no reply from them")
    assert found is not None and found[0].text == "Ask." and found[1] > 0.5
    told = index.further(asked, f"{STORY} And who pays the fee for it?")
    assert told is not None and told[0].see == "v/in" and told[1] > 0.5
    far = index.further(asked, "my cousin keeps bees")
    assert far is not None and far[1] < 0.3
    assert index.further(CRY, "and who pays") is None
    assert index.further(asked, " ") is None
