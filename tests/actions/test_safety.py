"""Safety protocols as they are said, with numbers to call and people to talk to."""

import pytest

from preceptor.conversation.frame import Frame
from preceptor.conversation.protocols import protocols
from tests.support.actions import showing

FIRST_HELP, FOLLOW_UP = "action_give_first_help", "action_follow_up"
CONTACTS = "action_give_contacts"


def danger(done):
    return Frame.of(done.slots["frame"]).danger


def go_on(desk, before, step, text="words"):
    message = desk.message(text, "follow_up", danger_step=step)
    return desk.run(FOLLOW_UP, message=message, slots=before.slots)


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
    done = desk.run(FIRST_HELP, text, "report_emergency")
    assert country in done.text and number in done.text
    assert {c["label"].split(",")[0] for c in done.cards[0]["contacts"]} == {country}


def test_without_a_country_some_numbers_are_given_as_examples(desk):
    done = desk.run(FIRST_HELP, "I can't breathe", "report_emergency")
    for number in ("999", "911", "112", "000"):
        assert number in done.text
    assert "Tell me the country" in done.text


@pytest.mark.parametrize("text", ["he isn't breathing, Congo-Brazzaville", "she fell, Tuvalu"])
def test_a_country_without_a_number_gets_a_way_and_no_other_country_s(desk, text):
    desk_countries = [e["value"] for e in desk.entities(text) if e["entity"] == "country"]
    done = desk.run(CONTACTS, f"emergency number {text.split(', ')[1]}", "ask_who_to_call")
    assert desk_countries
    if "no emergency number" in done.text:
        assert "999" not in done.text and "nearest hospital" in done.text


def test_the_country_of_the_search_is_not_taken_for_where_somebody_is(desk):
    done = desk.run(FIRST_HELP, "I can't breathe", "report_emergency", {"search_country": ["PE"]})
    assert "Peru" not in done.text


def test_where_somebody_said_to_be_is(desk):
    frame = Frame().copy(update={"person": Frame().person.copy(update={"here": "KE"})})
    done = desk.run(FIRST_HELP, "I can't breathe", "report_emergency", {"frame": frame.dict()})
    assert "Kenya" in done.text


def test_a_service_that_is_not_to_be_relied_on_is_called_so(desk):
    done = desk.run(CONTACTS, "ambulance number in Tanzania", "ask_who_to_call")
    assert "115" in done.text and "private vehicle" in done.text


@pytest.mark.parametrize("country", ["Burkina Faso", "Mozambique", "Lesotho", "DR Congo"])
def test_emergency_numbers_can_be_asked_for(desk, country):
    done = desk.run(CONTACTS, f"emergency number in {country}", "ask_who_to_call")
    assert done.cards[0]["contacts"] and "nearest hospital" in done.text


@pytest.mark.parametrize(
    ("text", "name"),
    [("helpline in Ireland", "Samaritans"), ("who can I talk to in Kenya", "Befrienders"),
     ("is there a crisis hotline in India", "Tele MANAS")],
)  # fmt: skip
def test_helplines_can_be_asked_for(desk, text, name):
    assert name in desk.run(CONTACTS, text, "ask_who_to_call").text


def test_helplines_for_all_at_all_hours_come_first(desk):
    done = desk.run(FIRST_HELP, "I want to die, I'm in the UK", "express_crisis")
    names = [contact["label"] for contact in done.cards[0]["contacts"]]
    assert {"Samaritans", "Shout"} <= set(names[:3])


def test_what_was_swallowed_is_to_be_kept(desk):
    assert "packet" in desk.run(FIRST_HELP, "she took 40 paracetamol", "report_emergency").text


def test_an_overdose_with_a_crisis_gets_numbers_and_helplines_with_warmth(desk):
    message = desk.message("i took all my pills, i want to die, ireland", "report_emergency")
    message["safety"] = ["report_emergency", "express_crisis"]
    done = desk.run(FIRST_HELP, message=message)
    assert "glad you wrote" in done.text and "Samaritans" in done.text and "112" in done.text
    assert len(done.replies) == 1


def test_two_dangers_in_one_message_are_both_dealt_with(desk):
    message = desk.message("a patient punched me and bit my hand", "report_assault")
    message["safety"] = ["report_assault", "report_exposure"]
    done = desk.run(FIRST_HELP, message=message)
    assert "believe you" in done.text and "soap" in done.text


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("i want to die, i'm in india", "Tele MANAS", "14416"),
        ("i can't go on. uk", "Samaritans", "116 123"),
        ("i live in Lagos and want to end it", "SURPIN", "0800 078 7746"),
    ],
)
def test_the_helplines_of_the_country_that_is_named(desk, text, name, number):
    done = desk.run(FIRST_HELP, text, "express_crisis")
    assert name in done.text and number in done.text


