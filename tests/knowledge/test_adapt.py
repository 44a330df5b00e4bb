"""The encoder that is fitted to the answers: the same network twice, and what a few steps do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preceptor.knowledge import adapt
from preceptor.knowledge.answers import Answer
from preceptor.knowledge.fitting import is_left_out
from preceptor.knowledge.store import check_answers, folder
from preceptor.nlu.encoders import minilm
from preceptor.nlu.encoders.files import encoder


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """A few answers of several folders with their first phrasings."""
    found, _ = check_answers(folder())
    return [answer.copy(update={"asked_as": answer.asked_as[:12]}) for answer in found[::60]]


def test_what_is_fitted_is_the_network_that_reads(answers: list[Answer]):
    # Once in JAX and once in ONNX Runtime, there at 8 bits.
    one = answers[:1]
    (halves,) = adapt.half_read(one, minilm.packaged_weights())
    weights = minilm.adapted(minilm.packaged_weights(), minilm.ADAPTER)
    fitted = np.array(adapt.upper(weights, {}, *adapt.padded(halves, 64)))
    fitted /= np.linalg.norm(fitted, axis=1, keepdims=True)
    texts = [text.lower() for text in adapt.learnt(one[0]) if len(text) < 200]
    nearest = (encoder("minilm_adapted").encode(texts) @ fitted.T).max(axis=1)
    assert len(nearest) > 3
    assert nearest.min() > 0.97


def test_a_few_steps_bring_the_phrasings_of_an_answer_nearer(
    answers: list[Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lines: list[str] = []
    np.savez(tmp_path / "none.npz")
    # Batches that take a second instead of five.
    monkeypatch.setattr(adapt, "_ANSWERS", 8)
    monkeypatch.setattr(adapt, "_WIDTHS", ((16, 24), (16, 64)))
    adapt.adapt(answers, tmp_path / "fitted.npz", steps=20, tell=lines.append)
    before, after = (
        _margin(answers, tmp_path / f"{name}.npz", monkeypatch) for name in ("none", "fitted")
    )
    assert lines[-1].startswith("step 20 of 20: loss ")
    assert after > 1.1 * before


def _margin(answers: list[Answer], adapter: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    """Return how much nearer phrasings are to the rest of their answer than to other answers."""
    monkeypatch.setattr(minilm, "ADAPTER", adapter)
    minilm.AdaptedMiniLM.write(adapter.parent)
    texts = [phrase for answer in answers for phrase in answer.asked_as]
    owners = np.repeat(range(len(answers)), [len(answer.asked_as) for answer in answers])
    vectors = minilm.AdaptedMiniLM(adapter.parent).encode([text.lower() for text in texts])
    near = vectors @ vectors.T
    own = owners[:, None] == owners[None, :]
    return float(near[own & ~np.eye(len(owners), dtype=bool)].mean() - near[~own].mean())


def test_a_fifth_of_the_phrasings_is_left_out(answers: list[Answer]):
    phrases = [phrase for answer in answers for phrase in answer.asked_as]
    share = sum(map(is_left_out, phrases)) / len(phrases)
    assert 0.13 < share < 0.27
    assert not set(filter(is_left_out, phrases)) & {t for a in answers for t in adapt.learnt(a)}
