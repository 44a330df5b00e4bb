"""Mending the words of a message towards those of the training questions."""

import pytest

from preceptor.nlu.spelling import Corrector

QUESTIONS = [
    *["what exactly is an internship in a hospital"] * 12,
    *["can a housemanship be done abroad"] * 8,
    "my shift at the hosp",
]


@pytest.fixture(scope="module")
def corrector() -> Corrector:
    return Corrector.learn(QUESTIONS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("what is an intrenship?", "what is an internship?"),
        ("is a HOUSMANSHIP abroad", "is a housemanship abroad"),
        ("whatexactly is an internship", "what exactly is an internship"),
        ("hsopital", "hospital"),
    ],
)
def test_typos_become_the_words_of_the_training_questions(corrector, typed, meant):
    assert corrector.correct([typed]) == [meant]


@pytest.mark.parametrize(
    "text",
    [
        "the hosp is hot",  # known, though rare and near "hospital"
        "a host and a hostel",  # English words that no training question has
        "saya ingin magang di rumah sakit",  # no English
        "o'neill's 3-week café",
    ],
)
def test_words_that_are_no_typos_stay(corrector, text):
    assert corrector.correct([text]) == [text]


def test_whether_a_message_is_english_is_decided_for_all_its_parts(corrector):
    assert corrector.correct(["magang di", "rumah sakit"]) == ["magang di", "rumah sakit"]
    assert corrector.correct(["what is an", " intrenship"]) == ["what is an", " internship"]


def test_mending_twice_changes_nothing_more(corrector):
    once = corrector.correct(["whatexactly is an intrenship in a hospitl"])
    assert corrector.correct(once) == once


def test_what_was_learnt_is_read_back(corrector, tmp_path):
    corrector.save(tmp_path / "spelling.json")
    again = Corrector.load(tmp_path / "spelling.json")
    assert again.correct(["an intrenship"]) == ["an internship"]
    assert corrector.correct(["an intrenship"]) == ["an internship"]
