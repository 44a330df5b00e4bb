"""What countries demand before they register a doctor, and how long their internships are."""

from __future__ import annotations

import re

from actions import phrases, selection
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue import facts
from preceptor.conversation.cards import LicensingCard

_SEARCHING = re.compile(
    r"\b(?:placements?|programm?es?|electives?|internships? in|volunteer\w*|cheap\w*|weeks?|shadow\w*|show)\b",
    re.IGNORECASE,
)


class ShowRegistration(TopicAction):
    """Answers "do I need an internship to register in India?"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_show_registration"

    def answer(self, turn: Turn) -> None:
        """Tell the rule of each country named, or of the one spoken of last."""
        answer_countries(turn, "ask_registration_requirement")


class ShowInternshipLength(TopicAction):
    """Answers "how long is the house job in Pakistan?"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_show_internship_length"

    def answer(self, turn: Turn) -> None:
        """Tell the length in each country named, or in the one spoken of last."""
        answer_countries(turn, "ask_internship_length")


def follow_up(turn: Turn) -> bool:
    """Answer a bare country after a question on licensing ("and Uganda?").

    Returns:
        False where the message is no such follow-up; nothing is said then.
    """
    topic = turn.slots.get("topic")
    if topic not in {"ask_registration_requirement", "ask_internship_length"}:
        return False
    question = turn.question
    others = question.of_kind("specialty", "duration", "money", "kind", "ordinal", "cheap", "stage")
    if not selection.countries_of(turn) or others or _SEARCHING.search(question.text):
        return False
    answer_countries(turn, topic)
    return True


def answer_countries(turn: Turn, intent: str) -> None:
    """Answer for the countries of the question, at most three."""
    countries = selection.countries_of(turn)
    turn.set(topic=intent)
    if not countries:
        countries = list(turn.slots.get("licensing_country") or [])
        if turn.question.of_kind("region"):
            countries = []
    if not countries:
        quick = [
            ("India", "India"), ("Nigeria", "Nigeria"), ("United Kingdom", "United Kingdom")
        ]  # fmt: skip
        turn.reply(turn.say("licensing_which"), quick=quick)
        return
    turn.set(licensing_country=countries[:3])
    for position, country in enumerate(countries[:3]):
        last = position == len(countries[:3]) - 1
        _answer_country(turn, country, intent, last=last)


def _answer_country(turn: Turn, country: str, intent: str, *, last: bool) -> None:
    rule = facts.licensing(turn.catalogue, country)
    regulator = facts.regulator(turn.catalogue, country)
    named = f"the {regulator.name}" if regulator else ""
    if named.startswith("the The "):
        named = named[4:]
    address = f" ({regulator.url})" if regulator and regulator.url else ""
    quick = _leads(turn, country, intent) if last else []
    if rule is None:
        name = turn.catalogue.names.get(("country", country), country)
        body = f"{named}{address}" if named else turn.say("licensing_not_covered_generic")
        turn.reply(
            turn.say("licensing_not_covered", country=_in(name), regulator=body), quick=quick
        )
        return
    local = rule.local_name or "the internship"
    length = phrases.months(rule.min_months, rule.max_months)
    if length and rule.length_note:
        length += f" ({rule.length_note.rstrip('.')})"
    duration = (
        turn.say("licensing_length", country=_in(rule.country_name), name=local, length=length)
        if length
        else turn.say("licensing_length_unknown", country=_in(rule.country_name), name=local)
    )
    need = turn.say(f"licensing_{rule.required}", country=_in(rule.country_name), name=local)
    if rule.required_note:
        need += f" {_sentence(rule.required_note)}"
    lines = [need, duration]
    if intent == "ask_internship_length":
        lines.reverse()
    if rule.rotations:
        lines.append(f"Rotations: {_sentence(rule.rotations)}")
    if rule.how_to_apply and intent == "ask_registration_requirement":
        lines.append(f"How: {_sentence(rule.how_to_apply)}")
    body = named or rule.regulator or "the regulator"
    lines.append(turn.say("licensing_caution", regulator=f"{body}{address}"))
    dated = rule.source.date or rule.source.note
    lines.append(f"Source: {rule.source.title} ({dated}) {rule.source.url or ''}".rstrip())
    card = LicensingCard(
        country=country,
        country_name=rule.country_name,
        local_name=rule.local_name,
        required=rule.required,
        min_months=float(rule.min_months) if rule.min_months is not None else None,
        max_months=float(rule.max_months) if rule.max_months is not None else None,
        regulator=rule.regulator,
        regulator_url=regulator.url if regulator else None,
        source=phrases.source_link(rule.source),
    )
    turn.reply("\n".join(lines), card=card, quick=quick)


def _in(name: str) -> str:
    """Return a country's name as it stands behind "in": "the United Kingdom"."""
    article = ("United", "Netherlands", "Philippines", "Czech Republic", "Gambia", "Bahamas")
    return f"the {name}" if name.startswith(article) else name


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _leads(turn: Turn, country: str, intent: str) -> list[tuple[str, str]]:
    name = _in(turn.catalogue.names.get(("country", country), country))
    other = (
        ("How long is it?", f"How long is the compulsory internship in {name}?")
        if intent == "ask_registration_requirement"
        else ("Is it required?", f"Do I need an internship to register as a doctor in {name}?")
    )
    return [other, ("Programmes there", f"Find placements in {name}"),
            *turn.leads(intent)[2:]]  # fmt: skip
