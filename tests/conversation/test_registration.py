"""Questions on registration: what is asked, where to, from where, and what is none."""

import pytest

from preceptor.conversation import registration
from preceptor.conversation.registration import Countries, as_registration

TALK = "ask_registration_requirement"
PLACES = {"karachi": "PK"}
NAMES = {
    "Ireland": "IE", "India": "IN", "Poland": "PL", "Pakistan": "PK", "Sudan": "SD", "Kenya": "KE",
    "the UK": "GB", "Nigeria": "NG", "Germany": "DE",
}  # fmt: skip


def entities(text: str, *origins: str) -> list[dict]:
    found = [
        {"entity": "country", "value": iso2, "start": text.index(name), "text": name,
         "end": text.index(name) + len(name), "role": "origin" if name in origins else None}
        for name, iso2 in NAMES.items() if name in text
    ]  # fmt: skip
    for name in ("GMC", "PLAB", "house job"):
        if name in text:
            start = text.index(name)
            found.append({"entity": "registration", "value": name.lower(), "text": name,
                          "start": start, "end": start + len(name)})  # fmt: skip
    return sorted(found, key=lambda e: e["start"])


def test_what_is_left_out_once_is_so_in_the_whole_message():
    text = "not Kenya, I never meant to work in Kenya, but in Ireland"
    found = entities(text)
    found[0]["role"] = "excluded"
    again = {**found[0], "role": None, "start": text.rindex("Kenya")}
    again["end"] = again["start"] + len("Kenya")
    told = registration.countries_of(text, [found[0], again, found[1]], PLACES)
    assert (told.wanted, told.out) == (("IE",), ("KE",))


@pytest.mark.parametrize(
    ("text", "aspects"),
    [
        ("is it paid?", ("pay",)),
        ("can I do it part-time?", ("part_time",)),
        ("what if I only did eleven months?", ("gaps",)),
        ("in which order?", ("steps",)),
        ("and how long does that take?", ("length",)),
        ("how long after graduation can I still start?", ("time_limits",)),
        ("can I skip it?", ("skip",)),
        ("do I have to repeat the internship?", ("from_abroad_counts",)),
        ("must I sit an exam?", ("exam",)),
        ("which language test do they want?", ("language",)),
        ("do I get provisional registration?", ("provisional",)),
        ("who can I ask about that?", ("regulator",)),
        ("are you sure?", ("source",)),
        ("is an internship needed and is it paid?", ("needed", "pay")),
        ("how many months of medicine and surgery?", ("length", "pattern")),
        ("and if I don't pass it?", ("attempts",)),
        ("how many times may one sit it?", ("attempts",)),
        ("what are the fees?", ("fees",)),
        ("how long does the whole process take?", ("total",)),
        ("how long does provisional registration last?", ("length", "provisional")),
        ("is Norway simpler?", ("compare",)),
        ("what about the English?", ("language",)),
        ("what happens if I'm off sick for six weeks?", ("gaps",)),
        ("wie lange dauert das alles?", ("total",)),
        ("¿cuántas veces?", ("attempts",)),
        ("within how many months do I have to start?", ("time_limits",)),
        ("how long have I got to complete the internship?", ("time_limits",)),
        ("the Approbation takes how long?", ("total",)),
        ("¿cuánto tarda la convalidación?", ("total",)),
        ("¿y si repruebo?", ("attempts",)),
        ("¿me toca hacerlo?", ("needed",)),
        ("may I work while waiting?", ("provisional",)),
        ("is the OET cheaper?", ("language", "fees")),
        ("I have OET B, valid for which of them?", ("language",)),
        ("torn between two of them?", ("compare",)),
        ("what is the minimum of months?", ("length",)),
        ("I had to extend my internship, is that a problem?", ("gaps",)),
        ("I have the Evidence of Training form", ("documents",)),
        ("is there an exception to the 5 years limit?", ("time_limits",)),
        # A story before the question has other words than it.
        ("I'm paid little and rotate a lot. Which exam is there?", ("exam",)),
        ("thanks a lot", ()),
    ],
)
def test_what_is_asked(text, aspects):
    assert registration.aspects_of(text) == aspects


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("I'm an IMG", "abroad"),
        ("foreign medical graduates", "abroad"),
        ("I have a degree from overseas", "abroad"),
        ("I hold an EU degree", "eu"),
        ("as a local graduate", "home"),
        ("by the competent authority pathway", "recognised"),
        ("no, abroad", "abroad"),
        ("is it needed in Kenya?", None),
    ],
)
def test_the_route_in_words(text, route):
    assert registration.route_of(text) == route


