"""What was acknowledged is answered once, whatever happens to the server in between."""

import asyncio
import time

import pytest

from preceptor.channels import inbox
from preceptor.channels.turns import FAILED_SENTENCE
from preceptor.conversation.choices import Choice, Page
from preceptor.conversation.replies import Reply, as_custom
from preceptor.runtime.settings import Settings, WebSettings
from tests.support.web import EchoAgent, RunningServer, until, widget


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Servers that look for what waits, and stop, in a moment."""
    monkeypatch.setattr(inbox, "SWEEP_SECONDS", 0.1)
    monkeypatch.setattr(inbox, "DRAIN_SECONDS", 0.5)


@pytest.fixture
def start(tmp_path):
    """Start servers of one installation; those still running in the end are stopped."""
    running: list[RunningServer] = []

    def start_one() -> RunningServer:
        running.append(RunningServer(Settings(home=tmp_path), WebSettings(), EchoAgent()))
        return running[-1]

    yield start_one
    for server in running:
        if server.thread.is_alive():
            server.stop()


async def test_a_server_killed_in_mid_turn_answers_after_its_restart(start) -> None:
    first = start()
    first.agent.hold = asyncio.Event()
    async with widget(first.url) as one:
        await one.say("hold on")
        await one.say("and this")
        await until(lambda: first.agent.said)
        first.kill()
    second = start()
    second.agent.hold = asyncio.Event()
    second.agent.hold.set()
    second.agent.tracker_store.retrieve = nothing_said
    async with widget(second.url, one.token) as again:
        await until(lambda: len(second.agent.said) == 2)
        await until(lambda: not second.channel._worker.is_busy(second.agent.said[0][0]))
        assert [each["text"] for each in await again.sync()] == [
            "hold on",
            "and this",
            "You said hold on",
            "You said and this",
        ]


async def test_a_click_keeps_its_payload_over_a_restart_of_the_server(start) -> None:
    first = start()
    first.agent.replies = [
        {
            "custom": as_custom(
                Reply(lead="Look.", choices=(Choice(title="Hold on", payload=Page(offset=3)),))
            )
        }
    ]
    first.agent.hold = asyncio.Event()
    async with widget(first.url) as one:
        await one.say("hello")
        (button,) = await until(lambda: one.messages[-1:] and one.messages[-1]["buttons"])
        await one.say("hold on", payload=button["payload"])
        await until(lambda: len(first.agent.said) == 2)
        first.kill()
    second = start()
    second.agent.hold = asyncio.Event()
    second.agent.hold.set()
    second.agent.tracker_store.retrieve = nothing_said
    async with widget(second.url, one.token) as again:
        await until(lambda: second.agent.chosen == [{"do": "page", "offset": 3}])
        # A button of the first server's counts with the second as well.
        await again.say("hold on", payload=button["payload"])
        await until(lambda: second.agent.chosen == [{"do": "page", "offset": 3}] * 2)


async def nothing_said(_: str) -> None:
    return None


async def test_a_server_that_is_stopped_lets_a_turn_end(start) -> None:
    first = start()
    token = None
    async with widget(first.url) as one:
        token = one.token
        await one.say("slow one")
        await until(lambda: first.agent.said)
        await asyncio.get_running_loop().run_in_executor(None, first.stop)
    second = start()
    async with widget(second.url, token) as again:
        assert [each["text"] for each in await again.sync()] == ["slow one", "You said slow one"]
        assert second.agent.said == []


async def test_a_turn_that_takes_too_long_for_a_stop_runs_after_the_restart(start) -> None:
    first = start()
    first.agent.hold = asyncio.Event()
    async with widget(first.url) as one:
        await one.say("hold on")
        await until(lambda: first.agent.said)
        began = time.monotonic()
        await asyncio.get_running_loop().run_in_executor(None, first.stop)
        assert time.monotonic() - began < 10
        await until(lambda: not one.client.connected)
    second = start()
    second.agent.hold = asyncio.Event()
    second.agent.hold.set()
    second.agent.tracker_store.retrieve = nothing_said
    async with widget(second.url, one.token) as again:
        await until(lambda: second.agent.said)
        await until(lambda: not second.channel._worker.is_busy(second.agent.said[0][0]))
        assert [each["text"] for each in await again.sync()] == ["hold on", "You said hold on"]


async def test_a_message_that_brings_the_server_down_again_and_again_is_given_up(start) -> None:
    first = start()
    first.agent.hold = asyncio.Event()
    async with widget(first.url) as one:
        await one.say("hold on")
        await until(lambda: first.agent.said)
        first.kill()
    for _ in range(inbox.MOST_ATTEMPTS - 1):
        again = start()
        again.agent.hold = asyncio.Event()
        again.agent.tracker_store.retrieve = nothing_said
        await until(lambda again=again: again.agent.said)
        again.kill()
    last = start()
    last.agent.tracker_store.retrieve = nothing_said
    async with widget(last.url, one.token) as finally_:

        async def answers() -> list[str]:
            return [each["text"] for each in await finally_.sync()]

        while len(await answers()) < 2:
            await asyncio.sleep(0.05)
        assert await answers() == ["hold on", FAILED_SENTENCE]
        assert last.agent.said == []


async def test_a_log_that_cannot_be_written_is_told_and_nothing_is_acknowledged(start) -> None:
    server = start()
    async with widget(server.url) as one:
        await one.say("hello")
        await until(lambda: one.texts())
        engine = server.channel._history._engine
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE web_history RENAME TO away")
        try:
            answer = await one.say("are you there?")
        finally:
            with engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE away RENAME TO web_history")
        assert (answer["ok"], answer["code"]) == (False, "unavailable")
        assert answer["retry_after"] > 0
        await one.say("and now?")
        await until(lambda: one.texts() == ["You said hello", "You said and now?"])
