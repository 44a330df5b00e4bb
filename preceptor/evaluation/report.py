"""The NLU report: how well the trained model reads the separate test sets."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from ruamel.yaml import YAML

from preceptor.conversation.protocols import protocols
from preceptor.evaluation.figures import calibration_error, share, write_report
from preceptor.evaluation.perturbations import in_long_story, paraphrased, with_typos
from preceptor.intents import FALLBACK, intents
from preceptor.rasa_ext.lean_imports import import_rasa
from preceptor.runtime.logs import configure_logging
from preceptor.runtime.models import choose_model
from preceptor.runtime.settings import Settings, load_settings, quiet_environment

OUT_OF_SCOPE = "out_of_scope"
REJECTED = frozenset({OUT_OF_SCOPE, FALLBACK})
TEST_SET = Path("tests/nlu")
EVERYDAY = Path("tests/nlu_everyday")
OTHER_LANGUAGES = Path("tests/nlu_languages")
TWO_QUESTIONS = Path("tests/two_questions.yml")
SAFETY = Path("tests/safety")
_CONFUSIONS_SHOWN = 12

Labelled = list[tuple[str, str]]
"""Messages with their intents."""
Dangers = list[tuple[str, str | None]]
"""Messages with their kind of danger, None for those that only look like one."""


@dataclass(frozen=True)
class Reading:
    """One test message: what it is, and how the model reads it.

    Attributes:
        text: The message.
        intent: Its intent by the test set.
        predicted: The intent that the advisor goes by.
        top: The classifier's best intent, whatever its confidence.
        confidence: How sure the classifier is of that, 0 to 1.
    """

    text: str
    intent: str
    predicted: str
    top: str
    confidence: float

    @property
    def outcome(self) -> str:
        """What it was read as; a message that was unclear counts as out of scope."""
        return OUT_OF_SCOPE if self.predicted in REJECTED else self.predicted

    @property
    def is_right(self) -> bool:
        """Whether it was read as what it is."""
        return self.outcome == self.intent

    @classmethod
    def of(cls, text: str, intent: str, parsed: Mapping[str, Any]) -> Reading:
        """Return the reading that Rasa's `Agent.parse_message` stands for."""
        best = next(each for each in parsed["intent_ranking"] if each["name"] != FALLBACK)
        return cls(text, intent, parsed["intent"]["name"], best["name"], best["confidence"])


def read_test_set(place: Path) -> Labelled:
    """Return the test messages and their intents of a folder or a file, in the order of files."""
    messages = []
    for path in sorted(place.rglob("*.yml")) if place.is_dir() else [place]:
        for block in YAML(typ="safe").load(path.read_text("utf-8"))["nlu"]:
            for line in block["examples"].splitlines():
                if line.startswith("- "):
                    messages.append((line[2:].strip(), block["intent"]))
    return messages


def read_dangers(folder: Path) -> Dangers:
    """Return the messages of `*.jsonl`, lines `{"text": …, "kind": …}`, in the order of files.

    Raises:
        ValueError: A line names a kind that no protocol has.
    """
    found: Dangers = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in filter(str.strip, path.read_text("utf-8").splitlines()):
            content = json.loads(line)
            if content["kind"] is not None and content["kind"] not in protocols():
                raise ValueError(f"{path.name}: there is no kind {content['kind']!r} of danger")
            found.append((content["text"], content["kind"]))
    return found


