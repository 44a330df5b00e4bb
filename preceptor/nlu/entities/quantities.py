"""Lengths, money and positions in a list, as people write them.

Hand-written, since the libraries for it are a separate server (Duckling) or know neither "a month
or two" nor "under 2k USD". Each function takes a spaCy `Doc` whose tokens carry their folded form
in `norm_`, and returns what it found with character offsets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from spacy.tokens import Doc


@dataclass(frozen=True)
class Found:
    """One quantity in a text.

    Attributes:
        entity: `duration`, `money` or `ordinal`.
        value: see the function that found it.
        start: offset of its first character.
        end: offset behind its last character.
    """

    entity: str
    value: dict[str, Any]
    start: int
    end: int


_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fourteen": 14, "fifteen": 15,
    "twenty": 20, "couple": 2, "few": 3, "half a": 0.5, "half": 0.5, "fortnight": 1,
}  # fmt: skip
_WEEKS = {
    "day": 1 / 7, "days": 1 / 7, "week": 1, "weeks": 1, "wk": 1, "wks": 1, "w": 1, "weeek": 1,
    "weks": 1, "month": 52 / 12, "months": 52 / 12, "mth": 52 / 12, "mths": 52 / 12, "mo": 52 / 12,
    "mos": 52 / 12, "monthes": 52 / 12, "year": 52, "years": 52, "yr": 52, "yrs": 52,
    "fortnight": 2, "fortnights": 2, "semester": 18, "term": 12,
}  # fmt: skip
_NUM = r"(?:\d+(?:[.,]\d+)?|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")"
_UNIT = "(?:" + "|".join(sorted(_WEEKS, key=len, reverse=True)) + ")"
_DURATION = re.compile(
    rf"(?P<bound>up to|at most|max(?:imum)?(?: of)?|no more than|no longer than|less than|under|within"
    rf"|at least|min(?:imum)?(?: of)?|more than|over|longer than)? ?"
    rf"\b(?P<n>{_NUM})(?: of)?(?: ?(?:-|to|or|(?<=between \d )and|(?<=between \d\d )and) ?(?P<n2>{_NUM}))?(?: of)?[ -]?(?P<u>{_UNIT})\b"
    rf"(?P<half> and a half)?"
    rf"(?: (?:or|to) (?P<n3>{_NUM})\b(?! [a-z]*(?:dollars|euros|usd))(?: (?P<u3>{_UNIT})\b)?)?"
    rf"(?P<or_less> (?:or less|max|maximum|tops|at most))?(?P<or_more> (?:or more|minimum|at least))?"
)
_SEASONS = re.compile(
    r"\b(?:this|next|the|over|in|during|my|for)? ?(summer|winter)(?: break| holidays?)?\b"
)
_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_MONTH = re.compile(
    r"\b(?:in|for|during|this|next|from|starting|early|late|mid|of) (?P<m>"
    + "|".join(_MONTHS)
    + r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b"
)
_AGO = re.compile(r"^ (?:ago|old|of age|before|in advance|of experience|left)\b")


def _number(text: str) -> float:
    return float(_NUMBERS[text]) if text in _NUMBERS else float(text.replace(",", "."))


# Every kind of quantity is looked for in it in turn.
@lru_cache(maxsize=1)
def _folded(doc: Doc) -> tuple[str, list[int], list[int]]:
    """Return the folded tokens joined by blanks where the text has blanks, with offsets back.

    The two lists give, for every character of the folded text, where its token starts and ends
    in the text itself.
    """
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for token in doc:
        norm = token.norm_ + (" " if token.whitespace_ else "")
        parts.append(norm)
        starts += [token.idx] * len(norm)
        ends += [token.idx + len(token.text)] * len(norm)
    return "".join(parts), starts, ends


def durations(doc: Doc) -> list[Found]:
    """Find lengths of stay.

    Returns:
        Findings with `value` `{"min_weeks": float | None, "max_weeks": float | None}`: "6-8 weeks"
        gives 6 and 8, "a month or two" 4.3 and 8.7, "4 weeks" 4 and 4, "up to 3 months" None and
        13, "this summer" None and 12 (with `"season": "summer"`), "in July" None and None (with
        `"month": 7`).
    """
    text, starts, ends = _folded(doc)
    found = []
    for match in _DURATION.finditer(text):
        if _AGO.match(text[match.end() :]):
            continue
        weeks = _WEEKS[match["u"]]
        low = high = _number(match["n"]) * weeks
        if match["n2"]:
            high = _number(match["n2"]) * weeks
        elif match["n3"]:
            high = _number(match["n3"]) * _WEEKS[match["u3"] or match["u"]]
        if match["half"]:
            high = low = low + weeks / 2
        if match["n"] == "few":
            high = 4 * weeks
        low, high = sorted((round(low, 1), round(high, 1)))
        bound = match["bound"] or ""
        value: dict[str, Any] = {"min_weeks": low, "max_weeks": high}
        if bound in {"at least", "more than", "over", "longer than"} or bound.startswith("min"):
            value["max_weeks"] = None
        elif bound or match["or_less"]:
            value["min_weeks"] = None
        if match["or_more"]:
            value = {"min_weeks": low, "max_weeks": None}
        begin = match.start() + (len(match.group()) - len(match.group().lstrip()))
        found.append(Found("duration", value, starts[begin], ends[match.end() - 1]))
    for match in _SEASONS.finditer(text):
        begin = match.start() + (len(match.group()) - len(match.group().lstrip()))
        found.append(
            Found(
                "duration",
                {"min_weeks": None, "max_weeks": 12.0, "season": match[1]},
                starts[begin],
                ends[match.end() - 1],
            )
        )
    for match in _MONTH.finditer(text):
        month = 1 + [m[:3] for m in _MONTHS].index(match["m"][:3])
        found.append(
            Found(
                "duration",
                {"min_weeks": None, "max_weeks": None, "month": month},
                starts[match.start()],
                ends[match.end() - 1],
            )
        )
    return found


_CURRENCIES = {
    "$": "USD", "usd": "USD", "us$": "USD", "dollar": "USD", "dollars": "USD", "bucks": "USD",
    "dolar": "USD", "dolars": "USD", "dollers": "USD",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR",
    "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "quid": "GBP", "sterling": "GBP",
    "₹": "INR", "inr": "INR", "rs": "INR", "rupee": "INR", "rupees": "INR",
    "₦": "NGN", "ngn": "NGN", "naira": "NGN", "kes": "KES", "ksh": "KES", "kshs": "KES",
    "aud": "AUD", "a$": "AUD", "cad": "CAD", "c$": "CAD", "nzd": "NZD", "sgd": "SGD", "s$": "SGD",
    "zar": "ZAR", "rand": "ZAR", "chf": "CHF", "francs": "CHF", "sek": "SEK", "nok": "NOK",
    "dkk": "DKK", "jpy": "JPY", "yen": "JPY", "huf": "HUF", "pkr": "PKR", "php": "PHP",
    "idr": "IDR", "rupiah": "IDR", "myr": "MYR", "ringgit": "MYR", "rm": "MYR", "thb": "THB",
    "baht": "THB", "mxn": "MXN", "brl": "BRL", "reais": "BRL", "aed": "AED", "dirham": "AED",
    "dirhams": "AED", "sar": "SAR", "egp": "EGP", "try": "TRY", "lira": "TRY", "pln": "PLN",
    "zloty": "PLN", "czk": "CZK", "ils": "ILS", "shekel": "ILS", "shekels": "ILS", "krw": "KRW",
    "won": "KRW", "cny": "CNY", "rmb": "CNY", "yuan": "CNY", "hkd": "HKD", "ghs": "GHS",
    "cedis": "GHS", "cedi": "GHS", "tzs": "TZS", "ugx": "UGX", "bdt": "BDT", "taka": "BDT",
    "lkr": "LKR", "npr": "NPR",
}  # fmt: skip
_NOT_ALONE = {"rs", "rm", "try", "won", "php", "pound", "pounds", "sar", "lira", "rand"}
_CUR = "(?:" + "|".join(re.escape(c) for c in sorted(_CURRENCIES, key=len, reverse=True)) + ")"
_LIMIT = (
    r"under|below|less than|max(?:imum)?(?: of)?|up to|at most|no more than|not more than|within"
    r"|budget(?: is| of|:)?(?: about| around| only| max)?|only have|i have|have only|can spend"
    r"|can pay|afford|cheaper than|not over|around|about|roughly|for|spend"
)
_AMOUNT = r"\d{1,3}(?:[ ,.']\d{3})+(?:\.\d\d)?|\d+(?:[.,]\d{1,2})?"
_MONEY = re.compile(
    rf"(?:\b(?P<limit>{_LIMIT}) )?(?:(?P<c1>{_CUR}) ?)?(?<![\d.])(?P<n>{_AMOUNT}) ?(?P<k>k\b|grand\b|thousand\b|lakhs?\b)?"
    rf"(?: ?(?P<c2>{_CUR})(?![a-z]))?"
)
_HUNDREDS = re.compile(
    r"\b(?P<n>a|one|two|three|four|five|six|seven|eight|nine|ten|fifteen)"
    rf" (?P<u>hundred|thousand|grand|k) (?P<c>{_CUR})(?![a-z])"
)
_LIMIT_ALONE = re.compile(
    r"^(?:under|below|less than|max|up to|no more|budget|cheaper|afford|only have)"
)


def _amount(text: str) -> Decimal:
    """Read a number with either country's separators: "1,500" "1.500" "1 500" "1500,50"."""
    plain = re.sub(r"[ ,.'](?=\d{3}(?:\D|$))", "", text).replace(",", ".")
    return Decimal(plain)


