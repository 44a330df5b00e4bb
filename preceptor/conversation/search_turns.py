"""Messages that begin a search or change the open one, whatever else their words look like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from preceptor.conversation import search_words as words
from preceptor.intents import intents

SEARCH = "find_program"
CHANGE_SEARCH = "refine_search"
"""The intents of a message that begins a search, and of one that changes the open search."""


def as_search(parsed: Mapping[str, Any], *, searching: bool) -> dict[str, Any] | None:
    """Return a message as a search if it is one, whatever else its words look like.

    Args:
        parsed: the message as the pipeline read it.
        searching: whether a search is open.
    """
    text = parsed.get("text") or ""
    declared = intents().get((parsed.get("intent") or {}).get("name") or "")
    group = declared.group if declared else None
    if searching and words.currency_to_convert_to(text):
        # "How much is that in rupees?" asks for a price that was told.
        return {**parsed, "intent": {"name": _DETAIL, "confidence": 1.0}, "questions": []}
    if searching and (changes_search(parsed) or _is_list_again(parsed)):
        name: str | None = CHANGE_SEARCH
    elif group == "advice" and _requests(text) and _names_a_place(parsed):
        name = SEARCH
    else:
        name = _search_of_parts(parsed)
    if name is None:
        return None
    return {**parsed, "intent": {"name": name, "confidence": 1.0}, "questions": [], "sought": True}


_DETAIL = "ask_program_detail"
_TELLING = frozenset({"country", "place", "region", "stage"})


def _requests(text: str) -> bool:
    """Tell whether a message asks for programmes: "find me …", "are there any in …?"."""
    return bool(words.REQUEST.match(text) or words.ARE_THERE.search(text))


def _is_list_again(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a message asks for the list again, or objects to what it holds.

    "Show me the Nepal ones again" and "I'm a graduate, these are for students" do.
    """
    text = parsed.get("text") or ""
    told = {e["entity"] for e in parsed.get("entities") or []} & _TELLING
    return bool(told) and bool(words.SHOWS.search(text) or words.OBJECTS.search(text))


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
    for something cheaper, shorter or longer, for the search again or why it finds so little, or
    wants no programmes.
    """
    text = parsed.get("text") or ""
    intent = (parsed.get("intent") or {}).get("name")
    everything = parsed.get("entities") or []
    entities = [e for e in everything if e["entity"] in _SEARCHABLE]
    if words.NO_PROGRAMMES.search(text) or words.WHY_FEW.search(text):
        return True
    if words.A_WISH.match(text) and words.wishes_in(text):
        return True
    if _puts_a_value_right(parsed, entities):
        return True
    own = intent in _OF_RESULTS or len(entities) < len(everything) or parsed.get("language")
    if own or len(text.split()) > _MOST_CHANGING:
        return False
    return _moves(text) or _names_only_values(text, entities)


_CORRECTS = re.compile(
    r"\b(?:actually|rather|instead|after all|(?:is|are|would be|also) (?:ok|okay|fine|possible)"
    r"|not \d+|only (?:gives?|get|gets|have|has|allows?|lets?))\b",
    re.IGNORECASE,
)
_MOST_CORRECTING = 20
_DATES = frozenset({"month", "season", "start"})
_OF_VALUES = frozenset({"length", "price", "starts"})


def _puts_a_value_right(parsed: Mapping[str, Any], entities: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a message puts the length or the budget right: "we only get 3 weeks, not 4".

    In another language it does if its length or sum was taken for a question on those.
    """
    text = str(parsed.get("text") or "")
    values = [e for e in entities if e["entity"] in ("duration", "money") and not e.get("role")]
    # A month alone may be that of a birthday.
    values = [e for e in values if _DATES.isdisjoint(e["value"])]
    if not values or len(text.split()) > _MOST_CORRECTING or _ASKS.match(text):
        return False
    if not parsed.get("language"):
        return bool(_CORRECTS.search(text))
    # "Not 4 weeks, 6" says more than its glossed value.
    numbers = re.findall(r"\d+(?:[.,]\d+)*", text)
    declared = intents().get((parsed.get("intent") or {}).get("name") or "")
    on_values = declared is not None and declared.programme_field in _OF_VALUES
    return on_values and "?" not in text and len(numbers) <= len(values)


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


def is_of_values(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a message names values of a search and says hardly more: "4 weeks in June"."""
    entities = [e for e in parsed.get("entities") or [] if e["entity"] in _SEARCHABLE]
    return _names_only_values(parsed.get("text") or "", entities)


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


def _names_a_place(parsed: Mapping[str, Any]) -> bool:
    return any(e["entity"] in ("country", "place", "region") for e in parsed.get("entities") or [])
