"""What a button does: small typed payloads with ids, sealed for one conversation.

A click shows the button's title as what the person chose, and its payload is done as it stands:
it is never a sentence that has to be understood again. Only payloads that the advisor sealed for
the same conversation count; starters, which stand on a page before there is a conversation, carry
the name of a declared intent and need no seal.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BaseModel, Extra, Field, ValidationError, conlist, parse_obj_as

from preceptor.catalogue.cells import Route
from preceptor.intents import FALLBACK, intents

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
    place: str | None = None
    region: str | None = None
    specialty: str | None = None
    kind: str | None = None


class Restart(_Payload):
    """Clear the search."""

    do: Literal["restart"] = "restart"


class Country(_Payload):
    """Answer "which country?" with an ISO 3166-1 alpha-2 code.

    `intent` is the intent whose answer depends on it; without one it is what was spoken of last.
    `route` and `asked` are of a question on registration: where somebody trained, and the columns
    of registration.csv that answer it.
    """

    do: Literal["country"] = "country"
    country: str
    intent: str | None = None
    route: Route | None = None
    asked: tuple[str, ...] = ()


class Tell(_Payload):
    """Give an answer of knowledge/ by its id, or what it says to one kind of follow-up."""

    do: Literal["tell"] = "tell"
    answer: str
    follow_up: str | None = None


class Erase(_Payload):
    """Delete everything that the person has written."""

    do: Literal["erase"] = "erase"


class Neither(_Payload):
    """None of what was offered."""

    do: Literal["neither"] = "neither"


Payload = Annotated[
    Ask
    | Show
    | Compare
    | Save
    | Remove
    | Page
    | Widen
    | Search
    | Restart
    | Country
    | Tell
    | Erase
    | Neither,
    Field(discriminator="do"),
]


def payload_of(content: object) -> Payload | None:
    """Return the payload that a plain value holds, as from JSON, or None if it holds none."""
    try:
        return parse_obj_as(Payload, content)  # type: ignore[arg-type]
    except ValidationError:
        return None


def intent_of(payload: Payload) -> str:
    """Return the intent of a click: the one whose rule does what the payload says.

    It is `nlu_fallback` if the payload asks an intent that nothing declares.
    """
    known = intents()
    if isinstance(payload, Ask):
        return payload.intent if payload.intent in known else FALLBACK
    if isinstance(payload, Country) and payload.intent in known.in_group("registration"):
        return str(payload.intent)
    return next(name for name, intent in known.items() if payload.do in intent.clicks)


class Choice(BaseModel):
    """A button: its title, and either what it does or the address that it opens.

    One with neither, of a plain response of domain.yml, says its title.
    """

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
        return self.sign(payload.dict(exclude_defaults=True) | {"do": payload.do}, conversation)

    def open(self, value: object, conversation: str) -> Payload | None:
        """Return what a button's value does, or None if it wasn't sealed for this conversation.

        A starter's value needs no seal: it begins a new talk with a declared intent.
        """
        if not isinstance(value, str):
            return None
        if value.startswith(STARTER):
            intent = value.removeprefix(STARTER)
            return Ask(intent=intent, afresh=True) if intent in intents() else None
        return payload_of(self.signed(value, conversation))

    def sign(self, content: Any, scope: str) -> str:
        """Return JSON as URL-safe text that counts within a scope, such as a conversation."""
        return str(self._of(scope).dumps(content))

    def signed(self, value: str, scope: str) -> Any:
        """Return what `sign` was given, or None if it wasn't signed for this scope."""
        try:
            return self._of(scope).loads(value)
        except BadSignature:
            return None

    def _of(self, scope: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, salt=f"choice {scope}")
