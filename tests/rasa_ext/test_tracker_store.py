"""The tracker store does what Rasa's does, whatever the conversation and whoever else writes."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from sqlalchemy.exc import SQLAlchemyError

from preceptor.channels.inbox import WORKING, Item, Queue, Superseded
from preceptor.channels.storage import open_channels, writing
from preceptor.rasa_ext import tracker_store as module
from preceptor.rasa_ext.tracker_store import StrictTrackerStore, TrackerStore
from preceptor.runtime.settings import Settings

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [ask, greet]
    entities: [country]
    slots:
      country:
        type: text
        initial_value: Kenya
        mappings: [{type: custom}]
      shown:
        type: list
        mappings: [{type: custom}]
    forms:
      details:
        required_slots: [country]
    actions: [action_answer]
    responses:
      utter_greet: [{text: hello}]
    """
)
T = TypeVar("T")


def run(result: Awaitable[T]) -> T:
    async def wait() -> T:
        return await result

    return asyncio.run(wait())


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two empty databases of one kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ours.db'}", f"sqlite:///{tmp_path / 'rasas.db'}"
    else:
        new = request.getfixturevalue("new_database")
        yield new(), new()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'conversations.db'}"


class Clock:
    """Times a second apart, so that both stores get the same events in the same order."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def user(clock: Clock, intent: str = "ask", country: str | None = None) -> UserUttered:
    entities = [{"entity": "country", "value": country, "start": 0, "end": 3}] if country else []
    return UserUttered(
        "what about it",
        {"name": intent, "confidence": 0.9},
        entities,
        {"text": "what about it", "intent": {"name": intent}, "entities": entities},
        clock(),
        "rest",
        f"message-{clock.now}",
    )


def some_events(draw: random.Random, clock: Clock, *, loops: bool) -> list[Event]:
    """What one turn might log, made anew at each call so that no two trackers share it."""
    kinds: list[Callable[[], list[Event]]] = [
        lambda: [user(clock, draw.choice(["ask", "greet"]), draw.choice([None, "Peru"]))],
        lambda: [ActionExecuted("action_listen", timestamp=clock())],
        lambda: [ActionExecuted("action_answer", "1_RulePolicy", 1.0, clock())],
        lambda: [BotUttered("an answer", {"buttons": []}, {"utter_action": "utter_x"}, clock())],
        lambda: [SlotSet("country", draw.choice([None, "Peru", "Ghana"]), clock())],
        lambda: [SlotSet("shown", [draw.randrange(9)], clock())],
        lambda: [AllSlotsReset(clock())],
        lambda: [UserUtteranceReverted(clock())],
        lambda: [ActionReverted(clock())],
        lambda: [Restarted(clock())],
        lambda: [FollowupAction("action_answer", clock())],
        lambda: [ConversationPaused(clock())],
        lambda: [ConversationResumed(clock())],
        lambda: [DefinePrevUserUtteredFeaturization(draw.random() < 0.5, clock())],
        lambda: [
            ActionExecuted("action_session_start", timestamp=clock()),
            SessionStarted(clock()),
        ],
    ]
    if loops:
        kinds += [
            lambda: [ActiveLoop("details", clock()), ActionExecuted("details", timestamp=clock())],
            lambda: [ActiveLoop(None, clock())],
        ]
    chances = [9, 9, 9, 9, 5, 3, 1, 1, 1, 0.5, 1, 0.3, 1, 2, 0.5] + [1.0, 1.0] * loops
    turns = draw.choices(kinds, chances[: len(kinds)], k=draw.randrange(1, 8))
    return list(itertools.chain.from_iterable(make() for make in turns))


def told(tracker: DialogueStateTracker | None) -> Any:
    """Everything that a tracker tells about its conversation."""
    if tracker is None:
        return None
    return (
        tracker.current_state(EventVerbosity.ALL),
        tracker.current_state(EventVerbosity.AFTER_RESTART)["events"],
        [event.as_dict() for event in tracker.applied_events()],
        tracker.past_states(DOMAIN),
        {name: slot.has_been_set for name, slot in tracker.slots.items()},
        tracker.latest_bot_utterance,
    )


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_in_a_conversation_both_stores_tell_the_same(
    urls: tuple[str, str], seed: int
) -> None:
    ours, rasas = TrackerStore(DOMAIN, url=urls[0]), SQLTrackerStore(DOMAIN, host=urls[1])
    draws = random.Random(seed), random.Random(seed)
    clocks = Clock(), Clock()
    for _ in range(12):
        sender = f"person {draws[0].randrange(2)}"
        draws[1].randrange(2)
        both = [run(store.get_or_create_tracker(sender, append_action_listen=seed % 2 == 0))
                for store in (ours, rasas)]  # fmt: skip
        for tracker, draw, clock in zip(both, draws, clocks, strict=True):
            tracker.model_id, tracker.assistant_id = "model", "assistant"
            for event in some_events(draw, clock, loops=seed % 3 == 0):
                tracker.update(event, DOMAIN)
        assert _timeless(told(both[0])) == _timeless(told(both[1]))
        copies = [tracker.copy() for tracker in both]
        # Rasa forgets in a copy what no event tells.
        copies[0].followup_action = copies[1].followup_action
        assert _timeless(told(copies[0])) == _timeless(told(copies[1]))
        if draws[0].random() < 0.85:
            for store, tracker in zip((ours, rasas), both, strict=True):
                run(store.save(tracker))
        draws[1].random()
        for store_call in ("retrieve", "retrieve_full_tracker", "exists"):
            got = [run(getattr(store, store_call)(sender)) for store in (ours, rasas)]
            if store_call == "exists":
                assert got[0] == got[1]
            else:
                assert _timeless(told(got[0])) == _timeless(told(got[1]))
    assert sorted(run(ours.keys())) == sorted(run(rasas.keys()))


def _timeless(value: Any) -> Any:
    """Leave out when a conversation's first action_listen was made: stores take the time."""
    if isinstance(value, dict):
        first = value.get("name") == "action_listen" and value.get("timestamp", 0) > 1_750_000_000
        return {k: None if first and k == "timestamp" else _timeless(v)
                for k, v in value.items() if k != "latest_event_time"}  # fmt: skip
    if isinstance(value, (list, tuple)):
        return [_timeless(each) for each in value]
    return value


