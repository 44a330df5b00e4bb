"""Messages that are clicks: what they do is known, so nobody reads their words."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, TEXT

from preceptor.conversation.choices import intent_of, payload_of
from preceptor.intents import FALLBACK

CHOICE = "choice"
"""Key of a message's metadata, and of its parse, that holds the payload of a click.

Only a channel sets it, with what `Seals.open` returned; no caller chooses a message's metadata.
"""


def parse_choice(message: UserMessage) -> dict[str, Any] | None:
    """Return the parse of a click, or None if a message is to be read.

    Its text is the button's title, which shows in the conversation what the person chose; a
    payload that asks what nothing declares has no power, and the title is read as words.
    """
    payload = payload_of((message.metadata or {}).get(CHOICE))
    if payload is None or (name := intent_of(payload)) == FALLBACK:
        return None
    intent = {INTENT_NAME_KEY: name, "confidence": 1.0}
    return {
        "message_id": message.message_id,
        TEXT: message.text or "",
        INTENT: intent,
        INTENT_RANKING_KEY: [intent],
        ENTITIES: [],
        CHOICE: payload.dict(),
    }
