"""The Rasa components of the pipeline: what reads messages, and the intent classifier alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from preceptor.intents import intents
from preceptor.nlu.encoders.files import check_written, write_missing
from preceptor.nlu.entities.extractor import shared_linker
from preceptor.nlu.intents.classifier import DEFAULTS, IntentReader, by_intent, ranked
from preceptor.nlu.intents.features import meaning, vectors_of
from preceptor.nlu.language import LanguageReader
from preceptor.nlu.questions import training
from preceptor.nlu.questions.annotated import TOLD, from_examples
from preceptor.nlu.questions.model import CutModel, Roles, StoryModel
from preceptor.nlu.reading import RANKING_LENGTH, Models, read

RANKING = "intent_ranking"


class TrainedReader(GraphComponent, IntentClassifier):
    """A component that learns from training questions and leaves them as they are.

    Subclasses implement `learn`, `load_from` and `process`.
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Build an untrained component: the defaults overlaid with what `config.yml` says."""
        self.config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TrainedReader:
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
    ) -> TrainedReader:
        """Build one with what was learnt; where there was nothing to learn, an untrained one.

        Raises:
            FileNotFoundError: An encoder's graph is missing; the message says what to do.
        """
        component = cls(config, model_storage, resource)
        # Storage raises it for a component that has written nothing.
        with suppress(ValueError), model_storage.read_from(resource) as folder:
            check_written(component.config["encoders"])
            component.load_from(folder)
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
                self.learn(examples, training_data.training_examples, folder)
        return self._resource

    def learn(self, asked: list[Message], everything: list[Message], folder: Path) -> None:
        """Learn from questions and what else there is, and write it to a folder."""
        raise NotImplementedError

    def load_from(self, folder: Path) -> None:
        """Read back what `learn` wrote."""
        raise NotImplementedError

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the training examples as they are.

        Rasa hashes every property of every example behind every component of the training.
        """
        return training_data


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MessageReader(TrainedReader):
    """Reads messages as `preceptor.nlu.reading.read` does.

    Sets `intent`, `intent_ranking`, `entities`, `questions` and `safety`, and for a message in
    another language `language` and `gloss`. Training questions in other languages carry
    `metadata: {language: es}`.

    Options: those of `preceptor.nlu.intents.classifier.IntentReader.fit_and_read`; `languages`,
    those of `preceptor.nlu.language.LanguageReader.fit`.
    """

    models: Models | None = None

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

    def learn(self, asked: list[Message], everything: list[Message], folder: Path) -> None:
        """Learn the intents, several questions, stories, and other languages."""
        english = [training.Question(e.get(TEXT), label_of(e)) for e in asked if not language_of(e)]
        foreign = [(str(language_of(e)), e.get(TEXT), label_of(e)) for e in asked if language_of(e)]
        marked = from_examples(everything)
        told = [e.get(TEXT) for e in everything if e.get(TOLD)]
        declared = intents()
        roles = Roles(by_intent([q.label for q in english])[0], declared)
        askable = {n for n, asks in zip(roles.names, roles.askable, strict=True) if asks}
        known, samples = training.draw(english, marked, told, askable)
        texts, labels = [q.text for q in known], [q.label for q in known]
        vectors = meaning(texts, self.config["encoders"])
        messages, folds = [s.message for s in samples], [s.fold for s in samples]
        reader, unseen = IntentReader.fit_and_read(
            texts, labels, messages, folds, self.config, vectors
        )
        roles = Roles(by_intent(reader.labels)[0], declared)
        for model in (reader, *training.fit(samples, unseen, reader.labels, roles)):
            if model is not None:
                model.save(folder)
        if foreign:
            options = self.config["languages"]
            own = vectors_of(options["encoder"], vectors, self.config["encoders"])
            known_vectors = dict(zip(texts, own, strict=True))
            pairs = [(question.text, question.label) for question in english]
            LanguageReader.fit(pairs, known_vectors, foreign, **options).save(folder)

    def load_from(self, folder: Path) -> None:
        """Read back what `learn` wrote."""
        reader = IntentReader.load(folder, self.config["encoders"])
        languages = LanguageReader.load(folder, self.config["languages"]["encoder"])
        declared = intents()
        roles = Roles(by_intent(reader.labels)[0], declared)
        cuts, stories = CutModel.load(folder, roles), StoryModel.load(folder, roles)
        self.models = Models(reader, languages, roles, cuts, stories, declared)

    def process(self, messages: list[Message]) -> list[Message]:
        """Write into each message what is understood of it."""
        linker = shared_linker().current()
        for message in messages:
            text = message.get(TEXT) or ""
            if self.models is None or not text.strip():
                _set(message, **{INTENT: {"name": None, "confidence": 0.0}, RANKING: []})
                continue
            reading = read(text, self.models, linker)
            _set(
                message,
                intent=reading.ranking[0],
                intent_ranking=reading.ranking,
                entities=list(reading.entities),
                questions=[vars(question) for question in reading.questions],
                safety=list(reading.safety),
            )
            if reading.language is not None:
                _set(message, language=reading.language)
            if reading.gloss is not None:
                _set(message, gloss=reading.gloss)
        return messages


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class RidgeIntentClassifier(TrainedReader):
    """Ranks the intents of English messages, and nothing else.

    For a pipeline that needs no more of the advisor's reading: a benchmark on public data.
    Options: those of `preceptor.nlu.intents.classifier.IntentReader.fit_and_read`.
    """

    reader: IntentReader | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options."""
        return dict(DEFAULTS)

    def learn(self, asked: list[Message], everything: list[Message], folder: Path) -> None:
        """Fit the classifier to the English questions."""
        english = [e for e in asked if not language_of(e)]
        texts, labels = [e.get(TEXT) for e in english], [label_of(e) for e in english]
        IntentReader.fit(texts, labels, self.config).save(folder)

    def load_from(self, folder: Path) -> None:
        """Read the trained classifier back."""
        self.reader = IntentReader.load(folder, self.config["encoders"])

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `intent` and `intent_ranking`, best first."""
        for message in messages:
            text = message.get(TEXT)
            if self.reader is None or not text:
                _set(message, **{INTENT: {"name": None, "confidence": 0.0}, RANKING: []})
                continue
            (row,) = self.reader.probabilities([text])
            ranking = ranked(self.reader.labels, row, RANKING_LENGTH)
            _set(message, **{INTENT: ranking[0], RANKING: ranking})
        return messages


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


def _set(message: Message, **properties: Any) -> None:
    for name, value in properties.items():
        message.set(name, value, add_to_output=True)
