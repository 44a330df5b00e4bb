"""Lengths of stay and dates, as people write them.

Hand-written, since the libraries for it are a separate server (Duckling) or know dates only and
not "a month or two". Each function takes a spaCy `Doc` whose tokens carry their folded form in
`norm_`.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any

from spacy.tokens import Doc

from preceptor.nlu.entities import bounds
from preceptor.nlu.entities.numbers import NUMBER, Aligned, Quantity, digits

# No message has more to say; more matches are noise that would only cost time.
_MOST = 40
_MONTH_WEEKS = 52 / 12
_WEEKS = {
    "day": 1 / 7, "days": 1 / 7, "week": 1, "weeks": 1, "wk": 1, "wks": 1, "weeek": 1, "weeeks": 1,
    "weks": 1, "month": _MONTH_WEEKS, "months": _MONTH_WEEKS, "mth": _MONTH_WEEKS,
    "mths": _MONTH_WEEKS, "mo": _MONTH_WEEKS, "mos": _MONTH_WEEKS, "monthes": _MONTH_WEEKS,
    "year": 52, "years": 52, "yr": 52, "yrs": 52, "fortnight": 2, "fortnights": 2, "semester": 18,
    "semesters": 18, "term": 12, "terms": 12, "quarter": 13, "quarters": 13,
    "d": 1 / 7, "w": 1, "y": 52,
}  # fmt: skip
_WORKING_DAYS_PER_WEEK = 5
# In weeks; longer is how long somebody has studied or lived.
_LONGEST = 160
# Each with the most that it may mean; several weeks have no upper limit.
_COUNTS: dict[str, tuple[float, float | None]] = {
    "a": (1, 1), "an": (1, 1), "one": (1, 1), "half a": (0.5, 0.5), "half an": (0.5, 0.5),
    "half": (0.5, 0.5), "a couple of": (2, 2), "a couple": (2, 2), "couple of": (2, 2),
    "couple": (2, 2), "a few": (3, 4), "few": (3, 4), "several": (3.0, None),
    "a quarter of a": (0.25, 0.25), "quarter of a": (0.25, 0.25), "3 quarters of a": (0.75, 0.75),
}  # fmt: skip
_N = rf"(?:(?:{'|'.join(sorted(_COUNTS, key=len, reverse=True))})\b|{NUMBER})"
UNIT = rf"(?:{'|'.join(sorted((u for u in _WEEKS if len(u) > 1), key=len, reverse=True))}|(?<=\d)[dwy])\b"
"""Expression for a unit of time; a single letter counts right behind a digit only."""
_MONEY = r"k\b|[a-z]*(?:dollars|euros|usd|eur|gbp|pounds|rupees)|[$€£₹]"
_LENGTH = re.compile(
    rf"(?<![\w.,/])(?P<n>{_N})(?P<plus> ?\+)?(?: of)?"
    rf"(?:[ -]?(?P<sep>-|to|or|/|and)[ -]?(?P<n2>{_N}))?[ -]?"
    rf"(?:(?P<working>working|business|work|week)[ -])?(?P<u>{UNIT})"
    r"(?P<half> and a half)?"
    rf"(?: ?(?:-|to|or) ?(?P<n3>{_N})(?![.,]?\d)(?:[ -]?(?P<u3>{UNIT})|(?! ?(?:{_MONEY}|[a-z]*hours?))))?"
)
_MORE = re.compile(rf"(?: ?(?:,|and|&|\+|plus))? ?(?P<n>{_N})[ -]?(?P<u>{UNIT})")
_AGO = re.compile(
    r"^'?[ -](?:ago|old|of age|before|in advance|of experience|left|earlier|prior|notice"
    r"|(?:a|per|each|every) (?:day|week|month|year|semester)"
    r"|(?:of|to|past) (?:the|an?|my|all|one|two|three|\d))\b"
)
# "40 hours a week" is no week.
_RATE = re.compile(
    r"(?:hours?|hrs?|h|days?|shifts?|times?|once|twice|nights?|sessions?|calls?|patients|per|each"
    r"|every|mornings|afternoons|day|half)(?: off)? $"
)


def durations(doc: Doc) -> list[Quantity]:
    """Find lengths of stay, dates and seasons.

    Returns:
        Quantities in the order of the text. Each `value` has `min_weeks` and `max_weeks`
        (float or None): "6-8 weeks" gives 6 and 8, "a month or two" 4.3 and 8.7, "4 weeks" 4 and
        4, "up to 3 months" None and 13, "no less than 4 weeks" 4 and None, "1 year 6 months" 78
        and 78. Further keys where they apply:

        - `working_days` (True): the length was given in working days, five to a week.
        - `season`: "summer", "christmas" and so on; summer and winter last at most 12 weeks.
        - `month`: 1 to 12, the first month that is named, with `end_month` in a period.
        - `start`, `end`: dates as YYYY-MM-DD, or MM-DD without a year. Both give the length:
          "5 July to 30 July" is 4 weeks. "June to August" lasts at most 13 weeks.
        - `relative` (True): "next month" and the like.
    """
    text = digits(doc)
    found = [*_dates(text), *_lengths(text), *_seasons(text)]
    # What is part of a date is nothing else: "1 May 2 weeks".
    kept: list[Quantity] = []
    for quantity in found:
        if not any(k.start < quantity.end and quantity.start < k.end for k in kept):
            kept.append(quantity)
    return sorted(kept, key=lambda quantity: quantity.start)


def _lengths(text: Aligned) -> list[Quantity]:
    found: list[Quantity] = []
    behind = 0
    for match in islice(_LENGTH.finditer(text.text), _MOST):
        if match.start() < behind:
            continue
        read = _length(text.text, match)
        if read is not None:
            value, start, behind = read
            found.append(Quantity("duration", value, *text.span(start, behind)))
    return found


def _length(text: str, match: re.Match[str]) -> tuple[dict[str, Any], int, int] | None:
    """Return a length's value, start and end in the text; None where no stay is meant."""
    if match["sep"] == "and" and not text[: match.start()].endswith("between "):
        # "in 2 and 4 weeks" may be anything, but its last number is a length.
        second = _LENGTH.match(text, match.start("n2"))
        return _length(text, second) if second else None
    recurring = _RATE.search(text[max(0, match.start() - 14) : match.start()])
    if match["n"] in {"a", "an", "one"} and recurring:
        return None
    low, high = _count(match["n"])
    if match["n2"]:
        high = _count(match["n2"])[1]
    weeks = _WEEKS[match["u"]]
    if match["working"]:
        weeks = 1 / _WORKING_DAYS_PER_WEEK if match["u"].startswith("day") else weeks
    low, high = low * weeks, None if high is None else high * weeks
    if match["half"]:
        low, high = low + weeks / 2, low + weeks / 2
    end = match.end()
    if match["n3"]:
        last = _count(match["n3"])[1]
        high = None if last is None else last * _WEEKS[match["u3"] or match["u"]]
    elif not match["n2"]:
        added, end = _added(text, end, weeks)
        low, high = low + added, None if high is None else high + added
    # "A year out" is no stay; "4 weeks off" may be the time for one.
    out = match["u"].startswith("y") and re.match(r" (?:out|off)\b", text[end:])
    if low > _LONGEST or out or _AGO.match(text[end : end + 30]):
        return None
    value, start, end = _bounded(text, match, low, high, end)
    if match["working"] and match["u"].startswith("day"):
        value["working_days"] = True
    return value, start, end


