"""What a message does to the search that is going on."""

from dataclasses import replace

import pytest

from actions.search_state import (
    Unused,
    begun,
    change,
    named_in,
    query_from_slots,
    query_to_slots,
    remembered,
)
from actions.topic_action import Question
from preceptor.catalogue.money import Money
from preceptor.catalogue.search import SearchQuery
from preceptor.conversation.frame import Person
from tests.support.actions import Desk

KENYA_SURGERY = SearchQuery(countries=("KE",), specialties=("surgery",))
FOUR_WEEKS = replace(KENYA_SURGERY, min_weeks=4.0, max_weeks=4.0)
BUDGET = replace(KENYA_SURGERY, budget=Money(200000, "USD"))


def changed(desk: Desk, before: SearchQuery, text: str, *, fresh: bool = False):
    question = Question("refine_search", text, tuple(desk.entities(text)))
    return change(before, question, desk.catalogue(), fresh=fresh)


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        (SearchQuery(), "Kenya", SearchQuery(countries=("KE",))),
        (SearchQuery(kinds=("elective",)), "any sort of elective", SearchQuery()),
        (SearchQuery(kinds=("elective",)), "don't limit it to electives", SearchQuery()),
        (SearchQuery(), "something like volunteering", SearchQuery()),
        (
            SearchQuery(regions=("africa",)),
            "forget Africa only, Peru is possible too",
            SearchQuery(countries=("PE",), regions=("africa",)),
        ),
        (SearchQuery(), "Kenya or Tanzania", SearchQuery(countries=("KE", "TZ"))),
        (SearchQuery(), "Arusha, Tanzania", SearchQuery(places=("arusha",))),
        (SearchQuery(), "Kenya or Zanzibar", SearchQuery(countries=("KE",), places=("zanzibar",))),
        (
            SearchQuery(),
            "Zanzibar or anything else in Tanzania",
            SearchQuery(countries=("TZ",), places=("zanzibar",)),
        ),
        (
            SearchQuery(countries=("LK",)),
            "preferably in Kandy",
            SearchQuery(countries=("LK",), places=("kandy",)),
        ),
        (
            KENYA_SURGERY,
            "not surgery, sorry, obstetrics",
            replace(KENYA_SURGERY, specialties=("obstetrics-gynaecology",)),
        ),
        (
            KENYA_SURGERY,
            "Kenya?? no, Peru",
            replace(KENYA_SURGERY, countries=("PE",), excluded_countries=("KE",)),
        ),
        (KENYA_SURGERY, "for a few weeks in winter", KENYA_SURGERY),
        (KENYA_SURGERY, "one year internship done", KENYA_SURGERY),
        (KENYA_SURGERY, "I paid them 700 euros", KENYA_SURGERY),
        (
            SearchQuery(),
            "2nd year midwifery",
            SearchQuery(stages=("midwifery_student",), specialties=("midwifery",)),
        ),
        (SearchQuery(), "in East Africa", SearchQuery(regions=("east-africa",))),
        (KENYA_SURGERY, "and Uganda?", replace(KENYA_SURGERY, countries=("UG",))),
        (KENYA_SURGERY, "no, I meant Peru", replace(KENYA_SURGERY, countries=("PE",))),
        (KENYA_SURGERY, "in Kandy", replace(KENYA_SURGERY, countries=(), places=("kandy",))),
        (KENYA_SURGERY, "paediatrics", replace(KENYA_SURGERY, specialties=("paediatrics",))),
        (KENYA_SURGERY, "anywhere", replace(KENYA_SURGERY, countries=())),
        (KENYA_SURGERY, "I don't care where", replace(KENYA_SURGERY, countries=())),
        (KENYA_SURGERY, "any specialty", replace(KENYA_SURGERY, specialties=())),
        (KENYA_SURGERY, "for 4 weeks", FOUR_WEEKS),
        (KENYA_SURGERY, "6-8 weeks", replace(KENYA_SURGERY, min_weeks=6.0, max_weeks=8.0)),
        (KENYA_SURGERY, "at most 3 weeks", replace(KENYA_SURGERY, max_weeks=3.0)),
        (FOUR_WEEKS, "any length", KENYA_SURGERY),
        (KENYA_SURGERY, "under 2k USD", BUDGET),
        (BUDGET, "any price", KENYA_SURGERY),
        (BUDGET, "forget the budget", KENYA_SURGERY),
        (BUDGET, "under 1500 euros", replace(KENYA_SURGERY, budget=Money(150000, "EUR"))),
        (KENYA_SURGERY, "I'm a premed", replace(KENYA_SURGERY, stages=("premed",))),
        (KENYA_SURGERY, "as a volunteer", replace(KENYA_SURGERY, kinds=("volunteer",))),
        (KENYA_SURGERY, "I speak Spanish", replace(KENYA_SURGERY, languages=("es",))),
        (KENYA_SURGERY, "no less than 16 weeks", replace(KENYA_SURGERY, min_weeks=16.0)),
        (KENYA_SURGERY, "not more than 2 weeks", replace(KENYA_SURGERY, max_weeks=2.0)),
        (
            KENYA_SURGERY,
            "longer than 2 weeks but shorter than 6 weeks",
            replace(KENYA_SURGERY, min_weeks=2.0, max_weeks=6.0),
        ),
        (KENYA_SURGERY, "from 5 July to 30 July 2027", FOUR_WEEKS),
        (KENYA_SURGERY, "4 weeks between June and August", FOUR_WEEKS),
        (KENYA_SURGERY, "4 weeks this summer", FOUR_WEEKS),
        (KENYA_SURGERY, "1 year 6 months", replace(KENYA_SURGERY, min_weeks=78.0, max_weeks=78.0)),
        (
            KENYA_SURGERY,
            "under ₹1,50,000",
            replace(KENYA_SURGERY, budget=Money(15000000, "INR")),
        ),
        (
            SearchQuery(),
            "surgery in Kenya under 1200 US dollars",
            replace(KENYA_SURGERY, budget=Money(120000, "USD")),
        ),
        (
            SearchQuery(),
            "surgery in Kenya, 2000 Australian dollars",
            replace(KENYA_SURGERY, budget=Money(200000, "AUD")),
        ),
        (
            KENYA_SURGERY,
            "€500–1,000",
            replace(KENYA_SURGERY, budget=Money(100000, "EUR")),
        ),
        (BUDGET, "at least $1000", BUDGET),
        (BUDGET, "300 euros a week", BUDGET),
        (BUDGET, "3,000 riyals", BUDGET),
        (SearchQuery(), "Atlanta, Georgia", SearchQuery(places=("atlanta",))),
        (SearchQuery(), "in Newcastle, South Africa", SearchQuery(countries=("ZA",))),
        (SearchQuery(), "🇰🇪 or 🇹🇿", SearchQuery(countries=("KE", "TZ"))),
        (SearchQuery(), "the u.a.e.", SearchQuery(countries=("AE",))),
        (SearchQuery(), "Kosovo", SearchQuery(countries=("XK",))),
        (
            SearchQuery(),
            "I am a medical student from KSA and want surgery in Germany",
            SearchQuery(countries=("DE",), specialties=("surgery",)),
        ),
        (
            KENYA_SURGERY,
            "not in Kenya",
            replace(KENYA_SURGERY, countries=(), excluded_countries=("KE",)),
        ),
        (
            SearchQuery(countries=("KE",)),
            "anything but surgery",
            SearchQuery(countries=("KE",), excluded_specialties=("surgery",)),
        ),
        (BUDGET, "never mind the budget", KENYA_SURGERY),
        (BUDGET, "the price doesn't matter", KENYA_SURGERY),
        (BUDGET, "typo, 1500 not 2000", replace(BUDGET, budget=Money(150000, "USD"))),
        (BUDGET, "no, euros", replace(BUDGET, budget=Money(200000, "EUR"))),
        (BUDGET, "no, 3k", replace(BUDGET, budget=Money(300000, "USD"))),
        (FOUR_WEEKS, "actually eight", replace(FOUR_WEEKS, min_weeks=8.0, max_weeks=8.0)),
        (KENYA_SURGERY, "typo, 1500 not 15000", KENYA_SURGERY),
        (
            KENYA_SURGERY,
            "forget Kenya",
            replace(KENYA_SURGERY, countries=(), excluded_countries=("KE",)),
        ),
        (KENYA_SURGERY, "doesn't have to be surgery", replace(KENYA_SURGERY, specialties=())),
        (KENYA_SURGERY, "needn't be in Kenya", replace(KENYA_SURGERY, countries=())),
        (KENYA_SURGERY, "without the surgery filter", replace(KENYA_SURGERY, specialties=())),
        (
            KENYA_SURGERY,
            "that isn't paediatrics",
            replace(KENYA_SURGERY, specialties=("paediatrics",)),
        ),
        (
            SearchQuery(stages=("nursing_student",)),
            "third year",
            SearchQuery(stages=("nursing_student",)),
        ),
        (
            SearchQuery(),
            "a nurse with two years experience, 6 weeks",
            SearchQuery(stages=("nurse",), min_weeks=6.0, max_weeks=6.0),
        ),
        (SearchQuery(), "my son is 16", SearchQuery(stages=("pre_university",))),
        (SearchQuery(), "for a 15-year-old", SearchQuery(stages=("pre_university",))),
        (SearchQuery(), "5th yr med student", SearchQuery(stages=("clinical_student",))),
        (SearchQuery(), "they're advertising 3 weeks for 2000 usd", SearchQuery()),
        (KENYA_SURGERY, "and in Ugandan shillings?", KENYA_SURGERY),
        (
            KENYA_SURGERY,
            "not too long, 2 weeks in Peru",
            replace(KENYA_SURGERY, countries=("PE",), min_weeks=2.0, max_weeks=2.0),
        ),
        (
            SearchQuery(),
            "US clinical experience",
            SearchQuery(countries=("US",), kinds=("elective",)),
        ),
        (
            SearchQuery(),
            "I speak English and a bit of French",
            SearchQuery(languages=("en", "fr")),
        ),
        (
            SearchQuery(excluded_countries=("KE",)),
            "Kenya after all",
            SearchQuery(countries=("KE",)),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_message_changes_the_search(desk, before, text, after):
    assert changed(desk, before, text).query == after


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("cheaper", "cheaper"),
        ("that's too expensive", "cheaper"),
        ("shorter ones please", "shorter"),
        ("do you have something longer", "longer"),
        ("more", "more"),
        ("show me more results", "more"),
        ("any others?", "more"),
        ("previous page", "previous"),
        ("Back to my search", "back"),
        ("start over", "reset"),
        ("new search", "reset"),
        ("in Peru", "none"),
    ],
)
def test_a_message_moves_in_the_list(desk, text, step):
    assert changed(desk, FOUR_WEEKS, text).step == step


