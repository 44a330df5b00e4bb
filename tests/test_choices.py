"""Buttons, clicked at the running advisor: each does what its payload says, whatever its title."""

import json
import uuid

import pytest

from preceptor.conversation.choices import (
    Ask,
    Compare,
    Country,
    Neither,
    Page,
    Payload,
    Remove,
    Restart,
    Save,
    Search,
    Show,
    Widen,
    intent_of,
)
from tests.support.advisor import Advisor, Exchange

KANDY, KATHMANDU, SYDNEY = (
    "work-the-world-kandy", "work-the-world-kathmandu", "sydney-university-elective",
)  # fmt: skip


def sender() -> str:
    return f"choices-{uuid.uuid4()}"


def columns(exchange: Exchange) -> list[str]:
    """Return the programmes that a comparison has, in order."""
    (card,) = [
        card for reply in exchange.replies
        if (card := reply["custom"]["reply"].get("card")) and card["type"] == "comparison"
    ]  # fmt: skip
    return [program["id"] for program in card["programs"]]


@pytest.mark.parametrize(
    ("payload", "before", "says", "slots"),
    [
        (Ask(intent="ask_timing"), [], "six to twelve months", {"topic": "ask_timing"}),
        (Ask(intent="ask_human"), [], "office", {}),
        (Show(program=KANDY), [], "Kandy", {"program_focus": KANDY}),
        (Compare(programs=[KANDY, KATHMANDU]), [], "Kathmandu", {"program_focus": None}),
        (Page(offset=3), ["placements in Sri Lanka"], "4.", {"search_offset": 3}),
        (Widen(fields=["specialties"]), ["surgery in Nepal"], "any specialty in Nepal",
         {"search_specialty": None, "search_country": ["NP"]}),
        (Search(country="NP"), ["surgery in Kenya"], "any specialty in Nepal",
         {"search_specialty": None, "search_country": ["NP"]}),
        (Search(region="east-africa"), [], "East Africa", {"search_region": ["east-africa"]}),
        (Restart(), ["surgery in Kenya"], "cleared",
         {"search_specialty": None, "search_country": None, "listed": None}),
        (Country(country="PH"), ["do I need an internship to register?"],
         "In the Philippines", {"licensing_country": ["PH"]}),
        (Country(country="PK", intent="ask_internship_length"), [],
         "In Pakistan, the house job", {"licensing_country": ["PK"]}),
        (Country(country="FR"), ["my friend collapsed and does not breathe"], "112",
         {"search_country": None}),
        (Neither(), ["would it count if I only did half"], "other words", {"offer": None}),
    ],
)  # fmt: skip
def test_a_click_does_what_its_payload_says(
    advisor: Advisor, payload: Payload, before: list[str], says: str, slots: dict
):
    person = sender()
    for text in before:
        advisor.say(text, person)
    done = advisor.do(payload, person)
    assert says in done.text, done.shown()
    assert {name: done.slots.get(name) for name in slots} == slots, done.shown()
    assert done.intent == intent_of(payload)
    assert done.parse["intent"]["confidence"] == 1.0 and done.parse["entities"] == []


def test_a_programme_is_saved_shown_and_removed_by_clicks(advisor: Advisor):
    person = sender()
    saved = advisor.do(Save(program=KANDY), person)
    assert [each["id"] for each in saved.slots["shortlist"]] == [KANDY]
    advisor.do(Save(program=KATHMANDU), person)
    assert "Kandy" in advisor.do(Ask(intent="show_shortlist"), person).text
    removed = advisor.do(Remove(program=KANDY), person)
    assert [each["id"] for each in removed.slots["shortlist"]] == [KATHMANDU]
    assert not advisor.do(Remove(), person).slots["shortlist"]


def test_three_that_are_named_are_compared_whatever_the_title_says(advisor: Advisor):
    person = sender()
    advisor.say("electives in South Africa", person)
    programs = [KANDY, KATHMANDU, "who-internship-programme"]
    done = advisor.do(Compare(programs=programs), person, "compare 1 and 2")
    assert columns(done) == programs


@pytest.mark.parametrize(
    "payload", [Show(program="gone"), Save(program="gone"), Compare(programs=["gone", KANDY])]
)
def test_what_is_gone_is_told(advisor: Advisor, payload: Payload):
    done = advisor.do(payload, sender())
    assert "no longer in my catalogue" in done.text and not done.cards


def test_a_question_asked_afresh_drops_the_search_before(advisor: Advisor):
    person = sender()
    advisor.say("surgery in Kenya for 4 weeks under 2000 usd", person)
    advisor.do(Save(program=KANDY), person)
    done = advisor.do(Ask(intent="find_program", afresh=True), person)
    left = {name: value for name, value in done.slots.items() if value}
    assert set(left) <= {"frame", "topic", "shortlist", "wording", "session_started_metadata"}, left
    assert [each["id"] for each in done.slots["shortlist"]] == [KANDY]


def test_a_starter_needs_no_seal_and_starts_afresh(advisor: Advisor):
    person = sender()
    advisor.say("surgery in Kenya", person)
    done = advisor.say("Find a programme", person, payload="starter:find_program")
    assert done.intent == "find_program" and not done.slots["search_country"]


@pytest.mark.parametrize("kind", ["foreign", "forged", "no such intent", "bare"])
def test_a_payload_that_was_not_sealed_for_the_conversation_has_no_power(
    advisor: Advisor, kind: str
):
    """The title is read as words then."""
    person = sender()
    shown = Show(program=KANDY)
    value = {
        "foreign": lambda: advisor.sealed(shown, "somebody else"),
        "forged": lambda: advisor.sealed(shown, person)[:-2] + "AA",
        "no such intent": lambda: "starter:action_restart",
        "bare": lambda: json.dumps(shown.dict()),
    }[kind]()
    done = advisor.say("electives in Sydney", person, payload=value)
    assert done.slots["search_place"] == ["sydney"] and not done.slots.get("program_focus")


def test_metadata_of_a_caller_has_no_power(advisor: Advisor):
    body = {
        "sender": (person := sender()),
        "message": "electives in Sydney",
        "metadata": {"choice": Show(program=KANDY).dict()},
    }
    advisor.client.post(advisor.webhook, json=body)
    assert advisor.say("hello", person).slots["search_place"] == ["sydney"]
