"""The inbox of events that wait for their answer, and the outbox of messages that wait to be sent.

A channel whose other side delivers at least once (Slack) accepts an event here before it
acknowledges it: duplicates are recognised by their keys, and the work is kept until its answer
stands in the outbox, where it is kept until it is sent. Both steps are single transactions, so a
server that dies in between leaves nothing half done, and the next one carries on.

Rows belong to a server. One that is alive renews its lease; what belongs to none that is alive
may be adopted.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import redis
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from preceptor.channels.storage import metadata

log = structlog.get_logger(__name__)

REMEMBERED_SECONDS = 2 * 3600
LEASE_SECONDS = 10.0

_seen = sa.Table(
    "deliveries_seen",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
)
_servers = sa.Table(
    "deliveries_servers",
    metadata,
    sa.Column("server", sa.String(36), primary_key=True),
    sa.Column("alive_until", sa.Float, nullable=False),
)
_inbox = sa.Table(
    "deliveries_inbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("owner", sa.String(36), nullable=False, index=True),
    sa.Column("conversation", sa.String(255), nullable=False, index=True),
    sa.Column("position", sa.String(64), nullable=False),
    sa.Column("work", sa.Text, nullable=False),
    sa.Column("adoptions", sa.Integer, nullable=False),
    # An id is never given twice: what has been done is known by it.
    sqlite_autoincrement=True,
)
_outbox = sa.Table(
    "deliveries_outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("owner", sa.String(36), nullable=False, index=True),
    sa.Column("lane", sa.String(255), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("queued_at", sa.Float, nullable=False),
    sqlite_autoincrement=True,
)
_leases = sa.Table(
    "deliveries_leases",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("owner", sa.String(36), nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)


@dataclass(frozen=True)
class Accepted:
    """A piece of work that has been accepted and not yet finished.

    Attributes:
        id: Its number in the inbox.
        conversation: Works of one conversation are done one after the other.
        position: Its place within the conversation; compared as text.
        work: What the channel needs to do it, JSON.
        owner: The server that is to do it; another one if that is busy with the conversation.
        adoptions: How many servers have ended without having finished it.
    """

    id: int
    conversation: str
    position: str
    work: dict[str, Any]
    owner: str
    adoptions: int = 0


@dataclass(frozen=True)
class Outgoing:
    """A message that has to be sent.

    Attributes:
        id: Its number in the outbox; lower ones of a lane are sent first.
        lane: Messages of one lane are sent one after the other.
        message: What the channel sends, JSON.
        queued_at: When it was put into the outbox, in seconds since 1970.
    """

    id: int
    lane: str
    message: dict[str, Any]
    queued_at: float


class _KnownAlready(Exception):
    """Ends a transaction in which a key turned out to be known."""


class SharedMemory(Protocol):
    """Remembers keys for servers that do not share a database."""

    def claim(self, keys: Sequence[str], seconds: float) -> bool:
        """Claim all keys or none; return False if one is taken."""

    def release(self, keys: Sequence[str]) -> None:
        """Forget keys that were claimed for work that could not be kept."""

    def hold(self, name: str, owner: str, seconds: float) -> bool:
        """Take or renew a lease; return False while another owner has it."""

    def let_go(self, name: str, owner: str) -> None:
        """Give a lease up."""


class Deliveries:
    """The inbox and the outbox of one channel's server.

    All methods block; call them from a thread. They may be called from several.
    """

    def __init__(
        self,
        engine: Engine,
        shared: SharedMemory | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """Keep deliveries in a database opened by `open_channels`.

        Args:
            engine: The database.
            shared: A further memory of keys, for several servers with a database each.
            lease_seconds: For how long this server's rows stay its own without `renew`.
        """
        self._engine = engine
        self._shared = shared
        self._lease_seconds = lease_seconds
        self.server = str(uuid.uuid4())
        # SQLite has one writer at a time: waiting here is cheaper than its polling.
        self._writing = threading.Lock()

    def accept(
        self,
        keys: Sequence[str],
        conversation: str,
        position: str,
        work: dict[str, Any],
        remembered_seconds: float = REMEMBERED_SECONDS,
    ) -> Accepted | None:
        """Keep a piece of work unless one of its keys is known.

        Args:
            keys: What duplicates are recognised by, each at most 255 characters.
            conversation: The conversation it belongs to.
            position: Its place within the conversation; compared as text.
            work: JSON.
            remembered_seconds: For how long the keys are remembered.

        Returns:
            The accepted work, or None if it came before.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If it could not be kept; it may be offered again.
        """
        if self._shared is not None and not self._shared.claim(keys, remembered_seconds):
            return None
        try:
            with self._writing, self._engine.begin() as connection:
                self._remember(connection, keys, remembered_seconds)
                # A conversation that another living server is busy with stays there.
                owner = self._busy_with(connection, conversation) or self.server
                row = _inbox.insert().values(
                    owner=owner,
                    conversation=conversation,
                    position=position,
                    work=json.dumps(work),
                    adoptions=0,
                )
                (number,) = connection.execute(row).inserted_primary_key
        except _KnownAlready:
            return None
        except sa.exc.SQLAlchemyError:
            if self._shared is not None:
                self._shared.release(keys)
            raise
        return Accepted(number, conversation, position, work, owner)

    def remember(self, keys: Sequence[str]) -> bool:
        """Remember keys of something that is done at once; return False if one is known."""
        if self._shared is not None and not self._shared.claim(keys, REMEMBERED_SECONDS):
            return False
        try:
            with self._writing, self._engine.begin() as connection:
                self._remember(connection, keys, REMEMBERED_SECONDS)
        except _KnownAlready:
            return False
        return True

    def finish(self, number: int, messages: Iterable[tuple[str, dict[str, Any]]]) -> list[Outgoing]:
        """Take a piece of work out of the inbox and put its messages into the outbox, in one step.

        Args:
            number: The work's id; one that is gone was finished by another server, and then
                nothing is queued.
            messages: Lanes and messages, in the order in which they are to be sent.

        Returns:
            The messages as they stand in the outbox.
        """
        with self._writing, self._engine.begin() as connection:
            done = connection.execute(_inbox.delete().where(_inbox.c.id == number))
            return self._queue(connection, messages) if done.rowcount else []

    def queue(self, messages: Iterable[tuple[str, dict[str, Any]]]) -> list[Outgoing]:
        """Put messages into the outbox that answer no accepted work."""
        with self._writing, self._engine.begin() as connection:
            return self._queue(connection, messages)

    def sent(self, number: int) -> None:
        """Take a message out of the outbox."""
        with self._writing, self._engine.begin() as connection:
            connection.execute(_outbox.delete().where(_outbox.c.id == number))

    def renew(self) -> None:
        """Renew this server's lease; call it at least three times per `lease_seconds`."""
        with self._writing, self._engine.begin() as connection:
            until = time.time() + self._lease_seconds
            row = {"server": self.server, "alive_until": until}
            insert = _insert(connection, _servers).values(row)
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[_servers.c.server], set_={"alive_until": until}
                )
            )

    def adopt(self) -> tuple[list[Accepted], list[Outgoing]]:
        """Take over what belongs to no living server, and return all that is ours, in order."""
        with self._writing, self._engine.begin() as connection:
            alive = sa.select(_servers.c.server).where(_servers.c.alive_until > time.time())
            ours: list[list[Any]] = []
            for table in (_inbox, _outbox):
                orphan = sa.and_(table.c.owner != self.server, table.c.owner.not_in(alive))
                numbers = connection.execute(sa.select(table.c.id).where(orphan)).scalars().all()
                if numbers:
                    adopted = {"owner": self.server}
                    if table is _inbox:
                        adopted["adoptions"] = _inbox.c.adoptions + 1
                    connection.execute(
                        table.update().where(table.c.id.in_(numbers), orphan).values(adopted)
                    )
                mine = table.select().where(table.c.owner == self.server).order_by(table.c.id)
                ours.append(connection.execute(mine).fetchall())
        works = [
            Accepted(r.id, r.conversation, r.position, json.loads(r.work), self.server, r.adoptions)
            for r in ours[0]
        ]
        outgoing = [Outgoing(r.id, r.lane, json.loads(r.message), r.queued_at) for r in ours[1]]
        return works, outgoing

    def prune(self) -> None:
        """Forget keys, servers and leases whose time is over."""
        now = time.time()
        with self._writing, self._engine.begin() as connection:
            connection.execute(_seen.delete().where(_seen.c.expires_at < now))
            connection.execute(_servers.delete().where(_servers.c.alive_until < now - 3600))

    def hold(self, name: str, seconds: float) -> bool:
        """Take or renew a lease by name; return False while another server has it."""
        if self._shared is not None:
            return self._shared.hold(name, self.server, seconds)
        now = time.time()
        with self._writing, self._engine.begin() as connection:
            row = {"name": name, "owner": self.server, "until": now + seconds}
            insert = _insert(connection, _leases).values(row)
            done = connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[_leases.c.name],
                    set_={"owner": self.server, "until": now + seconds},
                    where=sa.or_(_leases.c.owner == self.server, _leases.c.until < now),
                )
            )
            return bool(done.rowcount)

    def let_go(self, name: str) -> None:
        """Give a lease up."""
        if self._shared is not None:
            self._shared.let_go(name, self.server)
            return
        with self._writing, self._engine.begin() as connection:
            connection.execute(
                _leases.delete().where(_leases.c.name == name, _leases.c.owner == self.server)
            )

    def leave(self) -> None:
        """Give up this server's lease: another may adopt at once what it has not done."""
        with self._writing, self._engine.begin() as connection:
            connection.execute(_servers.delete().where(_servers.c.server == self.server))

    def _remember(self, connection: Connection, keys: Sequence[str], seconds: float) -> None:
        now = time.time()
        for key in keys:
            connection.execute(_seen.delete().where(_seen.c.key == key, _seen.c.expires_at < now))
            row = _insert(connection, _seen).values(key=key, expires_at=now + seconds)
            if not connection.execute(row.on_conflict_do_nothing()).rowcount:
                raise _KnownAlready

    def _busy_with(self, connection: Connection, conversation: str) -> str | None:
        query = (
            sa.select(_inbox.c.owner)
            .join(_servers, _servers.c.server == _inbox.c.owner)
            .where(_inbox.c.conversation == conversation, _servers.c.alive_until > time.time())
            .order_by(_inbox.c.id)
            .limit(1)
        )
        return connection.execute(query).scalar()

    def _queue(
        self, connection: Connection, messages: Iterable[tuple[str, dict[str, Any]]]
    ) -> list[Outgoing]:
        now = time.time()
        queued = []
        for lane, message in messages:
            row = _outbox.insert().values(
                owner=self.server, lane=lane, message=json.dumps(message), queued_at=now
            )
            (number,) = connection.execute(row).inserted_primary_key
            queued.append(Outgoing(number, lane, message, now))
        return queued


