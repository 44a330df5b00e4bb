"""Rate limits: how often an address, a conversation or a channel may do something.

The algorithm is one formula; the packages for it keep every key until it expires, in threads of
their own or in a server. Several servers count together, in a table of PostgreSQL.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine

from preceptor.channels.storage import Kept, in_thread, is_shared, metadata
from preceptor.runtime.settings import Rate

_limits = sa.Table(
    "rate_limits",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    # When the key's bucket will be full again, by the database's clock.
    sa.Column("full_at", sa.Float, nullable=False, index=True),
    info={"kept": Kept(until="full_at")},
)

KEYS_KEPT = 20_000


class RateLimit:
    """The generic cell rate algorithm (ITU-T I.371): a token bucket that keeps one time per key."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        """Limit to a rate, by a clock in seconds."""
        self._interval = 60.0 / rate.per_minute
        self._tolerance = self._interval * (rate.burst - 1)
        self._clock = clock
        # When each key's bucket will be full again; the least recently used key comes first.
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def wait_for(self, key: str) -> float:
        """Count one request, or return how long to wait before it may go ahead.

        Args:
            key: Whose request it is.

        Returns:
            0 if the request may go ahead, otherwise the seconds until one may; a request that
            has to wait does not count.
        """
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at - self._tolerance - now
        if wait > 0:
            return wait
        self._full_at[key] = full_at + self._interval
        self._full_at.move_to_end(key)
        if len(self._full_at) > KEYS_KEPT:
            self._full_at.popitem(last=False)
        return 0.0


class SharedLimit:
    """A rate limit that all servers of an installation share."""

    def __init__(self, engine: Engine, name: str, rate: Rate) -> None:
        """Limit to a rate, under a name of its own, in an opened database."""
        self._engine = engine
        self._name = name
        self._interval = 60.0 / rate.per_minute
        self._tolerance = self._interval * (rate.burst - 1)
        self._alone = RateLimit(rate)

    async def wait_for(self, key: str) -> float:
        """Count one request, or return how long to wait, as `RateLimit.wait_for`.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If the database cannot be written.
        """
        if not is_shared(self._engine):
            return self._alone.wait_for(key)
        return await in_thread(self._wait_for, f"{self._name}:{key}"[:255])

    def _wait_for(self, key: str) -> float:
        now = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Float)
        full_at = sa.func.greatest(_limits.c.full_at, now)
        counted = insert(_limits).values(key=key, full_at=now + self._interval)
        counted = counted.on_conflict_do_update(
            index_elements=["key"],
            set_={"full_at": full_at + self._interval},
            where=full_at - now <= self._tolerance,
        ).returning(_limits.c.key)
        left = sa.select(_limits.c.full_at - now - self._tolerance).filter_by(key=key)
        with self._engine.begin() as connection:
            if connection.execute(counted).first() is not None:
                return 0.0
            # Whatever may have changed in between: it was refused.
            return max(float(connection.execute(left).scalar() or 0.0), 0.01)
