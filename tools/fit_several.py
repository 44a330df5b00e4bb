"""Fits the models of preceptor/nlu/questions/model.py, which takes a few minutes.

    python -m tools.fit_several

Cuts are learnt from training questions joined by us, from single training questions, and from
data/several_questions.yml; stories from training questions inside the stories of
tests/stories_validation.yml and from long training questions. A training question or message is
always read by a classifier that was trained without it. Fit again when the intents or the
classifier change.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.loading import load_data
from ruamel.yaml import YAML
from scipy.optimize import minimize
from sklearn.neural_network import MLPClassifier
from spacy.tokens import Span

from preceptor.nlu.component import language_of
from preceptor.nlu.intents.classifier import DEFAULTS, IntentReader
from preceptor.nlu.intents.component import label_of, ranked
from preceptor.nlu.intents.features import meaning
from preceptor.nlu.questions.annotated import FILES, marked_messages
from preceptor.nlu.questions.cuts import (
    asks,
    clauses_of,
    cuts_of,
    is_story,
    pieces_of,
    sentences,
    words_of,
)
from preceptor.nlu.questions.model import BEFORE_A_QUESTION, ONE_QUESTION, Piece, Several
from preceptor.nlu.questions.reader import Question, part
from preceptor.nlu.safety import URGENCY
from preceptor.nlu.tokens import tokens_of

ROOT = Path(__file__).parent.parent
WEIGHTS = ROOT / "preceptor/nlu/questions/model.npz"
_FOLDS, _RANKING = 4, 10
_PAIRS, _SAME, _GREETED, _COMPLAINTS, _STORIES = 5500, 2200, 500, 250, 1500
_HIDDEN, _NETWORKS = 24, 3
_JOINS = (
    " and ", " and ", " and ", ", and ", ", and ", "? And ", "? and ", ", ", "? ", ". ", " n ",
    " & ", " + ", " also ", ", also ", "? Also, ", ". And ", ", plus ", " plus ", ", btw ", " ",
    "\n", "; ", " and tell me ",
)  # fmt: skip
_NO_QUESTION = {*BEFORE_A_QUESTION, *URGENCY, "out_of_scope", "complain", "correct"}


@dataclass
class Sample:
    """A message, what it asks in order, where it comes from, and who may read it.

    Attributes:
        fold: which training questions its reader doesn't know.
        parts: where the parts of a marked message begin and end, in characters.
    """

    text: str
    intents: list[str]
    source: str
    fold: int
    parts: list[tuple[int, int]] = field(default_factory=list)


class Readings:
    """Reads texts with a classifier that doesn't know their training questions."""

    def __init__(
        self, texts: list[str], labels: list[str], folds: np.ndarray, several: list[Sample]
    ) -> None:
        """Train one classifier a fold."""
        vectors = meaning(texts, DEFAULTS["encoders"])
        self._readers = {}
        for fold in range(_FOLDS):
            kept = np.flatnonzero(folds != fold)
            self._readers[fold] = IntentReader.fit(
                [texts[i] for i in kept],
                [labels[i] for i in kept],
                DEFAULTS,
                vectors[kept],
                [(s.text, s.parts, s.intents) for s in several if s.fold != fold],
            )
        self._read: dict[tuple[int, str], dict[tuple[int, int], list[dict]]] = {}

    def read(self, wanted: list[tuple[int, str]]) -> None:
        """Rank the intents of texts as a whole, each by the reader of its fold."""
        by_fold = defaultdict(set)
        for fold, text in wanted:
            by_fold[fold].add(text)
        for fold, found in by_fold.items():
            texts, reader = sorted(found), self._readers[fold]
            for text, row in zip(texts, reader.probabilities(texts), strict=True):
                self._read[fold, text] = {(0, len(text)): ranked(reader.labels, row, _RANKING)}

    def read_parts(self, samples: list[Sample]) -> None:
        """Rank the intents of messages and of their parts, each by the reader of its fold."""
        for sample in samples:
            text, reader = sample.text, self._readers[sample.fold]
            doc = tokens_of(text)
            clauses = clauses_of(doc)
            parts = [(0, len(text)), *((c.start_char, c.end_char) for c in clauses)]
            apart = bool(clauses) and is_story(doc)
            rows = reader.probabilities_of_parts(text, parts, apart=apart)
            self._read[sample.fold, text] = {
                part: ranked(reader.labels, row, _RANKING)
                for part, row in zip(parts, rows, strict=True)
            }

    def of(self, fold: int, text: str, part: Span | None = None) -> list[dict]:
        """Return the ranking of a text that was read, or of a part of it."""
        read = self._read[fold, text]
        return read[(part.start_char, part.end_char) if part is not None else (0, len(text))]


