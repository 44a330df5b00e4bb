"""What clicks do to a conversation, and the numbers of lists."""

import pytest

from preceptor.conversation.choices import (
    Ask,
    Compare,
    Country,
    Page,
    Remove,
    Save,
    Search,
    Show,
    Widen,
)

FIND = ("action_search_programs", "placements in Sri Lanka", "find_program")
MORE = ("action_refine_search", "more", "refine_search")


def detail(text: str) -> tuple[str, str, str]:
    return "action_show_program", text, "ask_program_detail"


def compare(text: str) -> tuple[str, str, str]:
    return "action_compare_programs", text, "compare_programs"


def save(text: str) -> tuple[str, str, str]:
    return "action_save_program", text, "save_program"


def numbers(card: dict) -> dict[str, int | None]:
    """Return the numbers of a card's programmes by id."""
    programs = [card["program"]] if "program" in card else card["programs"]
    return {program["id"]: program["number"] for program in programs}


def test_every_button_of_a_search_does_something(desk):
    done = desk.talk(FIND)
    first, second, third = done.listed
    assert [choice.payload for choice in done.choices] == [
        Show(program=first),
        Compare(programs=[first, second, third]),
        Page(offset=3),
    ]
    assert done.titles == ["More about no. 1", "Compare these", "Show more"]


def test_numbers_stay_while_programmes_are_compared_shown_and_saved(desk):
    ids = desk.talk(FIND).listed
    done = desk.talk(FIND, compare("compare 1 and 3"))
    assert numbers(done.cards[0]) == {ids[0]: 1, ids[2]: 3}
    assert done.titles == ["More about no. 1", "More about no. 3"]
    talk = (FIND, compare("compare 2 and 3"), detail("number 3"), save("save the second one"))
    assert desk.talk(*talk[:2], detail("the first one")).slots["program_focus"] == ids[0]
    assert desk.talk(*talk[:3]).slots["program_focus"] == ids[2]
    assert numbers(desk.talk(*talk[:3]).cards[0]) == {ids[2]: 3}
    assert [each["id"] for each in desk.talk(*talk).slots["shortlist"]] == [ids[1]]
    assert desk.talk(*talk, detail("number 3")).slots["program_focus"] == ids[2]


def test_later_pages_number_on_and_earlier_numbers_still_pick(desk):
    first, second = desk.talk(FIND), desk.talk(FIND, MORE)
    assert list(numbers(second.cards[0]).values()) == [4, 5, 6]
    assert "5. " in second.text
    picked = desk.talk(FIND, MORE, detail("number 5")).slots["program_focus"]
    assert picked == second.listed[1]
    done = desk.talk(FIND, MORE, compare("compare 1 and 5"))
    assert numbers(done.cards[0]) == {first.listed[0]: 1, second.listed[1]: 5}
    assert done.listed == second.listed


def test_a_page_that_is_clicked_on_without_those_before_is_numbered_alike(desk):
    second = desk.talk(FIND, MORE)
    slots = desk.talk(FIND).slots
    shortlist = desk.click(Save(program="work-the-world-kandy"), slots)
    elsewhere = desk.click(Ask(intent="show_shortlist"), shortlist.slots)
    assert elsewhere.slots["listed"]["of"] == "shortlist"
    assert desk.click(Page(offset=3), elsewhere.slots).slots["listed"] == second.slots["listed"]


def test_a_new_search_numbers_anew(desk):
    sydney = ("action_search_programs", "electives in Sydney", "find_program")
    done = desk.talk(FIND, MORE, sydney)
    assert list(numbers(done.cards[0]).values()) == [1, 2]


def test_the_shortlist_has_numbers_of_its_own_while_it_is_shown(desk):
    show = ("action_show_shortlist", "show my shortlist", "show_shortlist")
    ids = desk.talk(FIND).listed
    talk = (FIND, save("save 3 and 2"), show)
    kept = [each["id"] for each in desk.talk(*talk).slots["shortlist"]]
    assert kept == [ids[2], ids[1]]
    assert desk.talk(*talk, detail("the first one")).slots["program_focus"] == kept[0]
    one_off = desk.talk(*talk, save("remove the first one"), detail("number 2"))
    assert one_off.slots["program_focus"] == kept[1]
    back = desk.click(Page(offset=0), desk.talk(*talk).slots)
    assert back.listed == ids and "still here" in back.text


