"""Text between Slack's markup and plain words: pure functions, both ways."""

from __future__ import annotations

import re

SECTION_LIMIT = 3_000
"""Characters of a section's text, as Slack counts them: after escaping."""

_URL = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>|]+", re.IGNORECASE)
# A sentence's end and brackets around an address are not part of it.
_AFTER_URL = ".,;:!?)'\"]}"
_ANGLED = re.compile(r"<([^<>]+)>")
_FORMATTING = re.compile(r"(?<!\w)([*_~`]+)(?=\S)|(?<=\S)([*_~`]+)(?!\w)")
_ZERO_WIDTH_SPACE = "\u200b"


def plain_of(markup: str, bot_user: str | None = None) -> str:
    """Return what a person typed as plain words.

    Slack sends addresses, people, channels and special mentions in angle brackets and escapes
    `&`, `<` and `>` (https://docs.slack.dev/messaging/formatting-message-text).

    Args:
        markup: A message's text as Slack sends it.
        bot_user: The advisor's own user id; mentions of it are left out.
    """

    def plain(match: re.Match[str]) -> str:
        content, _, label = match[1].partition("|")
        if content.startswith("@"):
            return "" if content[1:] == bot_user else f"@{label.lstrip('@') or 'someone'}"
        if content.startswith("#"):
            return f"#{label or 'channel'}"
        if content.startswith("!"):
            return label or f"@{content[1:].partition('^')[0]}"
        address = content.removeprefix("mailto:")
        return label if not label or label in content else f"{label} ({address})"

    def replace(match: re.Match[str]) -> str:
        return plain(match) or ("" if match[1].startswith("@") else match[1].partition("|")[0])

    text = _ANGLED.sub(replace, markup)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return re.sub(r"[ \t]{2,}", " ", text).strip()


def mentions(markup: str, user: str | None) -> bool:
    """Say whether a message as Slack sends it mentions a user, if the user is known."""
    return bool(user) and re.search(rf"<@{re.escape(str(user))}(?:\|[^<>]*)?>", markup) is not None


def first_mention(markup: str) -> str | None:
    """Return the user whom a message begins by mentioning, if it does."""
    match = re.match(r"\s*<@([A-Z0-9]+)(?:\|[^<>]*)?>", markup)
    return match[1] if match else None


def escaped(text: str) -> str:
    """Escape the three characters that are control characters to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(text: str) -> str:
    """Return plain text as mrkdwn that shows just that, with its addresses as links.

    A zero-width space takes the meaning of Slack's formatting characters away: there is no
    escape for them.
    """
    parts = []
    end = 0
    for match in _URL.finditer(text):
        address = match[0].rstrip(_AFTER_URL)
        # Wikipedia's and others' addresses may end in a bracket that was opened in them.
        if address.count("(") > address.count(")") and match[0][len(address) :].startswith(")"):
            address += ")"
        parts.append(_literal(text[end : match.start()]))
        parts.append(link(address))
        end = match.start() + len(address)
    parts.append(_literal(text[end:]))
    return "".join(parts)


def _literal(text: str) -> str:
    text = _FORMATTING.sub(lambda m: f"{m[0]}{_ZERO_WIDTH_SPACE}" if m[1] else
                           f"{_ZERO_WIDTH_SPACE}{m[0]}", text)  # fmt: skip
    return escaped(text)


def link(address: str, label: str = "") -> str:
    """Return a link in mrkdwn; anything but an http, https, mailto or tel address stays text."""
    if not _URL.fullmatch(address):
        return _literal(label or address)
    address = escaped(address)
    shown = _literal(label.replace("|", "/")).strip()
    return f"<{address}|{shown}>" if shown else f"<{address}>"


def cut(text: str, limit: int) -> str:
    """Return text of at most `limit` characters, cut after a word and marked with "…"."""
    if len(text) <= limit:
        return text
    shortened = text[: limit - 1]
    at_word = re.match(r"(?s)(.*\S)\s", shortened + text[limit - 1])
    if at_word and len(at_word[1]) > limit // 2:
        shortened = at_word[1]
    return shortened.rstrip(" ,;:") + "…"


def cut_mrkdwn(text: str, limit: int) -> str:
    """Return plain text as mrkdwn of at most `limit` characters, cut after a word."""
    shown = mrkdwn(text)
    size = min(len(text), limit)
    while len(shown) > limit:
        shown = mrkdwn(cut(text, size))
        # Escaping makes longer by a factor of at most five; a step is never too small.
        size -= max(1, (len(shown) - limit) // 5)
    return shown


def in_parts(text: str, limit: int = SECTION_LIMIT) -> list[str]:
    """Return plain text as pieces whose mrkdwn has at most `limit` characters each.

    It is halved until the pieces fit: between lines if possible, otherwise between words,
    otherwise anywhere.
    """
    text = text.strip()
    if len(mrkdwn(text)) <= limit:
        return [text] if text else []
    middle = len(text) // 2
    breaks = (text.rfind("\n", 0, middle), text.rfind(" ", 0, middle))
    at = next((place for place in breaks if place > middle // 2), middle)
    return [*in_parts(text[:at], limit), *in_parts(text[at:], limit)]
