"""Encoders on ONNX Runtime: graphs written once in 8 bits; batches of like length."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

_BATCH = 32
# Of a text; MiniLM knows no more places.
_TOKENS = 512
# Up to how many times the shortest text's length a text joins its batch: what is padded to the
# longest is computed for nothing, and a story is many times as long as its clauses.
_ALIKE = 1.5
# Bytes. The graphs here take less than a quarter of it without their weights, and much more with.
_LARGEST_GRAPH = 1_000_000

Part = tuple[int, int]


def write_rounded(write: Callable[[Path], None], path: Path) -> None:
    """Write a graph with the weights of its products as 8-bit integers.

    A sentence takes half the time, and its vector keeps a cosine of 0.99 with the exact one; on
    our questions the classifier reads as well with either (docs/understanding.md). Scales are
    kept for each column, and one bit is left unused: without that, sums overflow on processors
    that have AVX2 and no VNNI.

    Args:
        write: writes the graph with its exact weights to the path that it is given.
        path: the file to write; it appears at once and whole.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        exact, rounded = Path(place, "exact.onnx"), Path(place, "rounded.onnx")
        write(exact)
        with _without_root_logging():
            quantize_dynamic(
                str(exact),
                str(rounded),
                op_types_to_quantize=["MatMul"],
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                # What comes out of ONNX Runtime's own operators; the standard tells of others.
                extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
            )
        rounded.replace(path)


@contextmanager
def _without_root_logging() -> Iterator[None]:
    # The quantiser advises on the root logger about a step that changes nothing here.
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def start_session(path: Path) -> Any:
    """Start an ONNX Runtime session on one thread.

    The graph's weights are moved to a file of their own first, unless they are there already.
    """
    import onnxruntime

    if path.stat().st_size > _LARGEST_GRAPH:
        # Where the folder may not be written to, the graph serves as it is.
        with contextlib.suppress(OSError):
            _move_weights(path)
    options = onnxruntime.SessionOptions()
    # A second thread gains nothing on one sentence and waits by spinning, which slows down
    # everything else in the process.
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _move_weights(path: Path) -> None:
    """Move a graph's weights to a file beside it.

    From there they are mapped into memory instead of being copied: loading takes a fifth of the
    time, and of the tables of words only what is read takes memory.
    """
    import onnx

    weights = path.with_suffix(".weights")
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        moved = Path(place, path.name)
        onnx.save(
            onnx.load(str(path)),
            str(moved),
            save_as_external_data=True,
            location=weights.name,
            size_threshold=4096,
        )
        # The weights first: a graph that has moved is never without them.
        moved.with_suffix(".weights").replace(weights)
        moved.replace(path)


class SentenceEncoder:
    """A graph with its tokenizer: texts, or parts of one, become vectors.

    The graph takes `ids` and `mask` (0 for padding), int64 of shape `(texts, tokens)`, and
    `parts`, float32 of shape `(texts, parts, tokens)`, 1 for the tokens of a part. It gives
    `vectors`, float32 of shape `(texts, parts, size)`, L2-normalised.

    Attributes:
        size: how many numbers a vector has.
        far: whether a token knows the whole text around it, not its neighbours alone.
    """

    far = False

    def __init__(
        self, session: Any, tokenize: Callable[[str], tuple[list[int], list[int]]], size: int
    ) -> None:
        """Take the parts.

        Args:
            session: the graph's, of ONNX Runtime.
            tokenize: gives a text's token ids, and where in the text each token ends, in
                characters. The first and the last are marks of the edges, which end at 0.
            size: how many numbers a vector has.
        """
        self.size = size
        self._session = session
        self._tokenize = tokenize

    def _tokens(self, text: str) -> tuple[list[int], list[int]]:
        # What is asked mostly stands at the end.
        ids, ends = self._tokenize(text)
        skipped = max(0, len(ids) - _TOKENS)
        return [*ids[:1], *ids[1 + skipped :]], [*ends[:1], *ends[1 + skipped :]]

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return a float32 row for each text's last 512 tokens, shape `(len(texts), size)`."""
        tokens = [self._tokens(text)[0] for text in texts]
        batches: list[list[int]] = []
        for i in sorted(range(len(tokens)), key=lambda i: len(tokens[i])):
            last = batches[-1] if batches else []
            if not last or len(last) == _BATCH or len(tokens[i]) > _ALIKE * len(tokens[last[0]]):
                batches.append([])
            batches[-1].append(i)
        vectors = np.empty((len(tokens), self.size), dtype=np.float32)
        for rows in batches:
            width = len(tokens[rows[-1]])
            ids = np.zeros((len(rows), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(rows):
                count = len(tokens[i])
                ids[row, :count] = tokens[i]
                mask[row, :count] = 1
            vectors[rows] = self._run(ids, mask, mask[:, None, :])[:, 0]
        return vectors

    def encode_parts(self, text: str, parts: list[Part]) -> np.ndarray:
        """Return the vectors of parts of a text, shape `(len(parts), size)`, float32.

        The text is computed once. A part's vector comes from its own tokens, which know what
        stands around them: that is nearer to what the part means than a vector of the part alone,
        and costs nothing more. All of the text as a part has the vector that `encode` gives.

        Args:
            text: what is read, its last 512 tokens.
            parts: where each part begins and ends, in characters. One without any token that is
                read counts as all of the text.
        """
        found, last = self._tokens(text)
        ids, ends = np.array([found], dtype=np.int64), np.array(last)
        chosen = np.array([(start < ends) & (ends <= end) for start, end in parts])
        chosen[[part == (0, len(text)) for part in parts]] = True
        chosen[~chosen.any(axis=1)] = True
        return self._run(ids, np.ones_like(ids), chosen[None])[0]

    def encode_apart(
        self,
        text: str,
        parts: list[Part],
        lent: Sequence[Part] = (),
        give_back: Callable[[], Iterable[np.ndarray]] = tuple,
    ) -> np.ndarray:
        """Return the vectors of parts of a text, each computed by itself, as `encode_parts` does.

        All of the text as a part has the mean of the others, weighed by their lengths.

        Args:
            text: what is read.
            parts: where each part begins and ends, in characters; not all of the text alone.
            lent: those that another thread encodes.
            give_back: returns their vectors, as `encode` gives them; called last.
        """
        alone = [part for part in parts if part != (0, len(text))]
        own = [part for part in alone if part not in lent]
        found = dict(zip(own, self.encode([text[a:b] for a, b in own]), strict=True))
        found |= zip(lent, give_back(), strict=True)
        vectors = np.stack([found[part] for part in alone])
        mean = np.array([end - start for start, end in alone], dtype=np.float32) @ vectors
        mean /= max(float(np.linalg.norm(mean)), 1e-9)
        return np.stack([found.get(part, mean) for part in parts])

    def _run(self, ids: np.ndarray, mask: np.ndarray, parts: np.ndarray) -> np.ndarray:
        inputs = {"ids": ids, "mask": mask, "parts": parts.astype(np.float32)}
        return np.asarray(self._session.run(["vectors"], inputs)[0])
