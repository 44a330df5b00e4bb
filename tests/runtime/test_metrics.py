"""What is counted, and under which names."""

import logging

from prometheus_client import REGISTRY

from preceptor.runtime.logs import configure_logging
from preceptor.runtime.metrics import count_message, set_queues


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_is_not_understood_and_what_nothing_declares_is_unknown() -> None:
    labels = {"intent": "nlu_fallback", "group": "unknown"}
    before = value("preceptor_messages_total", **labels)
    for parsed in ({"intent": {"name": "nlu_fallback"}}, {"intent": {"name": "of_nobody"}}, {}):
        count_message(parsed)
    assert value("preceptor_messages_total", **labels) == before + 3


def test_a_danger_is_counted_as_safety() -> None:
    labels = {"intent": "express_crisis", "group": "safety"}
    before = value("preceptor_messages_total", **labels)
    count_message({"intent": {"name": "express_crisis"}})
    assert value("preceptor_messages_total", **labels) == before + 1


def test_warnings_and_errors_are_counted_by_event_and_never_by_words() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    own = value("preceptor_problems_total", event="turn.failed", level="error")
    others = value("preceptor_problems_total", event="other", level="warning")
    try:
        handler = logging.NullHandler()
        configure_logging("WARNING", handler)
        for level_of_line, line in (
            (logging.ERROR, "turn.failed"),
            (logging.WARNING, "somebody wrote this"),
            (logging.INFO, "all is well"),
        ):
            handler.format(logging.LogRecord("x", level_of_line, "x", 1, line, (), None))
    finally:
        root.handlers, root.level = handlers, level
    assert value("preceptor_problems_total", event="turn.failed", level="error") == own + 1
    assert value("preceptor_problems_total", event="other", level="warning") == others + 1


def test_a_database_that_does_not_answer_shows() -> None:
    set_queues({"web": (3, 0.0)})
    assert value("preceptor_channels_database_up") == 1
    assert value("preceptor_queue_items", queue="web") == 3
    assert value("preceptor_queue_oldest_seconds", queue="web") > 1e9
    set_queues(None)
    assert value("preceptor_channels_database_up") == 0
    assert REGISTRY.get_sample_value("preceptor_queue_items", {"queue": "web"}) is None
