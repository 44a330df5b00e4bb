"""The REST channel: one question in, the advisor's messages out, as JSON.

It is for the same machine, for tests and for `make chat`: it trusts whoever reaches it to
name the conversation, so it must not be open to the world.
"""

import json
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from preceptor.channels.turn_runner import OnNewMessage, reply_in_words

LIMIT_BYTES = 64 * 1024
SENDER_LIMIT_CHARACTERS = 128
# Conversations of channels that know who is speaking; nobody joins them from here.
FOREIGN_SENDERS = ("web:", "slack:")


class BadRequest(ValueError):
    """A request that cannot be answered; the message is a sentence for whoever sent it."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        """Remember the sentence and the HTTP status to answer with."""
        super().__init__(sentence)
        self.status = status


class RestOutput(CollectingOutputChannel):
    """Collects the replies of one turn."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, by which responses can be written for it."""
        return "rest"

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keep one text one message; Rasa's collector splits it at every empty line."""
        await self._persist_message(self._message(recipient_id, text=text.strip()))


class RestInput(InputChannel):
    """`POST /webhooks/rest/webhook` with `{"sender": "...", "message": "..."}`.

    The answer is a list of `{"recipient_id", "text", "buttons", "custom", ...}`, as from
    Rasa's own channel of this name. A request that cannot be answered gets a status of
    4xx and `{"error": "<sentence>"}`. Other keys of the body are ignored: metadata and the
    channel's name are nothing a caller may choose.
    """

    @classmethod
    def name(cls) -> str:
        """Return the name that makes the address `/webhooks/rest/`."""
        return "rest"

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Return the routes, all under `/webhooks/rest`."""
        webhook = Blueprint("preceptor_rest")
        answer = reply_in_words(on_new_message)

        @webhook.get("/")
        async def health(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return _json({"error": "The advisor has no model loaded."}, 503)
            return _json({"status": "ok"})

        # stream=True leaves the body to us; else Sanic would first hold up to 100 MB of it.
        @webhook.post("/webhook", stream=True)
        async def receive(request: Request) -> HTTPResponse:
            try:
                sender, text = await _read_message(request)
            except BadRequest as error:
                return _json({"error": str(error)}, error.status)
            output = RestOutput()
            await answer(UserMessage(text, output, sender, input_channel=self.name()))
            return _json(output.messages)

        return webhook


def _json(body: Any, status: int = 200) -> HTTPResponse:
    # The standard library's encoder: the faster one that Sanic picks fails on some strings.
    return response.json(body, status=status, dumps=json.dumps)


async def _read_message(request: Request) -> tuple[str, str]:
    """Return sender and text of a request, or raise `BadRequest`."""
    if request.args.get("stream", "").lower() == "true":
        raise BadRequest("Replies are not streamed here; please leave out ?stream=true.")
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise BadRequest("Please send JSON with the header Content-Type: application/json.", 415)
    return parse_body(await _read_body(request))


async def _read_body(request: Request) -> bytes:
    body = b""
    while True:
        # The announced length is not looked at: what counts is what comes.
        chunk = await request.stream.read()
        if not chunk:
            return body
        body += chunk
        if len(body) > LIMIT_BYTES:
            raise BadRequest(f"The request is larger than {LIMIT_BYTES // 1024} kB.", 413)


def parse_body(body: bytes) -> tuple[str, str]:
    """Return sender and text from a request's body.

    Args:
        body: JSON, `{"sender": string or integer, "message": string}`.

    Returns:
        The sender, 1 to 128 printable characters, and the text as it came, which may be blank.

    Raises:
        BadRequest: With a sentence that says what is wrong.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The request's body is not valid JSON.") from None
    if not isinstance(content, dict):
        raise BadRequest('The JSON must be an object such as {"sender": "me", "message": "hi"}.')
    sender = content.get("sender")
    if isinstance(sender, int) and not isinstance(sender, bool):
        sender = str(sender)
    # Without a sender, Rasa would put everyone into one conversation named "default".
    if not isinstance(sender, str) or not sender.strip():
        raise BadRequest('"sender" is missing; it must be a string that names the conversation.')
    if len(sender) > SENDER_LIMIT_CHARACTERS or not sender.isprintable():
        raise BadRequest(
            f'"sender" must have at most {SENDER_LIMIT_CHARACTERS} characters, all printable.'
        )
    if sender.strip().lower().startswith(FOREIGN_SENDERS):
        raise BadRequest(f'"sender" must not begin with {" or ".join(FOREIGN_SENDERS)}.')
    text = content.get("message")
    if not isinstance(text, str):
        raise BadRequest('"message" is missing; it must be a string.')
    return sender, text
