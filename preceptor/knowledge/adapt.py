"""Fits MiniLM to the answers, so that the ways to ask for one of them come near to each other.

To the matrices of the network's upper half, factors of low rank are added (LoRA, Hu et al. 2021)
and fitted by contrast: in a batch, phrasings of one answer are to be nearer to each other than to
those of others (supervised contrastive learning, Khosla et al. 2020). The lower half stays as it
is and is computed once. A fifth of the phrasings is left out, by which the ranking is fitted later.
The network is written again for JAX, since ONNX Runtime computes no gradients and PyTorch would be
a gigabyte more to install; JAX comes with Rasa.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.example_libraries import optimizers

from preceptor.knowledge.answers import Answer
from preceptor.knowledge.fitting import is_left_out
from preceptor.knowledge.index import body_of, phrases_of
from preceptor.nlu.encoders import minilm

_KEPT, _RANK = 3, 16
_ANSWERS, _PHRASINGS = 44, 4
# How many of a batch's answers are of two folders, whose phrasings are hardest to tell apart.
_OF_TWO_FOLDERS = 22
# How many of a batch's texts, the shortest first, are padded to how many tokens.
_WIDTHS = ((88, 16), (44, 28), (44, 64))
_TEMPERATURE = 0.05
_RATE, _WARM_UP = 1e-3, 20
_MATRICES = tuple(
    f"encoder.layer.{i}.{name}"
    for i in range(_KEPT, minilm.LAYERS)
    for name in (
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "intermediate.dense",
        "output.dense",
    )
)

Factors = Mapping[str, tuple[Any, Any]]


def adapt(
    answers: Sequence[Answer], path: Path, *, steps: int, tell: Callable[[str], None]
) -> None:
    """Fit the factors and write them to a file; 400 steps take half an hour on two cores.

    Args:
        answers: at least 44.
        path: of the .npz file: of each matrix `down`, shape (16, inputs), and `up`, shape
            (outputs, 16), both float16. Their product, `up @ down`, is added to the matrix, and
            what stands under `minilm.SHIFTED` to that bias.
        steps: how many batches are learnt from.
        tell: takes a line on how it goes.
    """
    answers = [answer for answer in answers if len(learnt(answer)) >= _PHRASINGS]
    weights = minilm.packaged_weights()
    texts = half_read(answers, weights)
    tell(f"{sum(map(len, texts))} texts of {len(answers)} answers are read.")
    begin, update, factors_of = optimizers.adam(lambda step: _rate(step, steps))

    def loss(factors: Factors, parts: Any, owners: Any) -> Any:
        vectors = jnp.concatenate([upper(weights, factors, *part) for part in parts])
        return _contrast(vectors / jnp.linalg.norm(vectors, axis=-1, keepdims=True), owners)

    @jax.jit
    def step(number: Any, state: Any, parts: Any, owners: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(factors_of(state), parts, owners)
        return value, update(number, gradient, state)

    state = begin(_first_factors(weights))
    folders = [answer.folder for answer in answers]
    losses: list[float] = []
    for number, (parts, owners) in enumerate(_batches(texts, folders, steps)):
        value, state = step(number, state, parts, owners)
        losses.append(float(value))
        if number % 20 == 19:
            tell(f"step {number + 1} of {steps}: loss {np.mean(losses[-20:]):.3f}")
    factors = factors_of(state)
    _write(factors, _shift(weights, factors, texts), path)


def _rate(step: Any, steps: int) -> Any:
    """Return the rate of learning: a short rise, then half a cosine down to a twentieth."""
    falling = 0.5 + 0.5 * jnp.cos(jnp.pi * step / steps)
    return _RATE * jnp.minimum(step / _WARM_UP, 0.05 + 0.95 * falling)


def _first_factors(weights: Mapping[str, np.ndarray]) -> Factors:
    """Return factors whose product is nothing."""
    dice = np.random.default_rng(1)
    factors = {}
    for name in _MATRICES:
        outputs, inputs = weights[f"{name}.weight"].shape
        down = 2 * dice.normal(size=(_RANK, inputs)) / np.sqrt(inputs)
        factors[name] = jnp.asarray(down, jnp.float32), jnp.zeros((outputs, _RANK))
    return factors


def _write(factors: Factors, shift: np.ndarray, path: Path) -> None:
    arrays = {minilm.SHIFTED: shift.astype(np.float16)}
    for name, (down, up) in factors.items():
        arrays[f"{name}.down"] = np.asarray(down, np.float16)
        arrays[f"{name}.up"] = np.asarray(up, np.float16)
    np.savez(path, **arrays)


def learnt(answer: Answer) -> list[str]:
    """Return the texts of an answer that the network learns from."""
    return [*(p for p in phrases_of(answer) if not is_left_out(p)), body_of(answer)]


def half_read(
    answers: Sequence[Answer], weights: Mapping[str, np.ndarray]
) -> list[list[np.ndarray]]:
    """Return what the lower half makes of each answer's texts, each of shape (tokens, size)."""
    tokens_of = minilm.tokenizer()
    rows = []
    for place, answer in enumerate(answers):
        for text in learnt(answer):
            tokens = tokens_of(text.lower())[0]
            rows.append((place, [*tokens[:1], *tokens[1:][1 - _WIDTHS[-1][1] :]]))
    rows.sort(key=lambda row: len(row[1]))

    @jax.jit
    def lower(ids: Any, mask: Any) -> Any:
        x = _embedded(weights, ids)
        for i in range(_KEPT):
            x = _layer(weights, {}, i, x, mask)
        return x

    texts: list[list[np.ndarray]] = [[] for _ in answers]
    for start in range(0, len(rows), 64):
        batch = rows[start : start + 64]
        # A few widths only, since each is compiled for itself.
        width = 8 * -(-max(len(tokens) for _, tokens in batch) // 8)
        ids, mask = np.zeros((64, width), np.int32), np.zeros((64, width), np.float32)
        for row, (_, own) in enumerate(batch):
            ids[row, : len(own)], mask[row, : len(own)] = own, 1
        read = np.asarray(lower(ids, mask)).astype(np.float16)
        for row, (place, own) in enumerate(batch):
            texts[place].append(read[row, : len(own)].copy())
    return texts


def _batches(
    texts: Sequence[Sequence[np.ndarray]], folders: Sequence[str], steps: int
) -> Iterator[tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]]:
    """Yield batches: texts padded to their widths, with masks, and the answers that own them."""
    dice = random.Random(1)
    places = range(len(texts))
    for _ in range(steps):
        two = dice.sample(sorted(set(folders)), 2)
        near = [i for i in places if folders[i] in two]
        chosen = dice.sample(near, min(_OF_TWO_FOLDERS, len(near)))
        others = [i for i in places if i not in chosen]
        chosen += dice.sample(others, _ANSWERS - len(chosen))
        batch = [(i, text) for i in chosen for text in dice.sample(texts[i], _PHRASINGS)]
        batch.sort(key=lambda each: len(each[1]))
        parts, start = [], 0
        for count, width in _WIDTHS:
            parts.append(padded([text for _, text in batch[start : start + count]], width))
            start += count
        yield parts, np.array([i for i, _ in batch])