class RedisMemory:
    """Keys and leases in Redis, for servers that do not share a database.

    While Redis is away every server goes by its own database alone: answering an event twice is
    better than not answering it.
    """

    _RENEW = """
        local owner = redis.call('GET', KEYS[1])
        if owner and owner ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 1
    """
    _LET_GO = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
        return 1
    """
    _FORGET = "return redis.call('DEL', unpack(KEYS)) + 1"
    _CLAIM = """
        if redis.call('EXISTS', unpack(KEYS)) > 0 then return 0 end
        for _, key in ipairs(KEYS) do redis.call('SET', key, '1', 'PX', ARGV[1]) end
        return 1
    """

    def __init__(self, client: Any, prefix: str = "preceptor:slack:") -> None:
        """Use a `redis.Redis` client; keys get the prefix."""
        self._client = client
        self._prefix = prefix

    def claim(self, keys: Sequence[str], seconds: float) -> bool:
        """Claim all keys or none, in one step; return False if one is taken."""
        names = [self._prefix + key for key in keys]
        return self._run(self._CLAIM, names, int(seconds * 1000))

    def release(self, keys: Sequence[str]) -> None:
        """Forget keys that were claimed for work that could not be kept."""
        self._run(self._FORGET, [self._prefix + key for key in keys])

    def hold(self, name: str, owner: str, seconds: float) -> bool:
        """Take or renew a lease; return False while another owner has it."""
        return self._run(self._RENEW, [f"{self._prefix}lease:{name}"], owner, int(seconds * 1000))

    def let_go(self, name: str, owner: str) -> None:
        """Give a lease up if it is the owner's."""
        self._run(self._LET_GO, [f"{self._prefix}lease:{name}"], owner)

    def _run(self, script: str, keys: Sequence[str], *arguments: object) -> bool:
        try:
            return bool(self._client.eval(script, len(keys), *keys, *arguments))
        except redis.RedisError as error:
            log.error("deliveries.redis_failed", cause=f"{type(error).__name__}: {error}")
            return True


def _insert(connection: Connection, table: sa.Table) -> Any:
    """Return an INSERT that knows ON CONFLICT, which SQLAlchemy has per database."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
