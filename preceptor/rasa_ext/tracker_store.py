"""Conversations in SQL, as Rasa keeps them, at a cost per turn that does not grow.

Rasa reads a conversation back at every turn and replays all its events: once to read it, once for
each action, and in full again for each prediction. The store here is Rasa's SQL store, table and
results alike, with three differences: it keeps conversations in memory and asks the database by
one query whether they are still what is stored; its trackers know which events are new; and they
copy their state instead of replaying it. With Rasa's own, the 200th turn of a conversation takes
four times as long as the fifth.

The database is asked in threads, never on the event loop. Where the inbox is in the same database,
a turn is saved only by the server that still has its message.
"""

from __future__ import annotations

import copy
import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import FailSafeTrackerStore, SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import Session, sessionmaker

from preceptor.channels.inbox import WORKING, Item, check
from preceptor.channels.storage import engine_of, in_thread, is_shared, writer_lock
from preceptor.runtime.metrics import STAGE_SECONDS

CONVERSATIONS_KEPT = 300
EVENTS_KEPT = 100
"""Of one conversation, in memory: the latest. Slots keep what older ones set."""

_EVENTS = SQLTrackerStore.SQLEvent.__table__
# The newest event's id and how many there are, both from the index of `sender_id`: what any
# writer changes.
_MARK = sa.select(sa.func.max(_EVENTS.c.id), sa.func.count()).where(
    _EVENTS.c.sender_id == sa.bindparam("sender")
)
_EMPTY = (None, 0)


class LiveTracker(DialogueStateTracker):
    """A tracker that knows what of it is not stored, and is copied without replaying its events.

    Attributes:
        unsaved: its events since it was read or saved.
        mark: what the database said of the conversation then (`_MARK`).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create an empty tracker; the arguments are `DialogueStateTracker`'s."""
        self.unsaved: list[Event] = []
        self.mark: tuple[int | None, int] = _EMPTY
        super().__init__(*args, **kwargs)

    def update(self, event: Event, domain: Domain | None = None) -> None:
        """Append an event and let it change the state."""
        super().update(event, domain)
        self.unsaved.append(event)

    def copy(self) -> LiveTracker:
        """Return a tracker in the same state with the same events."""
        twin = copy.copy(self)
        twin.events = self.events.copy()
        twin.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
        twin.active_loop = copy.copy(self.active_loop)
        twin.unsaved = []
        return twin


