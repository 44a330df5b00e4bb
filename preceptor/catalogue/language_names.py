"""English names of languages by ISO 639-1 code."""

from __future__ import annotations

from babel import Locale

# CLDR's names are those people use ("Greek"); ISO's are not ("Modern Greek (1453-)").
_NAMES = Locale("en").languages


def language_name(code: str) -> str:
    """Return the English name of a language (`es` is Spanish), or the code if there is none."""
    return str(_NAMES.get(code, code))


_CODES = {name.casefold(): code for code, name in _NAMES.items() if len(code) == 2}


def language_code(name: str) -> str | None:
    """Return the code of a language by its English name, None if it is none."""
    return _CODES.get(name.casefold())