def _contrast(vectors: Any, owners: Any) -> Any:
    """Return how far texts are from those of their own answer: half of the mean, half of the best.

    That the nearest phrasing is near is enough to find an answer; the others needn't be.
    """
    near = vectors @ vectors.T / _TEMPERATURE - 1e9 * jnp.eye(len(owners))
    own = (owners[:, None] == owners[None, :]) & ~jnp.eye(len(owners), dtype=bool)
    every = jax.nn.logsumexp(near, axis=1)
    best = jax.nn.logsumexp(jnp.where(own, near, -1e9), axis=1) - every
    mean = jnp.where(own, near - every[:, None], 0).sum(axis=1) / own.sum(axis=1)
    return -(best + mean).mean() / 2


def _embedded(weights: Mapping[str, np.ndarray], ids: Any) -> Any:
    """Return the embeddings of tokens, as `minilm` computes them."""
    x = jnp.asarray(weights["embeddings.word_embeddings.weight"])[ids]
    x += weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x += weights["embeddings.token_type_embeddings.weight"][0]
    return _norm(weights, "embeddings.LayerNorm", x)


def upper(weights: Mapping[str, np.ndarray], factors: Factors, x: Any, mask: Any) -> Any:
    """Return the mean vectors of texts that the lower half has read, shape (texts, size)."""
    for i in range(_KEPT, minilm.LAYERS):
        x = _layer(weights, factors, i, x, mask)
    return (x * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None]


def _shift(
    weights: Mapping[str, np.ndarray], factors: Factors, texts: Sequence[Sequence[np.ndarray]]
) -> np.ndarray:
    """Return what puts the centre of all texts back to where it was, shape (size,).

    By contrast alone, nothing keeps texts that have nothing in common from being alike.
    """
    read = jax.jit(lambda factors, x, mask: upper(weights, factors, x, mask).mean(axis=0))
    parts = [padded([text for each in texts[i::8] for text in each[::8]][:256], 64)
             for i in range(8)]  # fmt: skip
    return np.asarray(sum(read({}, *part) - read(factors, *part) for part in parts) / len(parts))


def padded(texts: Sequence[np.ndarray], width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the last tokens of texts, shape (texts, width, size), and which of them are theirs."""
    x = np.zeros((len(texts), width, minilm.SIZE), np.float32)
    mask = np.zeros((len(texts), width), np.float32)
    for row, text in enumerate(texts):
        own = text[-width:]
        x[row, : len(own)], mask[row, : len(own)] = own, 1
    return x, mask


def _layer(weights: Mapping[str, np.ndarray], factors: Factors, i: int, x: Any, mask: Any) -> Any:
    """Return what a layer makes of texts, shape (texts, tokens, size)."""
    layer = f"encoder.layer.{i}"
    texts, tokens, size = x.shape

    def linear(x: Any, name: str) -> Any:
        y = x @ weights[f"{layer}.{name}.weight"].T + weights[f"{layer}.{name}.bias"]
        if f"{layer}.{name}" in factors:
            down, up = factors[f"{layer}.{name}"]
            y += (x @ down.T) @ up.T
        return y

    def heads(name: str) -> Any:
        each = linear(x, f"attention.self.{name}").reshape(texts, tokens, minilm.HEADS, -1)
        return each.transpose(0, 2, 1, 3)

    query, key, value = heads("query"), heads("key"), heads("value")
    scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(size // minilm.HEADS)
    scores -= 1e9 * (1 - mask)[:, None, None, :]
    context = (jax.nn.softmax(scores) @ value).transpose(0, 2, 1, 3).reshape(x.shape)
    x = _norm(
        weights,
        f"{layer}.attention.output.LayerNorm",
        x + linear(context, "attention.output.dense"),
    )
    wide = jax.nn.gelu(linear(x, "intermediate.dense"))
    return _norm(weights, f"{layer}.output.LayerNorm", x + linear(wide, "output.dense"))


def _norm(weights: Mapping[str, np.ndarray], key: str, x: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = jax.lax.rsqrt((centred**2).mean(axis=-1, keepdims=True) + minilm.EPSILON)
    return centred * spread * weights[f"{key}.weight"] + weights[f"{key}.bias"]
