"""The turns of a channel's inbox: each message is answered once, over crashes too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, UserUttered

from preceptor.channels.inbox import MOST_ATTEMPTS, Item
from preceptor.channels.output import RepliesOutput, metadata_of, read_reply
from preceptor.channels.turn_runner import FAILED_SENTENCE, OnNewMessage, reply_in_words
from preceptor.conversation.choices import Payload
from preceptor.conversation.replies import Reply

log = structlog.get_logger(__name__)


class Turns:
    """Runs the turns of one channel."""

    def __init__(
        self, channel: str, on_new_message: OnNewMessage, agent: Callable[[], Any]
    ) -> None:
        """Answer for a channel.

        Args:
            channel: Its name.
            on_new_message: Rasa's handler.
            agent: Returns Rasa's agent.
        """
        self._channel = channel
        self._answer = reply_in_words(on_new_message)
        self._agent = agent

    async def replies(
        self, item: Item, conversation: str, text: str, payload: Payload | None
    ) -> list[Reply]:
        """Run a turn and return what it says, at least one reply.

        Args:
            item: The message in the inbox.
            conversation: The conversation's id.
            text: What the person said.
            payload: What the button does that they clicked, or None.
        """
        message_id = f"{self._channel}-{item.id}"
        if item.attempts > 1:
            earlier = await self._earlier_replies(conversation, message_id)
            if earlier:
                return earlier
        if item.attempts > MOST_ATTEMPTS:
            log.error("turn.given_up", conversation=conversation, attempts=item.attempts)
            return [Reply(lead=FAILED_SENTENCE)]
        output = RepliesOutput(self._channel)
        message = UserMessage(
            text,
            output,
            conversation,
            input_channel=self._channel,
            message_id=message_id,
            metadata=metadata_of(payload),
        )
        await self._answer(message)
        return output.replies

    async def _earlier_replies(self, conversation: str, message_id: str) -> list[Reply]:
        """Return what an earlier attempt has said, if its turn had come to its end.

        Rasa saves a turn's events as its last step. If the server died between that and our own
        note, the turn must not run again: "show me more" would skip a page.
        """
        tracker = await self._agent().tracker_store.retrieve(conversation)
        replies: list[Reply] | None = None
        for event in tracker.events if tracker else ():
            if isinstance(event, UserUttered):
                replies = [] if event.message_id == message_id else None
            elif isinstance(event, BotUttered) and replies is not None:
                reply = read_reply({"text": event.text, **event.data, **(event.metadata or {})})
                if reply is not None:
                    replies.append(reply)
        return replies or []
