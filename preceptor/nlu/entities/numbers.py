"""Numbers as people write them, as plain decimal digits.

The quantity rules read a folded text in which every number is digits with at most one decimal
point: "twenty-five weeks" is "25 weeks", "₹1,50,000" is "₹150000", "1.5 million" is "1500000" and
"3 and a half months" is "3.5 months". Each character keeps its place in the message. Number words
are found by text2num.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from spacy.tokens import Doc
from text_to_num import Token, find_numbers

from preceptor.nlu.normalize import fold

NUMBER = r"\d+(?:\.\d+)?"
"""Expression for a number in the text that `digits` returns."""


@dataclass(frozen=True)
class Quantity:
    """A length, a sum or a position in a message.

    Attributes:
        entity: `duration`, `money` or `ordinal`.
        value: see the function that found it.
        start: offset of its first character in the message.
        end: offset behind its last character.
    """

    entity: str
    value: dict[str, Any]
    start: int
    end: int


@dataclass(frozen=True)
class Aligned:
    """A rewritten text of which every character knows where it comes from.

    Attributes:
        text: the text.
        starts: for each character, the offset in the message where what it stands for starts.
        ends: the same for the end.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the message of a stretch, without blanks around it."""
        piece = self.text[start:end]
        start += len(piece) - len(piece.lstrip())
        end -= len(piece) - len(piece.rstrip())
        return self.starts[start], self.ends[end - 1]

    def replaced(self, edits: Iterable[tuple[int, int, str]]) -> Aligned:
        """Return the text with stretches replaced, each (start, end, new text), in order."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for start, end, new in edits:
            parts += [self.text[done:start], new]
            starts += [*self.starts[done:start], *[self.starts[start]] * len(new)]
            ends += [*self.ends[done:start], *[self.ends[end - 1]] * len(new)]
            done = end
        if not parts:
            return self
        parts.append(self.text[done:])
        return Aligned(
            "".join(parts),
            (*starts, *self.starts[done:]),
            (*ends, *self.ends[done:]),
        )


def plain(number: Decimal) -> str:
    """Return a number in digits, without an exponent or trailing zeros."""
    return format(number.normalize(), "f")


_VULGAR_FRACTION = re.compile(r"(\d*)([¼½¾⅓⅔])")


# Every kind of quantity reads the same text in turn.
@lru_cache(maxsize=1)
def folded(doc: Doc) -> Aligned:
    """Return the folded tokens, joined by blanks where the message has blanks."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for token in doc:
        text, norm, begin = token.text, token.norm_, token.idx
        end = begin + len(text)
        if not text.isascii() and _VULGAR_FRACTION.search(text):
            # Unicode takes "1½" apart into "11/2".
            norm = fold(_VULGAR_FRACTION.sub(_decimal_of_fraction, text))
        if len(norm) == len(text):
            starts += range(begin, end)
            ends += range(begin + 1, end + 1)
        else:
            starts += [begin] * len(norm)
            ends += [end] * len(norm)
        parts.append(norm)
        if token.whitespace_:
            parts.append(" ")
            starts.append(end)
            ends.append(end + 1)
    return Aligned("".join(parts), tuple(starts), tuple(ends))


def _decimal_of_fraction(match: re.Match[str]) -> str:
    whole = int(match[1][-6:] or 0)
    return f"{whole + unicodedata.numeric(match[2]):.2f}".rstrip("0")


@lru_cache(maxsize=1)
def digits(doc: Doc) -> Aligned:
    """Return the folded text with every number in plain digits.

    "grand", "lakh" and "crore" stay behind their number ("a grand" is "1000 grand"): they tell
    that money is meant.
    """
    text = _words_to_digits(doc)
    text = text.replaced(_numerals(text.text))
    text = text.replaced(_halves(text.text))
    return text.replaced(_scaled(text.text))


class _Word(Token):
    """A token as text2num wants it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def text(self) -> str:
        return self._text


# "one" is also a pronoun, and the others multiply what stands before them: see `_scaled`.
_NOT_ALONE = frozenset("one o oh hundred thousand million billion".split())


def _words_to_digits(doc: Doc) -> Aligned:
    text = folded(doc)
    spans = [(match.start(), match.end()) for match in _WORD.finditer(text.text)]
    words = [text.text[start:end] for start, end in spans]
    if not any(word.isalpha() for word in words):
        return text
    edits = []
    for number in find_numbers([_Word(word) for word in words], "en", 0):
        first, last = number.start, number.end - 1
        alone = first == last and words[first] in _NOT_ALONE
        if number.is_ordinal or alone or (first and words[first - 1].isdigit()):
            continue
        value = plain(Decimal(str(number.value)))
        edits.append((spans[first][0], spans[last][1], value))
    return text.replaced(edits)


