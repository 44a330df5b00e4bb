"""What a country demands before it registers a doctor."""

import pytest

from preceptor.catalogue.records import LicensingRecord
from tests.support.actions import showing

NEED = "action_show_registration"
LENGTH = "action_show_internship_length"


def need(text: str) -> tuple[str, str, str]:
    return NEED, text, "ask_registration_requirement"


def length(text: str) -> tuple[str, str, str]:
    return LENGTH, text, "ask_internship_length"


@pytest.mark.parametrize(
    ("country", "first_word"),
    [("India", "Yes."), ("Nigeria", "Yes."), ("Japan", "Partly."), ("South Korea", "No,")],
)
def test_the_answer_comes_first(desk, country, first_word):
    done = desk.talk(need(f"do I need an internship to register in {country}?"))
    assert done.text.startswith(first_word)
    assert country.split()[-1] in done.text
    assert done.cards[0]["type"] == "licensing"


def test_regulator_source_and_caution_are_given(desk):
    text = desk.talk(need("is housemanship needed in Nigeria")).text
    assert "Medical and Dental Council of Nigeria" in text and "mdcn.gov.ng" in text
    assert "Rules change" in text and "Source:" in text


def test_asked_for_the_length_the_length_comes_first(desk):
    text = desk.talk(length("how long is the house job in Pakistan")).text
    assert "12 months" in text.split("\n")[0]


@pytest.mark.parametrize(
    ("country", "shown"),
    [("Egypt", "12 to 24 months"), ("Israel", "9 months"), ("the USA", "at least 12 months")],
)
def test_lengths_are_written_as_they_are_known(desk, country, shown):
    assert shown in desk.talk(length(f"how long is the internship in {country}")).text


def test_an_unknown_length_is_not_invented(desk):
    done = desk.talk(length("how long is the internship in Portugal"))
    assert "I don't know how long" in done.text
    assert done.cards[0]["min_months"] is None


@pytest.mark.parametrize("country", ["Vietnam", "Turkey", "Iceland"])
def test_a_country_that_is_not_covered_is_not_guessed_at(desk, country):
    done = desk.talk(need(f"do I need an internship in {country} to register?"))
    assert "no checked entry" in done.text and "won't guess" in done.text
    assert not done.cards


def test_two_countries_get_two_answers(desk):
    done = desk.talk(need("is an internship compulsory in Ghana and in Kenya?"))
    assert [card["country"] for card in done.cards] == ["GH", "KE"]
    assert done.slots["licensing_country"] == ["GH", "KE"]


def test_a_city_stands_for_its_country(desk):
    done = desk.talk(need("do I need an internship to register in Lagos?"))
    assert done.slots["licensing_country"] == ["NG"]


def test_without_a_country_it_asks(desk):
    done = desk.talk(need("do I need an internship to register?"))
    assert "Which country" in done.text and len(done.titles) == 3


def test_without_a_country_it_takes_the_one_spoken_of(desk):
    done = desk.talk(need("is it required in India"), length("how long does it take"))
    assert done.cards[0]["country"] == "IN"


@pytest.mark.parametrize(
    ("action", "intent", "text"),
    [
        ("action_refine_search", "refine_search", "and Uganda?"),
        ("action_correct", "correct", "no, I meant Uganda"),
    ],
)
def test_a_bare_country_goes_on_with_licensing_and_not_with_the_search(desk, action, intent, text):
    done = desk.talk(need("is an internship required in Kenya"), (action, text, intent))
    assert done.slots["licensing_country"] == ["UG"]
    assert not done.slots.get("search_country")


def test_words_of_a_search_go_on_with_the_search(desk):
    done = desk.talk(
        need("is an internship required in Kenya"),
        ("action_refine_search", "surgery placements in Uganda", "refine_search"),
    )
    assert done.slots["search_country"] == ["UG"]
    assert done.slots["licensing_country"] == ["KE"]


def test_the_search_is_left_alone(desk):
    before = {"search_country": ["PE"], **showing("ifmsa-peru-scope")}
    done = desk.run(NEED, "is it needed in India", "ask_registration_requirement", before)
    assert {k: done.slots[k] for k in before} == before


def test_every_country_of_the_catalogue_is_answered(desk):
    covered = desk.catalogue().all(LicensingRecord)
    assert len(covered) > 40
    for country in covered:
        slots = {"licensing_country": [country]}
        for action in (NEED, LENGTH):
            done = desk.run(action, "and how is it", "ask_internship_length", slots)
            assert done.cards and done.cards[0]["country"] == country
            assert "None" not in done.text and len(done.text) < 4000


def test_congo_is_asked_for(desk):
    asked = desk.run("action_show_registration", "is an internship needed in Congo?", "x")
    assert asked.titles == ["Democratic Republic of the Congo", "Republic of the Congo"]


def test_kosovo_is_known_without_an_entry(desk):
    done = desk.run("action_show_registration", "is an internship needed in Kosovo?", "x")
    assert "no checked entry on internship rules in Kosovo" in done.text
