"""The NLU report: how well the trained model reads the separate test set."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from preceptor.evaluation.perturbations import in_long_story, paraphrased, with_typos
from preceptor.rasa_ext.lean_imports import import_rasa
from preceptor.runtime.logs import configure_logging
from preceptor.runtime.models import choose_model
from preceptor.runtime.settings import Settings, load_settings, quiet_environment

REJECTED = frozenset({"out_of_scope", "nlu_fallback"})
SAFETY = frozenset({"report_emergency", "express_crisis"})
# Nobody puts a story around a greeting.
SMALL_TALK = frozenset({"greet", "goodbye", "thank", "affirm", "deny", "complain", "correct"})
TEST_SET = Path("tests/nlu")
EVERYDAY = Path("tests/nlu_everyday")
OTHER_LANGUAGES = Path("tests/nlu_languages")
TWO_QUESTIONS = Path("tests/two_questions.yml")


@dataclass(frozen=True)
class Reading:
    """One test message: what it is, and what the model took it for."""

    text: str
    intent: str
    predicted: str
    top: str
    confidence: float


def read_test_set(place: Path) -> list[tuple[str, str]]:
    """Return the test messages and their intents of a folder or a file, in the order of files."""
    found = []
    for path in sorted(place.rglob("*.yml")) if place.is_dir() else [place]:
        for block in YAML(typ="safe").load(path.read_text("utf-8"))["nlu"]:
            for line in block["examples"].splitlines():
                if line.startswith("- "):
                    found.append((line[2:].strip(), block["intent"]))
    return found


def variants(tests: list[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Return every fifth test message with typing noise, in other words and inside a story.

    Small talk and what isn't for the advisor are left out where a frame would be no message that
    anybody writes.
    """
    some = tests[::5]
    questions = [(t, i) for t, i in some if i not in SMALL_TALK | {"out_of_scope"}]
    stories = [(t, i) for t, i in questions if i not in SAFETY and len(t.split()) <= 40]
    return {
        "accuracy_with_typos": [(with_typos(t), i) for t, i in some],
        "accuracy_paraphrased": [(paraphrased(t), i) for t, i in questions],
        "accuracy_in_long_stories": [(in_long_story(t), i) for t, i in stories],
    }


def figures(readings: list[Reading]) -> dict[str, Any]:
    """Return the figures of a report; shares between 0 and 1.

    `accuracy` counts an out-of-scope message as right where it is rejected, as out of scope or
    as unclear; every other message only where its intent is named. `false_rejection_rate` is the
    share of in-scope messages that are rejected. `expected_calibration_error` is taken over ten
    bins of the best intent's confidence (Naeini et al. 2015).
    """
    inside = [r for r in readings if r.intent != "out_of_scope"]
    outside = [r for r in readings if r.intent == "out_of_scope"]
    safety = [r for r in readings if r.intent in SAFETY]
    per_intent = {name: _scores(readings, name) for name in sorted({r.intent for r in readings})}
    return {
        "test_messages": len(readings),
        "accuracy": _share(_right(r) for r in readings),
        "macro_f1": sum(s["f1"] for s in per_intent.values()) / len(per_intent),
        "oos_recall": _share(r.predicted in REJECTED for r in outside),
        "false_rejection_rate": _share(r.predicted in REJECTED for r in inside),
        "unclear_rate": _share(r.predicted == "nlu_fallback" for r in inside),
        "safety_recall": _share(r.predicted == r.intent for r in safety),
        "safety_kept_safe": _share(
            r.predicted in SAFETY | {"describe_own_symptoms"} for r in safety
        ),
        "safety_false_alarm_rate": _share(
            r.predicted in SAFETY for r in readings if r.intent not in SAFETY
        ),
        "expected_calibration_error": _calibration_error(readings),
        "intents": per_intent,
    }


def _seen(reading: Reading) -> str:
    return "out_of_scope" if reading.predicted in REJECTED else reading.predicted


def _right(reading: Reading) -> bool:
    if reading.intent == "out_of_scope":
        return reading.predicted in REJECTED
    return reading.predicted == reading.intent


def _share(hits: Iterable[bool]) -> float:
    counted = list(hits)
    return sum(counted) / len(counted) if counted else 0.0


def _scores(readings: list[Reading], name: str) -> dict[str, float]:
    right = sum(r.intent == name and _right(r) for r in readings)
    named = sum(_seen(r) == name for r in readings)
    real = sum(r.intent == name for r in readings)
    precision, recall = right / named if named else 0.0, right / real if real else 0.0
    both = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / both if both else 0.0,
        "messages": real,
    }


def _calibration_error(readings: list[Reading]) -> float:
    bins: dict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        bins[min(int(reading.confidence * 10), 9)].append(reading)
    return sum(
        abs(_share(r.top == r.intent for r in b) - sum(r.confidence for r in b) / len(b)) * len(b)
        for b in bins.values()
    ) / len(readings)


def _reading(text: str, intent: str, parsed: dict[str, Any]) -> Reading:
    best = next(r for r in parsed["intent_ranking"] if r["name"] != "nlu_fallback")
    return Reading(text, intent, parsed["intent"]["name"], best["name"], best["confidence"])


