"""Whether a cut parts two questions, and how much each sentence of a story counts.

Two small models over how the intent classifier reads a message and its parts. Both are fitted in
training, on messages that the classifier has not learnt from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from spacy.tokens import Span, Token

from preceptor.intents import Intents
from preceptor.nlu.intents.ridge import QuadraticRidge
from preceptor.nlu.questions.cuts import KINDS, VERBS, Cut, asks, complete, kind_of, words_of

_LITTLE = 1e-3
# Scaled features beyond it are cut off.
_CLEAR = 5.0
_PARTED = "two"
_RIDGE = {"directions": 60, "dense_weight": 1.0, "linear_weight": 1.0, "penalty": 0.5}
# What a weight of a story's features costs.
_LEANING = 2.0
_SIGNS = [
    *((sign, join) for sign in ("end", "comma") for join in ("", "and", "also", "or", "but")),
    *(("", join) for join in ("and", "also", "or", "but")),
    ("bare", ""),
]
# "How long is it?" alone may be about a programme on the screen; beside another question it is one
# in general, unless it points at a programme.
_POINTERS = {
    "programme": re.compile(
        r"\b(ones?|first|second|third|fourth|fifth|last|1st|2nd|3rd|number|this|that|these|those"
        r"|the (?:[a-z]+ )?"
        r"(?:placement|programme|program|clinic|hospital|project|internship|elective))\b",
        re.IGNORECASE,
    ),
    "advisor": re.compile(r"\b(you|u|ya|your|ur|bot|this)\b", re.IGNORECASE),
}
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

    @staticmethod
    def of(span: Span, chances: np.ndarray) -> Piece:
        """Return a stretch of a message with what the classifier says of it."""
        return Piece(span.text, words_of(span), chances)

    @property
    def top(self) -> int:
        """The place of the likeliest intent."""
        return int(self.chances.argmax())


@dataclass(frozen=True)
class Pair:
    """What the two sides of a cut ask, as places of intents, and how likely each reading is."""

    first: int
    second: int
    first_chance: float
    second_chance: float


class Roles:
    """What the models need to know of the intents, as arrays over their places.

    Attributes:
        names: the intents, length c.
        small_talk, safety, refusal, reaction, search: whether an intent is of that group, (c,).
        urgent: whether it is one of safety in which a person is handed over, shape (c,).
        askable: whether it is a question, shape (c,).
        same: whether two intents are one question, shape (c, c).
        two: whether two intents can be two questions of one message, in this order, (c, c).
        pointing: for intents that point at something, by place, how that is said.
    """

    def __init__(self, names: Sequence[str], declared: Intents) -> None:
        """Look the intents up; one that is not declared is a plain question."""
        self.names = list(names)
        groups = np.array([declared[n].group if n in declared else "" for n in names])
        self.small_talk = groups == "small_talk"
        self.safety = groups == "safety"
        self.refusal = groups == "refusal"
        self.reaction = groups == "reaction"
        self.search = groups == "search"
        self.urgent = self.safety & np.array(
            [n in declared and declared[n].does == "hand_over" for n in names]
        )
        first = ~(self.small_talk | self.safety | self.refusal)
        self.askable = first & ~self.reaction
        self.same = np.array([[declared.same_question(a, b) for b in names] for a in names])
        self.two = first[:, None] & self.askable[None, :] & ~self.same
        self.pointing = {
            place: _POINTERS[declared[name].points_at or ""]
            for place, name in enumerate(names)
            if name in declared and declared[name].points_at
        }

    def says_nothing(self, piece: Piece) -> bool:
        """Tell whether a piece is small talk, or announces a question ("I want to ask you")."""
        announced = self.pointing.get(piece.top) is _POINTERS["advisor"] and shape(piece)["tells"]
        return bool(announced or piece.chances[self.small_talk].sum() > 0.5)

    def pair(self, left: Piece, right: Piece) -> tuple[Pair, np.ndarray]:
        """Return the likeliest two questions on either side of a cut, and all pairs' scores."""
        logs = []
        for side in (left, right):
            chances = side.chances.copy()
            for place, pattern in self.pointing.items():
                if not pattern.search(side.text):
                    chances[place] = 0.0
            logs.append(_log(chances / max(chances.sum(), _LITTLE)))
        scores = logs[0][:, None] + logs[1][None, :]
        first, second = divmod(int(np.where(self.two, scores, -np.inf).argmax()), len(self.names))
        one, other = (min(1.0, float(np.exp(log))) for log in (logs[0][first], logs[1][second]))
        return Pair(first, second, one, other), scores


