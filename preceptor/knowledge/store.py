"""The answers in use: read from `knowledge/`, kept ready in `var/`, and read again when changed.

`import_answers` reads all files, refuses them all if one has a fault, fits the ranking and writes
what the advisor starts with. A running advisor takes changed files up with its next question; the
ranking stays as it was fitted.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import structlog
from ruamel.yaml import YAML

from preceptor.catalogue.records import CountryRecord, PlaceRecord, StageRecord
from preceptor.catalogue.snapshot import Catalogue, shared_catalogue
from preceptor.intents import intents
from preceptor.knowledge.answers import FOLDER, Answer, Fault, Further, Vocabulary, read_answers
from preceptor.knowledge.index import Index, Weights, texts_of
from preceptor.knowledge.vectors import answer_vectors as vectors_of
from preceptor.nlu.encoders import files as encoders
from preceptor.runtime.files import state_of
from preceptor.runtime.settings import CODE, load_settings

if TYPE_CHECKING:
    from preceptor.knowledge.fitting import Fitted

log = structlog.get_logger(__name__)

OTHER_AUDIENCES = (
    "img", "parent", "medical_student", "dental_student", "pharmacy_student",
    "physiotherapy_student",
)  # fmt: skip
"""Audiences that are no stage of training of the catalogue."""
_UNANSWERED = 600
# How much nearer what people ask after an earlier answer must be than after the last: a cosine.
_EARLIER = 0.04
FEWEST = 20
"""From how many answers on the ranking is fitted to them."""


class FaultyAnswers(Exception):
    """Files that can't be used, with every fault in them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults."""
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def folder() -> Path:
    """Return the folder of answers: the project's own, otherwise the one that came with it."""
    own = load_settings().home / FOLDER
    return own if own.is_dir() else CODE / FOLDER


def vocabulary(catalogue: Catalogue) -> Vocabulary:
    """Return what the heads of answers may name."""
    places = {*catalogue.all(CountryRecord), *catalogue.all(PlaceRecord)}
    audiences = {*catalogue.all(StageRecord), *OTHER_AUDIENCES}
    return Vocabulary({*intents()}, places, audiences)


def check_answers(path: Path) -> tuple[list[Answer], list[Fault]]:
    """Return the answers of a folder and every fault in it."""
    return read_answers(path, vocabulary(shared_catalogue().current()))


def import_answers(path: Path) -> Fitted:
    """Check all answers, fit their ranking, and write what the advisor starts with.

    Raises:
        FaultyAnswers: Something is wrong; what was in use stays.
    """
    from preceptor.knowledge.fitting import Fitted, fit

    answers, faults = check_answers(path)
    if faults or not answers:
        raise FaultyAnswers(faults or [Fault(path.name, 1, "there are no answers")])
    vectors = _vectors(answers, path)
    if len(answers) < FEWEST:
        # Too few to learn from; the weights of the answers that came with the program will do.
        return Fitted(Weights(), 0, 0, {})
    fitted = fit(answers, vectors, _unanswered())
    np.savez(_file("weights", path), state=_state(path), **vars(fitted.weights))
    return fitted


def is_imported(path: Path) -> bool:
    """Tell whether the ranking was fitted to the answers as they are now."""
    file = _file("weights", path)
    if not file.exists():
        return False
    with np.load(file, allow_pickle=False) as arrays:
        return str(arrays["state"]) == _state(path)


