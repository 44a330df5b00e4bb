"""Which questions a message asks: one, several, or one behind a greeting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.tokens import Doc

from preceptor.nlu.classifier import RANKING
from preceptor.nlu.clauses import END, START, asks
from preceptor.nlu.safety import URGENCY
from preceptor.nlu.step import CLAUSES, Step
from preceptor.nlu.text import tokens_of
from preceptor.nlu.tokenizer import DOC

QUESTIONS = "questions"
"""Output key: the questions of a message in order, each `text`, `start`, `end`, `intent`,
`confidence`."""

_BEFORE_A_QUESTION = frozenset({"greet", "goodbye", "thank", "affirm", "deny"})
_NEVER_ONE_OF_TWO = (
    _BEFORE_A_QUESTION | {"out_of_scope", "correct", "complain", "nlu_fallback"} | set(URGENCY)
)
_ONE_SEARCH = frozenset({"find_program", "refine_search"})
_SURE_OF_DANGER, _SUSPICION = 0.9, 0.02
_SURE_WITHOUT_FORM = 0.95
_MAX_WORDS, _MAX_CLAUSES, _MAX_QUESTIONS = 40, 4, 3
# How much the whole message has to say about a clause, and what it leaves to intents that it
# doesn't show at all; tuned on pairs of questions joined by us and on messages with one question.
_WEIGHT_OF_WHOLE, _UNSEEN = 0.7, 0.01

_SEARCHABLE = frozenset({"country", "place", "region", "specialty", "duration", "money", "kind"})
_FILLERS = frozenset(
    "a an the in at for on of to and or with only just please pls plz ok okay maybe perhaps hmm er"
    " um about around some any preferably mostly".split()
)
_PLACEMENT_NOUNS = frozenset(
    "internship internships placement placements elective electives intern interning rotation"
    " rotations program programme programs programmes hospital hospitals medical clinical medicine"
    " clinic find looking search show list options opportunities available".split()
)
_PLACEMENT_WORDS = _PLACEMENT_NOUNS | frozenset(
    "me i want need there is are do you have get u got university college doctor doctors student"
    " students ? ! .".split()
)


@dataclass(frozen=True)
class Question:
    """One question of a message; `start` and `end` are offsets in its text."""

    text: str
    start: int
    end: int
    intent: str
    confidence: float


def choose(
    whole: Question,
    clauses: list[Question],
    *,
    sure: float,
    suspected: Mapping[str, float] = MappingProxyType({}),
) -> list[Question]:
    """Return what a message asks.

    Args:
        whole: the message as one question.
        clauses: its clauses, in order, read in the light of the whole (see `in_context`); empty
            where it has only one.
        sure: from which confidence on a clause counts.
        suspected: the confidence of each intent for the message as a whole.

    Returns:
        Up to three questions where the message is short and its clauses ask different things, in
        the form of questions or beyond doubt; the clause alone behind a greeting or thanks; else
        the whole.
    """
    if whole.intent in URGENCY:
        return [whole]
    for clause in clauses:
        # A cry for help inside a long, quiet story.
        if clause.intent in URGENCY[:2] and clause.confidence >= _SURE_OF_DANGER:
            if suspected.get(clause.intent, 0.0) >= _SUSPICION:
                return [clause]
    asked: list[Question] = []
    for clause in clauses:
        if clause.confidence < sure or clause.intent in _NEVER_ONE_OF_TWO:
            continue
        if not asks(clause.text) and clause.confidence < _SURE_WITHOUT_FORM:
            continue
        if not any(_same(clause.intent, q.intent) for q in asked):
            asked.append(clause)
    if len(asked) > 1 and len(clauses) <= _MAX_CLAUSES and len(whole.text.split()) <= _MAX_WORDS:
        return asked[:_MAX_QUESTIONS]
    if whole.intent in _BEFORE_A_QUESTION and asked:
        return asked[:1]
    return [whole]


def in_context(
    clause: Iterable[dict[str, Any]], whole: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return a clause's ranking in the light of the message that it is a part of.

    A clause loses what it refers to ("and how long?"); the message as a whole still shows it.

    Args:
        clause: the clause's ranking, dicts with `name` and `confidence`.
        whole: the message's.

    Returns:
        The clause's intents with their confidences times a power of the message's, adding up to
        1, best first; empty for an empty ranking.
    """
    seen = {each["name"]: each["confidence"] for each in whole}
    weighed = [
        {
            **each,
            "confidence": each["confidence"]
            * (seen.get(each["name"], 0.0) + _UNSEEN) ** _WEIGHT_OF_WHOLE,
        }
        for each in clause
    ]
    total = sum(each["confidence"] for each in weighed) or 1.0
    for each in weighed:
        each["confidence"] /= total
    return sorted(weighed, key=lambda each: (-each["confidence"], each["name"]))


