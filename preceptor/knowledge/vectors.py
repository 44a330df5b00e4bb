"""Vectors of meaning, by two sentence encoders, for answers and for what short messages mean."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from preceptor.nlu.intents.features import meaning

ENCODERS = {"use": 1.0, "minilm_adapted": 1.2}
"""The encoders, and how long each one's vectors are beside the others'."""


def vectors(texts: Iterable[str]) -> np.ndarray:
    """Return the texts' vectors of unit length, shape (texts, d), float32."""
    return meaning(list(texts), ENCODERS)


@lru_cache(maxsize=256)
def vector(text: str) -> np.ndarray:
    """Return a message's vector, shape (d,); several steps of a turn ask for the same one."""
    row: np.ndarray = vectors([text])[0]
    row.flags.writeable = False
    return row
