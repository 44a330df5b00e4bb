"""Facts, menus, offers, corrections, and messages that aren't understood."""

import pytest

from preceptor.conversation.choices import Ask, Search
from tests.support.actions import showing

FACTS = "action_answer"


def unclear(desk, text: str, *likely: str) -> dict:
    names = ["nlu_fallback", *likely]
    ranking = [{"name": name, "confidence": 0.3} for name in names]
    return desk.message(text, "nlu_fallback", intent_ranking=ranking)


def test_an_answer_comes_with_its_source_and_where_to_go_on(desk):
    done = desk.run(FACTS, "should I ride a scooter in Bali?", "ask_health_and_safety")
    assert done.slots["frame"]["focus"] == "bali/scooter"
    assert done.slots["topic"] == "ask_health_and_safety"
    assert done.replies[0].sources and 1 <= len(done.titles) <= 3


def test_an_answer_is_given_in_short_the_second_time(desk):
    first = desk.run(FACTS, "should I ride a scooter in Bali?", "ask_health_and_safety")
    second = desk.run(FACTS, "ride a scooter in Bali?", "ask_health_and_safety", first.slots)
    assert second.slots["frame"]["focus"] == "bali/scooter"
    assert len(second.replies[0].lead) < len(first.text) / 2


def test_a_question_that_no_answer_fits_is_not_answered_with_another(desk):
    done = desk.run(FACTS, "which tram goes to the ward kitchen", "ask_how_long")
    assert not done.slots["frame"]["focus"] and "don't know" in done.text


@pytest.mark.parametrize(
    ("intent", "who"),
    [("ask_timing", "the place itself"), ("ask_internship_length", "regulator"),
     ("ask_discipline", "student support")],
)  # fmt: skip
def test_who_may_know_what_is_not_known_fits_the_question(desk, intent, who):
    done = desk.run(FACTS, "why is the harpsichord tuned to the sixth comma", intent)
    assert "rather say so" in done.text and who in done.text


def test_with_a_search_going_on_the_way_back_is_offered(desk):
    done = desk.run(
        FACTS, "should I ride a scooter in Bali?", "ask_bali", showing("ifmsa-peru-scope")
    )
    assert done.titles[-1] == "Back to my search"


def test_what_the_advisor_can_do_is_told_with_real_figures(desk):
    done = desk.run("action_show_capabilities", "what can you do", "ask_capabilities")
    assert f"{len(desk.catalogue().programs)} programmes" in done.text
    done = desk.run("action_show_capabilities", "which countries?", "ask_capabilities")
    assert "Sri Lanka" in done.text and "Nigeria" in done.text


def test_what_can_you_ask_for_ends_a_story_and_asks_nothing_of_the_advisor(desk):
    text = (
        "A girl in my year broke down and the dean's office said that she must leave for a whole"
        " year or come in on Monday as if nothing was wrong. My brother got a week off after his"
        " accident. What can you ask for?"
    )
    done = desk.run("action_show_capabilities", text, "ask_capabilities")
    assert {choice.payload.do for choice in done.choices} == {"tell"}


def test_a_correction_after_an_offer_reads_the_question_again(desk):
    asked = {"frame": {"question": "They were cruel to me for the whole day"}}
    done = desk.run("action_correct", "it was the nurses on the unit", "correct", asked)
    assert not done.cards and done.choices
    assert {choice.payload.do for choice in done.choices} <= {"tell", "search"}


def test_the_first_miss_offers_the_two_likeliest_readings_by_their_labels(desk):
    message = unclear(desk, "hmm that", "ask_timing", "ask_how_long", "ask_bali")
    done = desk.run("action_ask_rephrase", message=message)
    assert done.titles == ["When to go and when to apply", "How long to stay", "Neither"]
    assert done.slots["misses"] == 1
    assert done.slots["offer"]["intent"] == "ask_timing"


def test_the_second_miss_offers_topics_and_a_person(desk):
    message = unclear(desk, "hmm that", "ask_timing", "ask_how_long")
    done = desk.run("action_ask_rephrase", message=message, slots={"misses": 1})
    assert done.titles[0] == "Talk to a person"
    assert "Why do an internship" in done.text and "person" in done.text


def test_small_talk_and_danger_are_no_readings_to_choose_from(desk):
    message = unclear(desk, "hm", "greet", "out_of_scope", "report_emergency", "ask_bali")
    titles = desk.run("action_ask_rephrase", message=message).titles
    assert titles == ["Interning in Bali", "Neither"]


def test_details_are_no_reading_where_nothing_was_shown(desk):
    message = unclear(desk, "the thing", "ask_program_detail", "compare_programs", "ask_bali")
    assert desk.run("action_ask_rephrase", message=message).titles[0] == "Interning in Bali"


def test_an_unclear_sentence_with_a_place_and_a_specialty_is_a_search(desk):
    message = unclear(desk, "peds kenya", "ask_timing")
    done = desk.run("action_ask_rephrase", message=message)
    assert done.slots["search_country"] == ["KE"]
    assert done.slots["search_specialty"] == ["paediatrics"]
    assert not done.slots["misses"]


