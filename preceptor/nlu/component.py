"""What the steps of the pipeline have in common."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

CLAUSES = "clauses"
"""Key under which a message carries its clauses, themselves messages, until they are read."""
START, END = "clause_start", "clause_end"
"""Keys under which a clause carries where it begins and ends in the message, in characters."""


class Step(GraphComponent):
    """A graph component without training: it works on messages one by one.

    Subclasses implement `process(messages)`; training examples go through the same method
    unless they override `process_training_data`.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        """Keep the configuration: the defaults overlaid with what `config.yml` says."""
        self.config = {**self.get_default_config(), **config}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Step:
        """Build the step as Rasa's graph asks for it."""
        return cls(config)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """No options."""
        return {}

    def process(self, messages: list[Message]) -> list[Message]:
        """Work on the messages in place and return them."""
        raise NotImplementedError

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Work on the training examples as on messages."""
        self.process(training_data.training_examples)
        return training_data


class TrainedStep(GraphComponent):
    """A graph component that learns intents from training examples and leaves them as they are.

    Subclasses implement `train`, `process` and `read`.
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Build an untrained step: the defaults overlaid with what `config.yml` says."""
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
    ) -> TrainedStep:
        """Build an untrained step as Rasa's graph asks for it."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TrainedStep:
        """Build a step with what was learnt; where there was nothing to learn, an untrained one."""
        step = cls(config, model_storage, resource)
        # Storage raises it for a step that has written nothing.
        with suppress(ValueError), model_storage.read_from(resource) as folder:
            step.read(folder)
        return step

    def read(self, folder: Path) -> None:
        """Read back what `train` wrote to the folder."""
        raise NotImplementedError

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the training examples as they are."""
        return training_data


def language_of(example: Message) -> str | None:
    """Return the language that a training question's metadata names; None for English."""
    found = (example.get("metadata") or {}).get("intent", {}).get("language")
    return str(found) if found else None
