"""What a country demands before it registers a doctor, answered by question and route."""

import pytest

from preceptor.catalogue.records import RegistrationRecord
from preceptor.conversation.choices import Country
from preceptor.conversation.registration import aspect_names
from tests.support.actions import showing

NEED = "action_show_registration"
LENGTH = "action_show_internship_length"
MOST_WORDS = 90


def need(text: str) -> tuple[str, str, str]:
    return NEED, text, "ask_registration_requirement"


def length(text: str) -> tuple[str, str, str]:
    return LENGTH, text, "ask_internship_length"


def said(text: str) -> str:
    """Return an answer without the lines of its sources."""
    return "\n".join(line for line in text.split("\n") if not line.startswith("Source:"))


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("do I need an internship to register in India?", "Yes, in India"),
        ("do I need an internship to register in Nigeria?", "Yes, in Nigeria."),
        ("is an internship compulsory in South Korea?", "No, not in South Korea"),
        ("can I skip the internship in Nigeria?", "No, not in Nigeria."),
        ("must those trained abroad do an internship in Italy?", "Partly, in Italy"),
    ],
)
def test_yes_or_no_comes_first_where_it_was_asked(desk, question, start):
    assert desk.talk(need(question)).text.startswith(start)


@pytest.mark.parametrize(
    "question",
    [
        "which exam do foreign graduates sit in Malaysia?",
        "who registers doctors in Ghana?",
        "how do I register in Nigeria with a foreign degree?",
        "registration in Kenya",
        "what about a gap in the house job in Pakistan?",
    ],
)
def test_no_yes_stands_before_a_rule_that_was_not_asked_for(desk, question):
    assert not desk.talk(need(question)).text.lower().startswith(("yes", "no,", "partly"))


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("is the house job in Pakistan paid?", "must be paid"),
        ("can I do FY1 part time?", "Less-than-full-time"),
        ("how late can I start housemanship in Nigeria?", "two years of provisional registration"),
        ("which exam in India with a foreign degree?", "Foreign Medical Graduate"),
        ("which English test does the GMC want from IMGs?", "IELTS"),
        ("what does it rotate through in Ireland?", "general medicine"),
        ("who registers doctors in South Africa?", "www.hpcsa.co.za"),
        ("does Ireland recognise an internship done in Sudan?", "internships in some countries"),
        ("what is provisional registration in Australia?", "accredited PGY1 positions"),
        ("which documents does the GMC want?", "I don't know which documents"),
    ],
)
def test_the_very_question_is_answered(desk, question, says):
    assert says in desk.talk(need(question)).text


def test_steps_come_in_order(desk):
    text = desk.talk(need("I passed PLAB, what next?")).text
    assert text.index("PLAB 1") < text.index("PLAB 2") < text.index("Full registration")


def test_an_open_route_is_told_both_ways(desk):
    text = desk.talk(need("do I need an internship to register in Nigeria?")).text
    assert "Trained in Nigeria: " in text and "Trained abroad: " in text


def test_steps_of_an_open_route_are_asked_for_with_two_buttons(desk):
    asked = desk.talk(need("how do I register as a doctor in Ireland?"))
    assert asked.titles == ["From Ireland", "From elsewhere"]
    payload = Country(
        country="IE", intent="ask_registration_requirement", route="abroad", asked=("steps",)
    )
    assert "PRES unless exempt" in desk.click(payload, asked.slots).text
    typed = desk.run(NEED, "in Egypt", "ask_registration_requirement", asked.slots)
    assert "PRES unless exempt" in typed.text


@pytest.mark.parametrize(
    ("question", "country", "where"),
    [
        ("I trained in Nigeria, do I need an internship in the UK?", "GB", "trained abroad"),
        ("as an Indian graduate must I intern in India?", "IN", "trained there"),
        ("I'm an IMG, is an internship needed in Ireland?", "IE", "trained abroad"),
        ("I studied in Spain, is an internship needed in Ireland?", "IE", "from the EU"),
        ("is my house job from Pakistan accepted by the GMC?", "GB", "trained abroad"),
        ("do they accept my housemanship from ghana in the uk?", "GB", "trained abroad"),
    ],
)
def test_where_somebody_wants_to_practise_is_asked_about(desk, question, country, where):
    done = desk.talk(need(question))
    assert done.slots["licensing_country"] == [country]
    assert where in done.text


