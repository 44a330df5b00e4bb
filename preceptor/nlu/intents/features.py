"""Features of a text: its meaning (dense) and its word and character n-grams (sparse).

They are no graph components of their own: Rasa hashes the features of every training question
behind every component of the training, which took longer than computing them.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path

import numpy as np
import scipy.sparse

from preceptor.nlu.encoders.files import encoder
from preceptor.nlu.encoders.onnx import Part
from preceptor.nlu.normalize import fold, squeeze

# Encoders run in two threads: each is fastest on one core, and both leave Python's lock.
# Training messages are handed out in chunks, so that neither core waits for the slower encoder.
_CHUNK = 512
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="encoder")

_WORD = re.compile(r"\w+")
# What is longer between two blanks, as a link, has no pieces.
_LONGEST_WORD = 60


@dataclass(frozen=True)
class InParts:
    """A message and its parts, to read or to learn from.

    Attributes:
        text: what somebody wrote.
        parts: where its parts begin and end, in characters; all of it may be one.
        labels: in training, what each part asks; None for a part from which nothing is learnt.
        story: whether sentences are its parts. They are encoded one by one, or each would sound
            like all of the story.
    """

    text: str
    parts: list[Part]
    labels: Sequence[str | None] = ()
    story: bool = False

    @staticmethod
    def whole(text: str, label: str | None = None) -> InParts:
        """Return a message whose one part is all of it."""
        return InParts(text, [(0, len(text))], [label])

    @property
    def is_question(self) -> bool:
        """Whether all of it is learnt as one question."""
        labels = dict(zip(self.parts, self.labels, strict=True))
        return labels.get((0, len(self.text))) is not None

    @property
    def sentences(self) -> list[Part]:
        """The parts of a story that are encoded one by one; none of another message."""
        return [part for part in self.parts if part != (0, len(self.text))] if self.story else []

    def changed(self, change: Callable[[list[str]], list[str]]) -> InParts:
        """Return the message with its words changed, and its parts where they stand then.

        Args:
            change: changes the pieces that lie between edges of parts; white space around them
                goes.
        """
        places = sorted({0, len(self.text), *(place for part in self.parts for place in part)})
        between = list(zip(places, places[1:], strict=False))
        pieces = change([self.text[start:end] for start, end in between])
        whole, moved = "", {place: 0 for place in places}
        for (start, end), piece in zip(between, pieces, strict=True):
            spaced = self.text[start].isspace() or self.text[start - 1].isspace()
            if piece and whole and spaced:
                whole += " "
            moved[start] = len(whole)
            whole += piece
            moved[end] = len(whole)
        return replace(self, text=whole, parts=[(moved[a], moved[b]) for a, b in self.parts])


def meaning(texts: list[str], encoders: Mapping[str, float]) -> np.ndarray:
    """Return the texts' vectors, shape `(len(texts), sum of the encoders' sizes)`, float32.

    Args:
        texts: what people wrote.
        encoders: see `features`.
    """
    messages = [InParts.whole(text).changed(lower_case) for text in texts]
    return _joined(_encoded(messages, encoders), encoders)


def lower_case(pieces: list[str]) -> list[str]:
    """Return pieces of a text in lower case, with letters stretched no more than twice.

    Capitals shift the encoders' vectors, and shouting should not change the meaning.
    """
    return [squeeze(piece).lower() for piece in pieces]


def features(
    messages: Sequence[InParts], encoders: Mapping[str, float], ngrams: Ngrams
) -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
    """Return the vectors and the n-grams of all parts of the messages, in order.

    The vector of a part knows what stands around it; its n-grams are its own. The vectors of
    several encoders stand side by side, each row together of unit length.

    Args:
        messages: in lower case, with `n` parts altogether.
        encoders: names that `preceptor.nlu.encoders.files.encoder` knows, and how long each one's
            vectors are beside the others'.
        ngrams: finds the n-grams.

    Returns:
        Shapes `(n, d)` and `(n, m)`.
    """
    encoded = _encoded(messages, encoders)
    rows = ngrams.rows([message.text[a:b] for message in messages for a, b in message.parts])
    return _joined(encoded, encoders), rows


def _encoded(
    messages: Sequence[InParts], encoders: Mapping[str, float]
) -> dict[str, Iterator[list[np.ndarray]]]:
    """Start to encode messages; return by encoder what will be the vectors of each chunk."""
    chunks = [messages[i : i + _CHUNK] for i in range(0, len(messages), _CHUNK)]
    return {name: _pool.map(partial(_vectors, name), chunks) for name in encoders}


def _joined(
    encoded: Mapping[str, Iterator[list[np.ndarray]]], encoders: Mapping[str, float]
) -> np.ndarray:
    # Every encoder's rows are of unit length.
    length = sum(weight**2 for weight in encoders.values()) ** 0.5
    return np.hstack(
        [
            np.float32(weight / length) * np.concatenate(list(chain.from_iterable(encoded[name])))
            for name, weight in encoders.items()
        ]
    )


def _vectors(name: str, messages: Sequence[InParts]) -> list[np.ndarray]:
    """Return the vectors of the messages' parts by one encoder, each `(parts, size)`."""
    one = encoder(name)
    stories = [message for message in messages if one.far and message.sentences]
    others = [message for message in messages if not (one.far and message.sentences)]
    # Stories that are made for training have sentences in common.
    texts = list(dict.fromkeys(m.text[a:b] for m in stories for a, b in m.sentences))
    vectors = dict(zip(texts, one.encode(texts), strict=True)) if texts else {}
    read = iter(one.encode_parts([(message.text, message.parts) for message in others]))
    return [
        _of_story(message, vectors) if one.far and message.sentences else next(read)
        for message in messages
    ]


def _of_story(story: InParts, vectors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the vectors of a story's parts: of all of it the mean, weighted by length."""
    own = {(a, b): vectors[story.text[a:b]] for a, b in story.sentences}
    mean = np.sum([(end - start) * vector for (start, end), vector in own.items()], axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-9)
    return np.stack([own.get(part, mean) for part in story.parts])


class Ngrams:
    """TF-IDF weighted words, pairs of words, and pieces of words.

    The numbers are those of scikit-learn's TfidfVectorizer, which takes 2 ms more per message,
    for checks, and 22 MiB.
    """

    def __init__(
        self, lengths: Mapping[str, list[int]], ngrams: Mapping[str, list[str]], idf: list[float]
    ) -> None:
        """Take what was learnt.

        Args:
            lengths: shortest and longest run of "words", and piece of a word in "characters".
            ngrams: those that are known of either kind.
            idf: their weights, of both kinds together.
        """
        self._lengths, self._ngrams, self._idf = lengths, ngrams, np.array(idf)
        place = count()
        self._places = {kind: dict(zip(ngrams[kind], place, strict=False)) for kind in _KINDS}
        self.size = len(idf)

    @staticmethod
    def fit(texts: list[str], *, words: list[int], characters: list[int], min_df: int) -> Ngrams:
        """Learn the n-grams of training questions.

        Args:
            texts: the questions.
            words: shortest and longest run of words.
            characters: shortest and longest piece of a word, with its edges.
            min_df: in how many questions an n-gram must occur.
        """
        lengths = {"words": words, "characters": characters}
        folded = [fold(squeeze(text)) for text in texts]
        ngrams, idf = {}, []
        for kind, ngrams_of in _KINDS.items():
            seen: Counter[str] = Counter()
            for text in folded:
                seen.update(set(ngrams_of(text, *lengths[kind])))
            ngrams[kind] = sorted(ngram for ngram, times in seen.items() if times >= min_df)
            idf += [1 + math.log((1 + len(texts)) / (1 + seen[ngram])) for ngram in ngrams[kind]]
        return Ngrams(lengths, ngrams, idf)

    def rows(self, texts: list[str]) -> scipy.sparse.csr_matrix:
        """Return the texts' weighted n-grams, shape `(len(texts), size)`, float32."""
        places: list[int] = []
        values: list[np.ndarray] = []
        ends = [0]
        for text in texts:
            folded = fold(squeeze(text))
            for kind, ngrams_of in _KINDS.items():
                ngrams, known = ngrams_of(folded, *self._lengths[kind]), self._places[kind]
                counts = Counter(place for n in ngrams if (place := known.get(n)) is not None)
                found = list(counts)
                weights = (1 + np.log(list(counts.values()))) * self._idf[found]
                values.append(weights / max(float(np.linalg.norm(weights)), 1e-9))
                places += found
            ends.append(len(places))
        data = np.concatenate([np.empty(0), *values]).astype(np.float32)
        return scipy.sparse.csr_matrix((data, places, ends), shape=(len(texts), self.size))

    def save(self, folder: Path) -> None:
        """Write what was learnt as plain data: reading it back runs no code."""
        content = {
            "lengths": self._lengths, "ngrams": self._ngrams, "idf": self._idf.tolist()
        }  # fmt: skip
        (folder / "ngrams.json").write_text(json.dumps(content), "utf-8")

    @staticmethod
    def load(folder: Path) -> Ngrams:
        """Read back what `save` wrote."""
        return Ngrams(**json.loads((folder / "ngrams.json").read_text("utf-8")))


def _runs(text: str, shortest: int, longest: int) -> list[str]:
    """Return the runs of words of a text."""
    words = _WORD.findall(text)
    return [
        " ".join(words[i : i + length])
        for length in range(shortest, longest + 1)
        for i in range(len(words) - length + 1)
    ]


def _pieces(text: str, shortest: int, longest: int) -> list[str]:
    """Return the pieces of a text's words; a blank stands for the edge of a word."""
    return [
        word[i : i + length]
        for word in (f" {word} " for word in text.split() if len(word) <= _LONGEST_WORD)
        for length in range(min(shortest, len(word)), min(longest, len(word)) + 1)
        for i in range(len(word) - length + 1)
    ]


_KINDS = {"words": _runs, "characters": _pieces}
