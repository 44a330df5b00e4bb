"""Reads the project's files for Rasa, training questions once a training."""

from __future__ import annotations

from pathlib import Path

from rasa.shared.data import get_data_files
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData

from preceptor.nlu.marked import FILES, as_examples, marked_messages


class FileImporter(RasaFileImporter):
    """Rasa's own importer, but it keeps the training questions that it has read.

    Rasa asks twice, for the domain and for the pipeline, and reads and validates all YAML files
    each time: seconds for ten thousand questions. What it gets it copies, so both may have the
    same. It reads messages with several questions as well (`preceptor.nlu.marked`).
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
            questions = super().get_nlu_data(language)
            self._questions[language] = questions.merge(TrainingData(as_examples(marked)))
        return self._questions[language]