def converse(store: SQLTrackerStore, sender: str, turns: int, clock: Clock) -> None:
    for _ in range(turns):
        tracker = run(store.get_or_create_tracker(sender, append_action_listen=False))
        for event in (user(clock), ActionExecuted("action_listen", timestamp=clock())):
            tracker.update(event)
        run(store.save(tracker))


def test_what_another_server_wrote_is_seen(urls: tuple[str, str]) -> None:
    one, other = (TrackerStore(DOMAIN, url=urls[0]) for _ in range(2))
    clock = Clock()
    converse(one, "person", 4, clock)
    converse(other, "person", 1, clock)
    converse(one, "person", 1, clock)
    tracker = run(one.retrieve("person"))
    assert tracker is not None
    assert [event.timestamp for event in tracker.events] == sorted(
        event.timestamp for event in tracker.events
    )
    assert len(tracker.events) == 12
    assert told(run(other.retrieve("person"))) == told(tracker)


def test_a_deleted_conversation_is_forgotten(sqlite: str) -> None:
    store = TrackerStore(DOMAIN, url=sqlite)
    converse(store, "person", 4, Clock())
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM events WHERE sender_id = 'person'")
    assert run(store.retrieve("person")) is None


def test_a_turn_that_was_never_saved_leaves_no_trace(sqlite: str) -> None:
    store = TrackerStore(DOMAIN, url=sqlite)
    converse(store, "person", 4, Clock())
    broken = run(store.retrieve("person"))
    assert broken is not None
    broken.update(SlotSet("country", "Ghana"))
    again = run(store.retrieve("person"))
    assert again is not None and again is not broken
    assert (len(again.events), again.get_slot("country")) == (8, "Kenya")


def test_a_tracker_changed_after_it_was_saved_changes_no_other(sqlite: str) -> None:
    store = TrackerStore(DOMAIN, url=sqlite)
    converse(store, "person", 3, Clock())
    saved = run(store.retrieve("person"))
    assert saved is not None
    saved.update(SlotSet("country", "Peru"))
    run(store.save(saved))
    saved.update(SlotSet("country", "Ghana"))
    read = run(store.retrieve("person"))
    assert read is not None and read.get_slot("country") == "Peru"


