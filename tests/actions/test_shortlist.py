"""The shortlist: saving, showing, comparing, taking off."""

import pytest

FIND = ("action_search_programs", "electives in Sydney", "find_program")
THAILAND = ("action_search_programs", "placements in Thailand", "find_program")
SHOW = ("action_show_shortlist", "show my shortlist", "show_shortlist")
KANDY = "Save Healthcare elective in Kandy, Work the World by Work the World to my shortlist"


def save(text: str) -> tuple[str, str, str]:
    return "action_save_program", text, "save_program"


def ids(outcome) -> list[str]:
    return [each["id"] for each in outcome.slots.get("shortlist") or []]


def test_a_result_is_saved_by_its_position(desk):
    shown = desk.talk(FIND).listed
    done = desk.talk(FIND, save("save the second one"))
    assert ids(done) == [shown[1]]
    assert "Your shortlist holds 1 programme." in done.text


def test_what_is_kept_has_id_name_and_address(desk):
    (kept,) = desk.talk(save(KANDY)).slots["shortlist"]
    assert kept["id"] == "work-the-world-kandy"
    assert kept["name"] == "Healthcare elective in Kandy, Work the World"
    assert kept["url"].startswith("https://")


def test_the_organisation_is_added_to_a_name_that_lacks_it(desk):
    done = desk.talk(save("save the WHO internship programme"))
    assert (
        done.slots["shortlist"][0]["name"] == "WHO internship programme, World Health Organization"
    )


def test_it_is_the_programme_spoken_of_last(desk):
    detail = ("action_show_program", "tell me about the first one", "ask_program_detail")
    done = desk.talk(FIND, detail, save("add it to my list"))
    assert ids(done) == [done.slots["program_focus"]]


def test_saving_twice_keeps_one_and_says_so(desk):
    done = desk.talk(FIND, save("save the first one"), save("save the first one"))
    assert len(ids(done)) == 1
    assert "already" in done.text


def test_several_are_saved_at_once(desk):
    assert len(ids(desk.talk(THAILAND, save("keep 1 and 3")))) == 2
    assert len(ids(desk.talk(THAILAND, save("save all of them")))) == 3


def test_which_one_is_asked_and_the_answer_saved(desk):
    asked = desk.talk(THAILAND, save("save it"))
    assert "Which one" in asked.text and not ids(asked)
    assert asked.titles[1].startswith("2. ")
    assert len(ids(desk.talk(THAILAND, save("save it"), save("Save number 2")))) == 1


def test_saving_before_anything_was_shown_asks_for_a_search(desk):
    assert "haven't shown you any" in desk.talk(save("save the second one")).text


def test_a_number_beyond_the_list_saves_nothing(desk):
    done = desk.talk(FIND, save("save number 9"))
    assert "no number 9" in done.text and not ids(done)


@pytest.mark.parametrize(
    "text",
    [
        "remove the second one",
        "take number 2 off my list",
        "I don't want the second any more, delete it from my shortlist",
        "cross out no. 2",
    ],
)
def test_one_is_taken_off_by_its_position(desk, text):
    two = (FIND, save("save both"))
    assert ids(desk.talk(*two, save(text))) == ids(desk.talk(*two))[:1]


def test_one_is_taken_off_by_the_button_of_a_card(desk):
    done = desk.talk(FIND, save("save both"), save(KANDY), save(_removing(KANDY)))
    assert len(ids(done)) == 2 and "work-the-world-kandy" not in ids(done)
    assert "Healthcare elective in Kandy" in done.text


def _removing(saving: str) -> str:
    return saving.replace("Save ", "Remove ").replace(" to my ", " from my ")


def test_a_number_counts_in_the_shortlist_where_what_is_shown_is_not_on_it(desk):
    done = desk.talk(save(KANDY), THAILAND, save("remove the first one from my shortlist"))
    assert ids(done) == []


def test_removing_what_is_not_there_is_told(desk):
    done = desk.talk(FIND, save("save the first one"), save("remove the second one"))
    assert "isn't on your shortlist" in done.text and len(ids(done)) == 1
    assert (
        "isn't on your shortlist" in desk.talk(FIND, save("save both"), save(_removing(KANDY))).text
    )


