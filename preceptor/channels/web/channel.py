"""The channel itself: HTTP, Socket.IO and the server's start and end."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import math
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from weakref import WeakValueDictionary

import pydantic
import socketio
import structlog
from rasa.core.channels.channel import InputChannel
from rasa.shared.core.events import Restarted
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from preceptor.channels.bus import LOST, MISSED
from preceptor.channels.feedback import Ratings
from preceptor.channels.history import NEWS, History, LoggedReply, Message
from preceptor.channels.http import OVERLOADED, Refusal, health, json_response, read_body
from preceptor.channels.inbox import Inbox, Item, Overload, Worker, source_of
from preceptor.channels.output import channel_seals, opened, storable
from preceptor.channels.rate_limit import SharedLimit
from preceptor.channels.storage import in_thread, open_channels
from preceptor.channels.turns import OnNewMessage, Turns
from preceptor.channels.web import files
from preceptor.channels.web.origins import address_of, is_allowed, set_cors
from preceptor.channels.web.output import logged, shortlist, wire
from preceptor.channels.web.tokens import Tokens
from preceptor.runtime.secrets import derived_key
from preceptor.runtime.settings import (
    Complaint,
    Rate,
    Settings,
    WebSettings,
    load_settings,
)

FRAME_BYTES = 16 * 1024
TEXT_CHARACTERS = 2_000
PAYLOAD_CHARACTERS = 1_000
SYNC_MESSAGES = 200
SOCKETS = 2_000
SOCKETS_A_CONVERSATION = 20
# Events that cost no turn: reading the log, ratings.
EVENTS = Rate(600, 120)
DAY_SECONDS = 24 * 3600
# How soon a widget may come back that is told that the server stops.
COME_BACK_SECONDS = 1
CLOSING_SECONDS = 2.0
# Engine.IO's polling transport puts several packets into one request.
BODY_BYTES = 4 * FRAME_BYTES

SOCKET_PATH = "/webhooks/web/socket.io/"
# Ours alone among Rasa's routes; the rest of the server never sees our CORS.
OWN_PREFIX = "/webhooks/web"

_AWAY = "I could not write that down just now. Please try again in a moment."

log = structlog.get_logger(__name__)


class _Payload(pydantic.BaseModel):
    """What a widget sends; keys that we do not know, such as ids of conversations, are ignored."""

    @classmethod
    def of(cls, content: Any) -> Any:
        """Return checked content; pydantic itself would take an empty list for an object.

        Raises:
            pydantic.ValidationError: If it is not what the event needs.
        """
        return cls.parse_obj(content if isinstance(content, dict) else None)


class SessionRequest(_Payload):
    """The body of `POST /webhooks/web/session`."""

    token: pydantic.StrictStr | None = None
    identity: pydantic.StrictStr | None = None


_Sealed = pydantic.constr(strict=True, max_length=PAYLOAD_CHARACTERS)


class Say(_Payload):
    """`say`: what a person said, or the title of the button that they clicked and its value."""

    id: uuid.UUID
    text: pydantic.StrictStr
    payload: _Sealed | pydantic.conlist(_Sealed, max_items=3) | None = None  # type: ignore


class Sync(_Payload):
    """`sync`: what came after a message."""

    after: pydantic.conint(strict=True, ge=0, le=2**31 - 1)  # type: ignore[valid-type]


class Restart(_Payload):
    """`restart`: begin anew."""

    id: uuid.UUID


class Rating(_Payload):
    """`rate`: what a person thinks of an answer."""

    seq: pydantic.conint(strict=True, ge=1, le=2**31 - 1)  # type: ignore[valid-type]
    rating: Literal["up", "down"] | None


class WebInput(InputChannel):
    """Rasa's input channel `web`; see docs/web.md."""

    def __init__(self, settings: Settings, web_settings: WebSettings) -> None:
        """Create the channel; its database is opened with the blueprint."""
        self._settings = settings
        self._web_settings = web_settings

    @classmethod
    def name(cls) -> str:
        """Return the name that makes the address `/webhooks/web/`."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WebInput:
        """Return the channel with what the environment says.

        Raises:
            Complaint: With a sentence about the first setting that is not right.
        """
        if credentials:
            raise Complaint(
                "credentials.yml has settings of the web channel; please give them as environment "
                "variables, which docs/settings.md lists."
            )
        return cls(load_settings(), WebSettings())

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Return the routes below `/webhooks/web`, and `/` and `/widget/` beside them."""
        return _WebBlueprint(WebServer(self._settings, self._web_settings, on_new_message))