def load_examples() -> tuple[list[str], list[str]]:
    """Return the English training questions and their labels."""
    examples = [
        e
        for e in load_data(str(ROOT / "data/nlu")).intent_examples
        if e.get(TEXT) and e.get(INTENT) and not language_of(e)
    ]
    return [e.get(TEXT) for e in examples], [label_of(e) for e in examples]


def join(parts: list[str], chance: random.Random) -> str:
    """Join questions as people do."""
    text = parts[0].rstrip()
    for each in parts[1:]:
        joint = chance.choice(_JOINS)
        if text[-1] in "?.!":
            if joint[0] in "?.;" or chance.random() < 0.5:
                joint = chance.choice((" ", " And ", " Also ", "\n", " and "))
            else:
                text = text.rstrip("?.!")
        lower = joint[-1] == " " and "A" not in joint and joint[0] not in "?."
        if lower and chance.random() < 0.8 and each[:2] not in {"I ", "I'"}:
            each = each[:1].lower() + each[1:]
        text = text.rstrip() + joint + each
    return text


def load_marked() -> list[Sample]:
    """Return the messages in which bars show where a question ends."""
    draw = np.random.default_rng(1)
    return [
        Sample(each.text, each.intents, "marked", int(draw.integers(0, _FOLDS)), each.parts)
        for file in sorted((ROOT / "data").glob(FILES))
        for each in marked_messages(file)
    ]


