"""Reads messages and says how the advisor understands each, as JSON lines."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import structlog

from preceptor.channels.clean_text import clean_text
from preceptor.intents import intents
from preceptor.rasa_ext.lean_imports import import_rasa
from preceptor.runtime.logs import configure_logging
from preceptor.runtime.models import choose_model
from preceptor.runtime.settings import CODE, Complaint, Settings

log = structlog.get_logger(__name__)

RANKING_LENGTH = 5


class BadLine(ValueError):
    """A line that is no message; the text is a sentence that says why."""


def read_line(line: str) -> str | None:
    """Return a line's message.

    Args:
        line: Plain text, or a JSON object with a string under `text`. A line that begins
            with "{" is taken for JSON.

    Returns:
        The message, or None for a blank line.

    Raises:
        BadLine: If it begins with "{" and is not such an object.
    """
    line = line.strip()
    if not line.startswith("{"):
        return line or None
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine("The line begins like JSON but is not valid JSON.") from None
    text = content.get("text")
    if not isinstance(text, str):
        raise BadLine('The JSON has no string under "text".')
    return text


def would_do(parse_data: dict[str, Any]) -> str:
    """Return what the advisor would do with a message: answer, ask, refuse or hand_over.

    Args:
        parse_data: What Rasa's `Agent.parse_message` returned.
    """
    intent = intents().get((parse_data.get("intent") or {}).get("name") or "")
    if intent is None:
        return "ask"
    named = {entity.get("entity") for entity in parse_data.get("entities") or []}
    return "ask" if intent.needs_one_of and not named & intent.needs_one_of else intent.does


def describe(text: str, cleaned: str, parse_data: dict[str, Any]) -> dict[str, Any]:
    """Return what is written for one message.

    Args:
        text: The message as it was given.
        cleaned: The message as it was parsed; "" if it holds no words, for which every channel
            asks.
        parse_data: What Rasa's `Agent.parse_message` returned for it, if there are words.

    Returns:
        `text`, `intent`, `confidence` (0 to 1), `intent_ranking` (at most 5), `questions`,
        `entities` and `does`. Positions of entities count characters of the cleaned message,
        which is added as `cleaned` if it differs.
    """
    intent = parse_data.get("intent") or {}
    return {
        "text": text,
        **({"cleaned": cleaned} if cleaned and cleaned != text else {}),
        "intent": intent.get("name"),
        "confidence": float(intent.get("confidence") or 0.0),
        "intent_ranking": [
            {"name": each.get("name"), "confidence": float(each.get("confidence") or 0.0)}
            for each in (parse_data.get("intent_ranking") or [])[:RANKING_LENGTH]
        ],
        "questions": parse_data.get("questions") or [],
        "entities": [
            {"text": cleaned[each.get("start", 0) : each.get("end", 0)], **each}
            for each in parse_data.get("entities") or []
        ],
        "does": would_do(parse_data),
    }


def parse_lines(agent: Any, lines: Iterable[str], output: TextIO) -> None:
    """Parse messages, one per line, and write one JSON object per line, in the same order.

    Args:
        agent: A `rasa.core.agent.Agent` with a model.
        lines: See `read_line`. Blank lines are skipped.
        output: Gets the rows of `describe`, or `{"error": sentence}` for a bad line.
    """
    for line in lines:
        try:
            text = read_line(line)
        except BadLine as error:
            row = {"error": str(error)}
        else:
            if text is None:
                continue
            cleaned = clean_text(text).text
            parsed = asyncio.run(agent.parse_message(cleaned)) if cleaned else {}
            row = describe(text, cleaned, parsed)
        # default: components may put anything into entities, dates for example.
        output.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")
        output.flush()


def _plain(value: Any) -> Any:
    # NumPy's numbers know how to become Python's.
    return value.item() if hasattr(value, "item") else str(value)


def parse(settings: Settings, model: Path | None, source: Iterable[bytes]) -> None:
    """Load a model and parse messages to standard output.

    Args:
        settings: Where the newest model is looked for.
        model: Another model's path.
        source: Lines of UTF-8.

    Raises:
        Complaint: If there is no model or it cannot be loaded.
    """
    model = model or choose_model(settings)[0]
    # Standard output is for JSON only: whatever the libraries print goes to standard error.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)
    model = model.resolve()
    os.chdir(settings.home)
    for folder in (CODE, settings.home):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))

    configure_logging("ERROR")

    import_rasa()
    from rasa.core.agent import Agent
    from rasa.shared.exceptions import RasaException

    try:
        agent = Agent.load(str(model))
    except (RasaException, OSError) as error:
        raise Complaint(f"The model {model} cannot be loaded: {error}") from error
    with output:
        parse_lines(agent, (line.decode("utf-8", "replace") for line in source), output)
