"""English words for what a message in another language names: places, specialties, lengths.

Actions, entities and searches read English. Of a message in another language they get the words
that are known here and nothing else: "¿y en Kenia, más barato?" becomes "Kenya cheaper". Names of
countries and months come from Unicode's CLDR by way of Babel, the other words from `glossary.yml`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from babel import Locale
from ruamel.yaml import YAML

from preceptor.nlu.normalize import fold

# Scripts without blanks, and Arabic, which writes prepositions onto names.
_NO_BLANKS = frozenset("ar ja ko th zh".split())
# Names change their ends by case: "Кения" is "в Кении".
_INFLECTED = frozenset("pl ru".split())
_MIN_STEM = 4
_NUMBER = r"(?P<number>\d+(?:[.,]\d+)*)"
_REGIONS = {
    "002": "Africa", "142": "Asia", "150": "Europe", "005": "South America", "014": "East Africa",
    "035": "Southeast Asia", "013": "Central America", "419": "Latin America",
}  # fmt: skip


@cache
def _words() -> dict[str, dict[str, str]]:
    text = resources.files("preceptor.nlu.entities").joinpath("glossary.yml").read_text("utf-8")
    return dict(YAML(typ="safe").load(text))


@cache
def _patterns(language: str) -> tuple[dict[str, re.Pattern[str]], dict[str, str]]:
    """Return expressions for a language's known words by their first letter, and their English.

    By letter, since some hundred words tried at each place of a long message take seconds.
    """
    forms: dict[str, str] = {}
    names = Locale(language).territories
    english = Locale("en").territories
    for code, name in names.items():
        if len(code) == 2 or code in _REGIONS:
            meant = _REGIONS.get(code) or english.get(code, "")
            for form in {name, name.partition(" (")[0], name.partition("（")[0]}:
                forms[_form(form, language)] = meant.partition(" (")[0]
    forms |= _months(language)
    for word, of in _words().items():
        for form in (of.get(language) or "").split("|"):
            if form.strip():
                forms[_glossary_form(form.strip(), language)] = str(word)
    meanings: dict[str, str] = {}
    options: dict[str, list[str]] = {}
    # The longest first: "más barato" before "barato", "South Sudan" before "Sudan".
    for number, (form, meant) in enumerate(sorted(forms.items(), key=lambda f: -len(f[0]))):
        meanings[f"g{number}"] = meant
        first = form.removeprefix(r"\b").removeprefix("\\")[0]
        options.setdefault(first, []).append(f"(?P<g{number}>{form})")
    for digit in "0123456789":
        options.setdefault(digit, []).append(_NUMBER)
    return {first: re.compile("|".join(each)) for first, each in options.items()}, meanings


def _months(language: str) -> dict[str, str]:
    """Return expressions for a language's names of months, with "in August" for each."""
    english = Locale("en").months["format"]["wide"]
    return {
        _form(name, language): f"in {english[number]}"
        for names in Locale(language).months.values()
        for number, name in names.get("wide", {}).items()
    }


def _form(name: str, language: str) -> str:
    """Return an expression for a name in a folded text."""
    folded = fold(name)
    if language in _NO_BLANKS:
        return re.escape(folded)
    if language in _INFLECTED and len(folded) > _MIN_STEM and folded[-1] in "aeiouyаеиоуыья":
        return rf"\b{re.escape(folded[:-1])}\w{{0,3}}\b"
    return rf"\b{re.escape(folded)}\b"


def _glossary_form(form: str, language: str) -> str:
    """Return an expression for a form of glossary.yml; `*` at its end stands for any ending."""
    start = "" if language in _NO_BLANKS else r"\b"
    if form.endswith("*"):
        return rf"{start}{re.escape(fold(form[:-1]))}\w*"
    return rf"{start}{re.escape(fold(form))}{start}"


def gloss(text: str, language: str) -> str:
    """Return the English words of what is known in a text, in its order.

    Args:
        text: a message.
        language: its language, an ISO 639-1 code that Babel knows.
    """
    return " ".join(word for word, _, _ in glossed(text, language))


def glossed(text: str, language: str) -> list[tuple[str, int, int]]:
    """Return the English words of what is known in a text, and where it stands in it, folded."""
    patterns, meanings = _patterns(language)
    folded, words, at = fold(text), [], 0
    while at < len(folded):
        pattern = patterns.get(folded[at])
        match = pattern.match(folded, at) if pattern else None
        if match:
            words.append((meanings.get(match.lastgroup or "", match[0]), *match.span()))
        at = match.end() if match else at + 1
    return words
