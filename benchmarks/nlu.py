"""How well and how fast intents are read, compared with published systems and Rasa's own.

`make bench-nlu` runs it. The public data lie beside the project (`../shared/benchmarks`) and are
read there. Nothing is tuned here: the options are the advisor's own
(`preceptor.nlu.intents.classifier.DEFAULTS`), and test questions are read once, at the end.
"""

from __future__ import annotations

import asyncio
import csv
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from rasa.core.agent import Agent
from ruamel.yaml import YAML
from scipy.special import logsumexp
from sklearn.metrics import roc_auc_score

from benchmarks.rasa_default import EPOCHS, NLU
from benchmarks.report import ROOT, machine, machine_line, table, write_json, write_section
from preceptor.evaluation.report import TEST_SET, TWO_QUESTIONS, read_test_set
from preceptor.nlu.intents.classifier import IntentReader
from preceptor.runtime.logs import configure_logging
from preceptor.runtime.models import choose_model
from preceptor.runtime.settings import load_settings, quiet_environment

DATA = ROOT.parent / "shared" / "benchmarks"
SHOTS, SEEDS = 10, (0, 1, 2)
FALSE_REJECTIONS = 0.03
# Of the energy; chosen among 4, 8, 12 and 16 on validation questions.
SHARPNESS = 4.0
COLUMNS = ("banking77_full", "banking77_10shot", "clinc150_full", "clinc150_10shot")
HEADS = ("BANKING77 full", "BANKING77 10-shot", "CLINC150 full", "CLINC150 10-shot")
Row = tuple[float | None, ...]
# Accuracy in percent, from the data's README: Casanueva et al. 2020, "Efficient Intent Detection
# with Dual Sentence Encoders".
PUBLISHED: dict[str, Row] = {
    "USE + classifier (Casanueva 2020)": (92.81, 84.23, 95.06, 90.85),
    "USE+ConveRT (Casanueva 2020)": (93.36, 85.19, 97.16, 93.26),
    "BERT-large fine-tuned (Casanueva 2020)": (93.66, None, None, None),
}


@dataclass(frozen=True)
class Questions:
    """Questions with their intents."""

    texts: list[str]
    labels: list[str]

    def __add__(self, other: Questions) -> Questions:
        return Questions(self.texts + other.texts, self.labels + other.labels)

    def some(self, seed: int) -> Questions:
        """Return `SHOTS` questions of each intent, drawn with a fixed seed."""
        random = np.random.default_rng(seed)
        labels = np.array(self.labels)
        chosen = np.concatenate(
            [
                random.choice(np.flatnonzero(labels == name), SHOTS, replace=False)
                for name in sorted(set(self.labels))
            ]
        )
        return Questions([self.texts[i] for i in chosen], [self.labels[i] for i in chosen])

    def with_names(self) -> Questions:
        """Return the questions, and each intent's name in words as a question of that intent."""
        labels = sorted(set(self.labels))
        return self + Questions([name.replace("_", " ").strip("? ") for name in labels], labels)


