"""What the models of several questions and of stories are fitted to.

Messages that people wrote with several questions, and training questions: some that could be cut
and ask one thing, some that are long, some joined, and some inside stories that ask nothing. The
intent classifier learns from them as well; what it makes of them is read without their fold.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from spacy.tokens import Doc, Span

from preceptor.nlu.intents.classifier import InParts, by_intent
from preceptor.nlu.questions.annotated import Marked, cut_at
from preceptor.nlu.questions.cuts import Cut, asks, cuts_of, is_story, parts_of, place_of
from preceptor.nlu.questions.model import (
    CutModel,
    Piece,
    Roles,
    StoryModel,
    features,
    story_features,
)
from preceptor.nlu.tokens import tokens_of

# At most so many training questions of a kind: that could be cut, inside stories, long; and so many
# messages of two joined ones of few tokens, of which a share ask the same.
_SINGLES, _STORIES, _LONG = 600, 600, 300
_JOINED, _ALIKE, _SHORT = 800, 0.3, 24
_FOLDS = 2
_JOINTS = (
    " and ", " and ", " and ", ", and ", ", and ", "? And ", "? and ", ", ", "? ", ". ", " n ",
    " & ", " + ", " also ", ", also ", "? Also, ", ". And ", ", plus ", " plus ", ", btw ", " ",
    "\n", "; ", " and tell me ",
)  # fmt: skip
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


@dataclass(frozen=True)
class Sample:
    """A message that the models learn from.

    Attributes:
        message: for the classifier; its first parts are the spans.
        fold: its number; a question and the story around it are in one.
        cuts: where it could be cut.
        spans: its parts by the numbers of their clauses, see `parts_of`.
        intent: of a story or a message with one question, what it asks.
        ends: where its questions but the last end, in characters.
        written: whether somebody wrote it as a whole.
    """

    message: InParts
    fold: int
    cuts: list[Cut]
    spans: dict[tuple[int, int], Span]
    intent: str = ""
    ends: set[int] = field(default_factory=set)
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
    docs = [tokens_of(question.text) for question in questions]

    def some(fits: list[int], number: int) -> list[int]:
        return chance.sample(fits, min(number, len(fits)))

    long = {i for i, doc in enumerate(docs) if is_story(doc)}
    cuttable = [i for i, doc in enumerate(docs) if i not in long and cuts_of(doc)]
    fits = [i for i, q in enumerate(questions) if q.intent in askable and i not in long]
    inside = some(fits, _STORIES) if told else []
    chosen = {*inside, *some(cuttable, _SINGLES), *some(sorted(long), _LONG)}
    # A text that stands twice is in one fold.
    folds = {questions[i].text.lower(): number % _FOLDS for number, i in enumerate(sorted(chosen))}
    kept = [i for i, question in enumerate(questions) if question.text.lower() in folds]
    samples += [_of_question(questions[i], docs[i], folds) for i in kept]
    stories = (_in_story(questions[i], told, folds, chance) for i in inside[::2])
    samples += [story for story in stories if story.message.apart]
    short = [i for i in inside if len(docs[i]) <= _SHORT and asks(questions[i].text)]
    samples += _joined([questions[i] for i in short], folds, chance)
    return [q for q in questions if q.text.lower() not in folds], samples


def _of_marked(marked: Marked, fold: int) -> Sample:
    doc = tokens_of(marked.text)
    cuts, spans = parts_of(doc)
    places = list(map(place_of, spans.values()))
    labels: list[str | None] = [None] * len(places)
    for part, intent in zip(marked.parts, marked.intents, strict=True):
        if part not in places:
            places.append(part)
            labels.append(None)
        labels[places.index(part)] = intent
    one = marked.intents[0] if len(marked.intents) == 1 else ""
    ends = {end for _, end in marked.parts[:-1]}
    message = InParts(marked.text, places, labels, is_story(doc))
    return Sample(message, fold, cuts, spans, one, ends)


def _of_question(question: Question, doc: Doc, folds: Mapping[str, int]) -> Sample:
    cuts, spans = parts_of(doc)
    places = list(map(place_of, spans.values()))
    labels = [question.label if place == (0, len(doc.text)) else None for place in places]
    message = InParts(question.text, places, labels, is_story(doc))
    return Sample(message, folds[question.text.lower()], cuts, spans, question.intent)


def _joined(
    questions: Sequence[Question], folds: Mapping[str, int], chance: random.Random
) -> Iterator[Sample]:
    """Yield messages of two questions of a fold, joined as people do it."""
    of: dict[tuple[int, str], list[Question]] = {}
    for question in questions:
        of.setdefault((folds[question.text.lower()], question.intent), []).append(question)
    for number in range(_JOINED if len(of) > 1 else 0):
        fold = number % _FOLDS
        intents = [intent for place, intent in of if place == fold]
        one, other = chance.choice(intents), chance.choice(intents)
        other = one if chance.random() < _ALIKE else other
        first, second = chance.choice(of[fold, one]), chance.choice(of[fold, other])
        joint = chance.choice(_JOINTS)
        start = first.text.rstrip("?.! ")
        end = second.text
        if joint[-1] == " " and joint[0] not in "?." and end[:2] not in {"I ", "I'"}:
            end = end[0].lower() + end[1:]
        asked = [one] if one == other else [one, other]
        message = cut_at(start + joint + end, [len(start)][: len(asked) - 1], asked)
        sample = _of_marked(message, fold)
        # What is joined here is read and not learnt.
        places = list(map(place_of, sample.spans.values()))
        parts = replace(sample.message, parts=places, labels=[None] * len(places))
        yield replace(sample, message=parts, written=False)


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
    doc = tokens_of(" ".join([*around[:at], own, *around[at:]]))
    _, spans = parts_of(doc)
    places = list(map(place_of, spans.values()))
    message = InParts(doc.text, places, [None] * len(places), is_story(doc))
    fold = folds[question.text.lower()]
    return Sample(message, fold, [], spans, question.intent, written=False)


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
        if not sample.message.apart:
            cuts += _cuts(sample, pieces, roles)
        elif sample.intent and len(pieces) > 2:
            *told, whole = pieces.values()
            asked = roles.names.index(sample.intent)
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
    """Return the features of a message's cuts, and whether each parts two questions."""
    last = len(sample.cuts)
    return [
        (
            features(roles, cut, pieces[0, k], pieces[k + 1, last], pieces[0, last])[0],
            sample.spans[k, k].end_char in sample.ends,
        )
        for k, cut in enumerate(sample.cuts)
    ]
