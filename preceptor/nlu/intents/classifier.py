"""Reads intents from texts: mended words, sentence vectors and n-grams, a quadratic ridge.

It knows nothing of Rasa, so that public benchmarks measure just what the advisor uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
_RIDGE = ("directions", "dense_weight", "linear_weight", "penalty")


class IntentReader:
    """A trained reader of intents.

    Attributes:
        labels: the intents, shape `(c,)`; the columns of what `scores` and `probabilities` give.
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
        several: Sequence[tuple[str, list[Part], list[str]]] = (),
    ) -> IntentReader:
        """Learn from `n` questions with their labels, and from parts of messages.

        Args:
            texts: length n.
            labels: length n.
            options: `encoders`, see `features.meaning`; `words`, `characters` and
                `min_df`, see `Ngrams.fit`; `directions`, `dense_weight`,
                `linear_weight` and `penalty`, see `QuadraticRidge.fit`.
            vectors: what `meaning` gives for the texts, where that is known already.
            several: messages, where each one's parts begin and end, and the parts' labels. A part
                is learnt as it is read: knowing what stands around it.
        """
        ngrams, rows = Ngrams.fit(texts, **{name: options[name] for name in _NGRAMS})
        if vectors is None:
            vectors = meaning(texts, options["encoders"], keep=True)
        lower = [(_changed(text, parts, _lower), its) for text, parts, its in several]
        found = [features_of_parts(*each, options["encoders"], ngrams) for each, _ in lower]
        ridge = QuadraticRidge.fit(
            np.concatenate([vectors, *(of_parts for of_parts, _ in found)]),
            scipy.sparse.vstack([rows, *(of_parts for _, of_parts in found)], format="csr"),
            [*labels, *(label for _, its in lower for label in its)],
            **{name: options[name] for name in _RIDGE},
        )
        corrector = Corrector.learn([*texts, *(text for text, _, _ in several)])
        return cls(corrector, options["encoders"], ngrams, ridge)

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
