"""Further names of countries: official ones, abbreviations, other scripts, flags.

The catalogue has the names that a person would think of. The rest follows from ISO 3166 (by way of
pycountry), Unicode's CLDR (by way of Babel) and how names are shortened on maps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

import pycountry
from babel import Locale

# Languages in other scripts, in which a country's name can't be mistaken for an English word.
_OTHER_SCRIPTS = ("ar", "ja", "ko", "ru", "th", "zh")
_SHORT = {
    "equatorial": ("Eq.", "Equat."), "islands": ("Is.", "Isl."), "island": ("Is.", "I."),
    "republic": ("Rep.",), "democratic": ("Dem.",), "federal": ("Fed.",), "federated": ("Fed.",),
    "west": ("W.",), "western": ("W.",), "east": ("E.",), "eastern": ("E.",), "north": ("N.",),
    "northern": ("N.",), "south": ("S.",), "southern": ("S.",), "central": ("Cent.", "C."),
    "saint": ("St.",), "united": ("Utd.",), "french": ("Fr.",), "british": ("Br.", "Brit."),
    "new": ("N.",), "herzegovina": ("Herz.",), "barbuda": ("Barb.",), "and": ("&",),
}  # fmt: skip
_SMALL = frozenset({"of", "the"})
# Written with a point or without it.
_PLAIN_TOO = frozenset(
    "Eq. Equat. Isl. Is. Rep. Dem. Fed. St. Cent. Brit. Herz. N. S. E. W.".split()
)


def further_names(iso2: str, names: Iterable[str]) -> list[str]:
    """Return what a country is called besides the catalogue's names.

    Args:
        iso2: its ISO 3166-1 alpha-2 code.
        names: the catalogue's names, of which hyphenated and shortened forms are made.
    """
    official = list(_official(iso2))
    forms = [form for name in names for form in written_forms(name)]
    found = [*official, *forms, *_in_other_scripts(iso2), flag(iso2)]
    return list(dict.fromkeys(found))


def flag(iso2: str) -> str:
    """Return a country's flag: an emoji of two regional indicators."""
    return "".join(chr(ord("🇦") + ord(letter) - ord("A")) for letter in iso2)


def written_forms(name: str) -> Iterator[str]:
    """Yield a name of several words hyphenated ("Cabo-Verde") and shortened ("Eq. Guinea")."""
    words = name.split()
    if not 2 <= len(words) <= 6 or not re.fullmatch(r"[^\W\d_]+(?:[ &][^\W\d_]*)*", name):
        return
    if len(words) <= 3:
        yield "-".join(words)
    shortened = [(i, short) for i, word in enumerate(words) for short in _shortened(word)]
    if not shortened:
        return
    # One word is shortened, or all that can be.
    for chosen in [[one] for one in shortened] + [shortened[::-1], shortened]:
        form = list(words)
        for i, short in chosen:
            form[i] = short
        yield " ".join(form)
        if small := _SMALL.intersection(form):
            yield " ".join(word for word in form if word not in small)


def _shortened(word: str) -> Iterator[str]:
    for short in _SHORT.get(word.lower(), ()):
        yield short
        if short in _PLAIN_TOO:
            yield short.rstrip(".")


def _official(iso2: str) -> Iterator[str]:
    """Yield the names of ISO 3166 and CLDR.

    "Venezuela, Bolivarian Republic of" is written "Venezuela (Bolivarian Republic of)" and
    "Bolivarian Republic of Venezuela" as well.
    """
    country = pycountry.countries.get(alpha_2=iso2)
    for attribute in ("name", "official_name", "common_name"):
        name = getattr(country, attribute, None)
        if not name:
            continue
        yield name
        short, comma, rest = name.partition(", ")
        if not comma:
            continue
        yield f"{short} ({rest})"
        words = [word for word in rest.split() if word.lower() not in _SMALL]
        yield f"{short}, {' '.join(next(_shortened(word), word) for word in words)}"
        if rest.endswith(("of", "of the")):
            for form in {rest, rest.removeprefix("The ").removeprefix("the ")}:
                yield f"{short}, {form}"
                yield f"{short} ({form})"
                yield f"{form} {short}"
    if name := Locale("en").territories.get(iso2):
        yield name


@cache
def _scripts() -> tuple[dict[str, str], ...]:
    return tuple(dict(Locale(language).territories) for language in _OTHER_SCRIPTS)


def _in_other_scripts(iso2: str) -> Iterator[str]:
    for names in _scripts():
        if name := names.get(iso2):
            yield name
