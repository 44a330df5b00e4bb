"""Emergency numbers and helplines."""

import pytest

from tests.support.actions import showing

NUMBERS = "action_give_emergency_numbers"
HELP = "action_give_helplines"


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("chest pain, I'm in Kenya", "Kenya", "999"),
        ("he collapsed, we are in London", "United Kingdom", "999"),
        ("stroke! germany", "Germany", "112"),
        ("help, in the US", "United States", "911"),
        ("france, she can't breathe", "France", "15"),
    ],
)
def test_the_numbers_of_the_country_that_is_named(desk, text, country, number):
    done = desk.run(NUMBERS, text, "report_emergency")
    assert country in done.text and number in done.text
    assert {c["label"].split(",")[0] for c in done.cards[0]["contacts"]} == {country}


def test_without_a_country_some_numbers_are_given_as_examples(desk):
    done = desk.run(NUMBERS, "I can't breathe", "report_emergency")
    for number in ("999", "911", "112", "000"):
        assert number in done.text
    assert "Tell me the country" in done.text


def test_the_country_of_the_search_is_not_taken_for_where_somebody_is(desk):
    done = desk.run(NUMBERS, "I can't breathe", "report_emergency", {"search_country": ["PE"]})
    assert "Peru" not in done.text


def test_what_was_swallowed_is_to_be_kept(desk):
    assert "packet" in desk.run(NUMBERS, "she took 40 paracetamol tablets", "report_emergency").text


def test_an_overdose_with_a_crisis_gets_helplines_as_well(desk):
    message = desk.message("i took all my pills, i want to die", "report_emergency")
    message["safety"] = ["report_emergency", "express_crisis"]
    done = desk.run(NUMBERS, message=message)
    assert "findahelpline" in done.text


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("i want to die, i'm in india", "Tele MANAS", "14416"),
        ("i can't go on. uk", "Samaritans", "116 123"),
        ("i live in Lagos and want to end it", "SURPIN", "0800 078 7746"),
    ],
)
def test_the_helplines_of_the_country_that_is_named(desk, text, name, number):
    done = desk.run(HELP, text, "express_crisis")
    assert name in done.text and number in done.text


def test_without_a_country_a_way_to_find_a_helpline_anywhere(desk):
    done = desk.run(HELP, "i want to die", "express_crisis")
    assert "findahelpline.com" in done.text and "befrienders.org" in done.text
    assert "Tell me your country" in done.text
    assert all("None" not in str(m.get("text")) for m in done.messages)


@pytest.mark.parametrize(
    ("first", "intent", "number"),
    [(NUMBERS, "report_emergency", "112"), (HELP, "express_crisis", "0800 111 0 111")],
)
@pytest.mark.parametrize("text", ["Germany", "we're in Germany", "germany please hurry"])
def test_the_country_that_was_asked_for_is_answered_and_not_searched(
    desk, first, intent, number, text
):
    slots = desk.run(first, "help me", intent).slots
    done = desk.run("action_refine_search", text, "refine_search", slots)
    assert number in done.text
    assert not done.slots.get("search_country")


@pytest.mark.parametrize("action", [NUMBERS, HELP])
def test_the_search_is_left_alone(desk, action):
    before = {"search_country": ["PE"], **showing("ifmsa-peru-scope")}
    done = desk.run(action, "help", "report_emergency", before)
    assert {k: done.slots[k] for k in before} == before
