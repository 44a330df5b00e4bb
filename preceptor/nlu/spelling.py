"""Typos: which words are English, and which known word a misspelt one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz.distance import OSA
from spellchecker import SpellChecker

_MIN_LETTERS = 5


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    # The words alone: how often each is used takes twice the memory.
    return frozenset(SpellChecker(language="en").word_frequency.words())


@lru_cache(maxsize=20_000)
def is_english(word: str) -> bool:
    """Tell whether a folded word stands in the English word list."""
    return word.lower() in _english()


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
        self.mend = lru_cache(maxsize=20_000)(self._mend)

    def _mend(self, word: str) -> str | None:
        """Return the vocabulary's word that a folded word was meant to be, or None."""
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
