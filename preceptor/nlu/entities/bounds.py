"""Comparisons around a quantity: "at least", "no more than", ">", "or less"."""

from __future__ import annotations

import re
from typing import Literal

Bound = Literal["min", "max"]

# How far from a quantity its comparison may begin, in characters.
_REACH = 40
# What a denial turns round: "not more than" is "at most".
_MORE = r"(?:more|longer|greater|higher) (?:than|then)|over|above|exceed(?:ing|s)?|>=?"
_LESS = (
    r"(?:less|fewer|shorter|lower|smaller|cheaper) (?:than|then)|under|below|within|<=?"
    r"|short of|beneath"
)
_AT_LEAST = (
    r"at (?:the )?(?:very )?least|min(?:imum)?\.?(?: of)?|from|upwards? of|starting (?:at|from)"
    r"|≥|=>"
)
_AT_MOST = r"up ?to|at (?:the )?(?:very )?most|max(?:imum)?\.?(?: of)?|≤|=<"
_DENIED = (
    r"(?:(?<![a-z])(?:no|not|never|nothing|cannot|cant|dont|doesnt)|(?:do|does|did|ca|wo|is|would|should|need)?n't)"
    r"(?: (?:want|have|need|stay|spend|pay|afford|be|go|do|is|for|go for|anything))?"
)
_BEFORE = re.compile(
    rf"(?:(?P<denied>{_DENIED}) )?(?<![a-z])"
    rf"(?:(?P<more>{_MORE})|(?P<less>{_LESS})|(?P<least>{_AT_LEAST})|(?P<most>{_AT_MOST}))"
    r"(?: (?:about|around|roughly|like|say|only|a budget of))?[ :]?$"
)
_AFTER = re.compile(
    r" ?(?:(?P<least>or (?:more|longer|above|over)|and (?:more|up|above)|minimum|min\b|at least"
    r"|plus\b|\+|upwards)"
    r"|(?P<most>or (?:less|shorter|fewer|under|below)|and under|max(?:imum)?\b|tops\b|at most))"
)


def before(text: str, start: int) -> tuple[Bound | None, int]:
    """Return the comparison that ends where a quantity starts, and where the comparison starts.

    Args:
        text: a folded text.
        start: where the quantity starts in it.

    Returns:
        `min`, `max` or None, and an offset, which is `start` if there is no comparison.
    """
    offset = max(0, start - _REACH)
    match = _BEFORE.search(text[offset:start])
    if match is None:
        return None, start
    low = bool(match["more"] or match["least"])
    if match["denied"] and (match["more"] or match["less"]):
        low = not low
    return "min" if low else "max", offset + match.start()


def after(text: str, end: int) -> tuple[Bound | None, int]:
    """Return the comparison that stands behind a quantity, and where the comparison ends."""
    match = _AFTER.match(text[end : end + _REACH])
    if match is None:
        return None, end
    return "min" if match["least"] else "max", end + match.end()
