"""One turn: what a person hears when something fails."""

import asyncio
from types import SimpleNamespace

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from preceptor.channels import turns as turns_module
from preceptor.channels.clean_text import CUT_NOTE, EMPTY_NOTE
from preceptor.channels.inbox import Item
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


class Store:
    """A conversations' database that fails to save as often as it is told."""

    def __init__(self, failures: int, saves_all_the_same: bool = False) -> None:
        self.failures = failures
        self.saves_all_the_same = saves_all_the_same
        self.events: list = []
        self.turns = 0

    async def retrieve(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(events=self.events)

    async def turn(self, message: UserMessage) -> None:
        self.turns += 1
        await message.output_channel.send_response("someone", {"text": f"answer {self.turns}"})
        failed = self.failures > 0
        self.failures -= 1
        if not failed or self.saves_all_the_same:
            self.events = [
                UserUttered(message.text, input_channel="rest", message_id=message.message_id),
                BotUttered(f"answer {self.turns}"),
            ]
        if failed:
            raise OperationalError("INSERT", {}, Exception("database is locked"))

    async def answer(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(turns_module, "PAUSES_SECONDS", (0.0,) * 3)
        item = Item(7, "someone", 0.0, {}, 1, 0.0)
        agent = SimpleNamespace(tracker_store=self)
        turns = Turns("rest", self.turn)
        replies = await turns.replies_once(item, agent, "someone", "hello", None)
        return [plain_text(reply) for reply in replies]


async def test_a_turn_that_was_not_saved_is_run_again_and_said_once(monkeypatch):
    assert await Store(2).answer(monkeypatch) == ["answer 3"]


async def test_a_turn_that_was_saved_after_all_is_not_run_again(monkeypatch):
    store = Store(1, saves_all_the_same=True)
    assert await store.answer(monkeypatch) == ["answer 1"]
    assert store.turns == 1


async def test_a_turn_that_can_never_be_saved_is_told(monkeypatch):
    assert await Store(100).answer(monkeypatch) == [FAILED_SENTENCE]
