"""The web channel's history, in a real SQLite file and in a real PostgreSQL."""

import threading

import pytest
from sqlalchemy.engine import Engine

from preceptor.channels.history import History, LoggedReply
from preceptor.channels.inbox import Item, Queue

DAY = 24 * 3600


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
def inbox(engine: Engine) -> Queue:
    return Queue(engine, "web")


@pytest.fixture
def history(engine: Engine, inbox: Queue, clock: Clock) -> History:
    return History(engine, inbox, clock)


def begin(inbox: Queue, conversation: str) -> Item:
    item = inbox.begin(conversation)
    assert item is not None
    return item


def texts(
    history: History, conversation: str = "a", after: int = 0
) -> list[tuple[int, str | None]]:
    return [(each.seq, each.text) for each in history.after(conversation, after, 100)[0]]


def test_messages_are_numbered_in_each_conversation(history: History, inbox: Queue) -> None:
    history.add("a", "1", "hello")
    history.add("b", "1", "hi")
    replies = [LoggedReply("Hello."), LoggedReply(None, {"card": {"type": "x"}})]
    added = history.answer(begin(inbox, "a"), replies)
    assert [each.seq for each in added] == [2, 3]
    assert history.after("a", 0, 10)[0][1:] == added
    assert texts(history) == [(1, "hello"), (2, "Hello."), (3, None)]
    assert texts(history, after=2) == [(3, None)]
    assert texts(history, "b") == [(1, "hi")]
    assert texts(history, "c") == []
    assert history.after("a", 0, 2)[1] is True


def test_the_same_id_counts_once_and_leaves_no_gap(history: History, inbox: Queue) -> None:
    first, is_new = history.add("a", "x", "Hello", payload="sealed")
    again, is_new_again = history.add("a", "x", "Hello", payload="sealed")
    assert (is_new, is_new_again) == (True, False)
    assert again == first and again.content == {"payload": "sealed"}
    assert history.add("a", "y", "bye")[0].seq == 2
    assert history.add("b", "x", "hello")[1]
    history.answer(begin(inbox, "a"), [])
    assert begin(inbox, "a").position == 2


def test_many_at_once_get_numbers_without_gap_or_double(history: History) -> None:
    failures: list[BaseException] = []

    def run(worker: int) -> None:
        try:
            for number in range(10):
                # Every second id is sent by all.
                history.add("a", str(number) if number % 2 else f"{worker}-{number}", "hello")
        except BaseException as error:  # Whatever it is, the main thread reports it.
            failures.append(error)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [seq for seq, _ in texts(history)] == list(range(1, 4 * 5 + 5 + 1))


def test_a_message_has_one_answer_whoever_gives_it(history: History, inbox: Queue) -> None:
    history.add("a", "1", "hello")
    slow = begin(inbox, "a")
    inbox.renew([slow], 0)
    quick = begin(inbox, "a")
    assert (slow.attempts, quick.attempts) == (1, 2)
    assert history.answer(slow, [LoggedReply("late")]) == []
    assert len(history.answer(quick, [LoggedReply("in time")])) == 1
    assert history.answer(quick, [LoggedReply("again")]) == []
    assert texts(history) == [(1, "hello"), (2, "in time")]
    assert inbox.begin("a") is None


def test_after_a_restart_nothing_older_is_shown(history: History, inbox: Queue) -> None:
    history.add("a", "1", "hello")
    running = begin(inbox, "a")
    mark, _ = history.add("a", "2", None, kind="restart")
    # The turn was running when the person asked to begin anew.
    assert history.answer(running, [LoggedReply("too late")]) == []
    shown = history.after("a", 0, 10)[0]
    assert [(each.seq, each.kind) for each in shown] == [(mark.seq, "restart")]
    item = begin(inbox, "a")
    assert item.position == mark.seq
    assert history.answer(item, []) == []
    assert inbox.begin("a") is None
    assert history.add("a", "3", "again")[0].seq > mark.seq


def test_a_widget_that_remembers_more_than_we_do_gets_everything(history: History) -> None:
    history.add("a", "1", "hello")
    assert texts(history, after=57) == [(1, "hello")]
