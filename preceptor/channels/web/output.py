"""Between the advisor's replies, the log and the wire: what a message of the protocol holds."""

from __future__ import annotations

import datetime
import json
from typing import Any

from preceptor.channels.feedback import Rating
from preceptor.channels.history import LoggedReply, Message
from preceptor.channels.output import safe_url, storable
from preceptor.conversation.cards import ProgramCard, ProgramListCard
from preceptor.conversation.choices import Ask, Choice, Payload, Save, Seals, Show
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Reply


def logged(reply: Reply, conversation: str, seals: Seals) -> LoggedReply:
    """Return a reply as the log keeps it: in plain words, and in parts as the wire has them.

    Args:
        reply: the reply.
        conversation: the conversation in which its buttons count.
        seals: what seals them.
    """

    def seal(payload: Payload) -> str:
        return seals.seal(payload, conversation)

    parts: dict[str, Any] = json.loads(reply.json(exclude={"choices", "image"}))
    card = reply.card
    if isinstance(card, ProgramListCard):
        for item in parts["card"]["programs"]:
            item["choices"] = _program_choices(item["id"], seal)
    elif isinstance(card, ProgramCard):
        parts["card"]["program"]["choices"] = _program_choices(card.program.id, seal)
    content: dict[str, Any] = {"reply": _safe(parts)}
    buttons = [_button(choice, seal) for choice in reply.choices]
    if shown := [button for button in buttons if button is not None]:
        content["buttons"] = shown
    if reply.image and (address := safe_url(reply.image.url)):
        content["image"] = {"url": address, "alt": storable(reply.image.alt)}
    return LoggedReply(storable(plain_text(reply)) or None, content)


def shortlist(conversation: str, seals: Seals) -> str:
    """Return the value of the menu's entry that shows the shortlist."""
    return seals.seal(Ask(intent="show_shortlist"), conversation)


def wire(message: Message, rating: Rating | None = None) -> dict[str, Any]:
    """Return a message of the log as the protocol has it."""
    at = datetime.datetime.fromtimestamp(message.at, datetime.timezone.utc)
    return {
        "seq": message.seq,
        "kind": message.kind,
        "from": message.sender,
        "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "id": message.client_id,
        "text": message.text,
        "reply": message.content.get("reply"),
        "buttons": message.content.get("buttons", []),
        "image": message.content.get("image"),
        "rating": rating,
    }


def _program_choices(program: str, seal: Any) -> dict[str, str]:
    return {"show": seal(Show(program=program)), "save": seal(Save(program=program))}


def _button(choice: Choice, seal: Any) -> dict[str, str] | None:
    title = storable(choice.title).strip()
    if not title:
        return None
    if choice.url is not None:
        address = safe_url(choice.url)
        return {"title": title, "url": address} if address else None
    if choice.payload is None:
        return {"title": title}
    return {"title": title, "payload": seal(choice.payload)}


def _safe(value: Any) -> Any:
    """Return JSON without addresses that a widget may not open and what UTF-8 refuses."""
    if isinstance(value, dict):
        return {
            key: safe_url(item) if key == "url" or key.endswith("_url") else _safe(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_safe(item) for item in value]
    return storable(value) if isinstance(value, str) else value
