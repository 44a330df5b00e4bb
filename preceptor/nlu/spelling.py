"""Typos: which words are English, and which known word a misspelt one was meant to be."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
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


class Mender:
    """Mends misspelt words towards a vocabulary.

    A word of five or six letters may be one edit away, a longer one two; an edit is a letter
    added, dropped, changed or swapped with its neighbour. The first letter must be right, or the
    first two swapped. Words that are English as they stand are never touched: "woman" does not
    become "oman".
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Keep the words of five letters and more, by their first letter."""
        self._words = frozenset(vocabulary)
        self._by_first: dict[str, list[str]] = {}
        for word in sorted(self._words):
            if len(word) >= _MIN_LETTERS:
                self._by_first.setdefault(word[0], []).append(word)
        self._mended = lru_cache(maxsize=20_000)(self._mend)

    def mend(self, word: str) -> str | None:
        """Return the vocabulary's word that a folded word was meant to be, or None."""
        return self._mended(word) if len(word) <= _MAX_LETTERS else None

    def _mend(self, word: str) -> str | None:
        if word in self._words:
            return word
        if len(word) < _MIN_LETTERS or not word.isalpha() or is_english(word):
            return None
        best: tuple[int, str] | None = None
        for first in {word[0], word[1]}:
            for candidate in self._by_first.get(first, ()):
                allowed = 1 if min(len(word), len(candidate)) < 7 else 2
                if first != word[0] and candidate[1] != word[0]:
                    continue
                distance = OSA.distance(word, candidate, score_cutoff=allowed)
                if distance <= allowed and (best is None or distance < best[0]):
                    best = (distance, candidate)
        return best[1] if best else None


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
        self._by_length: dict[int, list[str]] = {}
        for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            seen = _SEEN_SHORT if len(word) <= _SHORT else _SEEN
            if (
                len(word) >= _SHORT
                and count >= seen
                and (is_english(fold(word)) or count > 2 * seen)
            ):
                self._by_length.setdefault(len(word), []).append(word)
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
        allowed = 1 if len(word) < _TWO_EDITS else 2
        best: tuple[float, int, str] | None = None
        for length in range(len(word) - allowed, len(word) + allowed + 1):
            near = process.extract(
                word,
                self._by_length.get(length, ()),
                scorer=OSA.distance,
                score_cutoff=allowed,
                limit=None,
            )
            for candidate, edits, _ in near:
                # The first letter is seldom wrong.
                distance = edits + 0.5 * (candidate[0] != word[0])
                found = (distance, -self._counts[candidate], candidate)
                best = min(best or found, found)
        if best is None or best[0] > 1:
            return self._apart(word) or (best[2] if best else word)
        return best[2]

    def _apart(self, word: str) -> str | None:
        """Return the two frequent words of which a word without the blank consists, or None."""
        if len(word) < _MIN_LETTERS:
            return None
        pairs = [(word[:i], word[i:]) for i in range(1, len(word))]
        found = [
            (min(self._counts[first], self._counts[second]), f"{first} {second}")
            for first, second in pairs
            if self._is_frequent(first) and self._is_frequent(second)
        ]
        return max(found)[1] if found else None

    def _is_frequent(self, word: str) -> bool:
        alone = len(word) > 1 or word in {"a", "i"}
        return alone and self._counts.get(word, 0) >= _SEEN_SHORT

    def save(self, path: Path) -> None:
        """Write the words and their counts as JSON."""
        path.write_text(json.dumps(self._counts, ensure_ascii=False), "utf-8")

    @staticmethod
    def load(path: Path) -> Corrector:
        """Read back what `save` wrote."""
        return Corrector(json.loads(path.read_text("utf-8")))