# Hyphens count: "twenty-five" is one number.
_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]+")
_NUMERAL = re.compile(r"(?<!\d)(?<!\d[.,/:'])\d+(?:[.,']\d+| \d{3}(?!\d))+(?![.,/:]?\d)")


def _numerals(text: str) -> list[tuple[int, int, str]]:
    edits = []
    for match in _NUMERAL.finditer(text):
        new = _without_separators(match[0])
        if new and new != match[0]:
            edits.append((match.start(), match.end(), new))
    return edits


def _without_separators(numeral: str) -> str | None:
    """Return a numeral in plain digits: "1,50,000", "1.500,50", "20 000"; None for a date or list.

    A point or comma is a decimal sign if it occurs once, last, and one or two digits follow.
    """
    groups, signs = re.split(r"[ .,']", numeral), re.findall(r"[ .,']", numeral)
    decimals = ""
    if signs[-1] in ".," and signs.count(signs[-1]) == 1 and len(groups[-1]) <= 2:
        decimals = f".{groups.pop()}"
        signs.pop()
    first, *rest = groups
    if rest:
        *middle, last = map(len, rest)
        thousands = len(first) <= 3 and last == 3 and all(size == 3 for size in middle)
        lakhs = len(first) <= 2 and last == 3 and all(size == 2 for size in middle)
        if len(set(signs)) > 1 or first.startswith("0") or not (thousands or lakhs):
            return None
    return "".join(groups) + decimals


_HALF = re.compile(
    rf"(?<!\w)(?<!\d[.,])(?P<n>{NUMBER}|one)"
    r"(?P<half>(?: and)? (?:a )?half(?! (?:a|an|of|days?)\b)\b|[ -]1/2\b(?!/)| 0\.5\b)"
)


def _halves(text: str) -> list[tuple[int, int, str]]:
    """Return the edits for "3 and a half", "1 1/2"."""
    found = []
    for match in _HALF.finditer(text):
        n = Decimal(1 if match["n"] == "one" else match["n"])
        found.append((match.start(), match.end(), plain(n + Decimal("0.5"))))
    return found


_SCALES = {
    "hundred": 100, "thousand": 1000, "grand": 1000, "k": 1000, "million": 10**6, "mil": 10**6,
    "mn": 10**6, "mln": 10**6, "billion": 10**9, "lakh": 10**5, "lac": 10**5, "crore": 10**7,
}  # fmt: skip
_MONEY_ONLY = frozenset({"grand", "lakh", "lac", "crore"})
_FEW_WORDS = {"a": 1, "an": 1, "one": 1, "half a": 0.5, "half": 0.5, "a couple of": 2,
              "couple of": 2, "a couple": 2, "a few": 4, "few": 4}  # fmt: skip
_SCALED = re.compile(
    rf"(?<!\d)(?<!\d[.,])(?:(?P<low>{NUMBER}) ?(?:-|to|or) ?)?"
    rf"(?P<n>{NUMBER}|\b(?:{'|'.join(sorted(_FEW_WORDS, key=len, reverse=True))}) "
    r"|\b(?=hundred|thousand))"
    rf" ?(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))})s?\b"
    r"(?! (?:rounds?|ward|piano|total|canyon|challenge|tour)\b)(?! round)"
)


def _scaled(text: str) -> list[tuple[int, int, str]]:
    """Return the edits for "12 hundred", "1.5 million", "2k", "1-2k", "a grand", "2 lakh"."""
    found = []
    for match in _SCALED.finditer(text):
        word = match["n"].strip()
        scale = match["scale"]
        n = Decimal(str(_FEW_WORDS.get(word, word or 1)))
        new = plain(n * _SCALES[scale])
        if scale in _MONEY_ONLY:
            new += " grand" if scale == "grand" else " lakh"
        start = match.start("n")
        if match["low"] and Decimal(match["low"]) < n:
            # "1 to 2 thousand" is 1000 to 2000.
            start = match.start("low")
            between = text[match.end("low") : match.start("n")]
            new = plain(Decimal(match["low"]) * _SCALES[scale]) + between + new
        found.append((start, match.end(), new))
    return found