def test_without_a_country_a_way_to_find_a_helpline_anywhere_and_one_question(desk):
    done = desk.run(FIRST_HELP, "i want to die", "express_crisis")
    assert "findahelpline.com" in done.text and "befrienders.org" in done.text
    assert done.text.count("?") == 1 and "Are you safe right now?" in done.text
    assert "None" not in done.text


@pytest.mark.parametrize(
    ("text", "intent", "says"),
    [
        ("stuck by a needle", "report_exposure", ["wash", "supervisor", "24 hours", "72"]),
        ("fever after Malawi", "report_fever", ["today", "malaria test", "where you were"]),
        ("I was raped", "report_assault", ["believe you", "not your fault", "72", "clothes"]),
        ("told to operate alone now", "report_beyond_competence", ["Stop", "Words", "school"]),
    ],
)
def test_a_danger_at_work_begins_with_what_is_urgent(desk, text, intent, says):
    done = desk.run(FIRST_HELP, text, intent)
    for piece in says:
        assert piece in done.text
    assert danger(done).kind == protocols().of_intent(intent).kind


def test_steps_take_turns_and_keep_the_country(desk):
    first = desk.run(FIRST_HELP, "he collapsed in Kenya", "report_emergency")
    again = go_on(desk, first, "nobody_answers")
    third = go_on(desk, again, "nobody_answers")
    assert "999" in again.text and again.replies[0].lead != third.replies[0].lead
    assert danger(third).said == ("first", "nobody_answers", "nobody_answers")


def test_a_danger_ends_when_it_is_over_and_not_before(desk):
    first = desk.run(FIRST_HELP, "I want to die", "express_crisis")
    safe = go_on(desk, first, "safe")
    assert danger(first) and not danger(first).dealt and danger(safe).dealt
    assert danger(go_on(desk, safe, "better")) is None


def test_another_matter_is_asked_about_once_and_then_ends_it(desk):
    first = desk.run(FIRST_HELP, "I want to die", "express_crisis")
    search = desk.run("action_search_programs", "surgery in Kenya", "find_program", first.slots)
    assert "are you safe right now?" in search.text and danger(search).left
    after = desk.run("action_search_programs", "surgery in Peru", "find_program", search.slots)
    assert "are you safe" not in after.text and danger(after) is None


def test_no_button_stands_in_a_danger(desk):
    before = {"search_country": ["PE"], **showing("ifmsa-peru-scope")}
    for intent in ("report_emergency", "express_crisis", "report_exposure", "report_assault"):
        done = desk.run(FIRST_HELP, "help", intent, before)
        assert done.titles == [] and go_on(desk, done, "continued").titles == []
        assert {k: done.slots[k] for k in before} == before


def test_a_step_without_a_danger_says_that_it_is_not_understood(desk):
    message = desk.message("words", "follow_up", danger_step="safe")
    assert "not sure what that refers to" in desk.run(FOLLOW_UP, message=message).text


@pytest.mark.parametrize(
    ("text", "intent", "says", "never"),
    [
        ("a delirious woman on the ward squeezed my breast", "report_assault",
         "won't go in alone", "HIV tablets"),
        ("our tutor's sexual harassment never stops", "report_assault", "one person", "clothes"),
        ("a relative slapped me in the hall three weeks ago", "report_assault", "isn't too late",
         "Get away"),
        ("pricked by a lancet, the lab results are due on Monday", "report_exposure",
         "been seen", "Wash it now"),
        ("jabbed by a needle, I only saw the mark some days later", "report_exposure",
         "up to 72 hours", "let it bleed"),
        ("the old man fell and bled, and he died two days later", "report_emergency",
         "If it's over", "press hard"),
    ],
)  # fmt: skip
def test_what_is_over_or_nobody_s_intent_has_words_of_its_own(desk, text, intent, says, never):
    done = desk.run(FIRST_HELP, text, intent)
    assert says in done.text and never not in done.text


def test_a_country_brings_its_numbers_with_any_step_once(desk):
    first = desk.run(FIRST_HELP, "I want to die", "express_crisis")
    safe = go_on(desk, first, "safe", "I'm safe, my sister is here. ireland")
    assert "Samaritans" in safe.text and danger(safe).country == "IE"
    assert "Samaritans" not in go_on(desk, safe, "better", "I feel calmer").text


def test_a_question_beside_a_step_is_answered_by_another_step(desk):
    first = desk.run(FIRST_HELP, "I want to die", "express_crisis")
    done = go_on(desk, first, "safe", "I'm safe at my aunt's. what do I tell the ward tomorrow")
    assert "glad you're safe" in done.text and "won't be in tomorrow" in done.text
