"""Sentence encoders: a text becomes a vector whose direction is its meaning."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from preceptor.nlu.encoders.minilm import AdaptedMiniLM, MiniLM
from preceptor.nlu.encoders.onnx import SentenceEncoder
from preceptor.nlu.encoders.use import UniversalSentenceEncoder
from preceptor.runtime.settings import ENCODERS

_CLASSES: dict[str, type[MiniLM] | type[UniversalSentenceEncoder]] = {
    "use": UniversalSentenceEncoder,
    "minilm": MiniLM,
    "minilm_adapted": AdaptedMiniLM,
}


def write_missing(names: Iterable[str] = tuple(_CLASSES)) -> None:
    """Write the graphs of encoders that are not there yet; it takes a few seconds.

    Raises:
        ValueError: There is no encoder of a name, or a package's weights are not the published
            ones.
        FileNotFoundError: An encoder's package is not installed.
    """
    for name in names:
        kind = _class_of(name)
        if not kind.graph_path(ENCODERS).exists():
            kind.write(ENCODERS)


def check_written(names: Iterable[str]) -> None:
    """Check that `write_missing` has written the graphs of encoders.

    Raises:
        ValueError: There is no encoder of a name.
        FileNotFoundError: A graph is missing; the message says what to do.
    """
    for name in names:
        path = _class_of(name).graph_path(ENCODERS)
        if not path.exists():
            raise FileNotFoundError(f"The encoder {path} is missing; please run make train.")


def state() -> str:
    """Return what changes with the weights of any encoder, for what is kept of their vectors."""
    return " ".join(kind.graph_path(ENCODERS).name for kind in _CLASSES.values())


@cache
def encoder(name: str) -> SentenceEncoder:
    """Return the encoder of that name, loaded once per process from its written graph.

    Raises:
        ValueError: There is none of that name.
    """
    return _class_of(name)(ENCODERS)


def _class_of(name: str) -> type[MiniLM] | type[UniversalSentenceEncoder]:
    if name not in _CLASSES:
        raise ValueError(f"There is no sentence encoder '{name}'; known are {sorted(_CLASSES)}.")
    return _CLASSES[name]