def test_a_finished_house_job_abroad_is_not_told_to_repeat_it(desk):
    text = desk.talk(
        need(
            "I'm an IMG with a completed house job in Pakistan, do I have to do the UK foundation"
            " programme to get GMC registration?"
        )
    ).text
    assert not text.startswith("Yes") and "not eligible for the Foundation Programme" in text


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("do I need an internship before FMGE?", "IN"),
        ("I passed PLAB, is F1 needed?", "GB"),
        ("MDCN requirements", "NG"),
        ("is an internship needed for the Approbation?", "DE"),
        ("NMC registration after MBBS: is an internship needed?", "IN"),
        ("MMC Malaysia, is an internship needed?", "MY"),
    ],
)
def test_regulators_exams_and_programmes_name_their_country(desk, text, country):
    assert desk.talk(need(text)).slots["licensing_country"] == [country]


def test_a_name_of_several_regulators_is_asked_back(desk):
    asked = desk.talk(need("is NMC registration hard to get?"))
    assert set(asked.titles) == {"India", "United Kingdom"}
    kept = {"licensing_country": ["IN"], "topic": "ask_registration_requirement"}
    done = desk.run(NEED, "how do I register with the NMC", "ask_registration_requirement", kept)
    assert "India" in done.text


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("NMC registration for nurses?", "Nursing and Midwifery Council (https://www.nmc.org.uk)"),
        ("does a nurse need an internship in Kenya?", "Nursing Council of Kenya"),
        ("dentist internship in Sudan?", "don't know who registers dentists in Sudan"),
    ],
)
def test_of_other_professions_the_regulator_is_named(desk, question, says):
    done = desk.talk(need(question))
    assert says in done.text and "doctor" not in done.text
    assert not done.cards


def test_of_other_professions_only_what_is_known_of_the_country_is_told(desk):
    text = desk.talk(need("I'm a pharmacist, how do I register in Australia?")).text
    assert "Pharmacy Board" in text and "supervised practice" in text
    assert "GPhC" not in text and "NABP" not in text
    text = desk.talk(need("how do nurses register in Poland?")).text
    assert "chamber of nurses" in text and "I know none of the rules for nurses there" in text
    assert "NMC" not in text


def test_of_other_professions_the_answer_on_the_very_country_is_told(desk):
    first = need("I'm a pharmacist from Ghana, how do I register in the USA?")
    text = desk.talk(first).text
    assert "NABP" in text and "I know no" not in text
    assert "GPhC" in desk.talk(first, need("and in the UK?")).text
    two = desk.talk(need("how do midwives register in Australia and New Zealand?"))
    assert "Ahpra" in two.text and "Midwifery Council" in two.text


def test_of_other_professions_a_further_question_gets_the_sentence_that_answers_it(desk):
    first = need("I'm a physio from Peru, how do I register in the UK?")
    text = desk.talk(first, need("how much does that cost?")).text
    assert "£539.65" in text and "standards of proficiency" not in text
    first = need("I'm a nurse from Peru, how do I register in New Zealand?")
    assert "two resits" in desk.talk(first, need("and if I fail?")).text
    assert "I don't know that for nurses" in desk.talk(first, need("is there a moon test?")).text


@pytest.mark.parametrize(
    ("language", "text", "gloss", "country"),
    [
        ("it", "Mi sono laureato in Grecia, posso lavorare in Irlanda?", "Greece Ireland", "IE"),
        ("es", "Estudié medicina en Polonia, ¿puedo trabajar en Suecia?", "Poland Sweden", "SE"),
        (
            "fr",
            "Après mes études en Italie, puis-je exercer en Suisse ?",
            "Italy Switzerland",
            "CH",
        ),
        ("pt", "Me formei em Espanha, posso trabalhar na Irlanda?", "Spain Ireland", "IE"),
        ("de", "Ich habe in Ungarn studiert und will nach Irland", "Hungary Ireland", "IE"),
        ("it", "un medico europeo può lavorare in Germania?", "Germany", "DE"),
    ],
)
def test_a_european_degree_in_other_languages_is_told_its_route_alone(
    desk, language, text, gloss, country
):
    more = {"language": language, "gloss": gloss, "entities": desk.entities(gloss)}
    message = desk.message(text, "ask_registration_requirement", **more)
    done = desk.turn(NEED, message)
    assert done.slots["licensing_country"] == [country]
    assert "with a degree from the EU or EEA" in done.text
    assert "rained abroad" not in done.text and "rained there" not in done.text


