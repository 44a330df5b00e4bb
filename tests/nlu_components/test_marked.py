"""Training messages in which bars show where a question ends."""

from pathlib import Path

import numpy as np
import pytest
from rasa.shared.exceptions import RasaException

from preceptor.nlu.intents.classifier import DEFAULTS, IntentReader
from preceptor.nlu.intents.features import InParts
from preceptor.nlu.questions.annotated import (
    TOLD,
    Marked,
    as_examples,
    from_examples,
    marked_messages,
    told_stories,
)
from preceptor.nlu.questions.training import Question, draw
from preceptor.rasa_ext.data_importer import FileImporter


def write(folder: Path, *messages: str) -> Path:
    path = folder / "several_questions.yml"
    path.write_text("messages:\n" + "".join(f"- {each}\n" for each in messages), "utf-8")
    return path


def parts(message: Marked) -> list[tuple[str, str]]:
    said = [message.text[start:end] for start, end in message.parts]
    return list(zip(said, message.intents, strict=True))


@pytest.mark.parametrize(
    ("marked", "found"),
    [
        ("do I get paid | and how long is it", ["do I get paid", "how long is it"]),
        ("Is it safe? | Do they speak English?", ["Is it safe?", "Do they speak English?"]),
        ("price, | visa? |\\nand how early", ["price,", "visa?", "how early"]),
        ("hi, who can go, | also cost", ["hi, who can go,", "cost"]),
        ("is it worth it and why", ["is it worth it and why"]),
        # Nothing says there that a question begins.
        ("overseas good idea | whom do I ask", ["overseas good idea", " whom do I ask"]),
    ],
)
def test_parts_are_those_that_are_read(tmp_path, marked, found):
    names = [f"intent_{number}" for number in range(len(found))]
    path = write(tmp_path, f'{{text: "{marked}", intents: [{", ".join(names)}]}}')
    (message,) = marked_messages(path)
    assert message.text == marked.replace(" |", "").replace("\\n", "\n")
    assert parts(message) == list(zip(found, names, strict=True))


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('{text: "who | when", intents: [a]}', "2 parts and 1 intents"),
        ('{text: "who", intents: [a, b]}', "1 parts and 2 intents"),
        ('{text: "who"}', "needs a"),
        ('{text: "  ", intents: [a]}', "needs a"),
        ("just words", "needs a"),
        ("[", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(tmp_path, entry, told):
    with pytest.raises(RasaException, match=told) as error:
        marked_messages(write(tmp_path, entry))
    assert "several_questions.yml" in str(error.value)


def test_a_file_without_messages_is_told(tmp_path):
    path = tmp_path / "several_questions.yml"
    path.write_text("nlu: []\n", "utf-8")
    with pytest.raises(RasaException, match="messages"):
        marked_messages(path)


def test_they_reach_the_classifier_and_are_no_questions(tmp_path):
    write(tmp_path, '{text: "who can go | and when", intents: [who, when]}')
    (tmp_path / "nlu.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - hello\n', "utf-8"
    )
    read = FileImporter(training_data_paths=[str(tmp_path)]).get_nlu_data()
    assert [e.get("text") for e in read.intent_examples] == ["hello"]
    (message,) = from_examples(read.training_examples)
    assert parts(message) == [("who can go", "who"), ("when", "when")]
    assert from_examples(as_examples([message])) == [message]


def learnt(texts, labels, messages, folds, options):
    questions = list(map(InParts.whole, texts, labels))
    all_folds = [None] * len(questions) + folds
    return IntentReader.fit_and_read([*questions, *messages], all_folds, options)


def test_a_part_is_learnt_in_its_place_and_read_unseen():
    texts = ["what does it cost", "is it expensive", "when do I apply", "by what month"] * 5
    labels = ["cost", "cost", "when", "when"] * 5
    message = "when do I apply and for whom"
    places = [(0, 15), (20, 28)]
    several = InParts(message, places, ["when", "who"])
    options = {**DEFAULTS, "min_df": 1}
    reader, (unseen,) = learnt(texts, labels, [several], [0], options)
    assert list(reader.labels) == ["cost", "when", "who"]
    read = reader.probabilities([InParts(message, places)])
    assert [reader.labels[i] for i in np.argmax(read, axis=1)] == ["when", "who"]
    # Who has not learnt from the message knows the one label and not the other.
    assert unseen.shape == (2, 3)
    assert reader.labels[unseen[0].argmax()] == "when" and unseen[1].argmin() == 2


def test_what_is_not_labelled_is_read_and_not_learnt():
    texts, labels = ["what does it cost", "when do I apply"] * 5, ["cost", "when"] * 5
    message = InParts("cost and when", [(0, 13), (0, 4)], [None, "cost"])
    reader, (unseen,) = learnt(texts, labels, [message], [0], {**DEFAULTS, "min_df": 1})
    assert list(reader.labels) == ["cost", "when"] and unseen.shape == (2, 2)


def test_stories_reach_the_reader_and_are_no_questions(tmp_path):
    write(tmp_path, '{text: "who can go | and when", intents: [who, when]}')
    (tmp_path / "told_stories.yml").write_text("told_stories:\n- It rained. We sang.\n", "utf-8")
    (tmp_path / "nlu.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - hello\n', "utf-8"
    )
    read = FileImporter(training_data_paths=[str(tmp_path)]).get_nlu_data()
    assert [e.get("text") for e in read.intent_examples] == ["hello"]
    told = [e.get("text") for e in read.training_examples if e.get(TOLD)]
    assert told == ["It rained. We sang."]


@pytest.mark.parametrize("content", ["told_stories: []x", "stories: [a]", "told_stories: [1]", "["])
def test_a_bad_file_of_stories_is_told(tmp_path, content):
    path = tmp_path / "told_stories.yml"
    path.write_text(content + "\n", "utf-8")
    with pytest.raises(RasaException, match="told_stories.yml"):
        told_stories(path)


def questions() -> list[Question]:
    texts = ["what does it cost, please tell me", "is it paid? I have no money", "who can go"] * 40
    labels = ["ask_cost_and_funding", "ask_cost_and_funding", "ask_eligibility"] * 40
    return [
        Question(f"{text} {i}", label)
        for i, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]


def test_messages_of_another_fold_are_known_to_what_reads_a_message():
    texts, labels = ["what does it cost", "when do I apply"] * 5, ["cost", "when"] * 5
    messages = [InParts("who can go and when", [(0, 10)], ["who"]) for _ in range(2)]
    options = {**DEFAULTS, "min_df": 1}
    for folds, known in (([0, 1], True), ([0, 0], False)):
        reader, unseen = learnt(texts, labels, messages, folds, options)
        who = list(reader.labels).index("who")
        assert (unseen[0][0].argmax() == who) == known
        assert np.allclose(unseen[0], unseen[1], atol=1e-3)


def test_what_the_models_learn_from_is_in_folds():
    marked = [
        Marked("who can go and when", [(0, 10), (15, 19)], ["ask_eligibility", "ask_timing"]),
        Marked("who can go and how long", [(0, 10), (15, 23)], ["ask_eligibility", "ask_how_long"]),
    ]
    story = "It rained for weeks. " * 12
    plain, samples = draw(questions(), marked, [story], {"ask_eligibility"})
    assert {s.fold for s in samples if len(s.intents) > 1} == {0, 1}
    learnt = [s for s in samples if len(s.intents) == 1 and s.written]
    assert {q.text for q in plain} | {s.message.text for s in learnt} == {
        question.text for question in questions()
    }
    made = [s for s in samples if not s.written]
    assert {label for s in made for label in s.message.labels} == {None}
    assert made and all(sample.message.story for sample in made)
    fold = {s.message.text: s.fold for s in learnt}
    for sample in made:
        # The question itself is in the fold of the story around it.
        (own,) = (text for text in fold if f"{text}." in sample.message.text)
        assert fold[own] == sample.fold


def test_without_messages_of_several_questions_there_are_no_samples():
    assert draw(questions(), [], ["It rained."], {"ask_eligibility"}) == (questions(), [])
