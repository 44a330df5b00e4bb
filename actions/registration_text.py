"""Words for the rules of registration: the sentences that answer one question for one country."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actions import phrases
from actions.topic_action import Turn
from preceptor.catalogue.cells import NOT_STATED, Route
from preceptor.catalogue.records import RegistrationRecord
from preceptor.conversation.cards import LicensingCard, SourceLink

Rules = Mapping[Route, RegistrationRecord]

_MOST_WORDS = 62
"""How many words the answer has without its remarks; a second thing asked is left out beyond."""
_VERDICTS = {"needed", "skip"}
# A question that no column answers as it stands, and the column that it is about.
_COLUMN = {"needed": "needed_note", "skip": "needed_note"}


@dataclass(frozen=True)
class Told:
    """An answer in the parts of a reply."""

    lead: str
    body: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


def fitting(
    rules: Rules, route: Route | None, asked: Sequence[str]
) -> dict[Route, RegistrationRecord]:
    """Return the rules to tell, at most two: those that say something of what is asked.

    Args:
        rules: all of a country.
        route: by which somebody comes; None if that is open, "abroad" counts recognised
            qualifications too.
        asked: what is asked.
    """
    routes: tuple[Route, ...] = (route,) if route else ("home", "abroad")
    if route == "abroad" and asked[0] != "steps":
        routes = ("abroad", "recognised")
    saying: list[Route] = [r for r in routes if r in rules and _says(rules[r], asked[0])]
    if asked[0] in ("regulator", "source", "documents"):
        saying = saying[:1]
    if route and not saying and "home" in rules and _says(rules["home"], asked[0]):
        saying = ["home", route]
    chosen = saying or [next((r for r in routes if r in rules), next(iter(rules)))]
    return {each: rules[each] for each in chosen}


def _says(rule: RegistrationRecord, aspect: str) -> bool:
    if aspect in ("regulator", "source"):
        return True
    if aspect == "length":
        return bool(_length(rule))
    return getattr(rule, _COLUMN.get(aspect, aspect), None) not in (None, NOT_STATED)


def told(turn: Turn, rules: Rules, asked: Sequence[str], yes_no: bool) -> Told:
    """Return the answer for one country.

    Args:
        turn: the turn.
        rules: those to tell, by route, one or two.
        asked: what is asked, see registration.yml.
        yes_no: whether yes or no answers it.
    """
    for most in range(len(asked), 0, -1):
        answer = _told(turn, rules, asked[:most], yes_no)
        if most == 1 or _words(answer) <= _MOST_WORDS:
            return answer
    raise ValueError("nothing is asked")


def _words(answer: Told) -> int:
    return len(" ".join([answer.lead, *answer.body, *answer.steps]).split())


def _told(turn: Turn, rules: Rules, asked: Sequence[str], yes_no: bool) -> Told:
    verdict = _verdict(turn, rules) if yes_no and asked[0] in _VERDICTS else ""
    if verdict and asked[0] == "skip":
        verdict = {"yes": "no", "no": "yes"}.get(verdict, verdict)
    if len(rules) > 1:
        return _by_route(turn, rules, asked, verdict)
    route, rule = next(iter(rules.items()))
    first, *others = [_sentence(turn, rule, each) for each in asked]
    where = turn.say(f"registration_where_{route}", country=_country(turn, rule))
    if verdict:
        lead = f"{turn.say(f'registration_{verdict}', where=where)} {first}"
        others += _how_long(turn, rule, asked)
    elif asked[0] == "length" and route == "home" and rule.name and _length(rule):
        lead = first
    else:
        lead = turn.say("registration_label", where=_capital(where), text=first)
    return Told(lead, tuple(others), _steps(rule) if "steps" in asked else ())


def _by_route(turn: Turn, rules: Rules, asked: Sequence[str], verdict: str) -> Told:
    """Return an answer with a line for each route."""
    lines: list[str] = []
    for route, rule in rules.items():
        text = " ".join(_sentence(turn, rule, each) for each in asked)
        country = _country(turn, rule)
        where = turn.say(f"registration_route_{route}", country=country)
        if not lines and not verdict:
            where = _capital(turn.say(f"registration_where_{route}", country=country))
        lines.append(turn.say("registration_label", where=where, text=text))
    if not verdict:
        return Told(lines[0], tuple(lines[1:]))
    where = turn.say("registration_where", country=country)
    return Told(turn.say(f"registration_{verdict}", where=where), tuple(lines))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _verdict(turn: Turn, rules: Rules) -> str:
    """Return the first word of an answer: yes, no, partly, depends, "" if it isn't known."""
    needed = {rule.needed for rule in rules.values()}
    if needed & {None, "not stated"}:
        return ""
    if len(needed) > 1:
        return "depends"
    verdict = str(next(iter(needed)))
    sure = any(rule.confidence == "confirmed" for rule in rules.values())
    return verdict if sure else f"{verdict}_unconfirmed"


