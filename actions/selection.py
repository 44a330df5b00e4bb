"""What several topics look up: countries asked about, the list on the screen, picked programmes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from actions import phrases
from actions.search_state import query_from_slots
from actions.topic_action import Turn
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.search import search
from preceptor.conversation.choices import Choice, Country
from preceptor.nlu.normalize import fold


def countries_of(turn: Turn) -> list[str]:
    """Return the countries (ISO alpha-2) that the question names, by name or by a place in them."""
    if isinstance(turn.choice, Country):
        return [turn.choice.country]
    places = turn.catalogue.places
    for role in (None, "origin", "unclear"):
        # "I'm from Egypt, must I do an internship?" asks about Egypt; "… in the UK?" does not.
        found = list(turn.question.values("country", role=role))
        for place in turn.question.values("place", role=role):
            country = places[place].country if place in places else None
            if country and country not in found:
                found.append(country)
        if found:
            return found
    return []


@dataclass(frozen=True)
class Listed:
    """The numbered list on the screen; its numbers stay while it is there.

    Attributes:
        of: what it lists: the search's results, the shortlist, or programmes picked by name.
        ids: the programmes by number, from 1 on, those of earlier pages too.
        first: the number of the first on the page shown last.
    """

    of: Literal["search", "shortlist", "picked"] = "picked"
    ids: tuple[str, ...] = ()
    first: int = 1

    @property
    def page(self) -> tuple[str, ...]:
        """The programmes on the page shown last."""
        return self.ids[self.first - 1 :]

    def number(self, program: str) -> int | None:
        """Return a programme's number, None if it isn't listed."""
        return self.ids.index(program) + 1 if program in self.ids else None


def listed(turn: Turn) -> Listed:
    """Return the list on the screen, an empty one if there is none."""
    kept = turn.slots.get("listed") or {}
    return Listed(**{**kept, "ids": tuple(kept["ids"])}) if kept else Listed()


def put_on_screen(turn: Turn, shown: Listed) -> None:
    """Keep the list that a reply shows."""
    turn.set(listed={"of": shown.of, "ids": list(shown.ids), "first": shown.first})


def numbered(turn: Turn, programs: Sequence[ProgramView]) -> Listed:
    """Return the list that numbers some programmes.

    It is the list on the screen if it holds any of them, otherwise a new one of just them.
    """
    shown = listed(turn)
    ids = tuple(p.id for p in programs)
    if not set(ids) & set(shown.ids):
        shown = Listed(ids=ids)
        put_on_screen(turn, shown)
    return shown


def known(turn: Turn, ids: Iterable[str]) -> list[ProgramView]:
    """Return the programmes with these ids that the catalogue still has."""
    return [p for i in ids if (p := turn.catalogue.program(i))]


def on_show(turn: Turn) -> list[ProgramView]:
    """Return the programmes on the page shown last."""
    return known(turn, listed(turn).page)


def in_focus(turn: Turn) -> ProgramView | None:
    """Return the programme spoken of last."""
    focus = turn.slots.get("program_focus")
    return turn.catalogue.program(focus) if focus else None


def ask_which_country(turn: Turn, intent: str) -> bool:
    """Ask which country is meant by a name of several, such as "Congo"; False if all is clear.

    Args:
        turn: the turn.
        intent: the intent whose answer depends on the country.
    """
    unclear = turn.question.of_kind("country", role="unclear")
    if not unclear:
        return False
    countries = list(dict.fromkeys(entity["value"] for entity in unclear))
    names = [turn.catalogue.names[("country", country)] for country in countries]
    options = phrases.joined(map(phrases.country, names), "or")
    sentence = turn.say("which_country", name=unclear[0]["text"], options=options)
    choices = [
        Choice(title=name, payload=Country(country=country, intent=intent))
        for name, country in zip(names, countries, strict=True)
    ]
    turn.reply(sentence, choices=choices)
    return True


class NoSuchNumber(LookupError):
    """A number that the list doesn't have; `number` is the one asked for."""

    def __init__(self, number: int) -> None:
        """Keep the number."""
        super().__init__(f"There is no number {number}.")
        self.number = number


