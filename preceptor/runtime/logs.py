"""Logging: one JSON object per line, with the conversation's id if there is one.

What is bound with `structlog.contextvars` (the channels bind `conversation`) appears in every line
written during that turn, Rasa's own lines included.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog

from preceptor.runtime.metrics import count_problem

# Rasa takes these three out of the tree of loggers, so that they need a handler themselves.
_DETACHED_LOGGERS = ("sanic.root", "sanic.error", "sanic.access")
# What people typed has no place in a log; Rasa puts it into some of its warnings.
_WORDS_OF_PERSONS = ("text", "user_text", "user_message", "parse_data_text")
# What a line of the log has of its own, beside the names of events.
_FREE_OF_WORDS = ("conversation", "action", "level", "logger", "timestamp")
_OWN_NAME = re.compile(r"[a-z_]+\.[a-z_]+")
_WORD = re.compile(r"\w{3,}")
_said: ContextVar[str] = ContextVar("said", default="")
_QUIETER_LOGGERS = (
    "sanic.access", "sanic.error", "apscheduler", "asyncio", "matplotlib", "rasa_sdk.executor",
    "slack_bolt", "slack_sdk",
)  # fmt: skip
_QUOTED_BY_POSTGRESQL = re.compile(
    r"\n(LINE \d+|DETAIL|CONTEXT|QUERY): .*?(?=\n\[SQL: |\n\nThe above exception|\Z)", re.DOTALL
)


def configure_logging(level: str = "INFO", handler: logging.Handler | None = None) -> None:
    """Send structlog's and the standard library's records to one handler as JSON lines.

    Args:
        level: The lowest level that is written, such as "INFO".
        handler: Where to; standard error by default.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        count_problem,
        _drop_words_of_persons,
    ]
    root = logging.getLogger()
    root.setLevel(level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        # Lines below the level cost nothing: Rasa writes a dozen at every turn.
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = handler or logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root.handlers = [handler]
    for name in _DETACHED_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
    # A line for every request and job says nothing that the conversation's own lines do not, and
    # the libraries of Slack and sockets write whole messages.
    for name in _QUIETER_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # What it writes for debugging is slots and messages.
    logging.getLogger("rasa").setLevel(max(root.level, logging.INFO))
    logging.captureWarnings(True)
    # A logging filter, since TensorFlow undoes filters of the warnings module.
    logging.getLogger("py.warnings").addFilter(_is_for_operators)


def _is_for_operators(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return "DeprecationWarning" not in message and "FutureWarning" not in message


def _drop_words_of_persons(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    for key in _WORDS_OF_PERSONS:
        event.pop(key, None)
    return {
        key: _without_words(without_statements(value))
        if isinstance(value, str) and key not in _FREE_OF_WORDS and not _OWN_NAME.fullmatch(value)
        else value
        for key, value in event.items()
    }


@contextmanager
def hidden(text: str) -> Iterator[None]:
    """Keep the words of a message out of what is logged meanwhile: errors like to quote."""
    token = _said.set(text.lower())
    try:
        yield
    finally:
        _said.reset(token)


def _without_words(text: str) -> str:
    """Return a text without the words of the message that is being answered.

    A traceback's frames and lines of code stay as they are.
    """
    said = _said.get()
    if not said:
        return text
    words = set(_WORD.findall(said))

    def blank(match: re.Match[str]) -> str:
        word = match[0].lower()
        # Where words have no blanks between them, a piece of a sentence counts as well.
        return "…" if word in words or (not word.isascii() and word in said) else match[0]

    lines, is_frame = [], False
    for line in text.split("\n"):
        is_code = is_frame and line.startswith("    ")
        is_frame = line.startswith('  File "')
        lines.append(line if is_frame or is_code else _WORD.sub(blank, line))
    return "\n".join(lines)


def without_statements(text: str) -> str:
    """Return a text without what PostgreSQL's errors quote of statements and rows.

    SQLAlchemy hides the parameters (`hide_parameters`), but psycopg2 puts them into the statement
    and the server quotes that.
    """
    return _QUOTED_BY_POSTGRESQL.sub("", text)
