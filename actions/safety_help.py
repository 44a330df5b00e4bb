"""Numbers to call in an emergency, and people to talk to in a crisis."""

from __future__ import annotations

from actions import phrases, selection
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue import facts
from preceptor.catalogue.facts import EmergencyNumber
from preceptor.catalogue.records import HelplineRecord
from preceptor.conversation.cards import ContactItem, ContactsCard

TOPICS = ("report_emergency", "express_crisis", "describe_own_symptoms")
_WELL_KNOWN = ("GB", "US", "IN", "AU", "DE", "KE")
_SWALLOWED = ("pill", "tablet", "swallow", "overdos", "bleach", "poison", "drank", "paracetamol")


def _country(turn: Turn) -> str | None:
    """Return the country that the message itself names: where somebody is, not where they'd go."""
    named = selection.countries_of(turn)
    return named[0] if named else None


def _numbers(numbers: tuple[EmergencyNumber, ...]) -> str:
    """Return a country's numbers: "112; ambulance 144"."""
    general = [n.number for n in numbers if n.service == "general"]
    ambulance = [n.number for n in numbers if n.service == "ambulance" and n.number not in general]
    parts = list(dict.fromkeys(general))
    parts += [f"ambulance {number}" for number in dict.fromkeys(ambulance)]
    return "; ".join(parts)


def _number_contacts(numbers: tuple[EmergencyNumber, ...]) -> list[ContactItem]:
    return [
        ContactItem(
            label=f"{n.country_name}: {n.service}",
            phone=n.number,
            url=None,
            details=None,
            source=phrases.source_link(n.source),
        )
        for n in numbers
    ]


class GiveEmergencyNumbers(TopicAction):
    """Follows "call your local emergency number now"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_give_emergency_numbers"

    def answer(self, turn: Turn) -> None:
        """Give the numbers of the country that is named, or of some well-known ones."""
        turn.set(topic=turn.question.intent if turn.question.intent in TOPICS else TOPICS[0])
        give_numbers(turn)


def give_numbers(turn: Turn) -> None:
    """Send emergency numbers, and helplines too where the rules saw a crisis beside it."""
    country = _country(turn)
    own = facts.emergency_numbers(turn.catalogue, country) if country else ()
    if own:
        lead = turn.say("emergency_numbers", country=own[0].country_name)
        text = f"{lead} {_numbers(own)}."
        card = ContactsCard(contacts=_number_contacts(own))
    else:
        examples = [facts.emergency_numbers(turn.catalogue, c) for c in _WELL_KNOWN]
        listed = [f"{n[0].country_name} {_numbers(n)}" for n in examples if n]
        text = turn.say("emergency_generic", examples=", ".join(listed))
        card = ContactsCard(contacts=[c for n in examples for c in _number_contacts(n)])
    if any(word in turn.question.text.lower() for word in _SWALLOWED):
        text += " " + turn.say("emergency_overdose")
    turn.reply(text, card=card)
    if "express_crisis" in (turn.parse.get("safety") or []):
        give_helplines(turn, country)


def follow_up(turn: Turn) -> bool:
    """Answer the country that the advisor asked for after an emergency or a crisis.

    Returns:
        False where the message is no such answer; nothing is said then.
    """
    topic = turn.slots.get("topic")
    others = turn.question.of_kind("specialty", "duration", "money", "kind", "ordinal", "stage")
    if topic not in TOPICS or _country(turn) is None or others:
        return False
    if topic != "express_crisis":
        give_numbers(turn)
        return True
    help_in_crisis(turn)
    return True


class GiveHelplines(TopicAction):
    """Follows the words to somebody in a crisis."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_give_helplines"

    def answer(self, turn: Turn) -> None:
        """Give helplines of the country that is named, and ones that find others anywhere."""
        turn.set(topic="express_crisis")
        help_in_crisis(turn)


def help_in_crisis(turn: Turn) -> None:
    """Send helplines, and the country's emergency number where the country is known."""
    country = _country(turn)
    give_helplines(turn, country)
    own = facts.emergency_numbers(turn.catalogue, country) if country else ()
    if own:
        lead = turn.say("emergency_numbers", country=own[0].country_name)
        turn.reply(f"{lead} {_numbers(own)}.", card=ContactsCard(contacts=_number_contacts(own)))


def give_helplines(turn: Turn, country: str | None) -> None:
    """Send the helplines of a country, if there are any, and of the whole world."""
    local = list(facts.helplines(turn.catalogue, country))[:3] if country else []
    anywhere = [h for h in facts.helplines(turn.catalogue, None) if h.country is None][:2]
    local = [h for h in local if h.country]
    lines = []
    if local:
        name = turn.catalogue.names.get(("country", country or ""), "")
        lines += [turn.say("helplines_in", country=name), *map(_line, local)]
    lines += [turn.say("helplines_anywhere"), *map(_line, anywhere)]
    if not local:
        lines.append(turn.say("helplines_ask"))
    lines.append(turn.say("helplines_stay"))
    contacts = [
        ContactItem(
            label=h.name,
            phone=h.phone,
            url=h.url,
            details="; ".join(x for x in (h.text, h.hours, h.for_whom) if x) or None,
            source=phrases.source_link(h.source),
        )
        for h in [*local, *anywhere]
    ]
    turn.reply("\n".join(lines), card=ContactsCard(contacts=contacts))


def _line(helpline: HelplineRecord) -> str:
    reach = [x for x in (helpline.phone, helpline.text, helpline.url) if x]
    who = f" for {helpline.for_whom}" if helpline.for_whom and helpline.for_whom != "anyone" else ""
    hours = f" ({helpline.hours})" if helpline.hours else ""
    return f"• {helpline.name}{who}: {', '.join(reach)}{hours}"
