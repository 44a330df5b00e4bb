"""What a short message means, told by a classifier that is fitted to phrases of every meaning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from preceptor.intents import intents
from preceptor.knowledge.vectors import vector, vectors
from preceptor.nlu.encoders import files as encoders
from preceptor.nlu.normalize import fold, squeeze
from preceptor.runtime.settings import CODE

NONE = "none"
"""The meaning of a message that is another matter."""
LIKELY, SURE = 0.5, 0.8
"""How likely a meaning must be, and how likely if the classifier of intents is sure otherwise."""
# How much of the likelihood that is asked for one meaning must have alone.
_CLEAR = 0.6
_MOST_WORDS = 20
# The inverse of the penalty, by cross-validation over the phrases.
_C = 30.0


class Phrases:
    """A logistic regression over the vectors of phrases; one row of weights per meaning."""

    def __init__(
        self,
        name: str,
        rows: Sequence[tuple[str, str]],
        *,
        questions: int,
        answers: int = 0,
        dangers: bool = False,
    ) -> None:
        """Read back what was fitted, or fit it and keep it in `var/`.

        Args:
            name: of the file.
            rows: meanings, each with a phrase.
            questions: how many short training questions are added as `none`.
            answers: how many short questions that knowledge/ answers are added as `none`. What
                was fitted is kept when knowledge/ changes: some thousand are always alike.
            dangers: whether training messages on danger are among those.
        """
        self._exactly: dict[str, set[str]] = {}
        for meant, phrase in rows:
            self._exactly.setdefault(_plain(phrase), set()).add(meant)
        state = _state([encoders.state(), questions, answers, dangers, *rows])
        file = CODE / "var" / f"phrases_{name}.npz"
        if not (file.exists() and self._load(file, state)):
            self._fit(rows, [*_short_questions(questions, dangers), *_asked(answers)])
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                file, state=state, kinds=self.kinds, weights=self._weights, offsets=self._offsets
            )

    def _load(self, file: Path, state: str) -> bool:
        with np.load(file, allow_pickle=False) as arrays:
            self.kinds: list[str] = arrays["kinds"].tolist()
            self._weights, self._offsets = arrays["weights"], arrays["offsets"]
            return str(arrays["state"]) == state

    def _fit(self, rows: Sequence[tuple[str, str]], others: Sequence[str]) -> None:
        # A server that finds what was fitted does without scikit-learn.
        from sklearn.linear_model import LogisticRegression

        rows = [*rows, *((NONE, question) for question in others)]
        regression = LogisticRegression(C=_C, max_iter=1000)
        regression.fit(vectors(p for _, p in rows), [meant for meant, _ in rows])
        self.kinds = [str(kind) for kind in regression.classes_]
        self._weights = regression.coef_.astype(np.float32)
        self._offsets = regression.intercept_.astype(np.float32)

    def meaning_of(
        self,
        text: str,
        possible: Collection[str],
        least: float = LIKELY,
        others: Collection[str] | None = None,
    ) -> str | None:
        """Return what a short message means, None if it is another matter.

        Args:
            text: what somebody wrote; more than 20 words mean nothing.
            possible: the meanings that count.
            least: how likely it must be that the message means one of them, between 0 and 1.
            others: the meanings that it may have otherwise; all by default.
        """
        if not text.split() or len(text.split()) > _MOST_WORDS:
            return None
        exactly = self._exactly.get(_plain(text), set()) & set(possible)
        if len(exactly) == 1:
            return exactly.pop()
        scores = self._weights @ vector(text) + self._offsets
        chances = np.exp(scores - scores.max())
        if others is not None:
            chances *= [kind in possible or kind in others for kind in self.kinds]
        chances *= np.array([kind in possible for kind in self.kinds]) / chances.sum()
        likely = chances.sum() >= least and chances.max() >= _CLEAR * least
        return self.kinds[int(chances.argmax())] if likely else None


def _state(declared: Sequence[object]) -> str:
    """Return a digest of all that the classifier is fitted to, the training questions included."""
    digest = hashlib.sha256(json.dumps(declared).encode())
    for file in _question_files():
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _question_files() -> list[Path]:
    return sorted((CODE / "data" / "nlu").glob("**/*.yml"))


def _short_questions(count: int, dangers: bool) -> list[str]:
    """Return some training questions that are as short as the phrases are."""
    texts = [
        line[2:]
        for file in _question_files()
        for block in YAML(typ="safe").load(file.read_text("utf-8")).get("nlu", [])
        if dangers or block.get("intent") not in intents().in_group("safety")
        for line in str(block.get("examples", "")).splitlines()
        if line.startswith("- ") and len(line.split()) <= _MOST_WORDS
    ]
    return texts[:: max(1, len(texts) // count)]


def _asked(count: int) -> list[str]:
    """Return some short questions that answers of knowledge/ are asked by."""
    heads = (
        YAML(typ="safe").load(file.read_text("utf-8").split("---\n")[1])
        for file in (sorted((CODE / "knowledge").glob("*/*.md")) if count else [])
    )
    texts = [p for head in heads for p in head["asked_as"] if len(p.split()) <= _MOST_WORDS]
    return texts[:: max(1, len(texts) // count)] if texts else []


def _plain(text: str) -> str:
    return "".join(c for c in fold(squeeze(text)).lower() if c.isalnum() or c == " ").strip()
