"""Makes what a person typed safe to hand to Rasa: pure text in, pure text out."""

import re
import unicodedata
from dataclasses import dataclass

from preceptor.nlu.emoji_codes import unicode_emoji

LIMIT_CHARACTERS = 8_000
LINE_BREAKS_KEPT = 3

CUT_NOTE = (
    "Your message was very long, so I read only its beginning and its end. "
    "If I miss your point, please ask it again in a few sentences."
)
EMPTY_NOTE = (
    "I could not find any words in that message. Please type your question, "
    'for example "Why should I do a medical internship?"'
)

# They look like nothing although Unicode files them under letters, marks and symbols:
# combining grapheme joiner, Hangul fillers, the empty Braille pattern.
_BLANK_LOOKING = "\u034f\u115f\u1160\u3164\uffa0\u2800"
_LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# The text is already without invisible characters when this runs.
_COMMAND_PREFIX = re.compile(r"[\s/]+")


@dataclass(frozen=True)
class Cleaned:
    """A cleaned message.

    Attributes:
        text: What Rasa may see, at most 8,000 characters; empty if there are no words.
        note: A sentence the person should read, or None if there is nothing to say.
    """

    text: str
    note: str | None = None


def clean_text(text: str) -> Cleaned:
    """Clean a typed message; cleaning a cleaned message changes nothing.

    Removed are control and format characters (NUL, escapes, zero-width characters,
    bidirectional overrides), unpaired surrogates and runs of more than three line breaks.
    Emoji that came as words (":thumbsup:") become characters.
    Leading slashes go as well, with the white space between them: Rasa strips a message
    and, where it then starts with "/", takes the rest for an intent with entities
    (`YAMLStoryReader.unpack_regex_message`), so that anyone could type `/restart` or fill
    slots.

    Args:
        text: The message as it came, any string.

    Returns:
        The cleaned text with, if needed, a note for the person: that the message was cut
        to its first and last 4,000 characters, or that it has no words. A message of
        emoji only has "words".
    """
    text = unicode_emoji(_LINE_BREAK.sub("\n", text))
    text = "".join(char for char in text if _is_visible(char))
    prefix = _COMMAND_PREFIX.match(text)
    if prefix:
        text = text[prefix.end() :]
    text = _limit_line_breaks(text).strip()
    if all(unicodedata.category(char)[0] in "ZMC" and not _is_unknown(char) for char in text):
        return Cleaned("", EMPTY_NOTE)
    if len(text) <= LIMIT_CHARACTERS:
        return Cleaned(text)
    half = LIMIT_CHARACTERS // 2
    # The line break that joins the halves takes one character of the second half.
    return Cleaned(text[:half].rstrip() + "\n" + text[1 - half :].lstrip(), CUT_NOTE)


def _is_visible(char: str) -> bool:
    if char in "\n\t":
        return True
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs") and char not in _BLANK_LOOKING


def _is_unknown(char: str) -> bool:
    """Say whether Python's Unicode tables lack the character: it may be a new emoji."""
    return unicodedata.category(char) in ("Cn", "Co")


def _limit_line_breaks(text: str) -> str:
    # By lines and not by a regular expression: `(\s*\n){4,}` is quadratic on long blanks.
    kept: list[str] = []
    blank_lines = 0
    for line in text.split("\n"):
        blank_lines = 0 if line.strip() else blank_lines + 1
        if blank_lines < LINE_BREAKS_KEPT:
            kept.append(line if line.strip() else "")
    return "\n".join(kept)
