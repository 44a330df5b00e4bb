"""What every channel has in common: the replies of a turn, addresses, and opened choices."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any
from urllib.parse import urlsplit

import structlog
from pydantic import ValidationError, parse_obj_as
from rasa.core.channels.channel import OutputChannel

from preceptor.conversation.choices import Compare, Payload, Seals, Show
from preceptor.conversation.replies import REPLY, Reply, reply_of
from preceptor.rasa_ext.choices import CHOICE
from preceptor.runtime.secrets import derived_key
from preceptor.runtime.settings import Settings

SCHEMES = ("https", "http", "mailto", "tel")
_DATA_LIMIT_CHARACTERS = 8_000
# Browsers skip these inside a scheme: "java\nscript:" runs.
_CONTROLS = re.compile(r"[\x00-\x20\x7f]")

log = structlog.get_logger(__name__)


class RepliesOutput(OutputChannel):
    """Collects the replies of one turn, whole and in order.

    Rasa's own way, through one method per part, loses what belongs together: a card would come
    without its text.
    """

    def __init__(self, channel: str) -> None:
        """Collect for a channel, by whose name responses can be written for it."""
        self.replies: list[Reply] = []
        self._channel = channel

    def name(self) -> str:
        """Return the channel's name."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one of Rasa's messages as one reply, unless there is nothing to show."""
        reply = read_reply(message)
        if reply is not None:
            self.replies.append(reply)

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keep a plain text; Rasa's own paths send some of them directly."""
        await self.send_response(recipient_id, {"text": text})


def read_reply(message: dict[str, Any]) -> Reply | None:
    """Return what one of Rasa's messages shows, or None if there is nothing to show.

    A payload that is no reply, or that holds a card of an unknown kind, becomes words.
    """
    try:
        reply = reply_of(message)
    except (ValidationError, TypeError, AttributeError) as error:
        log.error("reply.unreadable", cause=str(error)[:300])
        reply = _in_words(message)
    if reply == Reply() and message.get("custom"):
        reply = _in_words(message)
    return None if reply == Reply(language=reply.language) else reply


def _in_words(message: dict[str, Any]) -> Reply:
    """Return what can be read of a message with a payload of an unknown kind."""
    custom = message.get("custom")
    content = custom.get(REPLY, custom) if isinstance(custom, dict) else custom
    texts = [message.get("text"), content]
    if isinstance(content, dict):
        with contextlib.suppress(ValidationError):
            return parse_obj_as(Reply, {**content, "card": None})
        texts += [content.get(key) for key in ("lead", "text", "title")]
    for text in texts:
        if isinstance(text, str) and text.strip():
            return reply_of({"text": text})
    shown = json.dumps(custom, ensure_ascii=False, default=str) if custom else ""
    return reply_of({"text": shown[:_DATA_LIMIT_CHARACTERS]})


def safe_url(address: Any) -> str | None:
    """Return an address as it is if its scheme is one that people may open, otherwise None."""
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


def channel_seals(settings: Settings) -> Seals:
    """Return what seals the choices of all channels of an installation.

    Raises:
        Complaint: If the installation's secret cannot be read or made.
    """
    return Seals(derived_key(settings, "choices"))


def opened(seals: Seals, value: object, conversation: str) -> Payload | None:
    """Return what a click does, or None if its value has no power in this conversation.

    Args:
        seals: what has sealed the values.
        value: a button's value; or a list of two or three that show a programme, which then
            are compared.
        conversation: the conversation's id.
    """
    if isinstance(value, list):
        shows = [seals.open(each, conversation) for each in value]
        programs = {show.program: None for show in shows if isinstance(show, Show)}
        if len(programs) != len(value) or len(programs) not in (2, 3):
            return None
        return Compare(programs=list(programs))
    return seals.open(value, conversation)


def metadata_of(payload: Payload | None) -> dict[str, Any] | None:
    """Return the metadata with which Rasa gets a choice, None without one."""
    return None if payload is None else {CHOICE: payload.dict()}
