"""Words that pick entries of a list: "the second one", "number 3", "the first two"."""

from __future__ import annotations

import re
from itertools import chain, islice

from spacy.tokens import Doc

from preceptor.nlu.entities.numbers import Quantity, folded

_MOST = 40
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_POSITIONS = {
    "first": 1, "1st": 1, "frist": 1, "second": 2, "2nd": 2, "secnd": 2, "third": 3, "3rd": 3,
    "fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "sixth": 6, "6th": 6, "seventh": 7, "7th": 7,
    "eighth": 8, "8th": 8, "ninth": 9, "9th": 9, "tenth": 10, "10th": 10, "last": -1, "top": 1,
    "final": -1, "latter": -1, "former": 1,
}  # fmt: skip
_PICK = (
    "one|option|programme|program|result|placement|choice|item|card|ones|programmes|programs|two"
    "|three|onee|internship|elective|1"
)
_ORDINAL = re.compile(
    rf"\b(?P<o>{'|'.join(_POSITIONS)})(?= (?:{_PICK})\b| and\b| or\b|,| vs\b| with\b| to\b|[?.!]*$"
    r"| please| pls| looks| sounds| seems| any ?more\b"
    r"| (?:off|from|on|in|onto) (?:my|the) (?:short ?list|list|favou?rites|saved)\b| for later\b)"
    r"|(?!no one\b)(?:\b(?:number|no\.?|nr\.?|option|programme|program|result|#)|#)"
    r" ?(?P<n>\d{1,2}|one|two|three|four|five)\b(?! ?(?:weeks?|months?|usd|eur|dollars))"
    # A keycap emoji, as chat programs offer them: 1️⃣.
    r"|(?P<key>\d)\ufe0f?\u20e3"
)
_KEYCAP_TEN = "\N{KEYCAP TEN}"
_COMPARED = re.compile(
    r"\b(?:compare|between|difference|versus|vs)\b.{0,80}?"
    r"\b(?P<list>\d(?:(?: ?, ?|(?: ?,)? ?(?:and|with|to|vs\.?|or|&) ?)(?:number )?\d){1,5})\b"
    r"(?! ?(?:weeks?|months?|wks?))"
)
_LISTED = re.compile(
    r"\b(?:save|keep|remove|delete|drop|shortlist|bookmark|star|add|pin)(?: numbers?| nos?\.?)?"
    r"(?P<list> \d{1,2}(?:(?: ?,)?(?: and| or| &| \+)? ?\d{1,2}\b){0,20})\b"
    r"(?! ?(?:weeks?|wks?|months?|days?|usd|eur|gbp|dollars|euros?|pounds|more|%|[.,:]\d))"
)
_FIRST_N = re.compile(
    r"\b(?:first|top) (?P<n>two|three|2|3)\b|\b(?P<both>both|those two|these two|the two)\b"
    r"|\b(?P<all>all three|all of them|all 3|them all)\b"
)
_NOT_A_PICK = re.compile(
    r"^ (?:year|yr|time|week|month|aid|semester|language|degree|class|step|name|day|shift|patient)"
)


def positions(doc: Doc) -> list[Quantity]:
    """Find words that pick results of a list.

    Returns:
        Quantities with `value` `{"position": int}`, counted from 1; -1 is the last one. "The first
        two" gives 1 and 2.
    """
    text = folded(doc)
    found: dict[tuple[int, int], Quantity] = {}

    def add(position: int, start: int, end: int) -> None:
        span = text.span(start, end)
        found[span[0], position] = Quantity("ordinal", {"position": position}, *span)

    for match in islice(_FIRST_N.finditer(text.text), _MOST):
        count = 3 if match["all"] or match["n"] in {"three", "3"} else 2
        for position in range(1, count + 1):
            add(position, *match.span())
    taken = {quantity.start for quantity in found.values()}
    for match in islice(_ORDINAL.finditer(text.text), _MOST):
        after = text.text[match.end() : match.end() + 12]
        if text.starts[match.start()] not in taken and not _NOT_A_PICK.match(after):
            add(_position(match), *match.span())
    if _KEYCAP_TEN in text.text:
        at = text.text.index(_KEYCAP_TEN)
        add(10, at, at + 1)
    lists = (pattern.finditer(text.text) for pattern in (_COMPARED, _LISTED))
    for match in islice(chain.from_iterable(lists), _MOST):
        for number in re.finditer(r"\d+", match["list"]):
            first = match.start("list") + number.start()
            if not any(f.start <= text.starts[first] < f.end for f in found.values()):
                add(int(number[0]), first, first + len(number[0]))
    bare = re.fullmatch(r"(?:the )?#?(\d)[.)!?]?", text.text.strip())
    if bare:
        add(int(bare[1]), 0, len(text.text))
    return sorted(found.values(), key=lambda f: (f.start, f.value["position"]))


def _position(match: re.Match[str]) -> int:
    if match["o"]:
        return _POSITIONS[match["o"]]
    number = match["n"] or match["key"]
    return _NUMBERS.get(number) or int(number)