def _added(text: str, end: int, unit: float) -> tuple[float, int]:
    """Return the weeks of smaller units that follow a length, and where they end."""
    added = 0.0
    for _ in range(3):
        more = _MORE.match(text, end)
        if more is None or _WEEKS[more["u"]] >= unit:
            break
        unit = _WEEKS[more["u"]]
        added, end = added + _count(more["n"])[0] * unit, more.end()
    return added, end


def _bounded(
    text: str, match: re.Match[str], low: float, high: float | None, end: int
) -> tuple[dict[str, Any], int, int]:
    """Return the value of a length with the comparison that stands around it."""
    low = round(float(low), 1)
    high = None if high is None else round(float(high), 1)
    if high is not None and low > high:
        low, high = high, low
    bound, start = bounds.before(text, match.start())
    ranged = low != high
    if ranged and text[start : match.start()].strip() == "from":
        bound = None
    if bound is None:
        bound, end = bounds.after(text, end)
    if match["plus"] or bound == "min":
        high = None
    elif bound == "max":
        return {"min_weeks": None, "max_weeks": high if high is not None else low}, start, end
    return {"min_weeks": low, "max_weeks": high}, start, end


def _count(text: str) -> tuple[float, float | None]:
    return _COUNTS[text] if text in _COUNTS else (float(text), float(text))


