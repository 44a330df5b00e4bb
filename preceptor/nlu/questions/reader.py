"""Which questions a message asks: one, several, or one behind a greeting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.tokens import Doc

from preceptor.nlu.component import CLAUSES, END, START, Step
from preceptor.nlu.intents.component import RANKING
from preceptor.nlu.questions.cuts import Cut, asks, cuts_of, is_story, pieces_of, sentences
from preceptor.nlu.questions.model import BEFORE_A_QUESTION, ONE_QUESTION, Piece, Several, several
from preceptor.nlu.safety import URGENCY
from preceptor.nlu.tokenizer import doc_of

QUESTIONS = "questions"
"""Output key: the questions of a message in order, each `text`, `start`, `end`, `intent`,
`confidence`."""

_NO_QUESTION = {*BEFORE_A_QUESTION, *URGENCY, "out_of_scope", "correct", "complain"}
_ONE_SEARCH = frozenset({"find_program", "refine_search"})
_SURE_OF_DANGER, _SUSPICION = 0.9, 0.02
_SURE_WITHOUT_FORM = 0.95
# Questions that may consist of values: "one month or two?", "externship?".
_ASK_WITH_VALUES = frozenset(
    {
        "ask_how_long",
        "ask_timing",
        "ask_internship_length",
        "ask_registration_requirement",
        "ask_kinds_of_placement",
    }
)
_SURE_OF_QUESTION = 0.7
# How much the whole message has to say about a clause, and what it leaves to intents that it
# doesn't show at all.
_WEIGHT_OF_WHOLE, _UNSEEN = 0.7, 0.01
_MAX_QUESTIONS = 3

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
    story: bool = False,
) -> Question:
    """Return what a message asks, where danger or a greeting may hide it.

    Args:
        whole: the message as one question.
        clauses: its clauses, in order.
        sure: from which confidence on a clause counts.
        suspected: the confidence of each intent for the message as a whole.
        story: whether the message is one; as a whole, one in a low mood is soon taken for a crisis.

    Returns:
        The clause that is surely an emergency or a crisis; the clause behind a greeting or thanks;
        else the whole.
    """
    if _tells_of_danger(whole, story):
        return whole
    for clause in clauses:
        # A cry for help inside a long, quiet story.
        if clause.intent in URGENCY[:2] and clause.confidence >= _SURE_OF_DANGER:
            if suspected.get(clause.intent, 0.0) >= _SUSPICION:
                return clause
    asked = [
        clause
        for clause in clauses
        if clause.confidence >= sure
        and clause.intent not in _NO_QUESTION
        and (asks(clause.text) or clause.confidence >= _SURE_WITHOUT_FORM)
    ]
    if whole.intent in BEFORE_A_QUESTION and asked:
        # The longest says most of what is asked.
        return max(asked, key=lambda clause: len(clause.text))
    return whole


def _tells_of_danger(whole: Question, story: bool) -> bool:
    return whole.intent in URGENCY and (not story or whole.confidence >= _SURE_OF_DANGER)


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


def part(
    cuts: list[Cut],
    pieces: Mapping[tuple[int, int], tuple[Question, Piece]],
    models: Several,
    parted: float,
) -> list[Question]:
    """Return the different questions of a short message, at most three.

    The likeliest cut goes first; what lies on either side may be cut again. A greeting at the
    beginning and thanks at the end are left aside.

    Args:
        cuts: where the message could be cut, in order.
        pieces: what lies between any two cuts, by the numbers of its first and last clause.
        models: how a cut is judged.
        parted: from which probability on a cut parts two questions.
    """

    def asked(first: int, last: int) -> list[Question]:
        question, whole = pieces[first, last]
        if first == last:
            return [question]
        if models.says_nothing(pieces[first, first][1]):
            return asked(first + 1, last)
        if models.says_nothing(pieces[last, last][1]):
            return asked(first, last - 1)
        chance, k, pair = max(
            (
                (chance, k, pair)
                for k in range(first, last)
                for chance, pair in [
                    models.parts(cuts[k], pieces[first, k][1], pieces[k + 1, last][1], whole)
                ]
            ),
            key=lambda found: found[0],
        )
        if chance < parted:
            return [question]
        found = []
        for side, intent, confidence in (
            (asked(first, k), pair.first, pair.first_chance),
            (asked(k + 1, last), pair.second, pair.second_chance),
        ):
            # As sure as the cut, or the fallback would ask back.
            one = replace(side[0], intent=intent, confidence=max(confidence, chance))
            found += side if len(side) > 1 else [one]
        return found

    different: list[Question] = []
    for question in asked(0, len(cuts)):
        if not any(_same(question.intent, q.intent) for q in different):
            different.append(question)
    return different[:_MAX_QUESTIONS]


def _same(one: str, other: str) -> bool:
    return one == other or any({one, other} <= {*group} for group in ONE_QUESTION)


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
    Options: `sure`, see `choose`; `parted`, see `part`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options."""
        return {"sure": 0.55, "parted": 0.6}

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `questions`, and `intent` where a clause or the entities decide."""
        for message in messages:
            self._from_values(message)
            asked = self._asked(message)
            message.set(QUESTIONS, [vars(q) for q in asked], add_to_output=True)
            message.set(CLAUSES, [])
        return messages

    def _asked(self, message: Message) -> list[Question]:
        whole = _question(message, 0, len(message.get(TEXT) or ""))
        clauses = message.get(CLAUSES) or []
        ranking = message.get(RANKING) or []
        if not (clauses and ranking):
            return [whole]
        doc = doc_of(message)
        story = is_story(doc)
        questions = [_question(c, c.get(START), c.get(END)) for c in clauses]
        read = {}
        for clause, question in zip(clauses, questions, strict=True):
            own = clause.get(RANKING) or []
            if own and question.intent not in URGENCY:
                own = in_context(own, ranking)
                best = {"intent": own[0]["name"], "confidence": own[0]["confidence"]}
                question = replace(question, **best)
            read[question] = own
        asked = choose(
            whole,
            list(read),
            sure=self.config["sure"],
            suspected={r["name"]: r["confidence"] for r in ranking},
            story=story,
        )
        if story and asked is whole and not _tells_of_danger(whole, story):
            return [self._of_story(message, doc, whole)]
        if not story and asked.intent not in URGENCY:
            several = self._several(message, doc, whole, questions)
            if len(several) > 1:
                _decide(message, several[0], ranking)
                return several
        if asked is not whole:
            _decide(message, asked, read[asked])
        return [asked]

    def _several(
        self, message: Message, doc: Doc, whole: Question, questions: list[Question]
    ) -> list[Question]:
        models, cuts = several(), cuts_of(doc)
        spans = pieces_of(doc, cuts)
        parts = dict(zip((p for p in spans if p != (0, len(cuts))), questions, strict=True))
        rankings = {
            place: clause.get(RANKING)
            for place, clause in zip(parts, message.get(CLAUSES), strict=True)
        }
        rankings[0, len(cuts)] = message.get(RANKING)
        pieces = {
            place: (parts.get(place, whole), models.piece(span, rankings[place] or []))
            for place, span in spans.items()
        }
        return part(cuts, pieces, models, self.config["parted"])

    def _of_story(self, message: Message, doc: Doc, whole: Question) -> Question:
        """Return what a story asks: what its sentences and the whole say, each by its weight."""
        models, clauses = several(), message.get(CLAUSES)
        rankings = [*(c.get(RANKING) or [] for c in clauses), message.get(RANKING)]
        spans = [*sentences(doc), doc[:]]
        *parts, all_of_it = [models.piece(s, r) for s, r in zip(spans, rankings, strict=True)]
        weights = models.attention(parts, all_of_it)
        weighed: dict[str, dict[str, Any]] = {}
        for weight, ranking in sorted(
            zip(weights, rankings, strict=True), key=lambda each: -each[0]
        ):
            for each in ranking:
                said = weighed.setdefault(each["name"], {**each, "confidence": 0.0})
                said["confidence"] += float(weight) * each["confidence"]
        ranking = sorted(weighed.values(), key=lambda each: (-each["confidence"], each["name"]))
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(RANKING, ranking[: len(rankings[-1])], add_to_output=True)
        return _question(message, whole.start, whole.end)

    def _from_values(self, message: Message) -> None:
        intent = values_alone(doc_of(message), message.get(ENTITIES) or [])
        ranking = message.get(RANKING) or []
        top = ranking[0]["name"] if ranking else None
        if intent in {"ask_program_detail", "save_program"}:
            # A name may read like two questions.
            message.set(CLAUSES, [])
        if intent in (None, top) or top in URGENCY:
            return
        named = any(e["entity"] == "program" for e in message.get(ENTITIES) or [])
        if top in _ONE_SEARCH and not named:
            return
        if top in _ASK_WITH_VALUES and ranking[0]["confidence"] >= _SURE_OF_QUESTION:
            return
        _decide(message, Question("", 0, 0, intent, self.config["sure"]), ranking)
        message.set(CLAUSES, [])

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave training examples as they are labelled."""
        return training_data


def _decide(message: Message, question: Question, ranking: list[dict[str, Any]]) -> None:
    """Set a message's intent to a question's, first in its ranking."""
    named = (each for each in ranking if each["name"] == question.intent)
    rest = [each for each in ranking if each["name"] != question.intent]
    # As sure as the reading that it replaces, or the fallback would call the two ambiguous.
    sure = max([question.confidence, *(each["confidence"] for each in rest)])
    decided = {**next(named, {}), "name": question.intent, "confidence": sure}
    message.set(INTENT, decided, add_to_output=True)
    message.set(RANKING, [decided, *rest], add_to_output=True)


def _question(message: Message, start: int, end: int) -> Question:
    intent = message.get(INTENT) or {}
    return Question(
        message.get(TEXT) or "",
        start,
        end,
        intent.get("name") or "",
        float(intent.get("confidence") or 0.0),
    )
