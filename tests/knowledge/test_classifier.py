"""The classifier over all answers, on vectors made for it."""

import numpy as np
import pytest

from preceptor.knowledge.answers import Answer
from preceptor.knowledge.classifier import fitted, log_chances
from preceptor.knowledge.index import Index, Weights, texts_of

SIZE, ANSWERS = 8, 4


@pytest.fixture(scope="module")
def texts():
    """Forty texts of each answer, which differ in one direction and are noisy in the others."""
    dice = np.random.default_rng(3)
    owners = np.repeat(np.arange(ANSWERS), 40)
    vectors = dice.normal(scale=0.5, size=(len(owners), SIZE))
    vectors[np.arange(len(owners)), owners] += 2
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), owners


def test_it_tells_answers_apart_and_gives_probabilities(texts):
    vectors, owners = texts
    rows = fitted(vectors, owners, np.zeros((ANSWERS, SIZE + 1)), range(ANSWERS), 60)
    chances = np.exp(log_chances(rows, vectors))
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(owners)), abs=1e-4)
    assert (chances.argmax(axis=1) == owners).mean() > 0.95


def test_a_new_answer_is_fitted_beside_the_others_which_stay(texts):
    vectors, owners = texts
    old = owners < ANSWERS - 1
    rows = np.zeros((ANSWERS, SIZE + 1), np.float32)
    rows[:-1] = fitted(vectors[old], owners[old], rows[:-1], range(ANSWERS - 1), 60)
    more = fitted(vectors, owners, rows, [ANSWERS - 1], 60)
    assert np.array_equal(more[:-1], rows[:-1])
    assert (log_chances(more, vectors).argmax(axis=1) == owners).mean() > 0.95


def test_an_index_fits_what_the_classifier_does_not_know(texts):
    vectors, owners = texts
    answers = [
        Answer.parse_obj(
            {
                "id": f"v/{i}",
                "question": f"q {i} 0?",
                "asked_as": [f"q {i} {j}" for j in range(1, 39)],
                "topics": ["ask_timing"],
                "text": [f"text {i}"],
            }
        )
        for i in range(ANSWERS)
    ]
    known = dict(zip(texts_of(answers), vectors, strict=True))
    known = {text: np.tile(vector, 112)[:896] for text, vector in known.items()}
    whole = Index(answers, known, Weights())
    rows = whole.classified(np.zeros((ANSWERS, 897)), range(ANSWERS), 60)
    ids = tuple(answer.id for answer in answers)
    # It knows them in another order, one that is no more, and not the last one.
    weights = Weights(ids=("v/gone", *ids[2::-1]), rows=rows[[3, 2, 1, 0]])
    index = Index(answers, known, weights)
    for place in range(ANSWERS):
        row = index.features(known[f"q {place} 5"], index.words.rows([""]), np.arange(ANSWERS))
        assert row[:, -1].argmax() == place
        assert -1 <= row[:, -1].min() and row[:, -1].max() <= 0