class _WebBlueprint(Blueprint):
    """The channel's routes; those outside `/webhooks/web` are put on the app itself."""

    def __init__(self, server: WebServer) -> None:
        super().__init__("preceptor_web")
        self.ctx.server = server
        self.listener("after_server_start")(server.start)
        self.listener("before_server_stop")(server.stop)

        # Functions, since Sanic marks handlers, which a method cannot bear.
        @self.get("/")
        async def web_health(request: Request) -> HTTPResponse:
            return health(request)

        @self.route("/session", methods=["POST", "OPTIONS"], stream=True)
        async def web_session(request: Request) -> HTTPResponse:
            return await server.answering(request, server.session)

        @self.route("/socket.io/", methods=["GET", "POST", "OPTIONS"], stream=True)
        async def web_socket(request: Request) -> HTTPResponse:
            return await server.answering(request, server.engine)

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        """Register the routes with Rasa's app."""
        super().register(app, options)
        # Before the server chooses its protocol; Engine.IO's own `attach` does the same.
        app.enable_websocket()
        app.config.WEBSOCKET_MAX_SIZE = FRAME_BYTES
        server: WebServer = self.ctx.server
        server.attach(app)
        app.add_route(files.widget_file, "/widget/<name>", methods=["GET", "HEAD"])
        # Rasa has a route of its own for "/".
        app.register_middleware(files.page, "request")
        app.register_middleware(server.headers, "response")


