"""What a reply begins with where the person wrote in another language than English."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from preceptor.intents import intents

_PATH = Path(__file__).with_name("prefaces.yml")
_REMEMBERED = 10_000


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return dict(YAML(typ="safe").load(_PATH.read_text("utf-8")))


class Prefaces:
    """Says once in a conversation, in the person's language, that answers are in English.

    What was said is remembered in memory only, for the conversations spoken in last: after a
    restart the sentence is said once more.
    """

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._said: OrderedDict[str, None] = OrderedDict()

    def before(self, conversation: str, parse_data: dict[str, Any] | None) -> str | None:
        """Return what to say before the answer, None for nothing.

        Args:
            conversation: its id.
            parse_data: what was understood of the message that is answered; `language` is there
                where it isn't English.
        """
        language = str((parse_data or {}).get("language") or "")
        own = _sentences().get(language)
        if own is None:
            return None
        sentences = []
        declared = intents().get(((parse_data or {}).get("intent") or {}).get("name") or "")
        if declared is not None and declared.preface in own:
            sentences.append(own[declared.preface])
        if conversation not in self._said:
            sentences.append(own["note"])
        self._said[conversation] = None
        self._said.move_to_end(conversation)
        while len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        return " ".join(sentences) or None
