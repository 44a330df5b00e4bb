"""What a message is, given what was said before: a follow-up, part of a crisis, or a new matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from preceptor.conversation import search_words as words
from preceptor.conversation.follow_ups import CONTINUED, kind_of, states_of
from preceptor.conversation.frame import Frame
from preceptor.intents import FALLBACK, intents

FOLLOW_UP = "follow_up"
"""The intent of a message that follows up on what was said."""
SEARCH = "find_program"
CHANGE_SEARCH = "refine_search"
"""The intents of a message that begins a search, and of one that changes the open search."""

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


def decided(parsed: Mapping[str, Any], frame: Frame, *, searching: bool = False) -> dict[str, Any]:
    """Return a message as read, with the intent changed if what was said before decides it.

    It is `follow_up`, with `follow_up` set to its kind, if it follows up on what was said, and
    that of a changed search if it changes the search that is open.

    Args:
        parsed: the message as the pipeline read it.
        frame: of the conversation so far.
        searching: whether a search is open.
    """
    intent = (parsed.get("intent") or {}).get("name") or FALLBACK
    declared = intents().get(intent)
    group = declared.group if declared else None
    again = frame.danger is not None and intent == frame.danger
    if (parsed.get("safety") or group == "safety") and not again:
        return dict(parsed)
    if frame.danger is None and (search := _search_of(parsed, group, searching=searching)):
        return search
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
    if kind == "forget_me" and parsed.get("entities"):
        kind = None
    if kind is None or (kind == CONTINUED and _names_a_country(parsed)):
        return dict(parsed)
    return {**parsed, "intent": {"name": FOLLOW_UP, "confidence": 1.0}, "follow_up": kind,
            "questions": []}  # fmt: skip


def _search_of(
    parsed: Mapping[str, Any], group: str | None, *, searching: bool
) -> dict[str, Any] | None:
    """Return a message as a search if it is one, whatever else its words look like."""
    text = parsed.get("text") or ""
    if searching and changes_search(parsed):
        name: str | None = CHANGE_SEARCH
    elif group == "advice" and words.REQUEST.match(text) and _names_a_country(parsed):
        name = SEARCH
    else:
        name = _search_of_parts(parsed)
    return (
        {**parsed, "intent": {"name": name, "confidence": 1.0}, "questions": []} if name else None
    )


# What is said of programmes on show is said of those, and registration has its own bare values.
_OF_RESULTS = frozenset({"ask_program_detail", "save_program", "show_shortlist"})
_SEARCHABLE = frozenset(
    {"country", "place", "region", "specialty", "kind", "stage", "language", "duration", "money",
     "cheap"}
)  # fmt: skip
_MOST_CHANGING = 14
_ASKS = re.compile(
    r"^\W*(?:(?:and|but|so|ok)\W+)*(?:why|how|what|when|who|which|is|are|does|do i)\b", re.I
)
_OF_THOSE = re.compile(r"\b(?:of|among|between) (?:these|those|them|the (?:two|three))\b", re.I)


def changes_search(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a message changes a search that is open, whatever else its words look like.

    It does if it names values and hardly more, puts a number right, gives up a constraint, asks
    for something cheaper, shorter or longer, or for the search again.
    """
    text = parsed.get("text") or ""
    intent = (parsed.get("intent") or {}).get("name")
    everything = parsed.get("entities") or []
    entities = [e for e in everything if e["entity"] in _SEARCHABLE]
    if words.A_WISH.match(text) and words.wishes_in(text):
        return True
    own = intent in _OF_RESULTS or len(entities) < len(everything) or parsed.get("language")
    if own or len(text.split()) > _MOST_CHANGING:
        return False
    return _moves(text) or _names_only_values(text, entities)


def _search_of_parts(parsed: Mapping[str, Any]) -> str | None:
    """Return the intent of a message that is one search whose other parts only name values.

    "…, not too expensive, english speaking" asks nothing of languages.
    """
    asked = parsed.get("questions") or []
    searches = [q for q in asked if q["intent"] in (SEARCH, CHANGE_SEARCH)]
    others = [q for q in asked if q not in searches]
    if len(searches) != 1 or not others or not all(map(partial(_is_bare, parsed), others)):
        return None
    return str(searches[0]["intent"])


def _is_bare(parsed: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Tell whether a part of a message names values of a search and says hardly more."""
    start, end = asked["start"], asked["end"]
    inside = [
        {**e, "start": e["start"] - start, "end": e["end"] - start}
        for e in parsed.get("entities") or []
        if e["entity"] in _SEARCHABLE and start <= e["start"] and e["end"] <= end
    ]
    return _names_only_values(asked["text"], inside)


# A number alone is one of the list; a sum, or one with such words, puts another right.
_PUTS_RIGHT = re.compile(
    r"\d{3}|\d ?k\b|\b(?:typo|not|no|oops|sorry|mean\w*|make|actually|rather|instead)\b", re.I
)


def _moves(text: str) -> bool:
    """Tell whether a message gives up a constraint, moves in the list or puts a number right."""
    if words.BACK.search(text) or words.currency_in(text):
        return True
    if words.ONLY_A_NUMBER.match(text):
        return bool(_PUTS_RIGHT.search(text))
    moves = words.CHEAPER, words.SHORTER, words.LONGER, *(pattern for _, pattern in words.DROPS)
    said = any(pattern.search(text) for pattern in moves)
    return said and not _OF_THOSE.search(text) and not _ASKS.match(text)


def _names_only_values(text: str, entities: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a message names values of a search and says hardly more."""
    values = [e for e in entities if e["entity"] != "cheap" and e.get("role") != "origin"]
    left = text
    for value in values:
        left = left[: value["start"]] + " " * (value["end"] - value["start"]) + left[value["end"] :]
    gives_up = words.LETS_GO, words.FORGETS, words.IS_NOT
    if any(pattern.search(left) for pattern in gives_up):
        return bool(values)
    return bool(values) and words.AROUND.issuperset(re.findall(r"[\w']+", left.lower()))


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
