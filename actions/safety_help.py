"""Numbers to call in an emergency, and people to talk to in a crisis."""

from __future__ import annotations

from collections.abc import Iterable

from actions import phrases, selection
from actions.answers import SURE, answer_if_sure
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue import facts
from preceptor.catalogue.records import EmergencyNumberRecord, HelplineRecord
from preceptor.conversation.cards import ContactItem, ContactsCard
from preceptor.intents import intents

_CRISIS, _SYMPTOMS = "express_crisis", "describe_own_symptoms"
_WELL_KNOWN = ("GB", "US", "IN", "AU", "DE", "KE")
_SWALLOWED = ("pill", "tablet", "swallow", "overdos", "bleach", "poison", "drank", "paracetamol")


def topics() -> tuple[str, ...]:
    """Return the intents of danger, the most urgent first."""
    return intents().in_group("safety")


def _country(turn: Turn) -> str | None:
    """Return the country that the message itself names: where somebody is, not where they'd go."""
    named = selection.countries_of(turn)
    return named[0] if named else None


def _number_contacts(turn: Turn, numbers: Iterable[EmergencyNumberRecord]) -> list[ContactItem]:
    """Return a country's numbers, its ambulance's only where it has one of its own."""
    contacts: dict[str, ContactItem] = {}
    for each in sorted(numbers, key=lambda n: n.service != "general"):
        label = turn.catalogue.countries[each.country].name
        if each.service == "ambulance" and contacts:
            label = turn.say("emergency_ambulance", country=label)
        contact = ContactItem(
            label=label,
            phone=each.number,
            url=None,
            details=None,
            source=phrases.source_link(each),
        )
        contacts.setdefault(each.number, contact)
    return list(contacts.values())


class GiveEmergencyNumbers(TopicAction):
    """Follows "call your local emergency number now"."""

    action = "action_give_emergency_numbers"

    def answer(self, turn: Turn) -> None:
        """Give the numbers of the country that is named, or of some well-known ones."""
        if turn.question.intent == _SYMPTOMS:
            # "Do I need malaria pills?" is near to it.
            if answer_if_sure(turn, least=SURE):
                return
            turn.respond(f"utter_{_SYMPTOMS}")
        known = topics()
        danger = turn.question.intent if turn.question.intent in known else known[0]
        turn.set(topic=danger)
        if danger != _SYMPTOMS:
            turn.frame = turn.frame.copy(update={"danger": danger, "focus": None})
        give_numbers(turn)


def give_numbers(turn: Turn) -> None:
    """Send emergency numbers, and helplines too where the rules saw a crisis beside it."""
    country = _country(turn)
    swallowed = any(word in turn.question.text.lower() for word in _SWALLOWED)
    remarks = [turn.say("emergency_overdose")] if swallowed else []
    if not (country and _give_own_numbers(turn, country, remarks)):
        examples = [facts.emergency_numbers(turn.catalogue, c) for c in _WELL_KNOWN]
        contacts = [c for numbers in examples for c in _number_contacts(turn, numbers)]
        remarks.insert(0, turn.say("emergency_ask"))
        card = ContactsCard(contacts=contacts)
        turn.reply(turn.say("emergency_some"), card=card, remarks=remarks)
    if _CRISIS in (turn.parse.get("safety") or []):
        give_helplines(turn, country)


def _give_own_numbers(turn: Turn, country: str, remarks: Iterable[str] = ()) -> bool:
    """Send a country's emergency numbers; return False if none is known."""
    own = facts.emergency_numbers(turn.catalogue, country)
    if own:
        name = turn.catalogue.countries[country].name
        lead = turn.say("emergency_numbers", country=phrases.country(name))
        card = ContactsCard(contacts=_number_contacts(turn, own))
        turn.reply(lead, card=card, remarks=remarks)
    return bool(own)


def follow_up(turn: Turn) -> bool:
    """Answer the country that the advisor asked for after an emergency or a crisis.

    Returns:
        False where the message is no such answer; nothing is said then.
    """
    topic = turn.slots.get("topic")
    others = turn.question.of_kind("specialty", "duration", "money", "kind", "ordinal", "stage")
    if topic not in topics() or _country(turn) is None or others:
        return False
    help_there(turn, topic)
    return True


