"""Vectors of meaning, by two sentence encoders side by side.

Answers are found with MiniLM fitted to them; what short messages mean, and which sentence of an
answer is near to one, is read with the packaged one, which tells single words apart better.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from preceptor.nlu.intents.features import meaning

PACKAGED = {"use": 1.0, "minilm": 1.2}
FITTED = {"use": 1.0, "minilm_adapted": 1.2}
"""The encoders, and how long each one's vectors are beside the others'."""


def vectors(texts: Iterable[str]) -> np.ndarray:
    """Return the texts' vectors of unit length, shape (texts, d), float32."""
    return meaning(list(texts), PACKAGED)


def answer_vectors(texts: Iterable[str]) -> np.ndarray:
    """Return vectors like `vectors` to find answers by."""
    return meaning(list(texts), FITTED)


@lru_cache(maxsize=256)
def vector(text: str) -> np.ndarray:
    """Return a message's vector, shape (d,); several steps of a turn ask for the same one."""
    return _only_to_read(vectors([text])[0])


@lru_cache(maxsize=256)
def answer_vector(text: str) -> np.ndarray:
    """Return a vector like `vector` to find an answer by."""
    return _only_to_read(answer_vectors([text])[0])


def _only_to_read(row: np.ndarray) -> np.ndarray:
    row.flags.writeable = False
    return row
