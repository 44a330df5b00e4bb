"""What Prometheus reads at /metrics: counts and seconds, and nothing that people wrote."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from preceptor.intents import FALLBACK, intents

# When each counter began is noise here.
disable_created_metrics()  # type: ignore[no-untyped-call]

TURNS = Counter(
    "preceptor_turns",
    "Turns by channel and outcome: answered, partly (failed after a reply), failed.",
    ("channel", "outcome"),
)
STAGE_SECONDS = Histogram(
    "preceptor_stage_seconds",
    "Seconds per stage: waiting in the inbox, reading, an action, saving, the turn altogether.",
    ("stage",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60),
)
MESSAGES = Counter(
    "preceptor_messages",
    "Messages by intent and its group: unknown is nlu_fallback, safety are the dangers.",
    ("intent", "group"),
)
PROBLEMS = Counter(
    "preceptor_problems",
    "Warnings and errors in the log by event; of libraries, all are `other`.",
    ("event", "level"),
)
QUEUE_ITEMS = Gauge("preceptor_queue_items", "What waits in each queue.", ("queue",))
QUEUE_SECONDS = Gauge(
    "preceptor_queue_oldest_seconds", "For how long the oldest item has waited.", ("queue",)
)
DATABASE_UP = Gauge("preceptor_channels_database_up", "Whether the channels' database answers.")

_OWN_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")


def count_message(parsed: Mapping[str, Any]) -> None:
    """Count a message by how it was understood."""
    name = (parsed.get("intent") or {}).get("name") or FALLBACK
    declared = intents().get(name)
    if declared is None:
        MESSAGES.labels(FALLBACK, "unknown").inc()
    else:
        MESSAGES.labels(name, declared.group).inc()


def count_problem(_: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Count a line of the log if it is a warning or worse; a processor of structlog's."""
    level = event.get("level", method)
    if level in ("warning", "error", "critical"):
        name = str(event.get("event"))
        PROBLEMS.labels(name if _OWN_EVENT.fullmatch(name) else "other", level).inc()
    return event


def set_queues(backlog: Mapping[str, tuple[int, float]] | None) -> None:
    """Set what waits.

    Args:
        backlog: By queue how many items there are, and since when the oldest waits; None if the
            database did not answer.
    """
    QUEUE_ITEMS.clear()
    QUEUE_SECONDS.clear()
    DATABASE_UP.set(backlog is not None)
    for queue, (count, since) in (backlog or {}).items():
        QUEUE_ITEMS.labels(queue).set(count)
        QUEUE_SECONDS.labels(queue).set(max(0.0, time.time() - since))
