"""The Rasa component of the pipeline, which reads messages."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from preceptor.intents import intents
from preceptor.nlu.encoders.files import check_written, write_missing
from preceptor.nlu.entities.extractor import shared_linker
from preceptor.nlu.entities.linking import Linker
from preceptor.nlu.intents.classifier import DEFAULTS, IntentReader, by_intent
from preceptor.nlu.intents.features import InParts
from preceptor.nlu.language import LanguageReader
from preceptor.nlu.questions import training
from preceptor.nlu.questions.annotated import TOLD, from_examples
from preceptor.nlu.questions.model import CutModel, Roles, StoryModel
from preceptor.nlu.reading import Models, read

RANKING = "intent_ranking"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MessageReader(GraphComponent, IntentClassifier):
    """Reads messages as `preceptor.nlu.reading.read` does.

    Sets `intent`, `intent_ranking`, `entities`, `questions` and `safety`, and for a message in
    another language `language` and `gloss`. Training questions in other languages carry
    `metadata: {language: es}`.

    Options: those of `preceptor.nlu.intents.classifier.IntentReader.fit_and_read`; `languages`,
    those of `preceptor.nlu.language.LanguageReader.fit`.
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Build an untrained component: the defaults overlaid with what `config.yml` says."""
        self.config = {**self.get_default_config(), **config}
        self.models: Models | None = None
        self._model_storage = model_storage
        self._resource = resource

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options."""
        languages = {
            "encoder": "use",
            "most": 150,
            "directions": 256,
            "dense_weight": 8.0,
            "linear_weight": 1.0,
            "penalty": 0.5,
        }
        return {**DEFAULTS, "languages": languages}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageReader:
        """Build an untrained component as Rasa's graph asks for it."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MessageReader:
        """Build one with what was learnt; where there was nothing to learn, an untrained one.

        Raises:
            FileNotFoundError: An encoder's graph is missing; the message says what to do.
        """
        component = cls(config, model_storage, resource)
        # Storage raises it for a component that has written nothing.
        with suppress(ValueError), model_storage.read_from(resource) as folder:
            check_written(component.config["encoders"])
            component._load(folder)
        return component

    @staticmethod
    def required_packages() -> list[str]:
        """Return none: lingua's distribution has another name than its package."""
        return []

    def train(self, training_data: TrainingData) -> Resource:
        """Learn and store what was learnt, unless there are not even two intents."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        if len({label_of(e) for e in examples if not language_of(e)}) > 1:
            write_missing(self.config["encoders"])
            with self._model_storage.write_to(self._resource) as folder:
                self._learn(examples, training_data.training_examples, folder)
        return self._resource

    def _learn(self, asked: list[Message], everything: list[Message], folder: Path) -> None:
        """Learn the intents, several questions, stories, and other languages."""
        english = [training.Question(e.get(TEXT), label_of(e)) for e in asked if not language_of(e)]
        foreign = [(str(language_of(e)), e.get(TEXT), label_of(e)) for e in asked if language_of(e)]
        told = [e.get(TEXT) for e in everything if e.get(TOLD)]
        roles = Roles(by_intent([q.label for q in english])[0], intents())
        askable = {n for n, asks in zip(roles.names, roles.askable, strict=True) if asks}
        known, samples = training.draw(english, from_examples(everything), told, askable)
        questions = [InParts.whole(q.text, q.label) for q in known]
        folds = [None] * len(questions) + [sample.fold for sample in samples]
        messages = [*questions, *(sample.message for sample in samples)]
        reader, unseen = IntentReader.fit_and_read(messages, folds, self.config)
        roles = Roles(by_intent(reader.labels)[0], intents())
        for model in (reader, *training.fit(samples, unseen, reader.labels, roles)):
            if model is not None:
                model.save(folder)
        if foreign:
            pairs = [(question.text, question.label) for question in english]
            LanguageReader.fit(pairs, foreign, **self.config["languages"]).save(folder)

    def _load(self, folder: Path) -> None:
        """Read back what `_learn` wrote."""
        reader = IntentReader.load(folder, self.config["encoders"])
        languages = LanguageReader.load(folder, self.config["languages"]["encoder"])
        roles = Roles(by_intent(reader.labels)[0], intents())
        cuts, stories = CutModel.load(folder, roles), StoryModel.load(folder, roles)
        self.models = Models(reader, languages, roles, cuts, stories, intents())

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the training examples as they are.

        Rasa hashes every property of every example behind every component of the training.
        """
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Write into each message what is understood of it."""
        linker = shared_linker().current()
        for message in messages:
            for name, value in self._properties(message.get(TEXT) or "", linker).items():
                message.set(name, value, add_to_output=True)
        return messages

    def _properties(self, text: str, linker: Linker | None) -> dict[str, Any]:
        if self.models is None or not text.strip():
            return {INTENT: {"name": None, "confidence": 0.0}, RANKING: []}
        reading = read(text, self.models, linker)
        found = {
            INTENT: reading.ranking[0],
            RANKING: reading.ranking,
            ENTITIES: list(reading.entities),
            "questions": [vars(question) for question in reading.questions],
            "safety": list(reading.safety),
        }
        foreign = {"language": reading.language, "gloss": reading.gloss}
        return found | {name: value for name, value in foreign.items() if value is not None}


def label_of(example: Message) -> str:
    """Return what the classifier learns for a training example: `intent` or `intent/kind`.

    An intent whose training data names kinds (out_of_scope) is learnt kind by kind, since its
    kinds have nothing in common but that the advisor doesn't serve them.
    """
    kind = (example.get("metadata") or {}).get(INTENT, {}).get("kind")
    return f"{example.get(INTENT)}/{kind}" if kind else str(example.get(INTENT))


def language_of(example: Message) -> str | None:
    """Return the language that a training question's metadata names; None for English."""
    found = (example.get("metadata") or {}).get("intent", {}).get("language")
    return str(found) if found else None
