"""Durable queues in the channels' database, and the workers that empty them.

An inbox holds what waits for an answer, an outbox what waits to be sent. Whatever is put into a
queue stays there until its work is done, over the end of the process as well. The items of a lane,
such as a conversation, are worked one at a time and in order; lanes do not wait for each other.

Every beginning of an item gets a number, counted up. An item can be finished only under its latest
number, in the transaction that writes what came of it: so each has one result, even if two
servers should have worked on it. What else a turn writes checks the number as well (`check`).

Several servers may work on one database in PostgreSQL: whoever begins an item has its lane to
itself for as long as it renews its lease. The lease of a server that was killed or cut off ends
after a few seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from preceptor.channels.bus import Bus
from preceptor.channels.storage import Kept, in_thread, is_shared, metadata, serialise, writing
from preceptor.runtime.fair import WHOSE, FairPlaces

# Both well below the 10 s after which another server has taken over.
SWEEP_SECONDS = 2.0
LEASE_SECONDS = 7.0
# Turns compute more than they wait: with more at once, everyone's would only take longer, and an
# honest one beside those of ten attackers longest.
TURNS_AT_ONCE = 4
DRAIN_SECONDS = 10.0
MOST_ATTEMPTS = 3
"""An item that was begun so often and never finished may be what ends the server."""

# What may wait in a queue: in all, of one source, in one lane.
MOST_WAITING = 2_000
MOST_OF_A_SOURCE = 400
MOST_IN_A_LANE = 20

LONG_CHARACTERS = 1_000
_LONG = "long messages"

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
    # Whose it is: an address or a person. NULL for what nobody has asked for.
    sa.Column("source", sa.String(255)),
    # Until when it is being worked, by the database's clock, where servers share it.
    sa.Column("leased_until", sa.Float),
    sa.Index("ix_queue_items_lane", "queue", "lane", "position", "id"),
    # An id is never given twice: a turn is known by it.
    sqlite_autoincrement=True,
    info={"kept": Kept(conversation="lane", since="queued_at")},
)
# The database's clock: those of the servers may differ.
_NOW = sa.extract("epoch", sa.func.clock_timestamp())

WORKING: ContextVar[Item | None] = ContextVar("working", default=None)
"""The item that a task works on."""

log = structlog.get_logger(__name__)


def source_of(whose: str, text: str) -> str:
    """Return as whose a message counts among those that wait: all long ones are one person's.

    Their turns take ten times as long, so they get places that nobody else waits for.

    Args:
        whose: An address, or a person.
        text: What they said.
    """
    return _LONG if len(text) > LONG_CHARACTERS else whose


class Overload(Exception):
    """So much waits that nothing more is taken."""


class Superseded(Exception):
    """Another server has begun an item anew: nothing more may be written for it here."""


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


def check(connection: Any, item: Item) -> None:
    """Refuse to write for an item that was begun anew, and let nobody begin it before the end.

    Args:
        connection: A transaction in the channels' database.
        item: The item.

    Raises:
        Superseded: It was begun once more, or finished.
    """
    if (
        connection.execute(sa.select(_items.c.id).where(_is(item)).with_for_update()).first()
        is None
    ):
        raise Superseded(f"item {item.id}, attempt {item.attempts}")


def _is(item: Item) -> sa.sql.ColumnElement:
    return sa.and_(_items.c.id == item.id, _items.c.attempts == item.attempts)


class Queue:
    """One queue of the database; its methods block."""

    def __init__(self, engine: Engine, name: str, bus: Bus | None = None) -> None:
        """Use the queue of a name, at most 16 characters, in an opened database.

        Args:
            engine: The database.
            name: The queue's name.
            bus: Tells other servers of what is put in.
        """
        self.engine = engine
        self.name = name
        self.bus = bus or Bus(engine)
        self._mine = _items.c.queue == name

    def add(
        self,
        connection: Connection,
        lane: str,
        content: dict[str, Any],
        position: float = 0.0,
        source: str | None = None,
    ) -> None:
        """Put something into the queue, within the caller's transaction.

        Args:
            connection: The transaction.
            lane: Its lane, at most 255 characters.
            content: JSON.
            position: Its place in the lane; those with the same place keep their order.
            source: Who asks for it: an address, or a person. None for what is always taken.

        Raises:
            Overload: Too much waits already.
        """
        if source is not None:
            self._refuse_overload(connection, lane, source)
        row = {"queue": self.name, "lane": lane, "position": position, "attempts": 0}
        row |= {"content": json.dumps(content), "queued_at": time.time(), "source": source}
        connection.execute(_items.insert().values(row))
        self.bus.tell(connection, self.name, lane, source or lane)

    def _refuse_overload(self, connection: Connection, lane: str, source: str) -> None:
        def count(condition: Any) -> Any:
            return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

        counts = sa.select(
            sa.func.count(), count(_items.c.source == source), count(_items.c.lane == lane)
        ).where(self._mine)
        waiting, of_source, in_lane = connection.execute(counts).one()
        if waiting >= MOST_WAITING or of_source >= MOST_OF_A_SOURCE or in_lane >= MOST_IN_A_LANE:
            log.warning("inbox.overload", queue=self.name, waiting=waiting, of_source=of_source)
            raise Overload

    def lanes(self) -> dict[str, str]:
        """Return the lanes in which something waits, and whose it is, the longest waiting first."""
        source = sa.func.coalesce(sa.func.min(_items.c.source), _items.c.lane)
        query = sa.select(_items.c.lane, source).where(self._mine)
        with self.engine.connect() as connection:
            ordered = query.group_by(_items.c.lane).order_by(sa.func.min(_items.c.id))
            return {lane: source for lane, source in connection.execute(ordered)}

    def begin(self, lane: str) -> Item | None:
        """Begin the first item of a lane; None if there is none, or another server works there."""
        in_lane = sa.and_(self._mine, _items.c.lane == lane)
        first = sa.select(_items).where(in_lane).order_by(_items.c.position, _items.c.id).limit(1)
        with self.engine.connect() as connection:
            if connection.execute(first).first() is None:
                return None
        with writing(self.engine) as connection:
            lease = {}
            if is_shared(self.engine):
                serialise(connection, f"{self.name} {lane}")
                leased = sa.select(_items.c.id).where(in_lane, _items.c.leased_until > _NOW)
                if connection.execute(leased).first() is not None:
                    return None
                lease = {"leased_until": _NOW + LEASE_SECONDS}
            row = connection.execute(first.with_for_update()).first()
            if row is None:
                return None
            attempts = row.attempts + 1
            begun = _items.update().where(_items.c.id == row.id)
            connection.execute(begun.values(attempts=attempts, **lease))
        return Item(
            row.id, row.lane, row.position, json.loads(row.content), attempts, row.queued_at
        )

    def renew(self, items: list[Item], seconds: float = LEASE_SECONDS) -> None:
        """Keep what is being worked from the other servers for some more seconds, 0 to let go."""
        if items and is_shared(self.engine):
            begun = _items.update().where(sa.or_(*map(_is, items)))
            with writing(self.engine) as connection:
                connection.execute(begun.values(leased_until=_NOW + seconds))

    def finish(self, connection: Connection, item: Item) -> bool:
        """Take an item out, within the transaction that writes what came of it.

        Returns:
            False if it was begun once more or finished meanwhile; then nothing may be written.
        """
        return bool(connection.execute(_items.delete().where(_is(item))).rowcount)


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
        places: FairPlaces | None = None,
        settling_seconds: float = 0.0,
        is_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """Prepare it; `start` begins.

        Args:
            queue: The queue.
            work: Does an item and finishes it. If it raises, the item is begun again later.
            places: How many items may be worked at once, and whose goes first; else all at once.
            settling_seconds: How long an idle lane waits for earlier items before it begins.
            is_ready: Whether anything may be begun yet.
        """
        self._is_ready = is_ready
        self._queue = queue
        self._work = work
        self._places = places or FairPlaces(1_000)
        self._settling_seconds = settling_seconds
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._begun: dict[str, Item] = {}
        self._again: set[str] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._stopping = False
        self.swept_at = time.monotonic()
        queue.bus.on(queue.name, self.wake)

    def start(self) -> None:
        """Work what an earlier process has left, and whatever comes."""
        self._queue.bus.start()
        self._sweeper = asyncio.ensure_future(self._sweep())

    def wake(self, lane: str, source: str | None = None) -> None:
        """Say that something was put into a lane, and by whom."""
        if self._stopping:
            return
        if lane in self._tasks:
            self._again.add(lane)
        else:
            self._tasks[lane] = asyncio.ensure_future(self._run(lane, source or lane))

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
                await in_thread(self._queue.renew, list(self._begun.values()))
                for lane, source in (await in_thread(self._queue.lanes)).items():
                    self.wake(lane, source)
                self.swept_at = time.monotonic()
            except Exception as error:
                log.error("inbox.sweep_failed", cause=f"{type(error).__name__}: {error}")
            await asyncio.sleep(SWEEP_SECONDS)

    async def _run(self, lane: str, source: str) -> None:
        whose = (source, source if source == _LONG else lane, lane)
        WHOSE.set(whose)
        try:
            await asyncio.sleep(self._settling_seconds)
            while not self._stopping:
                self._again.discard(lane)
                async with self._places.place(whose):
                    is_empty = not await self._work_first(lane)
                # Something may have come while the queue was looked at.
                if is_empty and lane not in self._again:
                    return
        except Superseded as error:
            log.warning("inbox.superseded", conversation=lane, cause=str(error))
        except Exception as error:
            # The item stays in the queue, and the sweep comes back to it.
            cause = f"{type(error).__name__}: {error}"
            log.error("inbox.work_failed", conversation=lane, cause=cause, exc_info=error)
        finally:
            self._again.discard(lane)
            del self._tasks[lane]

    async def _work_first(self, lane: str) -> bool:
        """Work the first item of a lane; return False if there is none for us."""
        item = None
        if self._is_ready() and not self._stopping:
            item = await in_thread(self._queue.begin, lane)
        if item is None:
            return False
        self._begun[lane] = item
        WORKING.set(item)
        try:
            await self._work(item)
        except (Exception, asyncio.CancelledError):
            with contextlib.suppress(SQLAlchemyError, asyncio.TimeoutError):
                await asyncio.wait_for(in_thread(self._queue.renew, [item], 0), 2)
            raise
        finally:
            del self._begun[lane]
        return True


class Inbox:
    """What the channels of one server share: the bus, and fair places for their turns."""

    def __init__(self, engine: Engine, app: Any = None) -> None:
        """Use an opened database, and begin no turn before a server's agent is warm."""
        self.engine = engine
        self._app = app
        self.bus = Bus(engine)
        self.places = FairPlaces(TURNS_AT_ONCE)
        self.workers: list[Worker] = []
        self.is_stopping = False

    @classmethod
    def of(cls, app: Any, engine: Engine) -> Inbox:
        """Return the inbox of a server, made when the first channel asks."""
        if not hasattr(app.ctx, "inbox"):
            app.ctx.inbox = cls(engine, app)
        return app.ctx.inbox

    def queue(self, name: str) -> Queue:
        """Return the queue of a channel."""
        return Queue(self.engine, name, self.bus)

    def worker(
        self,
        queue: Queue,
        work: Callable[[Item], Awaitable[None]],
        settling_seconds: float = 0.0,
    ) -> Worker:
        """Return the worker of a channel's queue; the arguments are `Worker`'s."""
        worker = Worker(queue, work, self.places, settling_seconds, self._is_warm)
        self.workers.append(worker)
        return worker

    def _is_warm(self) -> bool:
        return self._app is None or getattr(self._app.ctx.agent, "is_warm", True)

    @property
    def is_closed(self) -> bool:
        """Say whether people should go to another server."""
        return self.is_stopping or self.bus.is_lost

    async def drain(self, limit_seconds: float | None = None) -> None:
        """Begin nothing more, let turns end, and give the rest back; a second call does nothing."""
        if not self.is_stopping:
            self.is_stopping = True
            limit = DRAIN_SECONDS if limit_seconds is None else limit_seconds
            await asyncio.gather(*(worker.stop(limit) for worker in self.workers))
            self.bus.stop()