def test_a_known_conversation_is_not_read_again(
    sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TrackerStore(DOMAIN, url=sqlite)
    converse(store, "person", 3, Clock())
    monkeypatch.setattr(store, "_event_query", lambda *_: pytest.fail("it was read"))
    tracker = run(store.retrieve("person"))
    assert tracker is not None and len(tracker.events) == 6


def test_memory_is_bounded(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONVERSATIONS_KEPT", 2)
    store = TrackerStore(DOMAIN, url=sqlite)
    for person in range(8):
        converse(store, f"person {person}", 4, Clock())
    assert list(store._kept) == ["person 6", "person 7"]
    tracker = run(store.retrieve("person 0"))
    assert tracker is not None and len(tracker.events) == 8


def test_a_long_conversation_keeps_its_slots_and_its_latest_events(
    sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVENTS_KEPT", 10)
    store, clock = TrackerStore(DOMAIN, url=sqlite), Clock()
    first = run(store.get_or_create_tracker("person", append_action_listen=False))
    first.update(SlotSet("country", "Peru", clock()))
    run(store.save(first))
    converse(store, "person", 20, clock)
    for each in (store, TrackerStore(DOMAIN, url=sqlite)):
        tracker = run(each.retrieve("person"))
        assert tracker is not None
        assert (len(tracker.events), tracker.get_slot("country")) == (10, "Peru")
    everything = run(store.retrieve_full_tracker("person"))
    assert everything is not None and len(everything.events) == 41


def test_new_events_are_published_once(urls: tuple[str, str]) -> None:
    class Broker:
        def __init__(self) -> None:
            self.published: list[dict[str, Any]] = []

        def publish(self, event: dict[str, Any]) -> None:
            self.published.append(event)

    brokers = Broker(), Broker()
    converse(TrackerStore(DOMAIN, url=urls[0], event_broker=brokers[0]), "person", 4, Clock())
    converse(SQLTrackerStore(DOMAIN, host=urls[1], event_broker=brokers[1]), "person", 4, Clock())
    assert brokers[0].published == brokers[1].published
    assert len(brokers[0].published) == 8


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_new_session_is_what_the_database_has(urls: tuple[str, str], sessions: int) -> None:
    store, clock = TrackerStore(DOMAIN, url=urls[0]), Clock()
    for _ in range(sessions):
        tracker = run(store.get_or_create_tracker("person", append_action_listen=False))
        # As Rasa's processor begins one: the action is logged first and is a moment older.
        for event in (
            ActionExecuted("action_session_start", timestamp=clock()),
            SessionStarted(clock()),
            ActionExecuted("action_listen", timestamp=clock()),
            user(clock, country="Peru"),
            SlotSet("country", "Peru", clock()),
        ):
            tracker.update(event, DOMAIN)
        run(store.save(tracker))
    stored = run(TrackerStore(DOMAIN, url=urls[0]).retrieve("person"))
    assert stored is not None and len(stored.events) == 4
    kept = run(store.retrieve("person"))
    assert told(kept) == told(stored)
    assert kept is not None
    kept.update(SlotSet("country", "Ghana", clock()), DOMAIN)
    run(store.save(kept))
    again = run(TrackerStore(DOMAIN, url=urls[0]).retrieve("person"))
    assert again is not None
    assert (len(again.events), again.get_slot("country")) == (5, "Ghana")
    everything = run(TrackerStore(DOMAIN, url=urls[0]).retrieve_full_tracker("person"))
    assert everything is not None and len(everything.events) == 5 * sessions + 1


def test_what_was_deleted_while_a_turn_ran_stays_deleted(sqlite: str) -> None:
    store, clock = TrackerStore(DOMAIN, url=sqlite), Clock()
    converse(store, "person", 2, clock)
    tracker = run(store.retrieve("person"))
    assert tracker is not None
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM events")
    tracker.update(user(clock))
    run(store.save(tracker))
    assert told(run(store.retrieve("person"))) == told(
        run(TrackerStore(DOMAIN, url=sqlite).retrieve("person"))
    )
    again = run(store.retrieve("person"))
    assert again is not None and len(again.events) == 1


def test_a_turn_is_saved_only_by_who_still_has_its_message(new_database, tmp_path: Path) -> None:
    url = new_database()
    queue = Queue(open_channels(Settings(home=tmp_path, channels_database=url)), "rest")
    with writing(queue.engine) as connection:
        queue.add(connection, "person", {})
    store, clock = TrackerStore(DOMAIN, url=url, with_inbox=True), Clock()

    async def turn_of(item: Item | None) -> None:
        WORKING.set(item)
        tracker = await store.get_or_create_tracker("person", append_action_listen=False)
        tracker.update(user(clock), DOMAIN)
        await store.save(tracker)

    first = queue.begin("person")
    assert first is not None
    run(turn_of(first))
    queue.renew([first], 0)
    second = queue.begin("person")
    with pytest.raises(Superseded):
        run(turn_of(first))
    run(turn_of(second))
    stored = run(TrackerStore(DOMAIN, url=url).retrieve("person"))
    assert stored is not None and len(stored.events) == 2


def test_a_turn_that_cannot_be_saved_fails(sqlite: str) -> None:
    store, clock = StrictTrackerStore(TrackerStore(DOMAIN, url=sqlite)), Clock()
    tracker = run(store.get_or_create_tracker("person"))
    tracker.update(user(clock), DOMAIN)
    with store._tracker_store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE events")
    with pytest.raises(SQLAlchemyError):
        run(store.save(tracker))
