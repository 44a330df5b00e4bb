"""The frame: what the talk is about, what is known of the person, and what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, Extra, ValidationError

_MOST_TOLD = 60
# What stands before the name of the place where somebody is: "we are in", "I'm currently at".
_IS_HERE = re.compile(
    r"\b(?:i'?m|i am|we'?re|we are|currently|right now|living|stuck|i live|we live)"
    r"(?: \w+){0,3} (?:in|at|near|outside)(?: the)? $",
    re.IGNORECASE,
)


class Person(BaseModel):
    """What somebody has said of themselves, each as the search and the rules take it.

    Attributes:
        stages: of training or profession, ids of the catalogue.
        languages: ISO 639-1 codes.
        origin: where they come from or trained, ISO 3166-1 codes.
        here: where they said that they are now: an ISO code or the id of a place.
        going: where they want to go: ISO codes or ids of places.
        specialties: ids.
        weeks: how long, least and most.
        when: months and seasons in their own words.
        budget: amount in minor units and currency.
    """

    stages: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    here: str | None = None
    going: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    weeks: tuple[float | None, float | None] | None = None
    when: tuple[str, ...] = ()
    budget: tuple[int, str] | None = None

    class Config:
        """A record of what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True


class Danger(BaseModel):
    """A danger that was spoken of, see protocols.yml.

    Attributes:
        kind: of danger, a protocol's key.
        said: the names of what was said about it, the last ones.
        country: where the person is, ISO 3166-1, if it was said.
        dealt: whether it has been dealt with, so that another topic ends it.
        left: whether another topic came since; then only a clear word on the danger counts.
    """

    kind: str
    said: tuple[str, ...] = ()
    country: str | None = None
    dealt: bool = False
    left: bool = False

    class Config:
        """A record of what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True


class Frame(BaseModel):
    """One conversation's frame, kept in the slot `frame`.

    Attributes:
        focus: the id of the answer that was last given.
        question: the words of the last question, for what points back at it.
        told: the ids of answers that were given, the last ones.
        avoid: answers that were given to the last question and were not what was asked.
        danger: the danger that the talk is in.
        person: what is known of the person.
    """

    focus: str | None = None
    question: str = ""
    told: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    danger: Danger | None = None
    person: Person = Person()

    class Config:
        """A record of what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True

    @classmethod
    def of(cls, content: Any) -> Frame:
        """Read back what a slot holds; one of another version of the program counts as none."""
        try:
            return cls.parse_obj(content or {})
        except ValidationError:
            return cls()

    def with_told(self, answer: str, question: str) -> Frame:
        """Return the frame after an answer to a question."""
        told = tuple(dict.fromkeys([*self.told, answer]))[-_MOST_TOLD:]
        same = question == self.question
        update = {
            "focus": answer,
            "question": question,
            "told": told,
            "avoid": self.avoid if same else (),
        }
        return self.copy(update=update)


def told_of_oneself(
    person: Person, entities: Iterable[Mapping[str, Any]], text: str = ""
) -> Person:
    """Return what is known of a person after a message's entities.

    Args:
        person: what was known before.
        entities: those of the message.
        text: the message, in which the entities have their offsets.
    """
    entities = list(entities)
    here = place_of_person(entities, text)
    found: dict[str, Any] = {"here": here} if here else {}

    def add(field: str, value: Any) -> None:
        found[field] = tuple(dict.fromkeys([*found.get(field, ()), value]))

    for entity in entities:
        kind, value, role = entity["entity"], entity["value"], entity.get("role")
        if role == "origin" and kind == "country":
            add("origin", value)
        elif role is not None:
            continue
        elif kind in ("stage", "specialty", "language"):
            add(
                {"stage": "stages", "specialty": "specialties", "language": "languages"}[kind],
                value,
            )
        elif kind in ("country", "place"):
            add("going", value)
        elif kind == "duration":
            if value.get("min_weeks") or value.get("max_weeks"):
                found["weeks"] = (value["min_weeks"], value["max_weeks"])
            if {"month", "season", "start"} & value.keys():
                add("when", str(entity.get("text", "")).strip())
        elif kind == "money" and value.get("amount") and value.get("currency"):
            found["budget"] = (round(float(value["amount"]) * 100), value["currency"])
    if "languages" in found:
        found["languages"] = tuple(dict.fromkeys([*person.languages, *found["languages"]]))
    return person.copy(update=found) if found else person


def place_of_person(entities: Iterable[Mapping[str, Any]], text: str) -> str | None:
    """Return the country or the place where somebody says that they are, None if they don't."""
    places = (e for e in entities if e["entity"] in ("country", "place") and not e.get("role"))
    here = [str(e["value"]) for e in places if _IS_HERE.search(text[: e.get("start", 0)])]
    return here[-1] if here else None
