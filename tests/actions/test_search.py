"""Searching, refining, paging, and what is said where nothing fits."""

import pytest

FIND = "action_search_programs"
REFINE = "action_refine_search"


def find(text: str) -> tuple[str, str, str]:
    return FIND, text, "find_program"


def refine(text: str) -> tuple[str, str, str]:
    return REFINE, text, "refine_search"


def test_a_search_shows_three_programmes_as_text_and_card(desk):
    done = desk.talk(find("placements in Tanzania"))
    (card,) = done.cards
    assert card["type"] == "program_list" and len(card["programs"]) == 3
    assert all(program["name"] in done.text for program in card["programs"])
    assert done.slots["search_shown"] == [program["id"] for program in card["programs"]]
    assert done.slots["search_country"] == ["TZ"]
    assert done.titles == ["More about no. 1", "Compare these", "Show more"]


def test_every_programme_of_a_list_is_where_it_was_asked_for(desk):
    world = desk.catalogue()
    everywhere = {p.id for p in world.programs if p.worldwide}
    here = {p.id for p in world.programs if "ZA" in p.countries}
    done = desk.talk(find("electives in South Africa"))
    assert set(done.slots["search_shown"]) <= here | everywhere


def test_reports_and_restricted_programmes_are_not_offered_as_open(desk):
    listed = {p.id: p.listing for p in desk.catalogue().programs}
    done = desk.talk(find("placements in Bali"))
    assert {listed[i] for i in done.slots["search_shown"] or []} <= {"open_call"}


def test_more_pages_on_and_says_when_that_was_all(desk):
    first = desk.talk(find("placements in Sri Lanka"))
    second = desk.talk(find("placements in Sri Lanka"), refine("more"))
    assert not set(first.slots["search_shown"]) & set(second.slots["search_shown"])
    assert second.slots["search_offset"] == 3
    total = first.cards[0]["total"]
    pages = -(-total // 3)
    end = desk.talk(find("placements in Sri Lanka"), *[refine("more")] * pages)
    assert f"That was all: {total}" in end.text
    back = desk.talk(find("placements in Sri Lanka"), refine("more"), refine("previous page"))
    assert back.slots["search_shown"] == first.slots["search_shown"]


def test_start_over_clears_every_slot_of_the_search(desk):
    done = desk.talk(find("cheap surgery in India for 4 weeks under 900 usd"), refine("start over"))
    kept = {k: v for k, v in done.slots.items() if k.startswith(("search_", "program_")) and v}
    assert kept == {}


def test_cheaper_shows_only_what_is_known_to_cost_less(desk):
    slots = {"search_country": ["LK"], "search_shown": ["pmgy-real-asia-ambalangoda"]}
    done = desk.run(REFINE, "cheaper", "refine_search", slots)
    assert "Cheaper than USD 1,485" in done.text
    assert done.slots["search_shown"] == ["sri-jayewardenepura-elective"]


def test_cheaper_of_the_cheapest_names_the_published_price_to_the_cent(desk):
    done = desk.talk(find("electives in Sydney"), refine("cheaper"))
    assert "AUD 900" in done.text and "900.01" not in done.text
    assert "0 of the" not in done.text


def test_cheaper_where_no_stay_has_a_price_says_so(desk):
    done = desk.talk(find("surgery in Kenya"), refine("cheaper"))
    assert "publishes a total for the stay" in done.text


def test_shorter_and_longer_move_relative_to_what_was_shown(desk):
    shorter = desk.talk(find("placements in Thailand"), refine("shorter"))
    assert "shorter" in shorter.text
    longer = desk.talk(find("placements in Hamburg"), refine("anything longer?"))
    assert "longer" in longer.text


def test_a_shorter_programme_is_shown_where_there_is_one(desk):
    slots = {"search_country": ["ID"], "search_shown": ["cimsa-indonesia-scope"]}
    done = desk.run(REFINE, "shorter", "refine_search", slots)
    weeks = {p.id: p.min_weeks for p in desk.catalogue().programs}
    assert done.cards, done.text
    assert min(weeks[i] or 99 for i in done.slots["search_shown"]) < 4


def test_nothing_found_names_the_blame_and_the_nearest(desk):
    done = desk.talk(find("volunteering in Germany"))
    assert "I know no programme for volunteering" in done.text
    assert "kind of placement" in done.text and "nearest" in done.text
    assert done.slots["offer"]["intent"] == "refine_search"
    assert done.cards[0]["programs"]


def test_a_budget_without_a_currency_is_said_to_be_dollars(desk):
    assert "US dollars" in desk.talk(find("electives in Nepal under 500")).text


def test_prices_in_other_money_are_compared_at_dated_rates(desk):
    done = desk.talk(find("electives in Zanzibar under 700 pounds"))
    assert "reference rates of 20" in done.text and "EUR 690" in done.text


def test_a_fee_for_the_application_is_not_shown_as_the_price_of_the_stay(desk):
    done = desk.talk(find("electives in Vellore"))
    assert "INR 7,900 (application fee only, not the cost of the stay" in done.text


def test_a_start_date_cannot_be_filtered_and_that_is_said(desk):
    assert "can't filter by start date" in desk.talk(find("electives in Nepal in July")).text


@pytest.mark.parametrize("text", ["find me a programme", "Can you help me find a programme?"])
def test_a_search_for_nothing_asks(desk, text):
    done = desk.talk(find(text))
    assert not done.cards and "specialty" in done.text
    assert len(done.titles) == 3


def test_the_search_that_is_back_is_the_same_page(desk):
    before = desk.talk(find("placements in Nepal"), refine("more"))
    after = desk.talk(find("placements in Nepal"), refine("more"), refine("Back to my search"))
    assert after.slots["search_shown"] == before.slots["search_shown"]
    assert "still here" in after.text


def test_quick_replies_are_at_most_three_and_never_commands(desk):
    for text in ("placements in Peru", "volunteering in Germany", "find me a programme"):
        for message in desk.talk(find(text)).messages:
            assert len(message["buttons"]) <= 3
            assert not any(button["payload"].startswith("/") for button in message["buttons"])
