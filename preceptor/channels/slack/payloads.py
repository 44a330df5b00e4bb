"""What buttons carry: sentences and ids with a seal, so that only the advisor's own count."""

from __future__ import annotations

import base64
import hashlib
import hmac

_SEAL_BYTES = 12
SEAL_CHARACTERS = 17
"""How much longer a value is than what it carries: 16 characters of seal and a colon."""


class Sealer:
    """Seals what buttons carry, and opens what comes back."""

    def __init__(self, key: bytes) -> None:
        """Use a key that all servers of the installation share."""
        self._key = key

    def seal(self, purpose: str, content: str) -> str:
        """Return a button's value for `content`.

        Args:
            purpose: What a click does; a seal for one purpose is none for another.
            content: Any text.
        """
        return f"{self._seal_of(purpose, content)}:{content}"

    def opened(self, purpose: str, value: object) -> str | None:
        """Return what a value carries, or None where this advisor didn't seal it for this."""
        if not isinstance(value, str):
            return None
        seal, _, content = value.partition(":")
        expected = self._seal_of(purpose, content)
        return content if hmac.compare_digest(seal.encode(), expected.encode()) else None

    def _seal_of(self, purpose: str, content: str) -> str:
        message = f"{purpose}\0{content}".encode("utf-8", "surrogatepass")
        digest = hmac.new(self._key, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_SEAL_BYTES]).decode()
