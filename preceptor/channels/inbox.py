"""Durable queues in the channels' database, and the workers that empty them.

An inbox holds what waits for an answer, an outbox what waits to be sent. Whatever is put into a
queue stays there until its work is done, over the end of the process as well. The items of a lane,
such as a conversation, are worked one at a time and in order; lanes do not wait for each other.

Every beginning of an item gets a number, counted up. An item can be finished only under its latest
number, in the transaction that writes what came of it: so each has one result, even if two
processes should have worked on it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection, Engine

from preceptor.channels.storage import Kept, in_thread, metadata, writing

SWEEP_SECONDS = 3.0
MOST_ATTEMPTS = 3
"""An item that was begun so often and never finished may be what ends the server."""

_items = sa.Table(
    "queue_items",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("queue", sa.String(16), nullable=False),
    sa.Column("lane", sa.String(255), nullable=False),
    sa.Column("position", sa.Float, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("queued_at", sa.Float, nullable=False),
    sa.Index("ix_queue_items_lane", "queue", "lane", "position", "id"),
    # An id is never given twice: a turn is known by it.
    sqlite_autoincrement=True,
    info={"kept": Kept(conversation="lane", since="queued_at")},
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Item:
    """A piece of work that has been begun.

    Attributes:
        id: Its number.
        lane: What it waits in line for.
        position: Its place in the lane.
        content: What is needed to do it, JSON.
        attempts: How often it has been begun, this time included.
        queued_at: When it was put into the queue, in seconds since 1970.
    """

    id: int
    lane: str
    position: float
    content: dict[str, Any]
    attempts: int
    queued_at: float


class Queue:
    """One queue of the database; its methods block."""

    def __init__(self, engine: Engine, name: str) -> None:
        """Use the queue of a name, at most 16 characters, in an opened database."""
        self.engine = engine
        self._name = name

    def add(
        self, connection: Connection, lane: str, content: dict[str, Any], position: float = 0.0
    ) -> None:
        """Put something into the queue, within the caller's transaction.

        Args:
            connection: The transaction.
            lane: Its lane, at most 255 characters.
            content: JSON.
            position: Its place in the lane; those with the same place keep their order.
        """
        row = {"queue": self._name, "lane": lane, "position": position, "attempts": 0}
        connection.execute(
            _items.insert().values(**row, content=json.dumps(content), queued_at=time.time())
        )

    def lanes(self) -> list[str]:
        """Return the lanes in which something waits, the longest waiting first."""
        query = sa.select(_items.c.lane).where(_items.c.queue == self._name)
        with self.engine.connect() as connection:
            ordered = query.group_by(_items.c.lane).order_by(sa.func.min(_items.c.id))
            return list(connection.execute(ordered).scalars())

    def begin(self, lane: str) -> Item | None:
        """Begin the first item of a lane, or return None if there is none."""
        first = (
            sa.select(_items)
            .where(_items.c.queue == self._name, _items.c.lane == lane)
            .order_by(_items.c.position, _items.c.id)
            .limit(1)
        )
        with self.engine.connect() as connection:
            if connection.execute(first).first() is None:
                return None
        with writing(self.engine) as connection:
            row = connection.execute(first.with_for_update()).one()
            attempts = row.attempts + 1
            connection.execute(
                _items.update().where(_items.c.id == row.id).values(attempts=attempts)
            )
        return Item(
            row.id, row.lane, row.position, json.loads(row.content), attempts, row.queued_at
        )

    def finish(self, connection: Connection, item: Item) -> bool:
        """Take an item out, within the transaction that writes what came of it.

        Returns:
            False if it was begun once more or finished meanwhile; then nothing may be written.
        """
        mine = sa.and_(_items.c.id == item.id, _items.c.attempts == item.attempts)
        return bool(connection.execute(_items.delete().where(mine)).rowcount)


def backlog(engine: Engine) -> dict[str, tuple[int, float]]:
    """Return how many items wait in each queue, and since when the oldest does."""
    oldest = sa.func.min(_items.c.queued_at)
    query = sa.select(_items.c.queue, sa.func.count(), oldest).group_by(_items.c.queue)
    with engine.connect() as connection:
        return {queue: (count, since) for queue, count, since in connection.execute(query)}


class Worker:
    """Works the items of a queue: one at a time per lane, several lanes at once."""

    def __init__(
        self,
        queue: Queue,
        work: Callable[[Item], Awaitable[None]],
        at_once: int = 1_000,
        settling_seconds: float = 0.0,
    ) -> None:
        """Prepare it; `start` begins.

        Args:
            queue: The queue.
            work: Does an item and finishes it. If it raises, the item is begun again later.
            at_once: How many items may be worked at once.
            settling_seconds: How long an idle lane waits for earlier items before it begins.
        """
        self._queue = queue
        self._work = work
        self._at_once = asyncio.Semaphore(at_once)
        self._settling_seconds = settling_seconds
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Work what an earlier process has left, and whatever comes."""
        self._sweeper = asyncio.ensure_future(self._sweep())

    def wake(self, lane: str) -> None:
        """Say that something was put into a lane."""
        if self._stopping:
            return
        if lane in self._tasks:
            self._again.add(lane)
        else:
            self._tasks[lane] = asyncio.ensure_future(self._run(lane))

    def is_busy(self, lane: str) -> bool:
        """Say whether a lane is being worked."""
        return lane in self._tasks

    async def stop(self, limit_seconds: float) -> None:
        """Let what is being worked end for a few seconds; the rest stays in the queue."""
        self._stopping = True
        if tasks := set(self._tasks.values()):
            await asyncio.wait(tasks, timeout=limit_seconds)
        if self._sweeper is not None:
            tasks.add(self._sweeper)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        while True:
            try:
                for lane in await in_thread(self._queue.lanes):
                    self.wake(lane)
            except Exception as error:
                log.error("inbox.sweep_failed", cause=f"{type(error).__name__}: {error}")
            await asyncio.sleep(SWEEP_SECONDS)

    async def _run(self, lane: str) -> None:
        try:
            await asyncio.sleep(self._settling_seconds)
            while not self._stopping:
                self._again.discard(lane)
                async with self._at_once:
                    item = await in_thread(self._queue.begin, lane)
                    if item is not None:
                        await self._work(item)
                # Something may have come while the queue was looked at.
                if item is None and lane not in self._again:
                    return
        except Exception as error:
            # The item stays in the queue, and the sweep comes back to it.
            cause = f"{type(error).__name__}: {error}"
            log.error("inbox.work_failed", conversation=lane, cause=cause, exc_info=error)
        finally:
            self._again.discard(lane)
            del self._tasks[lane]
