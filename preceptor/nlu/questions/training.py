"""What the models of several questions and of stories are fitted to.

Messages that people wrote with several questions, and training questions: some that could be cut
and ask one thing, some that are long, and some inside stories that ask nothing. The intent
classifier learns from them as well; what it makes of them is read without their fold.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from spacy.tokens import Span

from preceptor.nlu.encoders.onnx import Part
from preceptor.nlu.intents.classifier import by_intent
from preceptor.nlu.intents.features import InParts
from preceptor.nlu.questions.annotated import Marked
from preceptor.nlu.questions.cuts import Cut, cuts_of, is_story, parts_of, place_of
from preceptor.nlu.questions.model import (
    CutModel,
    Piece,
    Roles,
    StoryModel,
    features,
    story_features,
)
from preceptor.nlu.tokens import tokens_of

# At most so many training questions of a kind: that could be cut, inside stories, long.
_SINGLES, _STORIES, _LONG = 800, 400, 200
_FOLDS = 2
_STORY_SENTENCES = (4, 12)


@dataclass(frozen=True)
class Question:
    """A training question and its label, `intent` or `intent/kind`."""

    text: str
    label: str

    @property
    def intent(self) -> str:
        """The label without its kind."""
        return self.label.partition("/")[0]

    @property
    def is_long(self) -> bool:
        """Whether it is read as a story."""
        return len(self.text.split()) > 20 and is_story(tokens_of(self.text))


@dataclass(frozen=True)
class Sample:
    """A message that the models learn from.

    Attributes:
        message: for the classifier; its first parts are the spans.
        fold: its number; a question and the story around it are in one.
        cuts: where it could be cut.
        spans: its parts by the numbers of their clauses, see `parts_of`.
        intents: what it asks, in order.
        written: whether somebody wrote it as a whole.
    """

    message: InParts
    fold: int
    cuts: list[Cut]
    spans: dict[tuple[int, int], Span]
    intents: list[str]
    written: bool = True


def draw(
    questions: Sequence[Question], marked: Iterable[Marked], told: Sequence[str], askable: set[str]
) -> tuple[list[Question], list[Sample]]:
    """Return the samples, and the questions that are none of them.

    Args:
        questions: all training questions.
        marked: messages with several questions.
        told: stories that ask nothing.
        askable: the intents of which a question may stand in a story.
    """
    samples = [_of_marked(each, number % _FOLDS) for number, each in enumerate(marked)]
    if not samples:
        return list(questions), []
    chance = random.Random(0)
    # By what they say, so that a question more or less leaves the others as they are.
    order = sorted(range(len(questions)), key=lambda i: _digest(questions[i].text.lower()))

    def some(number: int, fits: Callable[[Question], bool]) -> list[int]:
        return list(islice((i for i in order if fits(questions[i])), number))

    inside = some(_STORIES if told else 0, lambda q: q.intent in askable and not q.is_long)
    cuttable = some(_SINGLES, lambda q: not q.is_long and bool(cuts_of(tokens_of(q.text))))
    chosen = {*inside, *cuttable, *some(_LONG, lambda q: q.is_long)}
    # A text that stands twice is in one fold.
    folds = {questions[i].text.lower(): number % _FOLDS for number, i in enumerate(sorted(chosen))}
    kept = [i for i, question in enumerate(questions) if question.text.lower() in folds]
    samples += [_of_question(questions[i], folds) for i in kept]
    stories = (_in_story(questions[i], told, folds, chance) for i in inside)
    samples += [story for story in stories if story.message.story]
    return [q for q in questions if q.text.lower() not in folds], samples


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _of_marked(marked: Marked, fold: int) -> Sample:
    asked = dict(zip(marked.parts, marked.intents, strict=True))
    return _sample(marked.text, asked, fold, marked.intents)


def _of_question(question: Question, folds: Mapping[str, int]) -> Sample:
    asked = {(0, len(question.text)): question.label}
    return _sample(question.text, asked, folds[question.text.lower()], [question.intent])


def _sample(
    text: str,
    asked: Mapping[Part, str],
    fold: int,
    intents: list[str],
    written: bool = True,
) -> Sample:
    """Return a sample with all parts that are read, and those that are learnt with their labels."""
    doc = tokens_of(text)
    cuts, spans = parts_of(doc)
    places = list(map(place_of, spans.values()))
    places += [part for part in asked if part not in places]
    message = InParts(text, places, [asked.get(place) for place in places], is_story(doc))
    return Sample(message, fold, cuts, spans, intents, written)


def _in_story(
    question: Question, told: Sequence[str], folds: Mapping[str, int], chance: random.Random
) -> Sample:
    """Return a question at the start, in the middle or at the end of a piece of a story."""
    own = question.text if question.text.rstrip()[-1:] in {".", "?", "!"} else f"{question.text}."
    story = re.split(r"(?<=[.?!]) ", chance.choice(told))
    # Of any length, or the number of sentences would tell these stories from people's own.
    first = chance.randrange(max(1, len(story) - 5))
    around = story[first : first + chance.randint(*_STORY_SENTENCES)]
    at = chance.choice((0, len(around) // 2, len(around)))
    text = " ".join([*around[:at], own, *around[at:]])
    return _sample(text, {}, folds[question.text.lower()], [question.intent], written=False)


def fit(
    samples: Sequence[Sample], read: Sequence[np.ndarray], labels: Iterable[str], roles: Roles
) -> tuple[CutModel | None, StoryModel | None]:
    """Return both models, as far as there is something to learn them from.

    Args:
        samples: see `draw`.
        read: the probabilities of each sample's parts, shape `(parts, c)`.
        labels: the classes, length c.
        roles: of the intents among the classes.
    """
    _, summed = by_intent(labels)
    cuts: list[tuple[np.ndarray, bool]] = []
    stories: list[tuple[np.ndarray, np.ndarray, bool]] = []
    for sample, rows in zip(samples, read, strict=True):
        pieces = {
            key: Piece.of(span, row @ summed)
            for (key, span), row in zip(sample.spans.items(), rows, strict=False)
        }
        if not sample.message.story:
            cuts += _cuts(sample, pieces, roles)
        elif len(sample.intents) == 1 and len(pieces) > 2:
            *told, whole = pieces.values()
            asked = roles.names.index(sample.intents[0])
            says = np.array([piece.chances[asked] for piece in (*told, whole)])
            stories.append((story_features(roles, told, whole), says, sample.written))
    cut_model = story_model = None
    if len({parts for _, parts in cuts}) > 1:
        values, truth = zip(*cuts, strict=True)
        cut_model = CutModel.fit(roles, np.array(values), np.array(truth))
    if stories:
        story_model = StoryModel.fit(roles, *zip(*stories, strict=True))
    return cut_model, story_model


def _cuts(
    sample: Sample, pieces: dict[tuple[int, int], Piece], roles: Roles
) -> list[tuple[np.ndarray, bool]]:
    """Return the features of a message's cuts, and whether a cut gives what the message asks.

    It does where both sides are read as two of its questions, in order, of which one is the first
    or the last: a little beside the true place a cut is as good.
    """
    last, asked = len(sample.cuts), sample.intents
    found = []
    for k, cut in enumerate(sample.cuts):
        values, pair = features(roles, cut, pieces[0, k], pieces[k + 1, last], pieces[0, last])
        one, other = roles.names[pair.first], roles.names[pair.second]
        in_order = one in asked and other in asked[asked.index(one) + 1 :]
        found.append((values, in_order and (one == asked[0] or other == asked[-1])))
    return found