def test_how_a_european_degree_is_taken_is_told_where_no_exam_is_named(desk):
    text = desk.talk(need("I trained in Austria, which exam in Portugal?")).text
    assert "register with their title" in text and "I don't know which exam" not in text
    first = need("I trained in Austria, does Spain recognise that?")
    assert "three to four months" in desk.talk(first, need("how long does that take?")).text


@pytest.mark.parametrize(
    ("question", "country"),
    [
        ("will an elective in Malta help her to register in Canada?", "CA"),
        ("does the intern year count in Canada if I do it in Malta?", "CA"),
        ("I'm Turkish and studied medicine in Romania, can I work in Germany as a doctor?", "DE"),
    ],
)
def test_where_a_placement_is_done_is_not_asked_about(desk, question, country):
    assert desk.talk(need(question)).slots["licensing_country"] == [country]


def test_a_region_of_two_countries_is_both(desk):
    done = desk.talk(need("doctor from Ghana: Australia and New Zealand, which is easier?"))
    (reply,) = done.replies
    assert [line.partition(":")[0] for line in reply.steps] == ["Australia", "New Zealand"]


def test_somebody_elses_profession_is_left_with_i(desk):
    talk = need("I'm a doctor from Ghana, which exam in Ireland?"), need("my sister is a midwife")
    assert "Nursing and Midwifery Board" in desk.talk(*talk).text
    assert "PRES" in desk.talk(*talk, need("and do I need an exam there?")).text


def test_what_is_not_confirmed_is_said_to_be(desk):
    text = desk.talk(need("do I need an internship to register in India?")).text
    assert "but that is unconfirmed" in text and "Unconfirmed: it comes from" in text
    text = desk.talk(need("do I need an internship to register in Nigeria?")).text
    assert "nconfirmed" not in text
    # One cell of a row that is confirmed otherwise.
    text = desk.talk(need("is the housemanship in Nigeria paid?")).text
    assert "(unconfirmed)" in text


def test_source_date_and_caution_are_given(desk):
    text = desk.talk(need("is housemanship needed in Nigeria")).text
    assert "Rules change" in text and "Source:" in text and "mdcn.gov.ng" in text
    assert "read 29 November 2026" in text


def test_what_is_unknown_is_neither_guessed_at_nor_cited(desk):
    text = desk.talk(need("can the internship in India be done part time?")).text
    assert "I don't know whether it can be done part time" in text
    assert "National Medical Commission" in text and "Source:" not in text


@pytest.mark.parametrize(
    ("country", "shown"),
    [("Egypt", "12 to 24 months"), ("Poland", "13 months"), ("Ghana", "24 months")],
)
def test_lengths_are_written_as_they_are_known(desk, country, shown):
    assert shown in desk.talk(length(f"how long is the internship in {country}")).text


def test_an_unknown_length_is_not_invented(desk):
    done = desk.talk(length("how long is the internship in Portugal"))
    assert "I don't know how long" in done.text


@pytest.mark.parametrize("country", ["Mongolia", "Iceland", "Kosovo"])
def test_a_country_that_is_not_covered_is_not_guessed_at(desk, country):
    done = desk.talk(need(f"do I need an internship in {country} to register?"))
    assert f"no checked entry on internship rules in {country}" in done.text
    assert not done.cards


def test_two_countries_get_two_answers(desk):
    done = desk.talk(need("is an internship compulsory in Ghana and in Kenya?"))
    assert [card["country"] for card in done.cards] == ["GH", "KE"]
    assert done.slots["licensing_country"] == ["GH", "KE"]


def test_where_one_studies_and_comes_from_are_both_answered(desk):
    done = desk.talk(need("I study in Poland but I'm from India, where must I do my internship?"))
    assert done.slots["licensing_country"] == ["PL", "IN"]
    assert "In India if you trained abroad" in done.text


def test_a_city_stands_for_its_country(desk):
    done = desk.talk(need("do I need an internship to register in Lagos?"))
    assert done.slots["licensing_country"] == ["NG"]


def test_without_a_country_it_says_what_is_true_everywhere_and_asks(desk):
    done = desk.talk(need("can I be registered before completing an internship?"))
    assert "intern registration" in done.text and "Name a country" in done.text
    assert len(done.titles) == 3