def _sentence(turn: Turn, rule: RegistrationRecord, aspect: str) -> str:
    """Return what a rule says to one thing asked, or that it isn't known and who knows."""
    if aspect == "source":
        return _source_of(turn, rule)
    if aspect == "regulator":
        name = named(rule)
        return turn.say("registration_regulator", name=_capital(name))
    if aspect == "length":
        return _length_sentence(turn, rule)
    text = getattr(rule, _COLUMN.get(aspect, aspect), None)
    if aspect == "steps" and text and text != NOT_STATED:
        return turn.say("registration_steps")
    if not text or text == NOT_STATED:
        what = turn.say(f"registration_what_{aspect}")
        words = "registration_not_stated" if text else "registration_unknown"
        return turn.say(words, what=what, regulator=named(rule))
    return text


def _length_sentence(turn: Turn, rule: RegistrationRecord) -> str:
    country, length = _country(turn, rule), _length(rule)
    if not length:
        what = turn.say("registration_what_length")
        return turn.say("registration_unknown", what=what, regulator=named(rule))
    if not rule.name or rule.route != "home":
        return turn.say("registration_length_asked", length=length)
    name = phrases.internship(rule.name)
    return turn.say("licensing_length", country=country, name=name, length=length)


def _how_long(turn: Turn, rule: RegistrationRecord, asked: Sequence[str]) -> list[str]:
    """Return how long the internship takes, where it is needed and nothing else was asked."""
    if len(asked) > 1 or rule.needed == "no" or not _length(rule):
        return []
    if re.search(r"\bmonths?\b|\byears?\b", rule.needed_note or "", re.IGNORECASE):
        return []
    return [turn.say("registration_length_asked", length=_length(rule))]


def _length(rule: RegistrationRecord) -> str:
    return phrases.months(rule.min_months, rule.max_months)


def _steps(rule: RegistrationRecord) -> tuple[str, ...]:
    """Return the steps, each with a capital; none if they aren't known."""
    if not rule.steps or rule.steps == NOT_STATED:
        return ()
    return tuple(_capital(step.strip()) for step in rule.steps.split(" > "))


def _country(turn: Turn, rule: RegistrationRecord) -> str:
    return phrases.country(turn.catalogue.countries[rule.country].name)


def named(rule: RegistrationRecord) -> str:
    """Return a regulator with its address."""
    return phrases.with_address(rule.regulator_name, rule.regulator_url)


def _source_of(turn: Turn, rule: RegistrationRecord) -> str:
    page = turn.say("price_undated") if rule.page_date == "undated" else rule.page_date
    words = f"registration_source_{rule.confidence}"
    return turn.say(words, publisher=rule.source_publisher, date=page)


def remarks(turn: Turn, rules: Rules, asked: Sequence[str]) -> list[str]:
    """Return what has to be added: what isn't confirmed, what another page says, whom to ask."""
    said = []
    for rule in rules.values():
        said += [
            turn.say("registration_from_another_page", note=note)
            for each in asked
            if (note := _noted(rule, each))
        ]
        if rule.confidence == "unconfirmed" and "source" not in asked:
            said.append(turn.say("registration_unconfirmed", publisher=rule.source_publisher))
    rule = next(iter(rules.values()))
    if "regulator" not in asked:
        said.append(turn.say("licensing_caution", regulator=phrases.the_body(rule.regulator)))
    return list(dict.fromkeys(said))


def _noted(rule: RegistrationRecord, aspect: str) -> str:
    """Return what the note says of where one column comes from: "Pay: nhspayband.uk"."""
    column = _COLUMN.get(aspect, aspect)
    for part in re.split(r"[;.]\s+|[;.]$", rule.note or ""):
        label, colon, rest = part.partition(": ")
        if colon and label.strip().lower() == column:
            return rest.strip()
    return ""


def sources(rules: Rules) -> tuple[SourceLink, ...]:
    """Return where the rules were read, with the page's date, or when it was read."""
    return tuple(dict.fromkeys(_link(rule) for rule in rules.values()))


def _link(rule: RegistrationRecord) -> SourceLink:
    date: str | None = rule.page_date
    if date == "undated":
        date = f"undated, read {rule.read:%-d %B %Y}" if rule.read else None
    return SourceLink(
        title=f"{rule.source_publisher}: {rule.source_title}", url=rule.source_url, date=date
    )


def card(
    turn: Turn, route: Route, rule: RegistrationRecord, asked: Sequence[str]
) -> LicensingCard | None:
    """Return a rule as channels with cards draw it, if it was asked for and is known."""
    if (
        rule.needed is None
        or rule.needed == "not stated"
        or asked[0] not in ("needed", "skip", "length")
    ):
        return None
    name = turn.catalogue.countries[rule.country].name
    return LicensingCard(
        country=rule.country,
        country_name=name
        if route == "home"
        else turn.say(f"registration_card_{route}", country=name),
        local_name=rule.name,
        required=rule.needed,
        length=_length(rule),
        min_months=float(rule.min_months) if rule.min_months is not None else None,
        max_months=float(rule.max_months) if rule.max_months is not None else None,
        regulator=rule.regulator_name,
        regulator_url=rule.regulator_url,
        source=_link(rule),
    )
