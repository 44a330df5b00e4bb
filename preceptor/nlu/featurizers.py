"""Features of a whole message: its meaning (dense) and its word and character n-grams (sparse)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from preceptor.folding import fold, squeeze
from preceptor.nlu.encoders import encoder
from preceptor.nlu.step import Step, with_clauses


def _texts(messages: list[Message]) -> tuple[list[Message], list[str]]:
    """Return the messages that have a text, and the texts."""
    having = [m for m in messages if m.get(TEXT)]
    return having, [squeeze(m.get(TEXT)) for m in having]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoderFeaturizer(Step):
    """Give every message and clause its sentence vector.

    Options: `encoder`, a name that `preceptor.nlu.encoders.encoder` knows.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options: which encoder."""
        return {"encoder": "use"}

    def process(self, messages: list[Message]) -> list[Message]:
        """Add a dense sentence feature of shape `(1, size)` to each message and clause."""
        having, texts = _texts(with_clauses(messages))
        if having:
            # Capitals shift the encoder's vectors; shouting should not change the meaning.
            vectors = encoder(self.config["encoder"]).encode([t.lower() for t in texts])
            for message, vector in zip(having, vectors, strict=True):
                message.add_features(
                    Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self.config["encoder"])
                )
        return messages


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class NgramFeaturizer(GraphComponent):
    """Give every message and clause its TF-IDF weighted word and character n-grams.

    Rasa's CountVectorsFeaturizer counts without weighting and computes features of every
    single token as well, which nothing in this pipeline reads.
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Build an untrained featurizer from its options (see `get_default_config`)."""
        self.config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self.vectorizers = {
            "words": self._vectorizer("word", self.config["words"]),
            "characters": self._vectorizer("char_wb", self.config["characters"]),
        }

    def _vectorizer(
        self, analyzer: str, lengths: list[int], vocabulary: list[str] | None = None
    ) -> TfidfVectorizer:
        return TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=tuple(lengths),
            sublinear_tf=True,
            min_df=self.config["min_df"],
            token_pattern=r"(?u)\b\w+\b",
            lowercase=False,
            vocabulary=vocabulary,
        )

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options: n-gram ranges, and in how many questions an n-gram must occur."""
        return {"words": [1, 2], "characters": [2, 5], "min_df": 2}

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages that must be importable."""
        return ["sklearn"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> NgramFeaturizer:
        """Build an untrained featurizer as Rasa's graph asks for it."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the n-grams and their weights from the training questions."""
        _, texts = _texts(training_data.training_examples)
        folded = [fold(t) for t in texts]
        with self._model_storage.write_to(self._resource) as folder:
            for name, vectorizer in self.vectorizers.items():
                vectorizer.fit(folded)
                learnt = {
                    "ngrams": list(vectorizer.get_feature_names_out()),
                    "idf": vectorizer.idf_.tolist(),
                }
                (folder / f"{name}.json").write_text(json.dumps(learnt), "utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> NgramFeaturizer:
        """Read a trained featurizer back from plain data: no code is run."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            for name, analyzer in (("words", "word"), ("characters", "char_wb")):
                learnt = json.loads((folder / f"{name}.json").read_text("utf-8"))
                vectorizer = component._vectorizer(
                    analyzer, component.config[name], learnt["ngrams"]
                )
                vectorizer.idf_ = np.array(learnt["idf"])
                component.vectorizers[name] = vectorizer
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Add a sparse sentence feature of shape `(1, n-grams)` to each message and clause."""
        having, texts = _texts(with_clauses(messages))
        if having:
            folded = [fold(t) for t in texts]
            rows = scipy.sparse.hstack(
                [v.transform(folded) for v in self.vectorizers.values()], format="csr"
            )
            for message, row in zip(having, rows, strict=True):
                message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, "ngrams"))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Give the training examples their features."""
        self.process(training_data.training_examples)
        return training_data