def test_follow_ups_stay_in_the_country_and_by_the_route(desk):
    first = need("I'm an IMG, is an internship needed in Ireland?")
    done = desk.talk(first, need("which exam?"))
    assert "In Ireland if you trained abroad" in done.text and "PRES" in done.text
    done = desk.talk(first, need("and in the UK?"))
    assert done.slots["licensing_country"] == ["GB"] and "PLAB" in done.text
    done = desk.talk(first, need("and if I trained there?"))
    assert "if you trained there" in done.text


def test_fewer_months_than_are_asked_for_fall_short(desk):
    first = need("is an internship needed in Nigeria?")
    text = desk.talk(first, need("what if I only did eleven months?")).text
    assert "12 months are asked for, so eleven months fall short" in text
    text = desk.talk(first, need("what if I only did twelve months?")).text
    assert "fall short" not in text


def test_who_to_ask_is_not_asked_again_of_the_next_country(desk):
    talk = [need("is an internship needed in Ireland?"), need("who can I ask?")]
    assert "doctors are registered by" in desk.talk(*talk).text
    done = desk.talk(*talk, need("and in Kenya?"))
    assert done.text.startswith("Yes, in Kenya")


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


def test_congo_is_asked_for(desk):
    asked = desk.run(NEED, "is an internship needed in Congo?", "x")
    assert asked.titles == ["Democratic Republic of the Congo", "Republic of the Congo"]


def test_everything_asked_of_every_country_is_answered_briefly(desk):
    covered = {rule.country for rule in desk.catalogue().all(RegistrationRecord).values()}
    assert covered >= {"GB", "IE", "IN", "PK", "NG", "KE", "ZA", "EG", "PH", "MY", "AU", "US"}
    for country in covered:
        for route in (None, "home", "abroad", "eu"):
            for aspect in aspect_names():
                kept = {"aspects": [aspect], "yes_no": True, "route": route}
                slots = {
                    "licensing_country": [country],
                    "topic": "ask_registration_requirement",
                    "licensing_asked": kept,
                }
                text = desk.run(NEED, "how is it there", "x", slots).text
                where = (country, route, aspect, text)
                assert text and "None" not in text and "{" not in text, where
                assert aspect in ("steps", "total") or len(said(text).split()) <= MOST_WORDS, where


def test_names_are_explained_with_what_the_rules_say_of_them(desk):
    done = desk.talk(need("what's PLAB?"))
    assert "the Professional and Linguistic Assessments Board test" in done.text
    assert "United Kingdom" in done.text
    after = desk.talk(need("what's PLAB?"), need("how long is it?"))
    assert "United Kingdom" in after.text


def test_what_no_column_says_is_not_known_and_the_regulator_is_named(desk):
    first = desk.talk(need("do I need an internship to register in India?"))
    text, intent = "would the moon agree", "ask_registration_requirement"
    done = desk.turn(NEED, desk.message(text, intent, aspect="other"), first.slots)
    assert "I don't know that" in done.text
    assert "National Medical Commission" in done.text


def test_a_name_of_several_bodies_is_explained_for_each(desk):
    text = desk.talk(need("what is the NMC?")).text
    assert "India" in text and "United Kingdom" in text


def test_where_somebody_trained_changes_the_route_and_not_the_country(desk):
    first = need("I'm a doctor from Ghana, which exam is there in Canada?")
    text = desk.talk(first, need("my housemanship was in Ghana, will they accept it?")).text
    assert "In Canada if you trained abroad" in text and "In Ghana" not in text


@pytest.mark.parametrize(
    ("question", "says", "says_not"),
    [
        ("I graduated in Ireland, how do I register in Australia?", "competent authority", "AMC"),
        ("I graduated in Egypt, which exam in Australia?", "AMC", "No AMC"),
        ("I trained in Sudan, which exam in Ireland?", "PRES", "Exempt"),
        ("I trained in South Africa, which exam in Ireland?", "Exempt from PRES", "computer"),
    ],
)
def test_a_route_for_some_countries_is_told_to_those_who_trained_there(
    desk, question, says, says_not
):
    text = desk.talk(need(question)).text
    assert says in text and says_not not in text


