"""What all untrained steps of the pipeline have in common."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

CLAUSES = "clauses"
"""Key under which a message carries its clauses, themselves messages, until they are read."""


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


def language_of(example: Message) -> str | None:
    """Return the language that a training question's metadata names; None for English."""
    found = (example.get("metadata") or {}).get("intent", {}).get("language")
    return str(found) if found else None


def with_clauses(messages: list[Message]) -> list[Message]:
    """Return the messages and their clauses in one flat list, so that they share one batch."""
    flat: list[Message] = []
    for message in messages:
        flat.append(message)
        flat.extend(message.get(CLAUSES) or [])
    return flat