def amounts(doc: Doc) -> list[Found]:
    """Find sums of money.

    A bare number counts only behind words such as "under" or "budget", and never where a unit of
    time follows.

    Returns:
        Findings with `value` `{"amount": str, "currency": str | None}`: the amount in major units
        as a decimal, the currency as its ISO 4217 code where one was named ("$" is read as USD).
    """
    text, starts, ends = _folded(doc)
    found = []
    for match in _HUNDREDS.finditer(text):
        factor = 100 if match["u"] == "hundred" else 1000
        value = {
            "amount": str(int(_NUMBERS[match["n"]] * factor)),
            "currency": _CURRENCIES[match["c"]],
        }
        found.append(Found("money", value, starts[match.start()], ends[match.end() - 1]))
    for match in _MONEY.finditer(text):
        currency = match["c1"] or match["c2"]
        limit = match["limit"] or ""
        after = text[match.end() :]
        if re.match(
            rf"[ -]?(?:{_UNIT}|hours?|hrs?|people|patients|st|nd|rd|th|years?|%|x|am|pm)\b", after
        ):
            continue
        if currency is None and not (
            _LIMIT_ALONE.match(limit) and (match["k"] or len(match["n"].replace(",", "")) >= 3)
        ):
            continue
        try:
            amount = _amount(match["n"])
        except InvalidOperation:
            continue
        if match["k"]:
            amount *= 100_000 if match["k"].startswith("lakh") else 1000
        if amount <= 0:
            continue
        found_sum: dict[str, Any] = {
            "amount": format(amount.normalize(), "f"),
            "currency": _CURRENCIES.get(currency) if currency else None,
        }
        first = match.start("c1") if match["c1"] else match.start("n")
        found.append(Found("money", found_sum, starts[first], ends[match.end() - 1]))
    return found


