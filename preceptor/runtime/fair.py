"""Fair places: who has used least so far goes next, so that no one's backlog delays the others."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

Whose = tuple[str, str, str]
"""Whose work it is: the address, the person, of whom an address may have several, and the
conversation."""

WHOSE: ContextVar[Whose] = ContextVar("whose", default=("", "", ""))
"""Whose work a task does."""

_HALVED_SECONDS = 30.0
_FORGOTTEN_SECONDS = 0.01


class FairPlaces:
    """A number of places, given first to who holds fewest and has used least of late.

    It is a semaphore with another order. One place goes to the address that has used least, the
    next one to the person: so the many conversations of one address delay no other, and a school
    behind one address isn't delayed by few who each have an address to themselves. Then the
    conversation counts. What has been used is counted in seconds, and halved every half minute.
    """

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Give so many places, by a clock in seconds."""
        self._free = places
        self._clock = clock
        self._waiting: dict[Whose, deque[asyncio.Future[None]]] = {}
        # By (0, address), (1, person) and (2, conversation).
        self._held: Counter[tuple[int, str]] = Counter()
        self._used: defaultdict[tuple[int, str], float] = defaultdict(float)
        self._next_by = itertools.cycle((0, 1))
        self._halved_at = clock()

    @asynccontextmanager
    async def place(self, whose: Whose) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        await self._enter(whose)
        began = self._clock()
        try:
            yield
        finally:
            self._count(whose, self._clock() - began)
            self._leave(whose)

    async def _enter(self, whose: Whose) -> None:
        if self._free:
            self._free -= 1
            self._held.update(enumerate(whose))
            return
        given = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append(given)
        try:
            await given
        except asyncio.CancelledError:
            # A place that was given just now goes to the next one.
            if not given.cancelled():
                self._leave(whose)
            raise

    def _leave(self, whose: Whose) -> None:
        self._held.subtract(enumerate(whose))
        # Without those who hold none.
        self._held = +self._held
        by = next(self._next_by)
        while self._waiting:
            chosen = min(self._waiting, key=lambda each: self._share(each, by))
            given = self._waiting[chosen].popleft()
            if not self._waiting[chosen]:
                del self._waiting[chosen]
            if not given.done():
                self._held.update(enumerate(chosen))
                given.set_result(None)
                return
        self._free += 1

    def _share(self, whose: Whose, by: int) -> tuple[int, float, float]:
        one, conversation = (by, whose[by]), (2, whose[2])
        return self._held[one], self._used.get(one, 0.0), self._used.get(conversation, 0.0)

    def _count(self, whose: Whose, seconds: float) -> None:
        for each in enumerate(whose):
            self._used[each] += seconds
        now = self._clock()
        if now - self._halved_at > _HALVED_SECONDS:
            halves = ((each, used / 2) for each, used in self._used.items())
            recent = {each: used for each, used in halves if used > _FORGOTTEN_SECONDS}
            self._used = defaultdict(float, recent)
            self._halved_at = now
