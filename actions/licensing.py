"""What countries demand before they register a doctor, and how long their internships are."""

from __future__ import annotations

import re

from actions import phrases, selection
from actions.answers import answer_if_sure
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.records import LicensingRecord, RegulatorRecord
from preceptor.conversation.cards import LicensingCard
from preceptor.conversation.choices import Choice, Country, Search
from preceptor.intents import intents

_SEARCHING = re.compile(
    r"\b(?:placements?|programm?es?|electives?|internships? in|volunteer\w*|cheap\w*|weeks?|shadow\w*|show)\b",
    re.IGNORECASE,
)
_NEED = "ask_registration_requirement"
_LENGTH = "ask_internship_length"
_OFFERED = ("IN", "NG", "GB")


class ShowRegistration(TopicAction):
    """Answers "do I need an internship to register in India?"."""

    action = "action_show_registration"

    def answer(self, turn: Turn) -> None:
        """Tell the rule of each country named, or of the one spoken of last."""
        if not answer_if_sure(turn, topics=(_NEED, _LENGTH)):
            answer_countries(turn, _NEED)


class ShowInternshipLength(TopicAction):
    """Answers "how long is the house job in Pakistan?"."""

    action = "action_show_internship_length"

    def answer(self, turn: Turn) -> None:
        """Tell the length in each country named, or in the one spoken of last."""
        if not answer_if_sure(turn, topics=(_NEED, _LENGTH)):
            answer_countries(turn, _LENGTH)


def follow_up(turn: Turn) -> bool:
    """Answer a bare country after a question on licensing ("and Uganda?").

    Returns:
        False where the message is no such follow-up; nothing is said then.
    """
    topic = turn.slots.get("topic")
    if topic not in intents().in_group("registration"):
        return False
    question = turn.question
    others = question.of_kind("specialty", "duration", "money", "kind", "ordinal", "cheap", "stage")
    if not selection.countries_of(turn) or others or _SEARCHING.search(question.text):
        return False
    answer_countries(turn, topic)
    return True


def answer_countries(turn: Turn, topic: str | None) -> None:
    """Answer for the countries of the question, at most three.

    Args:
        turn: the turn.
        topic: the question; anything that is none about registration counts as whether an
            internship is needed.
    """
    intent = _LENGTH if topic == _LENGTH else _NEED
    countries = selection.countries_of(turn)
    turn.set(topic=intent)
    if not turn.question.of_kind("country") and selection.ask_which_country(turn, intent):
        return
    if not countries and not turn.question.of_kind("region"):
        countries = list(turn.slots.get("licensing_country") or [])
    if not countries:
        names = turn.catalogue.names
        offered = [(c, names[("country", c)]) for c in _OFFERED if ("country", c) in names]
        choices = [
            Choice(title=name, payload=Country(country=c, intent=intent)) for c, name in offered
        ]
        turn.reply(turn.say("licensing_which"), choices=choices)
        return
    turn.set(licensing_country=countries[:3])
    for position, country in enumerate(countries[:3], 1):
        choices = _leads(turn, country, intent) if position == len(countries[:3]) else []
        _answer_country(turn, country, intent, choices)


def _answer_country(turn: Turn, country: str, intent: str, choices: list[Choice]) -> None:
    rule = turn.catalogue.all(LicensingRecord).get(country)
    regulator = turn.catalogue.all(RegulatorRecord).get(country)
    if rule is None:
        name = turn.catalogue.names.get(("country", country), country)
        whom = _named(regulator) or turn.say("licensing_nobody_known")
        lead = turn.say("licensing_not_covered", country=phrases.country(name), regulator=whom)
        turn.reply(lead, choices=choices)
        return
    need, length = _need(turn, rule), _length(turn, rule)
    lead, then = (need, length) if intent == _NEED else (length, need)
    body = [then]
    if rule.rotations:
        body.append(turn.say("licensing_rotations", rotations=_sentence(rule.rotations)))
    if rule.how_to_apply and intent == _NEED:
        body.append(turn.say("licensing_how", how=_sentence(rule.how_to_apply)))
    whom = _named(regulator) or rule.regulator or turn.say("licensing_regulator_unnamed")
    turn.reply(
        lead,
        body=body,
        card=_card(turn, rule, regulator),
        remarks=[turn.say("licensing_caution", regulator=whom)],
        choices=choices,
    )


def _country(turn: Turn, rule: LicensingRecord) -> str:
    return phrases.country(turn.catalogue.countries[rule.country].name)


def _named(regulator: RegulatorRecord | None) -> str:
    """Return a regulator with its address, "" without one."""
    if regulator is None:
        return ""
    name = regulator.name if regulator.name.startswith("The ") else f"the {regulator.name}"
    return f"{name} ({regulator.url})" if regulator.url else name


def _named_internship(turn: Turn, rule: LicensingRecord) -> str:
    return phrases.internship(rule.local_name) if rule.local_name else turn.say("licensing_unnamed")


def _need(turn: Turn, rule: LicensingRecord) -> str:
    """Return whether the internship is needed."""
    country, name = _country(turn, rule), _named_internship(turn, rule)
    need = turn.say(f"licensing_{rule.required}", country=country, name=name)
    return f"{need} {_sentence(rule.required_note)}" if rule.required_note else need


def _length(turn: Turn, rule: LicensingRecord) -> str:
    """Return how long it takes, or that this isn't known."""
    country, name = _country(turn, rule), _named_internship(turn, rule)
    length = phrases.months(rule.min_months, rule.max_months)
    if not length:
        return turn.say("licensing_length_unknown", country=country, name=name)
    if note := (rule.length_note or "").rstrip("."):
        # The note may say the same at greater length.
        repeats = note.lower().startswith(length)
        length = phrases.within(note) if repeats else f"{length} ({phrases.within(note)})"
    return turn.say("licensing_length", country=country, name=name, length=length)


def _card(turn: Turn, rule: LicensingRecord, regulator: RegulatorRecord | None) -> LicensingCard:
    source = phrases.source_link(rule)
    return LicensingCard(
        country=rule.country,
        country_name=turn.catalogue.countries[rule.country].name,
        local_name=rule.local_name,
        required=rule.required,
        length=phrases.months(rule.min_months, rule.max_months),
        min_months=float(rule.min_months) if rule.min_months is not None else None,
        max_months=float(rule.max_months) if rule.max_months is not None else None,
        regulator=rule.regulator,
        regulator_url=regulator.url if regulator else None,
        source=source.copy(update={"date": source.date or rule.source_note}),
    )


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _leads(turn: Turn, country: str, intent: str) -> list[Choice]:
    other, words = (
        (_LENGTH, "button_how_long") if intent == _NEED else (_NEED, "button_is_required")
    )
    return [
        turn.button(words, Country(country=country, intent=other)),
        turn.button("button_programmes_there", Search(country=country)),
        *turn.leads(intent)[2:],
    ]
