"""Words for the rules of registration: the sentences that answer one question for one country."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from actions import phrases
from actions.topic_action import Turn
from preceptor.catalogue.cells import NOT_STATED, Route
from preceptor.catalogue.records import RegistrationRecord
from preceptor.conversation.cards import LicensingCard, SourceLink
from preceptor.conversation.registration import SAYING
from preceptor.knowledge.answers import Answer

Rules = Mapping[Route, RegistrationRecord]
SENTENCE_ENDS = re.compile(r"(?<=[.!?]) +|\n")

OF_THE_REGULATOR = frozenset({"regulator", "source", "documents"})
"""What is asked of a regulator or of a page rather than of a rule."""
_MOST_WORDS = 90
"""How many words an answer has without its sources."""
_VERDICTS = frozenset({"needed", "skip"})
# The columns of what is asked that is no column itself.
_COLUMN = {"needed": "needed_note", "skip": "needed_note", "length": "min_months", "total": "steps"}
_SKIPPED = {"yes": "no", "no": "yes"}


@dataclass(frozen=True)
class Told:
    """An answer in the parts of a reply, and what of the question it answers."""

    lead: str
    body: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Telling:
    """What is told of one country.

    Attributes:
        turn: the turn.
        rules: all rules of the country.
        route: by which somebody comes; None if that is open.
        asked: what is asked, see registration.yml.
        yes_no: whether yes or no answers it.
    """

    turn: Turn
    rules: Rules
    route: Route | None
    asked: tuple[str, ...]
    yes_no: bool

    @cached_property
    def country(self) -> str:
        """The country's name as it stands in a sentence."""
        code = next(iter(self.rules.values())).country
        return phrases.country(self.turn.catalogue.countries[code].name)

    @cached_property
    def shown(self) -> dict[Route, RegistrationRecord]:
        """The rules to tell, at most two: those that say something of what is asked first.

        Beside the rule for degrees from abroad stands the one for recognised qualifications; of
        what only graduates of the country are told, such as the pay, they are told it as well.
        """
        routes: tuple[Route, ...] = (self.route,) if self.route else ("home", "abroad")
        if self.route == "abroad" and self.asked[0] not in ("steps", "total"):
            routes = ("abroad", "recognised")
        known = [route for route in routes if route in self.rules]
        saying = [route for route in known if self._says(self.rules[route])]
        if self.asked[0] in OF_THE_REGULATOR:
            saying = known[:1]
        if self.route and not saying:
            # What a special route leaves open, such as the language, is as for all from abroad.
            other: Route = "abroad" if self.route == "recognised" else "home"
            if other in self.rules and self._says(self.rules[other]):
                saying = [other] if other == "abroad" else ["home", self.route]
        chosen = saying or known[:1] or list(self.rules)[:1]
        return {route: self.rules[route] for route in chosen}

    @cached_property
    def is_known(self) -> bool:
        """Whether any rule says something of what is asked first."""
        return any(map(self._says, self.shown.values()))

    @cached_property
    def told(self) -> Told:
        """The answer; a second thing asked follows on its own, or is left out, to be brief."""
        whole = self._told(self.asked)
        if len(self.asked) == 1:
            return self._with_length(whole)
        if self._is_brief(whole):
            return whole
        first = self._told(self.asked[:1])
        second = Telling(self.turn, self.rules, self.route, self.asked[1:], False).told
        both = Told(first.lead, (*first.body, second.lead, *second.body), second.steps, self.asked)
        return both if self._is_brief(both) else first

    def _is_brief(self, answer: Told, *more: str) -> bool:
        parts = [answer.lead, *answer.body, *answer.steps, *self._doubts(answer.asked), *more]
        return len(" ".join(parts).split()) <= _MOST_WORDS

    def _says(self, rule: RegistrationRecord) -> bool:
        return says(rule, self.asked[0])

    def _told(self, asked: tuple[str, ...]) -> Told:
        return replace(self._worded(asked), asked=asked)

    def _worded(self, asked: Sequence[str]) -> Told:
        if not self.is_known:
            rule = next(iter(self.shown.values()))
            if asked[0] in ("regulator", "source"):
                more = [self._sentence(rule, each) for each in asked[1:]]
                return Told(self._sentence(rule, asked[0]), tuple(more))
            where = self._say("registration_where")
            text = self._sentence(rule, asked[0])
            return Told(self._say("registration_label", where=capital(where), text=text))
        verdict = self._verdict() if self.yes_no and asked[0] in _VERDICTS else ""
        lines = {r: self._line(rule, asked) for r, rule in self.shown.items()}
        if len(set(lines.values())) > 1:
            return self._by_route(lines, verdict, asked)
        route, rule = next(iter(self.shown.items()))
        where = self._where(None if len(lines) > 1 else route)
        if verdict:
            return Told(f"{verdict} {lines[route]}")
        if tuple(asked) == ("length",) and route == "home":
            return Told(self._length(rule, _text(rule, "length") or ""))
        lead = self._labelled(capital(where), rule, lines[route], asked)
        listed = not {"steps", "total"}.isdisjoint(asked)
        return Told(lead, (), _steps(rule) if listed else ())

    def _by_route(self, lines: Mapping[Route, str], verdict: str, asked: Sequence[str]) -> Told:
        """Return an answer with a line for each route."""
        labelled: list[str] = []
        for route, line in lines.items():
            where = self._say(f"registration_route_{route}")
            if not labelled and not verdict:
                where = capital(self._where(route))
            labelled.append(self._labelled(where, self.shown[route], line, asked))
        if not verdict:
            return Told(labelled[0], tuple(labelled[1:]))
        return Told(verdict, tuple(labelled))

    def _labelled(
        self, where: str, rule: RegistrationRecord, text: str, asked: Sequence[str]
    ) -> str:
        """Return a line behind what it holds for, and that it isn't confirmed if it isn't."""
        if _is_unconfirmed(rule, asked) and self.is_known:
            where = self._say("registration_where_unconfirmed", where=where)
        return self._say("registration_label", where=where, text=text)

    def _where(self, route: Route | None) -> str:
        return self._say(f"registration_where_{route}" if route else "registration_where")

    def _say(self, name: str, /, **values: object) -> str:
        return self.turn.say(name, country=self.country, **values)

    def _verdict(self) -> str:
        """Return the first sentence of an answer: yes, no, partly, depends; "" if not known."""
        told = list(self.shown.items())[: 1 if self.route else 2]
        rules = {r: rule for r, rule in told if rule.needed not in (None, "not stated")}
        needed = {str(rule.needed) for rule in rules.values()}
        if not needed:
            return ""
        if len(needed) > 1:
            return self._say("registration_depends")
        verdict = needed.pop()
        if self.asked[0] == "skip":
            verdict = _SKIPPED.get(verdict, verdict)
        if all(_is_unconfirmed(rule, self.asked[:1]) for rule in rules.values()):
            verdict += "_unconfirmed"
        where = self._where(next(iter(rules)) if len(rules) == 1 else None)
        return self._say(f"registration_{verdict}", where=where)

    def _line(self, rule: RegistrationRecord, asked: Sequence[str]) -> str:
        first, *more = dict.fromkeys(self._sentence(rule, each) for each in asked)
        return " ".join([first, *map(capital, more)])

    def _sentence(self, rule: RegistrationRecord, aspect: str) -> str:
        """Return what a rule says to one thing asked, or that it isn't known and who knows."""
        if aspect == "source":
            return self._source(rule)
        if aspect == "regulator":
            return self._say("registration_regulator", regulator=named(rule))
        if rule.route == "recognised" and not says(rule, aspect):
            # What it leaves open is as for all from abroad.
            rule = self.rules.get("abroad", rule)
        text = _text(rule, aspect)
        if text is None or text == NOT_STATED:
            what = self._say(f"registration_what_{aspect}")
            words = "registration_not_stated" if text else "registration_unknown"
            return self._say(words, what=what, regulator=named(rule))
        if aspect == "length":
            return self._say("registration_length", length=text)
        if aspect == "total":
            limits = rule.time_limits if rule.time_limits != NOT_STATED else None
            return " ".join(filter(None, [limits, self._say("registration_total")]))
        return self._say("registration_steps") if aspect == "steps" else text

    def _source(self, rule: RegistrationRecord) -> str:
        dated = rule.page_date != "undated"
        date = self._say("registration_page" if dated else "price_undated", date=rule.page_date)
        publisher = phrases.the_body(rule.source_publisher)
        return self._say(f"registration_source_{rule.confidence}", publisher=publisher, date=date)

    def _with_length(self, answer: Told) -> Told:
        """Add how long it takes to whether it is needed, unless that is said already."""
        route, rule = next(iter(self.shown.items()))
        length = _text(rule, "length")
        said = re.search(r"\b\d+ months", " ".join([answer.lead, *answer.body]))
        if self.asked[0] not in _VERDICTS or not length or said or rule.needed == "no":
            return answer
        more = self._length(rule, length)
        both = replace(answer, body=(*answer.body, more), asked=(*answer.asked, "length"))
        return both if self._is_brief(both) else answer

    def _length(self, rule: RegistrationRecord, length: str) -> str:
        """Return a whole sentence on the length, with the name of the internship there."""
        if rule.route != "home" or not rule.name:
            return self._say("registration_length", length=length)
        return self._say("licensing_length", name=phrases.internship(rule.name), length=length)

    def remarks(self) -> list[str]:
        """Return what has to be added: what isn't confirmed, and whom to ask if there is room."""
        doubts = self._doubts(self.told.asked)
        regulator = phrases.the_body(_regulator(next(iter(self.shown.values()))))
        caution = self._say("licensing_caution", regulator=regulator)
        wanted = self.is_known and self.asked[0] != "regulator"
        return [*doubts, caution] if wanted and self._is_brief(self.told, caution) else doubts

    def _doubts(self, asked: Sequence[str]) -> list[str]:
        unsure = [each for each in self.shown.values() if _is_unconfirmed(each, asked)]
        if not unsure or not self.is_known:
            return []
        publishers = dict.fromkeys(phrases.the_body(each.source_publisher) for each in unsure)
        words = "registration_unconfirmed_cell"
        if all(each.confidence == "unconfirmed" for each in unsure):
            own = all(map(_is_of_the_regulator, unsure))
            words = "registration_unconfirmed_own" if own else "registration_unconfirmed"
        return [self._say(words, publisher=phrases.joined(publishers))]

    def sources(self) -> tuple[SourceLink, ...]:
        """Return where it was read, with the page's date, or when it was read."""
        known = self.is_known or self.asked[0] == "source"
        return tuple(dict.fromkeys(map(link_of, self.shown.values()))) if known else ()

    def card(self) -> LicensingCard | None:
        """Return the first rule as channels with cards draw it, if that is what was asked."""
        route, rule = next(iter(self.shown.items()))
        if rule.needed is None or rule.needed == "not stated":
            return None
        if self.asked[0] not in ("needed", "skip", "length"):
            return None
        name = self.turn.catalogue.countries[rule.country].name
        return LicensingCard(
            country=rule.country,
            country_name=self.turn.say(f"registration_card_{route}", country=name),
            local_name=rule.name,
            required=rule.needed,
            length=_text(rule, "length") or "",
            min_months=float(rule.min_months) if rule.min_months is not None else None,
            max_months=float(rule.max_months) if rule.max_months is not None else None,
            regulator=rule.regulator_name,
            regulator_url=rule.regulator_url,
            source=link_of(rule),
        )


