"""The answers report: whether questions that people ask get the answer to what they asked.

Questions stand in tests/answers/*.jsonl, each with `text`; labels in tests/answers/labels.jsonl say
what answers each: `answers`, the ids of answers, or `registration`, `search` or `safety` where
another part of the advisor answers; `unknown` if only somebody else can know or it is to be
declined (an answer that declines it may stand under `answers`); `uncovered`, with a topic, if it
should be there and isn't.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from preceptor.evaluation.conversations import Conversations, Exchange, with_conversations
from preceptor.evaluation.figures import calibration_error, lines_of, share, write_report
from preceptor.intents import intents
from preceptor.runtime.settings import Settings, load_settings

FOLDER = Path("tests/answers")
LABELS = "labels.jsonl"


@dataclass(frozen=True)
class Outcome:
    """What one question got.

    Attributes:
        text: the question.
        right: what answers it.
        unknown: whether it is right to give no answer to it.
        uncovered: the topic of an answer that is missing.
        given: the ids that answered, or the part of the advisor that did.
        ranked: the first three of the ranking.
        confidence: in the first of them, between 0 and 1.
        words: how many words came back.
    """

    text: str
    right: tuple[str, ...]
    unknown: bool
    uncovered: str | None
    given: tuple[str, ...]
    ranked: tuple[str, ...]
    confidence: float
    words: int

    @property
    def is_answerable(self) -> bool:
        """Whether the advisor has something that answers the question."""
        return bool(self.right) and not self.unknown

    @property
    def is_right(self) -> bool:
        """Whether something that answers the question was given."""
        return bool(set(self.given) & set(self.right))


def read_questions(folder: Path, author: str = "*") -> list[dict[str, Any]]:
    """Return the labels of all questions that have one, or of those in one author's file.

    Raises:
        ValueError: a line has no text, or neither answers, `unknown` nor `uncovered`.
    """
    labels = {}
    for number, line in enumerate((folder / LABELS).read_text("utf-8").splitlines(), 1):
        label = json.loads(line)
        if not label.get("text") or not label.keys() & {"answers", "unknown", "uncovered"}:
            raise ValueError(f"{folder / LABELS}, line {number}: this is no label.")
        labels[label["text"]] = label
    texts = [
        json.loads(line)["text"]
        for path in sorted(folder.glob(f"{author}.jsonl"))
        if path.name != LABELS
        for line in path.read_text("utf-8").splitlines()
    ]
    return [labels[text] for text in dict.fromkeys(texts) if text in labels]


async def _outcomes(talks: Conversations, labels: Iterable[dict[str, Any]]) -> list[Outcome]:
    outcomes = []
    for number, label in enumerate(labels):
        exchange = await talks.say(f"report-{number}", label["text"])
        ranked, confidence = _ranked(exchange)
        outcomes.append(
            Outcome(
                text=label["text"],
                right=tuple(label.get("answers") or ()),
                unknown=bool(label.get("unknown")),
                uncovered=label.get("uncovered"),
                given=_given(exchange),
                ranked=ranked,
                confidence=confidence,
                words=len(exchange.text.split()),
            )
        )
    return outcomes


def _given(exchange: Exchange) -> tuple[str, ...]:
    """Return what answered: answers, or the parts of the advisor that did."""
    asked = [q["intent"] for q in exchange.parse.get("questions") or ()]
    asked = asked or [(exchange.parse.get("intent") or {}).get("name") or ""]
    groups = {declared.group for name in asked if (declared := intents().get(name))}
    parts = {"registration", "search", "safety"} & groups
    if exchange.told:
        parts -= {"search"}
    return (*exchange.told, *sorted(parts))


def _ranked(exchange: Exchange) -> tuple[tuple[str, ...], float]:
    """Return the first three of the ranking for a message's first question, and its confidence."""
    from rasa_sdk.executor import CollectingDispatcher

    from actions.answers import choose
    from actions.topic_action import Question, Turn
    from preceptor.catalogue.snapshot import shared_catalogue

    parse = exchange.parse
    intent = (parse.get("intent") or {}).get("name") or ""
    text = parse.get("gloss") or parse.get("text") or ""
    question = Question(intent, text, tuple(parse.get("entities") or ()))
    catalogue, dispatcher = shared_catalogue().current(), CollectingDispatcher()
    choice = choose(Turn(question, (), True, {}, parse, catalogue, dispatcher))
    return tuple(match.answer.id for match in choice.matches[:3]), choice.confidence


def figures(outcomes: list[Outcome]) -> dict[str, Any]:
    """Return the figures of the report; shares between 0 and 1.

    A question counts as answerable if something answers it and it isn't `unknown`. No answer is
    given where nothing is told, which includes the nearest questions offered as buttons;
    `unknown_precision` counts questions without an answer in the files as rightly not answered.
    """
    answerable = [o for o in outcomes if o.is_answerable]
    by_ranking = [o for o in answerable if any("/" in each for each in o.right)]
    unknown = [o for o in outcomes if o.unknown]
    silent = [o for o in outcomes if not o.given or (o.unknown and o.is_right)]
    first = [bool(set(o.ranked[:1]) & set(o.right)) for o in outcomes]
    return {
        "questions": len(outcomes),
        "answerable": len(answerable),
        "right_answer": share(o.is_right for o in answerable),
        "right_in_three": share(
            o.is_right or bool(set(o.ranked) & set(o.right)) for o in by_ranking
        ),
        "wrong_answer": share(bool(o.given) and not o.is_right for o in answerable),
        "unknown_recall": share(o in silent for o in unknown),
        "unknown_precision": share(o.unknown or o.uncovered is not None for o in silent),
        "expected_calibration_error": calibration_error([o.confidence for o in outcomes], first),
        "words_median": statistics.median(o.words for o in answerable) if answerable else 0,
        "uncovered": dict(Counter(o.uncovered for o in outcomes if o.uncovered).most_common()),
    }


def wrong(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the questions that weren't answered rightly."""
    return [o for o in outcomes if (o.given or o.is_answerable) and not (o.is_right or o.uncovered)]


def shown(values: Mapping[str, Any], failed: Iterable[Outcome]) -> str:
    """Return the report for people: what went wrong, then the figures."""
    lines = []
    for outcome in failed:
        wanted = ", ".join(outcome.right) or "no answer"
        got = ", ".join(outcome.given) or "no answer"
        lines.append(f"{outcome.text}\n    wanted {wanted}; got {got} ({outcome.confidence:.2f})")
    return "\n".join([*lines, *lines_of(values)])


def make_report(settings: Settings, author: str = "*") -> dict[str, Any]:
    """Ask questions, print and write down what came of them.

    Args:
        settings: where they are, and the model.
        author: whose questions are asked; all by default.

    Raises:
        Complaint: There is no whole model.
    """
    labels = read_questions(settings.home / FOLDER, author)
    outcomes = with_conversations(settings, lambda talks: _outcomes(talks, labels))
    values = figures(outcomes)
    failed = wrong(outcomes)
    content = {**values, "wrong": [asdict(outcome) for outcome in failed]}
    click.echo(shown(values, failed))
    click.echo(f"\nWritten to {write_report(settings.home, 'answers', content)}.")
    return values


@click.command("answers-report")
@click.option("--author", default="*", help="Ask only the questions of this file.")
def answers_report(author: str) -> None:
    """Measure whether questions get the answer to what they ask."""
    make_report(load_settings(), author)