def test_the_length_of_the_whole_way_is_not_that_of_the_internship(desk):
    first = need("I'm an IMG from Peru, how do I register in Portugal?")
    text = desk.talk(first, need("how long does the whole process take?")).text
    assert "I know no length of the whole way" in text and "three to six months" in text
    assert "Request for autonomy" in text
    assert "whole way" in desk.talk(first, need("how long does that take?")).text


def test_attempts_are_told_where_a_rule_says_them(desk):
    first = need("I trained in Chile, which exam is there in Germany?")
    assert "three times in all" in desk.talk(first, need("and if I fail?")).text
    first = need("I trained in Chile, which exam is there in Ireland?")
    text = desk.talk(first, need("and if I fail?")).text
    assert "I don't know what happens after a failed exam" in text and "medicalcouncil.ie" in text


def test_what_no_rule_says_is_told_from_knowledge_to_future_doctors_too(desk):
    student = need("I'm a final year medical student, what are the rules?")
    first = need("which exam is there in the UK with a Ugandan degree?")
    assert "four times" in desk.talk(student, first, need("and if I fail PLAB 1?")).text


def test_fees_are_asked_of_the_regulator(desk):
    text = desk.talk(need("what is the fee for NZREX?")).text
    assert "I don't know what it costs" in text and "mcnz.org.nz" in text


def test_countries_spoken_of_are_compared_without_a_verdict(desk):
    talk = (
        need("I'm a doctor from Jordan, which exam is there in Ireland?"),
        need("and in Canada?"),
        need("which of these is easier?"),
    )
    done = desk.talk(*talk)
    assert done.text.startswith("Which is easier depends on you")
    (reply,) = done.replies
    assert [line.partition(":")[0] for line in reply.steps] == ["Ireland", "Canada"]
    assert "Exam: " in reply.steps[0] and "MCCQE" in reply.steps[1]
    assert reply.sources


def test_what_is_no_question_on_rules_is_answered_from_knowledge(desk):
    first = desk.talk(need("do I need an internship to register in India?"))
    message = desk.message("should I say sorry to the nurse I snapped at", "x", aspect="other")
    text = desk.turn(NEED, message, first.slots).text
    assert "In India" not in text


def test_a_month_off_is_no_internship_of_a_month(desk):
    text = desk.talk(need("what if I take a month off during my internship in South Africa?")).text
    assert "fall short" not in text and "extra time is served" in text


def test_where_somebody_works_now_is_no_country_to_compare(desk):
    text = "MBBS from Egypt, working as a GP in Muscat now, torn between Ireland and Canada"
    (reply,) = desk.talk(need(text)).replies
    assert [line.partition(":")[0] for line in reply.steps] == ["Ireland", "Canada"]


def test_a_home_graduate_hears_whether_the_internship_may_be_done_elsewhere(desk):
    student = need("I study medicine in India, which exam is there in India?")
    text = desk.talk(student, need("can I do the internship in Nepal or must it be India?")).text
    assert "requires the internship to be done in India" in text or "No; the regulations" in text
    again = need("no no, I do my MBBS in India and nowhere else in the world")
    assert (
        "No; the regulations"
        in desk.talk(
            student, need("can I do the internship in Nepal or must it be India?"), again
        ).text
    )


def test_what_a_recognised_route_leaves_open_is_as_for_all_from_abroad(desk):
    first = need("I trained in Pakistan with my house job there, do I need PRES in Ireland?")
    text = desk.talk(first, need("which English test?")).text
    assert "IELTS Academic with 7.0" in text


def test_a_question_on_all_of_them_is_answered_for_each(desk):
    talk = (
        need("I'm a doctor from Jordan, which exam is there in Ireland?"),
        need("and in Australia?"),
        need("I have OET B, valid for which of them?"),
    )
    text = desk.talk(*talk).text
    assert "In Ireland" in text and "In Australia" in text and "OET" in text


def test_what_the_table_leaves_open_is_answered_from_knowledge(desk):
    first = need("I'm a doctor from Jordan, which exam is there in Ireland?")
    text = desk.talk(first, need("is a gap of ten months without work a problem?")).text
    assert "I don't know" not in text and "three years" in text


def test_a_failed_test_of_language_is_not_the_exam_of_medicine(desk):
    talk = (
        need("I trained in Chile, which German do I need in Germany?"),
        need("how often may I repeat it?"),
    )
    text = desk.talk(*talk).text
    assert "no limit" in text and "three times in all" not in text