def _is_of_the_regulator(rule: RegistrationRecord) -> bool:
    """Tell whether a rule was read in a page of the regulator, an old one or a part of one."""
    return rule.source_publisher.split(",")[0].lower() in rule.regulator_name.lower()


def hurdles(turn: Turn, rule: RegistrationRecord) -> str:
    """Return the main things that a country asks for: an internship, an exam, its language."""
    told = [rule.needed_note or ""]
    if rule.exam and rule.exam != NOT_STATED:
        told.append(turn.say("registration_hurdle_exam", text=rule.exam))
    if rule.language and rule.language != NOT_STATED:
        told.append(turn.say("registration_hurdle_language", text=rule.language))
    return " ".join(filter(None, told))


def named(rule: RegistrationRecord) -> str:
    """Return a rule's regulator with its address."""
    return phrases.with_address(_regulator(rule), rule.regulator_url)


_CELLS = ("needed_note", "exam", "provisional", "language", "pattern", "from_abroad_counts")
_MOST_SENTENCES = 2


def sentences_on(
    names: Sequence[str], rules: Sequence[RegistrationRecord]
) -> tuple[list[str], list[SourceLink]]:
    """Return at most two sentences of rules with one of some names, and where they were read."""
    wanted = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)
    sentences: dict[str, SourceLink] = {}
    for rule in rules:
        for cell in _CELLS:
            for sentence in SENTENCE_ENDS.split(getattr(rule, cell) or ""):
                if wanted.search(sentence) and not rule.is_unconfirmed(cell):
                    sentences.setdefault(sentence, link_of(rule))
    first = dict(list(sentences.items())[:_MOST_SENTENCES])
    return list(first), list(dict.fromkeys(first.values()))


