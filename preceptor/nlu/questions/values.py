"""Messages of nothing but the catalogue's words: "surgery, 4 weeks pls", "internship in Jordan".

The classifier can't know every place and programme of the catalogue, so it has no say where
nothing but names, values and fillers are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spacy.tokens import Doc

from preceptor.intents import Intents

_SURE_OF_QUESTION = 0.7
_WHERE = frozenset({"country", "place", "region"})
_SEARCHABLE = _WHERE | {"specialty", "duration", "money", "kind"}
_FILLERS = frozenset(
    "a an the in at for on of to and or with only just please pls plz ok okay maybe perhaps hmm er"
    " um about around some any preferably mostly".split()
)
_PLACEMENT_NOUNS = frozenset(
    "internship internships placement placements elective electives intern interning rotation"
    " rotations program programme programs programmes hospital hospitals medical clinical medicine"
    " clinic find looking search show list options opportunities available".split()
)
_PLACEMENT_WORDS = _PLACEMENT_NOUNS | frozenset(
    "me i want need there is are do you have get u got university college doctor doctors student"
    " students ? ! .".split()
)
# What buttons say around a programme's name and organisation.
_TELL = frozenset("tell me more about by , the .".split())
_SAVE = frozenset("save remove by to from my shortlist , the .".split())

Entities = Iterable[Mapping[str, Any]]


def intent_of_values(
    doc: Doc, entities: Entities, ranking: list[dict[str, Any]], declared: Intents
) -> str | None:
    """Return the intent of a message that names things and says hardly more, otherwise None.

    Args:
        doc: the message's tokens.
        entities: those in it.
        ranking: what the classifier says of it, best first, `name` and `confidence`.
        declared: all intents.
    """
    entities = list(entities)
    role = _role(doc, entities)
    intent = declared.with_role(role) if role else None
    top = declared.get(ranking[0]["name"])
    if intent is None or top is None or top.group == "safety":
        return None
    # The classifier may hold the same, and not be sure of it.
    if top.name == intent or role not in ("change_search", "show"):
        return intent
    named = any(entity["entity"] == "program" for entity in entities)
    if declared.same_question(top.name, intent) and not named:
        return None
    # "One month or two?", "externship?".
    asks = top.values_may_ask and ranking[0]["confidence"] >= _SURE_OF_QUESTION
    return None if asks else intent


def _role(doc: Doc, entities: list[Mapping[str, Any]]) -> str | None:
    """Return the role of the intent of a message of names and values alone."""
    if any(entity["entity"] == "program" for entity in entities):
        return _of_program(doc, entities)
    kinds = {e["entity"] for e in entities if e["entity"] in _SEARCHABLE | {"ordinal"}}
    if not kinds:
        return None
    words = [
        word
        for word in _left(doc, [e for e in entities if e["entity"] in kinds])
        if any(c.isalnum() for c in word) and word not in _FILLERS
    ]
    if kinds == {"ordinal"}:
        return None if words else "show"
    begins = "kind" in kinds or not _PLACEMENT_NOUNS.isdisjoint(words)
    if kinds & _WHERE and begins and set(words) <= _PLACEMENT_WORDS:
        return "search"
    return None if words else "change_search"


def _of_program(doc: Doc, entities: list[Mapping[str, Any]]) -> str | None:
    """Return the role of a message that is a programme's full name and a request, otherwise None.

    Names say anything ("Bali Global Health Initiative").
    """
    left = set(_left(doc, [e for e in entities if e["entity"] in {"program", "organisation"}]))
    if left <= _TELL:
        return "show"
    return "save" if left <= _SAVE and left & {"save", "remove"} else None


def _left(doc: Doc, entities: Entities) -> list[str]:
    """Return the folded words and signs of a message outside its entities."""
    spans = [(entity["start"], entity["end"]) for entity in entities]
    return [
        token.norm_
        for token in doc
        if not token.is_space and not any(start <= token.idx < end for start, end in spans)
    ]