def test_start_over_with_a_place_starts_with_that_place(desk):
    done = changed(desk, FOUR_WEEKS, "start over, surgery in Peru")
    assert done.query == SearchQuery(countries=("PE",), specialties=("surgery",))
    assert done.step == "none"


def test_a_new_request_keeps_who_asks_and_the_money_but_not_length_and_kind(desk):
    before = replace(FOUR_WEEKS, kinds=("elective",), stages=("premed",), budget=Money(1, "USD"))
    query = changed(desk, before, "find me psychiatry in Germany", fresh=True).query
    assert (query.countries, query.specialties) == (("DE",), ("psychiatry",))
    assert (query.min_weeks, query.max_weeks, query.kinds) == (None, None, ())
    assert (query.stages, query.budget) == (("premed",), Money(1, "USD"))


def test_a_sum_without_a_currency_is_taken_for_dollars_and_said_so(desk):
    done = changed(desk, KENYA_SURGERY, "under 800")
    assert (done.query.budget, done.assumed_currency) == (Money(80000, "USD"), True)


def test_a_sum_without_a_currency_takes_that_of_the_budget_before(desk):
    before = replace(KENYA_SURGERY, budget=Money(100, "GBP"))
    done = changed(desk, before, "under 800")
    assert (done.query.budget, done.assumed_currency) == (Money(80000, "GBP"), False)


