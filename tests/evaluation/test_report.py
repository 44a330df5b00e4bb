"""The NLU report's figures, on a few messages whose figures are known."""

import pytest

from preceptor.evaluation.figures import calibration_error
from preceptor.evaluation.report import (
    Reading,
    accuracy,
    danger_figures,
    figures,
    language_figures,
    pair_figures,
    plot,
    read_dangers,
    read_test_set,
    scores,
    table,
    variants,
)


def reading(intent: str, predicted: str, confidence: float = 0.9, top: str = "") -> Reading:
    return Reading("words", intent, predicted, top or predicted, confidence)


READINGS = [
    reading("greet", "greet"),
    reading("greet", "greet"),
    reading("greet", "thank"),
    reading("thank", "nlu_fallback", 0.2, top="thank"),
    reading("out_of_scope", "nlu_fallback", 0.1, top="greet"),
    reading("out_of_scope", "greet", 0.6),
    reading("express_crisis", "report_emergency"),
    reading("report_emergency", "report_emergency"),
]


def test_a_message_is_read_by_its_intent_and_the_classifiers_best_beside_the_fallback() -> None:
    parsed = {
        "intent": {"name": "nlu_fallback", "confidence": 0.7},
        "intent_ranking": [
            {"name": "nlu_fallback", "confidence": 0.7},
            {"name": "thank", "confidence": 0.3},
        ],
    }
    read = Reading.of("ta", "thank", parsed)
    assert (read.predicted, read.top, read.confidence) == ("nlu_fallback", "thank", 0.3)
    assert read.outcome == "out_of_scope" and not read.is_right
    assert Reading.of("the weather?", "out_of_scope", parsed).is_right


def test_accuracy_counts_rejections_for_what_is_out_of_scope_alone() -> None:
    assert accuracy(READINGS) == 4 / 8
    assert accuracy([]) == 0


def test_the_figures_of_a_test_set() -> None:
    result = figures(READINGS)
    assert result["test_messages"] == 8
    assert result["oos_recall"] == 1 / 2
    assert result["false_rejection_rate"] == result["unclear_rate"] == 1 / 6
    assert result["safety_recall"] == 1 / 2
    assert result["safety_kept_safe"] == 1
    assert result["safety_false_alarm_rate"] == 0
    assert result["macro_f1"] == pytest.approx((2 / 3 + 0 + 1 / 2 + 0 + 2 / 3) / 5)


def test_what_is_read_as_an_alarm_and_is_none_is_a_false_alarm() -> None:
    more = [*READINGS, reading("greet", "express_crisis"), reading("greet", "report_emergency")]
    assert figures(more)["safety_false_alarm_rate"] == 2 / 8


def test_precision_recall_and_f1_of_each_intent() -> None:
    of_greet = scores(READINGS)["greet"]
    assert of_greet == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3,
                                      "messages": 3})  # fmt: skip
    # Never named: precision is nought and not an error.
    assert scores(READINGS)["express_crisis"]["precision"] == 0
    # The fallback counts as out of scope: named twice, once rightly.
    assert scores(READINGS)["out_of_scope"]["precision"] == 1 / 2


def test_the_calibration_error_is_the_weighed_gap_of_each_bin() -> None:
    assert calibration_error([0.95, 0.95], [True, False]) == pytest.approx(0.45)
    assert calibration_error([0.25], [False]) == pytest.approx(0.25)
    together = calibration_error([0.95, 0.95, 0.25], [True, False, False])
    assert together == pytest.approx((2 * 0.45 + 0.25) / 3)
    # Full confidence has a place in the last bin.
    assert calibration_error([1.0], [True]) == 0
    assert calibration_error([], []) == 0


def test_both_questions_must_be_found_in_order() -> None:
    pairs = [
        {"text": "a", "intents": ["ask_visa", "ask_timing"]},
        {"text": "b", "intents": ["ask_visa", "ask_timing"]},
    ]
    parses = {
        "a": {"questions": [{"intent": "ask_visa"}, {"intent": "ask_timing"}]},
        "b": {"questions": [{"intent": "ask_timing"}, {"intent": "ask_visa"}]},
    }
    result, errors = pair_figures(pairs, parses)
    assert result == {"two_question_messages": 2, "both_intents_found": 0.5}
    assert errors == [{**pairs[1], "found": ["ask_timing", "ask_visa"]}]


def test_languages_are_counted_apart_and_together() -> None:
    result = language_figures(
        {"de": [reading("greet", "greet")], "fr": [reading("greet", "thank")] * 3}
    )
    assert result["accuracy_in_other_languages"] == 1 / 4
    assert result["languages"]["fr"] == {"messages": 3, "accuracy": 0}


def test_test_sets_are_read_in_the_order_of_files(tmp_path) -> None:
    for name, intent in (("b.yml", "thank"), ("a.yml", "greet")):
        (tmp_path / name).write_text(
            f"nlu:\n- intent: {intent}\n  examples: |\n    - one\n    - 2\n"
        )
    expected = [("one", "greet"), ("2", "greet"), ("one", "thank"), ("2", "thank")]
    assert read_test_set(tmp_path) == expected
    assert read_test_set(tmp_path / "a.yml") == expected[:2]


def test_small_talk_gets_typing_noise_and_nothing_around_it() -> None:
    tests = [("hello there", "greet")] * 5 + [("how do i get a visa for ghana", "ask_visa")] * 5
    made = variants(tests)
    assert [len(each) for each in made.values()] == [2, 1, 1]
    assert all(intent == "ask_visa" for _, intent in made["accuracy_in_long_stories"])


def test_people_get_a_table_and_the_worst_confusions(tmp_path) -> None:
    result = {**figures(READINGS), "errors": [{"intent": "greet", "predicted": "thank"}] * 2}
    lines = table(result).splitlines()
    (greet,) = [line for line in lines if line.startswith("greet ")]
    assert greet.split() == ["greet", "0.667", "0.667", "0.667", "3"]
    assert "accuracy                     0.5000" in lines
    assert lines[-1] == "    2 × greet read as thank"
    plot(READINGS, tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").stat().st_size > 10_000


def parsed_as(intent: str, *seen: str) -> dict:
    return {"intent": {"name": intent}, "safety": list(seen)}


def test_dangers_are_counted_by_kind_and_look_alikes_apart() -> None:
    messages = [("a", "crisis"), ("b", "crisis"), ("c", "exposure"), ("d", None), ("e", None)]
    parses = {
        "a": parsed_as("express_crisis"),
        "b": parsed_as("ask_stress_and_confidence"),
        "c": parsed_as("report_emergency", "report_exposure"),
        "d": parsed_as("ask_who_to_call", "ask_who_to_call"),
        "e": parsed_as("report_fever", "report_fever"),
    }
    result, errors = danger_figures(messages, parses)
    assert result["safety_recall_by_kind"] == {"crisis": 1 / 2, "exposure": 1}
    assert result["safety_recall_of_dangers"] == 2 / 3
    assert result["safety_false_alarms_of_look_alikes"] == 1 / 2
    assert [error["text"] for error in errors] == ["b", "e"]
    assert danger_figures([], {}) == ({}, [])


def test_a_file_of_dangers_names_kinds_that_there_are(tmp_path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text('{"text": "help", "kind": "crisis"}\n\n{"text": "hi", "kind": null}\n')
    assert read_dangers(tmp_path) == [("help", "crisis"), ("hi", None)]
    path.write_text('{"text": "help", "kind": "earthquake"}')
    with pytest.raises(ValueError, match="earthquake"):
        read_dangers(tmp_path)