_SEASONS = re.compile(
    r"\b(?:(?:this|next|over|in|during|my|for) )?(?:the )?(?P<free>summer|winter)(?: break| holidays?)?\b"
    r"|\b(?:this|next|in|during|over|for|my|early|late|of|until|before|after) (?:the )?"
    r"(?P<when>spring|autumn|fall|christmas|xmas|easter|new year's|new years|ramadan|eid)"
    r"(?: break| holidays?| vacation)?\b"
    r"|\b(?P<relative>(?:next|coming|following) (?:month|week|year|semester|term))\b"
)
_FREE_WEEKS = 12.0
_SEASON_NAMES = {"fall": "autumn", "xmas": "christmas", "new year's": "new year",
                 "new years": "new year"}  # fmt: skip


def _seasons(text: Aligned) -> list[Quantity]:
    found = []
    for match in islice(_SEASONS.finditer(text.text), _MOST):
        value: dict[str, Any] = {"min_weeks": None, "max_weeks": None}
        if match["free"]:
            value |= {"max_weeks": _FREE_WEEKS, "season": match["free"]}
        elif match["when"]:
            value["season"] = _SEASON_NAMES.get(match["when"], match["when"])
        else:
            value["relative"] = True
        found.append(Quantity("duration", value, *text.span(*match.span())))
    return found


# --- dates ---

_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_MONTH = rf"(?:{'|'.join(_MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
_YEAR = r"(?:,? ?(?P<y{}>20\d\d)\b)?"
_DAY = r"\d{1,2}(?!\d)(?: ?(?:st|nd|rd|th)\b)?"
_DATE = re.compile(
    rf"(?<![\w.])(?<!\d/)(?:(?P<d1>{_DAY})(?: of)?[ -]?(?P<m1>{_MONTH}){_YEAR.format(1)}"
    rf"|(?P<m2>{_MONTH}) (?:the )?(?P<d2>{_DAY})(?!/?\d|(?:-\d+)?[ -]?{UNIT}){_YEAR.format(2)}"
    rf"|(?P<m3>{_MONTH}){_YEAR.format(3)}"
    r"|(?P<y4>20\d\d)-(?P<m4>\d\d)-(?P<d4>\d\d)(?!\d)"
    r"|(?P<d5>\d{1,2})(?P<sep>[/.-])(?P<m5>\d{1,2})(?P=sep)(?P<y5>20\d\d|\d\d)(?![\d/])"
    rf"|(?P<d6>\d{{1,2}})/(?P<m6>\d{{1,2}})(?![\d/]|[ -]?{UNIT}))"
)
_INTRODUCED = re.compile(
    r"\b(?:in|for|during|this|next|from|starting|starts?|early|late|mid|of|on|since|between|until"
    r"|till|by|around|before|after|beginning|and|or|/)(?: (?:the|early|mid|late))? ?-?$"
)
_TO = re.compile(
    r" ?(?:-|to|until|till|til|through|thru|up to|through to)"
    r" ?(?:the |early |mid |late |end of |the end of |beginning of )?$"
)
_AND = re.compile(r" ?(?:and|or|/|,|&) ?$")
_FIRST_DAY = re.compile(rf"(?<![\d/.,])(?P<d>{_DAY}) ?(?:-|to|until|till|and) ?(?:the )?$")
_LAST_DAY = re.compile(
    rf" ?(?:-|to|until|till) ?(?P<d>{_DAY})(?![/.]?\d| ?-? ?{UNIT}){_YEAR.format('')}"
)


@dataclass(frozen=True)
class _Date:
    """A date that may lack day and year; `start` and `end` are offsets in the text."""

    start: int
    end: int
    month: int
    day: int | None = None
    year: int | None = None
    # "06/01/2027" may also be the first of June.
    swapped: bool = False
    # "01/06" may be anything but in a period.
    bare: bool = False

    def iso(self) -> str:
        """Return YYYY-MM-DD, YYYY-MM, MM-DD or MM."""
        parts = [f"{self.month:02}"]
        if self.year:
            parts.insert(0, str(self.year))
        if self.day:
            parts.append(f"{self.day:02}")
        return "-".join(parts)