@pytest.mark.parametrize(
    ("text", "unused"),
    [
        ("in July", [Unused("when", "in July")]),
        ("June to August", [Unused("when", "June to August")]),
        ("in spring", [Unused("when", "in spring")]),
        ("over Christmas", [Unused("when", "over Christmas")]),
        ("next month", [Unused("when", "next month")]),
        ("from 5 July to 30 July 2027", [Unused("when", "from 5 July to 30 July 2027")]),
        ("at least $1000", [Unused("least_sum", "USD 1,000")]),
        ("€500–1,000", [Unused("least_sum", "EUR 500")]),
        ("300 euros a week", [Unused("price_per", "300 euros a week")]),
        ("30 working days", [Unused("working_days", "30 working days")]),
        ("10 000 kr", [Unused("currency", "10 000 kr", ("SEK", "NOK", "DKK", "ISK"))]),
        ("Z$500", [Unused("currency_unknown", "Z$500")]),
        ("4 weeks under 2000 euros", []),
        (
            "I am free in July, show me ones that are free",
            [
                Unused("when", "in July"),
                Unused("wishes", "free"),
            ],
        ),
        ("a safe, paid one", [Unused("wishes", "safe"), Unused("wishes", "paid")]),
    ],
)
def test_what_a_search_cannot_use_is_named(desk, text, unused):
    assert list(changed(desk, KENYA_SURGERY, text).unused) == unused


