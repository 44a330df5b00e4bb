"""The REST channel: one question in, the advisor's messages out, as JSON.

It is for the same machine, for tests and for `make chat`: it trusts whoever reaches it to
name the conversation, so it must not be open to the world.
"""

import json
from typing import Any

from rasa.core.channels.channel import InputChannel
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from preceptor.channels.http import Refusal, health, json_response, read_body
from preceptor.channels.output import channel_seals, opened
from preceptor.channels.turns import OnNewMessage, Turns
from preceptor.conversation.choices import Choice, Seals
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Reply, as_custom
from preceptor.runtime.settings import Settings, load_settings

LIMIT_BYTES = 64 * 1024
SENDER_LIMIT_CHARACTERS = 128
# Conversations of channels that know who is speaking; nobody joins them from here.
FOREIGN_SENDERS = ("web:", "slack:")


class RestInput(InputChannel):
    """`POST /webhooks/rest/webhook` with `{"sender": "...", "message": "...", "payload": "..."}`.

    The answer is a list of `{"recipient_id", "text", "buttons", "custom", ...}`, as from
    Rasa's own channel of this name. `text` says everything; `custom` is the same in parts,
    `{"reply": ...}`. A button has a `title` with a `payload` or a `url`: a click sends the title
    as the message, and the payload with it. A request that cannot be answered gets a status of
    4xx and `{"error": "<sentence>"}`. Other keys of the body are ignored: metadata and the
    channel's name are nothing a caller may choose.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Create the channel; the settings say where the secret is that seals the buttons."""
        self._settings = settings or load_settings()

    @classmethod
    def name(cls) -> str:
        """Return the name that makes the address `/webhooks/rest/`."""
        return "rest"

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Return the routes, all under `/webhooks/rest`."""
        webhook = Blueprint("preceptor_rest")
        turns = Turns(self.name(), on_new_message)
        seals = channel_seals(self._settings)

        @webhook.get("/")
        async def rest_health(request: Request) -> HTTPResponse:
            return health(request)

        @webhook.post("/webhook", stream=True)
        async def receive(request: Request) -> HTTPResponse:
            try:
                sender, text, value = await _read_message(request)
            except Refusal as refusal:
                return refusal.response()
            replies = await turns.replies(sender, text, opened(seals, value, sender))
            return json_response([_message(reply, sender, seals) for reply in replies])

        return webhook


def _message(reply: Reply, sender: str, seals: Seals) -> dict[str, Any]:
    """Return a reply as Rasa's own channel would give it."""
    message: dict[str, Any] = {"recipient_id": sender, "text": plain_text(reply)}
    if reply.choices:
        message["buttons"] = [_button(choice, sender, seals) for choice in reply.choices]
    if reply.image:
        message["image"] = reply.image.url
    message["custom"] = as_custom(reply.copy(update={"choices": ()}))
    return message


def _button(choice: Choice, sender: str, seals: Seals) -> dict[str, str]:
    button = {"title": choice.title}
    if choice.url:
        button["url"] = choice.url
    elif choice.payload is not None:
        button["payload"] = seals.seal(choice.payload, sender)
    return button


async def _read_message(request: Request) -> tuple[str, str, str | None]:
    """Return who speaks, their words, which may be blank, and the value of a button.

    Raises:
        Refusal: With a sentence that says what is wrong.
    """
    if request.args.get("stream", "").lower() == "true":
        raise Refusal("Replies are not streamed here; please leave out ?stream=true.")
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        sentence = "Please send JSON with the header Content-Type: application/json."
        raise Refusal(sentence, status=415)
    body = await read_body(request, LIMIT_BYTES)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal("The request's body is not valid JSON.") from None
    if not isinstance(content, dict):
        raise Refusal('The JSON must be an object such as {"sender": "me", "message": "hi"}.')
    text, payload = content.get("message"), content.get("payload")
    if not isinstance(text, str):
        raise Refusal('"message" is missing; it must be a string.')
    if payload is not None and not isinstance(payload, str):
        raise Refusal('"payload" must be a string, as a button had it.')
    return _sender_of(content.get("sender")), text, payload


def _sender_of(sender: Any) -> str:
    if isinstance(sender, int) and not isinstance(sender, bool):
        sender = str(sender)
    # Without a sender, Rasa would put everyone into one conversation named "default".
    if not isinstance(sender, str) or not sender.strip():
        raise Refusal('"sender" is missing; it must be a string that names the conversation.')
    if len(sender) > SENDER_LIMIT_CHARACTERS or not sender.isprintable():
        raise Refusal(
            f'"sender" must have at most {SENDER_LIMIT_CHARACTERS} characters, all printable.'
        )
    if sender.strip().lower().startswith(FOREIGN_SENDERS):
        raise Refusal(f'"sender" must not begin with {" or ".join(FOREIGN_SENDERS)}.')
    return sender
