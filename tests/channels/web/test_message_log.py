"""The web channel's message log, in a real SQLite file and in a real PostgreSQL."""

import threading

import pytest
from sqlalchemy.engine import Engine

from preceptor.channels.web.message_log import LEASE_SECONDS, LoggedReply, MessageLog


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(engine: Engine, clock: Clock) -> MessageLog:
    return MessageLog(engine, "one", clock)


@pytest.fixture
def other(engine: Engine, clock: Clock) -> MessageLog:
    return MessageLog(engine, "other", clock)


def texts(log: MessageLog, conversation: str = "a", after: int = 0) -> list[tuple[int, str | None]]:
    return [(each.seq, each.text) for each in log.after(conversation, after, 100)[0]]


def test_messages_are_numbered_in_each_conversation(log: MessageLog) -> None:
    log.add("a", "1", "hello")
    log.add("b", "1", "hi")
    log.take("a")
    added = log.answer("a", 1, [LoggedReply("Hello."), LoggedReply(None, {"card": {"type": "x"}})])
    assert [each.seq for each in added] == [2, 3]
    assert log.after("a", 0, 10)[0][1:] == added
    assert texts(log) == [(1, "hello"), (2, "Hello."), (3, None)]
    assert texts(log, after=2) == [(3, None)]
    assert texts(log, "b") == [(1, "hi")]
    assert texts(log, "c") == []
    assert log.after("a", 0, 2)[1] is True


def test_the_same_id_counts_once_and_leaves_no_gap(log: MessageLog) -> None:
    first, is_new = log.add("a", "x", "Hello", payload="sealed")
    again, is_new_again = log.add("a", "x", "Hello", payload="sealed")
    assert (is_new, is_new_again) == (True, False)
    assert again == first and again.content == {"payload": "sealed"}
    assert log.add("a", "y", "bye")[0].seq == 2
    assert log.add("b", "x", "hello")[1]


def test_many_at_once_get_numbers_without_gap_or_double(log: MessageLog, engine: Engine) -> None:
    failures: list[BaseException] = []

    def run(worker: int) -> None:
        try:
            mine = MessageLog(engine, str(worker))
            for number in range(10):
                # Every second id is sent by all.
                mine.add("a", str(number) if number % 2 else f"{worker}-{number}", "hello")
        except BaseException as error:  # Whatever it is, the main thread reports it.
            failures.append(error)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [seq for seq, _ in texts(log)] == list(range(1, 4 * 5 + 5 + 1))


def test_the_first_waiting_message_is_taken_by_one_server(
    log: MessageLog, other: MessageLog, clock: Clock
) -> None:
    assert log.take("a") == "none"
    log.add("a", "1", "first")
    log.add("a", "2", "second")
    taken = log.take("a")
    assert not isinstance(taken, str) and (taken.text, taken.attempts) == ("first", 0)
    assert other.take("a") == "busy"
    log.answer("a", 1, [LoggedReply("one")])
    second = other.take("a")
    assert not isinstance(second, str) and second.text == "second"


def test_what_a_dead_server_had_taken_is_free_again_and_answered_once(
    log: MessageLog, other: MessageLog, clock: Clock
) -> None:
    log.add("a", "1", "hello")
    log.take("a")
    assert other.waiting() == []
    clock.now += LEASE_SECONDS / 2
    log.renew()
    clock.now += LEASE_SECONDS * 0.8
    assert other.waiting() == []
    clock.now += LEASE_SECONDS
    assert other.waiting() == ["a"]
    taken = other.take("a")
    assert not isinstance(taken, str) and taken.attempts == 1
    # It was not dead but slow: its answer comes too late.
    assert log.answer("a", 1, [LoggedReply("late")]) == []
    assert len(other.answer("a", 1, [LoggedReply("in time")])) == 1
    assert texts(log) == [(1, "hello"), (2, "in time")]
    assert other.take("a") == "none"


def test_a_message_that_has_just_come_is_left_to_its_own_server(
    log: MessageLog, other: MessageLog, clock: Clock
) -> None:
    log.add("a", "1", "hello")
    assert other.waiting() == []
    clock.now += LEASE_SECONDS + 1
    assert other.waiting() == ["a"]


def test_a_server_that_stops_gives_back_what_it_had(log: MessageLog, other: MessageLog) -> None:
    log.add("a", "1", "hello")
    log.take("a")
    log.release()
    assert not isinstance(other.take("a"), str)


def test_after_a_restart_nothing_older_is_shown(log: MessageLog) -> None:
    log.add("a", "1", "hello")
    log.take("a")
    mark, _ = log.add("a", "2", None, kind="restart")
    # The turn was running when the person asked to begin anew.
    assert log.answer("a", 1, [LoggedReply("too late")]) == []
    assert [(each.seq, each.kind) for each in log.after("a", 0, 10)[0]] == [(mark.seq, "restart")]
    taken = log.take("a")
    assert not isinstance(taken, str) and taken.kind == "restart"
    assert log.answer("a", mark.seq, []) == []
    assert log.take("a") == "none"
    assert log.add("a", "3", "again")[0].seq > mark.seq


def test_old_messages_go_and_numbers_go_on_while_the_conversation_is_in_use(
    log: MessageLog, clock: Clock
) -> None:
    log.add("a", "1", "hello")
    log.take("a")
    log.answer("a", 1, [LoggedReply("Hello.")])
    log.add("b", "1", "waits")
    clock.now += 100 * 24 * 3600
    log.touch("a")
    assert log.forget(clock.now - 30 * 24 * 3600, clock.now - 60 * 24 * 3600) == []
    assert texts(log) == []
    assert texts(log, "b") == [(1, "waits")]
    assert log.add("a", "2", "back")[0].seq == 3
    log.take("a")
    log.answer("a", 3, [])
    clock.now += 100 * 24 * 3600
    assert log.forget(clock.now - 30 * 24 * 3600, clock.now - 60 * 24 * 3600) == ["a"]


def test_a_widget_that_remembers_more_than_we_do_gets_everything(log: MessageLog) -> None:
    log.add("a", "1", "hello")
    assert texts(log, after=57) == [(1, "hello")]


def test_only_the_advisors_messages_can_be_rated(log: MessageLog) -> None:
    log.add("a", "1", "hello")
    log.take("a")
    log.answer("a", 1, [LoggedReply("Hello.")])
    assert [log.has_answer("a", seq) for seq in (1, 2, 3)] == [False, True, False]
    assert not log.has_answer("b", 2)


def test_a_conversation_can_be_deleted(log: MessageLog) -> None:
    log.add("a", "1", "hello")
    log.add("b", "1", "hello")
    log.delete("a")
    assert (texts(log), texts(log, "b")) == ([], [(1, "hello")])
