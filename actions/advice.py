"""The facts behind an answer, with their sources, and where to go on from it."""

from __future__ import annotations

from actions import render
from actions.turn import TopicAction, Turn
from preceptor.cards import FactItem, FactsCard
from preceptor.catalogue import facts


class GiveFacts(TopicAction):
    """Follows the response to an advice question."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_give_facts"

    def answer(self, turn: Turn) -> None:
        """Give up to two published facts, others than last time where there are more."""
        intent = turn.question.intent
        if not turn.first:
            # The rule has answered the message's first question; a further one is answered here.
            turn.reply(response=f"utter_{intent}")
        turn.set(topic=intent)
        known = facts.advice_facts(turn.session, intent, limit=20)
        fresh = [f for f in known if not any(f.fact in text for text in turn.texts)]
        chosen = (fresh or list(known))[:2]
        quick = turn.leads(intent)
        if not chosen:
            turn.reply(turn.say("topics_lead"), quick=quick)
            return
        lines = [turn.say("facts_lead")]
        lines += [f"• {f.fact} {render.cite(f.source)}".rstrip() for f in chosen]
        card = FactsCard(
            facts=[FactItem(text=f.fact, source=render.source_link(f.source)) for f in chosen]
        )
        turn.reply("\n".join(lines), card=card, quick=quick)