def make_samples(
    texts: list[str],
    intents: list[str],
    folds: np.ndarray,
    sure: np.ndarray,
    marked: list[Sample],
) -> list[Sample]:
    """Return messages with several questions and with one, from `n` training questions.

    Args:
        texts: length n.
        intents: length n.
        folds: shape (n,).
        sure: how sure a reader that doesn't know a question is of its intent, shape (n,).
        marked: messages that people wrote as a whole.
    """
    chance = random.Random(1)
    by_intent = defaultdict(list)
    for i, text in enumerate(texts):
        words = words_of(tokens_of(text))
        asking = asks(text) or len(words) <= 4
        clear = sure[i] > 0.5 if asking else sure[i] > 0.7 and i % 6 == 0
        if intents[i] not in _NO_QUESTION and len(words) <= 22 and clear:
            by_intent[folds[i], intents[i]].append(i)
    keys = {fold: sorted(k for k in by_intent if k[0] == fold) for fold in range(_FOLDS)}

    def pick(fold: int) -> int:
        return chance.choice(by_intent[chance.choice(keys[fold])])

    def short(wanted: set[str], longest: int) -> list[int]:
        return [
            i
            for i, text in enumerate(texts)
            if intents[i] in wanted and len(text.split()) <= longest and sure[i] > 0.5
        ]

    samples = []
    greetings = short({"greet", "thank"}, 5)
    for _ in range(_PAIRS):
        fold, draw = chance.randrange(_FOLDS), chance.random()
        parts = [pick(fold) for _ in range(3 if draw < 0.08 else 2)]
        asked: list[str] = []
        for i in parts:
            if not any(
                intents[i] == a or any({intents[i], a} <= {*group} for group in ONE_QUESTION)
                for a in asked
            ):
                asked.append(intents[i])
        text = join([texts[i] for i in parts], chance)
        if 0.08 < draw < 0.2:
            greeting = texts[chance.choice(greetings)].rstrip(".!")
            text = greeting + chance.choice((", ", "! ", ". ", " ")) + text
        samples.append(Sample(text, asked, "several", fold))
    complaints = short({"complain", "correct"}, 15)
    for _ in range(_COMPLAINTS):
        i = chance.choice(complaints)
        j = pick(folds[i])
        text = join([texts[i], texts[j]], chance)
        samples.append(Sample(text, [intents[i], intents[j]], "several", folds[i]))
    for _ in range(_SAME):
        fold = chance.randrange(_FOLDS)
        i = pick(fold)
        j = chance.choice(by_intent[fold, intents[i]])
        if i != j:
            samples.append(Sample(join([texts[i], texts[j]], chance), [intents[i]], "joined", fold))
    for _ in range(_GREETED):
        fold = chance.randrange(_FOLDS)
        i, greeting = pick(fold), texts[chance.choice(greetings)]
        parts = [greeting, texts[i]] if chance.random() < 0.6 else [texts[i], greeting]
        text = parts[0].rstrip(".!") + chance.choice((", ", "! ", ". ", " ")) + parts[1]
        samples.append(Sample(text, [intents[i]], "joined", fold))
    samples += [
        Sample(text, [intents[i]], "single", folds[i])
        for i, text in enumerate(texts)
        if sure[i] > 0.05
    ]
    samples += marked
    docs = [tokens_of(sample.text) for sample in samples]
    return [
        s
        for s, doc in zip(samples, docs, strict=True)
        if not is_story(doc) and (cuts_of(doc) or s.source == "marked")
    ]


