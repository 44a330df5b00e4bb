"""The web channel's settings, read once when the server starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from preceptor.channels.web.limits import Rate
from preceptor.runtime.settings import Complaint

DAY_SECONDS = 24 * 3600
SHORTEST_IDENTITY_SECRET_CHARACTERS = 32

# The least and the most, the attribute, and its unit in seconds or None for a rate.
_CREDENTIALS: dict[str, tuple[int, int, str, int | None]] = {
    "token_minutes": (5, 24 * 60, "token_seconds", 60),
    "grace_days": (1, 365, "grace_seconds", DAY_SECONDS),
    "keep_days": (1, 3650, "keep_seconds", DAY_SECONDS),
    "messages_per_minute": (1, 6000, "messages", None),
    "address_messages_per_minute": (1, 60_000, "address_messages", None),
    "address_sessions_per_minute": (1, 60_000, "address_sessions", None),
}


@dataclass(frozen=True)
class WebSettings:
    """What an operator may choose.

    Attributes:
        origins: Other sites' origins that may use the widget, such as `https://example.org`.
        identity_secret: What a host site signs its users' identity with, or None.
        proxies: How many proxies stand before the server and add to X-Forwarded-For.
        redis_url: Where several servers tell each other what they emit, or None.
        token_seconds: How long a token is good for a connection.
        grace_seconds: How long an expired token may still be renewed.
        keep_seconds: How long messages are kept.
        messages: How often one conversation may say something.
        address_messages: How often one address may, over all its conversations.
        address_sessions: How often one address may ask for a token or a connection.
    """

    origins: frozenset[str] = frozenset()
    identity_secret: str | None = field(default=None, repr=False)
    proxies: int = 0
    redis_url: str | None = field(default=None, repr=False)
    token_seconds: int = 3600
    grace_seconds: int = 30 * DAY_SECONDS
    keep_seconds: int = 30 * DAY_SECONDS
    messages: Rate = Rate(30, 10)
    # A school's computers share one address.
    address_messages: Rate = Rate(600, 200)
    address_sessions: Rate = Rate(300, 150)


def load_web_settings(
    credentials: Mapping[str, Any] | None = None, environ: Mapping[str, str] = os.environ
) -> WebSettings:
    """Read the settings from the environment and from the channel's part of credentials.yml.

    Args:
        credentials: `token_minutes`, `grace_days`, `keep_days`, `messages_per_minute`,
            `address_messages_per_minute` and `address_sessions_per_minute`, whole numbers.
        environ: `PRECEPTOR_WEB_ORIGINS`, `PRECEPTOR_WEB_IDENTITY_SECRET`,
            `PRECEPTOR_WEB_PROXIES` and `PRECEPTOR_WEB_REDIS_URL` are looked at.

    Raises:
        Complaint: With a sentence about the first value that is not right.
    """
    chosen = _whole_numbers(credentials or {})
    settings = WebSettings(
        origins=frozenset(_origins(environ.get("PRECEPTOR_WEB_ORIGINS", ""))),
        identity_secret=_identity_secret(environ.get("PRECEPTOR_WEB_IDENTITY_SECRET", "")),
        proxies=_proxies(environ.get("PRECEPTOR_WEB_PROXIES", "")),
        redis_url=environ.get("PRECEPTOR_WEB_REDIS_URL") or None,
    )
    changes: dict[str, Any] = {}
    for name, value in chosen.items():
        attribute, unit = _CREDENTIALS[name][2:]
        changes[attribute] = Rate(value, max(1, value // 3)) if unit is None else value * unit
    return replace(settings, **changes)


def _whole_numbers(credentials: Mapping[str, Any]) -> dict[str, int]:
    for name, value in credentials.items():
        if name not in _CREDENTIALS:
            raise Complaint(
                f'credentials.yml gives the web channel "{name}", which it does not know; it '
                f"knows {', '.join(_CREDENTIALS)}."
            )
        least, most = _CREDENTIALS[name][:2]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Complaint(
                f'"{name}" of the web channel in credentials.yml is {value!r}; it must be a '
                f"whole number from {least} to {most}."
            )
    return dict(credentials)


def _origins(text: str) -> list[str]:
    origins = [part.strip().rstrip("/").lower() for part in text.split(",") if part.strip()]
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
            raise Complaint(
                f'PRECEPTOR_WEB_ORIGINS has "{origin}"; an origin is written like '
                "https://www.example.org, without a path, and several are separated by commas."
            )
    return origins


def _identity_secret(text: str) -> str | None:
    if text and len(text) < SHORTEST_IDENTITY_SECRET_CHARACTERS:
        raise Complaint(
            "PRECEPTOR_WEB_IDENTITY_SECRET is shorter than "
            f"{SHORTEST_IDENTITY_SECRET_CHARACTERS} characters; please make it longer and random."
        )
    return text or None


def _proxies(text: str) -> int:
    text = text.strip()
    if not text:
        return 0
    if text.isascii() and text.isdigit() and int(text) <= 9:
        return int(text)
    raise Complaint(f'PRECEPTOR_WEB_PROXIES is "{text}"; it must be the number of proxies, 0 to 9.')