def _dates(text: Aligned) -> list[Quantity]:
    """Return dates, months and periods between two of them."""
    found: list[Quantity] = []
    matches = islice(_DATE.finditer(text.text), _MOST)
    dates = [each for match in matches for each in _with_other_day(text.text, match)]
    for group in _grouped(text.text, dates):
        first, last = group[0], group[-1]
        intro = _INTRODUCED.search(text.text[max(0, first.start - 20) : first.start])
        if first.bare and not (len(group) > 1 and last.bare):
            continue
        if not (intro or first.year or first.day or (len(group) > 1)):
            continue
        value: dict[str, Any] = {"min_weeks": None, "max_weeks": None, "month": first.month}
        if first.day:
            value["start"] = first.iso()
        if len(group) > 1:
            between = text.text[first.end : last.start]
            if first.day or _TO.match(between) or (intro and intro[0].startswith("between")):
                value |= _period(first, last)
            value["end_month"] = last.month
        start = first.start
        if intro:
            start = max(0, first.start - 20) + intro.start()
        found.append(Quantity("duration", value, *text.span(start, last.end)))
    return found


def _with_other_day(text: str, match: re.Match[str]) -> list[_Date]:
    """Return a date, and before or after it the day that shares its month: "5-30 July"."""
    date_ = _date(match)
    if date_ is None:
        return []
    if match["d1"]:
        before = _FIRST_DAY.search(text[max(0, date_.start - 14) : date_.start])
        if before and 1 <= (day := _day(before["d"])) <= 31:
            start = date_.start - len(before[0])
            return [_Date(start, date_.start, date_.month, day, date_.year), date_]
    if match["d2"] and not match["y2"]:
        after = _LAST_DAY.match(text, date_.end)
        if after and 1 <= (day := _day(after["d"])) <= 31:
            year = int(after["y"]) if after["y"] else None
            last = _Date(date_.end, after.end(), date_.month, day, year)
            return [replace(date_, year=year), last]
    return [date_]


def _date(match: re.Match[str]) -> _Date | None:
    """Return the date of a match of `_DATE`, None if there is no such day or month."""
    number = next(n for n in "123456" if match[f"m{n}"])
    written, groups = match[f"m{number}"], match.groupdict()
    of_day, of_year = groups.get(f"d{number}"), groups.get(f"y{number}")
    if written.isdigit():
        month = int(written)
    else:
        month = 1 + [name[:3] for name in _MONTHS].index(written[:3])
    day = _day(of_day) if of_day else None
    year = int(of_year) % 100 + 2000 if of_year else None
    swapped = number in "56" and month > 12
    if swapped and day:
        day, month = month, day
    if not 1 <= month <= 12 or not (day is None or 1 <= day <= 31):
        return None
    return _Date(*match.span(), month, day, year, swapped, bare=number == "6")


def _day(text: str) -> int:
    return int(re.match(r"\d+", text)[0])  # type: ignore[index]


def _grouped(text: str, dates: list[_Date]) -> list[list[_Date]]:
    """Return the dates alone or as first and last of a period."""
    groups: list[list[_Date]] = []
    for date_ in dates:
        if groups and len(groups[-1]) == 1:
            between = text[groups[-1][0].end : date_.start]
            shared_month = date_.start == groups[-1][0].end
            if shared_month or _TO.match(between) or (_AND.match(between)):
                groups[-1].append(date_)
                continue
        groups.append([date_])
    return groups


def _period(first: _Date, last: _Date) -> dict[str, Any]:
    """Return what follows from a first and a last date: its length in weeks, start and end."""
    if last.swapped and not first.swapped and first.day and first.day <= 12:
        first = replace(first, month=first.day, day=first.month)
    year = first.year or last.year
    # Any common year will do to count days.
    start = _calendar_day(year or 2027, first.month, first.day or 1)
    later = (last.month, last.day or 31) < (first.month, first.day or 1)
    end_year = (year or 2027) + later if first.year is None or last.year is None else last.year
    end = _calendar_day(end_year, last.month, last.day or 31)
    dated = bool(first.day and last.day)
    value: dict[str, Any] = {"month": first.month}
    if first.year is None and last.year and dated:
        first = replace(first, year=last.year - later)
    if last.year is None and first.year and dated:
        last = replace(last, year=first.year + later)
    if dated:
        value |= {"start": first.iso(), "end": last.iso()}
    days = (end - start).days + 1
    if 0 < days <= 2 * 366:
        weeks = _in_weeks(days) if dated else float(round(days / 7))
        value |= {"min_weeks": weeks if dated else None, "max_weeks": weeks}
    return value


def _calendar_day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _in_weeks(days: int) -> float:
    """Return days in weeks; from a Monday to the Friday of the fourth week are four weeks."""
    whole = round(days / 7)
    return float(whole) if whole and abs(days / 7 - whole) < 0.3 else round(days / 7, 1)
