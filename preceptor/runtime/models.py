"""Trained models: which one is used, and whether its archive is whole.

Beside every archive that `make train` writes lies its checksum, in the form that `sha256sum` reads:
`models/<fingerprint>.tar.gz.sha256`. An archive whose checksum does not hold, such as one that was
cut short while it was copied, is never loaded.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from preceptor.runtime.settings import Complaint, Settings

_CHUNK_BYTES = 1 << 20


def checksum_file(archive: Path) -> Path:
    """Return where an archive's checksum lies."""
    return archive.with_name(f"{archive.name}.sha256")


def write_checksum(archive: Path) -> None:
    """Write an archive's checksum beside it."""
    checksum_file(archive).write_text(f"{_digest(archive)}  {archive.name}\n", "utf-8")


def is_intact(archive: Path) -> bool:
    """Tell whether an archive is there and its checksum holds."""
    try:
        recorded = checksum_file(archive).read_text("utf-8").split()
        return recorded[:1] == [_digest(archive)]
    except (OSError, UnicodeDecodeError):
        return False


def newest_first(settings: Settings) -> list[Path]:
    """Return all trained models, whole or not."""
    trained = settings.models.glob("*.tar.gz")
    return sorted(trained, key=lambda path: path.stat().st_mtime, reverse=True)


def choose_model(settings: Settings) -> tuple[Path, list[str]]:
    """Return the newest whole model, and a sentence about each newer one that was skipped.

    Raises:
        Complaint: There is no model, or none that is whole.
    """
    skipped: list[Path] = []
    for model in newest_first(settings):
        if is_intact(model):
            return model, [
                f"The model {bad} is damaged or has lost its checksum ({checksum_file(bad).name}), "
                f"so the one before it is used: {model.name}. Please run make train, or remove "
                "the damaged file if you put it there."
                for bad in skipped
            ]
        skipped.append(model)
    if not skipped:
        raise Complaint(f"There is no trained model in {settings.models}; please run make train.")
    raise Complaint(
        f"Every model in {settings.models} is damaged or has lost its checksum "
        f"({', '.join(bad.name for bad in skipped)}); please run make train."
    )


def remove_old(settings: Settings) -> None:
    """Remove all models but the newest ones, with their checksums."""
    for old in newest_first(settings)[settings.models_kept :]:
        checksum_file(old).unlink(missing_ok=True)
        old.unlink()


def _digest(archive: Path) -> str:
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
