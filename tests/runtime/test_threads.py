"""Work in threads that are given up when they take too long."""

import asyncio
import contextvars
import subprocess
import sys
import threading
import time

import pytest

from preceptor.runtime.threads import Overdue, TimedThreads
from tests.support.tiny_project import ROOT


@pytest.fixture
def gate():
    """An event that holds up threads until the test ends."""
    event = threading.Event()
    yield event
    event.set()


async def test_what_a_function_returns_or_raises_comes_back():
    threads = TimedThreads(2, 5, 2)
    assert await threads.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 7, 0)


async def test_context_variables_go_along():
    who = contextvars.ContextVar("who")
    who.set("me")
    assert await TimedThreads(1, 5, 1).run(who.get) == "me"


async def test_a_place_that_is_overdue_goes_to_the_next_in_line(gate):
    threads = TimedThreads(1, 0.2, 2)
    first, second = await asyncio.gather(
        threads.run(gate.wait), threads.run(str, 5), return_exceptions=True
    )
    assert isinstance(first, Overdue) and second == "5"


async def test_overdue_work_is_bounded_and_begins_anew_when_it_has_ended(gate):
    threads = TimedThreads(2, 0.1, 3)
    before = threading.active_count()
    for _ in range(10):
        with pytest.raises(Overdue):
            await threads.run(gate.wait)
    assert threading.active_count() - before <= 3
    with pytest.raises(Overdue, match="3 calls before it have not ended"):
        await threads.run(str, 5)
    gate.set()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert await threads.run(str, 5) == "5"
            break
        except Overdue:
            await asyncio.sleep(0.01)
    else:
        raise AssertionError("work is still refused")


async def test_work_whose_caller_is_cancelled_counts_until_it_ends(gate):
    threads = TimedThreads(1, 60, 1)
    task = asyncio.create_task(threads.run(gate.wait))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(Overdue):
        await threads.run(str, 5)


def test_a_thread_that_hangs_does_not_hold_up_the_end_of_the_process():
    script = """
import asyncio, time
from preceptor.runtime.threads import Overdue, TimedThreads
try:
    asyncio.run(TimedThreads(1, 0.1, 1).run(time.sleep, 60))
except Overdue:
    print("overdue")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, "overdue\n"), done.stderr
