"""Who is answered when: the turns of each conversation one after the other, and none forgotten.

What waits for an answer is in the message log and nowhere else. A conversation's worker takes the
first waiting message, runs its turn, writes the replies down and goes on until none waits; workers
of different conversations run side by side. A sweep looks for messages whose server has died.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import structlog
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, Restarted, UserUttered
from sqlalchemy.exc import SQLAlchemyError

from preceptor.channels.output import RepliesOutput, metadata_of, opened, read_reply
from preceptor.channels.turn_runner import FAILED_SENTENCE
from preceptor.channels.web.message_log import LEASE_SECONDS, LoggedReply, Message, MessageLog
from preceptor.channels.web.output import logged
from preceptor.conversation.choices import Seals
from preceptor.conversation.replies import Reply

SWEEP_SECONDS = 3.0
# How long another server's turn is waited for before looking again.
BUSY_SECONDS = 0.3
# A message that has brought the server down so often is answered with an apology.
MOST_ATTEMPTS = 3
# Below supervisord's stopwaitsecs of 10, with room for Rasa's own end.
STOP_SECONDS = 4.0

Answer = Callable[[UserMessage], Awaitable[None]]
T = TypeVar("T")

log = structlog.get_logger(__name__)


class Audience(Protocol):
    """Where the turns' outcome is shown: the widgets of a conversation."""

    async def typing(self, conversation: str, on: bool) -> None:
        """Show that the advisor is at work, or no longer."""

    async def publish(self, conversation: str, write: Callable[[], list[Message]]) -> None:
        """Run `write`, off the event loop, and show what it has added to the log, in order."""


class Turns:
    """The turns of all conversations of this server."""

    def __init__(
        self,
        messages: MessageLog,
        answer: Answer,
        audience: Audience,
        agent: Callable[[], Any],
        seals: Seals,
    ) -> None:
        """Answer what waits in a log.

        Args:
            messages: The log.
            answer: Runs a turn and always says something (`reply_in_words`).
            audience: Where the outcome is shown.
            agent: Returns Rasa's agent, or None while there is none.
            seals: What seals the buttons' values and opens them.
        """
        self._messages = messages
        self._answer = answer
        self._audience = audience
        self._agent = agent
        self._seals = seals
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._stopping = False
        # SQLite writes one at a time, PostgreSQL is waited for: a few threads are enough.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="web-log")

    async def off_loop(self, call: Callable[..., T], *args: Any) -> T:
        """Run a blocking call of the log in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)

    def start(self) -> None:
        """Answer what was left waiting, and keep looking for more of that."""
        self._sweeper = asyncio.ensure_future(self._sweep())

    def wake(self, conversation: str) -> None:
        """See to it that what waits in a conversation is answered."""
        if self._stopping:
            return
        if conversation in self._workers:
            self._again.add(conversation)
            return
        worker = asyncio.ensure_future(self._work(conversation))
        self._workers[conversation] = worker

    def is_running(self, conversation: str) -> bool:
        """Say whether an answer is on its way."""
        return conversation in self._workers

    async def stop(self) -> None:
        """Let running turns end for a few seconds; the rest waits for the next start."""
        self._stopping = True
        tasks = set(self._workers.values())
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        if self._sweeper is not None:
            tasks.add(self._sweeper)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self.off_loop(self._messages.release)
        except SQLAlchemyError as error:
            log.error("web.release_failed", cause=str(error))
        self._threads.shutdown(wait=False)

    async def _sweep(self) -> None:
        while True:
            try:
                if self._workers:
                    await self.off_loop(self._messages.renew)
                agent = self._agent()
                if agent is not None and agent.is_ready():
                    for conversation in await self.off_loop(self._messages.waiting):
                        self.wake(conversation)
            except SQLAlchemyError as error:
                log.error("web.sweep_failed", cause=str(error))
            await asyncio.sleep(SWEEP_SECONDS)

    async def _work(self, conversation: str) -> None:
        try:
            while not self._stopping:
                self._again.discard(conversation)
                taken = await self.off_loop(self._messages.take, conversation)
                if taken == "none":
                    # Something may have been said while the log was looked at.
                    if conversation in self._again:
                        continue
                    return
                if taken == "busy":
                    await asyncio.sleep(BUSY_SECONDS)
                    continue
                assert isinstance(taken, Message)
                await self._run(conversation, taken)
        except SQLAlchemyError as error:
            # The message goes on waiting, and the sweep comes back to it.
            log.error("web.turn_not_written", conversation=conversation, cause=str(error))
        except Exception:
            log.exception("web.worker_failed", conversation=conversation)
        finally:
            self._again.discard(conversation)
            del self._workers[conversation]

    async def _run(self, conversation: str, message: Message) -> None:
        if message.kind == "restart":
            await self._restart(conversation)
            await self._write(conversation, message, [])
            return
        await self._audience.typing(conversation, True)
        try:
            replies = await self._replies(conversation, message)
            shown = [logged(reply, conversation, self._seals) for reply in replies]
            await self._write(conversation, message, shown)
        finally:
            await self._audience.typing(conversation, False)

    async def _write(self, conversation: str, message: Message, replies: list[LoggedReply]) -> None:
        await self._audience.publish(
            conversation, lambda: self._messages.answer(conversation, message.seq, replies)
        )

    async def _replies(self, conversation: str, message: Message) -> list[Reply]:
        if message.attempts:
            said = await self._said(conversation, message)
            if said is not None:
                return said
        if message.attempts >= MOST_ATTEMPTS:
            log.error("web.gave_up", conversation=conversation, attempts=message.attempts)
            return [Reply(lead=FAILED_SENTENCE)]
        output = RepliesOutput("web")
        await self._answer(
            UserMessage(
                message.text,
                output,
                conversation,
                input_channel="web",
                message_id=_message_id(message),
                metadata=metadata_of(
                    opened(self._seals, message.content.get("payload"), conversation)
                ),
            )
        )
        return output.replies

    async def _said(self, conversation: str, message: Message) -> list[Reply] | None:
        """Return what an earlier attempt has said, if its turn had come to its end.

        Rasa saves a turn's events as its last step. Where the server died between that and our
        own note, the turn must not run again: "show me more" would skip a page.
        """
        tracker = await self._agent().tracker_store.retrieve(conversation)
        replies: list[Reply] | None = None
        for event in tracker.events if tracker else ():
            if isinstance(event, UserUttered):
                replies = [] if event.message_id == _message_id(message) else None
            elif isinstance(event, BotUttered) and replies is not None:
                reply = read_reply({"text": event.text, **event.data, **(event.metadata or {})})
                if reply is not None:
                    replies.append(reply)
        return replies or None

    async def _restart(self, conversation: str) -> None:
        """Make the conversation a new one for Rasa, as its own `/restart` would."""
        agent = self._agent()
        async with agent.lock_store.lock(conversation):
            tracker = await agent.processor.get_tracker(conversation)
            tracker.update(Restarted())
            await agent.processor.save_tracker(tracker)


def _message_id(message: Message) -> str:
    return f"web-{message.seq}"


# Renewed in time even where one sweep is late.
assert SWEEP_SECONDS * 2 < LEASE_SECONDS
