"""The intent classifier: ridge regression over sentence vectors, their products, and n-grams."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from preceptor.nlu.component import CLAUSES, END, START, TrainedStep, language_of
from preceptor.nlu.encoders.files import check_written, write_missing
from preceptor.nlu.intents.classifier import DEFAULTS, IntentReader
from preceptor.nlu.questions.annotated import from_examples
from preceptor.nlu.questions.cuts import is_story
from preceptor.nlu.tokenizer import doc_of

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
class RidgeIntentClassifier(TrainedStep, IntentClassifier):
    """Rank the intents of messages and clauses.

    Rasa's LogisticRegressionClassifier is linear in its features and knows no kinds of an intent.
    Products of the sentence vectors' parts lift accuracy by three points on our questions
    (docs/understanding.md), and training takes seconds.

    Options: those of `preceptor.nlu.intents.classifier.IntentReader.fit`; `ranking_length`.
    """

    reader: IntentReader | None = None

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages that must be importable."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options."""
        return {**DEFAULTS, "ranking_length": 10}

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the classifier to the training questions and to the parts of marked messages."""
        examples = [
            e
            for e in training_data.intent_examples
            if e.get(TEXT) and e.get(INTENT) and not language_of(e)
        ]
        labels = [label_of(e) for e in examples]
        if len(set(labels)) < 2:
            return self._resource
        texts = [e.get(TEXT) for e in examples]
        write_missing(self.config["encoders"])
        several = [
            (each.text, each.parts, each.intents)
            for each in from_examples(training_data.training_examples)
        ]
        self.reader = IntentReader.fit(texts, labels, self.config, several=several)
        with self._model_storage.write_to(self._resource) as folder:
            self.reader.save(folder)
        return self._resource

    def read(self, folder: Path) -> None:
        """Read the trained reader back.

        Raises:
            FileNotFoundError: An encoder's graph is missing; the message says what to do.
        """
        check_written(self.config["encoders"])
        self.reader = IntentReader.load(folder, self.config["encoders"])

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `intent` and `intent_ranking` on messages and clauses, best first."""
        for message in messages:
            message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set(RANKING, [], add_to_output=True)
        if self.reader is None:
            return messages
        for message in messages:
            text = message.get(TEXT)
            if not text:
                continue
            clauses = message.get(CLAUSES) or []
            parts = [(0, len(text)), *((c.get(START), c.get(END)) for c in clauses)]
            # Sentences of a story are read by themselves.
            apart = bool(clauses) and is_story(doc_of(message))
            rows = self.reader.probabilities_of_parts(text, parts, apart=apart)
            for each, row in zip([message, *clauses], rows, strict=True):
                ranking = self._ranking(row)
                each.set(INTENT, ranking[0], add_to_output=True)
                each.set(RANKING, ranking, add_to_output=True)
        return messages

    def _ranking(self, row: np.ndarray) -> list[dict[str, Any]]:
        assert self.reader is not None
        return ranked(self.reader.labels, row, self.config["ranking_length"])


def ranked(labels: Iterable[str], row: Iterable[float], length: int) -> list[dict[str, Any]]:
    """Return the intents best first, kinds summed up, the best kind named.

    Args:
        labels: the classes, `intent` or `intent/kind`.
        row: the probability of each.
        length: how many intents to return.
    """
    confidence: dict[str, float] = {}
    kinds: dict[str, tuple[float, str]] = {}
    for label, value in zip(labels, row, strict=True):
        intent, _, kind = str(label).partition("/")
        confidence[intent] = confidence.get(intent, 0.0) + float(value)
        if kind and value > kinds.get(intent, (-1.0, ""))[0]:
            kinds[intent] = (float(value), kind)
    order = sorted(confidence, key=lambda name: (-confidence[name], name))
    return [
        {"name": name, "confidence": confidence[name]}
        | ({KIND: kinds[name][1]} if name in kinds else {})
        for name in order[:length]
    ]