_CHEAP = re.compile(
    r"\b(?:cheap|cheapest|low[- ]?cost|budget[- ]friendly|inexpensive|affordable|low budget"
    r"|on a budget|tight budget|free|broke|cheep)\b"
)


def wants_cheap(doc: Doc) -> bool:
    """Tell whether the text asks for little money without naming a sum."""
    return bool(_CHEAP.search(_folded(doc)[0]))


_POSITIONS = {
    "first": 1, "1st": 1, "frist": 1, "second": 2, "2nd": 2, "secnd": 2, "third": 3, "3rd": 3,
    "fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "sixth": 6, "6th": 6, "seventh": 7, "7th": 7,
    "eighth": 8, "8th": 8, "ninth": 9, "9th": 9, "tenth": 10, "10th": 10, "last": -1, "top": 1,
    "final": -1, "latter": -1, "former": 1,
}  # fmt: skip
_PICK = r"one|option|programme|program|result|placement|choice|item|card|ones|programmes|programs|two|three|onee|internship|elective|1"
_ORDINAL = re.compile(
    rf"\b(?P<o>{'|'.join(_POSITIONS)})(?= (?:{_PICK})\b| and\b| or\b|,| vs\b| with\b| to\b|[?.!]*$| please| pls| looks| sounds| seems| any ?more\b"
    r"| (?:off|from|on|in|onto) (?:my|the) (?:short ?list|list|favou?rites|saved)\b| for later\b)"
    r"|(?:\b(?:number|no\.?|nr\.?|option|programme|program|result|#)|#) ?(?P<n>\d{1,2}|one|two|three|four|five)\b(?! ?(?:weeks?|months?|usd|eur|dollars))"
)
_COMPARED = re.compile(
    r"\b(?:compare|between|difference|versus|vs)\b.*?\b(?P<a>\d) ?(?:and|with|to|vs\.?|or|,|&) ?(?:number )?(?P<b>\d)\b(?! ?(?:weeks?|months?|wks?))"
)
_LISTED = re.compile(
    r"\b(?:save|keep|remove|delete|drop|shortlist|bookmark|star|add|pin)(?: numbers?| nos?\.?)?"
    r"(?P<list> \d{1,2}(?:(?: ?,)?(?: and| or| &| \+)? ?\d{1,2}\b)*)\b"
    r"(?! ?(?:weeks?|wks?|months?|days?|usd|eur|gbp|dollars|euros?|pounds|more|%|[.,:]\d))"
)
_FIRST_N = re.compile(
    r"\b(?:first|top) (?P<n>two|three|2|3)\b|\b(?P<both>both|those two|these two|the two)\b|\b(?P<all>all three|all of them|all 3|them all)\b"
)
_NOT_A_PICK = re.compile(
    r"^ (?:year|yr|time|week|month|month|aid|semester|language|degree|class|step|name|day|shift|patient)"
)