def _state(path: Path) -> str:
    """Return what changes with any answer or encoder, and with how questions are read."""
    digest = hashlib.sha256(encoders.state().encode())
    for code in ("classifier.py", "fitting.py", "index.py"):
        digest.update(Path(__file__).with_name(code).read_bytes())
    for file in sorted(path.glob("*/*.md")):
        digest.update(f"{file.parent.name}/{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()


class AnswerCache:
    """The index of the answers as they are now."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._lock = threading.Lock()
        self._state: tuple[object, ...] = ()
        self._index: Index | None = None

    def current(self) -> Index | None:
        """Return the index, read again if a file has changed; None without a usable answer.

        Faulty files leave the answers as they were; the faults are logged.
        """
        path = folder()
        state = state_of(path, "*/*.md")
        with self._lock:
            if state != self._state:
                self._state = state
                self._read(path)
            return self._index

    def _read(self, path: Path) -> None:
        answers, faults = check_answers(path)
        if faults:
            log.error("knowledge.faulty", faults=[str(fault) for fault in faults[:20]])
        if answers and (not faults or self._index is None):
            self._index = Index(answers, _vectors(answers, path), _weights(path))


@lru_cache(maxsize=1)
def shared_answers() -> AnswerCache:
    """Return the process's answers."""
    return AnswerCache()


def nearest_further(
    ids: Iterable[str], message: str
) -> tuple[Answer | None, Further | None, float]:
    """Return what people ask next after some answers that is nearest to a message.

    Args:
        ids: of the answers, the last one first; what is asked of an earlier one must be nearer.
        message: what somebody wrote.

    Returns:
        The answer, what is asked next, and how near it is, a cosine.
    """
    index = shared_answers().current()
    best: tuple[Answer | None, Further | None, float] = (None, None, 0.0)
    for place, id in enumerate(ids):
        answer = index.get(id) if index else None
        nearest = index.further(answer, message) if index and answer else None
        if nearest is None:
            continue
        near = nearest[1] - (_EARLIER if place else 0.0)
        if near > best[2]:
            best = answer, nearest[0], near
    return best


def _file(name: str, answers: Path) -> Path:
    """Return a file in the folder `var` beside the folder of answers."""
    var = answers.parent / "var"
    var.mkdir(parents=True, exist_ok=True)
    return var / f"knowledge_{name}.npz"


def _weights(path: Path) -> Weights:
    """Return what was fitted last, otherwise the weights that answers of another kind gave."""
    file = _file("weights", path)
    if not file.exists():
        return Weights()
    with np.load(file, allow_pickle=False) as arrays:
        fitted = {name: arrays[name] for name in arrays.files}
    plain = Weights()
    if any(len(fitted[each]) != len(getattr(plain, each)) for each in ("ranking", "confidence")):
        # Another version has written them; the answers are found all the same until an import.
        return plain
    return Weights(
        ranking=tuple(fitted["ranking"]),
        confidence=tuple(fitted["confidence"]),
        confidence_offset=float(fitted["confidence_offset"]),
        projection=fitted["projection"],
        ids=tuple(fitted["ids"].tolist()),
        rows=fitted["rows"],
    )


def _vectors(answers: Iterable[Answer], path: Path) -> dict[str, np.ndarray]:
    """Return the vectors of all texts of answers; those that were known are not made again.

    They are kept as float16, and the texts as one of UTF-8: an array of texts would take as much
    for each as for the longest.
    """
    texts = list(dict.fromkeys(texts_of(answers)))
    known: dict[str, np.ndarray] = {}
    file = _file("vectors", path)
    if file.exists():
        with np.load(file, allow_pickle=False) as kept:
            if kept.get("encoders") == encoders.state() and kept["texts"].dtype == np.uint8:
                lines = kept["texts"].tobytes().decode().split("\0")
                known = dict(zip(lines, kept["vectors"], strict=True))
    new = [text for text in texts if text not in known]
    if new:
        known |= dict(zip(new, vectors_of(new).astype(np.float16), strict=True))
        partial = file.with_suffix(".part.npz")
        rows = np.array([known[text] for text in texts])
        lines = np.frombuffer("\0".join(texts).encode(), dtype=np.uint8)
        np.savez(partial, encoders=encoders.state(), texts=lines, vectors=rows)
        partial.replace(file)
    return known


def _unanswered() -> list[str]:
    """Return training questions that the advisor declines: no answer fits most of them."""
    home = load_settings().home
    data = (home if (home / "data").is_dir() else CODE) / "data" / "nlu" / "out_of_scope"
    texts: list[str] = []
    for file in sorted(data.glob("*.yml")):
        for block in YAML(typ="safe").load(file.read_text("utf-8")).get("nlu", []):
            texts += [line[2:] for line in str(block.get("examples", "")).splitlines()
                      if line.startswith("- ")]  # fmt: skip
    return texts[:: max(1, len(texts) // _UNANSWERED)]
