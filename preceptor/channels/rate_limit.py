"""Rate limits: how often an address, a conversation or a channel may do something.

The algorithm is one formula; the packages for it keep every key until it expires, in threads of
their own or in a server.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from preceptor.runtime.settings import Rate

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
