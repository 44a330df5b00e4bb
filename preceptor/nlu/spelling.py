"""Typos: which words are English, and which known word a misspelt one was meant to be."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA
from spellchecker import SpellChecker

from preceptor.nlu.normalize import fold

_MIN_LETTERS = 5
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# How often a word must occur to be what another was meant to be: short ones are near to many.
_SEEN, _SEEN_SHORT, _SHORT = 3, 10, 3
_TWO_EDITS = 7
# A longer run of letters is no word, and a message with more unknown words is no message with
# typos: the time to read any text must stay in proportion to its length.
_MAX_LETTERS, _MOST_UNKNOWN = 32, 100


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    # The words alone: how often each is used takes twice the memory.
    return frozenset(SpellChecker(language="en").word_frequency.words())


def is_english(word: str) -> bool:
    """Tell whether a folded word stands in the English word list, or its stem ("schooler")."""
    return len(word) <= _MAX_LETTERS and _is_english(word)


@lru_cache(maxsize=20_000)
def _is_english(word: str) -> bool:
    known, low = _english(), word.lower()
    stems = (low.removesuffix("s").removesuffix("er"),) if low.endswith(("er", "ers")) else ()
    return low in known or any(len(stem) >= _MIN_LETTERS and stem in known for stem in stems)


def _near(word: str, vocabulary: Sequence[str], edits: int) -> list[tuple[str, int]]:
    """Return words of a vocabulary that are at most so many edits away, with their edits.

    An edit is a letter added, dropped, changed or swapped with its neighbour.
    """
    found = process.extract(word, vocabulary, scorer=OSA.distance, score_cutoff=edits, limit=None)
    return [(candidate, edits) for candidate, edits, _ in found]


class Mender:
    """Mends misspelt words towards a vocabulary.

    A word of five or six letters may be one edit away, a longer one two; of a word of four
    letters two may be swapped. The first letter must be right, or the first two swapped. Words
    that are English as they stand are never touched: "woman" does not become "oman".
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Keep the words of four letters and more."""
        self._words = frozenset(vocabulary)
        self._long = sorted(word for word in self._words if len(word) >= _MIN_LETTERS - 1)
        self._mended = lru_cache(maxsize=20_000)(self._mend)

    def mend(self, word: str) -> str | None:
        """Return the vocabulary's word that a folded word was meant to be, or None."""
        return self._mended(word) if len(word) <= _MAX_LETTERS else None

    def _mend(self, word: str) -> str | None:
        if word in self._words:
            return word
        if len(word) < _MIN_LETTERS - 1 or not word.isalpha() or is_english(word):
            return None
        near = _near(word, self._long, 2 if len(word) >= _TWO_EDITS else 1)
        likely = [(edits, other) for other, edits in near if self._is_likely(word, other, edits)]
        return min(likely)[1] if likely else None

    def _is_likely(self, word: str, other: str, edits: int) -> bool:
        shorter = min(len(word), len(other))
        if shorter < _MIN_LETTERS and sorted(word) != sorted(other):
            return False
        begins_alike = word[0] == other[0] or word[:2] == other[1::-1]
        return begins_alike and edits <= (2 if shorter >= _TWO_EDITS else 1)


class Corrector:
    """Mends the words of a message towards those of the training questions.

    A word is left alone that occurs in them or is English; others become the nearest word one
    edit away (two from seven letters on), the most frequent where several are as near, or fall
    apart into two frequent ones ("whatexactly"). A message of which more than half is unknown,
    or more than a hundred words, stays as it is: it is no English. Search by edits is rapidfuzz's;
    a general spelling checker would mend "housemanship" towards the words of newspapers.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        """Keep how often each word, in lower case, occurs."""
        self._counts = counts
        self._frequent = [word for word in counts if self._is_frequent(word)]
        self._mended = lru_cache(maxsize=20_000)(self._mend)

    @classmethod
    def learn(cls, texts: Iterable[str]) -> Corrector:
        """Count the words of training questions."""
        return cls(Counter(word for text in texts for word in _WORD.findall(text.lower())))

    def correct(self, parts: list[str]) -> list[str]:
        """Return the parts of a message in lower case with their misspelt words mended."""
        low = [part.lower() for part in parts]
        words = [word for part in low for word in _WORD.findall(part)]
        unknown = [word for word in words if not self._is_known(word)]
        no_english = len(words) > 2 and 2 * len(unknown) > len(words)
        if not unknown or no_english or len(unknown) > _MOST_UNKNOWN:
            return low
        return [_WORD.sub(self._mend_match, part) for part in low]

    def _mend_match(self, found: re.Match[str]) -> str:
        word = found.group()
        return self._mended(word) if len(word) <= _MAX_LETTERS else word

    def _is_known(self, word: str) -> bool:
        return word in self._counts or is_english(fold(word))

    def _mend(self, word: str) -> str:
        if len(word) < _SHORT or not word.isalpha() or self._is_known(word):
            return word
        # The first letter is seldom wrong.
        near = [
            (edits + 0.5 * (other[0] != word[0]), -self._counts[other], other)
            for other, edits in _near(word, self._frequent, 1 if len(word) < _TWO_EDITS else 2)
        ]
        if near and min(near)[0] <= 1:
            return min(near)[2]
        return self._split(word) or (min(near)[2] if near else word)

    def _is_frequent(self, word: str) -> bool:
        """Tell whether a word is seen often enough to be what another was meant to be."""
        seen, count = _SEEN_SHORT if len(word) <= _SHORT else _SEEN, self._counts[word]
        english = count > 2 * seen or is_english(fold(word))
        return len(word) >= _SHORT and count >= seen and english

    def _split(self, word: str) -> str | None:
        """Return the two frequent words of which a word without the blank consists, or None."""
        found = [
            (min(self._counts.get(first, 0), self._counts.get(second, 0)), f"{first} {second}")
            for first, second in ((word[:i], word[i:]) for i in range(1, len(word)))
            if all(len(part) > 1 or part in {"a", "i"} for part in (first, second))
        ]
        count, parts = max(found, default=(0, ""))
        return parts if len(word) >= _MIN_LETTERS and count >= _SEEN_SHORT else None

    def save(self, path: Path) -> None:
        """Write the words and their counts as JSON."""
        path.write_text(json.dumps(self._counts, ensure_ascii=False), "utf-8")

    @staticmethod
    def load(path: Path) -> Corrector:
        """Read back what `save` wrote."""
        return Corrector(json.loads(path.read_text("utf-8")))