def test_a_miss_is_forgotten_after_an_answer(desk):
    assert desk.run(FACTS, "why", "ask_why_intern", {"misses": 1}).slots["misses"] == 0


def test_yes_does_what_was_offered(desk):
    slots = {"offer": {"do": "ask", "intent": "ask_timing"}}
    done = desk.turn("action_accept_offer", desk.message("yes", "affirm"), slots)
    assert done.ran == ["action_accept_offer", FACTS]
    assert done.slots["frame"]["focus"].startswith("timing/")
    assert done.slots["offer"] is None


def test_yes_after_nothing_was_found_drops_what_is_to_blame(desk):
    first = desk.talk(("action_search_programs", "volunteering in Germany", "find_program"))
    done = desk.turn("action_accept_offer", desk.message("yes", "affirm"), first.slots)
    assert done.ran == ["action_accept_offer", "action_refine_search"]
    assert not done.slots["search_kind"] and done.slots["search_country"] == ["DE"]
    assert done.cards


def test_yes_to_nothing_asks_what_comes_next(desk):
    assert desk.run("action_accept_offer", "yes", "affirm").titles


def test_no_drops_what_was_offered(desk):
    slots = {"offer": {"do": "ask", "intent": "ask_timing"}}
    done = desk.run("action_drop_offer", "no", "deny", slots)
    assert done.slots["offer"] is None and "other words" in done.text


def test_an_offer_lasts_for_one_message(desk):
    slots = {"offer": {"do": "ask", "intent": "ask_timing"}}
    done = desk.run(FACTS, "should I ride a scooter in Bali?", "ask_health_and_safety", slots)
    assert done.slots["offer"] is None


def test_no_with_another_country_is_a_correction(desk):
    done = desk.run("action_drop_offer", "no, Kenya", "deny", {"search_country": ["UG"]})
    assert done.slots["search_country"] == ["KE"]


def test_a_correction_without_content_asks(desk):
    done = desk.run("action_correct", "that's not what I meant", "correct")
    assert "what you meant" in done.text


def test_a_correction_reads_the_question_again_without_the_answer_that_was_given(desk):
    asked = ("action_answer", "May I keep my hijab on in theatre?", "ask_eligibility")
    first = desk.talk(asked)
    told = first.slots["frame"]["focus"]
    done = desk.run("action_correct", "no, I meant what my mother says", "correct", first.slots)
    assert done.slots["frame"]["focus"] != told
    assert told not in {c.payload.answer for c in done.choices if c.payload.do == "tell"}


def test_a_number_that_changes_nothing_is_noted(desk):
    found = desk.talk(("action_search_programs", "surgery in Kenya", "find_program"))
    done = desk.run("action_correct", "I graduated 2015 not 2013", "correct", found.slots)
    assert "noted" in done.text


@pytest.mark.parametrize(
    "kind",
    ["other_careers", "exams_and_fees", "homework", "patient_care", "other_languages",
     "gibberish", "act_as_something_else", "general"],
)  # fmt: skip
def test_each_kind_of_other_question_is_declined_in_its_own_words(desk, kind):
    message = desk.message("x", "out_of_scope", intent={"name": "out_of_scope", "kind": kind})
    done = desk.run("action_decline", message=message)
    general = desk.run("action_decline", "x", "out_of_scope")
    assert done.text and (done.text != general.text or kind == "general")


def test_every_sentence_of_the_words_can_be_said():
    """A field that is misspelt in words.yml would fail in front of a person."""
    import re
    from pathlib import Path

    from actions.words import words

    source = "".join(p.read_text() for p in Path("actions").glob("*.py"))
    for name, wordings in words().items():
        fields = [set(re.findall(r"{(\w+)}", wording)) for wording in wordings]
        for wording in wordings:
            assert wording.strip()
        for field in set().union(*fields):
            assert f"{field}=" in source, f"{name} wants {{{field}}}"


def test_a_search_is_offered_for_the_place_that_an_intent_is_about(desk):
    done = desk.click(Ask(intent="ask_bali"))
    assert done.payload("Programmes in Bali") == Search(place="bali")
    assert desk.click(Search(place="bali")).slots["search_place"] == ["bali"]
    named = desk.run(FACTS, "what does it cost in the Philippines", "ask_cost_and_funding")
    assert named.payload("Programmes in the Philippines") == Search(country="PH")


def test_nobody_is_offered_programmes_where_they_come_from(desk):
    text = "I'm a student from Kenya, how dear is an internship for us in Kenya"
    done = desk.run("action_answer", text, "ask_cost_and_funding")
    assert "Programmes in Kenya" not in done.titles


@pytest.mark.parametrize(("sure", "answered"), [(0.4, True), (0.99, False)])
def test_a_doubtful_refusal_gives_way_to_a_likely_answer(desk, sure, answered):
    text = "is a picture of me in my scrubs fine for instagram"
    message = desk.message(
        text, "out_of_scope", intent={"name": "out_of_scope", "confidence": sure}
    )
    done = desk.run("action_decline", message=message)
    assert ("outside what I know" not in done.text) == answered
