"""The facts behind an answer, with their sources, and where to go on from it."""

from __future__ import annotations

import re

from actions import phrases, selection
from actions.program_fields import FIELDS
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue import facts
from preceptor.catalogue.records import LicensingRecord
from preceptor.conversation.cards import FactItem, FactsCard
from preceptor.conversation.choices import Choice, Search
from preceptor.intents import intents


class GiveFacts(TopicAction):
    """Follows the response to an advice question."""

    action = "action_give_facts"

    def answer(self, turn: Turn) -> None:
        """Give up to two published facts, others than last time where there are more."""
        give_facts(turn, turn.question.intent)


def advise(turn: Turn, intent: str) -> None:
    """Answer an advice question in full where no rule has said its response."""
    turn.respond(f"utter_{intent}")
    give_facts(turn, intent)


def give_facts(turn: Turn, intent: str) -> None:
    """Send up to two facts that belong to an intent, and where to go on."""
    before = turn.slots.get("topic")
    turn.set(topic=intent)
    known = facts.advice_facts(turn.catalogue, intent, limit=20)
    told = turn.slots.get("facts_told") or []
    fresh = [f for f in known if f.id not in told]
    chosen = (fresh or list(known))[:2]
    turn.set(facts_told=list(dict.fromkeys([*told, *(f.id for f in chosen)])))
    own = _for_the_programme(turn, intent)
    if not own and (own := _for_the_country(turn, intent, before)):
        turn.set(topic=before)
    choices = [*_programmes_there(turn, intent), *turn.leads(intent)]
    if chosen:
        items = [FactItem(text=f.fact, source=phrases.source_link(f)) for f in chosen]
        remarks = [own] if own else []
        card = FactsCard(facts=items)
        turn.reply(turn.say("facts_lead"), card=card, remarks=remarks, choices=choices)
    elif own:
        turn.reply(own, choices=choices)
    elif choices and not turn.others:
        # Where to go on is said once, behind the last answer.
        turn.reply(turn.say("topics_lead"), choices=choices)


_POINTS = re.compile(r"\b(?:it|this|that|they|their|there|this one|that one)\b", re.IGNORECASE)


def _for_the_programme(turn: Turn, intent: str) -> str | None:
    """Return what the programme spoken of last says on a question that points at it."""
    program, field = selection.in_focus(turn), intents()[intent].programme_field
    if program is None or field is None or not _POINTS.search(turn.question.text):
        return None
    value = FIELDS[field].value(program)
    if not value and field == "price":
        value = turn.say("facts_no_price")
    name = phrases.title(program)
    return turn.say("facts_programme", name=name, value=value) if value else None


def _for_the_country(turn: Turn, intent: str, before: str | None) -> str | None:
    """Return how long the internship is in the country whose rules were just spoken of."""
    countries = turn.slots.get("licensing_country") or []
    registration = before in intents().in_group("registration")
    if intents()[intent].programme_field != "length" or not registration or not countries:
        return None
    rule = turn.catalogue.all(LicensingRecord).get(countries[0])
    length = phrases.months(rule.min_months, rule.max_months) if rule else ""
    if rule is None or not length:
        return None
    return turn.say(
        "licensing_length",
        country=phrases.country(turn.catalogue.countries[rule.country].name),
        name=phrases.internship(rule.local_name or turn.say("licensing_unnamed")),
        length=length,
    )


def _programmes_there(turn: Turn, intent: str) -> list[Choice]:
    """Return a search for the first place that the question names or that its intent is about."""
    declared = intents()[intent]
    if not declared.search_there:
        return []
    named = [(k, i) for k in ("place", "country", "region") for i in turn.question.values(k)]
    if declared.place:
        named.append(("place", declared.place))
    if not named:
        return []
    kind, i = named[0]
    name = turn.catalogue.names.get((kind, i), i)
    place = phrases.country(name) if kind == "country" else name
    return [turn.button("button_programmes_in", Search.parse_obj({kind: i}), place=place)]
