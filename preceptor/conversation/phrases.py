"""Phrases by meaning: which of many ways to say something a short message is near to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from preceptor.nlu.intents.features import meaning
from preceptor.nlu.normalize import fold, squeeze

NEAR, NEARER = 0.62, 0.85
"""How near a phrase must be, and how near if the classifier is sure of something else."""
_ENCODERS = {"use": 1.0, "minilm": 1.2}
_MOST_WORDS = 14

Key = TypeVar("Key")


class Phrases(Generic[Key]):
    """Ways to say things, each under the key of what it says."""

    def __init__(self, rows: Iterable[tuple[Key, str]]) -> None:
        """Keep the phrases with their keys; they are encoded when they are needed first."""
        self._keys, self._texts = map(list, zip(*rows, strict=True))
        self._plain = [_plain(text) for text in self._texts]

    @cached_property
    def _vectors(self) -> np.ndarray:
        return meaning(self._texts, _ENCODERS)

    def nearest(self, text: str, possible: Collection[Key], least: float = NEAR) -> Key | None:
        """Return the key of the phrase that a short message is nearest to, None if none is near.

        Args:
            text: what somebody wrote; of more than 14 words nothing is near.
            possible: the keys that count.
            least: the least cosine of the vectors; the very words always are near enough.
        """
        words = text.split()
        rows = [i for i, key in enumerate(self._keys) if key in possible]
        if not words or len(words) > _MOST_WORDS or not rows:
            return None
        plain = _plain(text)
        for i in rows:
            if plain and plain == self._plain[i]:
                return self._keys[i]
        near = self._vectors[rows] @ meaning([text], _ENCODERS)[0]
        best = int(near.argmax())
        return self._keys[rows[best]] if near[best] >= least else None


def _plain(text: str) -> str:
    return "".join(c for c in fold(squeeze(text)).lower() if c.isalnum() or c == " ").strip()
