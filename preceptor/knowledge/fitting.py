"""Fits the ranking of answers to a fifth of their phrasings, which the index then leaves out."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from preceptor.knowledge.answers import Answer
from preceptor.knowledge.index import FEATURES, Index, Weights, confidence_row, readings_of
from preceptor.knowledge.vectors import answer_vectors as vectors_of
from preceptor.nlu.normalize import fold
from preceptor.nlu.spelling import is_english

_SHARE = 5
# A few thousand phrasings are enough for a dozen weights.
_MOST_SAMPLES = 3500
# How much of the covariance is taken as equal in all directions.
_SHRINKAGE = 3.0
# How much a question that nothing answers counts beside one that has its answer: one whose answer
# is left out is near to it, and one that the advisor declines is far from all.
_ABSENT, _DECLINED = 0.35, 0.5
_PENALTY = 1.0
# At most how many steps the classifier is fitted in: without the phrasings that are left out, and
# then from there on with them.
_ROUNDS, _ROUNDS_MORE = 60, 20
# Every kind of likeness counts for something.
_LEAST = 0.5
_AMONG_ALL = FEATURES.index("among_all")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Fitted:
    """What was fitted, and how it does on phrasings that were left out.

    Attributes:
        weights: for `Index`.
        found: how many phrasings find their answer.
        tried: how many there were.
        mixed_up: for pairs of answers, how many phrasings of the one find the other.
    """

    weights: Weights
    found: int
    tried: int
    mixed_up: dict[tuple[str, str], int]


@dataclass(frozen=True)
class _Sample:
    """A phrasing that was left out: its candidates' features and ids, and its own one's place."""

    rows: np.ndarray
    ids: list[str]
    place: int
    is_story: bool
    is_foreign: bool


def fit(
    answers: Sequence[Answer], vectors: Mapping[str, np.ndarray], unanswered: Sequence[str]
) -> Fitted:
    """Fit the projection, the ranking and the confidence.

    Args:
        answers: all of them.
        vectors: of every text that `texts_of` names.
        unanswered: questions that no answer fits.
    """
    rest = _rest_of(answers, vectors)
    samples = list(_left_out(rest, answers, vectors))
    whole = Index(answers, vectors, Weights())
    whole.use(_learnt(whole, rest.weights.rows))
    # Other languages share no words with the files; words would lose the weight that they deserve.
    english = [sample for sample in samples if not sample.is_foreign]
    weights = replace(whole.weights, ranking=tuple(_ranking(english)))
    seen: list[np.ndarray] = []
    right: list[bool] = []
    share: list[float] = []

    def add(rows: np.ndarray, kind: tuple[bool, bool], is_right: bool, counts: float) -> None:
        scores = rows @ np.array(weights.ranking)
        order = np.argsort(-scores)
        seen.append(confidence_row(scores[order], rows[order[0], _AMONG_ALL], *kind))
        right.append(is_right)
        share.append(counts)

    mixed: dict[tuple[str, str], int] = {}
    for sample in samples:
        scores = sample.rows @ np.array(weights.ranking)
        best = int(scores.argmax())
        kind = sample.is_story, sample.is_foreign
        add(sample.rows, kind, best == sample.place, 1.0)
        # The same question, if nobody had written its answer.
        add(np.delete(sample.rows, sample.place, axis=0), kind, False, _ABSENT)
        if best != sample.place and not sample.is_foreign:
            pair = sample.ids[sample.place], sample.ids[best]
            mixed[pair] = mixed.get(pair, 0) + 1
    for rows, is_story in _of_texts(whole, unanswered):
        add(rows, (is_story, False), False, _DECLINED)
    confidence = LogisticRegression(C=10.0, max_iter=2000)
    confidence.fit(np.array(seen), right, sample_weight=share)
    weights = replace(
        weights,
        confidence=tuple(map(float, confidence.coef_[0])),
        confidence_offset=float(confidence.intercept_[0]),
    )
    return Fitted(weights, len(english) - sum(mixed.values()), len(english), mixed)


def _ranking(samples: Sequence[_Sample]) -> list[float]:
    """Return the weights by which each sample's own answer is likeliest among its candidates.

    This is McFadden's conditional logit (1974). No weight may be negative, for which scikit-learn
    has no option: authors write phrasings that differ from each other, so among them nearness
    alone would speak against an answer, and among what people ask it doesn't.
    """

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        value = _PENALTY * float(weights @ weights) / 2
        gradient = _PENALTY * weights
        for sample in samples:
            chances = softmax(sample.rows @ weights)
            value -= float(np.log(chances[sample.place]))
            gradient = gradient + chances @ sample.rows - sample.rows[sample.place]
        return value, gradient

    count = samples[0].rows.shape[1]
    bounds = [(_LEAST, None)] * count
    found = minimize(loss, np.ones(count), jac=True, bounds=bounds, method="L-BFGS-B")
    return [float(weight) for weight in found.x]


def _projection(index: Index) -> np.ndarray:
    """Return the projection that makes small what differs within answers."""
    residuals = index.residuals()
    covariance = residuals.T @ residuals / len(residuals)
    size = len(covariance)
    even = _SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    return np.asarray(np.linalg.cholesky(np.linalg.inv(covariance + even)), dtype=np.float32)


def is_left_out(phrase: str) -> bool:
    """Tell whether a phrasing is of the fifth by which the ranking is fitted.

    The encoder has learnt the others (`preceptor.knowledge.adapt`), so they are nearer to their
    answer than what people ask.
    """
    return zlib.crc32(phrase.encode()) % _SHARE == 0


def _learnt(index: Index, rows: np.ndarray | None = None) -> Weights:
    """Return the projection and the classifier of an index; its fitting begins at `rows`."""
    every = range(len(index.answers))
    start = np.zeros((len(every), index.vectors.shape[1] + 1)) if rows is None else rows
    return Weights(
        projection=_projection(index),
        ids=tuple(answer.id for answer in index.answers),
        rows=index.classified(start, every, _ROUNDS if rows is None else _ROUNDS_MORE),
    )


def _rest_of(answers: Sequence[Answer], vectors: Mapping[str, np.ndarray]) -> Index:
    """Return an index that hasn't seen the phrasings that are left out."""
    rest = [
        answer.copy(update={"asked_as": tuple(p for p in answer.asked_as if not is_left_out(p))})
        for answer in answers
    ]
    index = Index(rest, vectors, Weights())
    index.use(_learnt(index))
    return index