def test_a_correction_keeps_what_was_asked(desk):
    first = need("is the internship in India paid for those trained abroad?")
    text = desk.talk(
        first, need("no sorry, I mean I studied medicine in India, all six years")
    ).text
    assert "stipend" in text.lower() and "steps" not in text


def test_a_physiotherapist_goes_by_two_letters_and_named_checks_are_explained(desk):
    first = need("how do I get a licence as PT in Qatar?")
    assert "physiotherapists are registered" in desk.talk(first).text
    text = desk.talk(first, need("is there DataFlow for a PT?")).text
    assert text.startswith("DataFlow is a company") and "physiotherapists" in text


def test_a_sum_that_is_not_written_is_not_replaced_by_something_else(desk):
    talk = (
        need("how do nurses register in Canada and the UK?"),
        need("which one is cheaper, Canada or the UK?"),
    )
    text = desk.talk(*talk).text
    assert "I don't know what it costs for nurses in Canada" in text and "£83" in text


def test_fees_of_several_countries_are_told_as_far_as_they_are_written(desk):
    talk = (
        need("I'm a doctor from Jordan, which exam is there in Ireland?"),
        need("and in the UK?"),
        need("which one is cheaper?"),
    )
    text = desk.talk(*talk).text
    assert "In Ireland: I don't know what it costs" in text
    assert "United Kingdom: Today's fees stand only on the GMC's Fees page" in text


def test_placements_of_german_students_are_no_question_on_registration(desk):
    text = desk.talk(
        need("how long is the Famulatur and does my Landesprüfungsamt accept it?")
    ).text
    assert "Landesprüfungsamt" in text or "Famulatur: four months" in text


def test_the_rural_year_is_colombias(desk):
    text = desk.talk(need("I am from Colombia. is the rural year needed?")).text
    assert "In Colombia if you trained there" in text or text.startswith("Yes, in Colombia")


@pytest.mark.parametrize(
    ("question", "country"),
    [
        ("I'm a Kenyan citizen with a nursing degree from Poland, how do I register?", "Kenya"),
        ("I trained as a dentist in Cairo, I'm on an H4. How do I register?", "the United States"),
        ("pharmacist with a degree from Ghana, can I sit the FPGEE?", "the United States"),
        ("how does my Indian licence as a midwife help me register in Ireland?", "Ireland"),
        ("sage-femme diplômée au Maroc, je veux travailler en Belgique", "Belgium"),
    ],
)
def test_a_citizenship_a_permit_and_an_exam_say_where_to_and_a_degree_doesnt(
    desk, question, country
):
    text = desk.talk(need(question)).text
    assert country in text and text.count(" registered by ") <= 1
    left_out = ("poland", "egypt", "ghana", "india", "morocco")
    assert not any(f"in {name}" in text.lower() for name in left_out)


def test_who_lives_in_a_country_need_not_have_trained_there(desk):
    question = "I raised two kids in Ireland as a citizen. how do I register there as a doctor?"
    assert "Is your medical degree from" in desk.talk(need(question)).text


def test_a_register_that_somebody_is_on_is_not_the_one_asked_about(desk):
    first = need("I'm a doctor from Sudan, which exam is there in Ireland?")
    text = desk.talk(first, need("does my SCFHS registration help at all?")).text
    assert text.startswith("In Ireland if you trained abroad")


def test_an_internship_that_the_country_calls_otherwise_was_done_abroad(desk):
    question = (
        "I completed my internship and had to extend it by 9 days. Does the GMC mind the gap?"
    )
    text = desk.talk(need(question)).text
    assert text.startswith("In the United Kingdom if you trained abroad: The twelve months")
    assert "F1" not in text and "fall short" not in text


def test_what_a_recognised_qualification_leaves_open_is_as_for_all_from_abroad(desk):
    question = "house job in Pakistan done. am I exempt from PRES, and is IELTS required?"
    assert "IELTS Academic with 7.0" in desk.talk(need(question)).text


def test_a_pathway_that_is_named_is_told(desk):
    question = "how do I register in Australia by the competent authority pathway?"
    assert "with a recognised qualification" in desk.talk(need(question)).text


