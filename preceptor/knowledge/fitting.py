"""Fits the ranking of answers to the files, each phrasing left out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from preceptor.knowledge.index import ENCODERS, FEATURES, Index, Weights, confidence_row
from preceptor.nlu.intents.features import meaning

_NEAR = FEATURES.index("near")


@dataclass(frozen=True)
class Fitted:
    """What was fitted, and how it does on phrasings that were left out.

    Attributes:
        weights: for `Index`.
        first: the share of phrasings whose answer comes first.
        mixed_up: for pairs of answers, how many phrasings of the one ask for the other.
    """

    weights: Weights
    first: float
    mixed_up: dict[tuple[str, str], int]


def fit(index: Index, unanswered: Sequence[str]) -> Fitted:
    """Fit the ranking and the confidence.

    Args:
        index: the answers, with any weights.
        unanswered: questions that no answer fits.
    """
    samples = [_left_out(index, phrase) for phrase in range(len(index.phrases))]
    rows = np.concatenate([rows for rows, _, _ in samples])
    truth = np.concatenate([right for _, right, _ in samples])
    ranking = LogisticRegression(C=10.0, max_iter=1000, class_weight={0: 1.0, 1: 3.0})
    ranking.fit(rows, truth)
    weights = tuple(map(float, ranking.coef_[0]))
    offset = float(ranking.intercept_[0])
    seen: list[np.ndarray] = []
    right: list[bool] = []
    share: list[float] = []
    first = 0
    mixed: dict[tuple[str, str], int] = {}
    for phrase, (features, own, places) in enumerate(samples):
        scores = features @ np.array(weights) + offset
        order = np.argsort(-scores)
        best = places[order[0]]
        answer = index.owner[phrase]
        first += best == answer
        if best != answer:
            pair = index.answers[answer].id, index.answers[best].id
            mixed[pair] = mixed.get(pair, 0) + 1
        seen.append(confidence_row(sorted(scores, reverse=True), features[order[0], _NEAR]))
        right.append(bool(best == answer))
        share.append(1.0)
        # The same question, if nobody had written its answer.
        others = [i for i in order if not own[i]]
        seen.append(confidence_row(scores[others], features[others[0], _NEAR]))
        right.append(False)
        share.append(0.35)
    for features in _of_texts(index, unanswered):
        scores = features @ np.array(weights) + offset
        order = np.argsort(-scores)
        seen.append(confidence_row(scores[order], features[order[0], _NEAR]))
        right.append(False)
        share.append(0.5)
    confidence = LogisticRegression(C=10.0, max_iter=1000)
    confidence.fit(np.array(seen), right, sample_weight=share)
    fitted = replace(
        Weights(),
        ranking=weights,
        offset=offset,
        confidence=tuple(map(float, confidence.coef_[0])),
        confidence_offset=float(confidence.intercept_[0]),
    )
    return Fitted(fitted, first / len(samples), mixed)


def _left_out(index: Index, phrase: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a phrasing's features without itself, which candidate is right, and their places."""
    vector = index.vectors[phrase]
    places = index.candidates(vector)
    answer = int(index.owner[phrase])
    if answer not in places:
        places[-1] = answer
    words, pieces = index.word_rows[phrase], index.piece_rows[phrase]
    rows = index.features(vector, words, pieces, list(places), without=phrase)
    return rows, places == answer, places


def _of_texts(index: Index, texts: Sequence[str]) -> list[np.ndarray]:
    vectors = meaning(list(texts), ENCODERS)
    found = []
    for text, vector in zip(texts, vectors, strict=True):
        words, pieces = index.words.rows([text])
        found.append(index.features(vector, words, pieces, list(index.candidates(vector))))
    return found
