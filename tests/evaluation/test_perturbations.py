"""The variants of test messages that the report measures."""

import pytest

from preceptor.evaluation.perturbations import in_long_story, paraphrased, with_typos

QUESTION = "How do I deal with a patient who shouts at me?"


@pytest.mark.parametrize("variant", [with_typos, paraphrased, in_long_story])
def test_a_variant_is_another_text_and_always_the_same(variant):
    assert variant(QUESTION) != QUESTION
    assert variant(QUESTION) == variant(QUESTION)


def test_typing_noise_leaves_most_of_a_message():
    noisy = with_typos(QUESTION)
    assert len(QUESTION) - 8 <= len(noisy) <= len(QUESTION) + 4


@pytest.mark.parametrize("text", ["", "?", "a", "你好", "1 2 3"])
def test_typing_noise_copes_with_what_has_no_letters(text):
    assert isinstance(with_typos(text), str)


@pytest.mark.parametrize("variant", [paraphrased, in_long_story])
def test_the_question_itself_stays_whole(variant):
    assert QUESTION in variant(QUESTION)


def test_a_story_has_about_150_words():
    for n in range(20):
        assert 130 <= len(in_long_story(f"Question {n}").split()) <= 180
