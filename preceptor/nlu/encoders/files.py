"""Sentence encoders: a text becomes a vector whose direction is its meaning."""

from __future__ import annotations

from functools import cache

from preceptor.nlu.encoders.minilm import MiniLM
from preceptor.nlu.encoders.onnx import SentenceEncoder
from preceptor.nlu.encoders.use import UniversalSentenceEncoder
from preceptor.runtime.settings import ENCODERS


@cache
def encoder(name: str) -> SentenceEncoder:
    """Return the encoder of that name, loaded once a process.

    Raises:
        ValueError: there is none of that name.
    """
    if name == "use":
        return UniversalSentenceEncoder(ENCODERS)
    if name == "minilm":
        return MiniLM(ENCODERS)
    raise ValueError(f"There is no sentence encoder '{name}'; known are 'use' and 'minilm'.")
