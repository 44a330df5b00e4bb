"""Changes of files that may be edited while the advisor runs."""

import time
from functools import lru_cache
from pathlib import Path

LOOK_SECONDS = 1.0
"""How soon a change is seen. A turn asks many times, and each look at a file gives up the GIL,
which other turns then hold."""


def state_of(folder: Path, pattern: str) -> tuple[tuple[str, int], ...]:
    """Return the paths and times of change of a folder's files, empty without any.

    Raises:
        OSError: A file cannot be looked at.
    """
    return _state_of(folder, pattern, int(time.monotonic() / LOOK_SECONDS))


@lru_cache(maxsize=16)
def _state_of(folder: Path, pattern: str, _moment: int) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((str(each), each.stat().st_mtime_ns) for each in folder.glob(pattern)))
