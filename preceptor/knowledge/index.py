"""Which answer a question asks for: several fields per answer, a learnt ranking, a calibration.

Every phrasing of an answer and its text have a vector of meaning and a row of words. A first look
at one vector per answer leaves a few candidates. What they have in common with the question, and
how probable a classifier over all answers finds them, are the features of a conditional logit that
ranks them. It is fitted on a fifth of the phrasings, left out of what the index and the classifier
have seen. A logistic regression tells how likely the best candidate is right; it also sees
questions whose whole answer was left out, and questions that nothing answers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import scipy.sparse

from preceptor.knowledge import classifier
from preceptor.knowledge.answers import Answer, Further
from preceptor.knowledge.vectors import answer_vector as vector_of
from preceptor.nlu.normalize import fold, squeeze

CANDIDATES = 24
"""How many answers are looked at closely; twice as many for what is read in several ways."""
_USE = 512
_MOST_CERTAINTY = 0.5
# What the logit of the confidence gains if the classifier is sure of the answer's topic, and loses
# if it is sure of another.
_AGREED, _NOT_AGREED = 1.4, 0.4
# How much a question counts together with what was said before it, beside what it says alone: one
# that is short or leans on that, and a longer one. What it leans on stays the matter, and so does
# what is near to it. Measured on conversations.
_WITH_BEFORE, _BESIDE_BEFORE, _SHORT = 0.5, 0.2, 15
_SAME_ANSWER, _SAME_FOLDER = 0.5, 0.7
# From how many words on a question is a story, and how much the context counts there: its topic is
# read less surely, and more places and people stand in it than it is about. Measured on people's
# posts in forums.
_STORY, _IN_STORY = 20, 0.5
# How much a story counts as a whole beside its sentences, of which one asks and others tell of
# something else; how many of them are read, and how many words say too little to be.
_WHOLE, _MOST_SENTENCES, _FRAGMENT = 0.4, 16, 2
# How much less certain it is what a story asks that people tell than one that an author wrote: the
# logit, measured on people's posts in forums.
_TOLD_BY_PEOPLE = 0.8
# How many of the wordings of a further question count.
_NEAREST = 3
_SENTENCE_ENDS = re.compile(r"(?<=[.!?؟。])\s+|\n+")
_WORD = re.compile(r"\w+")
_PIECE = 4


@dataclass(frozen=True)
class Context:
    """What is known beside a question's words.

    Attributes:
        topics: the probability of each intent.
        places: countries (ISO codes) and places that the question names.
        home: those that the person or the talk is about, named before.
        audience: what the person is; empty if not known.
        avoid: ids of answers that are not wanted again.
        before: what was said before this question; empty if it begins a talk.
        focus: the answer to that.
        leaning: whether the question can hardly be read without that one.
        is_foreign: whether the question is in another language than English.
    """

    topics: Mapping[str, float] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    home: frozenset[str] = frozenset()
    audience: frozenset[str] = frozenset()
    avoid: frozenset[str] = frozenset()
    before: str = ""
    focus: Answer | None = None
    leaning: bool = False
    is_foreign: bool = False


@dataclass(frozen=True)
class Match:
    """An answer, its score, its features by name, and what the context added to the score."""

    answer: Answer
    score: float
    features: dict[str, float]
    context: float


@dataclass(frozen=True)
class Choice:
    """The best matches, and how likely the first is the answer, between 0 and 1."""

    matches: tuple[Match, ...]
    confidence: float


FEATURES = (
    "answer", "use", "minilm", "three", "near", "text", "words", "pieces", "text_words",
    "among_all",
)  # fmt: skip
"""Nearness in meaning to the answer as a whole, seen through the projection; to the nearest
phrasing (by each encoder, to the nearest three, by both) and to the text; words and pieces of words
shared with the nearest phrasing, words with the text; how probable the classifier finds the answer
among all."""
# What the logarithm of a probability is divided by, so that it has the scale of a likeness.
# Below it every probability counts as none.
_SMALL = 10.0
# How many steps fit answers that have come since the ranking was fitted.
_ROUNDS_FOR_NEW = 30


@dataclass(frozen=True)
class Weights:
    """What is fitted to the answers.

    Attributes:
        ranking: one weight per feature.
        confidence: one weight per feature of `confidence_row`.
        confidence_offset: of the confidence.
        projection: shape (d, d), makes directions small in which phrasings of one answer differ
            (linear discriminant analysis); None for the identity.
        ids: the answers that the classifier knows.
        rows: its weights for each, shape (answers, d + 1).
    """

    ranking: tuple[float, ...] = (9.0, 1.0, 2.0, 2.0, 0.0, 2.0, 1.0, 1.0, 2.0, 2.0)
    confidence: tuple[float, ...] = (0.7, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    confidence_offset: float = -5.6
    projection: np.ndarray | None = None
    ids: tuple[str, ...] = ()
    rows: np.ndarray | None = None


class Words:
    """Words and pieces of words, weighted by how rare they are.

    By hand, since scikit-learn, which has it, costs a server its start and 40 MiB.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Learn how rare each word and piece is; `known` are the texts' own rows."""
        terms = [set(_terms(text)) for text in texts]
        counts = Counter(chain.from_iterable(terms))
        self._places = {term: i for i, term in enumerate(sorted(counts))}
        frequency = np.array([counts[term] for term in self._places])
        self._idf = np.log((1 + len(texts)) / (1 + frequency)) + 1
        self._is_word = np.array([" " not in term for term in self._places], dtype=bool)
        self.known = self._rows(terms)

    def rows(self, texts: Iterable[str]) -> tuple[scipy.sparse.csr_matrix, ...]:
        """Return rows of unit length for words and for pieces, shape (n, terms) each."""
        return self._rows([set(_terms(text)) for text in texts])

    def _rows(self, texts: Iterable[set[str]]) -> tuple[scipy.sparse.csr_matrix, ...]:
        places: list[int] = []
        ends = [0]
        for terms in texts:
            places += [self._places[term] for term in terms if term in self._places]
            ends.append(len(places))
        shape = (len(ends) - 1, len(self._places))
        values = self._idf[places]
        split = self._is_word[places] if places else np.zeros(0, dtype=bool)
        return tuple(
            _unit_rows(scipy.sparse.csr_matrix((values * chosen, places, ends), shape=shape))
            for chosen in (split, ~split)
        )


