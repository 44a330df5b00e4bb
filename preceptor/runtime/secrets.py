"""The installation's secret: what signs conversation tokens and encrypts what must stay private.

One secret serves every purpose; each gets a key of its own derived from it, so that a key that
leaks tells nothing of the others.
"""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from preceptor.runtime.settings import Complaint, Settings

KEY_BYTES = 32
SHORTEST_SECRET_CHARACTERS = 32


def derived_key(settings: Settings, purpose: str) -> bytes:
    """Return the key for one purpose, the same at every start.

    The secret is `PRECEPTOR_SECRET`, which all servers of one installation must share, or the
    file `var/secret`, made at first use and readable by its owner alone.

    Args:
        settings: The secret, and the folder `var` for the file.
        purpose: What the key is for, such as `"web token"`.

    Returns:
        32 bytes (HKDF with SHA-256, RFC 5869).

    Raises:
        Complaint: If the secret is shorter than 32 characters, or the file cannot be read or
            made.
    """
    secret = settings.secret or _secret_in_file(settings.var / "secret")
    if len(secret) < SHORTEST_SECRET_CHARACTERS:
        raise Complaint(
            f"The secret (PRECEPTOR_SECRET, or the file {settings.var / 'secret'}) is shorter "
            f"than {SHORTEST_SECRET_CHARACTERS} characters; please make it longer and random."
        )
    derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode())
    return derive.derive(secret.encode())


def _secret_in_file(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        if not path.exists():
            # Linked into place in one step: two servers that start at once agree on one secret.
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
            try:
                os.link(unfinished, path)
            except FileExistsError:
                pass
            finally:
                unfinished.unlink()
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise Complaint(f"The secret {path} cannot be read or made: {error.strerror}.") from error