class Gone(LookupError):
    """A programme that the catalogue no longer has."""


def picked(turn: Turn, shown: Listed | None = None) -> list[ProgramView]:
    """Return the programmes that the question picks: by name, number, organisation or place.

    Args:
        turn: the turn.
        shown: the list that numbers count in; None is the one on the screen.

    Raises:
        NoSuchNumber: a number lies behind the end of the list.
        Gone: the catalogue no longer has the programme of a number.
    """
    question = turn.question
    if found := known(turn, question.values("program")):
        return found
    shown = listed(turn) if shown is None else shown
    positions = [value["position"] for value in question.values("ordinal")]
    if positions and shown.ids:
        return _numbered_there(turn, positions) or _numbered(turn, positions, shown.ids)
    pool = known(turn, shown.page)
    return _named(question.text, pool) or _by_place(turn, pool)


def _numbered_there(turn: Turn, positions: list[int]) -> list[ProgramView]:
    """Return the programmes with these numbers in a place that the question names beside them.

    "For Canada, the first one" after a list of another country's means the first in Canada; none
    if the list on the screen has programmes there, or no place is named.
    """
    query = replace(
        query_from_slots(turn.slots),
        countries=tuple(turn.question.values("country")),
        places=tuple(turn.question.values("place")),
        regions=(),
    )
    if not (query.countries or query.places) or _by_place(turn, on_show(turn), elsewhere=False):
        return []
    ids = [hit.program.id for hit in search(turn.catalogue, query, 0, max(positions)).results]
    return _numbered(turn, positions, ids) if len(ids) >= max(positions) else []


def _numbered(turn: Turn, positions: list[int], ids: Sequence[str]) -> list[ProgramView]:
    """Return the programmes with these numbers; a negative one counts from the end."""
    found = []
    for position in positions:
        if position > len(ids):
            raise NoSuchNumber(position)
        program = turn.catalogue.program(ids[position - 1 if position > 0 else -1])
        if program is None:
            raise Gone(ids[position - 1])
        found.append(program)
    return list(dict.fromkeys(found))


def _by_place(turn: Turn, pool: list[ProgramView], *, elsewhere: bool = True) -> list[ProgramView]:
    """Return the programmes of an organisation, place or country, of those on show if any is.

    Args:
        turn: the turn.
        pool: those on show.
        elsewhere: whether others count where none on show is one.
    """
    everything = turn.catalogue
    organisations = turn.question.values("organisation")
    within = everything.places_within(turn.question.values("place"))
    countries = set(turn.question.values("country"))
    if not (organisations or within or countries):
        return []

    def fits(program: ProgramView) -> bool:
        return (
            (not organisations or program.organisation in organisations)
            and (not within or not within.isdisjoint(program.places))
            and (not countries or not countries.isdisjoint(program.countries))
        )

    found = [p for p in pool if fits(p)]
    if elsewhere and not found and (organisations or within):
        found = [p for p in everything.programs if fits(p)]
    return found


def one_of_each(turn: Turn) -> list[ProgramView]:
    """Return a programme for each place and organisation that the question names.

    Of several it is one on show, then one in a country that the search or the message names.
    """
    catalogue = turn.catalogue
    near = {*(turn.slots.get("search_country") or ()), *countries_of(turn)}
    pool = [*on_show(turn), *sorted(catalogue.programs, key=lambda p: near.isdisjoint(p.countries))]
    found: list[ProgramView] = []
    for entity in turn.question.of_kind("organisation", "place", "country"):
        within = catalogue.places_within([entity["value"]])
        for program in pool:
            ids = {program.organisation, *program.countries}
            if entity["value"] in ids or not within.isdisjoint(program.places):
                found.append(program)
                break
    return list(dict.fromkeys(found))


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
