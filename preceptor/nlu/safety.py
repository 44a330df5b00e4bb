"""The rule layer of safety: emergencies, crises and own symptoms, seen beside the classifier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from ruamel.yaml import YAML

from preceptor.intents import intents
from preceptor.nlu.normalize import fold, squeeze
from preceptor.nlu.spelling import Mender

_NEAR = 3
_WORD = re.compile(r"[^\W_]+(?:['/-][^\W_]+)*")
_GAP = r"(?:\S+ ){0,3}?"


@dataclass(frozen=True)
class Rule:
    """One compiled rule; a text without any of `needs` can't meet it, which is told faster."""

    needs: frozenset[str]
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Rules:
    """The compiled rules of one intent."""

    alarms: tuple[Rule, ...]
    unless: tuple[Rule, ...]
    foreign: tuple[Rule, ...] = ()
    contains: tuple[str, ...] = ()


def _compile(rule: str) -> Rule:
    """Turn a rule into an expression over words that each end in one blank."""
    parts = []
    needs: frozenset[str] = frozenset()
    for word in rule.split():
        if word == "*":
            parts.append(_GAP)
            continue
        words = [fold(w) for w in word.rstrip("?").split("|")]
        if not needs and not word.endswith("?"):
            needs = frozenset(words)
        options = "|".join(map(re.escape, words))
        parts.append(f"(?:(?:{options}) )" + ("?" if word.endswith("?") else ""))
    return Rule(needs, re.compile(r"(?<!\S)" + "".join(parts)))


@lru_cache(maxsize=1)
def _load() -> tuple[dict[str, Rules], Mender]:
    text = resources.files("preceptor.nlu").joinpath("safety_rules.yml").read_text("utf-8")
    raw = YAML(typ="safe").load(text)
    rules = {
        intent: Rules(
            tuple(_compile(r) for r in lists["rules"]),
            tuple(_compile(r) for r in lists["unless"]),
            tuple(_compile(r) for r in lists.get("foreign", ())),
            tuple(fold(piece) for piece in lists.get("contains", ())),
        )
        for intent, lists in raw.items()
    }
    words = {
        fold(word)
        for lists in raw.values()
        for rule in [*lists["rules"], *lists["unless"]]
        for part in rule.split()
        for word in part.rstrip("?").split("|")
    }
    return rules, Mender(words)


def alarms(text: str) -> list[str]:
    """Return the safety intents whose rules the text meets, most urgent first.

    Args:
        text: a message as a person typed it.
    """
    rules, mender = _load()
    plain = squeeze(fold(text))
    words = _WORD.findall(plain)
    mended = "".join(f"{mender.mend(word) or word} " for word in words)
    as_written = "".join(f"{word} " for word in words)
    # A rule speaks of single words: "I'mdying" is beyond it, "k i l l" as well.
    return [
        intent
        for intent in intents().in_group("safety")
        if any(piece in plain for piece in rules[intent].contains)
        or _sees(rules[intent].alarms, rules[intent].unless, mended)
        or _sees(rules[intent].foreign, rules[intent].unless, as_written)
    ]


def _sees(alarming: tuple[Rule, ...], unless: tuple[Rule, ...], text: str) -> bool:
    words = set(text.split())
    hits = _spans(alarming, text, words)
    if not hits:
        return False
    quiet = [_widened(span, text) for span in _spans(unless, text, words)]
    return any(not any(q[0] < end and start < q[1] for q in quiet) for start, end in hits)


def _spans(rules: tuple[Rule, ...], text: str, words: set[str]) -> list[tuple[int, int]]:
    return [
        match.span()
        for rule in rules
        if not rule.needs.isdisjoint(words)
        for match in rule.pattern.finditer(text)
    ]


def _widened(span: tuple[int, int], text: str) -> tuple[int, int]:
    """Return the span with up to three words more on either side."""
    start, end = span
    for _ in range(_NEAR):
        start = max(text.rfind(" ", 0, max(start - 1, 0)) + 1, 0)
        following = text.find(" ", end)
        end = len(text) if following < 0 else following + 1
    return start, end
