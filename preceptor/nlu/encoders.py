"""Sentence encoders: a text becomes a vector whose direction is its meaning."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import numpy as np

from preceptor.catalogue.database import PROJECT_ROOT
from preceptor.nlu.minilm import MiniLM
from preceptor.nlu.use import UniversalSentenceEncoder


class Encoder(Protocol):
    """What a sentence encoder does."""

    size: int

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return one L2-normalised float32 row a text, shape `(len(texts), size)`."""
        ...


@cache
def encoder(name: str) -> Encoder:
    """Return the encoder of that name, loaded once a process.

    Raises:
        ValueError: there is none of that name.
    """
    folder = PROJECT_ROOT / "var" / "encoders"
    if name == "use":
        return UniversalSentenceEncoder(folder)
    if name == "minilm":
        return MiniLM(folder)
    raise ValueError(f"There is no sentence encoder '{name}'; known are 'use' and 'minilm'.")
