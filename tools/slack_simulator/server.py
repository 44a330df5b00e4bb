"""A fake Slack over real HTTP and real WebSockets, on the loopback interface.

It runs an aiohttp server in a thread of its own, so that plain tests can use it: they speak for
people (`FakeSlack.person`), it tells the app by signed requests or through Socket Mode, keeps
what the app posts, and refuses what Slack refuses. Faults are switched on by `fail`, `going_down`,
`kick` and `revoke`.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import WSMsgType, web

from tools.slack_simulator.webapi import APP_TOKEN, CLIENT_ID, CLIENT_SECRET, Refused, WebApi
from tools.slack_simulator.workspace import ONE, Call, Message, Workspaces

SIGNING_SECRET = "8f742231b10e8888abcd0123456785a5"
# Slack resends at once, after a minute and after five; tests wait less long, and long enough for a
# busy machine.
SLACKS_DELAYS = (0.0, 60.0, 300.0)
QUICK_DELAYS = (0.0, 4.0, 15.0)
# What Slack waits for an acknowledgement.
ACK_LIMIT_SECONDS = 3.0
WAIT_SECONDS = 40.0
RESPONSE_URL_USES = 5

_JSON_FIELDS = {"blocks", "attachments", "view", "metadata", "prompts"}
_Result = TypeVar("_Result")


@dataclass
class Attempt:
    """One delivery of a payload: what the app answered, and after how long."""

    status: int
    milliseconds: float
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Say whether Slack takes it for an acknowledgement."""
        return 200 <= self.status < 300


@dataclass
class Delivery:
    """A payload on its way to the app, with every attempt so far.

    Attributes:
        given_up: True where no attempt was acknowledged and none will follow.
    """

    kind: str
    payload: dict[str, Any]
    attempts: list[Attempt] = field(default_factory=list)
    given_up: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float = WAIT_SECONDS) -> Attempt:
        """Wait until it is acknowledged or given up; return the last attempt."""
        assert self.done.wait(seconds), f"{self.kind} was not delivered in {seconds} s"
        return self.attempts[-1]

    @property
    def acknowledged(self) -> bool:
        """Say whether the app has acknowledged it."""
        return any(attempt.ok for attempt in self.attempts)


@dataclass
class _Fault:
    """What the next calls of a method meet instead of an answer."""

    status: int
    left: int
    headers: dict[str, str]
    error: str = ""