@dataclass(frozen=True)
class CutModel:
    """Tells whether a cut parts two questions: the intents' quadratic ridge, over its features.

    Attributes:
        roles: of the intents.
        ridge: the model of `f` features.
        centre, scale: what is taken off each feature, and what it is divided by, shapes (f,).
    """

    roles: Roles
    ridge: QuadraticRidge
    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, roles: Roles, rows: np.ndarray, truth: np.ndarray) -> CutModel:
        """Learn from `n` cuts.

        Args:
            roles: of the intents.
            rows: features as `features` gives them, shape (n, f).
            truth: whether each cut gives two questions rightly, shape (n,).
        """
        centre, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        labels = [_PARTED if parts else "one" for parts in truth]
        ridge = QuadraticRidge.fit(_scaled(rows, centre, scale), labels, **_RIDGE)
        return cls(roles, ridge, centre, scale)

    def parts(self, places: Sequence[tuple[Cut, Piece, Piece, Piece]]) -> list[tuple[float, Pair]]:
        """Return how likely each cut parts two questions, and what they ask.

        Args:
            places: cuts, what stands before and after each, and both together.
        """
        found = [features(self.roles, *each) for each in places]
        rows = np.stack([values for values, _ in found])
        dense = _scaled(rows, self.centre, self.scale)
        chances = self.ridge.probabilities(dense)[:, self.ridge.labels == _PARTED][:, 0]
        return [
            (0.0 if _tells_who_asks(self.roles, left, pair) else float(chance), pair)
            for chance, (_, pair), (_, left, _, _) in zip(chances, found, places, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Write what was learnt as plain arrays: reading it back runs no code."""
        self.ridge.save(folder / "cuts.npz")
        np.savez(folder / "cut_features.npz", centre=self.centre, scale=self.scale)

    @classmethod
    def load(cls, folder: Path, roles: Roles) -> CutModel | None:
        """Read back what `save` wrote; None if it wrote nothing."""
        if not (folder / "cuts.npz").exists():
            return None
        with np.load(folder / "cut_features.npz", allow_pickle=False) as found:
            centre, scale = found["centre"], found["scale"]
        return cls(roles, QuadraticRidge.load(folder / "cuts.npz"), centre, scale)


def _scaled(rows: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.clip((rows - centre) / scale, -_CLEAR, _CLEAR).astype(np.float32)


def features(
    roles: Roles, cut: Cut, left: Piece, right: Piece, whole: Piece
) -> tuple[np.ndarray, Pair]:
    """Return a cut's features, shape `(f,)`, and what its two sides ask."""
    pair, scores = roles.pair(left, right)
    values = [
        *_form(cut, left, right),
        *_meaning(roles, pair, scores, (left, right, whole)),
    ]
    return np.array(values, dtype=float), pair


def _tells_who_asks(roles: Roles, left: Piece, pair: Pair) -> bool:
    """Tell whether what stands before a cut only says who asks, or how it came to the question.

    "I'm a doctor from Egypt and want an observership": who searches belongs to a search. "A
    friend gave me this link" asks nothing.
    """
    one = shape(left)
    searcher = one["of oneself"] and roles.search[pair.second]
    return bool(one["tells"] and (searcher or pair.first in roles.pointing))


def _form(cut: Cut, left: Piece, right: Piece) -> list[float]:
    """Return what a cut looks like: what stands there and what the two sides begin with."""
    one, other = shape(left), shape(right)
    joined = cut.join in {"and", "also"}
    asked = one["asks"] or one["asks late"]
    return [
        *((cut.sign, cut.join) == each for each in _SIGNS),
        *(_begins(piece) == kind for piece in (left, right) for kind in KINDS),
        *one.values(),
        *other.values(),
        one["asks"] and other["asks"],
        asked and (other["asks"] or other["asks late"]),
        one["tells"] or other["tells"],
        one["terse"] and other["terse"],
        joined and other["opens"],
        joined and other["opens"] and asked,
        cut.sign == "bare" and one["opens"] and other["opens"],
        (cut.sign, cut.join) == ("comma", "") and other["opens"],
        cut.sign == "end" and one["asks"] and other["asks"],
    ]


def _meaning(
    roles: Roles, pair: Pair, scores: np.ndarray, pieces: tuple[Piece, Piece, Piece]
) -> list[float]:
    """Return how the classifier reads the two sides of a cut and both together."""
    left, right, whole = (piece.chances for piece in pieces)
    a, b, tops = pair.first, pair.second, [piece.top for piece in pieces]
    best, one = scores[roles.two], float(scores[roles.same].max())
    second, first = np.partition(best, -2)[-2:] if len(best) > 1 else (one, one)
    chances = [
        left[a], right[b], whole[a], whole[b], left[b], right[a], pair.first_chance,
        pair.second_chance, left.max(), right.max(), whole.max(), whole[a] + whole[b],
        min(whole[a], whole[b]), min(left[a], right[b]), max(left[a], right[b]),
        *(side[of].sum() for of in (roles.small_talk, roles.refusal, roles.safety)
          for side in (left, right, whole)),
    ]  # fmt: skip
    return [
        *_log(np.array(chances)),
        *(-float((side * np.log(side + 1e-9)).sum()) for side in (left, right, whole)),
        np.minimum(left, right).sum(), np.minimum(left, whole).sum(),
        np.minimum(right, whole).sum(),
        first, one, first - one, first - second,
        tops[2] == a, tops[2] == b, tops[2] not in (a, b), tops[0] == a, tops[1] == b,
        roles.same[tops[0], tops[1]], roles.reaction[a], bool({a, b} & roles.pointing.keys()),
    ]  # fmt: skip


@dataclass(frozen=True)
class StoryModel:
    """Tells how much each sentence of a story and the whole of it say about what is asked.

    A softmax over linear scores, fitted so that what is asked becomes likely.

    Attributes:
        roles: of the intents.
        centre, scale: what is taken off each feature, and what it is divided by, shapes (f,).
        linear: how much each feature counts, shape (f,).
    """

    roles: Roles
    centre: np.ndarray
    scale: np.ndarray
    linear: np.ndarray

    @classmethod
    def fit(
        cls,
        roles: Roles,
        rows: Sequence[np.ndarray],
        says: Sequence[np.ndarray],
        written: Sequence[bool],
    ) -> StoryModel:
        """Learn from stories; those that people wrote and those that were made weigh the same.

        Args:
            roles: of the intents.
            rows: of each story, the features as `story_features` gives them, `(n + 1, f)`.
            says: of each story, how likely each sentence and the whole is what is asked, (n + 1,).
            written: whether somebody wrote the story as a whole.
        """
        from scipy.optimize import minimize

        together = np.vstack(rows)
        centre, scale = together.mean(axis=0), together.std(axis=0) + 1e-6
        stories = [
            ((each - centre) / scale, says_so + _LITTLE, len(rows) / (2 * written.count(whole)))
            for each, says_so, whole in zip(rows, says, written, strict=True)
        ]

        def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
            total, slope = _LEANING * float(weights @ weights), 2 * _LEANING * weights
            for scaled, says_so, times in stories:
                share = _softmax(scaled @ weights)
                likelihood = share @ says_so
                total -= times * np.log(likelihood)
                slope += times * (scaled.T @ (share - share * says_so / likelihood))
            return total, slope

        start = np.zeros(together.shape[1])
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60})
        return cls(roles, centre, scale, found.x)

    def weights(self, sentences: list[Piece], whole: Piece) -> np.ndarray:
        """Return the weights, which add up to 1, shape `(n + 1,)`, the whole's last."""
        rows = story_features(self.roles, sentences, whole)
        return _softmax((rows - self.centre) / self.scale @ self.linear)

    def save(self, folder: Path) -> None:
        """Write what was learnt as plain arrays: reading it back runs no code."""
        np.savez(folder / "stories.npz", centre=self.centre, scale=self.scale, linear=self.linear)

    @classmethod
    def load(cls, folder: Path, roles: Roles) -> StoryModel | None:
        """Read back what `save` wrote; None if it wrote nothing."""
        if not (folder / "stories.npz").exists():
            return None
        with np.load(folder / "stories.npz", allow_pickle=False) as found:
            return cls(roles, found["centre"], found["scale"], found["linear"])


