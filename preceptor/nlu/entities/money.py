"""Sums of money, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import Any

from spacy.tokens import Doc

from preceptor.nlu.entities import bounds
from preceptor.nlu.entities.currencies import NOT_BEFORE, WORDS_TOO, Candidates, currency_words
from preceptor.nlu.entities.durations import UNIT
from preceptor.nlu.entities.numbers import NUMBER, Aligned, Quantity, digits, folded, plain

# No message has more to say; more numbers are noise that would only cost time.
_MOST = 100
_REACH = 40
_SUM = re.compile(
    rf"(?<!\d)(?<!\d[.,/:])(?P<n>{NUMBER})(?![\d:]|[.,]\d|/\d)(?P<m> ?[ml]\b)?(?:/-|,-+|\.-)?"
)
_LETTERS = r"[^\W\d_]+"
_SIGN = r"[^\w\s.,;:!?()'\"/+<>=~*#%&@-]"
_AFTER = re.compile(
    rf"(?: ?(/=|[^\W\d_]{{0,3}}{_SIGN}{{1,3}}(?!\d))"
    rf"|[ -]?({_LETTERS}\.?(?:[.']{_LETTERS}\.?){{0,4}}))"
    rf"(?: ({_LETTERS}))?(?: ({_LETTERS}))?(?: ({_LETTERS}))?"
)
# "US dollars", "Rs." or "HK$", with or without a blank before the number.
_BEFORE = re.compile(
    rf"(?P<words>(?:{_LETTERS} ){{0,2}})"
    rf"(?P<last>(?P<letters>[^\W\d_]{{0,4}}){_SIGN}|{_LETTERS})\.?(?P<gap> ?)$"
)
# Signs that say less than a currency behind the number: "$500 CAD".
_WEAK_SIGNS = frozenset({"$", "£", "¥", "kr", "rs"})
# A letter that is a currency right before the number only: R500, N500.
_LETTERS_ONLY_BEFORE = frozenset({"r", "n"})
_OTHER_UNIT = re.compile(
    rf"[ -]?(?:{UNIT}|hours?\b|hrs?\b|people|persons?|patients|students|beds|st\b|nd\b|rd\b|th\b|%"
    r"|x\b|am\b|pm\b|percent|miles|km\b|kg\b|o'?clock)"
)
_LIMIT = re.compile(
    r"(?<![a-z])(?:under|below|less than|max|maximum|up to|at most|no more than|not more than"
    r"|budget(?: is| of|:)?(?: about| around| only| max)?|cheaper than|afford|only have|can spend"
    r"|can pay|spend) ?$"
)
_LIMIT_AFTER = re.compile(r" (?:max\b|maximum\b|tops\b|or less\b|at most\b|budget\b)")
_PER = re.compile(
    r" ?(?:(?:a|per|each|every|for each) |/ ?|p/)(?P<per>day|night|week|wk|month|mth|year|hour)s?\b"
    r"| (?P<adverb>daily|weekly|monthly|yearly)\b| p(?P<short>w|cm)\b"
)
_PERIODS = {"wk": "week", "mth": "month", "night": "day", "daily": "day", "weekly": "week",
            "monthly": "month", "yearly": "year", "w": "week", "cm": "month"}  # fmt: skip
_RANGE = re.compile(r" ?(?:-|to|and|or) ?$")


@dataclass(frozen=True)
class _Sum:
    """A number with what stands around it; offsets are in the text of `digits`."""

    number: Decimal
    start: int
    end: int
    codes: Candidates | None = None
    word: str = ""
    low: Decimal | None = None


def amounts(doc: Doc) -> list[Quantity]:
    """Find sums of money.

    A bare number counts only next to words such as "under" or "budget", and never where a unit of
    time follows.

    Returns:
        Quantities whose `value` has `amount` (the most that is named, in major units as a decimal,
        None for a lower limit alone) and `currency` (ISO 4217 code, None if not named or unclear).
        Further keys where they apply:

        - `min_amount`: the least that is named: "€500–1,000", "at least $1000".
        - `currency_word`: the word whose currency is unclear ("riyals", "kr"), with `candidates`,
          the codes that it may mean, the likelier first (empty where nothing is known).
        - `per`: "day", "week", "month", "year" or "hour" where the sum is a price for that time.
    """
    text = digits(doc)
    message = doc.text
    if message.isupper():
        message = ""
    sums: list[_Sum] = []
    for match in islice(_SUM.finditer(text.text), _MOST):
        found = _with_currency(text, match, message)
        if found is None:
            continue
        if sums and (merged := _range(text.text, sums[-1], found)):
            sums[-1] = merged
        else:
            sums.append(found)
    return [q for each in sums if (q := _quantity(text, each))]


def _with_currency(text: Aligned, match: re.Match[str], message: str) -> _Sum | None:
    """Return the sum of a number and its currency; None where it counts something else.

    Args:
        text: the text with plain numbers.
        match: the number.
        message: the message, in which capitals tell codes from words; "" if all are capitals.
    """
    number = Decimal(match["n"])
    before = _currency_before(text, match.start(), message)
    after = _currency_after(text, match.end(), message)
    if match["m"]:
        factor = _millions_or_lakhs(match["m"].strip(), before or after)
        if factor is None:
            return None
        number *= factor
    if number <= 0 or (after is None and _OTHER_UNIT.match(text.text, match.end("n"))):
        return None
    chosen = after
    # "$500 CAD" is what stands behind it; "HK$500 dollars" what stands before.
    if before and (after is None or before.word not in _WEAK_SIGNS or len(after.codes or ()) != 1):
        chosen = before
    start = before.start if before else match.start()
    end = after.end if after else match.end()
    if chosen is None:
        return _Sum(number, start, end)
    return _Sum(number, start, end, chosen.codes, chosen.word)


def _millions_or_lakhs(letter: str, currency: _Sum | None) -> int | None:
    """Return what "$2m" or "₹1.5L" multiply by; None without a currency, as in "2m" or "2l"."""
    if currency is None:
        return None
    if letter == "m":
        return 10**6
    return 10**5 if set(currency.codes or ()) & set(currency_words()["lakh"]) else None


def _currency_before(text: Aligned, start: int, message: str) -> _Sum | None:
    offset = max(0, start - _REACH)
    match = _BEFORE.search(text.text[offset:start])
    if match is None:
        return None
    words = currency_words()
    # "US dollars 500" and "AU $500" are written in two words; "a $500 stay" is not.
    before = match["words"].split()
    for i in range(len(before)):
        for phrase in (" ".join([*before[i:], match["last"]]), before[i] + match["last"]):
            glued = phrase == before[i] + match["last"]
            if glued and (i + 1 < len(before) or len(before[i]) < 2 or before[i] in WORDS_TOO):
                continue
            if phrase in words:
                at = offset + match.start("words") + match["words"].index(before[i])
                return _Sum(Decimal(0), at, start, words[phrase], phrase)
    return _word_before(text, offset + match.start("last"), start, match, message)


def _word_before(
    text: Aligned, at: int, start: int, match: re.Match[str], message: str
) -> _Sum | None:
    """Return the currency of the one word or sign right before a number."""
    words, name = currency_words(), match["last"]
    written = message[text.starts[at] : text.ends[at]]
    if name not in words and match["letters"]:
        sign = name[len(match["letters"]) :]
        if sign not in words:
            return None
        if len(match["letters"]) > 2:
            return _Sum(Decimal(0), at + len(match["letters"]), start, words[sign], sign)
        # Letters that stand for no country known here: not the dollar of the USA.
        return _Sum(Decimal(0), at, start, (), name)
    if name not in words or name in NOT_BEFORE or (name in WORDS_TOO and not written.isupper()):
        return None
    if name in _LETTERS_ONLY_BEFORE and (
        match["gap"] or not re.match(r"\d{3}", text.text[start : start + 3])
    ):
        return None
    return _Sum(Decimal(0), at, start, words[name], name)


def _currency_after(text: Aligned, at: int, message: str) -> _Sum | None:
    match = _AFTER.match(text.text, at, at + _REACH)
    if match is None:
        return None
    words = currency_words()
    start = match.start(1) if match[1] else match.start(2)
    ends = dict.fromkeys(match.end(group) for group in (5, 4, 3, 2, 1) if match[group])
    for end in ends:
        phrase = text.text[start:end]
        name = phrase if phrase in words else phrase.rstrip(".")
        if name in _LETTERS_ONLY_BEFORE or name not in words:
            continue
        if name in WORDS_TOO and not message[text.starts[start] : text.starts[start] + 1].isupper():
            continue
        further = _currency_after(text, end, message) if name in {"grand", "lakh"} else None
        return further or _Sum(Decimal(0), match.start(), end, words[name], name)
    return None


def _range(text: str, first: _Sum, second: _Sum) -> _Sum | None:
    """Return two sums as one range, None if they are two."""
    joint = _RANGE.fullmatch(text[first.end : second.start]) if second.start >= first.end else None
    other = first.codes and second.codes and first.codes != second.codes
    if not joint or first.low is not None or first.number >= second.number or other:
        return None
    if joint[0].strip() in {"and", "or"} and not (
        text[max(0, first.start - 8) : first.start].endswith("between ")
    ):
        return None
    codes = second.codes if second.codes is not None else first.codes
    word = second.word or first.word
    return replace(second, start=first.start, low=first.number, codes=codes, word=word)


def _quantity(text: Aligned, found: _Sum) -> Quantity | None:
    """Return a sum as an entity; None for a number of something else."""
    if found.codes is None and not _is_limit(text.text, found):
        return None
    if found.codes is None and found.low is not None and found.number < 100:
        return None
    bound, _ = bounds.before(text.text, found.start)
    if bound is None:
        bound, _ = bounds.after(text.text, found.end)
    codes = found.codes or ()
    value: dict[str, Any] = {
        "amount": plain(found.number),
        "currency": codes[0] if len(codes) == 1 else None,
    }
    if found.low is not None:
        value["min_amount"] = plain(found.low)
    elif bound == "min":
        value |= {"amount": None, "min_amount": plain(found.number)}
    if found.word and len(codes) != 1 and found.word != "grand":
        value |= {"currency_word": found.word, "candidates": list(codes)}
    end = found.end
    if per := _PER.match(text.text, end):
        period = per["per"] or per["adverb"] or per["short"]
        value["per"] = _PERIODS.get(period, period)
        end = per.end()
    return Quantity("money", value, *text.span(found.start, end))


def _is_limit(text: str, found: _Sum) -> bool:
    """Tell whether a bare number is a sum: three digits or more behind "under", before "max"."""
    if found.number < 100:
        return False
    before = text[max(0, found.start - _REACH) : found.start]
    return bool(_LIMIT.search(before) or _LIMIT_AFTER.match(text, found.end))


_CHEAP = re.compile(
    r"\b(?:cheap|cheapest|low[- ]?cost|budget[- ]friendly|inexpensive|affordable|low budget"
    r"|on a budget|tight budget|free|broke|cheep)\b"
)


def wants_cheap(doc: Doc) -> bool:
    """Tell whether the text asks for little money without naming a sum."""
    return bool(_CHEAP.search(folded(doc).text))
