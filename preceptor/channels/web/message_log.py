"""The web channel's message log: what was said, in order, and what still waits for an answer.

The log is what makes the channel's promises hold. A message of a person is acknowledged once it is
here, and is answered by whichever server finds it unanswered; its replies and the note that it is
answered are written together, so that an answer is in the log whole or not at all.

Several servers may share one log. A server takes a message for a few seconds at a time and renews
that while it works (`take`, `renew`): where it dies, the message is free again soon after.
Their clocks must agree to within a few seconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from preceptor.channels.storage import metadata

LEASE_SECONDS = 10.0

_conversations = sa.Table(
    "web_conversations",
    metadata,
    sa.Column("conversation", sa.String(64), primary_key=True),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.Column("restart_seq", sa.Integer, nullable=False),
    sa.Column("touched_at", sa.Float, nullable=False, index=True),
)

_messages = sa.Table(
    "web_messages",
    metadata,
    sa.Column("conversation", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("sender", sa.String(8), nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
    # The widget's own id of a person's message; NULLs do not count for the constraint.
    sa.Column("client_id", sa.String(64)),
    sa.Column("text", sa.Text),
    # What a button showed whose text was said, before buttons had payloads.
    sa.Column("label", sa.Text),
    # JSON: reply, buttons and image of the advisor's message, payload of a person's.
    sa.Column("content", sa.Text),
    # Of a person's message only: whether it waits, how often it was begun, and by whom until when.
    sa.Column("waiting", sa.Boolean, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("taken_by", sa.String(64)),
    sa.Column("taken_until", sa.Float),
    sa.UniqueConstraint("conversation", "client_id", name="uq_web_messages_client_id"),
    sa.Index("ix_web_messages_waiting", "waiting", "conversation"),
)


@dataclass(frozen=True)
class LoggedReply:
    """What the advisor says in one message; the keys of `content` are those of the protocol."""

    text: str | None
    content: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """A message of the log.

    Attributes:
        seq: Its place in the conversation, from 1.
        kind: `text`, or `restart` for the mark of a restart.
        sender: Who said it.
        at: When, in seconds since 1970.
        client_id: The widget's id of a person's message.
        text: What was said, plain text.
        label: What a button showed whose text was said, in old messages.
        content: `reply`, `buttons` and `image` of the advisor's message, `payload` of a
            person's, as far as there are any.
        waiting: Whether a person's message waits for its answer.
        attempts: How often a server has begun to answer it.
    """

    seq: int
    kind: Literal["text", "restart"]
    sender: Literal["person", "advisor"]
    at: float
    client_id: str | None = None
    text: str | None = None
    label: str | None = None
    content: dict[str, Any] = field(default_factory=dict)
    waiting: bool = False
    attempts: int = 0


class MessageLog:
    """The messages of all conversations; every method is one short transaction and blocks."""

    def __init__(self, engine: Engine, server: str, clock: Callable[[], float] = time.time) -> None:
        """Use a database opened by `open_channels`.

        Args:
            engine: The channels' database.
            server: A name that no other running server has.
            clock: The time in seconds since 1970.
        """
        self._engine = engine
        self._server = server
        self._clock = clock

    def add(
        self,
        conversation: str,
        client_id: str,
        text: str | None,
        kind: Literal["text", "restart"] = "text",
        payload: str | list[str] | None = None,
    ) -> tuple[Message, bool]:
        """Write down what a person said, or a restart, unless the same id is there already.

        Args:
            conversation: The conversation's id.
            client_id: The widget's id of the message, unique in the conversation.
            text: What was said; None for a restart.
            kind: What kind of message it is.
            payload: The value of the button that was clicked.

        Returns:
            The message, and whether it is new.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If the database cannot be written.
        """
        content = {} if payload is None else {"payload": payload}
        try:
            with self._engine.begin() as connection:
                # The counter's row first: it is locked from here on, so that the same id sent
                # twice at once is looked for one after the other.
                seq = self._next_seq(connection, conversation, 1)
                row: dict[str, Any] = {
                    "conversation": conversation,
                    "seq": seq,
                    "kind": kind,
                    "sender": "person",
                    "at": self._clock(),
                    "client_id": client_id,
                    "text": text,
                    "content": _json(content),
                    "waiting": True,
                    "attempts": 0,
                }
                connection.execute(_messages.insert().values(**row))
                if kind == "restart":
                    connection.execute(
                        _conversations.update()
                        .where(_conversations.c.conversation == conversation)
                        .values(restart_seq=seq)
                    )
        except IntegrityError:
            with self._engine.connect() as connection:
                found = connection.execute(
                    sa.select(_messages).where(
                        _messages.c.conversation == conversation,
                        _messages.c.client_id == client_id,
                    )
                ).first()
            if found is None:
                raise
            return _message(found), False
        at = row["at"]
        return Message(seq, kind, "person", at, client_id, text, None, content, True), True

    def answer(self, conversation: str, seq: int, replies: Iterable[LoggedReply]) -> list[Message]:
        """Write down the replies to a person's message, which waits no longer.

        Replies to what was said before a restart are dropped: nobody would see what they are
        about. So are those of a server that took so long that another has answered.

        Args:
            conversation: The conversation's id.
            seq: The person's message.
            replies: The advisor's messages, in order.

        Returns:
            What was added to the log.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If the database cannot be written.
        """
        replies = list(replies)
        with self._engine.begin() as connection:
            done = connection.execute(
                _messages.update()
                .where(
                    _messages.c.conversation == conversation,
                    _messages.c.seq == seq,
                    _messages.c.waiting,
                    _messages.c.taken_by == self._server,
                )
                .values(waiting=False, taken_by=None, taken_until=None)
            )
            if not done.rowcount or not replies:
                return []
            last = self._next_seq(connection, conversation, len(replies))
            restart = connection.execute(
                sa.select(_conversations.c.restart_seq).where(
                    _conversations.c.conversation == conversation
                )
            ).scalar_one()
            if restart > seq:
                return []
            now = self._clock()
            added = [
                Message(number, "text", "advisor", now, text=reply.text, content=reply.content)
                for number, reply in enumerate(replies, last - len(replies) + 1)
            ]
            connection.execute(
                _messages.insert(),
                [
                    {
                        "conversation": conversation,
                        "seq": message.seq,
                        "kind": message.kind,
                        "sender": message.sender,
                        "at": message.at,
                        "text": message.text,
                        "content": _json(message.content),
                        "waiting": False,
                        "attempts": 0,
                    }
                    for message in added
                ],
            )
            return added

    def after(self, conversation: str, seq: int, limit: int) -> tuple[list[Message], bool]:
        """Return what came after a message and is not before the last restart.

        Args:
            conversation: The conversation's id.
            seq: The last message known, 0 for none. Where there is none of that number yet,
                the widget's memory is older than ours, and it gets all.
            limit: How many messages at most.

        Returns:
            The messages in order, and whether there are more.
        """
        with self._engine.connect() as connection:
            state = connection.execute(
                sa.select(_conversations).where(_conversations.c.conversation == conversation)
            ).first()
            if state is None:
                return [], False
            rows = connection.execute(
                sa.select(_messages)
                .where(
                    _messages.c.conversation == conversation,
                    _messages.c.seq > (seq if seq <= state.last_seq else 0),
                    _messages.c.seq >= state.restart_seq,
                )
                .order_by(_messages.c.seq)
                .limit(limit + 1)
            ).fetchall()
        return [_message(row) for row in rows[:limit]], len(rows) > limit

    def has_answer(self, conversation: str, seq: int) -> bool:
        """Say whether a message is one of the advisor's in this conversation."""
        with self._engine.connect() as connection:
            return (
                connection.execute(
                    sa.select(_messages.c.seq).where(
                        _messages.c.conversation == conversation,
                        _messages.c.seq == seq,
                        _messages.c.sender == "advisor",
                    )
                ).first()
                is not None
            )

    def waiting(self) -> list[str]:
        """Return the conversations that wait although a living server would have answered.

        A message that has just come is its own server's, whose widgets are connected there.
        """
        waits_for = sa.func.coalesce(_messages.c.taken_until, _messages.c.at + LEASE_SECONDS)
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(_messages.c.conversation)
                .where(_messages.c.waiting)
                .group_by(_messages.c.conversation)
                .having(sa.func.max(waits_for) < self._clock())
                .order_by(sa.func.min(_messages.c.at))
            ).fetchall()
        return [row.conversation for row in rows]

    def take(self, conversation: str) -> Message | Literal["none", "busy"]:
        """Take the first waiting message of a conversation for this server.

        Returns:
            The message as it was before, `none` if none waits, or `busy` if another server has it.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If the database cannot be written.
        """
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.select(_messages)
                .where(_messages.c.conversation == conversation, _messages.c.waiting)
                .order_by(_messages.c.seq)
                .limit(1)
            ).first()
        if row is None:
            return "none"
        with self._engine.begin() as connection:
            taken = connection.execute(
                _messages.update()
                .where(
                    _messages.c.conversation == conversation,
                    _messages.c.seq == row.seq,
                    _messages.c.waiting,
                    sa.or_(self._is_free(), _messages.c.taken_by == self._server),
                )
                .values(
                    taken_by=self._server,
                    taken_until=self._clock() + LEASE_SECONDS,
                    attempts=_messages.c.attempts + 1,
                )
            )
        return _message(row) if taken.rowcount else "busy"

    def renew(self) -> None:
        """Keep what this server has taken for another `LEASE_SECONDS`."""
        with self._engine.begin() as connection:
            connection.execute(
                _messages.update()
                .where(_messages.c.waiting, _messages.c.taken_by == self._server)
                .values(taken_until=self._clock() + LEASE_SECONDS)
            )

    def release(self) -> None:
        """Give back what this server has taken, when it stops."""
        with self._engine.begin() as connection:
            connection.execute(
                _messages.update()
                .where(_messages.c.waiting, _messages.c.taken_by == self._server)
                .values(taken_by=None, taken_until=None)
            )

    def touch(self, conversation: str) -> None:
        """Note that a conversation is still in use, to the day."""
        now = self._clock()
        with self._engine.begin() as connection:
            connection.execute(
                _conversations.update()
                .where(
                    _conversations.c.conversation == conversation,
                    _conversations.c.touched_at < now - 24 * 3600,
                )
                .values(touched_at=now)
            )

    def forget(self, said_before: float, used_before: float) -> list[str]:
        """Delete messages said before a moment, and conversations not used since another.

        Args:
            said_before: The moment for messages, in seconds since 1970.
            used_before: The moment for conversations. Until then the numbers of their messages
                go on, since a widget may come back and ask for what came after one.

        Returns:
            The conversations that are gone.
        """
        with self._engine.begin() as connection:
            # A message that waits is never lost, however old.
            connection.execute(
                _messages.delete().where(_messages.c.at < said_before, sa.not_(_messages.c.waiting))
            )
            old = sa.and_(
                _conversations.c.touched_at < used_before,
                sa.not_(
                    sa.exists().where(_messages.c.conversation == _conversations.c.conversation)
                ),
            )
            gone = connection.execute(sa.select(_conversations.c.conversation).where(old))
            names = [row.conversation for row in gone.fetchall()]
            connection.execute(_conversations.delete().where(old))
        return names

    def delete(self, conversation: str) -> None:
        """Delete all of one conversation."""
        with self._engine.begin() as connection:
            for table in (_messages, _conversations):
                connection.execute(table.delete().where(table.c.conversation == conversation))

    def _is_free(self) -> sa.sql.ColumnElement:
        return sa.or_(_messages.c.taken_until.is_(None), _messages.c.taken_until < self._clock())

    def _next_seq(self, connection: Connection, conversation: str, count: int) -> int:
        """Count messages on and return the last number; the counter stays locked until commit."""
        mine = _conversations.c.conversation == conversation
        counted = connection.execute(
            _conversations.update()
            .where(mine)
            .values(last_seq=_conversations.c.last_seq + count, touched_at=self._clock())
        )
        if not counted.rowcount:
            # Another server may begin the same conversation at this moment: then the savepoint
            # fails where the other has committed, and counting on succeeds.
            try:
                with connection.begin_nested():
                    connection.execute(
                        _conversations.insert().values(
                            conversation=conversation,
                            last_seq=count,
                            restart_seq=0,
                            touched_at=self._clock(),
                        )
                    )
            except IntegrityError:
                return self._next_seq(connection, conversation, count)
        return int(
            connection.execute(sa.select(_conversations.c.last_seq).where(mine)).scalar_one()
        )


def _json(content: dict[str, Any]) -> str | None:
    return json.dumps(content) if content else None


def _message(row: Any) -> Message:
    return Message(
        row.seq,
        row.kind,
        row.sender,
        row.at,
        row.client_id,
        row.text,
        row.label,
        json.loads(row.content) if row.content else {},
        row.waiting,
        row.attempts,
    )
