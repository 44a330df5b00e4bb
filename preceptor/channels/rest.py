"""The REST channel: one question in, the advisor's messages out, as JSON.

It is for the same machine, for tests and for `make chat`: it trusts whoever reaches it to
name the conversation, so it must not be open to the world.

A question goes through the inbox as on every channel; the request waits for the answer, whichever
server gives it, and the same question again, by its id, gets the same answer.
"""

import asyncio
import contextlib
import json
import time
import uuid
from typing import Any, NamedTuple

import structlog
from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from preceptor.channels.history import NEWS, History, LoggedReply, Message
from preceptor.channels.http import OVERLOADED, Refusal, health, json_response, read_body
from preceptor.channels.inbox import Inbox, Item, Overload, Worker, source_of
from preceptor.channels.output import channel_seals, opened, storable
from preceptor.channels.storage import in_thread, open_channels
from preceptor.channels.turns import OnNewMessage, Turns
from preceptor.conversation.choices import Choice, Seals
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Reply, as_custom
from preceptor.runtime.settings import Settings, load_settings

LIMIT_BYTES = 64 * 1024
SENDER_LIMIT_CHARACTERS = 128
ID_LIMIT_CHARACTERS = 64
# A turn of 20 s with a queue before it; then the question is still answered, and may be asked for.
WAIT_SECONDS = 40.0
# How soon an answer is found if no news of it arrives.
LOOK_SECONDS = 1.0
# Conversations of channels that know who is speaking; nobody joins them from here.
FOREIGN_SENDERS = ("web:", "slack:")

_LATER = "I have not answered that yet. Please send the same again, with this id, in a moment."
_AWAY = "The advisor cannot take that just now. Please send the same again in a moment."

log = structlog.get_logger(__name__)


class Question(NamedTuple):
    """What a request asks; `text` may be blank, and `value` is that of a button."""

    sender: str
    text: str
    value: str | None
    id: str


class RestInput(InputChannel):
    """`POST /webhooks/rest/webhook` with `{"sender": "...", "message": "...", "payload": "..."}`.

    The answer is a list of `{"recipient_id", "text", "buttons", "custom", ...}`, as from
    Rasa's own channel of this name. `text` says everything; `custom` is the same in parts,
    `{"reply": ...}`. A button has a `title` with a `payload` or a `url`: a click sends the title
    as the message, and the payload with it. `"id"`, where it is given, names the message: the same
    again is not asked twice and gets the same answer. A request that cannot be answered gets a
    status of 4xx and `{"error": "<sentence>"}`, or 503 with the `id` if it may be sent again.
    Other keys of the body are ignored: metadata and the channel's name are nothing a caller may
    choose.
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
        server = RestServer(self._settings, on_new_message)
        webhook.listener("after_server_start")(server.start)
        webhook.listener("before_server_stop")(server.stop)

        @webhook.get("/")
        async def rest_health(request: Request) -> HTTPResponse:
            return health(request)

        @webhook.post("/webhook", stream=True)
        async def receive(request: Request) -> HTTPResponse:
            try:
                question = await _read_question(request)
            except Refusal as refusal:
                return refusal.response()
            try:
                return json_response(await server.answer(question))
            except Refusal as refusal:
                return refusal.response(id=question.id)

        return webhook


class RestServer:
    """What stands behind the route, one a server."""

    def __init__(self, settings: Settings, on_new_message: OnNewMessage) -> None:
        """Open the database; `start` begins to answer."""
        self._engine = open_channels(settings)
        self._seals = channel_seals(settings)
        self._turns = Turns("rest", on_new_message)
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def start(self, app: Sanic, _loop: Any) -> None:
        """Answer what an earlier run has left, and whatever comes."""
        self._app = app
        self._inbox = Inbox.of(app, self._engine)
        queue = self._inbox.queue("rest")
        self._history = History(self._engine, queue)
        self._worker: Worker = self._inbox.worker(queue, self._work)
        self._inbox.bus.on(NEWS, self._tell)
        self._worker.start()

    async def stop(self, _app: Sanic, _loop: Any) -> None:
        """Let turns end; what still waits then is told to come again."""
        await self._inbox.drain()
        for sender in list(self._waiting):
            self._tell(sender)

    async def answer(self, question: Question) -> list[dict[str, Any]]:
        """Put a question into the inbox, unless it is known, and return its answer.

        Raises:
            Refusal: There is no answer yet, or the question could not be kept.
        """
        if self._inbox.is_closed:
            raise Refusal(_AWAY, "unavailable", 503, retry_after=1)
        source = source_of(question.sender, question.text)
        try:
            asked, is_new = await in_thread(
                self._history.add,
                question.sender,
                question.id,
                storable(question.text),
                payload=question.value,
                source=source,
            )
        except Overload:
            raise OVERLOADED from None
        except SQLAlchemyError as error:
            log.error("rest.not_kept", cause=str(error))
            raise Refusal(_AWAY, "unavailable", 503, retry_after=3) from error
        if is_new:
            self._worker.wake(question.sender, source)
        return [message.content for message in await self._wait(question.sender, asked.seq)]

    async def _wait(self, sender: str, seq: int) -> list[Message]:
        until = time.monotonic() + WAIT_SECONDS
        news = asyncio.Event()
        self._waiting.setdefault(sender, set()).add(news)
        try:
            while True:
                news.clear()
                is_last = self._inbox.is_closed or time.monotonic() > until
                answer = []
                try:
                    answer = await in_thread(self._history.answer_to, sender, seq)
                except SQLAlchemyError:
                    is_last = True
                if answer:
                    return answer
                if is_last:
                    raise Refusal(_LATER, "unavailable", 503, retry_after=1)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOK_SECONDS)
        finally:
            self._waiting[sender].discard(news)
            if not self._waiting[sender]:
                del self._waiting[sender]

    def _tell(self, sender: str, *_: Any) -> None:
        for news in self._waiting.get(sender, ()):
            news.set()

    async def _work(self, item: Item) -> None:
        sender = item.lane
        message = await in_thread(self._history.of, sender, int(item.position))
        replies = []
        # An operator may have deleted what was said.
        if message is not None:
            payload = opened(self._seals, message.content.get("payload"), sender)
            replies = await self._turns.replies_once(
                item, self._app.ctx.agent, sender, message.text or "", payload
            )
        answers = [LoggedReply(None, _message(reply, sender, self._seals)) for reply in replies]
        await in_thread(self._history.answer, item, answers)
        self._tell(sender)


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


async def _read_question(request: Request) -> Question:
    """Return what a request asks.

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
    return Question(_sender_of(content.get("sender")), text, payload, _id_of(content.get("id")))


def _id_of(given: Any) -> str:
    if given is None:
        return uuid.uuid4().hex
    if not isinstance(given, str) or not 0 < len(given) <= ID_LIMIT_CHARACTERS:
        raise Refusal(f'"id" must be a string of at most {ID_LIMIT_CHARACTERS} characters.')
    if not given.isprintable():
        raise Refusal('"id" must be printable.')
    return given


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
