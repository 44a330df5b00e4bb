"""Exponential backoff: how long to wait before each further try."""

from collections.abc import Iterator


def backoff(first_seconds: float, longest_seconds: float) -> Iterator[float]:
    """Yield the seconds to wait after each failure: twice as long each time, up to a limit."""
    wait = first_seconds
    while True:
        yield wait
        wait = min(wait * 2, longest_seconds)
