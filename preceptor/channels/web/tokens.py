"""Tokens that tie a widget to its conversation, and identities that host sites sign."""

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

import jwt

from preceptor.channels.http import Refusal

IDENTITY_LIMIT_SECONDS = 3600
# A host's user stays signed in for a working day; then the host must vouch for them again.
IDENTITY_LASTS_SECONDS = 12 * 3600
# How far the clocks of a host site and ours may differ.
CLOCK_SECONDS = 60
SUBJECT_BYTES = 24
LONGEST_TOKEN_CHARACTERS = 4096

_ALGORITHM = "HS256"
_AUDIENCE = "preceptor-web"


class Tokens:
    """Issues, renews and checks tokens; what it issues has the protocol's keys.

    What does not count is refused with status 401 and the code `expired` for our own token that
    was good once, otherwise `token` or `identity`.
    """

    def __init__(
        self, key: bytes, seconds: int, grace_seconds: int, identity_secret: str | None = None
    ) -> None:
        """Sign with a key.

        Args:
            key: 32 random bytes.
            seconds: How long a token is good.
            grace_seconds: How long after that it may still be renewed.
            identity_secret: The secret with which a host site signs, or None if none does.
        """
        self._key = key
        self._seconds = seconds
        self._grace_seconds = grace_seconds
        self._identity_secret = identity_secret

    def new(self) -> dict[str, Any]:
        """Return a token for a conversation that nobody has."""
        return self._issue(secrets.token_urlsafe(SUBJECT_BYTES), None)

    def check(self, text: Any) -> str:
        """Return a token's subject: the conversation's random id, which no client ever needs.

        Raises:
            Refusal: If it is not ours, or no longer good.
        """
        expired = _refusal("The conversation's token has expired; please renew it.", "expired")
        return str(self._own_claims(text, expired)["sub"])

    def renew(self, text: Any) -> dict[str, Any]:
        """Return a new token with the subject of one that is good or was not long ago.

        Raises:
            Refusal: If it is not ours, or too old.
        """
        ended = _refusal("This conversation has ended; please begin a new one.", "expired")
        claims = self._own_claims(text, ended, leeway=self._grace_seconds)
        until = claims.get("until")
        if until is not None and until <= time.time():
            raise ended
        return self._issue(claims["sub"], until)

    def identify(self, identity: Any) -> dict[str, Any]:
        """Return a token for the conversation of a host site's user.

        Args:
            identity: A JWT that the host site has signed, with `sub` and `exp`.

        Raises:
            Refusal: If it does not count, with the reason in words.
        """
        if self._identity_secret is None:
            raise _refusal("This advisor takes no identities from other sites.", "identity")
        # A site may name an audience; which one is the site's business.
        options = {"require": ["sub", "exp"], "verify_aud": False}
        try:
            claims = _decode(identity, self._identity_secret, leeway=CLOCK_SECONDS, options=options)
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise _refusal(f"The identity does not count: {error}.", "identity") from error
        user, now = claims["sub"], time.time()
        if not user.strip():
            raise _refusal('The identity needs "sub", a string that is not empty.', "identity")
        if int(claims["exp"]) > now + IDENTITY_LIMIT_SECONDS + CLOCK_SECONDS:
            raise _refusal('The identity\'s "exp" is more than an hour ahead.', "identity")
        # A key of its own keeps the user's id out of our tables and the subject unguessable.
        # A lone surrogate, which JSON can carry, has no UTF-8.
        content = b"identity\0" + user.encode("utf-8", "surrogatepass")
        digest = hmac.new(self._key, content, hashlib.sha256).digest()
        subject = base64.urlsafe_b64encode(digest[:SUBJECT_BYTES]).decode()
        return self._issue(subject, now + IDENTITY_LASTS_SECONDS)

    def _issue(self, subject: str, until: float | None) -> dict[str, Any]:
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
        return {"token": text, "expires_in": self._seconds, "renew_in": self._seconds * 3 // 4}

    def _own_claims(self, text: Any, expired: Refusal, leeway: int = 0) -> dict[str, Any]:
        options = {"require": ["aud", "sub", "exp"]}
        try:
            return _decode(text, self._key, audience=_AUDIENCE, leeway=leeway, options=options)
        except jwt.ExpiredSignatureError as error:
            raise expired from error
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise _refusal("The token is not one of this advisor's.", "token") from error


def _decode(text: Any, key: Any, **options: Any) -> dict[str, Any]:
    if not isinstance(text, str) or len(text) > LONGEST_TOKEN_CHARACTERS:
        raise jwt.InvalidTokenError("It is not a token")
    return jwt.decode(text, key, algorithms=[_ALGORITHM], **options)


def _refusal(sentence: str, code: str) -> Refusal:
    return Refusal(sentence, code, 401)
