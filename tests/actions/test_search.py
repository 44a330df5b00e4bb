"""Searching, refining, paging, and what is said where nothing fits."""

import pytest

from tests.support.actions import showing

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
    assert done.listed == [program["id"] for program in card["programs"]]
    assert done.slots["search_country"] == ["TZ"]
    assert done.titles == ["More about no. 1", "Compare these", "Show more"]


def test_every_programme_of_a_list_is_where_it_was_asked_for(desk):
    world = desk.catalogue()
    everywhere = {p.id for p in world.programs if p.worldwide}
    here = {p.id for p in world.programs if "ZA" in p.countries}
    done = desk.talk(find("electives in South Africa"))
    assert set(done.listed) <= here | everywhere


def test_reports_and_restricted_programmes_are_not_offered_as_open(desk):
    listed = {p.id: p.listing for p in desk.catalogue().programs}
    done = desk.talk(find("placements in Bali"))
    assert {listed[i] for i in done.listed} <= {"open_call"}


def test_more_pages_on_and_says_when_that_was_all(desk):
    first = desk.talk(find("placements in Sri Lanka"))
    second = desk.talk(find("placements in Sri Lanka"), refine("more"))
    assert not set(first.listed) & set(second.listed)
    assert second.slots["search_offset"] == 3
    total = first.cards[0]["total"]
    pages = -(-total // 3)
    end = desk.talk(find("placements in Sri Lanka"), *[refine("more")] * pages)
    assert f"That was all: {total}" in end.text
    back = desk.talk(find("placements in Sri Lanka"), refine("more"), refine("previous page"))
    assert back.listed == first.listed


def test_start_over_clears_every_slot_of_the_search(desk):
    done = desk.talk(find("cheap surgery in India for 4 weeks under 900 usd"), refine("start over"))
    kept = {k: v for k, v in done.slots.items() if k.startswith(("search_", "program_")) and v}
    assert kept == {}


def test_cheaper_shows_only_what_is_known_to_cost_less(desk):
    slots = {"search_country": ["LK"], **showing("pmgy-real-asia-ambalangoda")}
    done = desk.run(REFINE, "cheaper", "refine_search", slots)
    # USD 1,485 for six weeks.
    assert "Cheaper than USD 247.50 a week" in done.text
    assert done.listed[0] == "ruhuna-galle-elective"
    assert "sri-jayewardenepura-elective" not in done.listed
    assert "may fit; ask the host" in done.text


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
    slots = {"search_country": ["ID"], **showing("cimsa-indonesia-scope")}
    done = desk.run(REFINE, "shorter", "refine_search", slots)
    weeks = {p.id: p.min_weeks for p in desk.catalogue().programs}
    assert done.cards, done.text
    assert min(weeks[i] or 99 for i in done.listed) < 4


def test_nothing_found_names_the_blame_and_the_nearest(desk):
    done = desk.talk(find("volunteering in Germany"))
    assert "I know no programme for volunteering" in done.text
    assert "kind of placement" in done.text and "nearest" in done.text
    assert done.slots["offer"] == {"do": "widen", "fields": ["kinds"]}
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("electives in Nepal from 5 July to 30 July 2027", "from 5 July to 30 July 2027"),
        ("electives in Nepal in spring", "in spring"),
        ("electives in Nepal over $1000", "lower limit of USD 1,000"),
        ("electives in Nepal, 300 euros a week", '"300 euros a week"'),
        ("electives in Nepal under 9000 kr", "Swedish kronor (SEK), Norwegian kroner (NOK)"),
        ("electives in Nepal under 3,000 riyals", "Saudi riyals (SAR)"),
        ("electives in Nepal under Z$900", "don't know the currency"),
        ("electives in Nepal for 20 working days", "five working days"),
        # Where nothing fits, and where nothing but that was said.
        ("volunteering in Germany in July", '"in July"'),
        ("find me something in Canada for next month", '"next month"'),
    ],
)
def test_what_cannot_be_searched_by_is_said(desk, text, said):
    assert said in desk.talk(find(text)).text


def test_an_unclear_currency_sets_no_budget(desk):
    done = desk.talk(find("electives in Nepal under 9000 kr"))
    assert done.slots.get("search_budget") is None and "USD" not in done.text.split("\n")[0]


def test_dollars_of_a_country_do_not_search_there(desk):
    done = desk.talk(find("surgery in Kenya under 1200 US dollars"))
    assert done.slots["search_country"] == ["KE"]
    assert "surgery in Kenya, up to USD 1,200" in done.text


def test_congo_is_asked_for_and_the_rest_of_the_search_kept(desk):
    asked = desk.talk(find("surgery in Congo for 4 weeks"))
    assert asked.titles == ["Democratic Republic of the Congo", "Republic of the Congo"]
    assert not asked.cards
    done = desk.talk(find("surgery in Congo for 4 weeks"), refine("Republic of the Congo"))
    assert done.slots["search_country"] == ["CG"]
    assert done.slots["search_specialty"] == ["surgery"]
    assert done.slots["search_max_weeks"] == 4.0


