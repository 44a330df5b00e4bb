"""The turns of a channel, after which a person always has a reply in words.

If a turn fails, takes too long or says nothing, a sentence of our own is the reply, and the log
gets the cause with the conversation's id. A turn that could not be saved is tried again before
that. The answer to a message in another language begins with a sentence in that language
(`preceptor.channels.prefaces`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bound_contextvars

from preceptor.channels.clean_text import clean_text
from preceptor.channels.inbox import MOST_ATTEMPTS, Item, Superseded
from preceptor.channels.output import RepliesOutput, metadata_of, read_reply
from preceptor.channels.prefaces import Prefaces
from preceptor.conversation.choices import Payload
from preceptor.conversation.replies import Reply
from preceptor.runtime.logs import hidden
from preceptor.runtime.metrics import STAGE_SECONDS, TURNS

TURN_LIMIT_SECONDS = 20.0
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""Before each further try of a turn that the conversations' database didn't read or save."""

# Constant text: these are said where the domain's responses may be out of reach.
FAILED_SENTENCE = (
    "Sorry, something went wrong on my side and I could not answer that. "
    "Please try again in a moment. If it is urgent, please ask a person at your school or "
    "placement office, and in an emergency call your local emergency number."
)
PARTLY_SENTENCE = (
    "Sorry, something went wrong on my side before I had finished, so my answer may be "
    "incomplete. Please ask again in a moment."
)

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]

log = structlog.get_logger(__name__)


class Turns:
    """Runs the turns of one channel."""

    def __init__(
        self,
        channel: str,
        on_new_message: OnNewMessage,
        limit_seconds: float = TURN_LIMIT_SECONDS,
    ) -> None:
        """Answer for a channel.

        Args:
            channel: Its name, by which responses can be written for it.
            on_new_message: What Rasa passes to `InputChannel.blueprint`.
            limit_seconds: How long a turn may take altogether.
        """
        self._channel = channel
        self._on_new_message = on_new_message
        self._limit_seconds = limit_seconds
        self._prefaces = Prefaces()

    async def replies(
        self,
        conversation: str,
        text: str,
        payload: Payload | None = None,
        message_id: str | None = None,
    ) -> list[Reply]:
        """Run a turn and return what it says, at least one reply.

        The text is cleaned first (see `clean_text`), so quick replies must carry words and not
        `/intent` payloads.

        Args:
            conversation: The conversation's id.
            text: What the person said.
            payload: What the button does that they clicked, or None.
            message_id: By which Rasa stores the message.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The conversation could not be read or saved.
            Superseded: Another server works on the message.
        """
        cleaned = clean_text(text)
        notes = [Reply(lead=cleaned.note)] if cleaned.note else []
        if not cleaned.text:
            return notes
        output = RepliesOutput(self._channel)
        message = UserMessage(
            cleaned.text,
            output,
            conversation,
            input_channel=self._channel,
            message_id=message_id,
            metadata=metadata_of(payload),
        )
        with bound_contextvars(conversation=conversation), hidden(text):
            with STAGE_SECONDS.labels("turn").time():
                cause = await self._run(message)
            replies = list(output.replies)
            if cause is None and not replies:
                cause = "the turn ended without a reply"
            if replies and (preface := self._prefaces.before(conversation, message.parse_data)):
                replies[0] = _with_preface(replies[0], preface)
            outcome = "answered" if cause is None else "partly" if replies else "failed"
            TURNS.labels(self._channel, outcome).inc()
            if cause is not None:
                log.error("turn.failed", cause=cause, messages_sent=len(replies))
                replies.append(Reply(lead=PARTLY_SENTENCE if replies else FAILED_SENTENCE))
        return notes + replies

    async def replies_once(
        self, item: Item, agent: Any, conversation: str, text: str, payload: Payload | None
    ) -> list[Reply]:
        """Run the turn of a message in the inbox, unless it came to its end before a crash.

        Args:
            item: The message.
            agent: Rasa's agent.
            conversation: The conversation's id.
            text: What the person said.
            payload: What the button does that they clicked, or None.
        """
        message_id = f"{self._channel}-{item.id}"
        STAGE_SECONDS.labels("waiting").observe(max(0.0, time.time() - item.queued_at))
        tries = 0
        while True:
            try:
                if item.attempts > 1 or tries:
                    earlier = await _earlier_replies(agent, conversation, message_id)
                    if earlier:
                        return earlier
                if item.attempts > MOST_ATTEMPTS:
                    log.error("turn.given_up", conversation=conversation, attempts=item.attempts)
                    return [Reply(lead=FAILED_SENTENCE)]
                return await self.replies(conversation, text, payload, message_id)
            except SQLAlchemyError as error:
                cause = f"{type(error).__name__}: {error}"[:300]
                if tries == len(PAUSES_SECONDS):
                    log.error("turn.failed", conversation=conversation, cause=cause)
                    return [Reply(lead=FAILED_SENTENCE)]
                log.warning("turn.not_saved", conversation=conversation, cause=cause)
            await asyncio.sleep(PAUSES_SECONDS[tries])
            tries += 1

    async def _run(self, message: UserMessage) -> str | None:
        """Run a turn; return what went wrong, if anything."""
        # A task of its own tells a turn that was cancelled from inside from our own end.
        turn = asyncio.ensure_future(self._on_new_message(message))
        try:
            await asyncio.wait({turn}, timeout=self._limit_seconds)
        finally:
            turn.cancel()
        if not turn.done():
            return f"the turn took longer than {self._limit_seconds:g} s"
        if turn.cancelled():
            return "the turn was cancelled from inside"
        failure = turn.exception()
        if failure is None:
            return None
        if isinstance(failure, (SQLAlchemyError, Superseded)):
            raise failure
        log.error("turn.exception", exc_info=failure)
        return f"{type(failure).__name__}: {failure}"[:300]


def _with_preface(reply: Reply, preface: str) -> Reply:
    body = (reply.lead, *reply.body) if reply.lead else reply.body
    return reply.copy(update={"lead": preface, "body": body})


async def _earlier_replies(agent: Any, conversation: str, message_id: str) -> list[Reply]:
    """Return what an earlier attempt at a message has said, if its turn had come to its end.

    Rasa saves a turn's events as its last step. If the server died between that and our own note,
    the turn must not run again: "show me more" would skip a page.
    """
    tracker = await agent.tracker_store.retrieve(conversation)
    replies: list[Reply] | None = None
    for event in tracker.events if tracker else ():
        if isinstance(event, UserUttered):
            replies = [] if event.message_id == message_id else None
        elif isinstance(event, BotUttered) and replies is not None:
            reply = read_reply({"text": event.text, **event.data, **(event.metadata or {})})
            if reply is not None:
                replies.append(reply)
    return replies or []
