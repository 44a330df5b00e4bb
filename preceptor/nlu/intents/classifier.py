"""Reads intents from texts: mended words, sentence vectors and n-grams, a quadratic ridge.

It knows nothing of Rasa, so that public benchmarks measure just what the advisor uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy.sparse

from preceptor.nlu.encoders.onnx import Part
from preceptor.nlu.intents.features import Ngrams, features_of_parts, meaning
from preceptor.nlu.intents.ridge import QuadraticRidge
from preceptor.nlu.normalize import squeeze
from preceptor.nlu.spelling import Corrector

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "encoders": {"use": 1.0, "minilm": 1.2},
        "words": [1, 2],
        "characters": [2, 5],
        "min_df": 2,
        "directions": 192,
        "dense_weight": 16.0,
        "linear_weight": 1.0,
        "penalty": 1.5,
    }
)
"""The options; docs/understanding.md tells how they were chosen."""

_NGRAMS = ("words", "characters", "min_df")
# Messages whose parts are multiplied at a time in training.
_AT_A_TIME = 64
_RIDGE = ("directions", "dense_weight", "linear_weight", "penalty")


@dataclass(frozen=True)
class InParts:
    """A message to learn from.

    Attributes:
        text: what somebody wrote.
        parts: where its parts begin and end, in characters; all of it may be one.
        labels: what each part asks; None where that is not to be learnt.
        apart: see `preceptor.nlu.intents.features.features_of_parts`.
    """

    text: str
    parts: list[Part]
    labels: list[str | None]
    apart: bool = False

    @property
    def learnt(self) -> list[int]:
        """The places of the parts that have a label."""
        return [i for i, label in enumerate(self.labels) if label is not None]

    @property
    def is_question(self) -> bool:
        """Whether all of it is learnt as one question."""
        return any(self.parts[i] == (0, len(self.text)) for i in self.learnt)


class IntentReader:
    """A trained reader of intents.

    Attributes:
        labels: the classes, shape `(c,)`; the columns of what `scores` and `probabilities` give.
    """

    def __init__(
        self,
        corrector: Corrector,
        encoders: Mapping[str, float],
        ngrams: Ngrams,
        ridge: QuadraticRidge,
    ) -> None:
        """Put the parts together; `fit` and `load` make them."""
        self._corrector = corrector
        self._encoders = encoders
        self._ngrams = ngrams
        self._ridge = ridge
        self.labels = ridge.labels

    @classmethod
    def fit(
        cls,
        texts: list[str],
        labels: list[str],
        options: Mapping[str, Any] = DEFAULTS,
        vectors: np.ndarray | None = None,
    ) -> IntentReader:
        """Learn from `n` questions with their labels; the arguments are those of `fit_and_read`."""
        return cls.fit_and_read(texts, labels, (), (), options, vectors)[0]

    @classmethod
    def fit_and_read(
        cls,
        texts: list[str],
        labels: list[str],
        messages: Sequence[InParts],
        folds: Sequence[int],
        options: Mapping[str, Any] = DEFAULTS,
        vectors: np.ndarray | None = None,
    ) -> tuple[IntentReader, list[np.ndarray]]:
        """Learn from `n` questions and from parts of messages, and read the messages unseen.

        Args:
            texts: length n.
            labels: length n.
            messages: a part with a label is learnt as it is read: knowing what stands around it.
            folds: of each message, the number of its fold; none of a fold's messages is known to
                the model that reads them.
            options: `encoders`, see `features.meaning`; `words`, `characters` and
                `min_df`, see `Ngrams.fit`; `directions`, `dense_weight`,
                `linear_weight` and `penalty`, see `QuadraticRidge.fit_and_leave_out`.
            vectors: what `meaning` gives for the texts, where that is known already.

        Returns:
            The reader, which has learnt from everything; and the probabilities of the parts of
            each message, shape `(parts, c)`, by models without the message's fold.
        """
        # A message in parts has words side by side that no question has.
        whole = [message.text for message in messages if message.is_question]
        ngrams, rows = Ngrams.fit([*texts, *whole], **{name: options[name] for name in _NGRAMS})
        if vectors is None:
            vectors = meaning(texts, options["encoders"])
        # Two messages at a time: one of the encoders takes much longer than the other.
        with ThreadPoolExecutor(2) as pool:
            features = partial(_features, encoders=options["encoders"], ngrams=ngrams)
            read = list(pool.map(features, messages))
        places = [message.learnt for message in messages]
        dense = [vectors, *(d[learnt] for (d, _), learnt in zip(read, places, strict=True))]
        sparse = [rows[: len(texts)], *(s[p] for (_, s), p in zip(read, places, strict=True))]
        fold_of_row = np.repeat(np.array(folds, dtype=int), list(map(len, places)))
        numbers = sorted(set(folds))
        full, left_out = QuadraticRidge.fit_and_leave_out(
            np.concatenate(dense),
            scipy.sparse.vstack(sparse, "csr"),
            [*labels, *(str(m.labels[i]) for m in messages for i in m.learnt)],
            [len(texts) + np.flatnonzero(fold_of_row == number) for number in numbers],
            **{name: options[name] for name in _RIDGE},
        )
        unseen: list[np.ndarray] = [np.empty(0)] * len(messages)
        for number, model in zip(numbers, left_out, strict=True):
            own = [i for i, fold in enumerate(folds) if fold == number]
            for i, chances in zip(own, _read(model, [read[i] for i in own]), strict=True):
                unseen[i] = chances
        corrector = Corrector.learn([*texts, *(m.text for m in messages if m.learnt)])
        return cls(corrector, options["encoders"], ngrams, full), unseen

    def mended(self, texts: list[str]) -> list[str]:
        """Return the texts in lower case, words mended that the training questions don't know.

        The training questions themselves stay as they are: they have the typos that people make.
        """
        return [self._corrector.correct([squeeze(text)])[0] for text in texts]

    def mended_parts(self, text: str, parts: list[Part]) -> tuple[str, list[Part]]:
        """Return a text as `mended` does, and where its parts stand in it then.

        Args:
            text: what somebody wrote.
            parts: where each part begins and ends, in characters.
        """
        return _changed(
            text, parts, lambda pieces: self._corrector.correct([squeeze(each) for each in pieces])
        )

    def scores(self, texts: list[str], vectors: np.ndarray | None = None) -> np.ndarray:
        """Return each intent's score for `n` texts, shape `(n, c)`; 1 is a clear yes.

        Args:
            texts: length n.
            vectors: what `meaning` gives for the mended texts, where that is known already.
        """
        return self._ridge.scores(*self._features(texts, vectors))

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Return each intent's calibrated probability for `n` texts, shape `(n, c)`."""
        return self._ridge.probabilities(*self._features(texts))

    def probabilities_of_parts(
        self, text: str, parts: list[Part], *, apart: bool = False
    ) -> np.ndarray:
        """Return each intent's probability for `n` parts of a text, shape `(n, c)`.

        Args:
            text: what somebody wrote.
            parts: where each part begins and ends, in characters; all of it may be one.
            apart: see `preceptor.nlu.intents.features.features_of_parts`.
        """
        whole, moved = self.mended_parts(text, parts)
        found = features_of_parts(whole, moved, self._encoders, self._ngrams, apart=apart)
        return self._ridge.probabilities(*found)

    def _features(
        self, texts: list[str], vectors: np.ndarray | None = None
    ) -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
        mended = self.mended(texts)
        if vectors is None:
            vectors = meaning(mended, self._encoders)
        return vectors, self._ngrams.rows(mended)

    def save(self, folder: Path) -> None:
        """Write what was learnt as plain data: reading it back runs no code."""
        self._corrector.save(folder / "spelling.json")
        self._ngrams.save(folder)
        self._ridge.save(folder / "classifier.npz")

    @classmethod
    def load(cls, folder: Path, encoders: Mapping[str, float]) -> IntentReader:
        """Read back what `save` wrote; `encoders` are those that it was trained with."""
        return cls(
            Corrector.load(folder / "spelling.json"),
            encoders,
            Ngrams.load(folder),
            QuadraticRidge.load(folder / "classifier.npz"),
        )


