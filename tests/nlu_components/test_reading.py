"""Reading a message: in which order, what decides, and what each part of the result holds."""

import csv

import pytest

from preceptor.intents import intents
from preceptor.nlu.reading import Models, Reading, read
from tests.support.tiny_project import ROOT


@pytest.fixture
def reading(models, linker):
    """Reads a message with what was trained for the project."""
    return lambda text: read(text, models, linker)


def intent(found: Reading) -> str:
    return str(found.ranking[0]["name"])


def values(found: Reading, kind: str) -> list:
    return [entity["value"] for entity in found.entities if entity["entity"] == kind]


def test_a_length_is_not_cut_in_two(reading):
    for text in (
        "surgery in Kenya for three and a half months",
        "placements in Ghana for one and a half years",
    ):
        found = reading(text)
        assert len(found.questions) == 1 and intent(found) == "find_program", text


def test_two_questions_point_into_the_message(reading):
    text = "What does it cost, and which vaccines do I need?"
    found = reading(text)
    assert [q.intent for q in found.questions] == [
        "ask_cost_and_funding",
        "ask_health_and_safety",
    ]
    assert all(text[q.start : q.end] == q.text for q in found.questions)
    assert intent(found) == "ask_cost_and_funding"
    assert all(0 < q.confidence <= 1 for q in found.questions)


def test_a_greeting_is_left_aside(reading):
    found = reading("Good morning! What does it cost?")
    assert intent(found) == "ask_cost_and_funding" and len(found.questions) == 1


def test_danger_is_seen_in_the_untouched_text_whatever_else_is_read(reading):
    for text in (
        "what does it cost and how long is it? I can't breathe",
        "quiero una pasantía en Kenia. I can't breathe",
        "nataka kufanya mazoezi hospitalini, I can't breathe",
        "It was nice there. " * 300 + "I can't breathe. " + "It was nice there. " * 300,
        "(" * 3000 + " I can't breathe " + "(" * 3000,
    ):
        found = reading(text)
        assert found.safety == ("report_emergency",), text[:60]
        assert intent(found) == "report_emergency"
        assert {question.intent for question in found.questions} <= {"report_emergency"}


def test_a_reading_as_urgent_as_the_rules_stays(reading):
    found = reading("I want to die and I have a rash")
    assert found.safety[0] == "express_crisis" and intent(found) == "express_crisis"


def test_a_message_in_another_language_is_read_by_its_own_classifier(reading, models, monkeypatch):
    monkeypatch.setattr(type(models.intents), "probabilities", None)
    found = reading("¿Cuánto cuesta una pasantía de cirugía en Perú?")
    assert found.language == "es" and intent(found) == "ask_cost_and_funding"
    assert found.gloss is not None and "Peru" in found.gloss.split()
    assert values(found, "country") == ["PE"]


def test_places_alone_change_a_search_in_any_language(reading):
    assert intent(reading("¿y en Kenia?")) == "refine_search"
    assert intent(reading("Kenya")) == "refine_search"


def test_a_language_that_is_not_known_is_declined(reading):
    found = reading("मुझे इंटर्नशिप करनी है")
    assert found.language == "hi" and intent(found) == "out_of_scope"
    assert found.ranking[0]["kind"] == "other_languages"


def test_english_has_no_language_and_no_gloss(reading):
    found = reading("What does it cost?")
    assert (found.language, found.gloss) == (None, None)


def test_names_in_a_foreign_tongue_are_no_foreign_language(reading):
    assert reading("electives in Addis Ababa, Dar es Salaam or Antananarivo").language is None


def countries() -> list[str]:
    with (ROOT / "catalogue" / "countries.csv").open(encoding="utf-8", newline="") as stream:
        return [row["name"] for row in csv.DictReader(stream)]


def test_an_internship_in_any_country_is_a_search_there(reading):
    wrong = {}
    for name in countries():
        found = reading(f"internship in {name}")
        if intent(found) != "find_program" or not values(found, "country"):
            wrong[name] = intent(found)
    assert wrong == {}


@pytest.mark.parametrize("name", ["Cuba", "NZ", "日本", "Кения", "كينيا"])
def test_so_it_is_by_other_names(reading, name):
    found = reading(f"internship in {name}")
    assert intent(found) == "find_program" and values(found, "country")


def test_what_a_rule_decides_keeps_the_confidence_of_the_classifier(reading):
    found = reading("Kenya")
    others = {each["name"]: each["confidence"] for each in found.ranking}
    assert sum(others.values()) <= 1 + 1e-6
    assert found.ranking[1:] == sorted(found.ranking[1:], key=lambda each: -each["confidence"])


def test_without_a_catalogue_messages_are_read_all_the_same(models):
    found = read("What does it cost to go to Kenya?", models, None)
    assert intent(found) == "ask_cost_and_funding" and not values(found, "country")


def test_every_intent_that_is_trained_is_declared(models: Models):
    assert set(models.roles.names) == {name for name, i in intents().items() if i.trained}