class FakeSlack:
    """Slack, as far as the app can tell.

    Attributes:
        world: the state of the workspaces.
        api: the Web API; `api.violations` has what should never have been sent.
        request_url: where the app takes events, interactivity and commands over HTTP.
        socket_mode: whether it is told through Socket Mode instead.
        subscriptions: the events that the app's manifest asks for.
    """

    def __init__(
        self,
        *,
        scopes: set[str],
        subscriptions: set[str],
        socket_mode: bool = False,
        request_url: str = "",
        delays: tuple[float, ...] = QUICK_DELAYS,
    ) -> None:
        """Prepare it; `start` opens a free port."""
        self.world = Workspaces(scopes)
        self.api = WebApi(self.world)
        self.subscriptions = set(subscriptions)
        self.socket_mode = socket_mode
        self.request_url = request_url
        self.delays = delays
        self.port = 0
        self.deliveries: list[Delivery] = []
        self.changed = threading.Condition()
        self.connections: list[web.WebSocketResponse] = []
        self._tickets: set[str] = set()
        self._faults: dict[str, deque[_Fault]] = {}
        self._down: str | None = None
        self._acks: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._responses: dict[str, dict[str, Any]] = {}
        self._turn_of_socket = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.routes: list[web.RouteDef] = []

    # --- running -------------------------------------------------------------------------

    @property
    def base(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """The Web API's base address, as slack-sdk's `base_url`."""
        return f"{self.base}/api/"

    def start(self, port: int = 0) -> "FakeSlack":
        """Listen on a port of the loopback interface, a free one by default."""
        self._thread.start()
        self.run(self._start(port))
        return self

    def stop(self) -> None:
        """Close all connections and end the thread."""
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def __enter__(self) -> "FakeSlack":
        """Start the simulator."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop the simulator."""
        self.stop()

    def run(self, work: Any, seconds: float = WAIT_SECONDS) -> Any:
        """Run a coroutine in the fake's own loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    async def _start(self, port: int) -> None:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._api),
                web.get("/link", self._socket),
                web.post("/response/{id}", self._response_url),
                web.get("/oauth/v2/authorize", self._authorize),
                *self.routes,
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self._session = aiohttp.ClientSession(
            trust_env=False,
            # A connection kept open would hold up the app when it stops.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
        )

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for socket in list(self.connections):
            await socket.close()
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    def notify(self) -> None:
        """Wake everybody who waits for something to change."""
        with self.changed:
            self.changed.notify_all()

    def wait_for(
        self,
        condition: Callable[[], _Result],
        what: str = "the condition",
        seconds: float = WAIT_SECONDS,
    ) -> _Result:
        """Wait until a condition holds and return its value.

        Raises:
            AssertionError: it did not within the limit.
        """
        deadline = time.monotonic() + seconds
        with self.changed:
            while not (value := condition()):
                left = deadline - time.monotonic()
                assert left > 0, f"after {seconds:g} s there was no sign of {what}"
                # Woken by changes of the fake's own; the short wait is for conditions elsewhere.
                self.changed.wait(min(left, 0.1))
        return value

    # --- the Web API ---------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        token, body = await _read_call(request)
        team = self.world.team_of_token(token)
        call = Call(method, body, team.id if team else "", time.time())
        self.world.calls.append(call)
        refused = self._fault(method, request)
        if refused is not None:
            call.error = f"status {refused.status}"
            self.notify()
            return refused
        headers = {}
        try:
            if method == "apps.connections.open":
                answer = self._open_connection(token)
            elif method == "oauth.v2.access":
                answer = self._access(request, body)
            else:
                answer = self.api.answer(method, token, body)
                headers["x-oauth-scopes"] = ",".join(sorted(team.scopes)) if team else ""
            call.ok = True
        except Refused as error:
            call.error = error.error
            answer = {"ok": False, "error": error.error, **error.more}
            if error.messages:
                answer["errors"] = error.messages
                answer["response_metadata"] = {"messages": error.messages}
        self.notify()
        return web.json_response({"ok": True, **answer}, headers=headers)

    def _fault(self, method: str, request: web.Request) -> web.Response | None:
        if self._down == "drop":
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=503)
        if self._down:
            return web.Response(status=int(self._down), text="down")
        for name in (method, "*"):
            faults = self._faults.get(name)
            if faults:
                fault = faults[0]
                fault.left -= 1
                if fault.left <= 0:
                    faults.popleft()
                if fault.status == 0:
                    assert request.transport is not None
                    request.transport.abort()
                    return web.Response(status=503)
                answer = {"ok": False, "error": fault.error} if fault.error else {}
                return web.json_response(answer, status=fault.status, headers=fault.headers)
        return None

    def _open_connection(self, token: str) -> dict[str, Any]:
        if token != APP_TOKEN:
            raise Refused(
                "invalid_auth" if not token.startswith("xoxb") else "not_allowed_token_type"
            )
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return {"url": f"ws://127.0.0.1:{self.port}/link?ticket={ticket}&app_id=A0APP"}

    # --- faults --------------------------------------------------------------------------

    def fail(
        self, method: str, *, times: int = 1, status: int = 500, retry_after: int | None = None
    ) -> None:
        """Let the next calls of a method ("*": of all) fail.

        Args:
            method: Such as `chat.postMessage`.
            times: How many calls.
            status: 429, a 5xx, or 0 for a connection that is dropped.
            retry_after: Seconds, for a 429.
        """
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        error = "ratelimited" if status == 429 else ""
        self._faults.setdefault(method, deque()).append(_Fault(status, times, headers, error))

    @contextmanager
    def going_down(self, how: str = "503") -> Iterator[None]:
        """Answer every call with a status, or drop it ("drop"), within a block."""
        self._down = how
        try:
            yield
        finally:
            self._down = None
            self.notify()

    def kick(self, channel: str, team: str = ONE) -> None:
        """Remove the app from a channel."""
        self.world.channels[team, channel].members.discard(self.world.teams[team].bot_user)

    def invite(self, channel: str, team: str = ONE) -> None:
        """Invite the app into a channel again."""
        self.world.channels[team, channel].members.add(self.world.teams[team].bot_user)

    # --- OAuth ---------------------------------------------------------------------------

    async def _authorize(self, request: web.Request) -> web.Response:
        """Approve at once: what a person would do on Slack's own page."""
        code = secrets.token_urlsafe(12)
        self.world.codes[code] = request.query.get("team") or "T0NEW"
        back = {"code": code, "state": request.query.get("state", "")}
        target = request.query.get("redirect_uri") or ""
        raise web.HTTPFound(f"{target}?{urlencode(back)}")

    def grant(self, team: str = "T0NEW") -> str:
        """Return a code as if a person of a workspace had approved the installation."""
        code = secrets.token_urlsafe(12)
        self.world.codes[code] = team
        return code

    def _access(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        client, secret = body.get("client_id"), body.get("client_secret")
        header = request.headers.get("Authorization", "")
        if header.startswith("Basic "):
            client, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        if client != CLIENT_ID or secret != CLIENT_SECRET:
            raise Refused("bad_client_secret")
        team_id = self.world.codes.pop(str(body.get("code")), None)
        if team_id is None:
            raise Refused("invalid_code")
        team = self.world.install(team_id, f"Workspace {team_id}")
        return {
            "access_token": team.token, "token_type": "bot", "app_id": "A0APP",
            "scope": ",".join(sorted(team.scopes)), "bot_user_id": team.bot_user,
            "team": {"id": team.id, "name": team.name}, "enterprise": None,
            "is_enterprise_install": False, "authed_user": {"id": "U0ADMIN"},
        }  # fmt: skip

    def uninstall(self, team: str) -> list[Delivery]:
        """Uninstall the app: its token dies, and the two events go out."""
        gone = self.world.teams[team]
        gone.installed = False
        bot = {"oauth": [], "bot": [gone.bot_user]}
        return [
            self.tell_event({"type": "tokens_revoked", "tokens": bot}, team),
            self.tell_event({"type": "app_uninstalled"}, team),
        ]

    # --- response_url --------------------------------------------------------------------

    def response_url(self, **place: Any) -> str:
        """Return a response_url for a place, `{team, channel, user, ts, thread_ts}`."""
        name = secrets.token_urlsafe(12)
        self._responses[name] = {**place, "left": RESPONSE_URL_USES}
        return f"{self.base}/response/{name}"

    async def _response_url(self, request: web.Request) -> web.Response:
        place = self._responses.get(request.match_info["id"])
        body = await request.json()
        call = Call("response_url", body, place["team"] if place else "", time.time())
        self.world.calls.append(call)
        refused = self._fault("response_url", request)
        if refused is not None:
            call.error = f"status {refused.status}"
            return refused
        if place is None or place["left"] <= 0:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        place["left"] -= 1
        team = self.world.teams[place["team"]]
        original = self.world.find(team.id, place["channel"], place.get("ts") or "")
        if body.get("delete_original"):
            if original:
                original.deleted = True
        else:
            try:
                self.api.check(body, "response_url")
            except Refused as error:
                call.error = error.error
                return web.json_response(
                    {"ok": False, "error": error.error, "errors": error.messages}, status=400
                )
            blocks = self.api.named_blocks(body.get("blocks"))
            if body.get("replace_original") and original:
                original.change(str(body.get("text") or ""), blocks)
            else:
                public = body.get("response_type") == "in_channel"
                self.world.messages.append(
                    Message(
                        team.id, place["channel"], self.world.next_ts(), team.bot_user,
                        str(body.get("text") or ""), blocks,
                        body.get("thread_ts") or place.get("thread_ts"), from_bot=True,
                        ephemeral_to=None if public else place["user"],
                    )
                )  # fmt: skip
        call.ok = True
        self.notify()
        return web.json_response({"ok": True})

    # --- Socket Mode ---------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or self._down:
            return web.Response(status=503 if self._down else 401)
        self._tickets.discard(ticket)
        # Slack pings too; the app's answer to a ping is how it knows that the app lives.
        socket = web.WebSocketResponse(heartbeat=10)
        await socket.prepare(request)
        self.connections.append(socket)
        await socket.send_json(
            {
                "type": "hello", "num_connections": len(self.connections),
                "debug_info": {"host": "fake", "approximate_connection_time": 18060},
                "connection_info": {"app_id": "A0APP"},
            }
        )  # fmt: skip
        self.notify()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    answer = json.loads(frame.data)
                    waiting = self._acks.pop(answer.get("envelope_id", ""), None)
                    if waiting and not waiting.done():
                        waiting.set_result(answer)
        finally:
            if socket in self.connections:
                self.connections.remove(socket)
            self.notify()
        return socket

    def refresh_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew, as Slack does about every hour."""
        self.run(self._refresh(reason))

    async def _refresh(self, reason: str) -> None:
        for socket in list(self.connections):
            # Slack sends nothing more through a connection that it is about to end.
            self.connections.remove(socket)
            await socket.send_json({"type": "disconnect", "reason": reason})

    def cut_sockets(self) -> None:
        """Drop every connection without a word."""

        async def cut() -> None:
            for socket in list(self.connections):
                if socket._req is not None and socket._req.transport is not None:
                    socket._req.transport.abort()

        self.run(cut())

    # --- telling the app -----------------------------------------------------------------

    def tell_event(self, event: dict[str, Any], team: str = ONE, **envelope: Any) -> Delivery:
        """Send an event through the Events API.

        Args:
            event: The inner event.
            team: The workspace in which it happened.
            envelope: What to change in the outer part, such as `event_id`.
        """
        bot = self.world.teams[team].bot_user
        payload = {
            "token": "old-verification-token", "team_id": team, "api_app_id": "A0APP",
            "event": event, "type": "event_callback", "event_id": self.world.next_id("Ev"),
            "event_time": int(time.time()), "is_ext_shared_channel": False,
            "authorizations": [
                {"enterprise_id": None, "team_id": team, "user_id": bot, "is_bot": True,
                 "is_enterprise_install": False}
            ],
            **envelope,
        }  # fmt: skip
        return self.deliver("events_api", payload)

    def deliver(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        retry: tuple[int, str] | None = None,
        headers: dict[str, str] | None = None,
        retries: bool = True,
    ) -> Delivery:
        """Send a payload to the app as Slack does, again until it is acknowledged.

        Args:
            kind: `events_api`, `interactive` or `slash_commands`, as Socket Mode names them.
            payload: What is told.
            retry: Start as this retry, (number, reason), instead of as a first delivery.
            headers: Headers to change, over HTTP.
            retries: Whether an attempt that fails is followed by others.
        """
        delivery = Delivery(kind, payload)
        self.deliveries.append(delivery)

        def begin() -> None:
            task = self._loop.create_task(self._deliver(delivery, retry, headers or {}, retries))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin)
        return delivery

    async def _deliver(
        self,
        delivery: Delivery,
        retry: tuple[int, str] | None,
        headers: dict[str, str],
        retries: bool,
    ) -> None:
        number, reason = retry or (0, "")
        # Interactions and commands are never sent again: there is a person who can click again.
        retries = retries and delivery.kind == "events_api"
        delays = self.delays if retries else ()
        try:
            for delay in (0.0, *delays):
                await asyncio.sleep(delay)
                if self.socket_mode:
                    attempt, why = await self._through_socket(delivery, number, reason)
                else:
                    attempt, why = await self._over_http(delivery, number, reason, headers)
                delivery.attempts.append(attempt)
                if attempt.ok or "x-slack-no-retry" in attempt.headers:
                    break
                number, reason = number + 1, why
            delivery.given_up = not delivery.acknowledged
        finally:
            delivery.done.set()
            self.notify()

    async def _over_http(
        self, delivery: Delivery, number: int, reason: str, headers: dict[str, str]
    ) -> tuple[Attempt, str]:
        if delivery.kind == "events_api":
            media, body = "application/json", json.dumps(delivery.payload).encode()
        else:
            media = "application/x-www-form-urlencoded"
            form = (
                delivery.payload
                if delivery.kind == "slash_commands"
                else {"payload": json.dumps(delivery.payload)}
            )
            body = urlencode(form).encode()
        sent = {"Content-Type": media, "User-Agent": "Slackbot 1.0", **signed(body)}
        if number:
            sent |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        sent |= headers
        return await self.post(body, sent)

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[Attempt, str]:
        """Post to the app's request URL; return the attempt and Slack's reason if it failed."""
        assert self._session is not None
        started = time.perf_counter()
        limit = aiohttp.ClientTimeout(total=ACK_LIMIT_SECONDS)
        try:
            async with self._session.post(
                self.request_url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                text = await answer.text()
                took = (time.perf_counter() - started) * 1000
                found = {key.lower(): value for key, value in answer.headers.items()}
                return Attempt(answer.status, took, text, found), "http_error"
        except asyncio.TimeoutError:
            return Attempt(0, ACK_LIMIT_SECONDS * 1000), "http_timeout"
        except aiohttp.ClientError as error:
            took = (time.perf_counter() - started) * 1000
            return Attempt(0, took, str(error)), "connection_failed"

    async def _through_socket(
        self, delivery: Delivery, number: int, reason: str
    ) -> tuple[Attempt, str]:
        started = time.perf_counter()
        envelope: dict[str, Any] = {
            "envelope_id": secrets.token_hex(8), "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != "events_api",
        }  # fmt: skip
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": number, "retry_reason": reason}
        live = [socket for socket in self.connections if not socket.closed]
        if not live:
            return Attempt(0, 0.0, "no connection"), "connection_failed"
        # Slack hands an envelope to any one of an app's connections.
        self._turn_of_socket += 1
        socket = live[self._turn_of_socket % len(live)]
        waiting: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._acks[envelope["envelope_id"]] = waiting
        try:
            await socket.send_json(envelope)
            answer = await asyncio.wait_for(waiting, ACK_LIMIT_SECONDS)
        except asyncio.TimeoutError:
            return Attempt(0, ACK_LIMIT_SECONDS * 1000), "timeout"
        except (ConnectionError, RuntimeError) as error:
            return Attempt(0, 0.0, str(error)), "connection_failed"
        finally:
            self._acks.pop(envelope["envelope_id"], None)
        took = (time.perf_counter() - started) * 1000
        payload = answer.get("payload")
        return Attempt(200, took, json.dumps(payload) if payload else ""), ""


def signed(body: bytes, *, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Return the two headers of Slack's signature, version 0, for a body sent at a time."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


async def _read_call(request: web.Request) -> tuple[str, dict[str, Any]]:
    """Return the token and the arguments of a call, sent as JSON or as a form."""
    body: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body |= await request.json() if request.can_read_body else {}
    elif request.can_read_body:
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        for key, value in form.items():
            body[key] = json.loads(value) if key in _JSON_FIELDS and value else value
    header = request.headers.get("Authorization", "")
    token = header[7:] if header.startswith("Bearer ") else str(body.pop("token", ""))
    body.pop("token", None)
    return token, body
