"""What several topics look up: the countries that are asked about, picked programmes."""

from __future__ import annotations

import re

from actions.topic_action import Turn
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.search import get_program
from preceptor.nlu.normalize import fold


def countries_of(turn: Turn) -> list[str]:
    """Return the countries (ISO alpha-2) that the question names, by name or by a place in them."""
    known = turn.catalogue
    for role in (None, "origin"):
        # "I'm from Egypt, must I do an internship?" asks about Egypt; "… in the UK?" does not.
        found = list(turn.question.values("country", role=role))
        for place in turn.question.values("place", role=role):
            country = known.places[place].country if place in known.places else None
            if country and country not in found:
                found.append(country)
        if found:
            return found
    return []


class NoSuchNumber(LookupError):
    """A position that the shown list doesn't have; `number` is the one asked for."""

    def __init__(self, number: int) -> None:
        """Keep the number."""
        super().__init__(f"There is no number {number}.")
        self.number = number


def picked(turn: Turn, shown: list[ProgramView] | None = None) -> list[ProgramView]:
    """Return the programmes that the question picks: by name, position, organisation or place.

    Args:
        turn: the turn.
        shown: the list that positions count in; None is what was shown last.

    Raises:
        NoSuchNumber: a position lies behind the end of what was shown.
    """
    question = turn.question
    programs: list[ProgramView | None] = [
        get_program(turn.catalogue, i) for i in question.values("program")
    ]
    if found := [p for p in programs if p is not None]:
        return found
    offset = 0
    if shown is None:
        ids = turn.slots.get("search_shown") or []
        shown = [p for i in ids if (p := get_program(turn.catalogue, i))]
        offset = turn.slots.get("search_offset") or 0
    found = []
    for value in question.values("ordinal"):
        position = value["position"]
        if not shown:
            break
        # Later pages are numbered on: "number 5" is the second of a page that begins at 4.
        if 0 < position - offset <= len(shown):
            position -= offset
        if position > len(shown):
            raise NoSuchNumber(position)
        found.append(shown[position - 1] if position > 0 else shown[-1])
    if found or (found := _named(question.text, shown)):
        return list(dict.fromkeys(found))
    everything = turn.catalogue.programs
    organisations = question.values("organisation")
    within = turn.catalogue.places_within(question.values("place"))
    countries = set(question.values("country"))
    for pool in (shown, everything if organisations or within else ()):
        found = [
            p
            for p in pool
            if (not organisations or p.organisation in organisations)
            and (not within or within & set(p.places))
            and (not countries or countries & set(p.countries))
        ]
        if (organisations or within or countries) and found:
            return found
    return []


def _named(text: str, shown: list[ProgramView]) -> list[ProgramView]:
    """Return the programmes on show of which the text holds a word that only they have.

    "Tribhuvan" or "the Makerere one" is enough where one of the three on show has it.
    """
    asked = {w for w in re.findall(r"\w+", fold(text)) if len(w) > 3}
    words = [
        {
            w
            for w in re.findall(
                r"\w+", fold(f"{p.name} {p.organisation} {' '.join(p.place_names)}")
            )
        }
        for p in shown
    ]
    everywhere = [w for own in words for w in own]
    return [
        p for p, own in zip(shown, words, strict=True)
        if any(w in asked and everywhere.count(w) == 1 and w not in _GENERIC for w in own)
    ]  # fmt: skip


_GENERIC = frozenset(
    "elective electives clinical medical student students programme program placement placements"
    " international hospital hospitals university faculty college medicine school health research"
    " visiting exchange internship internships global incoming overseas training professional"
    " other sites week four from with department rural public project experience".split()
)
