"""How well and how fast intents are read, compared with published systems and Rasa's own.

`make bench-nlu` runs it. The public data lie beside the project (`../shared/benchmarks`) and are
read there. Nothing is tuned here: the options are the advisor's own
(`preceptor.nlu.intents.classifier.DEFAULTS`), and test questions are read once, at the end.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import scipy.sparse
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC

from benchmarks.rasa_default import RasaResult, train_and_read
from benchmarks.report import ROOT, machine, machine_line, table, write_json, write_section
from preceptor.evaluation.report import TEST_SET, TWO_QUESTIONS, read_test_set
from preceptor.nlu.intents.classifier import DEFAULTS, IntentReader
from preceptor.nlu.intents.features import InParts, Ngrams, meaning
from preceptor.runtime.settings import load_settings, quiet_environment

DATA = ROOT.parent / "shared" / "benchmarks"
SHOTS, SEEDS = 10, (0, 1, 2)
FALSE_REJECTIONS = 0.03
# Of the energy; chosen among 4, 8, 12 and 16 on validation questions.
SHARPNESS = 4.0
# Accuracy in percent, from the data's README: Casanueva et al. 2020, "Efficient Intent Detection
# with Dual Sentence Encoders".
PUBLISHED = {
    "USE + classifier (Casanueva 2020)": (92.81, 84.23, 95.06, 90.85),
    "USE+ConveRT (Casanueva 2020)": (93.36, 85.19, 97.16, 93.26),
    "BERT-large fine-tuned (Casanueva 2020)": (93.66, None, None, None),
}
COLUMNS = ("banking77_full", "banking77_10shot", "clinc150_full", "clinc150_10shot")
HEADS = ("BANKING77 full", "BANKING77 10-shot", "CLINC150 full", "CLINC150 10-shot")


@dataclass(frozen=True)
class Questions:
    """Questions with their intents."""

    texts: list[str]
    labels: list[str]

    def __add__(self, other: Questions) -> Questions:
        return Questions(self.texts + other.texts, self.labels + other.labels)

    def some(self, seed: int, shots: int = SHOTS) -> Questions:
        """Return so many questions of each intent, drawn with a fixed seed."""
        random = np.random.default_rng(seed)
        labels = np.array(self.labels)
        chosen = np.concatenate(
            [
                random.choice(np.flatnonzero(labels == name), shots, replace=False)
                for name in sorted(set(self.labels))
            ]
        )
        return Questions([self.texts[i] for i in chosen], [self.labels[i] for i in chosen])

    def names(self) -> Questions:
        """Return each intent's name in words, as a question of that intent."""
        labels = sorted(set(self.labels))
        return Questions([name.replace("_", " ").strip("? ") for name in labels], labels)


