"""What is known of a programme field by field: for details, comparisons and single questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from actions import phrases
from actions.words import say
from preceptor.catalogue.programs import ProgramView
from preceptor.conversation.cards import ComparisonRow, Row


def price(program: ProgramView) -> str:
    """Return a programme's price in words, "" if it isn't known."""
    known = phrases.price(program)
    return known.shown if known else ""


def length(program: ProgramView) -> str:
    """Return how long a programme lasts, "" if it isn't known."""
    return phrases.weeks(program.min_weeks, program.max_weeks)


def housing(program: ProgramView) -> str:
    """Return what is known of housing: "included (host family)", "" if nothing is."""
    answer = say(f"housing_{program.accommodation}") if program.accommodation else ""
    note = program.accommodation_note or ""
    return f"{answer} ({note})" if answer and note else answer or note


def languages(program: ProgramView) -> str:
    """Return which languages a programme asks for, "" if it isn't known."""
    return program.languages_note or phrases.joined(program.language_names)


def kind(program: ProgramView) -> str:
    """Return what one does at a programme, as far as its kind says."""
    watches = program.kind == "clinical_observation"
    return say("detail_kind_watching") if watches else program.kind_name.lower()


def covers(program: ProgramView) -> str:
    """Return what a programme's price includes, "" if it isn't known."""
    known = program.price_covers or ""
    return "" if "inclusions not read" in known else known


@dataclass(frozen=True)
class Field:
    """One field of a programme.

    Attributes:
        value: its value in words, "" if it isn't known.
        asked: by which words a question asks for just that.
    """

    value: Callable[[ProgramView], str]
    asked: re.Pattern[str]


FIELDS: dict[str, Field] = {
    name: Field(value, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE))
    for name, value, pattern in (
        ("price", price, r"how much|price|cost|costs|fees?|pay|expensive|cheap\w*"),
        ("housing", housing, r"accommodation|accomodation|housing|hous\w+|(?:where|place|to) (?:i |we )?stay|stay with|room|dorm|food|meals?|sleep|live|lodging"),
        ("kind", kind, r"hands[- ]?on|observ\w*|shadow\w*|practical|(?:only|just) watch\w*|watch or"),
        ("language", languages, r"language|speak|spanish|english|swahili|german|french"),
        ("starts", lambda p: p.start_dates or "", r"when|start|starts|dates?|deadline|begin|intake"),
        ("for_whom", lambda p: p.who_for or "", r"who can|eligib\w*|require\w*|do they (?:take|accept)|accept|for whom|premeds?|year students?|nurses?|(?:only|or|for) medics"),
        ("length", length, r"how long|length|duration|weeks|months|minimum stay"),
        ("covers", covers, r"includ\w*|covers?|covered"),
        ("contact", lambda p: p.source_url or "", r"e-?mail|contact|who(?:m)? (?:do|can|should) i (?:ask|write|call|ring|phone)|phone"),
        ("page", lambda p: p.source_url or "", r"link|url|website|site|web ?page|page|apply"),
    )
}  # fmt: skip
"""The fields that questions ask for, by their names in intents.yml and words.yml."""


def asked_for(text: str) -> list[str]:
    """Return the fields that a question asks for, by name."""
    found = [name for name, field in FIELDS.items() if field.asked.search(text)]
    # "Does it include a room?" asks for the room alone.
    return [name for name in found if name != "covers" or "housing" not in found]


def answer(name: str, program: ProgramView) -> str:
    """Return a sentence on one field of a programme, or that it isn't known."""
    value = FIELDS[name].value(program)
    if not value:
        unknown = say(f"detail_{name}_unknown", name=program.name)
        ask = say("detail_ask", who=program.organisation, page=program.source_url or "")
        return f"{unknown} {ask.rstrip(' :')}" if name != "page" else unknown
    words = f"detail_{name}"
    if name == "price" and not program.price_is_cost:
        words = "detail_price_fee"
    return say(words, name=program.name, value=value.rstrip("."))