def test_programmes_compared_by_name_are_numbered_where_nothing_else_is_shown(desk):
    text = "compare the Work the World electives in Kandy and Kathmandu"
    done = desk.talk(compare(text))
    assert list(numbers(done.cards[0]).values()) == [1, 2]
    picked = desk.talk(compare(text), detail("the second one")).slots["program_focus"]
    assert picked == done.listed[1]


def test_one_of_the_list_is_compared_with_one_that_is_not_in_it(desk):
    ids = desk.talk(FIND).listed
    slots = desk.talk(FIND).slots
    done = desk.click(Compare(programs=[ids[1], "who-internship-programme"]), slots)
    assert numbers(done.cards[0]) == {ids[1]: 2, "who-internship-programme": None}
    assert done.titles[0] == "More about no. 2" and done.titles[1].startswith("WHO")


def test_which_one_is_asked_under_the_list_s_numbers(desk):
    asked = desk.talk(FIND, save("save it"))
    payloads = [choice.payload for choice in asked.choices]
    assert payloads == [Save(program=i) for i in desk.talk(FIND).listed]
    assert [title[:3] for title in asked.titles] == ["1. ", "2. ", "3. "]


def test_a_long_shortlist_is_compared_by_its_first_three(desk):
    ids = [p.id for p in desk.catalogue().programs[:5]]
    kept = [{"id": i, "name": i, "url": None} for i in ids]
    done = desk.run("action_show_shortlist", slots={"shortlist": kept})
    assert done.payload("Compare 1, 2 and 3") == Compare(programs=ids[:3])


def test_one_of_three_that_is_gone_is_told_and_the_others_compared(desk):
    programs = ["work-the-world-kandy", "gone", "who-internship-programme"]
    done = desk.click(Compare(programs=programs))
    assert len(done.cards[0]["programs"]) == 2 and "no longer in my catalogue" in done.text


def test_a_kept_programme_that_is_gone_is_removed_by_a_click(desk):
    slots = {"shortlist": [{"id": "gone", "name": "Gone", "url": None}]}
    assert not desk.click(Remove(program="gone"), slots).slots["shortlist"]
    assert "isn't on your shortlist" in desk.click(Remove(program="other"), slots).text


@pytest.mark.parametrize("payload", [Search(country="XX"), Country(country="XX")])
def test_an_unknown_id_is_told(desk, payload):
    done = desk.click(payload)
    assert "no longer in my catalogue" in done.text and not done.cards


def test_a_page_without_a_search_asks_what_to_look_for(desk):
    done = desk.click(Page(offset=3))
    assert "specialty" in done.text and done.choices


def test_unknown_fields_widen_nothing(desk):
    slots = desk.talk(("action_search_programs", "surgery in Nepal", "find_program")).slots
    done = desk.click(Widen(fields=["order", "places"]), slots)
    assert done.slots["search_country"] == ["NP"]


def test_the_country_of_a_button_is_asked_about_whatever_was_spoken_of_since(desk):
    need = ("action_show_registration", "is it needed in Ghana", "ask_registration_requirement")
    ghana = desk.talk(need).payload("How long is it?")
    assert ghana == Country(country="GH", intent="ask_internship_length")
    kenya = desk.talk(("action_show_registration", "and in Kenya", "ask_registration_requirement"))
    assert desk.click(ghana, kenya.slots).cards[0]["country"] == "GH"


@pytest.mark.parametrize(
    ("topic", "says"),
    [
        ("report_emergency", "112"),
        ("express_crisis", "0800 111 0 111"),
        ("ask_bali", "Praktisches"),
    ],
)
def test_a_country_answers_what_was_spoken_of(desk, topic, says):
    assert says in desk.click(Country(country="DE"), {"topic": topic}).text


def test_a_question_asked_afresh_forgets_the_thread(desk):
    talk = desk.talk(FIND, detail("the first one"))
    done = desk.click(Ask(intent="ask_program_detail", afresh=True), talk.slots)
    assert "haven't shown you any" in done.text
    asked = desk.click(Ask(intent="ask_program_detail"), talk.slots)
    assert asked.slots["program_focus"] == talk.slots["program_focus"] and asked.cards
