"""Threads for work that must not stop the event loop, and that may never end."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

from preceptor.runtime.fair import WHOSE, FairPlaces

P = ParamSpec("P")
T = TypeVar("T")


class Overdue(Exception):
    """The work took longer than it may, or was not begun because too much work is overdue."""


class TimedThreads:
    """Runs functions in threads, a few at a time, each for a limited time.

    Python cannot stop a thread. One that is overdue is given up: whoever waits gets `Overdue`, its
    place goes to the next in line, and it runs on until its function returns. How many such
    threads there may be is bounded; when there are as many, new work is refused at once, until
    one of them ends. So there are never more than `at_once + most_overdue` threads.
    """

    def __init__(self, at_once: int, limit_seconds: float, most_overdue: int) -> None:
        """Start nothing yet.

        Args:
            at_once: how many threads run in time; further calls wait, in a fair order
                (`preceptor.runtime.fair`).
            limit_seconds: how long a call may take, without its wait.
            most_overdue: how many overdue threads there may be before new work is refused.
        """
        self.limit_seconds = limit_seconds
        self._most_overdue = most_overdue
        self._places = FairPlaces(at_once)
        self._overdue = 0
        self._lock = threading.Lock()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in a thread, with this task's context variables.

        Returns:
            What the function returned; what it raised is raised.

        Raises:
            Overdue: It took too long, or too many calls before it have not ended yet.
        """
        async with self._places.place(WHOSE.get()):
            if self.is_stuck:
                raise Overdue(f"{self._overdue} calls before it have not ended yet")
            outcome: Future[T] = Future()
            outcome.set_running_or_notify_cancel()

            def work() -> None:
                try:
                    outcome.set_result(function(*args, **kwargs))
                except BaseException as error:
                    outcome.set_exception(error)

            context = contextvars.copy_context()
            # Not the standard library's pool: at the end of the process it waits for its threads,
            # for ever if one of them hangs.
            threading.Thread(target=context.run, args=(work,), daemon=True).start()
            try:
                return await asyncio.wait_for(asyncio.wrap_future(outcome), self.limit_seconds)
            except asyncio.TimeoutError:
                if outcome.done():
                    raise
                raise Overdue(f"it took longer than {self.limit_seconds:g} s") from None
            finally:
                # Also if the task that waits was cancelled.
                if not outcome.done():
                    self._count(1)
                    outcome.add_done_callback(lambda _: self._count(-1))

    @property
    def is_stuck(self) -> bool:
        """Say whether new work is refused, because too much is overdue."""
        return self._overdue >= self._most_overdue

    def _count(self, change: int) -> None:
        with self._lock:
            self._overdue += change
