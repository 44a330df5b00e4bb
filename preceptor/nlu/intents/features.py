"""Features of a text: its meaning (dense) and its word and character n-grams (sparse).

They are no graph components of their own: Rasa hashes the features of every training question
behind every component of the training, which took longer than computing them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from preceptor.nlu.encoders.files import encoder
from preceptor.nlu.encoders.onnx import Part
from preceptor.nlu.normalize import fold, squeeze

# Encoders run side by side: each is fastest on one core, and both leave Python's lock.
# Training questions are handed out in parts, so that neither core waits for the slower encoder.
_PART = 512
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="encoder")

_WORD = re.compile(r"\w+")
# What is longer between two blanks, as a link, has no pieces.
_LONGEST_WORD = 60


def meaning(texts: list[str], encoders: Mapping[str, float]) -> np.ndarray:
    """Return the texts' vectors, shape `(len(texts), sum of the encoders' sizes)`, float32.

    The vectors of several encoders stand side by side, each row together of unit length.

    Args:
        texts: what people wrote.
        encoders: names that `preceptor.nlu.encoders.files.encoder` knows, and how long each one's
            vectors are beside the others'.
    """
    # Capitals shift the encoders' vectors; shouting should not change the meaning.
    lower = [squeeze(text).lower() for text in texts]
    # Texts that stand twice are encoded once.
    different = list(dict.fromkeys(lower))
    place = {text: i for i, text in enumerate(different)}
    jobs = {name: _encode(name, different) for name in encoders}
    found = {name: _stacked(name, parts) for name, parts in jobs.items()}
    return _joined(found, encoders)[[place[text] for text in lower]]


def vectors_of(name: str, vectors: np.ndarray, encoders: Mapping[str, float]) -> np.ndarray:
    """Return one encoder's vectors out of those that `meaning` gives, of unit length."""
    sizes = [encoder(each).size for each in encoders]
    first = sum(sizes[: list(encoders).index(name)])
    own = vectors[:, first : first + encoder(name).size]
    return np.asarray(own / np.linalg.norm(own, axis=1, keepdims=True))


def _joined(found: Mapping[str, np.ndarray], encoders: Mapping[str, float]) -> np.ndarray:
    # Every encoder's rows are of unit length.
    length = sum(weight**2 for weight in encoders.values()) ** 0.5
    return np.hstack([np.float32(encoders[name] / length) * found[name] for name in encoders])


def _encode(name: str, texts: list[str]) -> list[Future[np.ndarray]]:
    parts = [texts[i : i + _PART] for i in range(0, len(texts), _PART)]
    return [_pool.submit(encoder(name).encode, part) for part in parts]


def _stacked(name: str, parts: list[Future[np.ndarray]]) -> np.ndarray:
    if not parts:
        return np.empty((0, encoder(name).size), dtype=np.float32)
    return np.concatenate([part.result() for part in parts])


class Ngrams:
    """TF-IDF weighted words, pairs of words, and pieces of words.

    scikit-learn finds the known ones and weighs them in training. What reads messages counts them
    by itself, with the same numbers: scikit-learn takes 2 ms a message for checks, and 22 MiB.
    """

    _NAMES = ("words", "characters")

    def __init__(
        self, lengths: list[list[int]], ngrams: list[list[str]], idf: list[list[float]]
    ) -> None:
        """Take what was learnt of words and of characters.

        Args:
            lengths: shortest and longest run of words, and piece of a word.
            ngrams: those that are known.
            idf: their weights.
        """
        self._lengths = lengths
        self._places = [{ngram: i for i, ngram in enumerate(known)} for known in ngrams]
        self._idf = [np.array(weights) for weights in idf]
        words, characters = map(_finding, _ngrams_of(lengths), self._places)
        # Pieces never cross the edge of a word, and most words are met again and again.
        self._find = [words, _by_word(characters)]
        self._first = [0, len(self._places[0])]
        self.size = sum(map(len, self._places))

    @staticmethod
    def fit(
        texts: list[str], *, words: list[int], characters: list[int], min_df: int
    ) -> tuple[Ngrams, scipy.sparse.csr_matrix]:
        """Learn the n-grams of training questions.

        Args:
            texts: the questions.
            words: shortest and longest run of words.
            characters: shortest and longest piece of a word, with its edges.
            min_df: in how many questions an n-gram must occur.

        Returns:
            What was learnt, and the questions' rows as `rows` would return them.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        folded = [fold(squeeze(text)) for text in texts]
        lengths = [words, characters]
        vectorizers = [
            TfidfVectorizer(analyzer=ngrams_of, sublinear_tf=True, min_df=min_df)
            for ngrams_of in _ngrams_of(lengths)
        ]
        rows = scipy.sparse.hstack([v.fit_transform(folded) for v in vectorizers], format="csr")
        known = [list(v.get_feature_names_out()) for v in vectorizers]
        idf = [v.idf_.tolist() for v in vectorizers]
        return Ngrams(lengths, known, idf), rows.astype(np.float32)

    def rows(self, texts: list[str]) -> scipy.sparse.csr_matrix:
        """Return the texts' weighted n-grams, shape `(len(texts), size)`, float32."""
        places: list[int] = []
        values: list[np.ndarray] = []
        ends = [0]
        for text in texts:
            folded = fold(squeeze(text))
            for find, idf, first in zip(self._find, self._idf, self._first, strict=True):
                counts = Counter(find(folded))
                if counts:
                    found = list(counts)
                    weights = (1 + np.log(list(counts.values()))) * idf[found]
                    values.append(weights / np.sqrt(weights @ weights))
                    places.extend(first + place for place in found)
            ends.append(len(places))
        data = np.concatenate(values) if values else np.empty(0)
        return scipy.sparse.csr_matrix(
            (data.astype(np.float32), places, ends), shape=(len(texts), self.size)
        )

    def save(self, folder: Path) -> None:
        """Write what was learnt as plain data: reading it back runs no code."""
        learnt = zip(self._NAMES, self._lengths, self._places, self._idf, strict=True)
        for name, lengths, places, idf in learnt:
            content = {"lengths": lengths, "ngrams": list(places), "idf": idf.tolist()}
            (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")

    @staticmethod
    def load(folder: Path) -> Ngrams:
        """Read back what `save` wrote."""
        files = [folder / f"{name}.json" for name in Ngrams._NAMES]
        learnt = [json.loads(file.read_text("utf-8")) for file in files]
        return Ngrams(*([each[key] for each in learnt] for key in ("lengths", "ngrams", "idf")))


NgramsOf = Callable[[str], list[str]]


def _ngrams_of(lengths: list[list[int]]) -> tuple[NgramsOf, NgramsOf]:
    """Return what gives the runs of words of a text, and the pieces of its words."""
    (shortest_run, longest_run), (shortest, longest) = lengths

    def runs(text: str) -> list[str]:
        words = _WORD.findall(text)
        return [
            " ".join(words[i : i + length])
            for length in range(shortest_run, longest_run + 1)
            for i in range(len(words) - length + 1)
        ]

    def pieces(text: str) -> list[str]:
        # A blank stands for a word's edge, so that what begins or ends it is told apart.
        return [
            word[i : i + length]
            for word in (f" {word} " for word in _words(text))
            for length in range(min(shortest, len(word)), min(longest, len(word)) + 1)
            for i in range(len(word) - length + 1)
        ]

    return runs, pieces


def _finding(ngrams_of: NgramsOf, places: Mapping[str, int]) -> Callable[[str], tuple[int, ...]]:
    """Return what finds the places of the known n-grams in a text, as often as they occur."""
    return lambda text: tuple(places[ngram] for ngram in ngrams_of(text) if ngram in places)


def _by_word(find: Callable[[str], tuple[int, ...]]) -> Callable[[str], Iterable[int]]:
    find_in_word = lru_cache(maxsize=20_000)(find)
    return lambda text: chain.from_iterable(map(find_in_word, _words(text)))


def _words(text: str) -> Iterator[str]:
    return (word for word in text.split() if len(word) <= _LONGEST_WORD)


def features_of_parts(
    text: str,
    parts: list[Part],
    encoders: Mapping[str, float],
    ngrams: Ngrams,
    *,
    apart: bool = False,
) -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
    """Return the vectors of parts of a text as `meaning` does, and their n-grams.

    The vector of a part knows what stands around it; its n-grams are its own.

    Args:
        text: what somebody wrote, in lower case and squeezed.
        parts: where each part begins and ends, in characters; length n.
        encoders: as for `meaning`.
        ngrams: finds the n-grams.
        apart: the parts know only what stands next to them, and the whole text is their mean. In
            a long story a sentence would else sound like all of it.

    Returns:
        Shapes `(n, d)` and `(n, m)`.
    """
    *others, last = encoders
    apart = apart and any(part != (0, len(text)) for part in parts)
    lent = _lent(text, parts) if apart and encoder(last).far else []

    def encode(name: str, *lending: Any) -> np.ndarray:
        one = encoder(name)
        if apart and one.far:
            return one.encode_apart(text, parts, *lending)
        return one.encode_parts(text, parts)

    def beside() -> tuple[dict[str, np.ndarray], np.ndarray, scipy.sparse.csr_matrix]:
        found = {name: encode(name) for name in others}
        given = encoder(last).encode([text[a:b] for a, b in lent])
        return found, given, ngrams.rows([text[a:b] for a, b in parts])

    # The last encoder takes as long as all the rest; of a story longer, so it lends some out.
    job = _pool.submit(beside)
    found = {last: encode(last, lent, lambda: job.result()[1])}
    others_found, _, rows = job.result()
    return _joined(found | others_found, encoders), rows


def _lent(text: str, parts: list[Part]) -> list[Part]:
    """Return the shortest parts of a text that together are a quarter of them."""
    order = sorted((end - start, start) for start, end in parts if (start, end) != (0, len(text)))
    lengths = np.cumsum([length for length, _ in order])
    few = order[: int((lengths <= lengths[-1] / 4).sum())]
    return [(start, start + length) for length, start in few]
