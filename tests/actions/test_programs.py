"""One programme in detail, and several side by side."""

import pytest

from preceptor.conversation.frame import Frame
from tests.support.actions import showing

FIND = ("action_search_programs", "electives in Sydney", "find_program")


def detail(text: str) -> tuple[str, str, str]:
    return "action_show_program", text, "ask_program_detail"


def compare(text: str) -> tuple[str, str, str]:
    return "action_compare_programs", text, "compare_programs"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("tell me about the first one", 0),
        ("the second one please", 1),
        ("the last one", -1),
        ("number 2", 1),
        ("2", 1),
        ("#1", 0),
    ],
)
def test_a_result_is_picked_by_its_position(desk, text, position):
    shown = desk.talk(FIND).listed
    assert desk.talk(FIND, detail(text)).slots["program_focus"] == shown[position]


def test_a_programme_is_picked_by_its_name_without_a_search(desk):
    done = desk.talk(detail("tell me about the WHO internship programme"))
    assert done.slots["program_focus"] == "who-internship-programme"


def test_a_programme_is_picked_by_place_and_organisation(desk):
    done = desk.talk(detail("what is the Work the World one in Kandy like"))
    assert done.slots["program_focus"] == "work-the-world-kandy"


def test_a_place_picks_from_what_was_shown(desk):
    search = ("action_search_programs", "placements in Indonesia", "find_program")
    done = desk.talk(search, detail("the one in Yogyakarta"))
    assert done.slots["program_focus"] == "ugm-yogyakarta-incoming-elective"


def test_several_that_fit_are_asked_about(desk):
    done = desk.talk(detail("tell me about Work the World"))
    assert "Which one do you mean" in done.text
    assert len(done.listed) > 1


def test_a_number_beyond_the_list_is_named(desk):
    done = desk.talk(FIND, detail("tell me about the fifth one"))
    assert "no number 5" in done.text and "I showed 2" in done.text


def test_nothing_shown_and_nothing_named_asks(desk):
    assert "haven't shown you any" in desk.talk(detail("tell me more about it")).text


@pytest.mark.parametrize(
    ("program", "text", "answer"),
    [
        (
            "WHO internship programme",
            "how long is it?",
            "WHO internship programme lasts 6 to 24 weeks.",
        ),
        ("WHO internship programme", "how much is it?", "I don't know the price"),
        ("Mnazi Mmoja", "what does it cost?", None),
    ],
)
def test_what_is_asked_for_comes_first(desk, program, text, answer):
    done = desk.talk(detail(f"tell me about the {program}"), detail(text))
    if answer:
        assert done.text.startswith(answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("how much is it", ": from GBP 850 (for the shortest stay"),
        ("is housing included", ": not included"),
        ("how long does it last", " lasts 2 to 8 weeks."),
        ("send me the link", ": http"),
        ("who can take part", "For whom "),
    ],
)
def test_each_attribute_is_answered_before_the_rest(desk, text, answer):
    slots = {"program_focus": "barts-london-visiting-elective"}
    done = desk.run("action_show_program", text, "ask_program_detail", slots)
    assert answer in done.replies[0].lead, done.text


@pytest.mark.parametrize(
    ("text", "admits"),
    [
        ("how much is it", "I don't know the price"),
        ("is housing included", "I don't know whether accommodation"),
        ("how long does it last", "I don't know how long"),
    ],
)
def test_what_is_not_known_is_said_to_be_unknown(desk, text, admits):
    slots = {"program_focus": "colombo-international-electives"}
    done = desk.run("action_show_program", text, "ask_program_detail", slots)
    assert done.text.startswith(admits), done.text


def test_reports_restrictions_and_old_sources_are_marked(desk):
    def told(program: str) -> str:
        slots = {"program_focus": program}
        return desk.run("action_show_program", "tell me more", "ask_program_detail", slots).text

    assert "not an open call" in told("work-the-world-arequipa")
    assert "only to students of particular" in told("charite-pj-external-students")
    old = next(p for p in desk.catalogue().programs if p.source_date and p.source_date < "2020")
    assert "check that it still runs" in told(old.id)


def test_two_are_put_side_by_side_with_a_row_for_what_is_known(desk):
    done = desk.talk(FIND, compare("compare 1 and 2"))
    (card,) = done.cards
    assert card["type"] == "comparison" and len(card["programs"]) == 2
    assert all(len(row["cells"]) == 2 for row in card["rows"])
    assert "Length" in {row["label"] for row in card["rows"]}
    assert done.titles == ["More about no. 1", "More about no. 2"]


def test_all_on_show_are_compared_where_none_is_picked(desk):
    search = ("action_search_programs", "placements in Thailand", "find_program")
    done = desk.talk(search, compare("compare these"))
    assert len(done.cards[0]["programs"]) == 3


def test_one_that_is_picked_is_compared_with_the_one_spoken_of(desk):
    done = desk.talk(FIND, detail("the first one"), compare("compare it with the second one"))
    assert len(done.cards[0]["programs"]) == 2


def test_offers_that_were_made_elsewhere_are_asked_about_and_not_shown(desk):
    text = (
        "Two hospitals took me: one starts in July, the other in November, which is too late for"
        " a letter before I apply. Which one is the better choice for an away rotation?"
    )
    done = desk.talk(compare(text))
    assert "haven't shown" not in done.text and done.slots["frame"]["question"]


