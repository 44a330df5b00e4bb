"""Training messages with several questions, in which bars show where one ends, and told stories.

The part behind a bar means what it means only behind the other ("and for how long"), so these
are no training questions by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from spacy.tokens import Doc

from preceptor.nlu.questions.cuts import cuts_of, pieces_of
from preceptor.nlu.tokens import tokens_of

FILES = "several_questions*.yml"
"""Names of the files that hold them, under `messages`."""
TOLD_FILES = "told_stories*.yml"
"""Names of the files that hold stories that ask nothing, under `told_stories`."""
TOLD = "told_story"
"""Key under which a training message says that it is such a story."""
PARTS = "marked_parts"
"""Key under which a training message carries its parts, see `Marked`."""
INTENTS = "marked_intents"
"""Key under which a training message carries what its parts ask."""

_BAR = " |"
_WORD = re.compile(r"\w")


class BadMessage(RasaException):
    """A message that is not written as it should be; the text is a sentence that says why."""


@dataclass(frozen=True)
class Marked:
    """A message and what its parts ask, in order.

    Attributes:
        text: without bars.
        parts: where each part begins and ends in it, in characters.
        intents: of each part.
    """

    text: str
    parts: list[tuple[int, int]]
    intents: list[str]


def marked_messages(path: Path) -> list[Marked]:
    """Return the messages of a file, each `text` with bars and `intents`.

    Raises:
        BadMessage: The file is no YAML, or a message is not written as it should be.
    """
    return [_marked(path, each) for each in _listed(path, "messages")]


def told_stories(path: Path) -> list[str]:
    """Return the stories of a file.

    Raises:
        BadMessage: The file is no YAML, or a story is no text.
    """
    stories = _listed(path, "told_stories")
    if not all(isinstance(story, str) and story.strip() for story in stories):
        raise BadMessage(f"{path.name}: every story must be a text.")
    return stories


def _listed(path: Path, name: str) -> list[Any]:
    try:
        content = YAML(typ="safe").load(path.read_text("utf-8"))
    except YAMLError as error:
        raise BadMessage(f"{path.name} is not valid YAML: {error}") from error
    listed = content.get(name) if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise BadMessage(f'{path.name} must have a list of "{name}".')
    return listed


def _marked(path: Path, entry: Any) -> Marked:
    entry = entry if isinstance(entry, dict) else {"text": entry}
    said, intents = entry.get("text"), entry.get("intents")
    if not isinstance(said, str) or not isinstance(intents, list) or not said.strip():
        raise BadMessage(f'{path.name}: every message needs a "text" and "intents": {entry!r}')
    pieces = said.split(_BAR)
    if len(pieces) != len(intents):
        raise BadMessage(
            f"{path.name}: {said!r} has {len(pieces)} parts and {len(intents)} intents; a bar"
            " stands between any two parts."
        )
    text = "".join(pieces)
    ends = [sum(map(len, pieces[: i + 1])) for i in range(len(pieces) - 1)]
    return Marked(text, _parts(tokens_of(text), ends), [str(intent) for intent in intents])


def _parts(doc: Doc, ends: list[int]) -> list[tuple[int, int]]:
    """Return the parts of a message as they are cut when it is read.

    Args:
        doc: the message.
        ends: where all parts but the last end, in characters.
    """
    cuts = cuts_of(doc)
    pieces = pieces_of(doc, cuts)
    last, chosen = len(cuts), []
    for end in ends:
        # The cut lies between what ends before the bar, signs aside, and what begins behind it.
        near = [
            k
            for k in range(last)
            if not _WORD.search(doc.text[end : pieces[k, k].end_char])
            and pieces[k, k].start_char < end <= pieces[k + 1, k + 1].start_char
        ]
        chosen += near[:1]
    if len(set(chosen)) < len(ends):
        # It is not cut there when it is read; what it says can still be learnt.
        return list(zip([0, *ends], [*ends, len(doc.text)], strict=True))
    edges = zip([0, *(k + 1 for k in chosen)], [*chosen, last], strict=True)
    return [(span.start_char, span.end_char) for span in (pieces[edge] for edge in edges)]


def as_examples(messages: Iterable[Marked]) -> list[Message]:
    """Return messages as Rasa carries training data from step to step."""
    return [
        Message(data={TEXT: each.text, PARTS: each.parts, INTENTS: each.intents})
        for each in messages
    ]


def from_examples(examples: Iterable[Message]) -> list[Marked]:
    """Return the marked messages among training data."""
    return [
        Marked(example.get(TEXT), example.get(PARTS), example.get(INTENTS))
        for example in examples
        if example.get(PARTS)
    ]
