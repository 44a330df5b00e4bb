"""Whether a cut parts two questions, and which sentence of a story asks.

Both are small models over how the classifier reads the message and its clauses. Their weights are
in model.npz, which `python -m tools.fit_several` writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from spacy.tokens import Span, Token

from preceptor.nlu.questions.cuts import KINDS, VERBS, Cut, asks, complete, kind_of, words_of
from preceptor.nlu.safety import URGENCY

BEFORE_A_QUESTION = ("greet", "goodbye", "thank", "affirm", "deny")
NEVER_FIRST = (*BEFORE_A_QUESTION, *URGENCY, "out_of_scope")
NEVER_LATER = (*NEVER_FIRST, "complain", "correct")
_ONE_SEARCH = ("find_program", "refine_search")
# Two of one group are one question: what is searched for, how long it takes.
ONE_QUESTION = (_ONE_SEARCH, ("ask_internship_length", "ask_how_long"))

# How a side of a cut is read: the log chances of itself, of both together and of the other side,
# each by its weight, and what is left to intents that one doesn't show at all. Fitted to pairs.
_OWN, _WHOLE, _OTHER, _UNSEEN = 1.8, 0.25, -0.8, 0.01
# "How long is it?" alone may be about a programme on the screen; beside another question it is one
# in general, unless it points at a programme.
_PROGRAM = re.compile(
    r"\b(ones?|first|second|third|fourth|fifth|last|1st|2nd|3rd|number|this|that|these|those"
    r"|the (?:[a-z]+ )?(?:placement|programme|program|clinic|hospital|project|internship|elective))"
    r"\b",
    re.IGNORECASE,
)
_ADVISOR = re.compile(r"\b(you|u|ya|your|ur|bot|this)\b", re.IGNORECASE)
_POINTS_AT = {"ask_program_detail": (_PROGRAM, 12.0), "ask_capabilities": (_ADVISOR, 3.0)}
# After a question on licensing, one on length or duty is on licensing too.
_TOGETHER = {("ask_internship_length", "ask_registration_requirement"): 2.0}
_APART = {
    ("ask_registration_requirement", "ask_how_long"): -2.0,
    ("ask_internship_length", "ask_why_intern"): -2.0,
}
_LITTLE = 1e-3
# From which probability on a piece is small talk.
_SMALL_TALK = 0.6
_SIGNS = [
    *(("end", join) for join in ("", "and", "also", "or", "but")),
    *(("comma", join) for join in ("", "and", "also", "or", "but")),
    *(("", join) for join in ("and", "also", "or", "but")),
    ("bare", ""),
]
_CLEAR = 5.0

_WANTS = re.compile(
    r"\b(what|how|which|who|when|where|why|should|can|could|do you|is it|are there|would|wonder"
    r"|know|advice|help|tell|looking for|need|want)\b",
    re.IGNORECASE,
)
_OF_ONESELF = ("i ", "my ", "i'", "we ")


@dataclass(frozen=True)
class Piece:
    """A part of a message, or all of it.

    Attributes:
        text: what it says.
        words: its words.
        chances: the probability of each intent, shape (c,).
    """

    text: str
    words: list[Token]
    chances: np.ndarray


@dataclass(frozen=True)
class Pair:
    """What the two sides of a cut ask, and how sure each reading is, between 0 and 1."""

    first: str
    second: str
    first_chance: float
    second_chance: float


class Several:
    """The two models.

    Attributes:
        intents: the intents' names, length c, in the order of a piece's chances.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the arrays of model.npz; those of a model that isn't fitted yet may lack."""
        self.intents = [str(name) for name in arrays["intents"]]
        self._place = {name: i for i, name in enumerate(self.intents)}
        self._arrays = arrays
        size = len(self.intents)
        self._same = np.eye(size, dtype=bool)
        self._bonus = np.zeros((size, size))
        for group in ONE_QUESTION:
            places = [self._at(name) for name in group]
            self._same[np.ix_(places, places)] = True
        for (one, other), value in (_TOGETHER | _APART).items():
            self._bonus[self._at(one), self._at(other)] = value
            self._bonus[self._at(other), self._at(one)] = value
        first = np.array([name not in NEVER_FIRST for name in self.intents])
        later = np.array([name not in NEVER_LATER for name in self.intents])
        self._two = first[:, None] & later[None, :] & ~self._same
        self._small_talk = [self._at(name) for name in BEFORE_A_QUESTION]
        self._urgent = [self._at(name) for name in URGENCY]
        self._searches = {self._at(name) for name in _ONE_SEARCH}
        self._context = {self._at(n) for n in ("correct", "complain", "refine_search")}

    def _at(self, intent: str) -> int:
        return self._place[intent]

    def piece(self, span: Span, ranking: Iterable[Mapping[str, Any]]) -> Piece:
        """Return a part of a message with what the classifier says of it."""
        chances = np.zeros(len(self.intents))
        for each in ranking:
            if each["name"] in self._place:
                chances[self._place[each["name"]]] = each["confidence"]
        return Piece(span.text, words_of(span), chances)

    def small_talk(self, piece: Piece) -> float:
        """Return how likely a piece is a greeting, thanks or the like."""
        return float(piece.chances[self._small_talk].sum())

    def says_nothing(self, piece: Piece) -> bool:
        """Tell whether a piece is small talk, or announces a question ("I want to ask you")."""
        told = self.intents[int(piece.chances.argmax())]
        announced = told == "ask_capabilities" and bool(_shape(piece)["tells"])
        return announced or self.small_talk(piece) >= _SMALL_TALK

    def parts(self, cut: Cut, left: Piece, right: Piece, whole: Piece) -> tuple[float, Pair]:
        """Return how likely a cut parts two questions, and what they ask.

        Args:
            cut: where to cut.
            left: what stands before it.
            right: what stands after it.
            whole: both together.
        """
        features, pair = self.features(cut, left, right, whole)
        shape = _shape(left)
        if shape["tells"] and shape["of oneself"] and pair.second in _ONE_SEARCH:
            # "I'm a doctor from Egypt and want an observership": who searches belongs to a search.
            return 0.0, pair
        if shape["tells"] and pair.first == "ask_program_detail":
            # "A friend gave me this link" tells, and asks nothing.
            return 0.0, pair
        a = self._arrays
        scaled = np.clip((features - a["cut_mean"]) / a["cut_scale"], -_CLEAR, _CLEAR)
        hidden = np.maximum(scaled @ a["cut_hidden"] + a["cut_hidden_offset"], 0)
        return float(1 / (1 + np.exp(-(hidden @ a["cut_out"] + a["cut_offset"])))), pair

    def features(
        self, cut: Cut, left: Piece, right: Piece, whole: Piece
    ) -> tuple[np.ndarray, Pair]:
        """Return a cut's features, shape `(f,)`, and what its two sides ask."""
        a, b, readings, scores = self._read(left, right, whole)
        pair = Pair(
            self.intents[a],
            self.intents[b],
            float(np.exp(readings[0][a])),
            float(np.exp(readings[1][b])),
        )
        values = _form(cut, left, right)
        values += self._meaning(a, b, readings, scores, (left, right, whole))
        return np.array(values, dtype=np.float32), pair

    def _read(
        self, left: Piece, right: Piece, whole: Piece
    ) -> tuple[int, int, list[np.ndarray], np.ndarray]:
        """Return the likeliest two intents, each side's log chances, and all pairs' scores."""
        context = _WHOLE * np.log(whole.chances + _UNSEEN)
        readings = []
        for side, other in ((left, right), (right, left)):
            logs = _OWN * np.log(side.chances + _UNSEEN) + context
            logs += _OTHER * np.log(other.chances + _UNSEEN)
            for name, (pattern, penalty) in _POINTS_AT.items():
                if not pattern.search(side.text):
                    logs[self._at(name)] -= penalty
            readings.append(logs - np.log(np.exp(logs).sum()))
        scores = readings[0][:, None] + readings[1][None, :] + self._bonus
        a, b = divmod(int(np.where(self._two, scores, -np.inf).argmax()), len(self.intents))
        return a, b, readings, scores

    def _meaning(
        self,
        a: int,
        b: int,
        readings: list[np.ndarray],
        scores: np.ndarray,
        pieces: tuple[Piece, Piece, Piece],
    ) -> list[float]:
        left, right, whole = (piece.chances for piece in pieces)
        two = np.partition(scores[self._two], -2)[-2:]
        one = scores[self._same].max()
        out = self._at("out_of_scope")
        tops = [int(p.argmax()) for p in (left, right, whole)]
        programs = {self._at("ask_program_detail")}
        comparisons = {self._at("compare_programs")}
        return [
            two[1], one, scores.max(), two[1] - one, two[1] - two[0],
            _log(left[a]), _log(right[b]), _log(whole[a]), _log(whole[b]),
            _log(left[b]), _log(right[a]), readings[0][a], readings[1][b],
            _log(left.max()), _log(right.max()), _log(whole.max()),
            _entropy(left), _entropy(right), _entropy(whole),
            tops[2] == a, tops[2] == b, tops[2] not in (a, b), tops[0] == a, tops[1] == b,
            tops[0] == tops[1],
            np.minimum(left, right).sum(), np.minimum(left, whole).sum(),
            np.minimum(right, whole).sum(),
            _log(left[out]), _log(right[out]), _log(whole[out]),
            *(_log(self.small_talk(piece)) for piece in pieces),
            _log(whole[a] + whole[b]), _log(min(whole[a], whole[b])),
            _log(min(left[a], right[b])), _log(max(left[a], right[b])),
            _log(whole[self._urgent].sum()),
            readings[0].max() - readings[0][a], readings[1].max() - readings[1][b],
            self.intents[a] in ("complain", "correct"), a in self._searches, b in self._searches,
            bool({a, b} & programs), bool({a, b} & comparisons),
            tops[2] in self._searches, tops[2] in programs,
        ]  # fmt: skip

    def attention(self, sentences: list[Piece], whole: Piece) -> np.ndarray:
        """Return how much each sentence of a story and the whole of it say about what is asked.

        Args:
            sentences: length n, in order.
            whole: the story.

        Returns:
            Weights adding up to 1, shape `(n + 1,)`, the whole's last.
        """
        of_sentences, of_whole = self.story_features(sentences, whole)
        a = self._arrays
        scores = np.append(of_sentences @ a["sentence"], of_whole @ a["story"])
        weights = np.exp(scores - scores.max())
        return np.asarray(weights / weights.sum())

    def story_features(self, sentences: list[Piece], whole: Piece) -> tuple[np.ndarray, np.ndarray]:
        """Return the features of a story's sentences, `(n, 16)`, and of the whole, `(8,)`."""
        out = self._at("out_of_scope")
        told = int(whole.chances.argmax())
        rows = []
        for i, piece in enumerate(sentences):
            p = piece.chances
            top = int(p.argmax())
            text = piece.text.casefold()
            rows.append([
                _log(p[top]), _log(1 - p[top]), _log(p[out]), _log(self.small_talk(piece)),
                top in self._context, "?" in text, asks(text), bool(_WANTS.search(text)),
                i == 0, i == len(sentences) - 1, np.log(len(text.split())),
                _log(whole.chances[top]), told == top, text.startswith(_OF_ONESELF),
                top == out, _log(p[self._urgent].sum()),
            ])  # fmt: skip
        named = np.array([piece.chances[told] for piece in sentences])
        tops = [int(piece.chances.argmax()) for piece in sentences]
        chance = whole.chances[told]
        of_whole = [
            _log(chance), _log(1 - chance), _log(whole.chances[out]), told == out,
            tops.count(told) / len(tops), _log(named.max()), _log(named.mean()), 1.0,
        ]  # fmt: skip
        return np.array(rows, dtype=float), np.array(of_whole, dtype=float)


