"""Trains the model when what it is made from has changed, and not otherwise."""

import errno
import hashlib
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from preceptor.rasa_ext.lean_imports import NETWORK_COMPONENTS, import_rasa_for_training
from preceptor.runtime.logs import configure_logging
from preceptor.runtime.models import is_intact, remove_old, write_checksum
from preceptor.runtime.settings import CODE, Complaint, Settings, set_for_libraries

_IGNORED_FOLDERS = {"__pycache__", ".ipynb_checkpoints"}
_LEARNS_NOTHING = {"entities", "safety.py", "safety_rules.yml", "emoji_codes.py"}


def model_fingerprint(settings: Settings) -> str:
    """Return 16 hex digits that change with anything the model is made from.

    That is config.yml, domain.yml (or the folder domain/), intents.yml, data/, the code that
    trains and reads (preceptor/intents.py, preceptor/nlu/ without what learns nothing, which is
    entities and the rules of safety, and Rasa's importer and policy in preceptor/rasa_ext/), and
    the locked packages in requirements/runtime.txt.
    """
    home = settings.home
    names = ("config.yml", "domain.yml", "domain", "intents.yml", "data")
    project = [home / name for name in names]
    return _digest({"project": project, "code": _code_paths()})


def train(settings: Settings, force: bool = False) -> tuple[Path, bool]:
    """Train the model if needed, keep it as `models/<fingerprint>.tar.gz` and drop old ones.

    Args:
        settings: Whose `home` is the project.
        force: Train even if the model is up to date. One whose archive is damaged never is.

    Returns:
        The model's path and whether it was trained now.

    Raises:
        Complaint: If a file is missing, the disk is full or Rasa cannot train.
    """
    _check_files(settings)
    _write_encoders(settings)
    model = settings.models / f"{model_fingerprint(settings)}.tar.gz"
    if is_intact(model) and not force:
        # After going back to an earlier state, that state's model is the newest again.
        os.utime(model)
        return model, False
    log_file = settings.logs / "train.log"
    try:
        settings.logs.mkdir(parents=True, exist_ok=True)
        # Rasa writes the archive in place; what is cut short there must not look finished.
        unfinished = settings.models / ".unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        with _output_to(log_file):
            trained = _train_with_rasa(settings, unfinished, force)
        # Until both are there, the model does not count as whole.
        os.replace(trained, model)
        write_checksum(model)
        shutil.rmtree(unfinished)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Complaint(
                "The disk is full, so the model could not be trained; please free some space."
            ) from error
        raise Complaint(f"The model could not be written: {error}.") from error
    remove_old(settings)
    return model, True


def _train_with_rasa(settings: Settings, output: Path, force: bool) -> Path:
    # Rasa keeps the results of unchanged steps, so that new words in the domain take seconds.
    # It notices a changed class but not a changed helper: the code gets a cache of its own.
    cache = settings.var / "cache" / f"train-{_digest({'code': _code_paths()})}"
    for other in cache.parent.glob("train-*"):
        if other != cache:
            shutil.rmtree(other, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    set_for_libraries(RASA_CACHE_DIRECTORY=str(cache))
    os.chdir(settings.home)
    for folder in (CODE, settings.home):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    configure_logging()
    where = f"the whole output is in {settings.logs / 'train.log'}"

    if not _needs_networks(settings):
        import_rasa_for_training()
    from rasa.model_training import train as rasa_train

    domain = settings.home / "domain"
    try:
        result = rasa_train(
            domain=str(domain if domain.is_dir() else settings.home / "domain.yml"),
            config=str(settings.home / "config.yml"),
            training_files=[str(settings.home / "data")],
            output=str(output),
            force_training=force,
        )
    except OSError:
        raise
    # Rasa itself raises SystemExit for some mistakes in its files.
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        raise Complaint(
            f"The model could not be trained ({where}): {type(error).__name__}: {error}"
        ) from error
    if not result.model:
        raise Complaint(f"Rasa found nothing to train from in {settings.home / 'data'}; {where}.")
    return Path(result.model)


def _write_encoders(settings: Settings) -> None:
    """Write missing sentence encoders, also for a model that was trained elsewhere."""
    if "preceptor.nlu.intents" in (settings.home / "config.yml").read_text("utf-8"):
        from preceptor.nlu.encoders.files import write_missing

        write_missing()


def _needs_networks(settings: Settings) -> bool:
    """Tell whether an operator's configuration names components that the lean Rasa leaves out."""
    config = (settings.home / "config.yml").read_text("utf-8")
    return any(name in config for name in NETWORK_COMPONENTS)


@contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """Send everything that is written to the terminal to a file, by native code as well."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with path.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)


def _check_files(settings: Settings) -> None:
    for name in ("config.yml", "data"):
        if not (settings.home / name).exists():
            raise Complaint(f"{settings.home / name} is missing, so there is nothing to train.")


def _code_paths() -> list[Path]:
    code = CODE / "preceptor"
    rasa = [code / "rasa_ext" / name for name in ("data_importer.py", "policy.py")]
    trained = [code / "intents.py", code / "nlu", *rasa]
    return [*trained, CODE / "intents.yml", CODE / "requirements" / "runtime.txt"]


def _digest(groups: dict[str, list[Path]]) -> str:
    digest = hashlib.sha256()
    for group, paths in groups.items():
        for path in paths:
            for file in _files(path):
                # The name inside its tree counts, the place of the tree does not.
                name = f"{group}/{path.name}/{file.relative_to(path)}"
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()[:16]


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and not (_IGNORED_FOLDERS | _LEARNS_NOTHING) & set(file.relative_to(path).parts)
        and file.suffix != ".pyc"
    )


def train_and_tell(settings: Settings, force: bool) -> str:
    """Train if needed and return a sentence about it."""
    started = time.monotonic()
    model, trained = train(settings, force)
    if not trained:
        return f"The model is up to date ({model.name})."
    return f"The model is trained ({model.name}, {time.monotonic() - started:.0f} s)."