def make_stories(texts: list[str], intents: list[str], folds: np.ndarray) -> list[Sample]:
    """Return training questions inside stories, and long training questions."""
    chance = random.Random(5)
    stories = YAML(typ="safe").load((ROOT / "tests/stories_validation.yml").read_text("utf-8"))
    no_story = {*BEFORE_A_QUESTION, "complain", "correct", "out_of_scope", *URGENCY[:2]}
    fits = [
        i
        for i in range(len(texts))
        if intents[i] not in no_story and 1 < len(texts[i].split()) < 41
    ]
    samples = []
    told = [re.split(r"(?<=[.?!]) ", story) for story in stories["stories"]]
    for i in chance.sample(fits, _STORIES):
        own = texts[i] if texts[i].rstrip()[-1:] in {".", "?", "!"} else f"{texts[i]}."
        story = chance.choice(told)
        # Stories of any length, or the number of sentences would tell them from people's own.
        first = chance.randrange(max(1, len(story) - 5))
        around = story[first : first + chance.randint(4, 12)]
        at = chance.choice((0, len(around) // 2, len(around)))
        text = " ".join([*around[:at], own, *around[at:]])
        samples.append(Sample(text, [intents[i]], "story", folds[i]))
    samples += [
        Sample(text, [intents[i]], "long", folds[i])
        for i, text in enumerate(texts)
        if is_story(tokens_of(text))
    ]
    docs = [tokens_of(s.text) for s in samples]
    return [
        s for s, doc in zip(samples, docs, strict=True) if is_story(doc) and len(sentences(doc)) > 1
    ]


def pieces(sample: Sample, models: Several, readings: Readings) -> dict[tuple[int, int], Piece]:
    """Return what lies between any two cuts of a message, read."""
    doc = tokens_of(sample.text)
    cuts = cuts_of(doc)
    found = {}
    for place, span in pieces_of(doc, cuts).items():
        part = None if place == (0, len(cuts)) else span
        found[place] = models.piece(span, readings.of(sample.fold, sample.text, part))
    return found


def cut_rows(
    samples: list[Sample], models: Several, readings: Readings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each cut's features, whether it parts two questions, and its message's number."""
    rows, truth, numbers = [], [], []
    for number, sample in enumerate(samples):
        found, cuts = pieces(sample, models, readings), cuts_of(tokens_of(sample.text))
        right, scores = [], []
        for k, cut in enumerate(cuts):
            row, pair = models.features(
                cut, found[0, k], found[k + 1, len(cuts)], found[0, len(cuts)]
            )
            asked, two = sample.intents, [pair.first, pair.second]
            apart = len(asked) > 1 and (
                two == asked
                if len(asked) == 2
                else (two[0] == asked[0] and two[1] in asked[1:])
                or (two[0] in asked[:2] and two[1] == asked[-1])
            )
            rows.append(row)
            right.append(apart)
            scores.append(pair.first_chance * pair.second_chance)
        if len(sample.intents) > 1 and right and not any(right):
            # They are misread, but they are two: the surest reading stands for the right cut.
            right[int(np.argmax(scores))] = True
        truth += right
        numbers += [number] * len(cuts)
    return np.array(rows), np.array(truth), np.array(numbers)


def fit_cuts(rows: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Fit the model of cuts, the mean of three networks put into one.

    Args:
        rows: shape (n, f).
        truth: whether the cut parts two questions, shape (n,).
        weights: whole numbers, how often a row counts, shape (n,).
    """
    centre, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = np.clip((rows - centre) / scale, -5, 5)
    repeated = np.repeat(np.arange(len(rows)), weights)
    networks = [
        MLPClassifier(
            (_HIDDEN,), alpha=3.0, max_iter=15, random_state=i, batch_size=256,
            learning_rate_init=2e-3,
        ).fit(scaled[repeated], truth[repeated])
        for i in range(_NETWORKS)
    ]  # fmt: skip
    return {
        "cut_mean": centre,
        "cut_scale": scale,
        "cut_hidden": np.hstack([network.coefs_[0] for network in networks]),
        "cut_hidden_offset": np.hstack([network.intercepts_[0] for network in networks]),
        "cut_out": np.hstack([network.coefs_[1][:, 0] for network in networks]) / _NETWORKS,
        "cut_offset": np.mean([network.intercepts_[1][0] for network in networks]),
    }


def fit_stories(
    samples: list[Sample], models: Several, readings: Readings
) -> dict[str, np.ndarray]:
    """Fit how much a story's sentences weigh: the likelihood of what it asks, at its best."""
    rows = []
    for sample in samples:
        doc = tokens_of(sample.text)
        parts = [
            models.piece(span, readings.of(sample.fold, sample.text, span))
            for span in sentences(doc)
        ]
        whole = models.piece(doc[:], readings.of(sample.fold, sample.text))
        place = models.intents.index(sample.intents[0])
        says = np.array([piece.chances[place] for piece in [*parts, whole]]) + 1e-3
        # Whole messages that people wrote count twice, the stories are ours.
        rows.append((*models.story_features(parts, whole), says, 1 + (sample.source == "long")))
    scale_of = [np.std(np.vstack([row[i] for row in rows]), axis=0) for i in (0, 1)]
    scales = [np.where(scale > 1e-6, scale, 1.0) for scale in scale_of]
    size = len(scales[0])

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        # Lean to nought, but for the constant.
        leaning = np.append(x[:-1], 0)
        total, slope = 2 * float(leaning @ leaning), 4 * leaning
        for of_parts, of_whole, says, weight in rows:
            scores = np.append(of_parts / scales[0] @ x[:size], of_whole / scales[1] @ x[size:])
            attention = np.exp(scores - scores.max())
            attention /= attention.sum()
            likelihood = attention @ says
            total -= weight * np.log(likelihood)
            change = weight * (attention - attention * says / likelihood)
            slope[:size] += change[:-1] @ (of_parts / scales[0])
            slope[size:] += change[-1] * (of_whole / scales[1])
        return total, slope

    start = np.zeros(size + len(scales[1]))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
    of_whole = found[size:] / scales[1]
    # Long messages of real people are read best as a whole, and the stories here are ours.
    of_whole[-1] += 0.75
    return {"sentence": found[:size] / scales[0], "story": of_whole}


def found_by(sample: Sample, models: Several, readings: Readings, parted: float) -> list[str]:
    """Return the intents that the reading of several questions finds in a message."""
    read = pieces(sample, models, readings)
    asked = {
        place: (Question(piece.text, 0, 0, models.intents[piece.chances.argmax()], 1.0), piece)
        for place, piece in read.items()
    }
    cuts = cuts_of(tokens_of(sample.text))
    several = part(cuts, asked, models, parted)
    return [q.intent for q in several] if len(several) > 1 else [asked[0, len(cuts)][0].intent]


def check(
    samples: list[Sample],
    rows: np.ndarray,
    truth: np.ndarray,
    numbers: np.ndarray,
    weights: np.ndarray,
    models: Several,
    readings: Readings,
) -> None:
    """Tell how well held-out marked messages and training questions are read."""
    folds = np.random.default_rng(0).integers(0, 5, len(samples))
    results: dict[tuple[str, float], list[tuple[bool, bool]]] = defaultdict(list)
    base = {"intents": np.array(models.intents)}
    for fold in range(5):
        kept = folds[numbers] != fold
        fitted = Several({**base, **fit_cuts(rows[kept], truth[kept], weights[kept])})
        for sample, place in zip(samples, folds, strict=True):
            if place != fold or sample.source not in {"marked", "single"}:
                continue
            group = f"{sample.source}, {len(sample.intents)}"
            for parted in (0.4, 0.5, 0.6, 0.7):
                found = found_by(sample, fitted, readings, parted)
                results[group, parted].append((found == sample.intents, len(found) > 1))
    for (group, parted), each in sorted(results.items()):
        right, split = np.mean(each, axis=0)
        click.echo(f"{group}, {parted}: right {right:.3f}, several {split:.3f} of {len(each)}")


def main() -> None:
    """Fit both models, tell how well they do on what was held out, and write the weights."""
    texts, labels = load_examples()
    intents = [label.partition("/")[0] for label in labels]
    place: dict[str, int] = {}
    draw = np.random.default_rng(0).integers(0, _FOLDS, len(texts))
    # A text that stands twice is left out twice.
    folds = np.array([draw[place.setdefault(t.lower(), i)] for i, t in enumerate(texts)])
    marked = load_marked()
    readings = Readings(texts, labels, folds, marked)
    own = [(int(fold), text) for fold, text in zip(folds, texts, strict=True)]
    readings.read(own)
    sure = np.array(
        [
            next((r["confidence"] for r in readings.of(*each) if r["name"] == intent), 0.0)
            for each, intent in zip(own, intents, strict=True)
        ]
    )
    samples = make_samples(texts, intents, folds, sure, marked)
    stories = make_stories(texts, intents, folds)
    readings.read_parts([*samples, *stories])
    names = np.array(sorted(set(intents)))
    models = Several({"intents": names})
    rows, truth, numbers = cut_rows(samples, models, readings)
    # What people wrote as a whole counts more than what is joined by us.
    weight = {"marked": 20, "single": 8, "several": 1, "joined": 1}
    weights = np.array([weight[samples[n].source] for n in numbers])
    check(samples, rows, truth, numbers, weights, models, readings)
    arrays = fit_cuts(rows, truth, weights) | fit_stories(stories, models, readings)
    np.savez(
        WEIGHTS, intents=names, **{k: np.asarray(v, dtype=np.float32) for k, v in arrays.items()}
    )
    click.echo(f"Written to {WEIGHTS}.")


if __name__ == "__main__":
    main()
