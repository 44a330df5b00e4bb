"""The intent classifier: multinomial logistic regression over dense and sparse features."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import skops.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

from preceptor.nlu.step import with_clauses

RANKING = "intent_ranking"
KIND = "kind"


def label_of(example: Message) -> str:
    """Return what the classifier learns for a training example: `intent` or `intent/kind`.

    An intent whose training data names kinds (out_of_scope) is learnt kind by kind, since its
    kinds have nothing in common but that the advisor doesn't serve them.
    """
    kind = (example.get("metadata") or {}).get(INTENT, {}).get(KIND)
    return f"{example.get(INTENT)}/{kind}" if kind else str(example.get(INTENT))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Rank the intents of messages and clauses.

    Rasa's LogisticRegressionClassifier reads one dense feature only as it comes and knows no
    kinds of an intent; this one weighs dense against sparse features.

    Options: `C`, the inverse of the L2 penalty; `dense_weight`, by which each unit-length
    sentence vector is multiplied beside the unit-length n-gram rows; `temperature`, by which
    scores are divided before the softmax (below 1 sharpens); `ranking_length`.
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Build an untrained classifier from its options."""
        self.config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self.model: LogisticRegression | None = None

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what must stand before it in the pipeline."""
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages that must be importable."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options, tuned by cross-validation on the training questions."""
        return {"C": 8.0, "dense_weight": 3.0, "temperature": 1.0, "ranking_length": 10}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
        """Build an untrained classifier as Rasa's graph asks for it."""
        return cls(config, model_storage, resource)

    def _matrix(self, messages: list[Message]) -> scipy.sparse.csr_matrix:
        """Return the features of the messages, shape `(messages, features)`."""
        rows = []
        for message in messages:
            _, sparse = message.get_sparse_features(TEXT)
            _, dense = message.get_dense_features(TEXT)
            parts = []
            if dense is not None:
                parts.append(scipy.sparse.csr_matrix(dense.features * self.config["dense_weight"]))
            if sparse is not None:
                parts.append(sparse.features)
            rows.append(scipy.sparse.hstack(parts, format="csr"))
        return scipy.sparse.vstack(rows, format="csr")

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the classifier to the training questions."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        if len({label_of(e) for e in examples}) < 2:
            return self._resource
        self.model = LogisticRegression(C=self.config["C"], max_iter=300, tol=1e-3)
        self.model.fit(self._matrix(examples), [label_of(e) for e in examples])
        with self._model_storage.write_to(self._resource) as folder:
            skops.io.dump(self.model, folder / "classifier.skops")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntentClassifier:
        """Read a trained classifier back; skops loads no code from the file."""
        component = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder:
                component.model = skops.io.load(folder / "classifier.skops", trusted=[])
        except ValueError:
            # Nothing was trained: a project without training questions.
            component.model = None
        return component

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the training examples as they are."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `intent` and `intent_ranking` on messages and clauses, best first."""
        for message in messages:
            message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set(RANKING, [], add_to_output=True)
        flat = [m for m in with_clauses(messages) if m.get(TEXT) and m.features]
        if self.model is None or not flat:
            return messages
        scores = self.model.decision_function(self._matrix(flat)) / self.config["temperature"]
        probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        for message, row in zip(flat, probabilities, strict=True):
            ranking = self._ranking(row)
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(RANKING, ranking, add_to_output=True)
        return messages

    def _ranking(self, row: np.ndarray) -> list[dict[str, Any]]:
        """Return the intents best first, kinds summed up, the best kind named."""
        assert self.model is not None
        confidence: dict[str, float] = {}
        kinds: dict[str, tuple[float, str]] = {}
        for label, value in zip(self.model.classes_, row, strict=True):
            intent, _, kind = str(label).partition("/")
            confidence[intent] = confidence.get(intent, 0.0) + float(value)
            if kind and value > kinds.get(intent, (-1.0, ""))[0]:
                kinds[intent] = (float(value), kind)
        order = sorted(confidence, key=lambda name: (-confidence[name], name))
        return [
            {"name": name, "confidence": confidence[name]}
            | ({KIND: kinds[name][1]} if name in kinds else {})
            for name in order[: self.config["ranking_length"]]
        ]
