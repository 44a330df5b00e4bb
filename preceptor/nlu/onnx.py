"""Encoders on ONNX Runtime: graphs written once in 8 bits; batches of like length."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

_BATCH = 32
# Of a text; MiniLM was trained with no more.
_TOKENS = 256
INPUTS = ("ids", "places", "segments")
# Up to how many times the shortest text's length a text joins its batch: what is padded to the
# longest is computed for nothing, and a story is many times as long as its clauses.
_ALIKE = 1.5
# Bytes. The graphs here take less than a quarter of it without their weights, and much more with.
_LARGEST_GRAPH = 1_000_000


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
    """A graph with its tokenizer: texts become vectors.

    Texts are computed in batches, or packed one behind the other into one row, which computes no
    padding. The graph takes, int64 of shape `(rows, tokens)`, `ids`, `places` (a token's number in
    its segment) and `segments` (1, 2, …; 0 for padding), and `parts`, float32 of shape
    `(rows, parts, tokens)`, 1 for the tokens of a part. No segment knows of another. It gives
    `vectors`, float32 of shape `(rows, parts, size)`, L2-normalised.

    Attributes:
        size: how many numbers a vector has.
    """

    def __init__(self, session: Any, tokenizer: Any, size: int, gap: int = 0) -> None:
        """Take the parts.

        Args:
            session: the graph's, of ONNX Runtime.
            tokenizer: of the library `tokenizers`.
            size: how many numbers a vector has.
            gap: how many tokens of padding must part segments in a row.
        """
        tokenizer.no_padding()
        tokenizer.enable_truncation(_TOKENS)
        self.size = size
        self._session = session
        self._tokenizer = tokenizer
        self._gap = gap

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return one float32 row a text, shape `(len(texts), size)`, read up to 256 tokens."""
        tokens = self._tokens(texts)
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
            segments = np.zeros_like(ids)
            for row, i in enumerate(rows):
                count = len(tokens[i])
                ids[row, :count] = tokens[i]
                segments[row, :count] = 1
            places = np.broadcast_to(np.arange(width), ids.shape)
            vectors[rows] = self._run(ids, places, segments, segments[:, None, :])[:, 0]
        return vectors

    def encode_packed(self, texts: list[str], parts: list[tuple[int, int]]) -> np.ndarray:
        """Return the vectors of runs of texts, shape `(len(parts), size)`, float32.

        Each text is computed once and by itself. A run's vector is that of the tokens of its
        texts: nearly that of the texts as one, at no cost.

        Args:
            texts: what is read, each up to 256 tokens.
            parts: the numbers of each run's first and last text.
        """
        tokens = self._tokens(texts)
        lengths = np.array([len(each) for each in tokens])
        ends = np.cumsum(lengths + self._gap)
        ids = np.zeros((1, ends[-1]), dtype=np.int64)
        places, segments = np.zeros_like(ids), np.zeros_like(ids)
        for number, (each, end) in enumerate(zip(tokens, ends - self._gap, strict=True), 1):
            begin = end - len(each)
            ids[0, begin:end] = each
            places[0, begin:end] = np.arange(len(each))
            segments[0, begin:end] = number
        first, last = np.array(parts).T[:, :, None] + 1
        return self._run(ids, places, segments, ((segments >= first) & (segments <= last))[None])[0]

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        return [each.ids for each in self._tokenizer.encode_batch(list(texts))]

    def _run(
        self, ids: np.ndarray, places: np.ndarray, segments: np.ndarray, parts: np.ndarray
    ) -> np.ndarray:
        inputs = dict(zip(INPUTS, (ids, places, segments), strict=True))
        inputs["parts"] = parts.astype(np.float32)
        return np.asarray(self._session.run(["vectors"], inputs)[0])
