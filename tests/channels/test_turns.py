"""One turn: what a person hears when something fails."""

import asyncio

import pytest
from rasa.core.channels.channel import UserMessage
from structlog.testing import capture_logs

from preceptor.channels.clean_text import CUT_NOTE, EMPTY_NOTE
from preceptor.channels.turns import FAILED_SENTENCE, PARTLY_SENTENCE, Turns
from preceptor.conversation.plain_text import plain_text


async def replies_of(turn, text: str = "hello", limit_seconds: float = 5.0) -> list[str]:
    """Run one turn and return the texts that the person gets."""
    replies = await Turns("rest", turn, limit_seconds).replies("someone", text)
    return [plain_text(reply) for reply in replies]


async def test_a_turn_that_says_nothing_gets_a_sentence():
    async def turn(message: UserMessage) -> None:
        await message.output_channel.send_response("someone", {"text": "  "})

    assert (await replies_of(turn))[-1] == FAILED_SENTENCE


async def test_a_turn_that_raises_gets_a_sentence_and_the_log_gets_the_cause():
    async def turn(message: UserMessage) -> None:
        raise RuntimeError("the database is locked")

    with capture_logs() as lines:
        assert await replies_of(turn) == [FAILED_SENTENCE]
    (line,) = [line for line in lines if line["event"] == "turn.failed"]
    assert "the database is locked" in line["cause"]


async def test_a_turn_that_fails_half_way_says_that_it_may_be_incomplete():
    async def turn(message: UserMessage) -> None:
        await message.output_channel.send_response("someone", {"text": "First."})
        raise RuntimeError

    assert await replies_of(turn) == ["First.", PARTLY_SENTENCE]


async def test_a_turn_that_takes_too_long_gets_a_sentence_and_is_cancelled():
    ended = asyncio.Event()

    async def turn(message: UserMessage) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    assert await replies_of(turn, limit_seconds=0.1) == [FAILED_SENTENCE]
    await asyncio.wait_for(ended.wait(), 1)


async def test_a_turn_that_is_cancelled_from_inside_gets_a_sentence():
    async def turn(message: UserMessage) -> None:
        raise asyncio.CancelledError

    assert await replies_of(turn) == [FAILED_SENTENCE]


async def test_a_channel_that_is_cancelled_cancels_its_turn_and_stays_cancelled():
    started, ended = asyncio.Event(), asyncio.Event()

    async def turn(message: UserMessage) -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    task = asyncio.create_task(replies_of(turn))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 1)


async def test_a_message_without_words_never_reaches_rasa():
    async def turn(message: UserMessage) -> None:
        raise AssertionError("it did")

    assert await replies_of(turn, "\u200b /") == [EMPTY_NOTE]


async def test_a_cut_message_is_answered_after_the_note():
    async def turn(message: UserMessage) -> None:
        await message.output_channel.send_text_message("someone", str(len(message.text)))

    assert await replies_of(turn, "x" * 9000) == [CUT_NOTE, "8000"]


async def test_a_note_does_not_count_as_an_answer():
    async def turn(message: UserMessage) -> None:
        pass

    assert await replies_of(turn, "x" * 9000) == [CUT_NOTE, FAILED_SENTENCE]
