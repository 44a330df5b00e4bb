"""Training questions, test questions, topics and model agree with each other."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from preceptor.intents import intents
from preceptor.nlu.questions.annotated import FILES, marked_messages
from preceptor.nlu.questions.cuts import is_story
from preceptor.nlu.tokens import tokens_of
from tests.support.advisor import Advisor
from tests.support.dialogues import raw_names
from tests.support.tiny_project import ROOT

MIN_TRAINING = 80
MIN_TEST = 25
yaml = YAML(typ="safe")

DOMAIN = yaml.load((ROOT / "domain.yml").read_text("utf-8"))


def questions(folder: Path) -> list[tuple[str, str]]:
    """Return (intent, question) of every file of training data below a folder."""
    return [each for path in sorted(folder.rglob("*.yml")) for each in questions_of(path)]


def questions_of(path: Path) -> list[tuple[str, str]]:
    """Return (intent, question) of one file."""
    found = []
    for block in (yaml.load(path.read_text("utf-8")) or {}).get("nlu") or []:
        for line in block["examples"].splitlines() if "intent" in block else ():
            found.append((block["intent"], line.strip().removeprefix("-").strip()))
    return [(intent, question) for intent, question in found if question]


def read_languages() -> tuple[list[str], list[tuple[str, str]]]:
    """Return the English training questions, and the others as (language, question)."""
    english, foreign = [], []
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        asked = [question for _, question in questions_of(path)]
        if path.parent.name == "languages":
            foreign += [(path.stem, question) for question in asked]
        elif path.stem != "other_languages":
            english += asked
    return english, foreign


TRAINING = questions(ROOT / "data" / "nlu")
MARKED = [
    message for path in sorted((ROOT / "data").glob(FILES)) for message in marked_messages(path)
]
TWO_QUESTIONS = yaml.load((ROOT / "tests" / "two_questions.yml").read_text("utf-8"))["messages"]
TEST = questions(ROOT / "tests" / "nlu")
EVERYDAY = questions(ROOT / "tests" / "nlu_everyday")
OTHER_LANGUAGES = questions(ROOT / "tests" / "nlu_languages")


def plain(question: str) -> str:
    words = [t.norm_ for t in tokens_of(question) if not (t.is_punct or t.is_space)]
    return " ".join(words) or question


TRAINED = {name for name, intent in intents().items() if intent.trained}


# Messages that test these stand in tests/safety, by kind.
BY_KIND = {"report_assault", "report_exposure", "report_fever", "report_beyond_competence"}


@pytest.mark.parametrize(
    ("asked", "least", "elsewhere"),
    [(TRAINING, MIN_TRAINING, set()), (TEST, MIN_TEST, BY_KIND)],
    ids=["training", "test"],
)
def test_every_intent_has_enough_questions(asked, least, elsewhere):
    counts = Counter(intent for intent, _ in asked if intent not in elsewhere)
    assert set(counts) == TRAINED - elsewhere
    assert {intent: n for intent, n in counts.items() if n < least} == {}


def test_the_test_set_is_large_enough():
    assert len(TEST) >= 900


def test_training_and_test_share_no_message():
    known = {plain(question) for _, question in TRAINING}
    known |= {plain(message.text) for message in MARKED}
    asked = [question for _, question in [*TEST, *EVERYDAY, *OTHER_LANGUAGES]]
    asked += [message["text"] for message in TWO_QUESTIONS]
    assert sorted(question for question in asked if plain(question) in known) == []


def test_marked_messages_ask_what_there_is_to_ask_and_no_message_stands_twice():
    declared = intents()
    never_first = {*declared.in_group("small_talk", "safety", "refusal")}
    never_later = {*never_first, *declared.in_group("reaction")}
    for message in MARKED:
        assert set(message.intents) <= {*declared}, message
        assert len(set(message.intents)) == len(message.intents), message
        if len(message.intents) > 1:
            assert message.intents[0] not in never_first, message
            assert not set(message.intents[1:]) & never_later, message
    counts = Counter(plain(message.text) for message in MARKED)
    assert [text for text, count in counts.items() if count > 1] == []


def test_marked_messages_are_cut_at_their_bars():
    several = [m for m in MARKED if len(m.intents) > 1 and not is_story(tokens_of(m.text))]
    # Parts of a message that is not cut there touch each other.
    cut = [m for m in several if all(a[1] < b[0] for a, b in pairwise(m.parts))]
    assert len(cut) > 0.95 * len(several) > 800


def test_no_message_has_two_intents():
    meanings: dict[str, set[str]] = {}
    alone = [(message.intents[0], message.text) for message in MARKED if len(message.intents) == 1]
    for intent, question in [*TRAINING, *alone, *TEST, *EVERYDAY]:
        meanings.setdefault(plain(question), set()).add(intent)
    assert {q: sorted(i) for q, i in meanings.items() if len(i) > 1} == {}


def test_every_kind_of_out_of_scope_has_its_words():
    words = yaml.load((ROOT / "actions" / "words.yml").read_text("utf-8"))
    kinds = {path.stem for path in (ROOT / "data" / "nlu" / "out_of_scope").glob("*.yml")}
    assert kinds and {f"decline_{kind}" for kind in kinds} <= set(words)


@pytest.mark.parametrize("name", sorted(TRAINED))
def test_the_question_of_an_intent_is_read_as_that_intent(advisor: Advisor, name):
    assert advisor.intent_of(intents()[name].question) == name


def test_what_a_person_may_meet_twice_has_two_wordings():
    for name, wordings in DOMAIN["responses"].items():
        assert len(wordings) > 1, name


def test_answers_are_short_and_name_nothing_internal():
    for name, wordings in DOMAIN["responses"].items():
        for wording in wordings:
            assert len(wording["text"].split()) <= 95, name
            assert raw_names(wording["text"]) == []
