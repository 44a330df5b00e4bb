"""The rule layer of safety: dangers are seen in the untouched text, beside the classifier."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

from preceptor.intents import intents
from preceptor.nlu.normalize import fold, squeeze
from preceptor.nlu.spelling import Mender, is_english

_NEAR = 3
# How sure the classifier must be of a danger: alone, against words that silence rules, and never.
_SUSPECTED, _EXCUSED, _NEVER = 0.5, 0.6, 2.0
# How likely the part of a message in which a rule sees a danger must be any danger for it to stay,
# and in how many words rules decide alone, unless an intent says otherwise.
_LEAST, _FEW_WORDS = 0.15, 5
_WORD = re.compile(r"[^\W_]+(?:['/-][^\W_]+)*")
_GAPS = {"*": r"(?:\S+ ){0,3}?", "**": r"(?:\S+ ){0,8}?"}


@dataclass(frozen=True)
class Rule:
    """One compiled rule; a text without any of `needs` can't meet it, which is told faster."""

    needs: frozenset[str]
    pattern: re.Pattern[str]


def _compile(rule: str) -> Rule:
    """Turn a rule into an expression over words that each end in one blank."""
    parts = []
    needs: frozenset[str] = frozenset()
    for word in rule.split():
        if word in _GAPS:
            parts.append(_GAPS[word])
            continue
        words = [fold(w) for w in word.rstrip("?").split("|")]
        if not needs and not word.endswith("?"):
            needs = frozenset(words)
        options = "|".join(map(re.escape, words))
        parts.append(f"(?:(?:{options}) )" + ("?" if word.endswith("?") else ""))
    return Rule(needs, re.compile(r"(?<!\S)" + "".join(parts)))


class RuleSet:
    """Rules, and rules that silence them nearby; safety_rules.yml explains how they are written."""

    def __init__(self, alarms: Iterable[str], unless: Iterable[str] = ()) -> None:
        """Compile the rules."""
        self._alarms = tuple(map(_compile, alarms))
        self._unless = tuple(map(_compile, unless))

    def sees(self, text: str) -> bool:
        """Tell whether a text as somebody typed it meets a rule."""
        return self.sees_in(_as_words(_plain(text)))

    def excuses(self, words: str) -> bool:
        """Tell whether a rule that silences others stands anywhere in a text's folded words."""
        return bool(_spans(self._unless, words, set(words.split())))

    def sees_in(self, words: str) -> bool:
        """Tell the same of a text's folded words, each followed by one blank."""
        return bool(self.seen_in(words))

    def seen_in(self, words: str) -> list[tuple[int, int]]:
        """Return where rules are met in a text's folded words, each followed by one blank."""
        distinct = set(words.split())
        hits = _spans(self._alarms, words, distinct)
        if not hits:
            return []
        quiet = [_widened(span, words) for span in _spans(self._unless, words, distinct)]
        return [h for h in hits if not any(q[0] < h[1] and h[0] < q[1] for q in quiet)]


@dataclass(frozen=True)
class _Danger:
    """The rules of one intent.

    Attributes:
        alarms: its rules.
        foreign: those in other languages.
        contains: pieces of words.
        never: silences all of them wherever it stands in the message.
        alone: in how many words they count however unlikely the classifier takes a danger to be.
    """

    alarms: RuleSet
    foreign: RuleSet
    contains: tuple[str, ...]
    never: RuleSet
    alone: int


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    text = resources.files("preceptor.nlu").joinpath("safety_rules.yml").read_text("utf-8")
    return dict(YAML(typ="safe").load(text))


@lru_cache(maxsize=1)
def _denials() -> RuleSet:
    return RuleSet(_file()["denials"]["rules"], _file()["denials"]["unless"])


@lru_cache(maxsize=1)
def _load() -> tuple[dict[str, _Danger], Mender]:
    raw = {name: lists for name, lists in _file().items() if name != "denials"}
    groups = {f"<{name}>": words for name, words in raw.pop("words").items()}
    dangers = {}
    mended: set[str] = set()
    for intent, lists in raw.items():
        rules = {name: list(_written_out(lists.get(name, ()), groups)) for name in _LISTS}
        contains = tuple(fold(piece) for piece in lists.get("contains", ()))
        unless = rules["unless"]
        dangers[intent] = _Danger(
            RuleSet(rules["rules"], unless),
            RuleSet(rules["foreign"], unless),
            contains,
            RuleSet(rules["never"]),
            lists.get("alone", _FEW_WORDS),
        )
        mended |= {w for name in _MENDED for rule in rules[name] for w in _words_of(rule)}
    return dangers, Mender(mended)


