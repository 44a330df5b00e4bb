"""Follow-ups: short messages that ask something of what was just said (follow_ups.yml)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML

from preceptor.conversation.phrases import LIKELY, NONE, Phrases

PATH = Path(__file__).with_name("follow_ups.yml")
DETAIL = "detail"
"""The kind of a further question that can only be read with the answer before it."""
ABOUT_ME = "about_me"
"""The kind of a question on what the person has told."""
NOT_ANSWERED = "not_answered"
"""The kind of "that's not what I asked"; what was meant may stand beside it."""
ELSEWHERE = "elsewhere"
"""The kind of a question that asks the same of another place: "and for India?"."""
FURTHER = "further"
"""The kind of a question that the last answer says people ask next."""
LIKELY_FURTHER, NEAR_FURTHER, SURELY_FURTHER = 0.4, 0.48, 0.58
"""How near a message must be to one: if nothing else is likely, if it may be another matter, and if
it surely seems to be one. Cosines, measured on follow-ups to posts in forums."""
GOOD_NIGHT = "good_night"
"""The kind of a goodbye at bedtime."""


@lru_cache(maxsize=1)
def phrases() -> tuple[dict[str, str], Phrases]:
    """Return the state in which each kind is possible, and the classifier of kinds."""
    content = YAML(typ="safe").load(PATH.read_text("utf-8"))
    rows = [(kind, phrase) for kind, entry in content.items() for phrase in entry["says"]]
    when = {kind: str(entry["when"]) for kind, entry in content.items()}
    return when, Phrases("follow_ups", rows, questions=1500, answers=3000, dangers=True)


def kind_of(text: str, *, on_answer: bool, least: float = LIKELY) -> str | None:
    """Return the kind of follow-up that a message is, or None if it is none.

    Args:
        text: what somebody wrote.
        on_answer: whether there is an answer to follow up on.
        least: how likely it must be that it follows up on something, between 0 and 1.
    """
    when, classifier = phrases()
    states = {"always", "answer"} if on_answer else {"always"}
    possible = {kind for kind, state in when.items() if state in states and kind != NONE}
    return classifier.meaning_of(text, possible, least)
