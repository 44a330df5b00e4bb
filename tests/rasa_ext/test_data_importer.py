"""How the project's files are read for Rasa."""

import copy

from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.message import Message

from preceptor.rasa_ext.data_importer import Example, FileImporter

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
    config = {"importers": [{"name": "preceptor.rasa_ext.data_importer.FileImporter"}]}
    importer = TrainingDataImporter.load_from_dict(config, training_data_paths=[str(tmp_path)])
    assert len(importer.get_nlu_data().intent_examples) == 2


def test_an_example_has_the_hash_that_rasa_gives_it():
    data = {"text": "hello", "intent": "greet", "metadata": {"intent": {"kind": "plain"}}}
    example = Example(data)
    assert example.fingerprint() == Message(data).fingerprint()
    for intent in ("greet", "goodbye", "goodbye", "greet"):
        example.set("intent", intent)
        assert example.fingerprint() == Message({**data, "intent": intent}).fingerprint()
    assert example == Message(data)
    example.set("response", None)
    assert example.fingerprint() == Message({**data, "response": None}).fingerprint()


def test_a_copy_of_an_example_changes_by_itself():
    example = Example({"text": "hello", "metadata": {"intent": {"kind": "plain"}}})
    before = example.fingerprint()
    copied = copy.deepcopy(example)
    assert isinstance(copied, Example)
    assert copied.fingerprint() == before
    copied.data["metadata"]["intent"]["kind"] = "other"
    copied.set("text", "hi", add_to_output=True)
    copied.set("language", "en", add_to_output=True)
    assert example.data == {"text": "hello", "metadata": {"intent": {"kind": "plain"}}}
    assert "language" not in example.output_properties
    assert example.fingerprint() == before
    assert copied.fingerprint() == Message(copied.data).fingerprint() != before
