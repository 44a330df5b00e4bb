"""The tokens by which a widget has its conversation, and what a host site signs for its users."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt

IDENTITY_LIMIT_SECONDS = 3600
# A host's user stays signed in for a working day; then the host must vouch for them again.
IDENTITY_LASTS_SECONDS = 12 * 3600
# What the clocks of a host site and ours may differ by.
CLOCK_SECONDS = 60
SUBJECT_BYTES = 24
LONGEST_TOKEN_CHARACTERS = 4096

_ALGORITHM = "HS256"
_AUDIENCE = "preceptor-web"


class BadToken(ValueError):
    """A token or identity that does not count.

    Attributes:
        code: `expired` for our own token that was good once, else `token` or `identity`.
    """

    def __init__(self, sentence: str, code: str) -> None:
        """Remember a sentence for people and the code for programs."""
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Token:
    """A token for a widget.

    Attributes:
        text: The JWT.
        subject: The conversation's random id, which no client ever needs.
        expires_in: For how many seconds it is good.
        renew_in: After how many seconds it should be renewed.
    """

    text: str
    subject: str
    expires_in: int
    renew_in: int


class Tokens:
    """Issues, renews and checks tokens."""

    def __init__(
        self,
        key: bytes,
        seconds: int,
        grace_seconds: int,
        identity_secret: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Sign with a key.

        Args:
            key: 32 random bytes, the same on every server of the installation.
            seconds: How long a token is good.
            grace_seconds: How long after that it may still be renewed.
            identity_secret: What a host site signs with, or None where none does.
            clock: The time in seconds since 1970.
        """
        self._key = key
        self._seconds = seconds
        self._grace_seconds = grace_seconds
        self._identity_secret = identity_secret
        self._clock = clock

    def new(self) -> Token:
        """Return a token for a conversation that nobody has."""
        return self._issue(secrets.token_urlsafe(SUBJECT_BYTES), None)

    def check(self, text: Any) -> str:
        """Return a token's subject.

        Raises:
            BadToken: If it is not ours (`token`), or not good any more (`expired`).
        """
        claims = self._claims(text)
        if claims["exp"] <= self._clock():
            raise BadToken("The conversation's token has expired; please renew it.", "expired")
        return str(claims["sub"])

    def renew(self, text: Any) -> Token:
        """Return a new token with the subject of one that is good or was not long ago.

        Raises:
            BadToken: If it is not ours (`token`), or too old (`expired`).
        """
        claims = self._claims(text)
        now = self._clock()
        until = claims.get("until")
        if claims["exp"] + self._grace_seconds <= now or (until is not None and until <= now):
            raise BadToken("This conversation has ended; please begin a new one.", "expired")
        return self._issue(claims["sub"], until)

    def identify(self, identity: Any) -> Token:
        """Return a token for the conversation of a host site's user.

        Args:
            identity: A JWT that the host site has signed, with `sub` and `exp`.

        Raises:
            BadToken: If it does not count (`identity`), with the reason in words.
        """
        if self._identity_secret is None:
            raise BadToken("This advisor takes no identities from other sites.", "identity")
        now = self._clock()
        claims = _decode(identity, self._identity_secret, "identity")
        user: Any = claims.get("sub")
        expires: Any = claims.get("exp")
        if not isinstance(user, str) or not user.strip() or not _is_time(expires):
            raise BadToken('The identity needs "sub", a string, and "exp", a time.', "identity")
        if expires <= now - CLOCK_SECONDS:
            raise BadToken("The identity has expired; the site must sign a new one.", "identity")
        if _is_time(claims.get("nbf")) and claims["nbf"] > now + CLOCK_SECONDS:
            raise BadToken("The identity does not count yet.", "identity")
        if expires > now + IDENTITY_LIMIT_SECONDS + CLOCK_SECONDS:
            raise BadToken('The identity\'s "exp" is more than an hour ahead.', "identity")
        # A key of its own keeps the user's id out of our tables and the subject unguessable.
        digest = hmac.new(self._key, b"identity\0" + _bytes(user), hashlib.sha256).digest()
        subject = base64.urlsafe_b64encode(digest[:SUBJECT_BYTES]).decode()
        return self._issue(subject, now + IDENTITY_LASTS_SECONDS)

    def _issue(self, subject: str, until: float | None) -> Token:
        now = self._clock()
        claims: dict[str, Any] = {"aud": _AUDIENCE, "sub": subject, "exp": now + self._seconds}
        if until is not None:
            claims["until"] = until
        # Without a random part, two tokens of one second would be the same text.
        claims["jti"] = secrets.token_urlsafe(6)
        text = jwt.encode(claims, self._key, _ALGORITHM)
        return Token(text, subject, self._seconds, self._seconds * 3 // 4)

    def _claims(self, text: Any) -> dict[str, Any]:
        claims = _decode(text, self._key, "token")
        if (
            claims.get("aud") != _AUDIENCE
            or not isinstance(claims.get("sub"), str)
            or not _is_time(claims.get("exp"))
        ):
            raise BadToken("The token is not one of this advisor's.", "token")
        return claims


def _decode(text: Any, key: bytes | str, code: str) -> dict[str, Any]:
    if not isinstance(text, str) or not text or len(text) > LONGEST_TOKEN_CHARACTERS:
        raise BadToken(f"The {code} is missing or not a token.", code)
    try:
        # The times are looked at by the caller, who knows of grace.
        return jwt.decode(
            text,
            key,
            algorithms=[_ALGORITHM],
            options={
                "verify_exp": False,
                "verify_aud": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.InvalidTokenError, UnicodeError) as error:
        raise BadToken(f"The {code} is not signed as it should be.", code) from error


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _bytes(text: str) -> bytes:
    # A lone surrogate, which JSON can carry, has no UTF-8.
    return text.encode("utf-8", "surrogatepass")
