"""Rate limits: a burst, then the rate, and a bound on what is remembered."""

import pytest

from preceptor.channels import rate_limit
from preceptor.channels.rate_limit import RateLimit
from preceptor.runtime.settings import Rate


class Clock:
    """A clock that stands still until told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_let_through_and_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(Rate(60, 3), clock)
    assert [limit.wait_for("a") for _ in range(3)] == [0, 0, 0]
    assert limit.wait_for("a") == pytest.approx(1)
    assert limit.wait_for("b") == 0
    clock.now += 0.5
    assert limit.wait_for("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert limit.wait_for("a") == 0
    assert limit.wait_for("a") == pytest.approx(1)
    clock.now += 3600
    assert [bool(limit.wait_for("a")) for _ in range(4)] == [False, False, False, True]


def test_the_memory_of_limits_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(rate_limit, "KEYS_KEPT", 10)
    limit = RateLimit(Rate(60, 1), Clock())
    for number in range(1000):
        limit.wait_for(str(number))
    assert len(limit._full_at) == 10
