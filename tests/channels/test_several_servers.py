"""Two servers on one PostgreSQL: what one writes, the other shows, goes on with, and counts."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from preceptor.channels import inbox
from preceptor.channels.inbox import Item, Queue, Superseded, check
from preceptor.channels.storage import engine_of, open_channels, writing
from preceptor.runtime.settings import Complaint, Rate, Settings, WebSettings
from tests.support.web import EchoAgent, RunningServer, until, widget

SECRET = "a secret that is as long as it must be"


async def nothing_said(_: str) -> None:
    return None


@pytest.fixture
def start(
    new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., RunningServer]]:
    """A function that starts a server of one installation."""
    monkeypatch.setattr(inbox, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(inbox, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(inbox, "DRAIN_SECONDS", 0.5)
    url = new_database()
    running: list[RunningServer] = []

    def start_one(**web: Any) -> RunningServer:
        settings = Settings(home=tmp_path, channels_database=url, secret=SECRET)
        running.append(RunningServer(settings, WebSettings(**web), EchoAgent()))
        running[-1].agent.tracker_store.retrieve = nothing_said
        return running[-1]

    yield start_one
    for server in running:
        if server.thread.is_alive():
            server.stop()
    engine_of(url).dispose()


async def test_every_widget_of_a_conversation_sees_what_is_said_at_either_server(start) -> None:
    one, other = start(), start()
    async with widget(one.url) as here, widget(other.url, here.token) as there:
        await here.say("hello")
        await until(lambda: here.texts() and there.texts())
        await there.say("and now?")
        await until(lambda: len(here.texts()) == 2 and len(there.texts()) == 2)
        assert here.texts() == there.texts() == ["You said hello", "You said and now?"]
        answered = [each["text"] for each in await here.sync()]
        assert sorted(answered) == sorted(
            ["hello", "You said hello", "and now?", "You said and now?"]
        )


async def test_a_conversation_is_worked_by_one_server_at_a_time(start) -> None:
    servers = [start(), start()]
    async with widget(servers[0].url) as here, widget(servers[1].url, here.token) as there:
        await asyncio.gather(*(side.say(f"slow {n}") for n in range(4) for side in (here, there)))
        await until(lambda: len(here.texts()) == 8)
        said = [text for server in servers for _, text in server.agent.said]
        assert sorted(said) == sorted([f"slow {n}" for n in range(4)] * 2)
        seqs = [each["answers"] for each in await answers_of(servers[0])]
        assert seqs == sorted(seqs) and len(set(seqs)) == 8


async def answers_of(server: RunningServer) -> list[Any]:
    query = sa.text("SELECT answers FROM web_history WHERE sender = 'advisor' ORDER BY seq")
    with engine_of(server.settings.channels_url).connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


async def test_the_other_server_answers_what_a_killed_one_has_begun(start) -> None:
    one = start()
    one.agent.hold = asyncio.Event()
    async with widget(one.url) as here:
        await here.say("hold on")
        await until(lambda: one.agent.said)
        one.kill()
        other = start()
        other.agent.hold = asyncio.Event()
        other.agent.hold.set()
        async with widget(other.url, here.token) as there:
            await until(lambda: other.agent.said)
            await until(lambda: there.texts() == ["You said hold on"])


async def test_what_a_stopped_server_has_not_finished_is_taken_up_at_once(start) -> None:
    one, other = start(), start()
    other.agent.hold = asyncio.Event()
    other.agent.hold.set()
    one.agent.hold = asyncio.Event()
    async with widget(one.url) as here:
        await here.say("hold on")
        holder = await until(lambda: one.agent.said and one or other.agent.said and other)
        if holder is one:
            await asyncio.get_running_loop().run_in_executor(None, one.stop)
        async with widget(other.url, here.token) as there:
            await until(lambda: other.agent.said)

            async def is_answered() -> bool:
                return len(await there.sync()) == 2

            while not await is_answered():
                await asyncio.sleep(0.05)


async def test_limits_count_at_all_servers_together(start) -> None:
    slow = {"messages_per_minute": Rate(1, 3)}
    one, other = start(**slow), start(**slow)
    async with widget(one.url) as here, widget(other.url, here.token) as there:
        codes = [(await side.say("hi")).get("code") for side in (here, there, here, there, here)]
    assert codes == [None, None, None, "rate_limited", "rate_limited"]


def test_a_server_with_another_secret_does_not_start(new_database, tmp_path) -> None:
    url = new_database()
    open_channels(Settings(home=tmp_path, channels_database=url, secret=SECRET))
    open_channels(Settings(home=tmp_path, channels_database=url, secret=SECRET))
    with pytest.raises(Complaint, match="same PRECEPTOR_SECRET"):
        open_channels(Settings(home=tmp_path, channels_database=url, secret=SECRET + "!"))


@pytest.fixture
def queue(new_database: Callable[[], str], tmp_path: Path) -> Iterator[Queue]:
    engine = open_channels(Settings(home=tmp_path, channels_database=new_database(), secret=SECRET))
    yield Queue(engine, "test")
    engine.dispose()


def put(queue: Queue, lane: str, position: float = 0.0) -> None:
    with writing(queue.engine) as connection:
        queue.add(connection, lane, {}, position)


def begun(queue: Queue, lane: str) -> Item:
    item = queue.begin(lane)
    assert item is not None
    return item


def test_a_lane_is_begun_once_even_if_something_earlier_comes(queue: Queue) -> None:
    put(queue, "a", 2.0)
    first = begun(queue, "a")
    put(queue, "a", 1.0)
    assert queue.begin("a") is None
    with writing(queue.engine) as connection:
        assert queue.finish(connection, first)
    assert begun(queue, "a").position == 1.0


def test_an_old_attempt_may_write_nothing(queue: Queue) -> None:
    put(queue, "a")
    old = begun(queue, "a")
    queue.renew([old], 0)
    new = begun(queue, "a")
    with writing(queue.engine) as connection:
        check(connection, new)
        with pytest.raises(Superseded):
            check(connection, old)
        assert not queue.finish(connection, old)
        assert queue.finish(connection, new)


def test_a_database_of_an_earlier_version_gets_the_new_columns(new_database, tmp_path) -> None:
    url = new_database()
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE web_history (conversation VARCHAR(64), seq INTEGER, kind VARCHAR(8), "
            "sender VARCHAR(8), at FLOAT, client_id VARCHAR(64), text TEXT, content TEXT, "
            "PRIMARY KEY (conversation, seq))"
        )
    open_channels(Settings(home=tmp_path, channels_database=url, secret=SECRET))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO web_history (conversation, seq, answers) VALUES ('{'x' * 128}', 1, 1)"
        )