class WebServer:
    """What stands behind the routes, one a server."""

    def __init__(
        self, settings: Settings, web_settings: WebSettings, on_new_message: OnNewMessage
    ) -> None:
        """Open the database; `start` begins to answer."""
        self.app: Sanic | None = None
        self._settings = settings
        self._web = web_settings
        self._tokens = Tokens(
            derived_key(settings, "web token"),
            web_settings.token_minutes * 60,
            web_settings.grace_days * DAY_SECONDS,
            web_settings.identity_secret,
        )
        self._source_key = derived_key(settings, "addresses")
        self._engine = engine = open_channels(settings)
        self._ratings = Ratings(engine, self.name)
        self._seals = channel_seals(settings)
        self._turns = Turns(self.name, on_new_message)
        self._sessions = SharedLimit(engine, "sessions", web_settings.address_sessions_per_minute)
        self._says = SharedLimit(engine, "says", web_settings.messages_per_minute)
        self._address_says = SharedLimit(
            engine, "address says", web_settings.address_messages_per_minute
        )
        self._events = SharedLimit(engine, "events", EVENTS)
        # The conversation and the address behind each connected socket.
        self._people: dict[str, tuple[str, str]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.sio = self._socket_server()

    name = "web"

    def attach(self, app: Sanic) -> None:
        """Take part in the inbox of a server."""
        self.app = app
        self._inbox = Inbox.of(app, self._engine)
        queue = self._inbox.queue(self.name)
        self._worker: Worker = self._inbox.worker(queue, self._work)
        self._history = History(self._engine, queue)
        self._inbox.bus.on(NEWS, self._show_news)
        self._inbox.bus.on(LOST, self._close)
        self._inbox.bus.on(MISSED, self._show_latest)

    # -- the server's start and end ------------------------------------------------------------

    async def start(self, _app: Sanic, _loop: Any) -> None:
        """Answer what an earlier run has left."""
        self._worker.start()

    async def stop(self, _app: Sanic, _loop: Any) -> None:
        """Let running turns end, and close the connections; what waits is kept in the inbox."""
        await self._inbox.drain()
        await self._close()
        await self.sio.shutdown()

    async def _close(self) -> None:
        """Close all connections: the widgets come back to this server or to another."""
        await self.sio.emit("leaving", {"retry_after": COME_BACK_SECONDS})
        sockets = list(self.sio.eio.sockets.values())
        if closing := [asyncio.ensure_future(socket.close(wait=False)) for socket in sockets]:
            await asyncio.wait(closing, timeout=CLOSING_SECONDS)

    def _agent(self) -> Any:
        assert self.app is not None
        return self.app.ctx.agent

    # -- HTTP ------------------------------------------------------------------------------------

    async def answering(
        self, request: Request, answer: Callable[[Request], Awaitable[HTTPResponse]]
    ) -> HTTPResponse:
        """Answer a request of an allowed page, or refuse it."""
        try:
            self._check_origin(request)
            if request.method == "OPTIONS":
                return HTTPResponse(status=204)
            return await answer(request)
        except Refusal as refusal:
            return refusal.response()
        except SQLAlchemyError as error:
            log.error("web.log_failed", cause=str(error))
            return Refusal(_AWAY, "unavailable", 503, retry_after=3).response()

    async def session(self, request: Request) -> HTTPResponse:
        """`POST /webhooks/web/session`: a token for a new conversation or one's own."""
        await self._check_rate(self._sessions, self._source(request))
        try:
            wanted = SessionRequest.of(json.loads(await read_body(request, FRAME_BYTES)))
        except (pydantic.ValidationError, json.JSONDecodeError, UnicodeError, RecursionError):
            raise Refusal(
                'The body must be JSON: {}, or an object with "token" or "identity", a string.'
            ) from None
        if wanted.identity is not None:
            return json_response(self._tokens.identify(wanted.identity))
        if wanted.token is not None:
            return json_response(self._tokens.renew(wanted.token))
        return json_response(self._tokens.new())

    async def engine(self, request: Request) -> HTTPResponse:
        """Engine.IO, polling and WebSocket, behind our own checks.

        Engine.IO's own check of origins differs between the versions that Rasa allows and
        cannot answer in our words, so it is off.
        """
        if "j" in request.args:
            # JSONP would hand answers to pages that CORS keeps out.
            raise Refusal("JSONP is not served here.")
        if "sid" not in request.args:
            await self._check_rate(self._sessions, self._source(request))
            if self._inbox.is_closed or len(self.sio.eio.sockets) >= SOCKETS:
                raise Refusal(
                    "The advisor has no room for another connection just now. "
                    "Please try again in a moment.",
                    "unavailable",
                    503,
                    retry_after=5,
                )
        request.body = await read_body(request, BODY_BYTES)
        response: HTTPResponse | None = await self.sio.handle_request(request)
        # At a WebSocket's end, Engine.IO may answer nothing, which Sanic logs.
        return HTTPResponse() if response is None else response

    async def headers(self, request: Request, response: HTTPResponse | None) -> None:
        """Put the headers on that all our responses have."""
        if response is None or not request.path.startswith(OWN_PREFIX + "/"):
            return
        set_cors(request, response, self._web.origins)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"

    def _source(self, request: Request) -> str:
        """Return what stands for a request's address where it is counted: no address is kept."""
        address = address_of(request, self._web.proxies).encode()
        return hashlib.blake2b(address, key=self._source_key, digest_size=12).hexdigest()

    def _check_origin(self, request: Request) -> None:
        if not is_allowed(request, self._web.origins):
            raise Refusal(
                "This site may not use the advisor. Its operator can add the site to "
                "PRECEPTOR_WEB_ORIGINS.",
                "origin",
                403,
            )

    @staticmethod
    async def _check_rate(limit: SharedLimit, key: str) -> None:
        wait = await limit.wait_for(key)
        if wait:
            seconds = math.ceil(wait)
            raise Refusal(
                f"That was a lot at once. Please wait {seconds} "
                f"second{'s' if seconds != 1 else ''} and try again.",
                "rate_limited",
                429,
                retry_after=wait,
            )

    # -- Socket.IO -------------------------------------------------------------------------------

    def _socket_server(self) -> socketio.AsyncServer:
        sio = socketio.AsyncServer(
            async_mode="sanic",
            cors_allowed_origins=[],
            max_http_buffer_size=FRAME_BYTES,
        )
        sio.on("connect", self._connect)
        sio.on("disconnect", self._disconnect)
        for event, payload, handler in (
            ("say", Say, self._say),
            ("sync", Sync, self._sync),
            ("restart", Restart, self._restart),
            ("rate", Rating, self._rate),
        ):
            sio.on(event, self._acknowledging(payload, handler))
        return sio

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        try:
            subject = self._tokens.check(auth.get("token") if isinstance(auth, dict) else None)
        except Refusal as refusal:
            raise _connection_refused(refusal) from refusal
        conversation = f"{self.name}:{subject}"
        open_now = sum(1 for other, _ in self._people.values() if other == conversation)
        if open_now >= SOCKETS_A_CONVERSATION:
            sentence = "This conversation is open in too many places; please close some."
            raise _connection_refused(Refusal(sentence, "rate_limited"))
        self._people[sid] = (
            conversation,
            self._source(environ["sanic.request"]),
        )
        await self.sio.enter_room(sid, conversation)
        with contextlib.suppress(SQLAlchemyError):
            await in_thread(self._history.touch, conversation)

    async def _disconnect(self, sid: str, *_reason: Any) -> None:
        self._people.pop(sid, None)

    def _acknowledging(
        self,
        payload: type[_Payload],
        handler: Callable[[str, str, Any], Awaitable[dict[str, Any]]],
    ) -> Callable[..., Awaitable[dict[str, Any]]]:
        """Wrap an event's handler: it gets a checked payload, the widget an acknowledgement."""

        async def handle(sid: str, *arguments: Any) -> dict[str, Any]:
            try:
                person = self._people.get(sid)
                if person is None:
                    raise Refusal("The connection has no conversation.", "token", 401)
                try:
                    checked = payload.of(arguments[0] if arguments else None)
                except (pydantic.ValidationError, RecursionError) as error:
                    raise Refusal(_what_is_wrong(payload, error)) from None
                return {"ok": True, **await handler(*person, checked)}
            except Refusal as refusal:
                return {"ok": False, **refusal.body()}
            except Overload:
                return {"ok": False, **OVERLOADED.body()}
            except SQLAlchemyError as error:
                log.error("web.log_failed", cause=str(error))
                return {"ok": False, "error": _AWAY, "code": "unavailable", "retry_after": 3}

        return handle

    async def _say(self, conversation: str, address: str, payload: Say) -> dict[str, Any]:
        if len(payload.text) > TEXT_CHARACTERS:
            raise Refusal(
                f"That message is longer than {TEXT_CHARACTERS:,} characters. "
                "Please shorten it, or send it in parts.",
                "too_large",
            )
        text = storable(payload.text)
        if not text.strip():
            raise Refusal("The message is empty; please type a question.")
        await self._check_rate(self._says, conversation)
        await self._check_rate(self._address_says, address)
        source = source_of(address, text)
        return await self._write_down(
            conversation, source, payload.id, text, "text", payload.payload
        )

    async def _restart(self, conversation: str, address: str, payload: Restart) -> dict[str, Any]:
        await self._check_rate(self._says, conversation)
        return await self._write_down(conversation, address, payload.id, None, "restart")

    async def _write_down(
        self,
        conversation: str,
        source: str,
        client_id: uuid.UUID,
        text: str | None,
        kind: Literal["text", "restart"],
        payload: str | list[str] | None = None,
    ) -> dict[str, Any]:
        async with self._lock(conversation):
            message, is_new = await in_thread(
                self._history.add, conversation, str(client_id), text, kind, payload, source
            )
            if is_new:
                await self._show(conversation, message)
        if is_new:
            self._worker.wake(conversation, source)
        return {"seq": message.seq}

    async def _sync(self, conversation: str, address: str, payload: Sync) -> dict[str, Any]:
        await self._check_rate(self._events, conversation)
        messages, more = await in_thread(
            self._history.after, conversation, payload.after, SYNC_MESSAGES
        )
        ratings = await in_thread(self._ratings.of, conversation)
        return {
            "messages": [wire(each, ratings.get(str(each.seq))) for each in messages],
            "more": more,
            "typing": self._worker.is_busy(conversation),
            "shortlist": shortlist(conversation, self._seals),
        }

    async def _rate(self, conversation: str, address: str, payload: Rating) -> dict[str, Any]:
        await self._check_rate(self._events, conversation)
        rated = await in_thread(self._history.of, conversation, payload.seq)
        if rated is None or rated.sender != "advisor":
            raise Refusal("There is no answer of that number to rate.")
        await in_thread(self._ratings.rate, conversation, str(payload.seq), payload.rating)
        await self.sio.emit("rated", payload.dict(), room=conversation)
        return {}

    # -- turns -------------------------------------------------------------------------------------

    async def _work(self, item: Item) -> None:
        """Answer a person's message and show the answer in every widget of the conversation."""
        conversation, seq = item.lane, int(item.position)
        message = await in_thread(self._history.of, conversation, seq)
        if message is None or message.kind == "restart":
            # An operator may have deleted what was said.
            if message is not None:
                await self._clear(conversation)
            await self._answer(item, [])
            return
        await self.sio.emit("typing", {"on": True}, room=conversation)
        try:
            payload = opened(self._seals, message.content.get("payload"), conversation)
            text = message.text or ""
            replies = await self._turns.replies_once(
                item, self._agent(), conversation, text, payload
            )
            await self._answer(
                item, [logged(reply, conversation, self._seals) for reply in replies]
            )
        finally:
            await self.sio.emit("typing", {"on": False}, room=conversation)

    async def _clear(self, conversation: str) -> None:
        """Make the conversation a new one for Rasa, as its own `/restart` would."""
        agent = self._agent()
        async with agent.lock_store.lock(conversation):
            tracker = await agent.processor.get_tracker(conversation)
            tracker.update(Restarted())
            await agent.processor.save_tracker(tracker)

    async def _answer(self, item: Item, replies: list[LoggedReply]) -> None:
        """Write an answer to the history and show it."""
        async with self._lock(item.lane):
            for message in await in_thread(self._history.answer, item, replies):
                await self._show(item.lane, message)

    def _lock(self, conversation: str) -> asyncio.Lock:
        """Return what is held from writing to showing, so that widgets get messages in order."""
        return self._locks.setdefault(conversation, asyncio.Lock())

    async def _show_news(self, conversation: str, first: int) -> None:
        """Show what another server has written to a conversation that has widgets here."""
        if any(other == conversation for other, _ in list(self._people.values())):
            with contextlib.suppress(SQLAlchemyError):
                new, _ = await in_thread(
                    self._history.after, conversation, first - 1, SYNC_MESSAGES
                )
                for message in new:
                    await self._show(conversation, message)

    async def _show_latest(self) -> None:
        """Show every conversation's latest message: a widget that sees a gap asks for the rest."""
        for conversation in {other for other, _ in self._people.values()}:
            with contextlib.suppress(SQLAlchemyError):
                if latest := await in_thread(self._history.latest, conversation):
                    await self._show(conversation, latest)

    async def _show(self, conversation: str, message: Message) -> None:
        await self.sio.emit("message", wire(message), room=conversation)


def _connection_refused(refusal: Refusal) -> Exception:
    return socketio.exceptions.ConnectionRefusedError(refusal.sentence, refusal.body())


def _what_is_wrong(payload: type[_Payload], error: Exception) -> str:
    wanted = ", ".join(f'"{name}"' for name in payload.__fields__)
    details = error.errors()[0] if isinstance(error, pydantic.ValidationError) else {"loc": ()}
    where = ".".join(str(part) for part in details["loc"] if part != "__root__")
    if not where:
        return f"The payload must be an object with {wanted}."
    return f'"{where}" is not right: {details["msg"]}.'
