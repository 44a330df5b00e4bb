"""How the project's files are read for Rasa."""

from rasa.shared.importers.importer import TrainingDataImporter

from preceptor.nlu.importer import FileImporter

QUESTIONS = """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - good morning
"""


def test_training_questions_are_read_once(tmp_path):
    (tmp_path / "nlu.yml").write_text(QUESTIONS, "utf-8")
    importer = FileImporter(training_data_paths=[str(tmp_path)])
    read = importer.get_nlu_data()
    assert [e.get("text") for e in read.intent_examples] == ["hello", "good morning"]
    assert importer.get_nlu_data("en") is read


def test_rasa_takes_the_importer_from_the_configuration(tmp_path):
    (tmp_path / "nlu.yml").write_text(QUESTIONS, "utf-8")
    config = {"importers": [{"name": "preceptor.nlu.importer.FileImporter"}]}
    importer = TrainingDataImporter.load_from_dict(config, training_data_paths=[str(tmp_path)])
    assert len(importer.get_nlu_data().intent_examples) == 2
