"""What a message is, given what was said before: a follow-up, part of a crisis, or a new matter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from preceptor.conversation.follow_ups import CONTINUED, kind_of, states_of
from preceptor.conversation.frame import Frame
from preceptor.intents import FALLBACK, intents

FOLLOW_UP = "follow_up"
"""The intent of a message that follows up on what was said."""

# How sure another matter must be to end a crisis or an emergency that was spoken of.
_ANOTHER_MATTER = 0.6
# What somebody is answered who says once more what the talk is about already.
_SAID_AGAIN = {"express_crisis": "crisis_not_safe"}
# Groups whose messages are a matter of their own.
_MATTERS = frozenset({"advice", "search", "results", "registration"})
# A question that leans on the one before: "and for nurses?", "what about Ireland".
_LEANS = re.compile(
    r"^\W*(?:(?:and|but|ok|okay|so|then|well|oh|hmm)\W+)*(?:what about|how about|what if|and|but|"
    r"same for|also for|does that|is that|isn'?t that|would that|for|in|as|if|with)\b",
    re.IGNORECASE,
)
_MOST_LEANING = 9


def decided(parsed: Mapping[str, Any], frame: Frame) -> dict[str, Any]:
    """Return a message as read, with `follow_up` set and the intent changed if it follows up.

    Args:
        parsed: the message as the pipeline read it.
        frame: of the conversation so far.
    """
    intent = (parsed.get("intent") or {}).get("name") or FALLBACK
    declared = intents().get(intent)
    group = declared.group if declared else None
    again = frame.danger is not None and intent == frame.danger
    if (parsed.get("safety") or group == "safety") and not again:
        return dict(parsed)
    # Small talk and complaints are near to what follows up on an answer or on a danger.
    otherwise = float(parsed["intent"]["confidence"]) if group in _MATTERS else 0.0
    if frame.danger == "report_emergency" and group in _MATTERS:
        otherwise = 1.0
    kind = kind_of(parsed.get("text") or "", states_of(frame), otherwise)
    if kind is None and again:
        if intent not in _SAID_AGAIN:
            return dict(parsed)
        kind = _SAID_AGAIN[intent]
    if kind is None and frame.danger is not None and not _is_another_matter(parsed, frame):
        kind = CONTINUED
    if kind is None or (kind == CONTINUED and _names_a_country(parsed)):
        return dict(parsed)
    return {**parsed, "intent": {"name": FOLLOW_UP, "confidence": 1.0}, "follow_up": kind,
            "questions": []}  # fmt: skip


def leans(text: str) -> bool:
    """Tell whether a question can only be read with the one before it."""
    return len(text.split()) <= _MOST_LEANING and bool(_LEANS.match(text))


def _is_another_matter(parsed: Mapping[str, Any], frame: Frame) -> bool:
    intent = parsed.get("intent") or {}
    declared = intents().get(intent.get("name") or FALLBACK)
    if declared is None:
        return False
    if frame.danger == "express_crisis":
        sure = float(intent.get("confidence") or 0) >= _ANOTHER_MATTER
        return declared.group in _MATTERS and sure
    return declared.group in {*_MATTERS, "refusal"}


def _names_a_country(parsed: Mapping[str, Any]) -> bool:
    return any(e["entity"] in ("country", "place") for e in parsed.get("entities") or [])