def _left_out(
    index: Index, answers: Sequence[Answer], vectors: Mapping[str, np.ndarray]
) -> Iterator[_Sample]:
    """Yield phrasings as an index reads them that has not seen them."""
    phrases = [
        (place, phrase)
        for place, answer in enumerate(answers)
        for phrase in answer.asked_as
        if is_left_out(phrase)
    ]
    for place, phrase in phrases[:: -(-len(phrases) // _MOST_SAMPLES)]:
        readings = readings_of(phrase)
        sentences = [text for _, text in readings[1:]]
        read = [vectors[phrase], *(vectors_of(sentences) if sentences else ())]
        places = index.candidates(read)
        if place not in places:
            places[-1] = place
        rows = index.rows_of(readings, read, places)
        own = int(np.flatnonzero(places == place)[0])
        foreign = not _reads_as_english(phrase)
        yield _Sample(rows, [answers[i].id for i in places], own, len(read) > 1, foreign)


def _reads_as_english(phrase: str) -> bool:
    """Tell whether nearly all words of a phrasing are English."""
    words = _WORD.findall(phrase)
    return 4 * sum(is_english(fold(word)) for word in words) > 3 * len(words)


def _of_texts(index: Index, texts: Sequence[str]) -> Iterator[tuple[np.ndarray, bool]]:
    for text in texts:
        readings = readings_of(text)
        read = list(vectors_of(text for _, text in readings))
        yield index.rows_of(readings, read, index.candidates(read)), len(read) > 1
