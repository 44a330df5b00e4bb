"""The sentences of `words.yml`, read again when the file changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML

from preceptor.runtime.files import state_of

PATH = Path(__file__).with_name("words.yml")


@lru_cache(maxsize=2)
def _read(path: Path, _state: tuple[tuple[str, int], ...]) -> dict[str, list[str]]:
    content = YAML(typ="safe").load(path.read_text("utf-8"))
    return {key: [value] if isinstance(value, str) else value for key, value in content.items()}


def words() -> dict[str, list[str]]:
    """Return every sentence's wordings by its name."""
    return _read(PATH, state_of(PATH.parent, PATH.name))


def say(name: str, wording: int = 0, /, **values: object) -> str:
    """Return a sentence with its `{fields}` filled.

    Args:
        name: the sentence's key in words.yml.
        wording: which of its wordings, counted round.
        values: the fields.

    Raises:
        KeyError: there is no sentence of that name, or a field has no value.
    """
    wordings = words()[name]
    return wordings[wording % len(wordings)].strip().format(**values)
