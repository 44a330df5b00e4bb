"""Follow-ups: short messages that ask something of what was just said, by their meaning."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from preceptor.conversation.frame import Frame
from preceptor.nlu.intents.features import meaning
from preceptor.nlu.normalize import fold, squeeze

PATH = Path(__file__).with_name("follow_ups.yml")
_ENCODERS = {"use": 1.0, "minilm": 1.2}
_MOST_WORDS = 14
# How near a phrase must be, and how near if the classifier is sure of something else.
_NEAR, _NEARER = 0.62, 0.85
_SURE = 0.8
CONTINUED = "continued"
"""A message within a crisis that nothing else fits."""


@lru_cache(maxsize=1)
def _phrases() -> tuple[list[str], list[str], list[str], np.ndarray]:
    content = YAML(typ="safe").load(PATH.read_text("utf-8"))
    rows = [
        (kind, entry["when"], phrase) for kind, entry in content.items() for phrase in entry["says"]
    ]
    kinds, states, texts = (list(column) for column in zip(*rows, strict=True))
    return kinds, states, texts, meaning(texts, _ENCODERS)


def states_of(frame: Frame) -> frozenset[str]:
    """Return the states in which a talk is, see follow_ups.yml."""
    states = {"always"}
    if frame.danger == "express_crisis":
        states.add("crisis")
    elif frame.danger is not None:
        states.add("emergency")
    elif frame.focus is not None:
        states.add("answer")
    return frozenset(states)


def kind_of(text: str, states: Collection[str], otherwise: float = 0.0) -> str | None:
    """Return the kind of follow-up that a message is, or None if it is none.

    Args:
        text: what somebody wrote.
        states: those that `states_of` gives.
        otherwise: how sure the classifier is that it is something else, between 0 and 1.
    """
    words = text.split()
    if not words or len(words) > _MOST_WORDS:
        return None
    kinds, when, texts, vectors = _phrases()
    possible = [i for i, state in enumerate(when) if state in states]
    plain = _plain(text)
    for i in possible:
        if plain and plain == _plain(texts[i]):
            return kinds[i]
    near = vectors[possible] @ meaning([text], _ENCODERS)[0]
    best = int(near.argmax())
    least = _NEARER if otherwise >= _SURE else _NEAR
    return kinds[possible[best]] if near[best] >= least else None


def _plain(text: str) -> str:
    return "".join(c for c in fold(squeeze(text)).lower() if c.isalnum() or c == " ").strip()