@pytest.mark.parametrize(
    ("text", "yes_no"),
    [
        ("do I need it?", True),
        ("and is it paid?", True),
        ("I passed PLAB, do I need F1?", True),
        ("how long is it?", False),
        ("registration in Kenya", False),
    ],
)
def test_what_yes_or_no_answers(text, yes_no):
    assert registration.is_yes_no(text) is yes_no


@pytest.mark.parametrize(
    ("text", "origins", "wanted", "trained"),
    [
        ("do I need an internship in Ireland?", (), ("IE",), ()),
        ("is the house job in Pakistan paid?", (), ("PK",), ()),
        ("does Ireland recognise an internship done in Sudan?", (), ("IE",), ("SD",)),
        ("my internship in Kenya, does it count in the UK?", (), ("GB",), ("KE",)),
        ("I studied in Poland, which exam in Germany?", (), ("DE",), ("PL",)),
        ("I'm from India and want to register in Ireland", ("India",), ("IE",), ("IN",)),
        ("I come from India and study in Poland", ("India", "Poland"), ("PL", "IN"), ("PL",)),
        ("Ireland or Kenya?", (), ("IE", "KE"), ()),
        ("studied in Poland or India, which exam in Germany?", (), ("DE",), ("PL", "IN")),
        ("We want to move to Ireland. A cousin did well in Kenya.", (), ("IE",), ()),
        ("12 years' experience in surgery in Sudan, what do I need in Ireland?", (), ("IE",), ()),
        ("I practised in Kenya. Kenya is no list country, and Germany?", (), ("DE",), ()),
        ("citizen of Kenya, degree from Poland", ("Kenya", "Poland"), ("KE",), ("PL",)),
        ("Kenya to Ireland as a dietician, what is asked?", (), ("IE",), ("KE",)),
        ("can a Kenya speech therapist work in Poland?", (), ("PL",), ("KE",)),
    ],
)
def test_where_to_and_from_where(text, origins, wanted, trained):
    found = registration.countries_of(text, entities(text, *origins), PLACES)
    assert (found.wanted, found.trained) == (wanted, trained)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I'm working as a medical officer in Kenya, what does Ireland want?", ("IE",)),
        ("in Nigeria right now, which exam for Germany?", ("DE",)),
        ("I had a gap before Kenya, is that a problem in the UK?", ("GB",)),
        ("must I work in Sudan first, or does Ireland take me?", ("IE",)),
        ("so Kenya is out. which exam in Poland?", ("PL",)),
        ("I live in Kenya. do I need an internship?", ("KE",)),
        ("thinking of working in Kenya or Ireland", ("KE", "IE")),
        ("can I work in Poland?", ("PL",)),
    ],
)
def test_where_somebody_is_now_is_not_asked_about_beside_another_country(text, wanted):
    assert registration.countries_of(text, entities(text), PLACES).wanted == wanted


def test_within_a_talk_where_somebody_is_changes_nothing():
    for text in ("I'm a registrar in Kenya now, is that enough?", "they know me since Kenya, so?"):
        assert registration.countries_of(text, entities(text), PLACES, talk=True).wanted == ()


def test_an_internship_that_would_be_elsewhere_is_no_training():
    text = "may I do it in Kenya or must it be in Ireland?"
    found = registration.countries_of(text, entities(text), PLACES)
    assert found == Countries(("IE",), (), ("KE",))


def test_a_regulator_names_the_country_that_is_wanted():
    text = "I did my house job in Pakistan, what does the GMC want?"
    assert registration.countries_of(text, entities(text), PLACES, {"GB"}) == Countries(
        ("GB",), ("PK",)
    )


