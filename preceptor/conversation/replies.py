"""A reply: what the advisor says in one go, in parts that a channel draws and none takes apart."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Extra, parse_obj_as

from preceptor.conversation.cards import Card, SourceLink
from preceptor.conversation.choices import Choice


class Image(BaseModel):
    """A picture: its address, and what it shows in words."""

    url: str
    alt: str = ""

    class Config:
        """An image holds what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True


class Reply(BaseModel):
    """What the advisor says in one go.

    Every text is plain: no Markdown, no HTML, no line breaks inside a part. A channel shows the
    parts in this order.

    Attributes:
        lead: the answer in a sentence or two.
        body: further paragraphs.
        steps: the items of a list, shown with bullets.
        card: what to show as a table, a list of programmes or contacts.
        remarks: what has to be added: doubts, cautions, values that could not be used.
        sources: where it is known from, shown unless the card shows them itself.
        choices: what can be done next, as buttons.
        image: a picture that goes with it.
        language: ISO 639-1 code of the texts, English otherwise.
    """

    lead: str = ""
    body: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    card: Card | None = None
    remarks: tuple[str, ...] = ()
    sources: tuple[SourceLink, ...] = ()
    choices: tuple[Choice, ...] = ()
    image: Image | None = None
    language: str = "en"

    class Config:
        """A reply holds what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True


REPLY = "reply"
"""Key under which Rasa's `custom` payload carries a reply, as JSON."""


def as_custom(reply: Reply) -> dict[str, Any]:
    """Return a reply as Rasa carries it from an action to a channel."""
    return {REPLY: json.loads(reply.json(exclude_none=True))}


def reply_of(message: dict[str, Any]) -> Reply:
    """Return the reply that one of Rasa's messages carries.

    A message without one, such as a response of domain.yml, becomes a reply of its text, its
    picture and its buttons, which open an address or say their title.

    Args:
        message: `text`, `custom` and so on, as `OutputChannel.send_response` gets it.

    Raises:
        ValidationError: If the payload is not a reply.
    """
    custom = message.get("custom")
    if isinstance(custom, dict) and REPLY in custom:
        return parse_obj_as(Reply, custom[REPLY])
    paragraphs = [line.strip() for line in str(message.get("text") or "").splitlines()]
    lead, *body = [paragraph for paragraph in paragraphs if paragraph] or [""]
    buttons = [*(message.get("buttons") or []), *(message.get("quick_replies") or [])]
    choices = [
        Choice(title=str(button["title"]), url=button.get("url") or None)
        for button in buttons
        if isinstance(button, dict) and button.get("title")
    ]
    image = message.get("image")
    return Reply(
        lead=lead,
        body=tuple(body),
        choices=tuple(choices),
        image=Image(url=str(image), alt=str(message.get("alt") or "")) if image else None,
    )