class TrackerStore(SQLTrackerStore):
    """Rasa's SQL store with conversations kept in memory as long as the database agrees."""

    engine: sa.engine.Engine

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: Any = None,
        url: str | None = None,
        with_inbox: bool = False,
        **kwargs: Any,
    ) -> None:
        """Open the database and make its table where it is missing.

        Args:
            domain: the domain of the model.
            host: as for `SQLTrackerStore`: a host's name or a whole address.
            event_broker: where new events are published, if anywhere.
            url: a whole address; it comes before `host`.
            with_inbox: whether the inbox is in the same database, so that saving can look at it.
            kwargs: `dialect`, `db`, `query` and the rest of `SQLTrackerStore`.
        """
        self._kept: OrderedDict[str, LiveTracker] = OrderedDict()
        self._with_inbox = with_inbox
        super().__init__(domain=domain, host=url or host, event_broker=event_broker, **kwargs)
        # What people typed stays out of errors, and so out of logs.
        self.engine.hide_parameters = True
        address = self.engine.url
        named = address.database not in (None, "", ":memory:")
        self._is_file = named and address.get_backend_name() == "sqlite"
        if self._is_file or is_shared(self.engine):
            self.engine.dispose()
            self.engine = engine_of(address.render_as_string(hide_password=False))
        self.sessionmaker = sessionmaker(bind=self.engine)

    @property
    def domain(self) -> Domain:
        """The domain that trackers take their slots from."""
        return self._domain

    @domain.setter
    def domain(self, domain: Domain | None) -> None:
        self._domain = domain or Domain.empty()
        self._kept.clear()

    def init_tracker(self, sender_id: str) -> LiveTracker:
        """Return an empty tracker."""
        return LiveTracker(sender_id, self.domain.slots, EVENTS_KEPT)

    async def retrieve(self, sender_id: str) -> LiveTracker | None:
        """Return the latest session of a conversation, or None if there is none."""
        # Whoever asks may change it and never save it, so what is kept is given away.
        kept = self._kept.pop(sender_id, None)
        mark, events = await in_thread(self._read, sender_id, kept.mark if kept else None)
        if events is None:
            return kept
        if not events:
            return None
        tracker: LiveTracker = LiveTracker.from_dict(
            sender_id, events, self.domain.slots, EVENTS_KEPT
        )
        tracker.unsaved, tracker.mark = [], mark
        return tracker

    def _read(self, sender_id: str, known: Any) -> tuple[Any, list[dict[str, Any]] | None]:
        """Return a conversation's mark and its events; None for those if the mark is known."""
        with self._session() as session:
            if self._is_file:
                # With a write-ahead log a turn could read what is locked, and wait in vain when it
                # is saved; like this it fails now.
                session.execute(sa.text("BEGIN IMMEDIATE"))
            mark = _mark(session, sender_id)
            if known is not None and known == mark:
                return mark, None
            query = self._event_query(session, sender_id, fetch_events_from_all_sessions=False)
            rows = query.all()
        return mark, [json.loads(row.data) for row in rows]

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the events that are not stored yet.

        Raises:
            Superseded: Another server has begun the message that the turn is for.
        """
        if not isinstance(tracker, LiveTracker):
            await super().save(tracker)
            return
        await self.stream_events(tracker)
        new = tracker.unsaved
        item = WORKING.get() if self._with_inbox else None
        with STAGE_SECONDS.labels("saving").time():
            mark = await in_thread(self._write, tracker.sender_id, new, item)
        nobody_else_wrote = mark[1] == tracker.mark[1] + len(new)
        tracker.unsaved, tracker.mark = [], mark
        # A session that has just begun is read back: the database leaves out what is before it.
        if nobody_else_wrote and new and not any(isinstance(e, SessionStarted) for e in new):
            self._kept[tracker.sender_id] = tracker.copy()
            if len(self._kept) > CONVERSATIONS_KEPT:
                self._kept.popitem(last=False)

    def _write(self, sender_id: str, new: list[Event], item: Item | None) -> Any:
        with self._session() as session:
            if item is not None:
                check(session, item)
            if new:
                session.execute(sa.insert(_EVENTS), [_row(sender_id, each) for each in new])
            mark = _mark(session, sender_id)
            session.commit()
        return mark

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with writer_lock(self.engine), self.session_scope() as session:
            yield session

    async def stream_events(self, tracker: DialogueStateTracker) -> None:
        """Publish the events that are not stored yet."""
        if self.event_broker is not None and isinstance(tracker, LiveTracker):
            await self._stream_new_events(self.event_broker, tracker.unsaved, tracker.sender_id)
        else:
            await super().stream_events(tracker)


def _mark(session: Session, sender_id: str) -> tuple[int | None, int]:
    newest, count = session.execute(_MARK, {"sender": sender_id}).one()
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
    """A tracker store whose errors fail the turn, which is then tried again.

    Rasa's answers a turn from an empty tracker if the conversation can't be read: the search would
    seem forgotten. If it can't be saved, Rasa keeps it in memory: answered and forgotten.
    """

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """Return an empty tracker as the inner store makes it; Rasa's wrapper makes its own."""
        tracker: DialogueStateTracker = self._tracker_store.init_tracker(sender_id)
        return tracker

    def on_tracker_store_retrieve_error(self, error: Exception) -> None:
        """Let the turn fail; `Turns` tries again, and in the end tells the person."""
        raise error

    def on_tracker_store_error(self, error: Exception) -> None:
        """Let the turn fail, as with an error while reading."""
        raise error
