"""Follow-ups: short messages that ask something of what was just said, by their meaning."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML

from preceptor.conversation.frame import Frame
from preceptor.conversation.phrases import NEAR, Phrases

PATH = Path(__file__).with_name("follow_ups.yml")


@lru_cache(maxsize=1)
def _phrases() -> tuple[dict[str, str], Phrases[str]]:
    content = YAML(typ="safe").load(PATH.read_text("utf-8"))
    rows = [(kind, phrase) for kind, entry in content.items() for phrase in entry["says"]]
    return {kind: entry["when"] for kind, entry in content.items()}, Phrases(rows)


def kind_of(text: str, frame: Frame, least: float = NEAR) -> str | None:
    """Return the kind of follow-up that a message is, or None if it is none.

    Args:
        text: what somebody wrote.
        frame: of the conversation so far.
        least: how near it must be to a phrase, see `Phrases.nearest`.
    """
    states, phrases = _phrases()
    possible = {"always"} if frame.focus is None else {"always", "answer"}
    return phrases.nearest(text, {k for k, state in states.items() if state in possible}, least)
