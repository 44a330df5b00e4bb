"""Reads the project's files for Rasa, training questions once a training."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from rasa.shared.data import get_data_files
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from preceptor.nlu.questions.annotated import FILES, as_examples, marked_messages


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
    """Rasa's own importer, but it keeps the training questions that it has read.

    Rasa asks twice, for the domain and for the pipeline, and reads and validates all YAML files
    each time: seconds for ten thousand questions. What it gets it copies, so both may have the
    same. It reads messages with several questions as well (`preceptor.nlu.questions.annotated`).
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

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the training questions, read at the first call."""
        if language not in self._questions:
            marked = [each for file in self._marked for each in marked_messages(Path(file))]
            found = super().get_nlu_data(language)
            self._questions[language] = TrainingData(
                [Example(each.data) for each in [*found.training_examples, *as_examples(marked)]],
                found.entity_synonyms,
                found.regex_features,
                found.lookup_tables,
                found.responses,
            )
        return self._questions[language]