def test_within_a_talk_a_country_of_training_changes_the_route_alone():
    text = "what if I trained in Nigeria?"
    found = registration.countries_of(text, entities(text), PLACES, talk=True)
    assert found == Countries((), ("NG",))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Sudan isn't among those, so what do they want?", ()),
        ("and Sudan?", ("SD",)),
        ("what do I have to show in Sudan if I ever go back", ("SD",)),
        ("my internship was in Sudan, will they accept it?", ()),
        ("they say Ireland and Sudan differ", ("IE",)),
    ],
)
def test_within_a_talk_the_country_of_origin_is_wanted_only_if_asked_about(text, wanted):
    found = registration.countries_of(text, entities(text), PLACES, talk=True, known={"SD"})
    assert found.wanted == wanted


def test_a_regulators_name_says_nothing_of_who_asks():
    text = "Medical and Dental Council"
    term = {"entity": "registration", "text": text}
    assert registration.profession_of(text, [term]) is None
    assert registration.profession_of("as a nurse?") == "nurse"


def parsed(text: str, intent: str, confidence: float = 0.99, **more) -> dict:
    return {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "entities": entities(text),
        "questions": [],
        **more,
    }


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("is it paid?", "ask_cost_and_funding"),
        ("can I do it part time?", "ask_how_long"),
        ("which exam?", "out_of_scope"),
        ("can my fiancé, a physiotherapist, work there too", "ask_eligibility"),
        ("in which order?", "compare_programs"),
        ("as a nurse?", "refine_search"),
        ("are you sure?", "ask_identity"),
        ("who do I ask?", "ask_human"),
    ],
)
def test_follow_ups_belong_to_registration_only_where_that_was_spoken_of(text, intent):
    message = parsed(text, intent)
    assert as_registration(message, TALK)["intent"]["name"] == TALK
    assert as_registration(message, "ask_bali") == message


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("is the house job in Pakistan paid?", "ask_cost_and_funding"),
        ("which English test does the GMC want?", "ask_language_barrier"),
    ],
)
def test_the_name_of_an_internship_or_regulator_is_enough(text, intent):
    assert as_registration(parsed(text, intent), None)["intent"]["name"] == TALK


@pytest.mark.parametrize(
    "text",
    [
        "what is the fee for PLAB?",
        "how often may I resit PLAB",
        "Soy enfermera, puedo trabajar en Kenya?",
        "my sister is a midwife, can she work in Kenya?",
    ],
)
def test_an_exams_fee_and_another_profession_are_no_refusal(text):
    assert as_registration(parsed(text, "out_of_scope"), None)["intent"]["name"] == TALK


def test_in_a_talk_on_rules_another_country_or_profession_is_a_question_on_rules():
    for text, kind in (
        ("and in Kenya?", "elsewhere"),
        ("is it the same exam for midwives", "sure"),
    ):
        message = {**parsed(text, "follow_up"), "follow_up": kind}
        read = as_registration(message, TALK)
        assert read["intent"]["name"] == TALK and "follow_up" not in read
        assert as_registration(message, "ask_timing") == message


@pytest.mark.parametrize(
    "text",
    [
        "and Poland? my uncle says they're slow",
        "which one is cheaper?",
        "which of the two takes my OET?",
        "how much is it for a physio in Poland?",
        "I don't want a placement any more, what if I fail the test in Poland",
    ],
)
def test_a_question_on_the_next_country_or_all_stays_with_the_rules(text):
    message = parsed(text, "ask_language_barrier", 0.5)
    assert as_registration(message, TALK)["intent"]["name"] == TALK
    assert as_registration(message, "ask_timing") == message


def test_a_matter_that_is_named_is_no_follow_up_on_the_last_answer():
    message = {**parsed("how often may I resit PLAB", "follow_up"), "follow_up": "sure"}
    read = as_registration(message, "ask_bali")
    assert read["intent"]["name"] == TALK and "follow_up" not in read


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("how much does an elective in Kenya cost?", "ask_cost_and_funding"),
        ("are there nursing placements in Kenya I can apply to?", "find_program"),
        ("find me a paid placement", "find_program"),
        ("my senior shouts at me, what do I do?", "ask_difficult_coworkers"),
        ("thanks", "thank"),
        ("no, I meant Kenya", "correct"),
        ("give me PLAB questions to practise", "out_of_scope"),
    ],
)
def test_other_matters_stay_what_they_are(text, intent):
    message = parsed(text, intent)
    assert as_registration(message, TALK) == message