def test_a_region_that_was_refused_is_wanted_after_all(desk):
    refused = changed(desk, SearchQuery(countries=("PE",), regions=("africa",)), "not in Africa")
    assert refused.query.regions == () and "KE" in refused.query.excluded_countries
    again = changed(desk, refused.query, "no, Africa is still fine").query
    assert again == SearchQuery(countries=("PE",), regions=("africa",))


def test_an_example_of_a_kind_is_said_to_be_left_open(desk):
    unused = changed(desk, SearchQuery(), "something like volunteering in Peru").unused
    assert unused == (Unused("roughly", "volunteering"),)


def test_an_unclear_currency_is_that_of_the_budget_before(desk):
    before = replace(KENYA_SURGERY, budget=Money(100, "NOK"))
    done = changed(desk, before, "under 10 000 kr")
    assert (done.query.budget, done.unused) == (Money(1000000, "NOK"), ())


def test_what_starts_over_is_named_too(desk):
    done = changed(desk, FOUR_WEEKS, "start over, surgery in Peru in July")
    assert done.unused == (Unused("when", "in July"),)


def test_a_length_that_is_corrected_is_the_one_that_is_not_denied(desk):
    done = changed(desk, KENYA_SURGERY, "I said 4 weeks, not 4 months")
    assert (done.query.min_weeks, done.query.max_weeks) == (4.0, 4.0)


@pytest.mark.parametrize(
    "query",
    [
        SearchQuery(),
        FOUR_WEEKS,
        BUDGET,
        replace(BUDGET, budget_per="week"),
        SearchQuery(regions=("asia",), excluded_countries=("IN",), order="price"),
    ],
)
def test_a_search_survives_in_the_slots(query):
    assert query_from_slots(query_to_slots(query)) == query


NURSE = Person(stages=("nurse",), going=("KE", "zanzibar"), weeks=(4.0, 4.0), budget=(100, "USD"))


def test_a_search_begins_with_what_was_told_unless_the_message_says_otherwise(desk):
    query = SearchQuery(countries=("PE",), budget=Money(5, "EUR"))
    question = Question("find_program", "", tuple(desk.entities("in Peru, any length")))
    named = named_in(question)
    assert begun(query, named, NURSE, desk.catalogue()) == replace(
        query, stages=("nurse",), min_weeks=4.0, max_weeks=4.0, budget=Money(100, "USD")
    )
    anywhere = begun(SearchQuery(), {"min_weeks", "max_weeks", "budget"}, NURSE, desk.catalogue())
    assert anywhere == SearchQuery(countries=("KE",), places=("zanzibar",), stages=("nurse",))


def test_a_search_is_remembered_and_what_it_gave_up_is_not():
    after = remembered(SearchQuery(countries=("PE",), min_weeks=6.0), NURSE)
    assert after == Person(stages=("nurse",), going=("PE",), weeks=(6.0, None))
    # A limit per week is the advisor's, not the person's.
    weekly = SearchQuery(budget=Money(5, "USD"), budget_per="week")
    assert remembered(weekly, NURSE).budget == (100, "USD")