def banking(data: Path, part: str) -> Questions:
    """Return BANKING77's `train` or `test` questions."""
    with (data / f"banking77_{part}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Questions([r["text"] for r in rows], [r["category"] for r in rows])


def clinc(data: Path) -> dict[str, Questions]:
    """Return the parts of CLINC150."""
    parts = json.loads((data / "clinc150_full.json").read_text("utf-8"))
    return {
        name: Questions([text for text, _ in rows], [label for _, label in rows])
        for name, rows in parts.items()
    }


# Systems: each is trained on questions and returns what reads others.

Predict = Callable[[list[str]], list[str]]
Fit = Callable[[Questions], Predict]


def reader(train: Questions) -> IntentReader:
    """Train the advisor's reader with its own options."""
    return IntentReader.fit(train.texts, train.labels)


def ours(train: Questions) -> Predict:
    """Train the advisor's reader."""
    trained = reader(train)
    return lambda texts: [str(trained.labels[best]) for best in trained.scores(texts).argmax(1)]


def rasa_default(train: Questions) -> Predict:
    """Train Rasa's default NLU pipeline."""
    from rasa.model_training import train_nlu

    by_intent: dict[str, list[str]] = {}
    for text, label in zip(train.texts, train.labels, strict=True):
        by_intent.setdefault(label, []).append(f"- {' '.join(text.split())}\n")
    examples = [{"intent": name, "examples": "".join(own)} for name, own in by_intent.items()]
    with tempfile.TemporaryDirectory() as folder:
        config, nlu = Path(folder, "config.yml"), Path(folder, "nlu.yml")
        config.write_text(NLU.format(epochs=EPOCHS), "utf-8")
        YAML().dump({"version": "3.1", "nlu": examples}, nlu)
        agent = Agent.load(str(train_nlu(str(config), str(nlu), folder)))

    async def predict(texts: list[str]) -> list[str]:
        return [(await agent.parse_message(text))["intent"]["name"] for text in texts]

    return lambda texts: asyncio.run(predict(texts))


SYSTEMS: dict[str, Fit] = {
    "Preceptor": ours,
    "Preceptor, with names": lambda train: ours(train.with_names()),
}


# Measuring


def accuracy(predict: Predict, test: Questions) -> float:
    """Return the share of test questions that are read rightly, in percent."""
    return 100 * float(np.mean(np.array(predict(test.texts)) == np.array(test.labels)))


def both(fit: Fit, train: Questions, test: Questions) -> tuple[float, float]:
    """Return the accuracy in percent on all training questions, and the mean over the draws."""
    few = [accuracy(fit(train.some(seed)), test) for seed in SEEDS]
    return accuracy(fit(train), test), float(np.mean(few))


def in_scope(model: IntentReader, texts: list[str]) -> np.ndarray:
    """Return one number per text, how much speaks for any intent at all: the scores' energy.

    The energy is that of Liu et al. 2020, "Energy-based Out-of-distribution Detection".
    """
    energy: np.ndarray = logsumexp(SHARPNESS * model.scores(texts), axis=1)
    return energy


def out_of_scope(parts: dict[str, Questions]) -> dict[str, float]:
    """Return how well questions outside CLINC150's intents are separated from those inside.

    The threshold of the recall is set on the validation part.
    """
    model = reader(parts["train"].with_names())
    inside, outside = (in_scope(model, parts[part].texts) for part in ("test", "oos_test"))
    truth = np.repeat([1, 0], [len(inside), len(outside)])
    threshold = np.quantile(in_scope(model, parts["val"].texts), FALSE_REJECTIONS)
    return {
        "clinc150_oos_auc": float(roc_auc_score(truth, np.concatenate([inside, outside]))),
        "clinc150_oos_recall": float((outside < threshold).mean()),
        "clinc150_false_rejections": float((inside < threshold).mean()),
    }


def parse_times() -> dict[str, float]:
    """Return what the trained advisor takes to parse the project's own test messages."""
    model, _ = choose_model(load_settings())
    agent = Agent.load(str(model))
    pairs = YAML(typ="safe").load((ROOT / TWO_QUESTIONS).read_text("utf-8"))["messages"]
    texts = [text for text, _ in read_test_set(ROOT / TEST_SET)] + [p["text"] for p in pairs]

    async def parse_all() -> list[float]:
        took = []
        for text in texts[:50] + texts:
            started = time.perf_counter()
            await agent.parse_message(text)
            took.append(1000 * (time.perf_counter() - started))
        return took[50:]

    p50, p99 = np.percentile(asyncio.run(parse_all()), [50, 99])
    encoders = sum(path.stat().st_size for path in (ROOT / "var" / "encoders").glob("*"))
    return {
        "parse_p50_ms": float(p50),
        "parse_p99_ms": float(p99),
        "model_mb": model.stat().st_size / 1e6,
        "encoders_mb": encoders / 1e6,
    }


def measure(data: Path, with_rasa: bool) -> tuple[dict[str, Any], dict[str, Row]]:
    """Return the figures, and the accuracies in percent of each system."""
    parts = clinc(data)
    sets = ((banking(data, "train"), banking(data, "test")), (parts["train"], parts["test"]))
    result = {"machine": machine(), **parse_times()}
    rows = dict(PUBLISHED)
    for name, fit in SYSTEMS.items():
        rows[name] = tuple(value for train, test in sets for value in both(fit, train, test))
        click.echo(f"{name}: {rows[name]}")
    result |= dict(zip(COLUMNS, rows["Preceptor, with names"], strict=True))
    result |= out_of_scope(parts)
    if with_rasa:
        few = [accuracy(rasa_default(train.some(SEEDS[0])), test) for train, test in sets]
        rows["Rasa's default pipeline"] = (None, few[0], None, few[1])
    result["accuracies"] = rows
    return result, rows


def section(result: dict[str, Any], rows: dict[str, Row]) -> str:
    """Return this benchmark's part of docs/benchmarks.md."""
    accuracies = [
        [name, *("" if value is None else f"{value:.2f}" for value in values)]
        for name, values in rows.items()
    ]
    return f"""
## Understanding: `make bench-nlu`

{machine_line(result["machine"])}

Accuracy in percent on the test questions. 10-shot is the mean over {len(SEEDS)} fixed draws of
{SHOTS} training questions per intent. Published figures come from the papers; all others were
measured in this run, with the options of the advisor. "With names" means that each intent's
name, in words, is one more training question; the other systems got none. Rasa's default pipeline
was trained on one draw; the full sets would take it about an hour each.

{table([["system", *HEADS], *accuracies])}

What tells a question that is out of scope is the energy of the intents' scores. On CLINC150 the
area under the curve is {result["clinc150_oos_auc"]:.3f}. With a threshold below which
{100 * FALSE_REJECTIONS:.0f} % of the validation questions in scope fall, the recall is
{result["clinc150_oos_recall"]:.3f}.

The advisor's whole pipeline reads one of our test messages in {result["parse_p50_ms"]:.1f} ms in
the median, {result["parse_p99_ms"]:.1f} ms at the 99th percentile. The trained model takes
{result["model_mb"]:.0f} MB, the encoders {result["encoders_mb"]:.0f} MB.
"""


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path), default=DATA, help="The folder of the public data."
)
@click.option("--without-rasa", is_flag=True, help="Leave Rasa's default pipeline out.")
def main(data: Path, without_rasa: bool) -> None:
    """Measure the reading of intents on BANKING77, CLINC150 and our own messages."""
    if not (data / "clinc150_full.json").exists():
        raise click.ClickException(
            f"The public benchmarks are not in {data}: they belong in ../shared/benchmarks, beside"
            " this project, or where --data says."
        )
    quiet_environment()
    configure_logging("ERROR")
    result, rows = measure(data, not without_rasa)
    write_json(ROOT / "reports" / "bench-nlu.json", result)
    text = section(result, rows)
    click.echo(text)
    write_section("bench-nlu", text)


if __name__ == "__main__":
    main()
