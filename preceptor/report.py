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

from preceptor.logs import configure_logging
from preceptor.settings import Complaint, Settings, load_settings, quiet_environment

REJECTED = frozenset({"out_of_scope", "nlu_fallback"})
SAFETY = frozenset({"report_emergency", "express_crisis"})
TEST_SET = Path("tests/nlu")
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


def read_test_set(folder: Path) -> list[tuple[str, str]]:
    """Return the test messages and their intents, in the order of the files."""
    found = []
    for path in sorted(folder.rglob("*.yml")):
        for block in YAML(typ="safe").load(path.read_text("utf-8"))["nlu"]:
            for line in block["examples"].splitlines():
                if line.startswith("- "):
                    found.append((line[2:].strip(), block["intent"]))
    return found


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
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    return [await agent.parse_message(text) for text in texts]


def make_report(settings: Settings) -> dict[str, Any]:
    """Measure the newest model on the test set and on the two-question messages.

    Raises:
        Complaint: there is no trained model.
    """
    model = settings.newest_model()
    if model is None:
        raise Complaint("There is no trained model; run `make train` first.")
    quiet_environment()
    configure_logging()
    tests = read_test_set(settings.home / TEST_SET)
    pairs = YAML(typ="safe").load((settings.home / TWO_QUESTIONS).read_text("utf-8"))["messages"]
    parsed = asyncio.run(_parse_all(model, [t for t, _ in tests] + [p["text"] for p in pairs]))
    readings = [_reading(t, i, p) for (t, i), p in zip(tests, parsed, strict=False)]
    result = figures(readings)
    found = [
        [q["intent"] for q in p["questions"]] == list(pair["intents"])
        for pair, p in zip(pairs, parsed[len(tests) :], strict=True)
    ]
    result["two_question_messages"] = len(pairs)
    result["both_intents_found"] = _share(found)
    wrong = [r for r in readings if not _right(r)]
    result["errors"] = [vars(r) for r in wrong]
    result["two_question_errors"] = [
        {"text": pair["text"], "intents": pair["intents"],
         "found": [q["intent"] for q in p["questions"]]}
        for pair, p, right in zip(pairs, parsed[len(tests) :], found, strict=True)
        if not right
    ]  # fmt: skip
    folder = settings.home / "reports"
    folder.mkdir(exist_ok=True)
    (folder / "nlu.json").write_text(json.dumps(result, indent=2, ensure_ascii=False), "utf-8")
    plot(readings, folder / "nlu_confusion.png")
    click.echo(table(result, wrong))
    click.echo(f"\nWritten to {folder / 'nlu.json'} and {folder / 'nlu_confusion.png'}.")
    return result


@click.command("nlu-report")
def nlu_report() -> None:
    """Measure the trained model on the separate test set (tests/nlu)."""
    make_report(load_settings())
