"""Tokens that tie a widget to its conversation, and identities that host sites sign."""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt

IDENTITY_LIMIT_SECONDS = 3600
# A host's user stays signed in for a working day; then the host must vouch for them again.
IDENTITY_LASTS_SECONDS = 12 * 3600
# How far the clocks of a host site and ours may differ.
CLOCK_SECONDS = 60
SUBJECT_BYTES = 24
LONGEST_TOKEN_CHARACTERS = 4096

_ALGORITHM = "HS256"
_AUDIENCE = "preceptor-web"
_INCOMPLETE = 'The identity needs "sub", a string, and "exp", a time.'


class BadToken(ValueError):
    """A token or identity that does not count.

    Attributes:
        code: `expired` for our own token that was good once, otherwise `token` or `identity`.
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
        self, key: bytes, seconds: int, grace_seconds: int, identity_secret: str | None = None
    ) -> None:
        """Sign with a key.

        Args:
            key: 32 random bytes, the same on every server of the installation.
            seconds: How long a token is good.
            grace_seconds: How long after that it may still be renewed.
            identity_secret: The secret with which a host site signs, or None if none does.
        """
        self._key = key
        self._seconds = seconds
        self._grace_seconds = grace_seconds
        self._identity_secret = identity_secret

    def new(self) -> Token:
        """Return a token for a conversation that nobody has."""
        return self._issue(secrets.token_urlsafe(SUBJECT_BYTES), None)

    def check(self, text: Any) -> str:
        """Return a token's subject.

        Raises:
            BadToken: If it is not ours (`token`), or no longer good (`expired`).
        """
        expired = BadToken("The conversation's token has expired; please renew it.", "expired")
        return str(self._own_claims(text, expired)["sub"])

    def renew(self, text: Any) -> Token:
        """Return a new token with the subject of one that is good or was not long ago.

        Raises:
            BadToken: If it is not ours (`token`), or too old (`expired`).
        """
        ended = BadToken("This conversation has ended; please begin a new one.", "expired")
        claims = self._own_claims(text, ended, leeway=self._grace_seconds)
        until = claims.get("until")
        if until is not None and until <= time.time():
            raise ended
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
        try:
            claims = jwt.decode(
                _checked(identity, "identity"),
                self._identity_secret,
                algorithms=[_ALGORITHM],
                leeway=CLOCK_SECONDS,
                # A site may name an audience; which one is the site's business.
                options={"require": ["sub", "exp"], "verify_aud": False},
            )
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise BadToken(_reason(error), "identity") from error
        user = claims["sub"]
        if not user.strip():
            raise BadToken(_INCOMPLETE, "identity")
        now = time.time()
        if int(claims["exp"]) > now + IDENTITY_LIMIT_SECONDS + CLOCK_SECONDS:
            raise BadToken('The identity\'s "exp" is more than an hour ahead.', "identity")
        # A key of its own keeps the user's id out of our tables and the subject unguessable.
        # A lone surrogate, which JSON can carry, has no UTF-8.
        content = b"identity\0" + user.encode("utf-8", "surrogatepass")
        digest = hmac.new(self._key, content, hashlib.sha256).digest()
        subject = base64.urlsafe_b64encode(digest[:SUBJECT_BYTES]).decode()
        return self._issue(subject, now + IDENTITY_LASTS_SECONDS)

    def _issue(self, subject: str, until: float | None) -> Token:
        claims = {
            "aud": _AUDIENCE,
            "sub": subject,
            "exp": int(time.time()) + self._seconds,
            # Without a random part, two tokens of one second would be the same text.
            "jti": secrets.token_urlsafe(6),
        }
        if until is not None:
            claims["until"] = until
        text = jwt.encode(claims, self._key, _ALGORITHM)
        return Token(text, subject, self._seconds, self._seconds * 3 // 4)

    def _own_claims(self, text: Any, expired: BadToken, leeway: int = 0) -> dict[str, Any]:
        try:
            return jwt.decode(
                _checked(text, "token"),
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                leeway=leeway,
                options={"require": ["aud", "sub", "exp"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise expired from error
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise BadToken("The token is not one of this advisor's.", "token") from error


def _checked(text: Any, code: str) -> str:
    if not isinstance(text, str) or not text or len(text) > LONGEST_TOKEN_CHARACTERS:
        raise BadToken(f"The {code} is missing or not a token.", code)
    return text


def _reason(error: Exception) -> str:
    """Return why an identity does not count."""
    if isinstance(error, jwt.ExpiredSignatureError):
        return "The identity has expired; the site must sign a new one."
    if isinstance(error, jwt.ImmatureSignatureError):
        return "The identity does not count yet."
    if isinstance(error, (jwt.MissingRequiredClaimError, jwt.exceptions.InvalidSubjectError)):
        return _INCOMPLETE
    return "The identity is no valid token, or not signed as it should be."
