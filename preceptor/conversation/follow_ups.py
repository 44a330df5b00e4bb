"""Follow-ups: short messages that ask something of what was just said, told by a classifier."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from preceptor.conversation.frame import Frame
from preceptor.nlu.intents.features import meaning
from preceptor.runtime.settings import CODE

PATH = Path(__file__).with_name("follow_ups.yml")
NONE = "none"
DETAIL = "detail"
"""The kinds of what follows up on nothing, and of a further question on the last answer."""
LIKELY, SURE = 0.5, 0.8
"""How likely a follow-up must be, and how likely if the classifier of intents is sure otherwise."""
_FITTED = CODE / "var" / "follow_ups.npz"
_ENCODERS = {"use": 1.0, "minilm": 1.2}
_MOST_WORDS = 20
# The inverse of the penalty, by cross-validation over the phrases.
_C = 30.0
_QUESTIONS = 1500


@dataclass(frozen=True)
class _Model:
    """A logistic regression: one row of weights per kind."""

    kinds: list[str]
    when: dict[str, str]
    weights: np.ndarray
    offsets: np.ndarray

    def probabilities(self, text: str) -> np.ndarray:
        scores = self.weights @ meaning([text], _ENCODERS)[0] + self.offsets
        odds = np.exp(scores - scores.max())
        return np.asarray(odds / odds.sum())


def kind_of(text: str, frame: Frame, least: float = LIKELY) -> str | None:
    """Return the kind of follow-up that a message is, or None if it is none.

    Args:
        text: what somebody wrote.
        frame: of the conversation so far.
        least: how likely it must be that it follows up on something, between 0 and 1.
    """
    if not text.split() or len(text.split()) > _MOST_WORDS:
        return None
    model = fitted()
    states = {"always"} if frame.focus is None else {"always", "answer"}
    possible = np.array([model.when[kind] in states for kind in model.kinds])
    chances = model.probabilities(text) * possible
    none = model.kinds.index(NONE)
    # What can't be a follow-up here is none.
    chances[none] += 1 - chances.sum()
    if 1 - chances[none] < least:
        return None
    chances[none] = 0
    return model.kinds[int(chances.argmax())]


@lru_cache(maxsize=1)
def fitted() -> _Model:
    """Return the classifier, fitted again if the phrases have changed since it was."""
    text = PATH.read_text("utf-8")
    content = YAML(typ="safe").load(text)
    when = {kind: str(entry["when"]) for kind, entry in content.items()}
    state = hashlib.sha256(text.encode()).hexdigest()
    if _FITTED.exists():
        with np.load(_FITTED, allow_pickle=False) as kept:
            if str(kept["state"]) == state:
                return _Model(kept["kinds"].tolist(), when, kept["weights"], kept["offsets"])
    rows = [(kind, phrase) for kind, entry in content.items() for phrase in entry["says"]]
    rows += [(NONE, question) for question in _short_questions()]
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=_C, max_iter=300)
    regression.fit(meaning([phrase for _, phrase in rows], _ENCODERS), [kind for kind, _ in rows])
    model = _Model(
        [str(kind) for kind in regression.classes_],
        when,
        regression.coef_.astype(np.float32),
        regression.intercept_.astype(np.float32),
    )
    _FITTED.parent.mkdir(parents=True, exist_ok=True)
    np.savez(_FITTED, state=state, kinds=model.kinds, weights=model.weights, offsets=model.offsets)
    return model


def _short_questions() -> list[str]:
    """Return some training questions that are as short as follow-ups are."""
    texts = [
        line[2:]
        for file in sorted((CODE / "data" / "nlu").glob("**/*.yml"))
        for block in YAML(typ="safe").load(file.read_text("utf-8")).get("nlu", [])
        for line in str(block.get("examples", "")).splitlines()
        if line.startswith("- ") and len(line.split()) <= _MOST_WORDS
    ]
    return texts[:: max(1, len(texts) // _QUESTIONS)]
