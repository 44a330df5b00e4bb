"""A web channel on a real server, and a widget's side of it, for tests."""

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import socketio
from rasa.core.run import configure_app
from sanic import Sanic

from preceptor.channels.web.channel import WebInput
from preceptor.runtime.settings import Settings, WebSettings
from tests.support.tiny_project import free_port

if not hasattr(aiohttp, "ClientWSTimeout"):
    # The client of python-engineio asks for a name that came with aiohttp 3.11, which Rasa does
    # not allow yet; before, the same seconds were given as they are.
    aiohttp.ClientWSTimeout = lambda ws_close: ws_close

# Else Sanic allows one app of a name in a process, and one server: at its start it takes out of
# its classes what the app at hand does not need.
Sanic.test_mode = True

SOCKET_PATH = "/webhooks/web/socket.io"
LIMIT_SECONDS = 20.0


class EchoAgent:
    """Stands where Rasa's agent would, and says back what reaches it."""

    tracker_store = SimpleNamespace(retrieve=None)

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.chosen: list[dict[str, Any] | None] = []
        self.running: dict[str, int] = {}
        self.most_at_once: dict[str, int] = {}
        self.replies: list[dict[str, Any]] | None = None
        self.hold: asyncio.Event | None = None
        self.ready = True

    def is_ready(self) -> bool:
        return self.ready

    async def handle_message(self, message: Any) -> None:
        who = message.sender_id
        self.running[who] = self.running.get(who, 0) + 1
        self.most_at_once[who] = max(self.most_at_once.get(who, 0), self.running[who])
        self.said.append((who, message.text))
        self.chosen.append((message.metadata or {}).get("choice"))
        try:
            if message.text.startswith("slow"):
                await asyncio.sleep(0.2)
            if message.text.startswith("hold"):
                assert self.hold is not None
                await self.hold.wait()
            for reply in self.replies or [{"text": f"You said {message.text}"}]:
                await message.output_channel.send_response(who, dict(reply))
        finally:
            self.running[who] -= 1


class RunningServer:
    """A Sanic server with the web channel on an event loop of its own."""

    def __init__(self, settings: Settings, web_settings: WebSettings, agent: Any) -> None:
        self.agent = agent
        self.settings = settings
        self.port = free_port()
        self.loop = asyncio.new_event_loop()
        app = configure_app([WebInput(settings, web_settings)], enable_api=False)
        app.ctx.agent = agent
        self.app = app
        self.channel = next(
            blueprint for blueprint in app.blueprints.values() if hasattr(blueprint.ctx, "server")
        ).ctx.server
        started = threading.Event()

        async def serve() -> None:
            self.server = await app.create_server(
                "127.0.0.1", self.port, return_asyncio_server=True
            )
            await self.server.startup()
            await self.server.before_start()
            await self.server.after_start()
            started.set()

        def run() -> None:
            asyncio.set_event_loop(self.loop)
            self.loop.create_task(serve())
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        assert started.wait(LIMIT_SECONDS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop as a server does that is told to."""

        async def stop() -> None:
            await self.server.before_stop()
            self.server.close()

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(LIMIT_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Stop the loop where it stands: nothing more is written or sent."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(LIMIT_SECONDS)


class Widget:
    """A widget's connection: what it says, and what it hears in order."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.heard: list[tuple[str, Any]] = []
        self.client = socketio.AsyncClient(reconnection=False)
        for event in ("message", "typing", "rated"):
            self.client.on(event, self._keep(event))

    def _keep(self, event: str) -> Callable[[Any], None]:
        return lambda data: self.heard.append((event, data))

    async def connect(self, **kwargs: Any) -> "Widget":
        await self.client.connect(
            self.url,
            socketio_path=SOCKET_PATH,
            auth={"token": self.token},
            wait_timeout=LIMIT_SECONDS,
            **{"transports": ["websocket"], **kwargs},
        )
        return self

    async def ask(self, event: str, payload: Any) -> Any:
        """Send an event and return its acknowledgement."""
        return await self.client.call(event, payload, timeout=LIMIT_SECONDS)

    async def say(self, text: str, client_id: str | None = None, **more: Any) -> Any:
        return await self.ask("say", {"id": client_id or str(uuid.uuid4()), "text": text, **more})

    async def sync(self, after: int = 0) -> list[dict[str, Any]]:
        answer = await self.ask("sync", {"after": after})
        assert answer["ok"], answer
        return answer["messages"]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [data for event, data in self.heard if event == "message"]

    def texts(self, sender: str = "advisor") -> list[str]:
        return [each["text"] for each in self.messages if each["from"] == sender]

    async def until(self, condition: Callable[[], Any]) -> Any:
        return await until(condition)

    async def close(self) -> None:
        await self.client.disconnect()


async def until(condition: Callable[[], Any], seconds: float = LIMIT_SECONDS) -> Any:
    """Wait for a condition and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)
    return value


def new_token(url: str, **body: Any) -> str:
    """Ask a server for a token, with `token` or `identity` where they are given."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        answer = client.post("/webhooks/web/session", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


@contextlib.asynccontextmanager
async def widget(url: str, token: str | None = None, **kwargs: Any):
    """A connected widget, with a conversation of its own unless a token is given."""
    made = await Widget(url, token or new_token(url)).connect(**kwargs)
    try:
        yield made
    finally:
        await made.close()
