"""words.yml can be reworded by whoever runs the advisor: nothing but what people read changes."""

import dataclasses
import json
import re
from collections.abc import Callable, Iterable
from typing import get_args

import pytest
from ruamel.yaml import YAML

from actions import answers, words
from actions.program_fields import FIELDS
from actions.search_state import UnusedKind
from preceptor.catalogue.cells import (
    Accommodation,
    Certainty,
    PriceBasis,
    Profession,
    Route,
    TermKind,
)
from preceptor.catalogue.search import SearchQuery
from preceptor.conversation import follow_ups, registration
from preceptor.intents import Intent
from preceptor.knowledge.answers import SECTIONS
from tests.support.actions import Desk, Outcome
from tests.support.tiny_project import ROOT

FIND = ("action_search_programs", "placements in Sri Lanka", "find_program")
TALKS: list[list[tuple[str, str, str]]] = [
    [FIND],
    [FIND, ("action_refine_search", "cheaper", "refine_search")],
    [FIND, ("action_show_program", "how much is the second one", "ask_program_detail")],
    [FIND, ("action_compare_programs", "which is cheaper", "compare_programs")],
    [FIND, ("action_save_program", "save all of them", "save_program"),
     ("action_show_shortlist", "show my shortlist", "show_shortlist")],
    [("action_search_programs", "volunteering in Germany under 10 usd", "find_program")],
    [("action_search_programs", "find me something", "find_program")],
    [("action_show_registration", "is it needed in the UK", "ask_registration_requirement")],
    [("action_answer", "how many beds has the ward in Timbuktu", "ask_why_intern")],
    [("action_give_contacts", "emergency number in France", "ask_who_to_call")],
    [("action_give_contacts", "helpline in India", "ask_who_to_call")],
]  # fmt: skip


def reworded(sentence: str) -> str:
    """Return a sentence in capitals, with its fields as they are."""
    parts = re.split(r"({\w+})", sentence)
    return "".join(part if part.startswith("{") else part.upper() for part in parts)


def structure(outcome: Outcome) -> list[object]:
    """Return all of an outcome's replies but what people read: lengths stand for words."""
    words_of_cards = {"shown", "summary", "title", "place", "label", "value", "cells", "unknown",
                      "notes", "length", "details"}  # fmt: skip

    def bare(value: object) -> object:
        if isinstance(value, dict):
            return {k: None if k in words_of_cards else bare(v) for k, v in value.items()}
        return [bare(each) for each in value] if isinstance(value, list) else value

    return [
        {
            "parts": [bool(reply.lead), len(reply.body), len(reply.steps), len(reply.remarks)],
            "card": bare(json.loads(reply.card.json())) if reply.card else None,
            "does": [choice.payload for choice in reply.choices],
        }
        for reply in outcome.replies
    ]


@pytest.fixture
def reword(tmp_path, monkeypatch) -> Callable[[], None]:
    """Put a file in the place of words.yml in which every sentence is another one."""

    def do() -> None:
        sentences = {name: list(map(reworded, each)) for name, each in words.words().items()}
        path = tmp_path / "words.yml"
        with path.open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(sentences, file)
        monkeypatch.setattr(words, "PATH", path)

    return do


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: f"{talk[-1][0]}-{talk[-1][1]}")
def test_rewording_every_sentence_changes_no_card_and_no_button(
    desk: Desk, reword: Callable[[], None], talk: list[tuple[str, str, str]]
):
    before = desk.talk(*talk)
    reword()
    after = desk.talk(*talk)
    assert after.text != before.text
    assert structure(after) == structure(before)
    unlike_names = {"search_summary", "shortlist"}
    assert {k: v for k, v in after.slots.items() if k not in unlike_names} == {
        k: v for k, v in before.slots.items() if k not in unlike_names
    }


FOLLOW_UPS = YAML(typ="safe").load(follow_ups.PATH.read_text("utf-8"))
FAMILIES: dict[str, Iterable[str]] = {
    "": FOLLOW_UPS,
    "button_": answers._SECTION_BUTTONS,
    "follow_no_": [*SECTIONS.values(), "disagree"],
    "button_start_": ("specialty", "region", "kind"),
    "count_programmes_": ("one", "other"),
    "count_months_": ("one", "other"),
    "decline_": [path.stem for path in (ROOT / "data/nlu/out_of_scope").glob("*.yml")],
    "detail_": [each for name in FIELDS for each in (name, f"{name}_unknown")],
    "housing_": get_args(Accommodation),
    "registration_": [
        *(f"{k}_{route}" for k in ("where", "route", "card", "no") for route in get_args(Route)),
        *(f"what_{name}" for name in (*registration.aspect_names(), registration.OTHER)),
        *(f"term_{kind}" for kind in get_args(TermKind)),
        *(f"{verdict}{end}" for verdict in ("yes", "no", "partly") for end in ("", "_unconfirmed")),
        *(f"source_{certainty}" for certainty in get_args(Certainty)),
        *(f"who_{name}" for name in get_args(Profession)),
        "depends",
    ],
    "note_": (
        "specialty_unknown",
        "stage_unknown",
        "language_unknown",
        "price_for_shorter_stay",
        "nationals_only",
    ),
    "constraint_": [field.name for field in dataclasses.fields(SearchQuery)],
    "price_": get_args(PriceBasis),
    "search_unused_": get_args(UnusedKind),
    "unknown_": get_args(Intent.__fields__["who_knows"].outer_type_),
    "search_left_out_": ("report", "restricted", "from_abroad"),
}
"""Sentences that are chosen by a value, by what their names begin with."""


def test_no_sentence_is_left_over():
    source = "".join(p.read_text("utf-8") for p in (ROOT / "actions").glob("*.py"))
    said = set(re.findall(r'"(\w+)"', source))
    said |= {prefix + value for prefix, values in FAMILIES.items() for value in values}
    # Labels are named by the fields beside their values, languages by their codes.
    said |= {f"label_{name}" for name in said}
    left = [name for name in words.words() if name not in said | {"decline_general"}]
    assert [name for name in left if not re.fullmatch(r"decline_in_[a-z]{2}", name)] == []
