"""Durable queues and their workers, in a real SQLite file and in a real PostgreSQL."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy.engine import Engine

from preceptor.channels import inbox as inbox_module
from preceptor.channels.inbox import Item, Queue, Worker, source_of
from preceptor.channels.storage import writing
from preceptor.runtime.fair import FairPlaces
from tests.support.web import until


@pytest.fixture
def queue(engine: Engine) -> Iterator[Queue]:
    made = Queue(engine, "test")
    yield made
    made.bus.stop()


def put(queue: Queue, lane: str, text: str, position: float = 0.0) -> None:
    with writing(queue.engine) as connection:
        queue.add(connection, lane, {"text": text}, position)


def finish(queue: Queue, item: Item) -> bool:
    with writing(queue.engine) as connection:
        return queue.finish(connection, item)


def test_items_of_a_lane_come_in_order_and_lanes_by_their_age(queue: Queue) -> None:
    for lane, text, position in (("b", "2", 7.5), ("a", "1", 1.0), ("b", "1", 7.25), ("b", "3", 9)):
        put(queue, lane, text, position)
    assert list(queue.lanes()) == ["b", "a"]
    texts = []
    while (item := queue.begin("b")) is not None:
        texts.append(item.content["text"])
        assert finish(queue, item)
    assert texts == ["1", "2", "3"]
    assert list(queue.lanes()) == ["a"]


def test_queues_of_one_database_are_apart(queue: Queue, engine: Engine) -> None:
    put(queue, "a", "mine")
    other = Queue(engine, "other")
    assert other.lanes() == {} and other.begin("a") is None


def test_only_the_latest_beginning_may_finish_an_item(queue: Queue) -> None:
    put(queue, "a", "1")
    first = queue.begin("a")
    assert first is not None
    queue.renew([first], 0)
    second = queue.begin("a")
    assert second is not None
    assert (first.attempts, second.attempts) == (1, 2)
    assert not finish(queue, first)
    assert finish(queue, second) and not finish(queue, second)


def test_an_id_is_never_given_twice(queue: Queue) -> None:
    numbers = []
    for n in range(3):
        put(queue, "a", str(n))
        item = queue.begin("a")
        assert item is not None
        numbers.append(item.id)
        finish(queue, item)
    assert len(set(numbers)) == 3


class Recorder:
    """Works items by noting them down, and fails as often as it is told."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.done: list[str] = []
        self.failures = 0
        self.running = self.most_at_once = 0

    async def work(self, item: Item) -> None:
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(0.01)
            if self.failures:
                self.failures -= 1
                raise OSError("no")
            finish(self.queue, item)
            self.done.append(f"{item.lane}{item.content['text']}")
        finally:
            self.running -= 1


async def test_what_an_earlier_process_left_and_what_comes_is_worked(queue: Queue) -> None:
    put(queue, "a", "1")
    put(queue, "b", "1")
    recorder = Recorder(queue)
    worker = Worker(queue, recorder.work, FairPlaces(1))
    worker.start()
    await until(lambda: len(recorder.done) == 2)
    put(queue, "a", "2")
    worker.wake("a")
    assert worker.is_busy("a")
    await until(lambda: recorder.done == ["a1", "b1", "a2"])
    assert recorder.most_at_once == 1
    await worker.stop(1)


async def test_what_fails_is_worked_again_and_holds_no_other_lane_up(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "SWEEP_SECONDS", 0.05)
    recorder = Recorder(queue)
    recorder.failures = 1
    for lane, text in (("a", "1"), ("a", "2"), ("b", "1")):
        put(queue, lane, text)
    worker = Worker(queue, recorder.work, FairPlaces(1))
    worker.start()
    await until(lambda: len(recorder.done) == 3)
    assert recorder.done[0] == "b1" and recorder.done[1:] == ["a1", "a2"]
    await worker.stop(1)


async def test_nothing_is_begun_before_all_that_a_turn_needs_is_loaded(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "SWEEP_SECONDS", 0.05)
    recorder, warm = Recorder(queue), asyncio.Event()
    worker = Worker(queue, recorder.work, is_ready=warm.is_set)
    put(queue, "a", "1")
    worker.start()
    worker.wake("a")
    await asyncio.sleep(0.3)
    assert recorder.done == [] and queue.lanes()
    warm.set()
    await until(lambda: recorder.done == ["a1"])
    await worker.stop(1)


async def test_an_idle_lane_waits_a_moment_for_earlier_items(queue: Queue) -> None:
    recorder = Recorder(queue)
    worker = Worker(queue, recorder.work, settling_seconds=0.1)
    put(queue, "a", "2", position=2.0)
    worker.wake("a")
    await asyncio.sleep(0.02)
    put(queue, "a", "1", position=1.0)
    worker.wake("a")
    await until(lambda: recorder.done == ["a1", "a2"])
    await worker.stop(1)


@pytest.mark.parametrize("patient", [True, False])
async def test_a_worker_that_stops_leaves_what_is_not_done(queue: Queue, patient: bool) -> None:
    going = asyncio.Event()

    async def work(item: Item) -> None:
        going.set()
        await asyncio.sleep(0.05 if patient else 60)
        finish(queue, item)

    put(queue, "a", "1")
    put(queue, "a", "2")
    worker = Worker(queue, work)
    worker.start()
    await going.wait()
    await worker.stop(5 if patient else 0.05)
    item = queue.begin("a")
    assert item is not None and item.content["text"] == ("2" if patient else "1")
    worker.wake("a")
    assert not worker.is_busy("a")


async def test_long_messages_of_many_give_way_to_short_ones(queue: Queue) -> None:
    recorder, places = Recorder(queue), FairPlaces(1)
    worker = Worker(queue, recorder.work, places)
    lanes = ["first", *(f"long-{n}" for n in range(5)), "short"]
    async with places.place(("nobody", "nobody", "nobody")):
        for lane in lanes:
            put(queue, lane, "")
            worker.wake(lane, source_of(lane, "x" * 1_001 if "long" in lane else "x"))
        await asyncio.sleep(0.05)
    await until(lambda: len(recorder.done) == len(lanes))
    assert recorder.done.index("short") <= 3, recorder.done
    await worker.stop(1)