def saying(answer: Answer, aspects: Sequence[str]) -> list[str]:
    """Return at most two sentences of an answer with the time, sum or attempts asked for."""
    wanted = [SAYING[aspect] for aspect in aspects if aspect in SAYING]
    parts = (*answer.text, *answer.explanations.values())
    sentences = (s for part in parts for s in SENTENCE_ENDS.split(part))
    return [s for s in sentences if any(pattern.search(s) for pattern in wanted)][:2]


def _regulator(rule: RegistrationRecord) -> str:
    """Return the first of a rule's regulators."""
    return rule.regulator_name.split(";")[0]


def says(rule: RegistrationRecord, aspect: str) -> bool:
    """Tell whether a rule says something of what is asked."""
    return _text(rule, aspect) not in (None, NOT_STATED)


def _text(rule: RegistrationRecord, aspect: str) -> str | None:
    """Return what a rule says of something; None if it wasn't looked up."""
    if aspect == "attempts":
        told = [rule.exam or "", rule.time_limits or ""]
        return " ".join(cell for cell in told if SAYING["attempts"].search(cell)) or None
    if (
        aspect == "from_abroad_counts" and not rule.from_abroad_counts and rule.route != "home"
    ) or (aspect == "exam" and not rule.exam and rule.route == "eu"):
        # What those trained abroad have to show says it, too, and how a European degree is taken.
        return rule.needed_note
    if aspect == "length":
        return phrases.months(rule.min_months, rule.max_months) or None
    value = getattr(rule, _COLUMN.get(aspect, aspect), None)
    return value if aspect not in OF_THE_REGULATOR else None


def _is_unconfirmed(rule: RegistrationRecord, asked: Sequence[str]) -> bool:
    return any(rule.is_unconfirmed(_COLUMN.get(each, each)) for each in asked)


def _steps(rule: RegistrationRecord) -> tuple[str, ...]:
    return tuple(capital(step.strip()) for step in (rule.steps or "").split(" > "))


def capital(text: str) -> str:
    """Return a text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def link_of(rule: RegistrationRecord) -> SourceLink:
    """Return the page of a rule, with its date or when it was read."""
    date: str | None = rule.page_date
    if date == "undated":
        date = f"undated, read {rule.read:%-d %B %Y}" if rule.read else None
    title = f"{rule.source_publisher}: {rule.source_title}"
    return SourceLink(title=title, url=rule.source_url, date=date)
