"""Reads the project's files for Rasa, training questions once a training."""

from __future__ import annotations

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData


class FileImporter(RasaFileImporter):
    """Rasa's own importer, but it keeps the training questions that it has read.

    Rasa asks twice, for the domain and for the pipeline, and reads and validates all YAML files
    each time: seconds for ten thousand questions. What it gets it copies, so both may have the
    same.
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

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the training questions, read at the first call."""
        if language not in self._questions:
            self._questions[language] = super().get_nlu_data(language)
        return self._questions[language]
