"""Emoji that chat programs send as words, as the characters that they stand for."""

from __future__ import annotations

import re

import emoji

from preceptor.nlu.entities.country_names import flag

# Slack's names of flags are its own; a tone of skin follows the emoji that it colours.
_CODE = re.compile(r"(?<!\w):(?P<name>[a-z0-9_'+-]{1,64}):(?::skin-tone-[2-6]:)?(?!\w)")
_SLACK_FLAG = re.compile(r"flag-([a-z]{2})")
_NATION = re.compile("\N{WAVING BLACK FLAG}[\U000e0061-\U000e007a]{4,6}\U000e007f")
_NATIONS = frozenset(
    {"flag-england", "flag-scotland", "flag-wales", "england", "scotland", "wales"}
)
# Emoji with a meaning of their own: a number to pick, a country.
_SAYS_SOMETHING = re.compile("[\u20e3\N{KEYCAP TEN}\U0001f1e6-\U0001f1ff]")


def unicode_emoji(text: str) -> str:
    """Return a text with shortcodes as emoji: ":thumbsup:" is 👍, ":flag-ke:" 🇰🇪, ":one:" 1️⃣.

    England, Scotland and Wales have the flag of the United Kingdom, since what makes their own
    flags is invisible and gets lost. Names that no emoji has stay as they are.
    """
    return _CODE.sub(_emoji, _NATION.sub(flag("GB"), text))


def _emoji(match: re.Match[str]) -> str:
    name = match["name"]
    if name in _NATIONS:
        return flag("GB")
    if country := _SLACK_FLAG.fullmatch(name):
        return flag(country[1].upper())
    found = emoji.emojize(f":{name}:", language="alias")
    return found if emoji.is_emoji(found) else match[0]


def is_reaction(text: str) -> bool:
    """Tell whether a text is nothing but emoji that only react: no flag and no number.

    A workspace's own emoji (":party-parrot:") count as well.
    """
    characters = "".join(unicode_emoji(text).split())
    known = _CODE.sub("", characters)
    return bool(characters) and emoji.purely_emoji(known) and not _SAYS_SOMETHING.search(known)