def _same(one: str, other: str) -> bool:
    return one == other or {one, other} <= _ONE_SEARCH


def values_alone(doc: Doc, entities: Iterable[dict[str, Any]]) -> str | None:
    """Return the intent of a message that only names things to search for, else None.

    "Kenya", "surgery, 4 weeks pls" change a search; "internship in Jordan" begins one. The
    classifier can't know every place of the catalogue, so it has no say where nothing but the
    catalogue's words and fillers are left.
    """
    entities = list(entities)
    if any(e["entity"] == "program" for e in entities):
        return _names_a_program(doc, entities)
    found = [e for e in entities if e["entity"] in _SEARCHABLE or e["entity"] == "ordinal"]
    if not found:
        return None
    spans = [(e["start"], e["end"]) for e in found]
    left = [
        t.norm_
        for t in doc
        if not t.is_space and not any(start <= t.idx < end for start, end in spans)
    ]
    words = [w for w in left if any(c.isalnum() for c in w) and w not in _FILLERS]
    if all(e["entity"] == "ordinal" for e in found):
        return None if words else "ask_program_detail"
    if not words:
        return "refine_search"
    where = any(e["entity"] in ("country", "place", "region") for e in found)
    placement = set(words) <= _PLACEMENT_WORDS and not _PLACEMENT_NOUNS.isdisjoint(words)
    return "find_program" if where and placement else None


# What the buttons of a channel's cards say around a programme's name and organisation.
_TELL = frozenset("tell me more about by , the .".split())
_SAVE = frozenset("save remove by to from my shortlist , the .".split())


def _names_a_program(doc: Doc, entities: list[dict[str, Any]]) -> str | None:
    """Return the intent of a message that is a programme's full name and a request, else None.

    Names say anything ("Bali Global Health Initiative"), so the classifier has no say here.
    """
    spans = [(e["start"], e["end"]) for e in entities if e["entity"] in {"program", "organisation"}]
    left = {
        t.norm_
        for t in doc
        if not t.is_space and not any(start <= t.idx < end for start, end in spans)
    }
    if left <= _TELL:
        return "ask_program_detail"
    return "save_program" if left <= _SAVE and left & {"save", "remove"} else None


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class QuestionReader(Step):
    """Decide what a message asks from what the classifier says of it and of its clauses.

    Sets `questions`; where a clause or the entities decide, `intent` and `intent_ranking` follow.
    Options: `sure`, see `choose`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options."""
        return {"sure": 0.55}

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `questions`, and `intent` where a clause or the entities decide."""
        for message in messages:
            self._from_values(message)
            for clause in message.get(CLAUSES) or []:
                ranking = in_context(clause.get(RANKING) or [], message.get(RANKING) or [])
                if ranking and clause.get(INTENT, {}).get("name") not in URGENCY:
                    clause.set(RANKING, ranking, add_to_output=True)
                    clause.set(INTENT, ranking[0], add_to_output=True)
            parts = [
                (c, _question(c, c.get(START), c.get(END))) for c in message.get(CLAUSES) or []
            ]
            whole = _question(message, 0, len(message.get(TEXT) or ""))
            suspected = {r["name"]: r["confidence"] for r in message.get(RANKING) or []}
            asked = choose(
                whole, [q for _, q in parts], sure=self.config["sure"], suspected=suspected
            )
            for clause, question in parts:
                if question is asked[0]:
                    message.set(INTENT, clause.get(INTENT), add_to_output=True)
                    message.set(RANKING, clause.get(RANKING), add_to_output=True)
            message.set(QUESTIONS, [vars(q) for q in asked], add_to_output=True)
            message.set(CLAUSES, [])
        return messages

    def _from_values(self, message: Message) -> None:
        doc = message.get(DOC)
        if doc is None:
            doc = tokens_of(message.get(TEXT) or "")
        intent = values_alone(doc, message.get(ENTITIES) or [])
        ranking = message.get(RANKING) or []
        top = ranking[0]["name"] if ranking else None
        if intent in {"ask_program_detail", "save_program"}:
            # A name may read like two questions.
            message.set(CLAUSES, [])
        if intent in (None, top) or top in {"find_program", "refine_search"} | set(URGENCY):
            return
        # As sure as the reading that it replaces, or the fallback would call the two ambiguous.
        confidence = max(self.config["sure"], ranking[0]["confidence"] if ranking else 0.0)
        decided = {"name": intent, "confidence": confidence}
        message.set(INTENT, decided, add_to_output=True)
        rest = [r for r in ranking if r["name"] != intent]
        message.set(RANKING, [decided, *rest], add_to_output=True)
        message.set(CLAUSES, [])

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