def danger_figures(
    messages: Dangers, parses: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return how dangers are seen, and the messages that were read wrongly.

    A danger is seen if its kind is what the message is read as, or stands in the rules' verdict
    beside a more urgent one, since the reply then deals with both. A message without a danger is
    a false alarm if it is read as any.
    """
    hits: dict[str | None, list[bool]] = {}
    errors = []
    for text, kind in messages:
        seen = kinds_of(parses[text])
        right = kind in seen if kind else not seen
        hits.setdefault(kind, []).append(right)
        if not right:
            errors.append({"text": text, "kind": kind, "seen": seen})
    by_kind = {kind: share(each) for kind, each in sorted(hits.items(), key=str) if kind}
    of_dangers = [hit for kind, each in hits.items() if kind for hit in each]
    figures = {
        "dangers": len(of_dangers),
        "safety_recall_of_dangers": share(of_dangers),
        "safety_recall_by_kind": by_kind,
        "look_alikes": len(hits.get(None, [])),
        "safety_false_alarms_of_look_alikes": share(not hit for hit in hits.get(None, [])),
    }
    return (figures if messages else {}), errors


def kinds_of(parsed: Mapping[str, Any]) -> list[str]:
    """Return the kinds of danger that the advisor deals with after a message."""
    seen = [parsed["intent"]["name"], *(parsed.get("safety") or ())]
    found = (protocols().of_intent(intent) for intent in dict.fromkeys(seen))
    return [protocol.kind for protocol in found if protocol is not None]


def variants(tests: Labelled) -> dict[str, Labelled]:
    """Return every fifth test message with typing noise, in other words and inside a story.

    Small talk and what isn't for the advisor are left out if nobody would write such a message:
    nobody puts a story around a greeting.
    """
    talk = {*intents().in_group("small_talk", "reaction"), OUT_OF_SCOPE}
    alarms = _alarms()
    some = tests[::5]
    questions = [(text, intent) for text, intent in some if intent not in talk]
    stories = [(t, i) for t, i in questions if i not in alarms and len(t.split()) <= 40]
    return {
        "accuracy_with_typos": [(with_typos(text), intent) for text, intent in some],
        "accuracy_paraphrased": [(paraphrased(text), intent) for text, intent in questions],
        "accuracy_in_long_stories": [(in_long_story(text), intent) for text, intent in stories],
    }


def _alarms() -> set[str]:
    """Return the intents of safety that are never a mere suggestion: emergencies and crises."""
    declared = intents()
    return {name for name in declared.in_group("safety") if not declared[name].offered}


def figures(readings: list[Reading]) -> dict[str, Any]:
    """Return the figures of a test set; shares between 0 and 1.

    `accuracy` counts an out-of-scope message as right if it is rejected, as out of scope or
    as unclear; every other message only if its intent is named. `false_rejection_rate` is the
    share of in-scope messages that are rejected. `expected_calibration_error` is taken over ten
    bins of the best intent's confidence (Naeini et al. 2015).
    """
    alarms, safe = _alarms(), set(intents().in_group("safety"))
    inside = [r for r in readings if r.intent != OUT_OF_SCOPE]
    outside = [r for r in readings if r.intent == OUT_OF_SCOPE]
    safety = [r for r in readings if r.intent in alarms]
    per_intent = scores(readings)
    return {
        "test_messages": len(readings),
        "accuracy": accuracy(readings),
        "macro_f1": sum(each["f1"] for each in per_intent.values()) / len(per_intent),
        "oos_recall": share(r.predicted in REJECTED for r in outside),
        "false_rejection_rate": share(r.predicted in REJECTED for r in inside),
        "unclear_rate": share(r.predicted == FALLBACK for r in inside),
        "safety_recall": share(r.predicted == r.intent for r in safety),
        "safety_kept_safe": share(r.predicted in safe for r in safety),
        "safety_false_alarm_rate": share(
            r.predicted in alarms for r in readings if r.intent not in alarms
        ),
        "expected_calibration_error": calibration_error(
            [r.confidence for r in readings], [r.top == r.intent for r in readings]
        ),
        "intents": per_intent,
    }


def accuracy(readings: Iterable[Reading]) -> float:
    """Return the share of messages that are read rightly, 0 if there are none."""
    return share(reading.is_right for reading in readings)


def scores(readings: list[Reading]) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and number of messages of each intent of the test set."""
    from sklearn.metrics import precision_recall_fscore_support

    actual = [r.intent for r in readings]
    names = sorted(set(actual))
    columns = precision_recall_fscore_support(
        actual, [r.outcome for r in readings], labels=names, zero_division=0
    )
    return {
        name: {
            "precision": float(precision),
            "recall": float(recall),
            "f1": float(f1),
            "messages": int(messages),
        }
        for name, precision, recall, f1, messages in zip(names, *columns, strict=True)
    }


def pair_figures(
    pairs: list[dict[str, Any]], parses: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the figures of messages with two questions, and those that are read wrongly.

    Args:
        pairs: Each a `text` with its `intents` in order.
        parses: How each text was parsed.
    """
    errors = []
    for pair in pairs:
        asked = [question["intent"] for question in parses[pair["text"]]["questions"]]
        if asked != list(pair["intents"]):
            errors.append({"text": pair["text"], "intents": pair["intents"], "found": asked})
    right = (len(pairs) - len(errors)) / len(pairs) if pairs else 0.0
    return {"two_question_messages": len(pairs), "both_intents_found": right}, errors


def language_figures(by_language: Mapping[str, list[Reading]]) -> dict[str, Any]:
    """Return the accuracy over all other languages, and in each."""
    return {
        "accuracy_in_other_languages": accuracy(r for each in by_language.values() for r in each),
        "languages": {
            name: {"messages": len(each), "accuracy": accuracy(each)}
            for name, each in by_language.items()
        },
    }


def _errors(readings: Iterable[Reading], **more: str) -> list[dict[str, Any]]:
    return [{**more, **asdict(reading)} for reading in readings if not reading.is_right]


def table(result: dict[str, Any]) -> str:
    """Return the report for people."""
    languages = result.get("languages", {})
    lines = [f"{'':24} {'precision':>9} {'recall':>7} {'F1':>7} {'messages':>9}"]
    lines += [
        f"{name:28} {s['precision']:5.3f} {s['recall']:7.3f} {s['f1']:7.3f} {s['messages']:9}"
        for name, s in result["intents"].items()
    ]
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
    lines += [
        f"safety_recall: {kind:17} {recall:.4f}"
        for kind, recall in result.get("safety_recall_by_kind", {}).items()
    ]
    wrong = Counter((each["intent"], each["predicted"]) for each in result["errors"])
    lines.append("\nMost often taken for another:")
    lines += [
        f"  {count:3} × {intent} read as {predicted}"
        for (intent, predicted), count in wrong.most_common(_CONFUSIONS_SHOWN)
    ]
    return "\n".join(lines)


def plot(readings: list[Reading], path: Path) -> None:
    """Draw the confusion of intents as a PNG; rejected messages share one column."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from sklearn.metrics import confusion_matrix

    actual, outcomes = [r.intent for r in readings], [r.outcome for r in readings]
    names = sorted({*actual, *outcomes})
    counts = confusion_matrix(actual, outcomes, labels=names)
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


async def parse_all(model: Path, texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return how each text is parsed; a text that stands in several test sets is parsed once."""
    import_rasa()
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    return {text: await agent.parse_message(text) for text in dict.fromkeys(texts)}


def make_report(settings: Settings) -> dict[str, Any]:
    """Measure the newest model on all test sets, print the figures and write them down.

    Raises:
        Complaint: There is no whole model.
    """
    model, _ = choose_model(settings)
    quiet_environment()
    configure_logging()
    tests = read_test_set(settings.home / TEST_SET)
    everyday = read_test_set(settings.home / EVERYDAY)
    foreign = {
        path.stem: read_test_set(path)
        for path in sorted((settings.home / OTHER_LANGUAGES).glob("*.yml"))
    }
    noisy = variants(tests)
    pairs = YAML(typ="safe").load((settings.home / TWO_QUESTIONS).read_text("utf-8"))["messages"]
    dangers = read_dangers(settings.home / SAFETY)
    labelled: list[Sequence[tuple[str, Any]]]
    labelled = [tests, everyday, *foreign.values(), *noisy.values(), dangers]
    texts = [text for each in labelled for text, _ in each] + [pair["text"] for pair in pairs]
    parses = asyncio.run(parse_all(model, texts))

    def readings_of(messages: Labelled) -> list[Reading]:
        return [Reading.of(text, intent, parses[text]) for text, intent in messages]

    readings, plain = readings_of(tests), readings_of(everyday)
    by_language = {name: readings_of(messages) for name, messages in foreign.items()}
    of_dangers, danger_errors = danger_figures(dangers, parses)
    of_pairs, pair_errors = pair_figures(pairs, parses)
    result = {
        **figures(readings),
        "single_split_rate": share(len(parses[text]["questions"]) > 1 for text, _ in tests),
        **of_pairs,
        **{name: accuracy(readings_of(messages)) for name, messages in noisy.items()},
        "accuracy_everyday": accuracy(plain),
        **language_figures(by_language),
        **of_dangers,
        "errors": _errors(readings),
        "everyday_errors": _errors(plain),
        "language_errors": [
            error for name, each in by_language.items() for error in _errors(each, language=name)
        ],
        "two_question_errors": pair_errors,
        "danger_errors": danger_errors,
    }
    path = write_report(settings.home, "nlu", result)
    plot(readings, path.with_name("nlu_confusion.png"))
    click.echo(table(result))
    click.echo(f"\nWritten to {path} and {path.with_name('nlu_confusion.png')}.")
    return result


@click.command("nlu-report")
def nlu_report() -> None:
    """Measure how well messages are understood."""
    make_report(load_settings())