def test_the_cheapest_is_named_only_where_all_publish_a_price(desk):
    def verdict(*shown: str) -> str:
        slots = showing(*shown)
        text = "which of these is cheaper?"
        return desk.run("action_compare_programs", text, "compare_programs", slots).text

    known = verdict("sri-jayewardenepura-elective", "tribhuvan-kathmandu-elective")
    assert known.startswith("Elective at Tribhuvan University Teaching Hospital")
    assert verdict("tribhuvan-kathmandu-elective", "work-the-world-kandy").startswith("I can't")
    weekly = verdict("tribhuvan-kathmandu-elective", "ruhuna-galle-elective")
    assert weekly.startswith("I can't")


def test_two_prices_that_are_the_same_have_no_cheapest(desk):
    done = desk.talk(FIND, compare("which is cheaper?"))
    assert "is the cheapest" not in done.text


def test_what_is_asked_is_answered_without_all_that_is_known(desk):
    slots = {"program_focus": "world-unite-zanzibar-mnazi-mmoja"}
    for text, said in (
        ("is there a place to stay", "the page I read doesn't say. Ask World Unite"),
        ("whom do I email", "I know no e-mail address"),
        ("what is included in that", "I don't know what the price"),
        ("which is the cheapest", "EUR 690"),
    ):
        done = desk.run("action_show_program", text, "ask_program_detail", slots)
        assert said in done.text and not done.cards, done.text


def test_which_is_cheaper_is_told_in_a_sentence(desk):
    slots = showing("world-unite-zanzibar-mnazi-mmoja", "projects-abroad-tanzania-arusha-moshi")
    done = desk.run("action_compare_programs", "which is cheaper", "compare_programs", slots)
    assert "EUR 690" in done.text and not done.cards
    slots = showing("elective-africa-mombasa", "work-the-world-kandy")
    done = desk.run("action_compare_programs", "which is cheaper", "compare_programs", slots)
    assert done.text.startswith("None of them publishes")


def test_programmes_are_compared_by_name_where_one_is_not_on_show(desk):
    slots = showing("world-unite-zanzibar-mnazi-mmoja") | {"search_country": ["TZ"]}
    text = "compare the Zanzibar one with Projects Abroad"
    done = desk.run("action_compare_programs", text, "compare_programs", slots)
    names = [program["name"] for program in done.cards[0]["programs"]]
    assert len(names) == 2 and "Arusha" in names[1]


def test_the_departments_searched_for_are_compared(desk):
    slots = showing("uct-cape-town-electives", "world-unite-zanzibar-mnazi-mmoja")
    for specialty in ("Paediatrics", "Psychiatry"):
        search = {"search_specialty": [specialty.lower()]}
        done = desk.run(
            "action_compare_programs", "compare them", "compare_programs", slots | search
        )
        (row,) = [row for row in done.cards[0]["rows"] if row["label"] == "Departments"]
        assert specialty in row["cells"][0], row


def test_comparing_nothing_says_that_nothing_was_shown(desk):
    assert "haven't shown" in desk.talk(compare("compare them")).text


def test_what_was_told_is_compared_where_no_programme_was_shown(desk):
    slots = {"frame": Frame(focus="visas/nepal", question="visa for Nepal?").dict()}
    done = desk.run("action_compare_programs", "which is quicker", "compare_programs", slots)
    assert done.text and "haven't shown" not in done.text


def test_a_fee_is_named_where_the_price_of_the_stay_is_not_known(desk):
    shown = showing("uct-cape-town-electives", "stellenbosch-tygerberg-undergraduate-electives")
    done = desk.run("action_compare_programs", "which is cheaper", "compare_programs", shown)
    assert "can't name the cheapest" in done.text and "ZAR 14,130" in done.text


def test_a_field_is_told_of_all_on_show_in_a_sentence(desk):
    search = ("action_search_programs", "placements in Indonesia", "find_program")
    done = desk.talk(search, compare("which of them is hands-on"))
    assert not done.cards
    assert "1: " in done.text and "Ask each host" in done.text
    rooms = desk.talk(search, detail("is a room included"))
    assert "Accommodation" in rooms.text and "Which one" not in rooms.text


def test_a_price_is_told_for_other_lengths_as_its_row_says(desk):
    elective = detail("what does the elective in Sydney Westmead cost for 7 weeks")
    done = desk.talk(FIND, elective)
    (program,) = (p for p in desk.catalogue().programs if p.id == "sydney-westmead-elective")
    assert program.price_covers in done.text
    weekly = ("action_search_programs", "electives in Galle", "find_program")
    assert "USD 150" in desk.talk(weekly, detail("how much is number 1 for 3 weeks")).text


def test_a_price_is_told_in_other_money(desk):
    search = ("action_search_programs", "electives in Galle", "find_program")
    done = desk.talk(search, detail("how much is that in euros"))
    assert "is about EUR" in done.text
    assert "no exchange rate" in desk.talk(search, detail("convert it to afghanis")).text


def test_a_number_beside_another_country_counts_there(desk):
    done = desk.talk(FIND, detail("in Nepal, is the first one in English"))
    world = desk.catalogue()
    assert "NP" in world.program(done.slots["program_focus"]).countries


def test_a_comparison_with_a_country_that_is_not_on_show_searches_there(desk):
    done = desk.talk(FIND, compare("and is Peru cheaper?"))
    assert done.slots["search_country"] == ["PE"]
