"""The frame: what the talk is about, what is known of the person, and what was said."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, Extra, ValidationError

from preceptor.catalogue.money import Money

_MOST_SPOKEN_OF = 3
_MOST_TOLD = 60
IS_HERE = re.compile(
    r"\b(?:i'?m|i am|we'?re|we are|currently|right now|living|stuck|i live|we live)"
    r"(?: \w+){0,3} (?:in|at|near|outside)(?: the)? $|\bhere in(?: the)? $",
    re.IGNORECASE,
)
"""What stands before the name of the place where somebody is: "we are in", "I'm currently at"."""


KIN = re.compile(
    r"\b(?:my|our|his|her) (?:\w+ )?(?:wife|husband|partner|girlfriend|boyfriend|fianc\w+|friend"
    r"|bestie|sister|brother|cousin|mother|mum|mom|father|dad|daughter|son|colleague|roommate)\b"
    r"|\b(?:meine? (?:frau|mann|freund\w*)|ma femme|mon mari|mi (?:mujer|marido|novi[oa])"
    r"|(?:meu|minha) (?:namorad[oa]|marido|mulher))\b",
    re.IGNORECASE,
)
"""A relative or a friend of whom somebody speaks."""


class Person(BaseModel):
    """What somebody has said of themselves, each as the search and the rules take it.

    Attributes:
        stages: of training or profession, ids of the catalogue.
        languages: ISO 639-1 codes.
        origin: where they come from or trained, ISO 3166-1 codes or ids of places.
        here: where they said that they are now: an ISO code or the id of a place.
        going: where they want to go: ISO codes or ids of places and regions.
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

    def less_wishes(self) -> Person:
        """Return who somebody is, without what they are looking for."""
        return Person(stages=self.stages, languages=self.languages, origin=self.origin)


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
        told: the ids of answers that were given and, behind a #, of sections; the last ones.
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

    @property
    def spoken_of(self) -> tuple[str, ...]:
        """The ids of the answer in focus and of those given before it, the last three at most."""
        given = [each for each in reversed(self.told) if "#" not in each]
        return tuple(dict.fromkeys([*filter(None, [self.focus]), *given]))[:_MOST_SPOKEN_OF]

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

    def with_section(self, answer: str, kind: str) -> Frame:
        """Return the frame after a section of an answer."""
        return self.copy(update={"told": (*self.told, f"{answer}#{kind}")[-_MOST_TOLD:]})


# Health professions by the words of a stage that holds several, as ids of specialties.
_PROFESSIONS = (
    ("dent", "dentistry"), ("physio", "physiotherapy"), ("physical th", "physiotherapy"),
    ("pharm", "pharmacy"), ("occupational", "occupational-therapy"), ("speech", "speech-therapy"),
    ("diet", "nutrition"), ("radiograph", "radiology"), ("psycholog", "psychology"),
    ("paramedic", "prehospital-care"), ("lab", "laboratory-medicine"),
)  # fmt: skip
# Years of a medical course; beside another profession they are years of that one's.
_YEARS = frozenset({"preclinical_student", "clinical_student", "final_year_student"})
_OTHER_PROFESSIONS = frozenset(
    {"nursing_student", "nurse", "midwifery_student", "allied_health", "public_health_student"}
)
_LISTS = {"stage": "stages", "specialty": "specialties", "language": "languages",
          "country": "going", "place": "going", "region": "going"}  # fmt: skip
# Nobody stays so long: "a nurse with two years' experience".
_TOO_MANY_WEEKS = 104


def stages_after(before: Iterable[str], named: Iterable[str]) -> tuple[str, ...]:
    """Return somebody's stages after a message that names some.

    Years that belong to another profession's course are none: "a dental student in my final
    year" is no final-year medical student, nor is a nursing student who then says "third year".
    """
    stages = tuple(dict.fromkeys(named))
    if _OTHER_PROFESSIONS.isdisjoint(stages):
        known = tuple(before)
        return known if _YEARS.issuperset(stages) and _OTHER_PROFESSIONS & set(known) else stages
    return tuple(stage for stage in stages if stage not in _YEARS)


def profession_of(stage: Mapping[str, Any]) -> str | None:
    """Return the specialty that a stage's own words name ("dental student"), if any."""
    words = str(stage.get("text", "")).lower()
    return next((field for start, field in _PROFESSIONS if words.startswith(start)), None)


