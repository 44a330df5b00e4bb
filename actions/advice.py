"""The facts behind an answer, with their sources, and where to go on from it."""

from __future__ import annotations

import re

from actions import phrases, selection
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue import facts
from preceptor.catalogue.search import get_program
from preceptor.conversation.cards import FactItem, FactsCard


class GiveFacts(TopicAction):
    """Follows the response to an advice question."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_give_facts"

    def answer(self, turn: Turn) -> None:
        """Give up to two published facts, others than last time where there are more."""
        if turn.first:
            # The rule has said the response; what follows are the facts behind it.
            give_facts(turn, turn.question.intent)
        else:
            advise(turn, turn.question.intent)


def advise(turn: Turn, intent: str) -> None:
    """Answer an advice question in full where no rule has said its response."""
    turn.reply(response=f"utter_{intent}")
    give_facts(turn, intent)


def give_facts(turn: Turn, intent: str) -> None:
    """Send up to two facts that belong to an intent, and where to go on."""
    before = turn.slots.get("topic")
    turn.set(topic=intent)
    known = facts.advice_facts(turn.session, intent, limit=20)
    told = turn.slots.get("facts_told") or []
    fresh = [f for f in known if f.id not in told]
    chosen = (fresh or list(known))[:2]
    turn.set(facts_told=list(dict.fromkeys([*told, *(f.id for f in chosen)])))
    quick = turn.leads(intent)
    lines = [turn.say("facts_lead")] if chosen else []
    lines += [f"• {f.fact} {phrases.cite(f.source)}".rstrip() for f in chosen]
    card = FactsCard(
        facts=[FactItem(text=f.fact, source=phrases.source_link(f.source)) for f in chosen]
    )
    if own := _for_the_programme(turn, intent):
        lines.append(own)
    elif own := _for_the_country(turn, intent, before):
        lines.append(own)
        turn.set(topic=before)
    if intent in _ABOUT_GOING and (where := _where(turn)):
        quick = [(f"Programmes in {where}", f"Find placements in {where}"), *quick]
    if not lines:
        if turn.others:
            # Where to go on is said once, behind the last answer.
            return
        lines.append(turn.say("topics_lead"))
    turn.reply("\n".join(lines), card=card if chosen else None, quick=quick)


_POINTS = re.compile(r"\b(?:it|this|that|they|their|there|this one|that one)\b", re.IGNORECASE)


def _for_the_programme(turn: Turn, intent: str) -> str | None:
    """Return what the programme spoken of last says on a question that points at it."""
    focus = turn.slots.get("program_focus")
    program = get_program(turn.session, focus) if focus else None
    if program is None or not _POINTS.search(turn.question.text):
        return None
    known = phrases.price(program)
    said = {
        "ask_cost_and_funding": known.shown if known else "its price is not published",
        "ask_how_long": phrases.weeks(program.min_weeks, program.max_weeks),
        "ask_eligibility": program.who_for,
        "ask_language_barrier": program.languages_note or phrases.joined(program.language_names),
        "ask_timing": program.start_dates,
        "ask_how_to_apply": program.source_url,
    }.get(intent)
    return turn.say("facts_programme", name=phrases.title(program), said=said) if said else None


_LICENSING = {"ask_registration_requirement", "ask_internship_length"}
_ABOUT_GOING = {"ask_eligibility", "ask_language_barrier", "ask_cost_and_funding", "ask_bali"}


def _for_the_country(turn: Turn, intent: str, before: str | None) -> str | None:
    """Return how long the internship is in the country whose rules were just spoken of."""
    countries = turn.slots.get("licensing_country") or []
    if intent != "ask_how_long" or before not in _LICENSING or not countries:
        return None
    rule = facts.licensing(turn.session, countries[0])
    length = phrases.months(rule.min_months, rule.max_months) if rule else ""
    if rule is None or not length:
        return None
    name = rule.local_name or "the internship"
    return turn.say("licensing_length", country=rule.country_name, name=name, length=length)


def _where(turn: Turn) -> str | None:
    """Return the place or country that the question names, by name."""
    for kind in ("place", "country", "region"):
        if values := turn.question.values(kind):
            return selection.names(turn.session).get((kind, values[0]))
    return None
