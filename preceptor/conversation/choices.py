"""What a button does: small typed payloads with ids, sealed for one conversation.

A click shows the button's title as what the person chose, and its payload is done as it stands:
it is never a sentence that has to be understood again. Only payloads that the advisor sealed for
the same conversation count; starters, which stand on a page before there is a conversation, carry
the name of a declared intent and need no seal.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BaseModel, Extra, Field, ValidationError, conlist, parse_raw_as

STARTER = "starter:"
"""What a starter's payload begins with; the name of an intent follows."""


class _Payload(BaseModel):
    class Config:
        """A payload holds what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True


class Ask(_Payload):
    """Ask a declared intent's question. `afresh`: as a new talk, without the search before."""

    do: Literal["ask"] = "ask"
    intent: str
    afresh: bool = False


class Show(_Payload):
    """Show a programme in full."""

    do: Literal["show"] = "show"
    program: str


class Compare(_Payload):
    """Put two or three programmes side by side."""

    do: Literal["compare"] = "compare"
    programs: conlist(str, min_items=2, max_items=3)  # type: ignore[valid-type]


class Save(_Payload):
    """Put a programme on the shortlist."""

    do: Literal["save"] = "save"
    program: str


class Remove(_Payload):
    """Take a programme off the shortlist; without one, all of them."""

    do: Literal["remove"] = "remove"
    program: str | None = None


class Page(_Payload):
    """Show the search's results from a place on, counted from 0."""

    do: Literal["page"] = "page"
    offset: int = Field(ge=0)


class Widen(_Payload):
    """Drop constraints of the search: names of fields of `SearchQuery`."""

    do: Literal["widen"] = "widen"
    fields: conlist(str, min_items=1)  # type: ignore[valid-type]


class Search(_Payload):
    """Begin a search with these ids, of the kinds that entities have."""

    do: Literal["search"] = "search"
    country: str | None = None
    region: str | None = None
    specialty: str | None = None
    kind: str | None = None


class Restart(_Payload):
    """Clear the search."""

    do: Literal["restart"] = "restart"


class Country(_Payload):
    """Answer "which country?" with an ISO 3166-1 alpha-2 code."""

    do: Literal["country"] = "country"
    country: str


class Neither(_Payload):
    """None of what was offered."""

    do: Literal["neither"] = "neither"


Payload = Annotated[
    Ask | Show | Compare | Save | Remove | Page | Widen | Search | Restart | Country | Neither,
    Field(discriminator="do"),
]


class Choice(BaseModel):
    """A button: its title, and either what it does or the address that it opens."""

    title: str
    payload: Payload | None = None
    url: str | None = None

    class Config:
        """A choice holds what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True


class Seals:
    """Seals payloads for a conversation and opens what comes back (itsdangerous, HMAC)."""

    def __init__(self, key: bytes) -> None:
        """Use a key that all servers of the installation share."""
        self._key = key

    def seal(self, payload: Payload, conversation: str) -> str:
        """Return a button's value: URL-safe text of about 60 characters and more."""
        return str(
            self._of(conversation).dumps(payload.dict(exclude_defaults=True) | {"do": payload.do})
        )

    def open(self, value: object, conversation: str) -> Payload | None:
        """Return what a button's value does, or None if it wasn't sealed for this conversation.

        A starter's value needs no seal: it begins a new talk with a declared intent.
        """
        if not isinstance(value, str):
            return None
        if value.startswith(STARTER):
            return Ask(intent=value.removeprefix(STARTER), afresh=True)
        try:
            content = self._of(conversation).loads(value)
            return parse_raw_as(Payload, json.dumps(content))  # type: ignore[arg-type]
        except (BadSignature, ValidationError):
            return None

    def _of(self, conversation: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, salt=f"choice {conversation}")
