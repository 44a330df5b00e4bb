"""The history: what was said on the web and over REST in each conversation, in order and numbered.

A message of a person is acknowledged once it is here and in the inbox, in one transaction. Its
replies and the end of its work are written in one, too, so that an answer is here whole or not
at all. The tables' names are from when it held the web's conversations alone: a server that is
about to be replaced still writes to them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from preceptor.channels.inbox import Item, Queue
from preceptor.channels.storage import Kept, metadata, serialise, writing

NEWS = "history"
"""The topic under which other servers hear of new messages: a conversation and a number."""

_conversations = sa.Table(
    "web_conversations",
    metadata,
    sa.Column("conversation", sa.String(255), primary_key=True),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.Column("restart_seq", sa.Integer, nullable=False),
    sa.Column("touched_at", sa.Float, nullable=False, index=True),
    # As long as a token may be renewed: a widget may come back and ask for what came after a
    # message, so the numbers go on.
    info={"kept": Kept(conversation="conversation", since="touched_at", at_least_days=366)},
)

_messages = sa.Table(
    "web_history",
    metadata,
    sa.Column("conversation", sa.String(255), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("sender", sa.String(8), nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
    # The client's own id of a person's message; NULLs do not count for the constraint.
    sa.Column("client_id", sa.String(64)),
    sa.Column("text", sa.Text),
    # JSON: reply, buttons and image of the advisor's message, payload of a person's.
    sa.Column("content", sa.Text),
    # Which message the advisor's answers.
    sa.Column("answers", sa.Integer),
    sa.UniqueConstraint("conversation", "client_id", name="uq_web_history_client_id"),
    info={"kept": Kept(conversation="conversation", since="at")},
)


@dataclass(frozen=True)
class LoggedReply:
    """What the advisor says in one message; the keys of `content` are those of the protocol."""

    text: str | None
    content: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """A message of the history.

    Attributes:
        seq: Its place in the conversation, from 1.
        kind: `text`, or `restart` for the mark of a restart.
        sender: Who said it.
        at: When, in seconds since 1970.
        client_id: The client's id of a person's message.
        text: What was said, plain text.
        content: `reply`, `buttons` and `image` of the advisor's message, `payload` of a
            person's, as far as there are any.
        answers: The number of the message that the advisor's answers.
    """

    seq: int
    kind: Literal["text", "restart"]
    sender: Literal["person", "advisor"]
    at: float
    client_id: str | None = None
    text: str | None = None
    content: dict[str, Any] = field(default_factory=dict)
    answers: int | None = None


class History:
    """The messages of all conversations; every method is one short transaction and blocks."""

    def __init__(
        self, engine: Engine, inbox: Queue, clock: Callable[[], float] = time.time
    ) -> None:
        """Use a database opened by `open_channels`, with the queue of what waits for an answer."""
        self._engine = engine
        self._inbox = inbox
        self._clock = clock

    def add(
        self,
        conversation: str,
        client_id: str,
        text: str | None,
        kind: Literal["text", "restart"] = "text",
        payload: str | list[str] | None = None,
        source: str | None = None,
    ) -> tuple[Message, bool]:
        """Write down what a person said, or a restart, unless the same id is there already.

        Args:
            conversation: The conversation's id.
            client_id: The client's id of the message, unique in the conversation.
            text: What was said; None for a restart.
            kind: What kind of message it is.
            payload: The value of the button that was clicked.
            source: Whose message it is, see `Queue.add`.

        Returns:
            The message, and whether it is new. A new one is in the inbox as well.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If the database cannot be written.
            Overload: If too much waits for an answer.
        """
        content = {} if payload is None else {"payload": payload}
        with writing(self._engine) as connection:
            serialise(connection, conversation)
            same = sa.and_(_of(conversation), _messages.c.client_id == client_id)
            row = connection.execute(sa.select(_messages).where(same)).first()
            if row is not None:
                return _message(row), False
            seq = self._count(connection, conversation, 1)
            message = Message(seq, kind, "person", self._clock(), client_id, text, content)
            self._insert(connection, conversation, [message])
            if kind == "restart":
                restarted = _conversations.update().where(_is(conversation))
                connection.execute(restarted.values(restart_seq=seq))
            self._inbox.add(connection, conversation, {}, seq, source)
            self._inbox.bus.tell(connection, NEWS, conversation, seq)
        return message, True

    def answer(self, item: Item, replies: Iterable[LoggedReply]) -> list[Message]:
        """Write down the replies to a person's message, and take it out of the inbox.

        Replies to what was said before a restart are dropped: nobody would see what they are
        about.

        Args:
            item: The person's message, as the inbox has it.
            replies: The advisor's messages, in order.

        Returns:
            What was added to the history.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If the database cannot be written.
        """
        replies = list(replies)
        with writing(self._engine) as connection:
            if not self._inbox.finish(connection, item) or not replies:
                return []
            restart = sa.select(_conversations.c.restart_seq).where(_is(item.lane))
            if connection.execute(restart).scalar_one() > item.position:
                return []
            first = self._count(connection, item.lane, len(replies)) - len(replies) + 1
            now = self._clock()
            added = [
                Message(
                    seq,
                    "text",
                    "advisor",
                    now,
                    text=reply.text,
                    content=reply.content,
                    answers=int(item.position),
                )
                for seq, reply in enumerate(replies, first)
            ]
            self._insert(connection, item.lane, added)
            self._inbox.bus.tell(connection, NEWS, item.lane, first)
        return added

    def of(self, conversation: str, seq: int) -> Message | None:
        """Return the message of a number, or None."""
        query = sa.select(_messages).where(_of(conversation), _messages.c.seq == seq)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else _message(row)

    def latest(self, conversation: str) -> Message | None:
        """Return a conversation's last message, or None."""
        query = sa.select(_messages).where(_of(conversation)).order_by(_messages.c.seq.desc())
        with self._engine.connect() as connection:
            row = connection.execute(query.limit(1)).first()
        return None if row is None else _message(row)

    def answer_to(self, conversation: str, seq: int) -> list[Message]:
        """Return the advisor's messages that answer a message; there are none as yet if empty."""
        query = sa.select(_messages).where(_of(conversation), _messages.c.answers == seq)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_messages.c.seq)).fetchall()
        return [_message(row) for row in rows]

    def after(self, conversation: str, seq: int, limit: int) -> tuple[list[Message], bool]:
        """Return what came after a message and is not before the last restart.

        Args:
            conversation: The conversation's id.
            seq: The last message known, 0 for none. If there is none of that number yet, the
                widget's memory is older than ours, and it gets all.
            limit: How many messages at most.

        Returns:
            The messages in order, and whether there are more.
        """
        with self._engine.connect() as connection:
            state = connection.execute(sa.select(_conversations).where(_is(conversation))).first()
            if state is None:
                return [], False
            query = sa.select(_messages).where(
                _of(conversation),
                _messages.c.seq > (seq if seq <= state.last_seq else 0),
                _messages.c.seq >= state.restart_seq,
            )
            rows = connection.execute(query.order_by(_messages.c.seq).limit(limit + 1)).fetchall()
        return [_message(row) for row in rows[:limit]], len(rows) > limit

    def touch(self, conversation: str) -> None:
        """Note that a conversation is still in use, to the day."""
        now = self._clock()
        old = sa.and_(_is(conversation), _conversations.c.touched_at < now - 24 * 3600)
        with writing(self._engine) as connection:
            connection.execute(_conversations.update().where(old).values(touched_at=now))

    def _count(self, connection: Connection, conversation: str, count: int) -> int:
        """Count a conversation's messages on, and return the last number."""
        now = self._clock()
        counted = connection.execute(
            _conversations.update()
            .where(_is(conversation))
            .values(last_seq=_conversations.c.last_seq + count, touched_at=now)
        )
        if not counted.rowcount:
            row = {"conversation": conversation, "last_seq": count, "restart_seq": 0}
            connection.execute(_conversations.insert().values(**row, touched_at=now))
        last = sa.select(_conversations.c.last_seq).where(_is(conversation))
        return int(connection.execute(last).scalar_one())

    def _insert(self, connection: Connection, conversation: str, messages: list[Message]) -> None:
        rows = [
            {**vars(each), "conversation": conversation, "content": json.dumps(each.content)}
            for each in messages
        ]
        connection.execute(_messages.insert(), rows)


def _of(conversation: str) -> sa.sql.ColumnElement:
    return _messages.c.conversation == conversation


def _is(conversation: str) -> sa.sql.ColumnElement:
    return _conversations.c.conversation == conversation


def _message(row: Any) -> Message:
    content = json.loads(row.content) if row.content else {}
    return Message(
        row.seq, row.kind, row.sender, row.at, row.client_id, row.text, content, row.answers
    )