def test_a_length_in_days_is_said_in_days(desk):
    assert "Nepal, 3 days" in desk.talk(find("electives in Nepal for 3 days")).text


@pytest.mark.parametrize("text", ["find me a programme", "Can you help me find a programme?"])
def test_a_search_for_nothing_asks(desk, text):
    done = desk.talk(find(text))
    assert not done.cards and "specialty" in done.text
    assert len(done.titles) == 3


def test_the_search_that_is_back_is_the_same_page(desk):
    before = desk.talk(find("placements in Nepal"), refine("more"))
    after = desk.talk(find("placements in Nepal"), refine("more"), refine("Back to my search"))
    assert after.listed == before.listed
    assert "still here" in after.text


def test_quick_replies_are_at_most_three(desk):
    for text in ("placements in Peru", "volunteering in Germany", "find me a programme"):
        for reply in desk.talk(find(text)).replies:
            assert 0 < len(reply.choices) <= 3


def test_where_somebody_is_at_home_decides_on_what_is_for_foreigners(desk):
    abroad = desk.talk(find("electives in Pondicherry"))
    assert "pims-pondicherry-foreign-elective" in abroad.listed
    at_home = desk.talk(find("I study in India. electives in Pondicherry"))
    assert "pims-pondicherry-foreign-elective" not in (at_home.listed or [])
    assert "for students from abroad only" in at_home.text


def test_what_is_for_citizens_only_may_fit_one_of_them(desk):
    research = "research internship for premeds in Maryland"
    assert "nih-summer-internship" not in (desk.talk(find(research)).listed or [])
    done = desk.talk(find(f"I'm American. {research}"))
    assert "nih-summer-internship" in done.listed and "takes only citizens" in done.text


def test_a_pupil_is_told_that_there_is_none_and_who_takes_pupils_elsewhere(desk):
    done = desk.talk(find("shadowing in Germany for a 16 year old"))
    assert "I know none for pupils" in done.text
    assert "Elsewhere pupils are taken by: " in done.text


def test_where_somebody_is_is_no_wish_beside_another_place(desk):
    done = desk.talk(find("surgery placements in Kenya please, I'm in Lima"))
    assert done.slots["search_country"] == ["KE"] and not done.slots.get("search_place")


def test_a_message_that_changes_nothing_does_not_show_the_list_again(desk):
    search = find("surgery in Kenya")
    done = desk.talk(search, refine("I'm not a nurse"))
    assert not done.cards


@pytest.mark.parametrize(
    "text", ["I'm not a volunteer anywhere", "he's not a student at any place"]
)
def test_what_somebody_is_not_gives_nothing_up(desk, text):
    done = desk.talk(find("surgery in Kenya"), refine(text))
    assert done.slots["search_country"] == ["KE"]


def test_who_may_know_more_depends_on_whether_there_is_a_school_to_ask(desk):
    student = desk.talk(find("dental student, dentistry in Iceland"))
    assert "Your school" in student.text
    doctor = desk.talk(find("I'm a qualified doctor, surgery in Iceland"))
    assert "Your school" not in doctor.text and "departments yourself" in doctor.text


def test_where_somebody_is_is_no_wish_of_whoever_goes_abroad(desk):
    done = desk.talk(find("I'm at Leeds and want a placement abroad, not in Asia"))
    assert not done.slots.get("search_place") and done.slots["search_excluded_country"]
    done = desk.talk(find("4th year medic in Leeds, four weeks in Kenya please"))
    assert done.slots["search_country"] == ["KE"] and not done.slots.get("search_place")


def test_where_a_placement_can_be_done_is_searched_and_not_answered(desk):
    done = desk.talk(find("where in Kenya could we do a surgery rotation? Visas are a pain there"))
    assert done.slots["search_country"] == ["KE"] and not done.slots["frame"].get("focus")


@pytest.mark.parametrize(
    "text",
    [
        "as a midwifery student, how do I get over a stillbirth on the ward",
        "why do relatives shout at nurses all the time",
    ],
)
def test_a_how_or_why_of_somebody_who_names_only_what_they_are_is_advice(desk, text):
    done = desk.talk(find(text))
    assert not done.cards and done.slots.get("search_offset") is None
    assert {choice.payload.do for choice in done.choices} <= {"tell", "search"}


def test_an_unsure_search_that_names_only_who_asks_is_advice(desk):
    text = "does anyone still want a midwife after so many lost years"
    unsure = desk.message(text, "find_program", intent={"name": "find_program", "confidence": 0.3})
    assert not desk.run(FIND, message=unsure).cards


def test_a_question_beside_the_end_of_a_search_is_answered(desk):
    text = "I'm not looking for a programme!! how do I tell my supervisor that I'm too ill to come"
    done = desk.talk(find("surgery in Peru"), refine(text))
    assert done.slots["frame"]["focus"] == "discipline/sick-days"


def test_who_wants_no_programme_after_an_answer_is_asked_what_was_meant(desk):
    asked = ("action_answer", "May I keep my hijab on in theatre?", "ask_eligibility")
    done = desk.talk(asked, find("not looking for a programme!!"))
    assert {choice.payload.do for choice in done.choices} == {"tell"}
