"""Encoders on ONNX Runtime: texts of like length are encoded in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_BATCH = 32
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
