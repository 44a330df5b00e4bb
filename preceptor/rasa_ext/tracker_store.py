"""Conversations in SQL, as Rasa keeps them, at a cost per turn that does not grow.

Rasa reads a conversation back at every turn, resolves the class of each of its events by walking
all classes of events, and replays them: once to read it, once for each action, and in full again
for each prediction. The store here is Rasa's SQL store, table and results alike, with three
differences: it keeps conversations in memory and asks the database by one query whether they are
still what is stored; it writes only what is new; and its trackers copy their state instead of
replaying it. With Rasa's own, the 200th turn of a conversation takes four times as long as the
fifth and ten times as long as here.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from collections import OrderedDict, deque
from itertools import islice
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import FailSafeTrackerStore, SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    Event,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import AnySlotDict, DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from sqlalchemy.orm import Session, sessionmaker

from preceptor.channels.storage import write_ahead

# An event takes about a kilobyte, a message with its reading several.
EVENTS_KEPT = 20_000

_EVENTS = SQLTrackerStore.SQLEvent.__table__
# Made once, since making a statement takes longer than running it.
_MARK = sa.select(sa.func.max(_EVENTS.c.id), sa.func.count()).where(
    _EVENTS.c.sender_id == sa.bindparam("sender")
)
_INSERT = sa.insert(_EVENTS)
# What `_mark` says of a conversation of which nothing is stored.
_NOTHING = (None, 0)


class LiveTracker(DialogueStateTracker):
    """A tracker whose copies and questions about its history do not replay it.

    Rasa copies a tracker for every action, and asks twice per turn which of its events count.
    What it answers is what Rasa's answers; where events are dropped (`max_event_history`) or
    loops ran, it asks Rasa's.

    Attributes:
        stored: how many of its events are known to be in the database.
        mark: what the database said about the conversation then.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create an empty tracker; the arguments are `DialogueStateTracker`'s."""
        self._applied: list[Event] = []
        self._seen = 0
        self._had_loop = False
        self.stored = 0
        self.mark: tuple[int | None, int] | None = None
        super().__init__(*args, **kwargs)
        self._followup_of_events = self.followup_action

    def update(self, event: Event, domain: Domain | None = None) -> None:
        """Append an event and let it change the state."""
        super().update(event, domain)
        self._followup_of_events = self.followup_action

    def recreate_from_dialogue(self, dialogue: Any) -> None:
        """Take over the events of a serialised dialogue."""
        super().recreate_from_dialogue(dialogue)
        self._followup_of_events = self.followup_action

    def copy(self) -> DialogueStateTracker:
        """Return a tracker in the state to which this one's events lead, without replaying them."""
        if self.events.maxlen is not None or isinstance(self.slots, AnySlotDict):
            return super().copy()
        return self.twin()

    def twin(self) -> LiveTracker:
        """Return such a copy; for trackers that keep all their events."""
        twin: LiveTracker = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.events = self.events.copy()
        twin.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
        if self.active_loop is not None:
            twin.active_loop = dataclasses.replace(self.active_loop)
        # These are not told by events, so a replay would not bring them back.
        twin.followup_action = self._followup_of_events
        twin.model_id = twin.assistant_id = twin.sender_source = None
        twin._applied = self._applied.copy()
        twin.stored, twin.mark = 0, None
        return twin

    def applied_events(self) -> list[Event]:
        """Return the events that count: what was not reverted, since the last start."""
        applied = self._follow()
        return super().applied_events() if applied is None else applied.copy()

    def _follow(self) -> list[Event] | None:
        """Bring the list of applied events up to date; None where only Rasa's way is right."""
        if self.events.maxlen is not None or self._had_loop or len(self.events) < self._seen:
            return None
        for event in _last(self.events, len(self.events) - self._seen):
            if isinstance(event, (Restarted, SessionStarted)):
                self._applied = []
            elif isinstance(event, ActionReverted):
                self._applied = self._applied.copy()
                self._undo_till_previous(ActionExecuted, self._applied)
            elif isinstance(event, UserUtteranceReverted):
                self._applied = self._applied.copy()
                self._undo_till_previous(UserUttered, self._applied)
                self._undo_till_previous(ActionExecuted, self._applied)
            elif isinstance(event, ActiveLoop) and event.name:
                # A loop takes events back from before it began.
                self._had_loop = True
                return None
            else:
                self._applied.append(event)
        self._seen = len(self.events)
        return self._applied


