"""The rule layer of safety, and mended typos."""

import pytest

from preceptor.nlu.safety import alarms, confirmed, least_confidence
from preceptor.nlu.spelling import Mender, is_english


@pytest.mark.parametrize(
    "text",
    [
        "my chest hurts and my arm is numb",
        "my dad has crushing chest pain",
        "I can't breathe",
        "i cant breahte",
        "she is unconscious",
        "he's not breathing!!",
        "my friend took a whole bottle of pills",
        "someone is having a seizure",
        "her face is drooping and her speech is slurred",
        "bleeding won't stop",
        "call an ambulance",
        "my throat is swelling",
        "he just collapsed",
        "HELP SHE IS CHOKING",
        "i overdosed",
        "bitten by a snake",
    ],
)
def test_emergencies_are_seen(text):
    assert alarms(text)[:1] == ["report_emergency"]


@pytest.mark.parametrize(
    "text",
    [
        "I want to die",
        "i want to kill myself",
        "thinking of suicde",
        "I don't want to live anymore",
        "i'd be better off dead",
        "no reason to live",
        "I keep cutting myself",
        "I want to end it all",
        "everyone would be better off without me",
        "i wish i was never born",
        "it would be a brighter place with me gone",
        "life would be easier for them once I'm gone",
        "the ward would be a calmer place without me",
    ],
)
def test_crises_are_seen(text):
    assert "express_crisis" in alarms(text)


@pytest.mark.parametrize(
    "text",
    ["I have a rash", "should I take ibuprofen", "my stomach hurts", "do I have malaria"],
)
def test_own_symptoms_are_seen(text):
    assert "describe_own_symptoms" in alarms(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm dying to go to Bali",
        "this exam is killing me",
        "emergency medicine elective in Cape Town",
        "how do I deal with a suicidal patient",
        "suicide prevention placement",
        "it breaks my heart to leave",
        "I'm drowning in paperwork",
        "she stabbed me in the back",
        "I want to learn how to treat a stroke on my rotation",
        "which vaccines do I need",
        "should I take malaria tablets before I go to Kenya",
        "why should I do an internship",
        "4 week surgery placement in Kenya under 2000 usd",
        "my colleague is a pain in the neck",
        "high schooler here, may schoolers shadow a surgeon",
        "I left nursing for an office and I miss the ambulance",
        "en la planta me tocó una enfermera muy paciente",
        "",
    ],
)
def test_ordinary_sentences_raise_no_alarm(text):
    seen = set(alarms(text))
    assert not seen & {"report_emergency", "express_crisis"}
    if "malaria" not in text:
        assert not seen


def test_the_most_urgent_alarm_comes_first():
    assert alarms("i took all my pills, i want to die") == ["report_emergency", "express_crisis"]


def test_an_alarm_inside_a_long_story_is_seen():
    story = "We had a lovely time on the ward and saw many patients. " * 60
    assert alarms(f"{story} Now my roommate can't breathe. {story}") == ["report_emergency"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [("kenya", "kenya"), ("kneya", "kenya"), ("keny", None), ("tanzaniya", "tanzania"),
     ("women", None), ("xkenya", None), ("omann", None), ("kenya2", None)],
)  # fmt: skip
def test_misspelt_words_are_mended_towards_the_vocabulary(word, meant):
    assert Mender(["kenya", "tanzania", "oman"]).mend(word) == meant


def test_the_english_word_list_knows_words():
    assert is_english("woman") and not is_english("tanzaniya")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("stuck myself with a needle", "report_exposure"),
        ("blood splashed in my eye", "report_exposure"),
        ("bitten by a dog in Bali", "report_exposure"),
        ("fever since I came back from Ghana", "report_fever"),
        ("I was raped last night in Accra", "report_assault"),
        ("he put his hand on my leg", "report_assault"),
        ("they want me to intubate alone now, I've never done it", "report_beyond_competence"),
        ("me he pinchado con una aguja", "report_exposure"),
        ("emergency number in Burkina Faso", "ask_who_to_call"),
    ],
)
def test_dangers_at_work_are_seen(text, intent):
    assert intent in alarms(text)


@pytest.mark.parametrize(
    ("text", "intent", "least", "most"),
    [
        ("what a day", "report_fever", 0.1, 0.79),
        ("I was touched by how kind they were", "report_assault", 0.6, 1),
        ("MCQ: a man is stabbed, what is first", "report_emergency", 1.1, 9),
        ("anything", "describe_own_symptoms", 0, 1),
    ],
)
def test_a_danger_that_only_the_classifier_suspects_must_be_sure(text, intent, least, most):
    assert least <= least_confidence(text, intent) <= most


def test_words_of_other_languages_are_not_mended_towards_a_danger():
    assert alarms("in welchem Semester macht man das am besten") == []


def test_what_a_rule_sees_stays_unless_the_classifier_rules_danger_out():
    text = "drowning in admin before my elective in May"
    assert confirmed(text, ["report_emergency"], {text: 0.2}) == ["report_emergency"]
    assert confirmed(text, ["report_emergency"], {text: 0.01}) == []
    assert confirmed("she is drowning", ["report_emergency"], {"she is drowning": 0.01}) == [
        "report_emergency"
    ]
    assert confirmed(text, ["express_crisis"], {text: 0.0}) == ["express_crisis"]


def test_somebody_who_faints_at_the_sight_of_blood_is_in_no_danger_now():
    assert alarms("she faints when she sees blood") == []
    assert alarms("she fainted and there is blood everywhere") == ["report_emergency"]


def test_me_toco_with_a_part_of_the_body_is_seen():
    assert "report_assault" in alarms("el jefe de servicio me tocó el pecho en el ascensor")