def price_for(program: ProgramView, stay: tuple[float | None, float | None]) -> list[str]:
    """Return a sentence on what a stay of some weeks costs, as far as the programme's row says.

    A price per week is multiplied; of another one the row's own words are given.
    """
    weeks = stay[1] or stay[0]
    if program.price is None or not program.price_is_cost or not weeks:
        return []
    if program.price_basis == "per_week":
        price = program.price
        whole = phrases.money(replace(price, minor=round(price.minor * weeks)))
        return [say("detail_price_weeks", length=phrases.weeks(weeks, weeks), amount=whole)]
    known = covers(program)
    return [say("detail_price_lengths", covers=known)] if known else []


def across(
    text: str, programs: Sequence[ProgramView], number: Callable[[str], int | None]
) -> str | None:
    """Return a sentence or two on what a question asks of all programmes on show.

    Args:
        text: the question.
        programs: those on show.
        number: tells a programme's number in the list.

    Returns:
        What is known by number and of which nothing is; None if the question asks for no field.
    """
    asked = [name for name in asked_for(text) if name not in ("page", "contact")]
    if not asked or not programs:
        return None
    name = asked[0]
    values = [(number(p.id), FIELDS[name].value(p)) for p in programs]
    known = [f"{at}: {value.rstrip('.')}" for at, value in values if value]
    unknown = [str(at) for at, value in values if not value]
    sentences = [say("across_known", label=say(f"label_{name}"), values="; ".join(known))] * bool(
        known
    )
    if name == "kind":
        sentences.append(say("across_kind"))
    elif unknown:
        words = "across_unknown" if known else "across_none"
        sentences.append(say(words, label=say(f"label_{name}"), numbers=phrases.joined(unknown)))
    return " ".join(sentences)


def details(program: ProgramView) -> list[Row]:
    """Return what is known of a programme, in the order in which people ask for it."""
    cost = price(program) or say("unknown_price_row")
    if program.price_covers:
        cost += f". {program.price_covers}"
    values = (
        ("place", phrases.place(program)),
        ("kind", program.kind_name),
        ("departments", program.departments or phrases.joined(program.specialty_names)),
        ("length", length(program) or say("unknown_length_row")),
        ("price", cost),
        ("for_whom", program.who_for),
        ("language", languages(program)),
        ("starts", program.start_dates),
        ("housing", housing(program)),
    )
    return [Row(label=say(f"label_{name}"), value=value) for name, value in values if value]


_COLUMNS: tuple[tuple[str, Callable[[ProgramView], str]], ...] = (
    ("place", phrases.place),
    ("length", length),
    ("price", price),
    ("for_whom", lambda p: "; ".join(p.stage_names)),
    ("language", lambda p: phrases.joined(p.language_names)),
    ("housing", lambda p: say(f"housing_{p.accommodation}") if p.accommodation else ""),
    ("starts", lambda p: p.start_dates or ""),
)
_MOST_DEPARTMENTS = 4


def _departments(program: ProgramView, wanted: Collection[str]) -> str:
    """Return some of a programme's departments, first those that were searched for."""
    named = zip(program.specialties, program.specialty_names, strict=True)
    names = [name for _, name in sorted(named, key=lambda pair: pair[0] not in wanted)]
    return phrases.joined(names[:_MOST_DEPARTMENTS])


def comparison(programs: list[ProgramView], wanted: Collection[str] = ()) -> list[ComparisonRow]:
    """Return the rows of a comparison; a row that nobody knows anything about is left out, but for the price.

    Args:
        programs: what is compared.
        wanted: the specialties that were searched for, by id.
    """
    columns = dict(_COLUMNS) | {"departments": lambda p: _departments(p, wanted)}
    rows = []
    for name, value in columns.items():
        cells = [value(program) for program in programs]
        if any(cells) or name == "price":
            rows.append(ComparisonRow(label=say(f"label_{name}"), cells=cells))
    return rows