def test_a_board_and_an_exam_tell_the_profession(desk):
    first = need("do doctors need an internship in Ireland?")
    text = desk.talk(first, need("how many times may one fail the aptitude test of NMBI?")).text
    assert "PRES" not in text and "Nursing and Midwifery Board" in text


def test_what_somebody_would_do_meanwhile_is_not_their_profession(desk):
    first = need("I'm a physiotherapist from Kenya, how do I register in the UK?")
    text = desk.talk(first, need("can I work as a physio aide in the NHS meanwhile?")).text
    assert "Not as a doctor" not in text and "PLAB" not in text


@pytest.mark.parametrize(
    ("question", "who"),
    [
        ("how do I register as a paramedic in Uganda?", "paramedics"),
        ("can I work as a dental hygienist in Kenya?", "dental hygienists"),
        ("how do occupational therapists register in Ghana?", "occupational therapists"),
        ("who registers people in optometry in Kenya?", "people in optometry"),
    ],
)
def test_a_less_known_profession_is_named_as_it_was(desk, question, who):
    text = desk.talk(need(question)).text
    assert who in text and "allied health professionals" not in text


def test_a_rule_is_not_repeated_for_a_question_that_names_nothing_of_it(desk):
    first = need("I trained in India, how do I register in Canada?")
    text = desk.talk(first, need("and what about selling my own paintings at weekends then")).text
    assert "I don't know that" in text and "CaRMS" not in text


def test_the_steps_of_two_countries_ask_once_where_somebody_trained(desk):
    text = desk.talk(need("how do I register as a doctor in Ireland or Canada?")).text
    assert text.count("Is your medical degree") == 1 and "Ireland, Canada" in text


def test_whether_one_may_do_a_placement_is_no_rule_of_registration(desk):
    text = desk.talk(need("can I do an observership in Chicago before my ECFMG certificate?")).text
    assert "The internship takes" not in text and "accredited training" not in text


def test_a_question_that_names_neither_internship_nor_licence_needs_no_country(desk):
    text = desk.talk(length("how long do I have to hand in an appeal?")).text
    assert "Which country" not in text
    assert "Which country" in desk.talk(length("how long is the internship?")).text


def test_a_less_known_profession_with_an_answer_is_told_it_once(desk):
    text = desk.talk(need("who registers paramedics in Ireland and in Canada?")).text
    assert "PHECC" in text and text.count("Each country") == 1
    assert "don't know who registers paramedics" in desk.talk(need(
        "who registers paramedics in Uganda?"
    )).text  # fmt: skip


def test_a_country_put_right_as_that_of_the_degree_is_not_told_again(desk):
    told = desk.talk(
        need("how do I get registered in Egypt?"),
        need("no, I graduated in Egypt but live in Ireland now and want to work here"),
    )
    assert told.slots["licensing_country"] == ["IE"]


def test_who_is_on_the_register_is_not_told_how_to_get_there(desk):
    text = desk.talk(need("I have GMC registration but my letters to hospitals go unread")).text
    assert "Foundation Year" not in text


def test_a_story_is_told_the_answer_that_fits_rather_than_the_steps(desk):
    story = (
        "I passed both parts of PLAB in spring and the council has put me on its register. I am at"
        " home in Lahore and have an offer, but nobody says whether the hospital or I apply first."
        " Who sponsors a doctor's visa in the UK?"
    )
    assert desk.talk(need(story)).text.startswith("Mostly the employer")


def test_a_word_of_rules_in_the_middle_of_a_talk_claims_nothing(desk):
    advice = (
        "action_answer",
        "is it worth watching a consultant in an NHS clinic?",
        "ask_resume_value",
    )
    text = "would an attachment that I pay for make a difference"
    ranking = [{"name": "ask_cost_and_funding", "confidence": 0.5}]
    message = desk.message(text, "ask_registration_requirement", intent_ranking=ranking)
    first = desk.talk(advice)
    done = desk.run(NEED, message=message, slots=first.slots)
    assert done.slots["frame"]["focus"] and not done.slots.get("licensing_asked")


def test_what_somebody_would_work_as_meanwhile_is_not_what_they_are(desk):
    done = desk.talk(
        need("dentist from Egypt, I want to work in the UK"),
        need("could I work as a nurse meanwhile?"),
        need("how many tries do they give me?"),
    )
    assert done.slots["frame"]["focus"] == "registration/dentist-uk"
    assert "four attempts" in done.text
