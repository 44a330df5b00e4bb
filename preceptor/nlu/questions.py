"""Which questions a message asks: one, several, or one inside a story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from preceptor.nlu.classifier import RANKING
from preceptor.nlu.clauses import END, START
from preceptor.nlu.safety import URGENCY
from preceptor.nlu.step import CLAUSES, Step

QUESTIONS = "questions"
"""Output key: the questions of a message in order, each `text`, `start`, `end`, `intent`,
`confidence`."""

SMALL_TALK = frozenset({"greet", "goodbye", "thank", "affirm", "deny", "complain"})
_NOT_BESIDE = SMALL_TALK | {"out_of_scope", "correct", "refine_search"} | set(URGENCY)
_ONE_SEARCH = frozenset({"find_program", "refine_search", "ask_program_detail"})


@dataclass(frozen=True)
class Question:
    """One question of a message; `start` and `end` are offsets in its text."""

    text: str
    start: int
    end: int
    intent: str
    confidence: float


def choose(whole: Question, clauses: list[Question], *, sure: float) -> list[Question]:
    """Return what a message asks.

    Args:
        whole: the message as one question.
        clauses: its clauses, in order; empty where it has only one.
        sure: from which confidence on a clause counts.

    Returns:
        At least one question. Several only where clauses ask different things with confidence;
        a clause alone where the message as a whole is small talk or unclear around it.
    """
    if whole.intent in URGENCY and whole.confidence >= sure:
        return [whole]
    danger = [c for c in clauses if c.intent in URGENCY[:2] and c.confidence >= sure]
    if danger:
        return [danger[0]]
    asked: list[Question] = []
    for clause in clauses:
        if clause.confidence < sure or clause.intent in _NOT_BESIDE:
            continue
        if any(_same(clause.intent, other.intent) for other in asked):
            continue
        asked.append(clause)
    if len(asked) > 1 and len(clauses) <= 4 and whole.intent not in URGENCY:
        return asked
    if whole.intent in SMALL_TALK or whole.confidence < sure:
        better = [c for c in asked if c.confidence > whole.confidence or whole.intent in SMALL_TALK]
        if better:
            return [max(better, key=lambda c: c.confidence)]
    return [whole]


def _same(one: str, other: str) -> bool:
    return one == other or {one, other} <= _ONE_SEARCH


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class QuestionReader(Step):
    """Decide what a message asks from what the classifier says of it and of its clauses.

    Sets `questions`; where a single clause carries the question, `intent` and `intent_ranking`
    become that clause's. Options: `sure`, see `choose`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options."""
        return {"sure": 0.5}

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `questions`, and `intent` where a clause decides."""
        for message in messages:
            clauses = message.get(CLAUSES) or []
            whole = _question(message, 0, len(message.get(TEXT) or ""))
            parts = [(c, _question(c, c.get(START), c.get(END))) for c in clauses]
            asked = choose(whole, [q for _, q in parts], sure=self.config["sure"])
            for clause, question in parts:
                if question is asked[0]:
                    message.set(INTENT, clause.get(INTENT), add_to_output=True)
                    message.set(RANKING, clause.get(RANKING), add_to_output=True)
            message.set(QUESTIONS, [vars(q) for q in asked], add_to_output=True)
            message.set(CLAUSES, [])
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave training examples as they are labelled."""
        return training_data


def _question(message: Message, start: int, end: int) -> Question:
    intent = message.get(INTENT) or {}
    return Question(
        message.get(TEXT) or "",
        start,
        end,
        intent.get("name") or "",
        float(intent.get("confidence") or 0.0),
    )