@cache
def several() -> Several:
    """Return the models that model.npz holds, read once a process."""
    with (
        resources.files("preceptor.nlu.questions").joinpath("model.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        return Several({name: arrays[name] for name in arrays.files})


def _form(cut: Cut, left: Piece, right: Piece) -> list[float]:
    """Return what a cut looks like: what stands there and what the two sides begin with."""
    one, other = _shape(left), _shape(right)
    joined, bare = cut.join in {"and", "also"}, cut.sign == "bare"
    return [
        *((cut.sign, cut.join) == each for each in _SIGNS),
        *(_begins(right) == kind for kind in KINDS),
        *(_begins(left) == kind for kind in KINDS),
        *one.values(),
        *other.values(),
        one["asks"] and other["asks"],
        one["tells"] or other["tells"],
        one["terse"] and other["terse"],
        one["opens"] and other["opens"],
        (one["asks"] or one["asks late"]) and (other["asks"] or other["asks late"]),
        joined and other["opens"],
        joined and other["opens"] and (one["asks"] or one["asks late"]),
        bare and one["opens"] and other["opens"],
        (cut.sign, cut.join) == ("comma", "") and other["opens"],
        cut.sign == "end" and one["asks"] and other["asks"],
    ]


def _begins(piece: Piece) -> str:
    return kind_of(piece.words[0]) if piece.words else "other"


def _shape(piece: Piece) -> dict[str, float]:
    """Return the form of one side of a cut."""
    kinds = [kind_of(word) for word in piece.words]
    opens = bool(kinds) and kinds[0] in {"wh", "verb", "request"}
    late = not opens and any(kind in {"wh", "verb"} for kind in kinds[1:])
    mark = "?" in piece.text
    verb = any(word.norm_ in VERBS for word in piece.words)
    few = len(kinds) <= 3
    return {
        "opens": opens,
        "mark": mark,
        "asks": opens or mark,
        "asks late": late,
        "terse": few and not verb and not opens,
        "one word": len(kinds) == 1,
        "two words": len(kinds) == 2,
        "length": np.log1p(len(kinds)),
        "verb": verb,
        "complete": complete(piece.words),
        "tells": not (opens or mark or late or few),
        "of oneself": bool(piece.words) and piece.words[0].norm_ in {"i", "i'm", "my"},
    }


def _log(chance: float) -> float:
    return float(np.log(chance + _LITTLE))


def _entropy(chances: np.ndarray) -> float:
    return -float((chances * np.log(chances + 1e-9)).sum())
