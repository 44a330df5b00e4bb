"""Rasa's default NLU pipeline, trained and run on questions in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

READING = """\
recipe: default.v1
assistant_id: default
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
"""
"""What `rasa init` writes, as far as it reads intents; the entity mappers and the fallback, which
change none, and the policies follow in `WHOLE`."""

WHOLE = (
    READING
    + """\
  - name: EntitySynonymMapper
  - name: ResponseSelector
    epochs: {epochs}
    constrain_similarities: true
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
  - name: UnexpecTEDIntentPolicy
    max_history: 5
    epochs: {epochs}
  - name: TEDPolicy
    max_history: 5
    epochs: {epochs}
    constrain_similarities: true
"""
)
"""What `rasa init` writes, policies included."""

EPOCHS = 100
"""How many epochs that trains each part for."""

_PROGRESS = re.compile(r"Epochs:.*?(\d+)/(\d+) \[([\d:]+)<")
# The first epochs are slower: TensorFlow builds its graph. Two are enough to see that a training
# takes many times what it may.
_SURE_FROM, _CLEAR_FROM, _FAR = 5, 2, 3


@dataclass(frozen=True)
class RasaResult:
    """What came of it.

    Attributes:
        labels: what the test questions were read as; None where training would take too long.
        seconds: what training took, or would take by its own progress.
        milliseconds: the median of one message.
    """

    labels: list[str] | None
    seconds: float
    milliseconds: float = 0.0


def train_and_read(
    texts: list[str], labels: list[str], test: list[str], *, limit: float
) -> RasaResult:
    """Train on questions and read the test questions.

    Args:
        texts: the training questions.
        labels: their intents.
        test: the questions to read.
        limit: seconds; a training that will take longer by its own progress is stopped.

    Raises:
        RuntimeError: Rasa failed; the message holds the end of its output.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        by_intent: dict[str, list[str]] = {}
        for text, label in zip(texts, labels, strict=True):
            by_intent.setdefault(label, []).append(" ".join(text.split()))
        data = {
            "version": "3.1",
            "nlu": [
                {"intent": intent, "examples": "".join(f"- {line}\n" for line in lines)}
                for intent, lines in by_intent.items()
            ],
        }
        (folder / "config.yml").write_text(READING.format(epochs=EPOCHS), "utf-8")
        (folder / "nlu.yml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
        (folder / "test.json").write_text(json.dumps(test), "utf-8")
        command = [sys.executable, "-m", "benchmarks.rasa_default", str(folder)]
        process = subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parent.parent,
        )
        assert process.stderr is not None
        tail = ""
        while chunk := process.stderr.read1(4096):
            tail = (tail + chunk.decode("utf-8", "replace"))[-4000:]
            estimate = estimated_seconds(tail, limit)
            if estimate is not None and estimate > limit:
                process.kill()
                process.wait()
                return RasaResult(None, estimate)
        if process.wait():
            raise RuntimeError(f"Rasa's default pipeline failed: …{tail[-1500:]}")
        found = json.loads((folder / "result.json").read_text("utf-8"))
        return RasaResult(found["labels"], found["seconds"], found["milliseconds"])


def estimated_seconds(output: str, limit: float) -> float | None:
    """Return how long all epochs take, in seconds, by the last line of progress.

    Args:
        output: what Rasa has written.
        limit: seconds that they may take.

    Returns:
        None before five epochs are done, or two where they take far more than the limit.
    """
    lines = _PROGRESS.findall(output)
    if not lines:
        return None
    done, total, clock = lines[-1]
    if int(done) < _CLEAR_FROM:
        return None
    seconds = 0
    for part in clock.split(":"):
        seconds = 60 * seconds + int(part)
    estimate = seconds * int(total) / int(done)
    return estimate if int(done) >= _SURE_FROM or estimate > _FAR * limit else None


def _work(folder: Path) -> None:
    """Train and read, in the process of its own."""
    import asyncio
    import os
    import statistics

    os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    started = time.perf_counter()
    model = train_nlu(
        config=str(folder / "config.yml"), nlu_data=str(folder / "nlu.yml"), output=str(folder)
    )
    seconds = time.perf_counter() - started
    agent = Agent.load(str(model))
    texts = json.loads((folder / "test.json").read_text("utf-8"))

    async def read_all() -> tuple[list[str], list[float]]:
        labels, took = [], []
        for text in texts:
            begun = time.perf_counter()
            parsed = await agent.parse_message(text)
            took.append(1000 * (time.perf_counter() - begun))
            labels.append(parsed["intent"]["name"])
        return labels, took

    labels, took = asyncio.run(read_all())
    result = {
        "labels": labels,
        "seconds": seconds,
        "milliseconds": statistics.median(took),
    }
    (folder / "result.json").write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