def test_danger_is_never_overruled():
    message = parsed("is it paid? I want to die", "express_crisis", safety=["express_crisis"])
    assert as_registration(message, TALK) == message


def test_are_you_sure_asks_where_the_rules_are_from_and_is_no_yes():
    assert as_registration(parsed("are you sure?", "affirm"), TALK)["intent"]["name"] == TALK
    assert as_registration(parsed("are you sure?", "affirm"), None)["intent"]["name"] == "affirm"
    assert as_registration(parsed("yes", "affirm"), TALK)["intent"]["name"] == "affirm"


def test_what_goes_on_with_a_danger_stays_with_it():
    message = {**parsed("is it paid in Nigeria?", "follow_up"), "danger_step": "continued"}
    assert as_registration(message, TALK) == message


def test_two_questions_on_registration_are_one():
    text = "do I need an internship in Ireland and is it paid?"
    first, second = "do I need an internship in Ireland", "is it paid?"
    asked = [
        {"text": first, "start": 0, "end": len(first), "intent": TALK, "confidence": 0.9},
        {"text": second, "start": text.index(second), "end": len(text),
         "intent": "ask_cost_and_funding", "confidence": 0.9},
    ]  # fmt: skip
    message = parsed(text, TALK, questions=asked)
    assert as_registration(message, None)["questions"] == []
    other = [asked[0], {**asked[1], "text": "find me an elective", "intent": "find_program"}]
    assert as_registration({**message, "questions": other}, None)["questions"] == other


def test_in_order_to_asks_for_no_order():
    assert registration.aspects_of("is it needed in order to register?") == ("needed",)
    assert registration.aspects_of("what is the correct order?") == ("steps",)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("who can tell me?", {"aspect": "regulator"}),
        ("are you really certain about this", {"aspect": "source"}),
        ("can you say that again", {"follow_up": "repeat"}),
        ("purple elephants dance on the moon", {"aspect": "other"}),
    ],
)
def test_what_follows_up_on_a_rule_stays_with_it(text, more):
    message = {"text": text, "intent": {"name": "nlu_fallback", "confidence": 0.5}, "entities": []}
    done = as_registration(message, TALK)
    assert done["intent"]["name"] == TALK
    assert done.items() >= more.items()
    assert as_registration(message, None) == message


@pytest.mark.parametrize(
    ("text", "asks"),
    [("what's PLAB?", True), ("ok and what is the GMC", True), ("what does PLAB stand for", True),
     ("what does PLAB cost", False), ("do I need PLAB?", False), ("what is a mentor", False)],
)  # fmt: skip
def test_a_question_what_a_name_means(text, asks):
    assert registration.asks_meaning(text, entities(text)) is asks


def test_a_story_with_a_nurse_in_it_is_asked_of_no_register():
    story = (
        "I'm a house officer in Enugu and want to tell somebody that I mixed up two charts last "
        "week, a nurse saw it in time and nothing happened to anybody, but I can't stop thinking "
        "about it and I lie awake until four, then I come late again, what is the right step now"
    )
    entities = [{"entity": "place", "value": "enugu", "start": 21, "end": 26}]
    message = parsed(story, "ask_stress_and_confidence", entities=entities)
    assert as_registration(message, None)["intent"]["name"] == "ask_stress_and_confidence"


def test_the_profession_that_is_named_first_and_by_its_longest_name_counts():
    assert registration.profession_of("I'm a dentist, may I be a dental nurse?") == "dentist"
    assert registration.profession_of("may a dental nurse work there?") == "allied_health"
    assert registration.called_of("may a dental nurse work there?") == "dental nurse"
    assert registration.profession_of("I finish my DPT in May") == "physiotherapist"
    assert registration.profession_of("is a sonographer on their list?") == "allied_health"


def test_only_a_profession_that_is_said_of_kin_is_theirs():
    assert registration.is_of_kin("my wife is a nurse")
    assert not registration.is_of_kin("I'm a nurse and my husband is in Ohio")
