"""The answers report: its questions, labels and figures."""

import json

import pytest

from preceptor.evaluation.answers import LABELS, Outcome, figures, read_questions, wrong
from preceptor.knowledge.store import check_answers
from tests.support.tiny_project import ROOT

FOLDER = ROOT / "tests" / "answers"
PARTS = {"registration", "search", "safety"}


def outcome(text: str, right: str = "", given: str = "", **more) -> Outcome:
    values = {
        "unknown": False, "uncovered": None, "ranked": (given,), "confidence": 0.9, "words": 50,
    }  # fmt: skip
    return Outcome(
        text=text, right=tuple(right.split()), given=tuple(given.split()), **{**values, **more}
    )


def test_every_question_has_a_label_and_every_label_names_answers_that_there_are():
    texts = [
        json.loads(line)["text"]
        for path in FOLDER.glob("*.jsonl")
        if path.name != LABELS
        for line in path.read_text("utf-8").splitlines()
    ]
    labels = read_questions(FOLDER)
    assert len(labels) == len(set(texts)) >= 700
    answers, _ = check_answers(ROOT / "knowledge")
    known = {answer.id for answer in answers} | PARTS
    assert {id for label in labels for id in label.get("answers", ())} <= known


def test_a_line_that_is_no_label_is_refused(tmp_path):
    (tmp_path / LABELS).write_text('{"text": "What now?"}\n', "utf-8")
    with pytest.raises(ValueError, match="line 1"):
        read_questions(tmp_path)


def test_figures_count_answers_and_silence():
    outcomes = [
        outcome("right", right="a/a b/b", given="b/b"),
        outcome("wrong", right="a/a", given="c/c", ranked=("c/c", "a/a")),
        outcome("silent", right="a/a", ranked=("c/c", "d/d"), confidence=0.1),
        outcome("unknown and silent", unknown=True, confidence=0.0),
        outcome("unknown and declined", right="limits/x", given="limits/x", unknown=True),
        outcome("unknown and answered", given="a/a", unknown=True),
        outcome("missing and silent", uncovered="visas", confidence=0.0),
    ]
    values = figures(outcomes)
    assert (values["questions"], values["answerable"]) == (7, 3)
    assert values["right_answer"] == pytest.approx(1 / 3)
    assert values["right_in_three"] == pytest.approx(2 / 3)
    assert values["wrong_answer"] == pytest.approx(1 / 3)
    assert values["unknown_recall"] == pytest.approx(2 / 3)
    assert values["unknown_precision"] == pytest.approx(3 / 4)
    assert values["uncovered"] == {"visas": 1}
    assert [o.text for o in wrong(outcomes)] == ["wrong", "silent", "unknown and answered"]
