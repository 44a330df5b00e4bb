"""News for all servers of an installation, over PostgreSQL's LISTEN and NOTIFY.

News only hurries things along: whatever matters stands in tables, and is found there a little later
if news gets lost. On SQLite there is one server, which needs none.
"""

from __future__ import annotations

import asyncio
import json
import select
import threading
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection, Engine

from preceptor.channels.storage import is_shared

_CHANNEL = "preceptor"
_AGAIN_SECONDS = 1.0
# The listener looks up so often: a connection that was cut without a word is noticed then.
_LOOK_SECONDS = 2.0

LOST, MISSED = "lost", "missed"
"""The topics that tell that there is no connection, and that there is one again."""

log = structlog.get_logger(__name__)


class Bus:
    """Tells the other servers, and hears from them; what a server tells it doesn't hear itself."""

    def __init__(self, engine: Engine) -> None:
        """Use an opened database; `start` begins to listen."""
        self._engine = engine
        self._server = uuid.uuid4().hex
        self._callbacks: dict[str, list[Callable[..., Any]]] = {}
        self._ended = threading.Event()
        self.is_lost = False
        self._thread: threading.Thread | None = None

    def tell(self, connection: Connection, topic: str, *content: str | int) -> None:
        """Tell the other servers when the transaction is committed.

        Args:
            connection: The transaction.
            topic: What it is about, such as `work`.
            content: The arguments for those who listen, at most 7,000 bytes.
        """
        if is_shared(self._engine):
            news = json.dumps([self._server, topic, *content])
            connection.execute(sa.select(sa.func.pg_notify(_CHANNEL, news)))

    def on(self, topic: str, callback: Callable[..., Any]) -> None:
        """Call a function or coroutine in the loop whenever another server tells of a topic."""
        self._callbacks.setdefault(topic, []).append(callback)

    def start(self) -> None:
        """Begin to listen, in a thread of its own."""
        if is_shared(self._engine) and self._thread is None:
            loop = asyncio.get_running_loop()
            # A daemon: it may be waiting for a database that doesn't answer.
            self._thread = threading.Thread(target=self._listen, args=(loop,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._ended.set()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._ended.is_set():
            try:
                connection = self._engine.raw_connection()
                connection.detach()
                try:
                    self._hear(connection.dbapi_connection, loop)
                finally:
                    connection.close()
            except Exception as error:
                log.warning("bus.lost", cause=f"{type(error).__name__}: {error}")
                self.is_lost = True
                self._pass_on(loop, LOST)
                self._ended.wait(_AGAIN_SECONDS)

    def _hear(self, connection: Any, loop: asyncio.AbstractEventLoop) -> None:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"LISTEN {_CHANNEL}")
        self.is_lost = False
        self._pass_on(loop, MISSED)
        news = select.poll()
        news.register(connection, select.POLLIN)
        while not self._ended.is_set():
            if not news.poll(_LOOK_SECONDS * 1_000):
                cursor.execute("SELECT 1")
            connection.poll()
            while connection.notifies:
                server, topic, *content = json.loads(connection.notifies.pop(0).payload)
                if server != self._server:
                    self._pass_on(loop, topic, *content)

    def _pass_on(self, loop: asyncio.AbstractEventLoop, topic: str, *content: Any) -> None:
        for callback in self._callbacks.get(topic, []):
            loop.call_soon_threadsafe(_call, callback, *content)


def _call(callback: Callable[..., Any], *content: Any) -> None:
    result = callback(*content)
    if asyncio.iscoroutine(result):
        asyncio.ensure_future(result)
