"""Reads messages in a process beside the server's, so that the two use a core each.

Python lets one thread of a process run at a time, and a turn needs it about as long for the
reading as for all the rest (docs/turns.md).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any

import structlog
from rasa.core.channels.channel import UserMessage

from preceptor.rasa_ext.turn_context import Heard, heard
from preceptor.runtime.process import tidy_memory

log = structlog.get_logger(__name__)

Read = Callable[[UserMessage, bool], dict[str, Any]]
"""Reads a message; with True, returns only what the steps declared to be output."""

# So many messages are in the pipe or being read: the process need not wait for the next, and even
# the longest fit into the pipe, so that the server never waits for room in it.
_AHEAD = 4
# Half of what a turn may take. Loading the model, for which the first messages wait, is part of it.
LIMIT_SECONDS = 10.0


class NotRead(Exception):
    """The process is gone, or could not read the message; it has to be read here."""


def can_read_beside() -> bool:
    """Tell whether a process beside the server's gains anything: on Linux, with a core to spare.

    Elsewhere processes cannot be copied, or not safely.
    """
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


class ReadingProcess:
    """A copy of this process that reads one message after the other.

    It has to be made before there are threads that may hold a lock just then: in the copy nobody
    would let go of it. A copy shares the memory of what is imported. The standard library's pool
    of processes would do, but it hands every message through two more threads.
    """

    def __init__(self, load: Callable[[], Read], limit_seconds: float = LIMIT_SECONDS) -> None:
        """Copy this process.

        Args:
            load: called in the copy; returns what reads there. What that gives must be picklable.
            limit_seconds: how long a message may take; then the process is given up.
        """
        self._limit_seconds = limit_seconds
        self._answers: deque[asyncio.Future[tuple[dict[str, Any], Heard]]] = deque()
        self._ahead = asyncio.Semaphore(_AHEAD)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pipe, theirs = Pipe()
        # What both share stays shared as long as neither's garbage collector looks through it.
        tidy_memory()
        self._process = os.fork()
        if not self._process:
            try:
                self._pipe.close()
                _serve(theirs, load)
            except BaseException:
                log.exception("reader.failed")
            finally:
                os._exit(0)
        theirs.close()

    async def parse(
        self, message: UserMessage, only_output_properties: bool
    ) -> tuple[dict[str, Any], Heard]:
        """Have a message read; return the parse and what understanding tells the channel.

        Raises:
            NotRead: It has to be read here.
        """
        async with self._ahead:
            if self._pipe.closed:
                raise NotRead
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
                self._loop.add_reader(self._pipe.fileno(), self._receive)
            answer = self._loop.create_future()
            asked = (message.text, message.sender_id, message.message_id, message.metadata)
            try:
                self._pipe.send((asked, only_output_properties))
            except Exception as error:
                raise NotRead from error
            self._answers.append(answer)
            try:
                return await asyncio.wait_for(answer, self._limit_seconds)
            except asyncio.TimeoutError as error:
                log.error("reader.hangs", process=self._process)
                self.close()
                raise NotRead from error

    def _receive(self) -> None:
        try:
            while self._pipe.poll():
                self._answer(self._pipe.recv())
        except (EOFError, OSError):
            log.error("reader.ended", process=self._process)
            self.close()

    def _answer(self, got: tuple[dict[str, Any], Heard] | None) -> None:
        answer = self._answers.popleft()
        # Nobody waits any more for a turn that was given up.
        if not answer.done():
            if got is None:
                answer.set_exception(NotRead())
            else:
                answer.set_result(got)

    def close(self) -> None:
        """End the process; who still waits has to read here. Doing it twice is harmless."""
        if self._pipe.closed:
            return
        if self._loop is not None:
            self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        # It may be loading; it has nothing to lose.
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        while self._answers:
            self._answer(None)


def _serve(pipe: Connection, load: Callable[[], Read]) -> None:
    """Read messages from a pipe until the server is gone."""
    # It ends with the server, also where a signal goes to both.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    read = load()
    # Some of what reading needs is loaded by the first message.
    _read(read, ("Hello", "", "", None), True)
    tidy_memory()
    while True:
        try:
            asked, only_output_properties = pipe.recv()
        except EOFError:
            return
        pipe.send(_read(read, asked, only_output_properties))


def _read(
    read: Read, asked: tuple[str, str, str, Any], only_output_properties: bool
) -> tuple[dict[str, Any], Heard] | None:
    text, sender, message, metadata = asked
    report = Heard()
    heard.set(report)
    try:
        parsed = read(
            UserMessage(text, None, sender, message_id=message, metadata=metadata),
            only_output_properties,
        )
    except Exception:
        # The server reads it again, and there it is told.
        return None
    return parsed, report