def story_features(roles: Roles, sentences: list[Piece], whole: Piece) -> np.ndarray:
    """Return the features of a story's `n` sentences and of its whole, shape `(n + 1, f)`."""
    told = whole.top
    rows = []
    for i, piece in enumerate(sentences):
        chance, text = piece.chances[piece.top], piece.text.casefold()
        rows.append([
            0.0, _log(chance), _log(1 - chance), _log(piece.chances[roles.refusal].sum()),
            _log(piece.chances[roles.small_talk].sum()), _log(piece.chances[roles.safety].sum()),
            roles.reaction[piece.top], roles.refusal[piece.top], "?" in text, asks(text),
            bool(_WANTS.search(text)), text.startswith(_OF_ONESELF), i == 0,
            i == len(sentences) - 1, np.log1p(len(piece.words)), _log(whole.chances[piece.top]),
            told == piece.top, *[0.0] * 7,
        ])  # fmt: skip
    named = np.array([piece.chances[told] for piece in sentences])
    chance = whole.chances[told]
    rows.append([
        1.0, *[0.0] * 16,
        _log(chance), _log(1 - chance), _log(whole.chances[roles.refusal].sum()),
        roles.refusal[told], float(np.mean([piece.top == told for piece in sentences])),
        _log(named.max()), _log(named.mean()),
    ])  # fmt: skip
    return np.array(rows, dtype=float)


def shape(piece: Piece) -> dict[str, float]:
    """Return the form of one side of a cut, by name."""
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


def _begins(piece: Piece) -> str:
    return kind_of(piece.words[0]) if piece.words else "other"


def _log(chance: np.ndarray | float) -> np.ndarray:
    return np.log(np.maximum(chance, 0.0) + _LITTLE)


def _softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())