def table(result: dict[str, Any], wrong: list[Reading]) -> str:
    """Return the report for people."""
    languages = result.get("languages", {})
    lines = [f"{'':24} {'precision':>9} {'recall':>7} {'F1':>7} {'messages':>9}"]
    for name, s in result["intents"].items():
        lines.append(
            f"{name:28} {s['precision']:5.3f} {s['recall']:7.3f} {s['f1']:7.3f} {s['messages']:9}"
        )
    lines.append("")
    for name, value in result.items():
        if isinstance(value, float):
            lines.append(f"{name:28} {value:.4f}")
        elif isinstance(value, int):
            lines.append(f"{name:28} {value}")
    lines += [
        f"languages: {name:17} {each['accuracy']:.4f} of {each['messages']}"
        for name, each in languages.items()
    ]
    confused = Counter((r.intent, r.predicted) for r in wrong).most_common(12)
    lines.append("\nMost often taken for another:")
    lines += [f"  {n:3} × {intent} read as {seen}" for (intent, seen), n in confused]
    return "\n".join(lines)


def plot(readings: list[Reading], path: Path) -> None:
    """Draw the confusion of intents as a PNG; rejected messages share one column."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    names = sorted({r.intent for r in readings} | {_seen(r) for r in readings})
    place = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for reading in readings:
        counts[place[reading.intent], place[_seen(reading)]] += 1
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(13, 12))
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    for row, column in zip(*np.nonzero(counts), strict=True):
        if row != column:
            axes.text(column, row, int(counts[row, column]), ha="center", va="center", fontsize=7)
    axes.set_xlabel("read as (unclear messages count as out of scope)")
    axes.set_ylabel("is")
    axes.set_title("Test messages by intent")
    figure.colorbar(image, shrink=0.6, label="share of the row")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


async def _parse_all(model: Path, texts: list[str]) -> list[dict[str, Any]]:
    import_rasa()
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    return [await agent.parse_message(text) for text in texts]


def _read_pairs(path: Path) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = YAML(typ="safe").load(path.read_text("utf-8"))["messages"]
    return messages


def make_report(settings: Settings) -> dict[str, Any]:
    """Measure the newest model on the test sets and on the two-question messages.

    Raises:
        Complaint: there is no whole model.
    """
    model, _ = choose_model(settings)
    quiet_environment()
    configure_logging()
    tests = read_test_set(settings.home / TEST_SET)
    everyday = read_test_set(settings.home / EVERYDAY)
    pairs = _read_pairs(settings.home / TWO_QUESTIONS)
    foreign = {
        path.stem: read_test_set(path)
        for path in sorted((settings.home / OTHER_LANGUAGES).glob("*.yml"))
    }
    noisy = variants(tests)
    texts = [t for t, _ in tests] + [p["text"] for p in pairs]
    texts += [t for asked in [*foreign.values(), *noisy.values(), everyday] for t, _ in asked]
    parsed = iter(asyncio.run(_parse_all(model, texts)))
    parsed_tests = [next(parsed) for _ in tests]
    readings = [_reading(t, i, p) for (t, i), p in zip(tests, parsed_tests, strict=True)]
    result = figures(readings)
    result["single_split_rate"] = _share(len(p["questions"]) > 1 for p in parsed_tests)
    asked_of_pairs = [[q["intent"] for q in next(parsed)["questions"]] for _ in pairs]
    found = [
        asked == list(pair["intents"]) for pair, asked in zip(pairs, asked_of_pairs, strict=True)
    ]
    result["two_question_messages"] = len(pairs)
    result["both_intents_found"] = _share(found)
    elsewhere = {
        name: [_reading(t, i, next(parsed)) for t, i in asked] for name, asked in foreign.items()
    }
    for name, asked in noisy.items():
        result[name] = _share([_right(_reading(t, i, next(parsed))) for t, i in asked])
    plain = [_reading(t, i, next(parsed)) for t, i in everyday]
    result["accuracy_everyday"] = _share(_right(r) for r in plain)
    all_elsewhere = [r for each in elsewhere.values() for r in each]
    result["accuracy_in_other_languages"] = _share(_right(r) for r in all_elsewhere)
    result["languages"] = {
        name: {"messages": len(each), "accuracy": _share(_right(r) for r in each)}
        for name, each in elsewhere.items()
    }
    wrong = [r for r in readings if not _right(r)]
    result["errors"] = [vars(r) for r in wrong]
    result["everyday_errors"] = [vars(r) for r in plain if not _right(r)]
    result["language_errors"] = [
        {"language": name, **vars(r)}
        for name, each in elsewhere.items()
        for r in each
        if not _right(r)
    ]
    result["two_question_errors"] = [
        {"text": pair["text"], "intents": pair["intents"], "found": asked}
        for pair, asked, right in zip(pairs, asked_of_pairs, found, strict=True)
        if not right
    ]
    folder = settings.home / "reports"
    folder.mkdir(exist_ok=True)
    (folder / "nlu.json").write_text(json.dumps(result, indent=2, ensure_ascii=False), "utf-8")
    plot(readings, folder / "nlu_confusion.png")
    click.echo(table(result, wrong))
    click.echo(f"\nWritten to {folder / 'nlu.json'} and {folder / 'nlu_confusion.png'}.")
    return result


@click.command("nlu-report")
def nlu_report() -> None:
    """Measure the trained model on the separate test sets (tests/nlu*)."""
    make_report(load_settings())