def positions(doc: Doc) -> list[Found]:
    """Find words that pick results of a list.

    Returns:
        Findings with `value` `{"position": int}`, counted from 1; -1 is the last one. "The first
        two" gives 1 and 2.
    """
    text, starts, ends = _folded(doc)
    found: dict[tuple[int, int], Found] = {}

    def add(position: int, first: int, behind: int) -> None:
        key = (starts[first], position)
        found[key] = Found("ordinal", {"position": position}, starts[first], ends[behind - 1])

    for match in _FIRST_N.finditer(text):
        count = 3 if match["all"] or match["n"] in {"three", "3"} else 2
        for position in range(1, count + 1):
            add(position, match.start(), match.end())
    taken = {f.start for f in found.values()}
    for match in _ORDINAL.finditer(text):
        if starts[match.start()] in taken or _NOT_A_PICK.match(text[match.end() :]):
            continue
        if match["o"]:
            add(_POSITIONS[match["o"]], match.start(), match.end())
        else:
            n = match["n"]
            add(int(n) if n.isdigit() else int(_NUMBERS[n]), match.start(), match.end())
    for match in _COMPARED.finditer(text):
        add(int(match["a"]), match.start("a"), match.end("a"))
        add(int(match["b"]), match.start("b"), match.end("b"))
    for match in _LISTED.finditer(text):
        for number in re.finditer(r"\d+", match["list"]):
            first = match.start("list") + number.start()
            if any(f.start <= starts[first] < f.end for f in found.values()):
                continue
            add(int(number[0]), first, first + len(number[0]))
    bare = re.fullmatch(r"(?:the )?#?(\d)[.)!?]?", text.strip())
    if bare and doc:
        add(int(bare[1]), 0, len(text))
    return sorted(found.values(), key=lambda f: (f.start, f.value["position"]))