def banking(data: Path) -> tuple[Questions, Questions]:
    """Return BANKING77's training and test questions."""
    found = []
    for part in ("train", "test"):
        with (data / f"banking77_{part}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found.append(Questions([r["text"] for r in rows], [r["category"] for r in rows]))
    return found[0], found[1]


def clinc(data: Path) -> dict[str, Questions]:
    """Return the parts of CLINC150."""
    parts = json.loads((data / "clinc150_full.json").read_text("utf-8"))
    return {
        name: Questions([text for text, _ in rows], [label for _, label in rows])
        for name, rows in parts.items()
    }


_vectors: dict[str, np.ndarray] = {}


def vectors(texts: list[str]) -> np.ndarray:
    """Return the encoders' vectors of texts, computed once per text: many systems read the same."""
    new = [text for text in dict.fromkeys(texts) if text not in _vectors]
    if new:
        _vectors.update(zip(new, meaning(new, DEFAULTS["encoders"]), strict=True))
    return np.stack([_vectors[text] for text in texts])


Predict = Callable[[list[str]], list[str]]
Fit = Callable[[Questions], Predict]


def ours(train: Questions) -> Predict:
    """Train the advisor's reader on the questions and the intents' names."""
    return _best(reader(train + train.names()))


def ours_without_names(train: Questions) -> Predict:
    """Train the advisor's reader on the questions alone."""
    return _best(reader(train))


def reader(train: Questions) -> IntentReader:
    """Train the advisor's reader with its own options."""
    return IntentReader.fit(train.texts, train.labels)


def _best(trained: IntentReader) -> Predict:
    def predict(texts: list[str]) -> list[str]:
        best = trained.scores(texts).argmax(axis=1)
        return [str(name) for name in trained.labels[best]]

    return predict


def linear(head: Callable[[], Any], dense: bool, ngrams: bool) -> Fit:
    """Return how scikit-learn's head is trained on the same features."""

    def fit(train: Questions) -> Predict:
        options = {name: DEFAULTS[name] for name in ("words", "characters", "min_df")}
        learnt = Ngrams.fit(train.texts, **options)

        def features(texts: list[str]) -> Any:
            if not ngrams:
                return vectors(texts)
            sparse = learnt.rows(texts)
            return scipy.sparse.hstack([vectors(texts), sparse], "csr") if dense else sparse

        model = head().fit(features(train.texts), train.labels)
        return lambda texts: list(model.predict(features(texts)))

    return fit


BASELINES: dict[str, Fit] = {
    "n-grams, linear SVM": linear(lambda: LinearSVC(C=0.5), dense=False, ngrams=True),
    "USE + MiniLM, logistic regression": linear(
        lambda: LogisticRegression(C=10, max_iter=100), dense=True, ngrams=False
    ),
    "USE + MiniLM + n-grams, linear SVM": linear(lambda: LinearSVC(C=0.5), dense=True, ngrams=True),
}


def accuracy(predict: Predict, test: Questions) -> float:
    """Return the share of test questions that are read rightly, in percent."""
    read = predict(test.texts)
    return 100 * float(np.mean([a == b for a, b in zip(read, test.labels, strict=True)]))


def both(fit: Fit, train: Questions, test: Questions) -> tuple[float, float]:
    """Return the accuracy in percent on all training questions, and the mean over the draws."""
    few = [accuracy(fit(train.some(seed)), test) for seed in SEEDS]
    return accuracy(fit(train), test), float(np.mean(few))


def out_of_scope(parts: dict[str, Questions], full: IntentReader) -> dict[str, float]:
    """Return how well questions outside CLINC150's intents are separated from those inside.

    The threshold of the recall is set on the validation part.
    """
    rejecting = reader(parts["train"] + parts["train"].names() + parts["oos_train"])
    result = {}
    for name, model in (("", full), ("_with_reject_class", rejecting)):
        inside, outside = (
            in_scope(model, parts["test"].texts),
            in_scope(model, parts["oos_test"].texts),
        )
        truth = np.repeat([1, 0], [len(inside), len(outside)])
        threshold = np.quantile(in_scope(model, parts["val"].texts), FALSE_REJECTIONS)
        result[f"clinc150_oos_auc{name}"] = float(
            roc_auc_score(truth, np.concatenate([inside, outside]))
        )
        result[f"clinc150_oos_recall{name}"] = float((outside < threshold).mean())
        result[f"clinc150_false_rejections{name}"] = float((inside < threshold).mean())
    return result


def in_scope(model: IntentReader, texts: list[str]) -> np.ndarray:
    """Return one number per text, how much speaks for any intent but `oos`: the scores' energy.

    The energy is that of Liu et al. 2020, "Energy-based Out-of-distribution Detection". A reject
    class counts by what it takes from the others' scores.
    """
    known = model.scores(texts)[:, model.labels != "oos"]
    energy: np.ndarray = logsumexp(SHARPNESS * known, axis=1)
    return energy


def milliseconds(read: Callable[[str], object], texts: list[str]) -> list[float]:
    """Return what each text took, one after the other, after a short warm-up."""
    for text in texts[:50]:
        read(text)
    took = []
    for text in texts:
        started = time.perf_counter()
        read(text)
        took.append(1000 * (time.perf_counter() - started))
    return took


def parse_times() -> dict[str, float]:
    """Return what the trained advisor takes to parse the project's own test messages."""
    from rasa.core.agent import Agent
    from ruamel.yaml import YAML

    from preceptor.runtime.logs import configure_logging
    from preceptor.runtime.models import choose_model

    settings = load_settings()
    model, _ = choose_model(settings)
    configure_logging()
    agent = Agent.load(str(model))
    pairs = YAML(typ="safe").load((ROOT / TWO_QUESTIONS).read_text("utf-8"))["messages"]
    texts = [text for text, _ in read_test_set(ROOT / TEST_SET)] + [p["text"] for p in pairs]

    async def read_all() -> list[float]:
        took = []
        for text in texts[:50] + texts:
            started = time.perf_counter()
            await agent.parse_message(text)
            took.append(1000 * (time.perf_counter() - started))
        return took[50:]

    took = asyncio.run(read_all())
    encoders = sum(path.stat().st_size for path in (ROOT / "var" / "encoders").glob("*"))
    return {
        "parse_messages": len(took),
        "parse_p50_ms": float(np.percentile(took, 50)),
        "parse_p99_ms": float(np.percentile(took, 99)),
        "model_mb": model.stat().st_size / 1e6,
        "encoders_mb": encoders / 1e6,
    }


def plot(rows: dict[str, tuple[float | None, ...]], path: Path) -> None:
    """Draw the accuracies as bars, one group per benchmark."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(10, 5))
    width = 0.8 / len(rows)
    for i, (name, values) in enumerate(rows.items()):
        known = [(x, v) for x, v in enumerate(values) if v is not None]
        axes.bar(
            [x + i * width for x, _ in known],
            [v for _, v in known],
            width * 0.9,
            label=name.strip("*"),
        )
    axes.set_xticks([x + 0.4 - width / 2 for x in range(len(HEADS))], HEADS)
    axes.set_ylim(60, 100)
    axes.set_ylabel("accuracy, %")
    axes.legend(fontsize=7, ncol=2, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def section(result: dict[str, Any], rows: dict[str, tuple[float | None, ...]]) -> str:
    """Return this benchmark's part of docs/benchmarks.md."""
    accuracies = table(
        [["system", *HEADS], *([name, *map(_percent, values)] for name, values in rows.items())]
    )
    scope = table(
        [
            ["out of scope, CLINC150", "AUC", "recall", "false rejections"],
            *(
                [
                    label,
                    *(
                        f"{result[f'clinc150_{key}{name}']:.3f}"
                        for key in ("oos_auc", "oos_recall", "false_rejections")
                    ),
                ]
                for label, name in (
                    ("trained on the intents alone", ""),
                    ("with the 100 questions of `oos_train` as a class", "_with_reject_class"),
                )
            ),
        ]
    )
    speed = table(
        [
            ["one message", "median ms", "99th percentile ms"],
            ["the advisor's whole pipeline", *_times(result, "parse")],
            [f"reader, {result['questions_few']} training questions", *_times(result, "few")],
            [f"reader, {result['questions_many']} training questions", *_times(result, "many")],
        ]
    )
    notes = "\n".join(f"- {note}" for note in result["notes"])
    return f"""
## Understanding: `make bench-nlu`

{machine_line(result["machine"])}

Accuracy in percent on the test questions. 10-shot is the mean over {len(SEEDS)} fixed draws of
{SHOTS} training questions an intent. Published figures come from the papers; all others were
measured in this run, with the options of the advisor. "With names" means that each intent's
name, in words, is one more training question; the other systems got none.

{accuracies}

![Accuracy](bench-nlu.png)

What tells a question that is out of scope is the energy of the intents' scores. For the recall,
the threshold is set on validation questions so that {100 * FALSE_REJECTIONS:.0f} % of those in
scope fall below it.

{scope}

{speed}

The trained model takes {result["model_mb"]:.0f} MB, the encoders {result["encoders_mb"]:.0f} MB.

{notes}
"""


def _times(result: dict[str, Any], name: str) -> list[str]:
    return [f"{result[f'{name}_p50_ms']:.1f}", f"{result[f'{name}_p99_ms']:.1f}"]


Row = tuple[float | None, ...]


def measure(data: Path, with_rasa: bool, limit: float, quick: bool) -> None:
    """Run everything, write reports/bench-nlu.json, docs/bench-nlu.png and the page's section."""
    started = time.monotonic()
    result: dict[str, Any] = {"machine": machine(), "notes": []}
    result |= parse_times()
    bank, parts = _questions(data, quick)
    rows: dict[str, Row] = dict(PUBLISHED)

    def add_row(name: str, values: Row) -> None:
        rows[name] = values
        click.echo(f"{time.monotonic() - started:6.0f} s  {name}: {[_percent(v) for v in values]}")

    clinc_sets = parts["train"], parts["test"]
    for name, fit in BASELINES.items():
        add_row(name, both(fit, *bank) + both(fit, *clinc_sets))
    without_names = both(ours_without_names, *bank) + both(ours_without_names, *clinc_sets)
    add_row("**Preceptor**", without_names)
    full = reader(parts["train"] + parts["train"].names())
    few = [accuracy(ours(parts["train"].some(seed)), parts["test"]) for seed in SEEDS]
    named = both(ours, *bank) + (accuracy(_best(full), parts["test"]), float(np.mean(few)))
    add_row("**Preceptor, with names**", named)
    result |= dict(zip(COLUMNS, named, strict=True))
    result |= {
        f"{key}_without_names": value for key, value in zip(COLUMNS, without_names, strict=True)
    }
    result |= out_of_scope(parts, full) | _reading_times(parts, full)
    if with_rasa:
        add_row("Rasa's default pipeline", _rasa_row(bank, clinc_sets, limit, result))
    rows_in_order = {name: values for name, values in rows.items() if any(values)}
    result["accuracies"] = {name: list(values) for name, values in rows_in_order.items()}
    result["seconds"] = time.monotonic() - started
    if quick:
        result["notes"].append(
            "A quick run on 15 training questions per intent: figures are lower."
        )
    write_json(ROOT / "reports" / "bench-nlu.json", result)
    text = section(result, rows_in_order)
    click.echo(text)
    if not quick:
        plot(rows_in_order, ROOT / "docs" / "bench-nlu.png")
        write_section("bench-nlu", text)


def _questions(data: Path, quick: bool) -> tuple[tuple[Questions, Questions], dict[str, Questions]]:
    """Return BANKING77's training and test questions, and the parts of CLINC150; few if quick."""
    bank_train, bank_test = banking(data)
    parts = clinc(data)
    if quick:
        bank_train, bank_test = bank_train.some(9, 12), bank_test.some(9, 2)
        parts = {
            name: part.some(
                9, min(len(part.texts) // len(set(part.labels)), 12 if name == "train" else 2)
            )
            for name, part in parts.items()
        }
    return (bank_train, bank_test), parts


def _reading_times(parts: dict[str, Questions], full: IntentReader) -> dict[str, Any]:
    """Return what reading takes with few and with many training questions."""
    train, texts = parts["train"], parts["test"].texts[:500]
    few = train.some(0)
    result: dict[str, Any] = {
        "questions_few": len(few.texts), "questions_many": len(train.texts),
    }  # fmt: skip
    for name, model in (("few", reader(few)), ("many", full)):
        took = milliseconds(lambda text, m=model: m.probabilities([InParts.whole(text)]), texts)
        result[f"{name}_p50_ms"], result[f"{name}_p99_ms"] = np.percentile(took, [50, 99]).tolist()
    return result


def _rasa_row(
    bank: tuple[Questions, Questions], clinc_sets: tuple[Questions, Questions], limit: float,
    result: dict[str, Any],
) -> Row:  # fmt: skip
    """Train and measure Rasa's default pipeline on each benchmark, whole and 10-shot."""
    jobs = [
        (train, test)
        for whole, test in (bank, clinc_sets)
        for train in (whole, whole.some(SEEDS[0]))
    ]
    accuracies: list[float | None] = []
    for head, (train, test) in zip(HEADS, jobs, strict=True):
        outcome = train_and_read(train.texts, train.labels, test.texts, limit=60 * limit)
        accuracies.append(_rasa(head, outcome, test, result))
    return tuple(accuracies)


def _rasa(head: str, outcome: RasaResult, test: Questions, result: dict[str, Any]) -> float | None:
    """Note how Rasa's training went and return its accuracy, None if it took too long."""
    if outcome.labels is None:
        result["notes"].append(
            f"Rasa's default pipeline on {head} was left out: its training would take about"
            f" {outcome.seconds / 60:.0f} minutes."
        )
        return None
    result["notes"].append(
        f"Rasa's default pipeline on {head}, one draw for 10-shot: trained in"
        f" {outcome.seconds:.0f} s, {outcome.milliseconds:.1f} ms per message in the median."
    )
    pairs = zip(outcome.labels, test.labels, strict=True)
    return 100 * float(np.mean([a == b for a, b in pairs]))


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path), default=DATA, help="The folder of the public data."
)
@click.option("--without-rasa", is_flag=True, help="Leave Rasa's default pipeline out.")
@click.option(
    "--limit", default=20.0, help="Minutes that one training of Rasa's may take by its estimate."
)
@click.option("--quick", is_flag=True, help="Try it on few questions; no page is written.")
def main(data: Path, without_rasa: bool, limit: float, quick: bool) -> None:
    """Measure the reading of intents on BANKING77, CLINC150 and our own messages."""
    if not (data / "clinc150_full.json").exists():
        raise click.ClickException(
            f"The public benchmarks are not in {data}: they belong in ../shared/benchmarks, beside"
            " this project, or where --data says."
        )
    measure(data, not without_rasa, limit, quick)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    quiet_environment()
    main()