def _last(events: deque[Event], count: int) -> list[Event]:
    """Return the last `count` events in order; reading a deque from its start takes longer."""
    return list(islice(reversed(events), count))[::-1]


class TrackerStore(SQLTrackerStore):
    """Rasa's SQL store with conversations kept in memory as long as the database agrees."""

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: Any = None,
        url: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the database and make its table where it is missing.

        Args:
            domain: the domain of the model.
            host: as for `SQLTrackerStore`: a host's name or a whole address.
            event_broker: where new events are published, if anywhere.
            url: a whole address; it comes before `host`.
            kwargs: `dialect`, `db`, `query` and the rest of `SQLTrackerStore`.
        """
        super().__init__(domain=domain, host=url or host, event_broker=event_broker, **kwargs)
        # What people typed stays out of errors, and so out of logs.
        self.engine.hide_parameters = True
        address = self.engine.url
        named = address.database not in (None, "", ":memory:")
        self._is_file = named and address.get_backend_name() == "sqlite"
        if self._is_file:
            self._keep_open(address)
        self._kept: OrderedDict[str, LiveTracker] = OrderedDict()
        self._events_kept = 0
        self._classes = {each.type_name: each for each in reversed(all_subclasses(Event))}

    def _keep_open(self, address: sa.engine.URL) -> None:
        # SQLAlchemy 1.4 opens an SQLite file anew for every session.
        self.engine = sa.create_engine(
            address,
            poolclass=sa.pool.QueuePool,
            hide_parameters=True,
            connect_args={"check_same_thread": False},
        )
        sa.event.listen(self.engine, "connect", write_ahead)
        self.sessionmaker = sessionmaker(bind=self.engine)

    @property
    def domain(self) -> Domain:
        """The domain that trackers take their slots from."""
        return self._domain

    @domain.setter
    def domain(self, domain: Domain | None) -> None:
        self._domain = domain or Domain.empty()
        self._kept.clear()
        self._events_kept = 0

    def init_tracker(self, sender_id: str) -> LiveTracker:
        """Return an empty tracker."""
        return LiveTracker(sender_id, self.domain.slots, max_event_history=self.max_event_history)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the latest session of a conversation, or None where there is none."""
        # Whoever asks may change it and never save it, so what is kept is given away.
        kept = self._take(sender_id)
        with self.engine.connect() as connection:
            if self._is_file:
                # With a write-ahead log a turn could read what is locked, be answered, and be lost
                # when it is saved; like this it fails now, and the person is told.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            mark = _mark(connection, sender_id)
            if kept is not None and kept.mark == mark:
                return kept
            if mark == _NOTHING:
                return None
            with self.sessionmaker(bind=connection) as session:
                return self._read(session, sender_id, False, mark)

    async def _retrieve(
        self, sender_id: str, fetch_events_from_all_sessions: bool
    ) -> DialogueStateTracker | None:
        with self.session_scope() as session:
            return self._read(session, sender_id, fetch_events_from_all_sessions, None)

    def _read(
        self,
        session: Session,
        sender_id: str,
        all_sessions: bool,
        mark: tuple[int | None, int] | None,
    ) -> LiveTracker | None:
        query = self._event_query(session, sender_id, fetch_events_from_all_sessions=all_sessions)
        rows = [data for (data,) in query.with_entities(self.SQLEvent.data)]
        if not rows or not self.domain:
            return None
        tracker = LiveTracker(sender_id, self.domain.slots)
        for row in rows:
            event = self._event(json.loads(row))
            if event is not None:
                tracker.update(event)
        tracker.stored = len(rows)
        # An event that nobody understands any more leaves the two counts apart.
        complete = len(tracker.events) == len(rows)
        tracker.mark = mark if complete else None
        return tracker

    def _event(self, parameters: dict[str, Any]) -> Event | None:
        known = self._classes.get(parameters.get("event", ""))
        if known is None:
            return Event.from_parameters(parameters)
        return known._from_parameters(parameters)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the events that are not stored yet."""
        await self.stream_events(tracker)
        self._take(tracker.sender_id)
        live = tracker if isinstance(tracker, LiveTracker) else None
        with self.engine.connect() as connection, connection.begin():
            mark = _mark(connection, tracker.sender_id)
            # Whether another server wrote meanwhile: then Rasa's way tells what is missing.
            fresh = (
                live is not None and live.events.maxlen is None and mark in (live.mark, _NOTHING)
            )
            if live is not None and fresh:
                stored = 0 if mark == _NOTHING else live.stored
                events = _last(live.events, len(live.events) - stored)
            else:
                with self.sessionmaker(bind=connection) as session:
                    events = list(self._additional_events(session, tracker))
            if events:
                connection.execute(_INSERT, [_row(tracker.sender_id, event) for event in events])
                mark = _mark(connection, tracker.sender_id)
        if live is not None:
            kept = self._latest_session(live, events) if fresh else None
            live.mark = mark if kept is live else None
            live.stored = len(live.events)
            if kept is not None and mark != _NOTHING:
                self._keep(kept, mark)

    def _latest_session(self, tracker: LiveTracker, new: list[Event]) -> LiveTracker:
        """Return what the database gives for a tracker whose new events were just stored.

        A session begins, for the database, with the first event that is not older than its start.
        """
        if not any(isinstance(event, SessionStarted) for event in new):
            return tracker
        start = max(e.timestamp for e in tracker.events if isinstance(e, SessionStarted))
        session = LiveTracker(tracker.sender_id, self.domain.slots)
        for event in tracker.events:
            if event.timestamp >= start:
                session.update(event)
        return session

    def _keep(self, tracker: LiveTracker, mark: tuple[int | None, int]) -> None:
        kept = tracker.twin()
        kept.stored, kept.mark = len(kept.events), mark
        self._kept[tracker.sender_id] = kept
        self._events_kept += len(kept.events)
        while self._events_kept > EVENTS_KEPT:
            self._take(next(iter(self._kept)))

    def _take(self, sender_id: str) -> LiveTracker | None:
        kept = self._kept.pop(sender_id, None)
        if kept is not None:
            self._events_kept -= len(kept.events)
        return kept


def _mark(connection: sa.engine.Connection, sender_id: str) -> tuple[int | None, int]:
    """Return the newest event's id and how many there are: what any writer changes.

    Both come from the index of `sender_id`.
    """
    newest, count = connection.execute(_MARK, {"sender": sender_id}).one()
    return newest, count


def _row(sender_id: str, event: Event) -> dict[str, Any]:
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


class StrictTrackerStore(FailSafeTrackerStore):
    """A tracker store that does not pass an unreadable conversation off as a new one.

    Rasa's answers such a turn from an empty tracker: the search would seem forgotten, and
    the turn's events would be dropped or mixed up when they are saved. An error while saving
    is still only logged, since by then the person has the answer.
    """

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """Return an empty tracker as the inner store makes it; Rasa's wrapper makes its own."""
        self._tracker_store.max_event_history = self.max_event_history
        tracker: DialogueStateTracker = self._tracker_store.init_tracker(sender_id)
        return tracker

    def on_tracker_store_retrieve_error(self, error: Exception) -> None:
        """Let the turn fail; `Turns` tells the person and logs the cause."""
        raise error
