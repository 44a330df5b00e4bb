"""One turn of a conversation, after which a person always has a reply in words.

`reply_in_words` runs a turn for a channel. Where the turn fails, takes too long or says nothing, it
sends a sentence of its own, and the log gets the cause with the conversation's id. The answer to a
message in another language begins with a sentence in that language (`preceptor.channels.prefaces`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa.core.channels.channel import OutputChannel, UserMessage
from structlog.contextvars import bound_contextvars

from preceptor.channels.clean_text import clean_text
from preceptor.channels.output import PREFACE
from preceptor.channels.prefaces import Prefaces

TURN_LIMIT_SECONDS = 20.0
# How long the sentence about a failure may take to go out.
_SENTENCE_LIMIT_SECONDS = 5.0

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


class CountedOutput(OutputChannel):
    """An output channel that passes everything on to another and counts it.

    Attributes:
        inner: The channel that sends.
        sent: How many messages with something to read or see went out.
    """

    def __init__(
        self, inner: OutputChannel, preface: Callable[[], str | None] = lambda: None
    ) -> None:
        """Wrap `inner`; `preface` gives what stands before a turn's first message."""
        self.inner = inner
        self.sent = 0
        self._preface = preface

    def name(self) -> str:
        """Return the inner channel's name, by which Rasa picks responses for a channel."""
        return self.inner.name()

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Pass one message on; Rasa sends every reply through this method."""
        has_content = bool((message.get("text") or "").strip()) or any(
            message.get(key) for key in ("custom", "image", "attachment", "elements")
        )
        if has_content and not self.sent and (preface := self._preface()):
            message = {**message, PREFACE: preface}
        await self.inner.send_response(recipient_id, message)
        self.sent += has_content

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Pass a plain text on."""
        await self.inner.send_text_message(recipient_id, text, **kwargs)
        self.sent += bool(text.strip())


def reply_in_words(
    on_new_message: OnNewMessage, limit_seconds: float = TURN_LIMIT_SECONDS
) -> Callable[[UserMessage], Awaitable[None]]:
    """Wrap Rasa's handler of messages so that every message is answered in words.

    The text is cleaned first (see `clean_text`), so quick replies must carry words and not
    `/intent` payloads.

    Args:
        on_new_message: What Rasa passes to `InputChannel.blueprint`.
        limit_seconds: How long a turn may take altogether.

    Returns:
        A handler of a `UserMessage` with a text and an output channel. It raises nothing but
        `asyncio.CancelledError`, and that only when it is itself cancelled.
    """
    prefaces = Prefaces()

    async def handle(message: UserMessage) -> None:
        conversation = message.sender_id
        # By the time of its first reply the message has been read.
        output = CountedOutput(
            message.output_channel, lambda: prefaces.before(conversation, message.parse_data)
        )
        message.output_channel = output
        with bound_contextvars(conversation=message.sender_id):
            cleaned = clean_text(message.text or "")
            message.text = cleaned.text
            if cleaned.note:
                await _say(output, message.sender_id, cleaned.note)
            if not cleaned.text:
                return
            output.sent = 0
            cause, cancelled = await _run_turn(on_new_message, message, limit_seconds)
            if cause is None and not output.sent:
                cause = "the turn ended without a reply"
            if cause is not None:
                log.error("turn.failed", cause=cause, messages_sent=output.sent)
                sentence = PARTLY_SENTENCE if output.sent else FAILED_SENTENCE
                await _say(output, message.sender_id, sentence)
            if cancelled:
                raise cancelled

    return handle


async def _run_turn(
    on_new_message: OnNewMessage, message: UserMessage, limit_seconds: float
) -> tuple[str | None, asyncio.CancelledError | None]:
    """Run a turn; return what went wrong, if anything, and our own cancellation."""
    # A task of its own tells a turn that was cancelled from inside from our own end.
    turn = asyncio.ensure_future(on_new_message(message))
    try:
        await asyncio.wait({turn}, timeout=limit_seconds)
    except asyncio.CancelledError as error:
        turn.cancel()
        return "the channel cancelled the turn", error
    if not turn.done():
        turn.cancel()
        return f"the turn took longer than {limit_seconds:g} s", None
    if turn.cancelled():
        return "the turn was cancelled from inside", None
    failure = turn.exception()
    if failure is None:
        return None, None
    log.error("turn.exception", exc_info=failure)
    return f"{type(failure).__name__}: {_shorten(failure)}", None


async def _say(output: OutputChannel, recipient_id: str, text: str) -> None:
    """Send one sentence; where even that fails, there is only the log left."""
    try:
        await asyncio.wait_for(
            output.send_text_message(recipient_id, text), _SENTENCE_LIMIT_SECONDS
        )
    except Exception as error:
        log.error("sentence.failed", cause=f"{type(error).__name__}: {_shorten(error)}")


def _shorten(value: object, limit_characters: int = 300) -> str:
    text = str(value)
    return text if len(text) <= limit_characters else text[:limit_characters] + "…"