def told_of_oneself(
    person: Person, entities: Iterable[Mapping[str, Any]], text: str = "", *, wishes: bool = True
) -> Person:
    """Return what is known of a person after a message's entities.

    Args:
        person: what was known before.
        entities: those of the message.
        text: the message, in which the entities have their offsets.
        wishes: False for a question that says nothing of what the person is looking for; a
            specialty, a length, a sum or a language is then what it is about, and a place stands
            only until one is wished for.
    """
    entities = [e for e in entities if not _is_of_another(e, text)]
    refused = {e["value"] for e in entities if _is_stage(e) and e.get("role") == "excluded"}
    person = _without_stages(person, refused)
    entities = [e for e in entities if e.get("role") in (None, "origin")]
    here = place_of_person(entities, text)
    found: dict[str, Any] = {"here": here} if here else {}
    speaks = wishes or bool(_SPEAKS.search(text))
    told = {"stage": True, "specialty": wishes, "language": speaks}
    for entity in entities:
        kind, value = entity["entity"], entity["value"]
        if entity.get("role") == "origin":
            field = "origin" if kind in ("country", "place") else None
        else:
            field = _LISTS.get(kind) if told.get(kind, wishes or not person.going) else None
            found |= _quantity(entity) if wishes else {}
        if field is not None:
            found[field] = tuple(dict.fromkeys([*found.get(field, ()), value]))
    professions = [
        field for e in entities if e["entity"] == "stage" and (field := profession_of(e))
    ]
    if professions:
        found.setdefault("specialties", tuple(professions))
    if "languages" in found:
        found["languages"] = tuple(dict.fromkeys([*person.languages, *found["languages"]]))
    if "stages" in found:
        found["stages"] = stages_after(person.stages, found["stages"])
    dated = [e for e in entities if e["entity"] == "duration" and _WHEN & e["value"].keys()]
    when = [str(e.get("text", "")).strip().removeprefix("of ") for e in dated]
    # Of a birthday or an exam the month says nothing of a placement.
    if when and wishes:
        found["when"] = tuple(dict.fromkeys(when))
    return person.copy(update=found) if found else person


_SPEAKS = re.compile(
    r"\b(?:speak\w*|fluent\w*|native|bilingual|mother tongue|first language)\b", re.IGNORECASE
)
# What stands before a stage that somebody else is in: "comments by a registrar", "the nurses",
# "my sister is a nurse".
_ANOTHER = re.compile(
    r"(?:\b(?:the|my|our|his|her|their|your|those|these|some|one|other|another|every|most|all)"
    r"(?: (?:senior|junior|chief|head|new|old|\w+ing))?"
    r"|\b(?:by|from|asked|told|with|about|was|is|are|'s|there'?s|theres) (?:an?)"
    r"|(?<!\bthis )(?<!\bhere )(?<!\bwe )(?<!\bi )\b(?:is|are|was|were))\s+$",
    re.IGNORECASE,
)
# "I'm in my third year": a year, too, is one's own.
_IN_YEAR = re.compile(
    r"\b(?:in|of|after|during|before|doing|start\w*|finish\w*) (?:my|the|our)\s+$", re.IGNORECASE
)
_WE = re.compile(r"\b(?:we|we'?re|as|us|both|two|three)\b[^.?!]{0,80}$", re.IGNORECASE)
# Parents ask for a child.
_ONE_ASKED_FOR = re.compile(r"\b(?:son|daughter|child|kid|boy|girl)\b[^.?!]{0,80}$", re.IGNORECASE)


def _is_stage(entity: Mapping[str, Any]) -> bool:
    return bool(entity["entity"] == "stage")


def _is_of_another(entity: Mapping[str, Any], text: str) -> bool:
    """Tell whether a stage of training is somebody else's: "the nurses on my ward"."""
    if not _is_stage(entity) or not text:
        return False
    before = text[: entity.get("start", 0)]
    if entity["value"] in _YEARS and _IN_YEAR.search(before):
        return False
    several = str(entity.get("text", "")).lower().endswith("s") and not _WE.search(before)
    return (several or bool(_ANOTHER.search(before))) and not _ONE_ASKED_FOR.search(before)


def _without_stages(person: Person, refused: Collection[str]) -> Person:
    """Return a person who says that they are in none of some stages."""
    stages = tuple(stage for stage in person.stages if stage not in refused)
    return person.copy(update={"stages": stages}) if stages != person.stages else person


_WHEN = {"month", "season", "start", "relative"}
_VAGUE = re.compile(r"\b(?:few|several)\b", re.IGNORECASE)


def stay_of(length: Mapping[str, Any]) -> tuple[float | None, float | None] | None:
    """Return the least and most weeks that a duration asks for, None if it says no length of stay.

    A summer or "June to August" says when and not how long, "a few weeks" gives no number, and
    nobody stays for years.
    """
    value = length["value"]
    least, most = value.get("min_weeks"), value.get("max_weeks")
    is_when = bool(_WHEN & value.keys()) and least is None
    if is_when or _VAGUE.search(length.get("text", "")):
        return None
    return (least, most) if 0 < (most or least or 0) < _TOO_MANY_WEEKS else None


def _quantity(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a length or a sum says of a person."""
    value = entity["value"]
    if entity["entity"] == "duration":
        stay = stay_of(entity)
        return {"weeks": stay} if stay else {}
    if entity["entity"] == "money" and value.get("amount") and value.get("currency"):
        money = Money.of(value["amount"], value["currency"])
        return {} if value.get("per") else {"budget": (money.minor, money.currency)}
    return {}


def place_of_person(entities: Iterable[Mapping[str, Any]], text: str) -> str | None:
    """Return the country or the place where somebody says that they are, None if they don't."""
    places = (e for e in entities if e["entity"] in ("country", "place") and not e.get("role"))
    here = [str(e["value"]) for e in places if IS_HERE.search(text[: e.get("start", 0)])]
    return here[-1] if here else None
