"""Reads intents from texts: mended words, sentence vectors and n-grams, a quadratic ridge.

It knows nothing of Rasa, so that public benchmarks measure just what the advisor uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy.sparse

from preceptor.nlu.intents.features import InParts, Ngrams, features, lower_case
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
# Parts that are read at a time in training: each has thousands of products.
_AT_A_TIME = 256
_RIDGE = ("directions", "dense_weight", "linear_weight", "penalty")


@dataclass(frozen=True)
class IntentReader:
    """A trained reader of intents.

    Attributes:
        corrector: mends words.
        encoders: see `features`.
        ngrams: finds n-grams.
        ridge: the model of those features.
    """

    corrector: Corrector
    encoders: Mapping[str, float]
    ngrams: Ngrams
    ridge: QuadraticRidge

    @property
    def labels(self) -> np.ndarray:
        """The classes, shape `(c,)`: columns of what `scores` and `probabilities` return."""
        return self.ridge.labels

    @classmethod
    def fit(
        cls, texts: list[str], labels: list[str], options: Mapping[str, Any] = DEFAULTS
    ) -> IntentReader:
        """Learn from questions with their labels; the options are those of `fit_and_read`."""
        questions = list(map(InParts.whole, texts, labels))
        return cls.fit_and_read(questions, [None] * len(questions), options)[0]

    @classmethod
    def fit_and_read(
        cls,
        messages: Sequence[InParts],
        folds: Sequence[int | None],
        options: Mapping[str, Any] = DEFAULTS,
    ) -> tuple[IntentReader, list[np.ndarray]]:
        """Learn from parts of messages, and read those of a fold without having learnt from it.

        Args:
            messages: a part with a label is learnt as it is read: knowing what stands around it.
            folds: of each message, the number of its fold; None for one that is only learnt.
            options: `encoders`, see `features`; `words`, `characters` and `min_df`, see
                `Ngrams.fit`; `directions`, `dense_weight`, `linear_weight` and `penalty`, see
                `QuadraticRidge.fit_and_hold_out`.

        Returns:
            The reader, which has learnt from everything; and the probabilities of the parts of
            each message with a fold, in order, shape `(parts, c)`, by models without that fold.
        """
        messages = [message.changed(lower_case) for message in messages]
        # A message in parts has words side by side that no question has.
        questions = [message.text for message in messages if message.is_question]
        ngrams = Ngrams.fit(questions, **{name: options[name] for name in _NGRAMS})
        dense, sparse = features(messages, options["encoders"], ngrams)
        labels = [label for message in messages for label in message.labels]
        parts = [len(message.parts) for message in messages]
        fold_of_part = np.repeat([-1 if fold is None else fold for fold in folds], parts)
        learnt = np.array([i for i, label in enumerate(labels) if label is not None])
        numbers = sorted({fold for fold in folds if fold is not None})
        full, held_out = QuadraticRidge.fit_and_hold_out(
            dense[learnt],
            [str(labels[i]) for i in learnt],
            [np.flatnonzero(fold_of_part[learnt] == number) for number in numbers],
            sparse[learnt],
            **{name: options[name] for name in _RIDGE},
        )
        chances = np.zeros((len(labels), len(full.labels)))
        for number, model in zip(numbers, held_out, strict=True):
            own = np.flatnonzero(fold_of_part == number)
            for some in np.array_split(own, 1 + len(own) // _AT_A_TIME):
                chances[some] = model.probabilities(dense[some], sparse[some])
        unseen = np.split(chances, np.cumsum(parts)[:-1])
        corrector = Corrector.learn(m.text for m in messages if any(m.labels))
        reader = cls(corrector, options["encoders"], ngrams, full)
        return reader, [rows for rows, f in zip(unseen, folds, strict=True) if f is not None]

    def scores(self, texts: list[str]) -> np.ndarray:
        """Return each intent's score for `n` texts, shape `(n, c)`; 1 is a clear yes."""
        return self.ridge.scores(*self._features(list(map(InParts.whole, texts))))

    def probabilities(self, messages: Sequence[InParts]) -> np.ndarray:
        """Return each intent's calibrated probability for all parts of messages, `(parts, c)`."""
        return self.ridge.probabilities(*self._features(messages))

    def mended(self, message: InParts) -> InParts:
        """Return a message in lower case, words mended that no training question has.

        The training questions themselves stay as they are: they have the typos that people make.
        """
        return message.changed(
            lambda pieces: self.corrector.correct([squeeze(piece) for piece in pieces])
        )

    def _features(self, messages: Sequence[InParts]) -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
        return features(list(map(self.mended, messages)), self.encoders, self.ngrams)

    def save(self, folder: Path) -> None:
        """Write what was learnt as plain data: reading it back runs no code."""
        self.corrector.save(folder / "spelling.json")
        self.ngrams.save(folder)
        self.ridge.save(folder / "classifier.npz")

    @classmethod
    def load(cls, folder: Path, encoders: Mapping[str, float]) -> IntentReader:
        """Read back what `save` wrote; `encoders` are those that it was trained with."""
        return cls(
            Corrector.load(folder / "spelling.json"),
            encoders,
            Ngrams.load(folder),
            QuadraticRidge.load(folder / "classifier.npz"),
        )


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
