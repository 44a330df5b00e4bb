"""Fair places: who has used least so far goes next, so that no one's backlog delays the others."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

SOURCE: ContextVar[str] = ContextVar("source", default="")
"""Whose work a task does: a person, or the address of several."""

_HALVED_SECONDS = 30.0
_FORGOTTEN_SECONDS = 0.01


class FairPlaces:
    """A number of places, given first to the source that holds fewest and has used least of late.

    It is a semaphore with another order. Within a source, whoever came first goes first. What a
    source has used is counted in seconds, and halved every half minute.
    """

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Give so many places, by a clock in seconds."""
        self._free = places
        self._clock = clock
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._held: Counter[str] = Counter()
        self._used: dict[str, float] = {}
        self._halved_at = clock()

    @asynccontextmanager
    async def place(self, source: str) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        await self._enter(source)
        began = self._clock()
        try:
            yield
        finally:
            self._count(source, self._clock() - began)
            self._leave(source)

    async def _enter(self, source: str) -> None:
        if self._free:
            self._free -= 1
            self._held[source] += 1
            return
        given = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(source, deque()).append(given)
        try:
            await given
        except asyncio.CancelledError:
            # A place that was given just now goes to the next one.
            if not given.cancelled():
                self._leave(source)
            raise

    def _leave(self, source: str) -> None:
        self._held[source] -= 1
        if not self._held[source]:
            del self._held[source]
        while self._waiting:
            chosen = min(self._waiting, key=self._share)
            given = self._waiting[chosen].popleft()
            if not self._waiting[chosen]:
                del self._waiting[chosen]
            if not given.done():
                self._held[chosen] += 1
                given.set_result(None)
                return
        self._free += 1

    def _share(self, source: str) -> tuple[int, float]:
        return self._held[source], self._used.get(source, 0.0)

    def _count(self, source: str, seconds: float) -> None:
        self._used[source] = self._used.get(source, 0) + seconds
        now = self._clock()
        if now - self._halved_at > _HALVED_SECONDS:
            halves = {each: used / 2 for each, used in self._used.items()}
            self._used = {each: used for each, used in halves.items() if used > _FORGOTTEN_SECONDS}
            self._halved_at = now
