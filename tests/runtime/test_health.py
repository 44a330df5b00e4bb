"""What /healthz and /readyz say of a server, and that they never hang."""

import sqlite3
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from preceptor.channels.inbox import Inbox, Worker
from preceptor.channels.storage import open_channels
from preceptor.runtime import health, server
from preceptor.runtime.settings import Settings


class Routes:
    """Stands where the server's app is asked for its routes."""

    def __init__(self, settings: Settings) -> None:
        self.handlers: dict[str, Any] = {}
        inbox = Inbox(open_channels(settings))

        async def work(_: Any) -> None: ...

        self.worker: Worker = inbox.worker(inbox.queue("test"), work)
        self.processor = SimpleNamespace(is_stuck=False)
        agent = SimpleNamespace(
            is_ready=lambda: True, is_warm=True, processor=self.processor, tracker_store=None
        )
        self.ctx = SimpleNamespace(agent=agent, inbox=inbox)
        health.add_health(self, settings)

    def add_route(self, handler: Any, path: str) -> None:
        self.handlers[path] = handler

    async def status(self, path: str = "/readyz") -> tuple[int, str]:
        response = await self.handlers[path](None)
        return response.status, response.body.decode()


@pytest.fixture
def routes(tmp_path) -> Routes:
    return Routes(Settings(home=tmp_path))


async def test_a_server_that_works_is_ready(routes: Routes) -> None:
    assert (await routes.status())[0] == 200
    assert (await routes.status("/healthz"))[0] == 200


@pytest.mark.parametrize("cause", ["model", "reading", "worker", "stopping", "disk"])
async def test_what_keeps_it_from_answering_is_named(
    routes: Routes, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cause == "model":
        routes.ctx.agent.is_warm = False
    elif cause == "reading":
        routes.processor.is_stuck = True
    elif cause == "worker":
        routes.worker.swept_at -= 60
    elif cause == "stopping":
        await routes.ctx.inbox.drain(0)
    else:
        monkeypatch.setattr(health, "_FREE_BYTES_NEEDED", 2**60)
    status, body = await routes.status()
    assert status == 503 and f'"{cause}"' in body
    assert (await routes.status("/healthz"))[0] == 200


async def test_a_database_that_is_locked_or_gone_is_told_in_time(routes: Routes, tmp_path) -> None:
    held = sqlite3.connect(tmp_path / "var" / "channels.db", check_same_thread=False)
    held.execute("BEGIN IMMEDIATE")
    release = threading.Timer(20, held.close)
    release.start()
    try:
        for _ in range(4):
            status, body = await routes.status()
            assert status == 503 and '"database"' in body
    finally:
        held.close()
        release.cancel()


async def test_a_server_is_not_warm_before_the_answers_and_the_model_are_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[str] = []

    def read() -> None:
        assert not agent.is_warm
        loaded.append("model")
        raise RuntimeError("the first message is told")

    agent = SimpleNamespace(is_warm=False, processor=SimpleNamespace(warm_up=read))
    monkeypatch.setattr(server, "warm_answers", lambda: loaded.append("answers"))
    monkeypatch.setattr(server.gc, "freeze", lambda: None)
    await server.warm_up(agent)
    assert agent.is_warm and sorted(loaded) == ["answers", "model"]