def help_there(turn: Turn, topic: str) -> None:
    """Send what helps in the country that the message names."""
    if topic != _SYMPTOMS:
        turn.frame = turn.frame.copy(update={"danger": topic})
    if topic == _CRISIS:
        help_in_crisis(turn)
    else:
        give_numbers(turn)


class GiveHelplines(TopicAction):
    """Follows the words to somebody in a crisis."""

    action = "action_give_helplines"

    def answer(self, turn: Turn) -> None:
        """Give helplines of the country that is named, and ones that find others anywhere."""
        turn.set(topic=_CRISIS)
        turn.frame = turn.frame.copy(update={"danger": _CRISIS, "focus": None})
        help_in_crisis(turn)


def help_in_crisis(turn: Turn) -> None:
    """Send helplines, and the country's emergency number where the country is known."""
    country = _country(turn)
    give_helplines(turn, country)
    if country:
        _give_own_numbers(turn, country)


def give_helplines(turn: Turn, country: str | None) -> None:
    """Send the helplines of a country, if there are any, and of the whole world."""
    local = [h for h in facts.helplines(turn.catalogue, country) if h.country] if country else []
    anywhere = [h for h in facts.helplines(turn.catalogue, None) if h.country is None][:2]
    lead, remarks = turn.say("helplines_anywhere"), [turn.say("helplines_stay")]
    if local:
        name = turn.catalogue.names.get(("country", country or ""), "")
        lead = turn.say("helplines_in", country=phrases.country(name))
    else:
        remarks.insert(0, turn.say("helplines_ask"))
    contacts = [_helpline_contact(helpline) for helpline in [*local[:3], *anywhere]]
    turn.reply(lead, card=ContactsCard(contacts=contacts), remarks=remarks)


def _helpline_contact(helpline: HelplineRecord) -> ContactItem:
    special = helpline.for_whom if helpline.for_whom != "anyone" else None
    details = "; ".join(part for part in (helpline.text, helpline.hours, special) if part)
    return ContactItem(
        label=helpline.name,
        phone=helpline.phone,
        url=helpline.url,
        details=details or None,
        source=phrases.source_link(helpline),
    )


def carry_on(turn: Turn, kind: str) -> None:
    """Go on with a crisis or an emergency that was spoken of before.

    Args:
        turn: the turn.
        kind: the kind of follow-up, see follow_ups.yml, or `continued`.
    """
    danger = turn.frame.danger
    if danger is None:
        turn.reply(turn.say("follow_nothing"), choices=turn.leads("ask_capabilities"))
        return
    if danger != _CRISIS:
        known = kind if kind.startswith("emergency_") else "emergency_continued"
        if known == "emergency_over":
            turn.frame = turn.frame.copy(update={"danger": None})
            turn.set(topic=None)
        turn.reply(turn.say(known), choices=turn.back_to_search())
        return
    name = kind if kind.startswith("crisis_") else "crisis_continued"
    first, *rest = turn.say(name).split("\n")
    if kind == "crisis_better":
        turn.frame = turn.frame.copy(update={"danger": None})
        turn.set(topic=None)
        turn.reply(first, body=rest)
        return
    turn.reply(first, body=rest, card=_card_of_helplines(turn) if kind in _WITH_NUMBERS else None)


_WITH_NUMBERS = frozenset({"crisis_alone", "crisis_not_safe"})


def _card_of_helplines(turn: Turn) -> ContactsCard:
    """Return helplines for where the person is, as far as that is known, and for anywhere."""
    person = turn.frame.person
    country = next((c for c in person.origin if facts.helplines(turn.catalogue, c)), None)
    local = [h for h in facts.helplines(turn.catalogue, country) if h.country] if country else []
    anywhere = [h for h in facts.helplines(turn.catalogue, None) if h.country is None][:2]
    return ContactsCard(contacts=[_helpline_contact(h) for h in [*local[:3], *anywhere]])
