"""Reads the project's files for Rasa: training questions once per training, intents as declared."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.data import get_data_files
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from preceptor.intents import FALLBACK, FALLBACK_ACTION, FILE, Intents, intents, read_intents
from preceptor.nlu.questions.annotated import (
    FILES,
    TOLD,
    TOLD_FILES,
    as_examples,
    marked_messages,
    told_stories,
)


class Example(Message):
    """A training example that is copied and hashed at once.

    On its way to the pipeline Rasa merges the training data eight times. Each time it copies
    every example in depth, sets its intent to what it is and computes its hash anew: seconds.
    """

    _cached_fingerprint: str | None

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        """Set a property as Rasa does; one that stays as it is leaves the known hash."""
        same = prop in self.data and self.data[prop] == info
        known = self._cached_fingerprint if same else None
        super().set(prop, info, add_to_output)
        self._cached_fingerprint = known

    def __deepcopy__(self, memo: dict[int, Any]) -> Example:
        """Return a copy that shares nothing with this example that can change."""
        new = copy.copy(self)
        new.data = {
            name: value if isinstance(value, str) else copy.deepcopy(value, memo)
            for name, value in self.data.items()
        }
        new.features = copy.deepcopy(self.features, memo)
        new.output_properties = set(self.output_properties)
        return new


class FileImporter(RasaFileImporter):
    """Rasa's own importer, with three differences.

    Intents, their actions and their rules come from intents.yml and not from domain.yml and
    data/rules. Messages with several questions are read as well
    (`preceptor.nlu.questions.annotated`). And training questions are read once: Rasa asks twice,
    for the domain and for the pipeline, and reads and validates all YAML files each time, which
    takes seconds for ten thousand questions. It copies what it gets, so both may get the same.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        """Find the files, as Rasa's importer does."""
        super().__init__(config_file, domain_path, training_data_paths)
        self._questions: dict[str | None, TrainingData] = {}
        self._marked = get_data_files(training_data_paths, lambda file: Path(file).match(FILES))
        self._told = get_data_files(training_data_paths, lambda file: Path(file).match(TOLD_FILES))
        beside = Path(config_file).with_name(FILE) if config_file else None
        self.intents = read_intents(beside) if beside and beside.exists() else intents()

    def get_domain(self) -> Domain:
        """Return domain.yml with the declared intents and their actions."""
        actions = {action for intent in self.intents.values() for action in intent.actions}
        declared = {"intents": [*self.intents], "actions": sorted({*actions, FALLBACK_ACTION})}
        return super().get_domain().merge(Domain.from_dict(declared))

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Return one rule per intent, and those of data/ if there are any."""
        reader = YAMLStoryReader()
        steps = reader.read_from_parsed_yaml({"version": "3.1", "rules": rules(self.intents)})
        return StoryGraph(steps).merge(super().get_stories(exclusion_percentage))

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the training questions, read at the first call."""
        if language not in self._questions:
            marked = [each for file in self._marked for each in marked_messages(Path(file))]
            told = [each for file in self._told for each in told_stories(Path(file))]
            found = super().get_nlu_data(language)
            self._questions[language] = TrainingData(
                [
                    *(Example(each.data) for each in found.training_examples),
                    *(Example(each.data) for each in as_examples(marked)),
                    *(Example({TEXT: story, TOLD: True}) for story in told),
                ],
                found.entity_synonyms,
                found.regex_features,
                found.lookup_tables,
                found.responses,
            )
        return self._questions[language]


def rules(declared: Intents) -> list[dict[str, Any]]:
    """Return the rules that intents.yml stands for, as Rasa's YAML files write them."""
    actions = {name: intent.actions for name, intent in declared.items()}
    return [
        {"rule": name, "steps": [{"intent": name}, *({"action": each} for each in due)]}
        for name, due in {**actions, FALLBACK: (FALLBACK_ACTION,)}.items()
    ]