def _features(
    message: InParts, encoders: Mapping[str, float], ngrams: Ngrams
) -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
    text, parts = _changed(message.text, message.parts, _lower)
    return features_of_parts(text, parts, encoders, ngrams, apart=message.apart)


def _read(
    ridge: QuadraticRidge, features: list[tuple[np.ndarray, scipy.sparse.csr_matrix]]
) -> list[np.ndarray]:
    """Return the probabilities of each message's parts, some messages at a time."""
    found: list[np.ndarray] = []
    for start in range(0, len(features), _AT_A_TIME):
        some = features[start : start + _AT_A_TIME]
        dense = np.concatenate([dense for dense, _ in some])
        sparse = scipy.sparse.vstack([rows for _, rows in some], "csr")
        ends = np.cumsum([len(dense) for dense, _ in some])
        found += np.split(ridge.probabilities(dense, sparse), ends[:-1])
    return found


def _lower(pieces: list[str]) -> list[str]:
    return [squeeze(piece).lower() for piece in pieces]


def _changed(
    text: str, parts: list[Part], change: Callable[[list[str]], list[str]]
) -> tuple[str, list[Part]]:
    """Return a text whose pieces are changed, and where its parts stand in it then.

    Args:
        text: what somebody wrote.
        parts: where each part begins and ends, in characters.
        change: changes the pieces that lie between those places; white space around them goes.
    """
    places = sorted({0, len(text), *(place for part in parts for place in part)})
    between = list(zip(places, places[1:], strict=False))
    pieces = change([text[start:end] for start, end in between])
    whole, moved = "", {place: 0 for place in places}
    for (start, end), piece in zip(between, pieces, strict=True):
        if piece and whole and (text[start].isspace() or text[start - 1].isspace()):
            whole += " "
        moved[start] = len(whole)
        whole += piece
        moved[end] = len(whole)
    return whole, [(moved[start], moved[end]) for start, end in parts]


def ranked(labels: Iterable[str], row: Iterable[float], length: int) -> list[dict[str, Any]]:
    """Return the intents best first, kinds summed up, the best kind named.

    Args:
        labels: the classes, `intent` or `intent/kind`.
        row: the probability of each.
        length: how many intents to return.
    """
    confidence: dict[str, float] = {}
    kinds: dict[str, tuple[float, str]] = {}
    for label, value in zip(labels, row, strict=True):
        intent, _, kind = str(label).partition("/")
        confidence[intent] = confidence.get(intent, 0.0) + float(value)
        if kind and value > kinds.get(intent, (-1.0, ""))[0]:
            kinds[intent] = (float(value), kind)
    order = sorted(confidence, key=lambda name: (-confidence[name], name))
    return [
        {"name": name, "confidence": confidence[name]}
        | ({"kind": kinds[name][1]} if name in kinds else {})
        for name in order[:length]
    ]


def by_intent(labels: Iterable[str]) -> tuple[list[str], np.ndarray]:
    """Return the intents among the classes, and the matrix that sums classes up to intents.

    Args:
        labels: the classes, `intent` or `intent/kind`, length c.

    Returns:
        The intents' names in the order of the alphabet, length i, and a matrix of shape (c, i).
    """
    of = [str(label).partition("/")[0] for label in labels]
    names = sorted(set(of))
    return names, (np.array(of)[:, None] == np.array(names)[None]).astype(float)
