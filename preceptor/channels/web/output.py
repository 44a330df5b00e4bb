"""Between Rasa's replies, the log and the wire: what a message of the protocol holds."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any
from urllib.parse import urlsplit

import structlog
from pydantic import ValidationError, parse_obj_as
from rasa.core.channels.channel import OutputChannel

from preceptor.channels.web.feedback import Rating
from preceptor.channels.web.message_log import Message, Reply
from preceptor.conversation.cards import Card

SCHEMES = ("https", "http", "mailto", "tel")
_ELEMENT_KEYS = ("title", "subtitle")
_DATA_LIMIT_CHARACTERS = 8_000
# Browsers skip these inside a scheme: "java\nscript:" runs.
_CONTROLS = re.compile(r"[\x00-\x20\x7f]")

log = structlog.get_logger(__name__)


class WebOutput(OutputChannel):
    """Collects the replies of one turn, which go out together once they are in the log."""

    def __init__(self) -> None:
        """Begin without replies."""
        self.replies: list[Reply] = []

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, by which responses can be written for it."""
        return "web"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one reply of Rasa's as one message."""
        reply = reply_of(message)
        if reply is not None:
            self.replies.append(reply)

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keep a plain text; Rasa's own paths send some of them directly."""
        await self.send_response(recipient_id, {"text": text})


def reply_of(message: dict[str, Any]) -> Reply | None:
    """Return what the widget shows of one reply of Rasa's.

    Args:
        message: A reply with any of `text`, `buttons`, `quick_replies`, `custom`, `image`,
            `attachment` and `elements`, as `OutputChannel.send_response` gets it.

    Returns:
        The message, or None where there is nothing to show. A custom payload that is no card
        becomes its text.
    """
    texts = [str(message["text"]).strip()] if message.get("text") else []
    content: dict[str, Any] = {}
    buttons = [*(message.get("buttons") or []), *(message.get("quick_replies") or [])]
    custom = message.get("custom")
    if custom:
        card = _card(custom)
        if card is not None:
            content["card"] = card
        elif not texts:
            texts.append(_text_of(custom))
    for element in message.get("elements") or []:
        if isinstance(element, dict):
            lines = [str(element[key]) for key in _ELEMENT_KEYS if element.get(key)]
            texts.append("\n".join(lines))
            buttons += element.get("buttons") or []
    shown = [button for button in map(_button, buttons) if button is not None]
    if shown:
        content["buttons"] = shown
    image = message.get("image") or _attached_image(message.get("attachment"))
    address = safe_url(image)
    if address is not None:
        content["image"] = {"url": address, "alt": str(message.get("alt") or "")}
    text = storable("\n\n".join(part for part in texts if part))
    if not text and not content:
        return None
    return Reply(text or None, content)


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
        "label": message.label,
        "buttons": message.content.get("buttons", []),
        "card": message.content.get("card"),
        "image": message.content.get("image"),
        "rating": rating,
    }


def safe_url(address: Any) -> str | None:
    """Return an address as it is if its scheme is one that a widget may open, else None."""
    if not isinstance(address, str):
        return None
    address = address.strip()
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        return None
    if scheme not in SCHEMES or _CONTROLS.search(address):
        return None
    return storable(address)


def storable(text: str) -> str:
    """Return a text without what databases and UTF-8 refuse: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _button(button: Any) -> dict[str, str] | None:
    if not isinstance(button, dict):
        return None
    title = storable(str(button.get("title") or "")).strip()
    if not title:
        return None
    if button.get("url"):
        address = safe_url(button["url"])
        return {"title": title, "url": address} if address else None
    # A quick reply without words of its own says its title.
    return {"title": title, "text": storable(str(button.get("payload") or title))}


def _card(custom: Any) -> dict[str, Any] | None:
    """Return a payload as a card with safe addresses, or None."""
    try:
        card: Any = parse_obj_as(Card, custom)  # type: ignore[arg-type]
    except ValidationError as error:
        if isinstance(custom, dict) and "type" in custom:
            log.warning("card.refused", type=str(custom["type"]), cause=str(error)[:300])
        return None
    cleaned: dict[str, Any] = _safe(json.loads(card.json()))
    return cleaned


def _safe(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: safe_url(item) if key == "url" or key.endswith("_url") else _safe(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_safe(item) for item in value]
    return storable(value) if isinstance(value, str) else value


def _text_of(custom: Any) -> str:
    """Return a readable text for a payload of a kind that we do not know."""
    if isinstance(custom, str):
        return custom
    if isinstance(custom, dict):
        for key in ("text", "message", "title"):
            if isinstance(custom.get(key), str) and custom[key].strip():
                return str(custom[key])
    return json.dumps(custom, ensure_ascii=False, default=str)[:_DATA_LIMIT_CHARACTERS]


def _attached_image(attachment: Any) -> Any:
    if isinstance(attachment, str):
        return attachment
    if isinstance(attachment, dict) and attachment.get("type") == "image":
        payload = attachment.get("payload")
        return payload.get("src") if isinstance(payload, dict) else None
    return None
