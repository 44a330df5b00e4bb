"""A process that reads beside the server's."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage

from preceptor.rasa_ext.nlu_worker import NotRead, ReadingProcess, can_read_beside
from preceptor.rasa_ext.turn_context import heard
from tests.support.processes import is_alive, wait_until

pytestmark = pytest.mark.skipif(not can_read_beside(), reason="reads in the server's process")


def read(message: UserMessage, only_output_properties: bool) -> dict[str, Any]:
    """Say what came; fail, or take longer, where the text asks for it."""
    if message.text == "fail":
        raise ValueError
    if message.text == "wait":
        time.sleep(60)
    report = heard.get()
    assert report is not None
    report.language, report.intent = "es", str(message.text)
    said = (message.text, message.sender_id, message.message_id, message.metadata)
    return {"said": said, "output": only_output_properties, "process": os.getpid()}


@pytest.fixture
def beside() -> Iterator[ReadingProcess]:
    process = ReadingProcess(lambda: read)
    yield process
    process.close()
    process.close()


def message(text: str, **more: Any) -> UserMessage:
    return UserMessage(text, None, "me", message_id="1", **more)


async def test_messages_are_read_elsewhere_each_with_what_was_heard(beside) -> None:
    texts = [f"message {number}" for number in range(30)]
    read_there = await asyncio.gather(
        *(beside.parse(message(t, metadata={"of": t}), t.endswith("0")) for t in texts)
    )
    for text, (parsed, report) in zip(texts, read_there, strict=True):
        assert parsed["said"] == (text, "me", "1", {"of": text})
        assert parsed["output"] is text.endswith("0")
        assert parsed["process"] != os.getpid()
        assert (report.language, report.intent) == ("es", text)
    assert len({parsed["process"] for parsed, _ in read_there}) == 1


async def test_the_longest_messages_pass(beside) -> None:
    long = "\N{GRINNING FACE}" * 8_000
    parsed = await asyncio.wait_for(
        asyncio.gather(*(beside.parse(message(long), True) for _ in range(12))), 30
    )
    assert all(one["said"][0] == long for one, _ in parsed)


@pytest.mark.parametrize(
    "bad", [message("fail"), message("x", metadata={"lock": open(os.devnull)})]
)
async def test_a_message_that_it_cannot_read_is_given_back(beside, bad) -> None:
    good = [beside.parse(message(str(number)), True) for number in range(6)]
    *others, failed = await asyncio.gather(*good, beside.parse(bad, True), return_exceptions=True)
    assert isinstance(failed, NotRead)
    assert [parsed["said"][0] for parsed, _ in others] == ["0", "1", "2", "3", "4", "5"]
    assert (await beside.parse(message("after"), True))[0]["said"][0] == "after"


async def test_who_gives_up_takes_nobody_elses_answer(beside) -> None:
    given_up = asyncio.ensure_future(beside.parse(message("given up"), True))
    await asyncio.sleep(0)
    given_up.cancel()
    assert (await beside.parse(message("mine"), True))[0]["said"][0] == "mine"
    assert given_up.cancelled()


async def test_where_the_process_dies_all_is_given_back(beside) -> None:
    process = (await beside.parse(message("who"), True))[0]["process"]
    waiting = [asyncio.ensure_future(beside.parse(message("wait"), True)) for _ in range(9)]
    await asyncio.sleep(0.1)
    os.kill(process, signal.SIGKILL)
    told = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 30)
    assert [type(each) for each in told] == [NotRead] * 9
    with pytest.raises(NotRead):
        await beside.parse(message("later"), True)
    assert not is_alive(process)


async def test_one_that_is_closed_reads_nothing() -> None:
    process = ReadingProcess(lambda: read)
    process.close()
    with pytest.raises(NotRead):
        await process.parse(message("anybody there"), True)


async def test_one_that_hangs_is_given_up() -> None:
    process = ReadingProcess(lambda: read, limit_seconds=0.5)
    number = (await process.parse(message("who"), True))[0]["process"]
    waiting = [process.parse(message(text), True) for text in ("wait", "behind it")]
    told = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 30)
    assert [type(each) for each in told] == [NotRead] * 2
    assert not is_alive(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_the_whole_group_leaves_it_at_work(beside, number) -> None:
    process = (await beside.parse(message("who"), True))[0]["process"]
    os.kill(process, number)
    assert (await beside.parse(message("still there"), True))[0]["process"] == process


async def test_it_does_not_outlive_its_server(tmp_path: Path) -> None:
    told = tmp_path / "process"
    server = os.fork()
    if not server:
        # What a server that is killed leaves behind.
        ReadingProcess(lambda: _telling(told))
        time.sleep(60)
        os._exit(0)
    wait_until(told.exists, 30)
    process = int(told.read_text())
    os.kill(server, signal.SIGKILL)
    os.waitpid(server, 0)
    wait_until(lambda: not is_alive(process), 30)


def _telling(told: Path) -> Any:
    part = told.with_suffix(".part")
    part.write_text(str(os.getpid()))
    part.rename(told)
    return read


async def test_one_that_cannot_load_gives_back_what_it_is_asked() -> None:
    def load() -> Any:
        raise ValueError("no model")

    process = ReadingProcess(load)
    with pytest.raises(NotRead):
        await asyncio.wait_for(process.parse(message("anybody there"), True), 30)
    process.close()
