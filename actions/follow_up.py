"""The thread of a conversation: what a bare country means depends on what was spoken of."""

from __future__ import annotations

from actions import licensing, safety_help
from actions.topic_action import Turn
from preceptor.conversation.choices import Country
from preceptor.intents import intents


def follow_up(turn: Turn) -> bool:
    """Answer a click on a country, or a bare country after a question on licensing.

    Returns:
        False where the message is no such follow-up; nothing is said then.
    """
    if isinstance(turn.choice, Country):
        _answer_choice(turn, turn.choice)
        return True
    return licensing.follow_up(turn)


def _answer_choice(turn: Turn, choice: Country) -> None:
    """Answer a click on a country: for danger if that was spoken of, otherwise registration."""
    topic = choice.intent or turn.slots.get("topic")
    if ("country", choice.country) not in turn.catalogue.names:
        turn.reply(turn.say("pick_gone"), choices=turn.leads("ask_capabilities"))
    elif topic in intents().in_group("safety"):
        safety_help.answer_country(turn)
    else:
        licensing.answer_countries(turn, topic)