def test_removing_from_an_empty_shortlist_is_told(desk):
    assert "is empty" in desk.talk(save("remove the first one")).text


def test_the_whole_shortlist_is_cleared(desk):
    done = desk.talk(THAILAND, save("save all of them"), save("clear my shortlist"))
    assert ids(done) == [] and "empty now" in done.text


def test_it_holds_twenty(desk):
    programs = desk.catalogue().programs
    full = [{"id": p.id, "name": p.name, "url": p.source_url} for p in programs[:20]]
    last = programs[25]
    text = f"Save {last.name} by {last.organisation} to my shortlist"
    done = desk.run("action_save_program", text, "save_program", {"shortlist": full})
    assert "is full" in done.text and last.name in done.text
    assert done.slots["shortlist"] == full


def test_it_is_shown_as_cards_and_numbers_pick_from_it(desk):
    done = desk.talk(FIND, save("save both"), SHOW)
    (card,) = done.cards
    assert card["type"] == "program_list" and card["total"] == 2
    detail = ("action_show_program", "tell me about the second", "ask_program_detail")
    picked = desk.talk(FIND, save("save both"), THAILAND, SHOW, detail)
    assert picked.slots["program_focus"] == ids(done)[1]


def test_a_long_shortlist_comes_in_lists_of_ten(desk):
    kept = [{"id": p.id, "name": p.name, "url": None} for p in desk.catalogue().programs[:17]]
    done = desk.run("action_show_shortlist", slots={"shortlist": kept})
    assert [(len(c["programs"]), c["offset"], c["total"]) for c in done.cards] == [
        (10, 0, 17),
        (7, 10, 17),
    ]
    assert all(len(m["text"]) < 4000 for m in done.messages)


def test_an_empty_one_says_how_to_save(desk):
    assert "save the second one" in desk.talk(SHOW).text


def test_a_programme_that_left_the_catalogue_is_told_and_can_be_taken_off(desk):
    gone = {
        "id": "no-more",
        "name": "Elective on the Moon, Luna Clinic",
        "url": "https://luna.example/",
    }
    done = desk.run("action_show_shortlist", slots={"shortlist": [gone]})
    assert "No longer in my catalogue" in done.text and "https://luna.example/" in done.text
    text = "Remove Elective on the Moon, Luna Clinic from my shortlist"
    off = desk.run("action_save_program", text, "save_program", {"shortlist": [gone]})
    assert ids(off) == []


def test_it_outlives_starting_over(desk):
    start = ("action_refine_search", "start over", "refine_search")
    assert len(ids(desk.talk(FIND, save("save both"), start))) == 2


def test_it_is_compared(desk):
    compare = ("action_compare_programs", "compare my shortlist", "compare_programs")
    done = desk.talk(FIND, save("save both"), THAILAND, compare)
    (card,) = done.cards
    assert card["type"] == "comparison" and len(card["programs"]) == 2


def test_the_search_is_kept_in_words_and_cleared_with_it(desk):
    find = ("action_search_programs", "surgery in Peru for 4 weeks", "find_program")
    assert desk.talk(find).slots["search_summary"] == "surgery in Peru, 4 weeks"
    start = ("action_refine_search", "start over", "refine_search")
    assert desk.talk(find, start).slots["search_summary"] is None


def test_every_programme_is_picked_by_name_and_organisation(desk):
    missed = []
    for program in desk.catalogue().programs:
        for wording in ("Tell me about {}, {}", "Tell me about {} by {}"):
            text = wording.format(program.name, program.organisation)
            done = desk.run("action_show_program", text, "ask_program_detail")
            if done.slots.get("program_focus") != program.id:
                missed.append((text, done.text[:80]))
    assert missed == []


def test_every_programme_is_saved_and_removed_by_a_card_s_buttons(desk):
    missed = []
    for program in desk.catalogue().programs:
        text = f"Save {program.name} by {program.organisation} to my shortlist"
        saved = desk.run("action_save_program", text, "save_program")
        off = desk.run("action_save_program", _removing(text), "save_program", saved.slots)
        if ids(saved) != [program.id] or ids(off):
            missed.append((text, saved.text[:80], off.text[:80]))
    assert missed == []