def _terms(text: str) -> list[str]:
    words = _WORD.findall(fold(squeeze(text)).lower())
    pieces = [
        f"{padded[i : i + _PIECE]} "
        for padded in (f"^{word}$" for word in words)
        for i in range(max(1, len(padded) - _PIECE + 1))
    ]
    return words + pieces


def _unit_rows(rows: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return scipy.sparse.diags(1 / np.maximum(lengths, 1e-9)) @ rows


class Index:
    """Answers, ready to be chosen from."""

    def __init__(
        self, answers: Sequence[Answer], vectors: Mapping[str, np.ndarray], weights: Weights
    ) -> None:
        """Index answers.

        Args:
            answers: at least one.
            vectors: of every text that `texts_of` names.
            weights: what was fitted.
        """
        self.answers = tuple(answers)
        self._by_id = {answer.id: i for i, answer in enumerate(answers)}
        phrases = [phrases_of(answer) for answer in answers]
        self.owner = np.repeat(np.arange(len(answers)), [len(each) for each in phrases])
        self.phrases = [phrase for each in phrases for phrase in each]
        self._ends = np.cumsum([0, *(len(each) for each in phrases)])
        self.vectors = np.array([vectors[phrase] for phrase in self.phrases], dtype=np.float32)
        self._texts = np.array([vectors[body_of(answer)] for answer in answers], dtype=np.float32)
        self.words = Words([*self.phrases, *map(body_of, answers)])
        word_rows, piece_rows = self.words.known
        count = len(self.phrases)
        self.word_rows, self.piece_rows = word_rows[:count], piece_rows[:count]
        self._text_rows = word_rows[count:]
        self._asked = {
            _plain(phrase): i for phrase, i in zip(self.phrases, self.owner, strict=True)
        }
        self._further = {
            answer.id: [np.array([vectors[w] for w in each.asked_as]) for each in answer.further]
            for answer in answers
        }
        means = np.array([self.vectors[a:b].mean(axis=0) for a, b in self._spans()])
        self._first_look = _unit(means), self.vectors[self._ends[:-1]], self._texts
        self.use(weights)

    def use(self, weights: Weights) -> None:
        """Rank with these weights from now on."""
        self.weights = weights
        self._centre = self.vectors.mean(axis=0)
        self._answers = _unit(self._project(self.means()))
        self._rows = None if weights.rows is None else self._rows_of_all(weights.ids, weights.rows)

    def _rows_of_all(self, ids: Sequence[str], rows: np.ndarray) -> np.ndarray:
        """Return the classifier's weights for all answers; those of new ones are fitted."""
        fitted = dict(zip(ids, rows, strict=True))
        nothing = np.zeros(rows.shape[1])
        result = np.array([fitted.get(answer.id, nothing) for answer in self.answers])
        new = [i for i, answer in enumerate(self.answers) if answer.id not in fitted]
        return self.classified(result, new, _ROUNDS_FOR_NEW) if new else result

    def classified(self, rows: np.ndarray, free: Sequence[int], rounds: int) -> np.ndarray:
        """Return the classifier's weights with some fitted (see `classifier.fitted`)."""
        vectors = np.vstack([self.vectors, self._texts])
        owners = np.append(self.owner, np.arange(len(self.answers)))
        return classifier.fitted(vectors, owners, rows, free, rounds)

    def means(self) -> np.ndarray:
        """Return the mean of each answer's phrasings and, twice, its text; shape (answers, d)."""
        sums = np.add.reduceat(self.vectors, self._ends[:-1]) + 2 * self._texts
        return np.asarray(sums / (np.diff(self._ends) + 2)[:, None])

    def residuals(self) -> np.ndarray:
        """Return how phrasings and texts differ from their answer's mean, shape (n, d)."""
        means = self.means()
        return np.vstack([self.vectors - means[self.owner], 2**0.5 * (self._texts - means)])

    def _project(self, vectors: np.ndarray) -> np.ndarray:
        centred = vectors - self._centre
        matrix = self.weights.projection
        return centred if matrix is None else np.asarray(centred @ matrix)

    def _spans(self) -> list[tuple[int, int]]:
        return list(zip(self._ends, self._ends[1:], strict=False))

    def get(self, id: str) -> Answer | None:
        """Return the answer of an id, or None."""
        place = self._by_id.get(id)
        return None if place is None else self.answers[place]

    def choose(self, question: str, context: Context = Context()) -> Choice:  # noqa: B008
        """Return the answers nearest to a question, the best first.

        Args:
            question: in any language that the encoders know.
            context: what else is known.
        """
        readings = readings_of(question)
        if context.before:
            both = f"{context.before} {question}"
            short = context.leaning or len(question.split()) <= _SHORT
            share = _WITH_BEFORE if short else _BESIDE_BEFORE
            alone = [(part * (1 - share), text) for part, text in readings]
            readings = [*alone, (share, both)]
        vectors = [vector_of(text) for _, text in readings]
        places = self.candidates(vectors)
        asked = self._asked.get(_plain(question))
        if asked is not None and asked not in places:
            places[0] = asked
        rows = self.rows_of(readings, vectors, places)
        scores = rows @ np.array(self.weights.ranking)
        weight = _IN_STORY if len(question.split()) >= _STORY else 1.0
        bonus = weight * np.array([_in_context(self.answers[i], context) for i in places])
        # A question in the very words of a file is that file's.
        order = np.argsort(-(scores + bonus + np.where(places == asked, 100, 0)))
        matches = [
            Match(
                self.answers[places[i]],
                float(scores[i] + bonus[i]),
                dict(zip(FEATURES, map(float, rows[i]), strict=True)),
                float(bonus[i]),
            )
            for i in order
            if self.answers[places[i]].id not in context.avoid
        ]
        return Choice(tuple(matches), self._confidence(question, matches, context))

    def further(self, answer: Answer, message: str) -> tuple[Further, float] | None:
        """Return the further question of an answer that a message is nearest to, and how near.

        That is the mean cosine with its three nearest wordings: they are few and differ. Of a story
        one sentence is enough. What some answer is asked by in these words is that one's.
        """
        if not answer.further or not message.strip() or _plain(message) in self._asked:
            return None
        read = np.array([vector_of(text) for _, text in readings_of(message)]).T
        near = [
            float(np.sort(rows @ read, axis=0)[-_NEAREST:].mean(axis=0).max())
            for rows in self._further[answer.id]
        ]
        best = int(np.argmax(near))
        return answer.further[best], near[best]

    def _confidence(self, question: str, matches: Sequence[Match], context: Context) -> float:
        if not matches:
            return 0.0
        asked = self._asked.get(_plain(question))
        if asked is not None and self.answers[asked] is matches[0].answer:
            return 1.0
        # A place or topic that fits makes an answer the better one, hardly the more certain one.
        scores = [match.score - max(0.0, match.context - _MOST_CERTAINTY) for match in matches]
        is_story = len(readings_of(question)) > 1
        among_all = matches[0].features["among_all"]
        row = confidence_row(scores, among_all, is_story, context.is_foreign)
        logit = float(row @ np.array(self.weights.confidence) + self.weights.confidence_offset)
        logit -= _TOLD_BY_PEOPLE * is_story
        if context.topics:
            # Topics are read more surely than answers are found.
            agreed = max(context.topics.get(topic, 0.0) for topic in matches[0].answer.topics)
            logit += _AGREED * agreed - _NOT_AGREED
        return 1 / (1 + float(np.exp(-logit)))

    def candidates(self, vectors: Sequence[np.ndarray]) -> np.ndarray:
        """Return the places of the answers that are worth a closer look.

        Args:
            vectors: of the readings of a question, one or several.
        """
        near = np.max([rows @ v for rows in self._first_look for v in vectors], axis=0)
        count = min(CANDIDATES if len(vectors) == 1 else 2 * CANDIDATES, len(near))
        return np.argpartition(-near, count - 1)[:count]

    def rows_of(
        self,
        readings: Sequence[tuple[float, str]],
        vectors: Sequence[np.ndarray],
        places: np.ndarray,
    ) -> np.ndarray:
        """Return what answers have in common with all readings, shape (len(places), features).

        Args:
            readings: see `readings_of`.
            vectors: of their texts.
            places: of the answers.
        """
        rows = np.zeros((len(places), len(FEATURES)))
        for (share, text), vector in zip(readings, vectors, strict=True):
            rows += share * self.features(vector, self.words.rows([text]), places)
        return rows

    def features(
        self,
        vector: np.ndarray,
        terms: tuple[scipy.sparse.csr_matrix, ...],
        places: np.ndarray,
    ) -> np.ndarray:
        """Return what answers have in common with a question, shape (len(places), features).

        Args:
            vector: the question's meaning.
            terms: its rows of words and of pieces.
            places: of the answers.
        """
        words, pieces = terms
        phrases = [np.arange(self._ends[i], self._ends[i + 1]) for i in places]
        starts = np.cumsum([0, *(len(each) for each in phrases[:-1])])
        every = np.concatenate(phrases)
        own = self.vectors[every]
        use = own[:, :_USE] @ vector[:_USE] * (1 + 1.2**2)
        minilm = own[:, _USE:] @ vector[_USE:] * (1 + 1.2**-2)
        both = own @ vector
        best = [np.sort(each)[::-1] for each in np.split(both, starts[1:])]
        said = (self.word_rows[every] @ words.T).toarray().ravel()
        spelt = (self.piece_rows[every] @ pieces.T).toarray().ravel()
        columns = (
            self._answers[places] @ _unit(self._project(vector[None]))[0],
            np.maximum.reduceat(use, starts),
            np.maximum.reduceat(minilm, starts),
            np.array([each[:3].mean() for each in best]),
            np.array([each[0] for each in best]),
            self._texts[places] @ vector,
            np.maximum.reduceat(said, starts),
            np.maximum.reduceat(spelt, starts),
            (self._text_rows[places] @ words.T).toarray().ravel(),
            self._among_all(vector)[places],
        )
        return np.stack(columns, axis=1)

    def _among_all(self, vector: np.ndarray) -> np.ndarray:
        """Return how probable each answer is among all, from -1 (not at all) to 0 (certain)."""
        if self._rows is None:
            return np.zeros(len(self.answers))
        chances = classifier.log_chances(self._rows, vector[None])[0] / _SMALL
        return np.maximum(chances, -1.0)


def confidence_row(
    scores: Sequence[float], among_all: float, is_story: bool, is_foreign: bool
) -> np.ndarray:
    """Return the features of how likely the best of some scores, best first, is right.

    A question that is far from all answers is one for which the classifier finds none probable.
    A story's scores are means over its sentences, so they are lower; so are those of a question
    in another language, which shares no words with the files and is known to one encoder only.
    """
    margin = scores[0] - max(scores[1:], default=scores[0] - 5)
    best = scores[0]
    of_story, foreign = (is_story, is_story * best), (is_foreign, is_foreign * best)
    row = (best, min(margin, 5.0), among_all, *of_story, *foreign, is_foreign * among_all)
    return np.array(row, dtype=float)


def _in_context(answer: Answer, context: Context) -> float:
    """Return what the context adds to an answer's score.

    Fixed, since the files say nothing of contexts to fit it on: a place that was named and is not
    the answer's rules it out, the rest tips the balance. That it is the answer's counts for
    nothing more, since words and meaning count it already.
    """
    bonus = 2 * max((context.topics.get(topic, 0.0) for topic in answer.topics), default=0.0)
    if answer.places:
        if context.places:
            if not context.places & set(answer.places):
                bonus -= 6.0
        elif context.home:
            bonus += 1.0 if context.home & set(answer.places) else -1.0
    if answer.audience and context.audience:
        bonus += 0.5 if context.audience & set(answer.audience) else -2.5
    if context.leaning and context.focus is not None:
        bonus += _SAME_ANSWER * (answer.id == context.focus.id)
        bonus += _SAME_FOLDER * (answer.folder == context.focus.folder)
    return bonus


def phrases_of(answer: Answer) -> list[str]:
    """Return the ways to ask for an answer, its own question first."""
    return [answer.question, *answer.asked_as]


def readings_of(question: str) -> list[tuple[float, str]]:
    """Return the texts as which a question is read, each with its share of all.

    A story is read as a whole and sentence by sentence.
    """
    sentences = [s for s in _SENTENCE_ENDS.split(question) if len(s.split()) > _FRAGMENT]
    if len(question.split()) < _STORY or len(sentences) < 2:
        return [(1.0, question)]
    half = _MOST_SENTENCES // 2
    if len(sentences) > _MOST_SENTENCES:
        sentences = sentences[:half] + sentences[-half:]
    share = (1 - _WHOLE) / len(sentences)
    return [(_WHOLE, question), *((share, sentence) for sentence in sentences)]


def texts_of(answers: Iterable[Answer]) -> list[str]:
    """Return the texts whose vectors an index needs."""
    return [
        text
        for answer in answers
        for text in (
            *phrases_of(answer),
            body_of(answer),
            *chain.from_iterable(each.asked_as for each in answer.further),
        )
    ]


def body_of(answer: Answer) -> str:
    """Return what of an answer's text has a vector."""
    return answer.whole[:600]


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(fold(squeeze(text)).lower()))


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
