"""Encoders on ONNX Runtime: texts of like length are encoded in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# The most tokens of a batch of several texts; more at a time take longer.
_BATCH_TOKENS = 512
# The most tokens of a text that are read; MiniLM knows no more positions.
_TOKENS = 512
# Up to how many times the shortest text's length a text joins its batch: what is padded to the
# longest is computed for nothing, and a story is many times as long as its clauses.
_ALIKE = 1.5

Part = tuple[int, int]


def start_session(path: Path) -> Any:
    """Start an ONNX Runtime session on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # A second thread gains nothing on one sentence and waits by spinning, which slows down
    # everything else in the process.
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


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

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return a float32 row for each text's last 512 tokens, shape `(len(texts), size)`."""
        rows = self.encode_parts([(text, [(0, len(text))]) for text in texts])
        return np.concatenate([np.empty((0, self.size), dtype=np.float32), *rows])

    def encode_parts(self, messages: Sequence[tuple[str, list[Part]]]) -> list[np.ndarray]:
        """Return the vectors of parts of texts, each array of shape `(parts, size)`, float32.

        A text is computed once. A part's vector comes from its own tokens, which know what
        stands around them: that is nearer to what the part means than a vector of the part alone,
        and costs nothing more.

        Args:
            messages: texts, of which the last 512 tokens are read, and where in each its parts
                begin and end, in characters. A part without any token that is read counts as all
                of the text.
        """
        tokens = [self._tokens(text) for text, _ in messages]
        found = [np.empty(0)] * len(messages)
        for batch in _batches([len(ids) for ids, _ in tokens]):
            width = max(len(tokens[i][0]) for i in batch)
            ids = np.zeros((len(batch), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            most = max(len(messages[i][1]) for i in batch)
            # A place without a part takes all of the row, since a mean of nothing is no number.
            chosen = np.ones((len(batch), most, width), dtype=np.float32)
            for row, i in enumerate(batch):
                (text, parts), (own, ends) = messages[i], tokens[i]
                ids[row, : len(own)] = own
                mask[row, : len(own)] = 1
                chosen[row, : len(parts), len(own) :] = 0
                chosen[row, : len(parts), : len(own)] = _tokens_of_parts(text, parts, ends)
            inputs = {"ids": ids, "mask": mask, "parts": chosen}
            (vectors,) = self._session.run(["vectors"], inputs)
            for row, i in enumerate(batch):
                found[i] = vectors[row, : len(messages[i][1])]
        return found

    def _tokens(self, text: str) -> tuple[list[int], list[int]]:
        # What is asked mostly stands at the end.
        ids, ends = self._tokenize(text)
        skipped = max(0, len(ids) - _TOKENS)
        return [*ids[:1], *ids[1 + skipped :]], [*ends[:1], *ends[1 + skipped :]]


def _tokens_of_parts(text: str, parts: list[Part], ends: list[int]) -> np.ndarray:
    """Return whether each part has each token, shape `(parts, tokens)`."""
    last = np.array(ends)
    chosen = np.array([(start < last) & (last <= end) for start, end in parts])
    chosen[[part == (0, len(text)) for part in parts]] = True
    chosen[~chosen.any(axis=1)] = True
    return chosen


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Yield the places of texts of like length, given the number of tokens of each."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        full = (len(batch) + 1) * lengths[i] > _BATCH_TOKENS
        if batch and (full or lengths[i] > _ALIKE * lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