_LISTS = ("rules", "foreign", "unless", "never")
_MENDED = ("rules", "unless")


def _written_out(rules: Iterable[str], groups: dict[str, Any]) -> Iterator[str]:
    """Return rules with the names of groups of words replaced by their words."""
    for rule in rules:
        for name, words in groups.items():
            rule = rule.replace(name, words)
        yield rule


def _words_of(rule: str) -> set[str]:
    return {fold(word) for part in rule.split() for word in part.rstrip("?").split("|")}


def alarms(text: str) -> list[str]:
    """Return the safety intents whose rules the text meets, most urgent first.

    Args:
        text: a message as a person typed it.
    """
    dangers, mender = _load()
    plain = _plain(text)
    words = _WORD.findall(plain)
    as_written = "".join(f"{word} " for word in words)
    # Words of other languages are near to English ones: "besten" is not "beaten".
    english = 2 * sum(map(is_english, words)) >= len(words)
    mended = "".join(f"{mender.mend(w) or w} " for w in words) if english else as_written
    # A rule speaks of single words: "I'mdying" is beyond it, "k i l l" as well.
    return [
        intent
        for intent in intents().in_group("safety")
        if intent in dangers and _sees(dangers[intent], plain, mended, as_written)
    ]


def without_denials(text: str) -> str:
    """Return a text with blanks for the words that deny a danger: "I'm not suicidal, just tired".

    A text that does nothing else becomes "no". What is left keeps its offsets.
    """
    found = list(_WORD.finditer(text))
    starts, words = [], ""
    for match in found:
        starts.append(len(words))
        words += f"{_plain(match.group())} "
    rest = text
    for start, end in _denials().seen_in(words):
        denied = [m for m, at in zip(found, starts, strict=True) if start <= at < end]
        first, last = denied[0].start(), denied[-1].end()
        rest = rest[:first] + " " * (last - first) + rest[last:]
    return rest if rest == text or _WORD.search(rest) else "no".ljust(len(text))


def confirmed(text: str, verdict: Iterable[str], chances: Mapping[str, float]) -> list[str]:
    """Return the dangers that rules saw and that stay.

    In a story the words of a rule may stand in any sentence: "I work at a roof truss factory".

    Args:
        text: a message as a person typed it; in one of a few words the rules decide alone.
        verdict: safety intents, as `alarms` returns them.
        chances: how likely the classifier takes parts of the message, itself among them, for any
            danger, between 0 and 1; empty if they weren't read.
    """
    seen = list(verdict)
    if not seen or not chances:
        return seen
    likely = {i for part, chance in chances.items() if chance >= _LEAST for i in alarms(part)}
    count = len(text.split())
    return [intent for intent in seen if intent in likely or count <= _load()[0][intent].alone]


def least_confidence(text: str, intent: str) -> float:
    """Return how sure the classifier must be of a danger that no rule sees, between 0 and 1.

    Args:
        text: a message as a person typed it.
        intent: the danger's.

    Returns:
        More than 1 if the message can only look like it, such as an examination's vignette.
    """
    danger = _load()[0].get(intent)
    words = _as_words(_plain(text))
    if danger is None or danger.never.sees_in(words):
        return 0.0 if danger is None else _NEVER
    return _EXCUSED if danger.alarms.excuses(words) else _SUSPECTED


def _sees(danger: _Danger, plain: str, mended: str, as_written: str) -> bool:
    seen = (
        any(piece in plain for piece in danger.contains)
        or danger.alarms.sees_in(mended)
        or danger.foreign.sees_in(as_written)
    )
    return seen and not danger.never.sees_in(mended)


def _plain(text: str) -> str:
    return squeeze(fold(text))


def _as_words(plain: str) -> str:
    return "".join(f"{word} " for word in _WORD.findall(plain))


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
