"""No text is too much to read: what reading does is bounded, whatever the text says."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.reading import LONG, PATTERNS, texts
from preceptor.nlu import reading, tokens
from preceptor.nlu.intents.features import Ngrams
from preceptor.nlu.questions.cuts import cuts_of, is_story, parts_of
from preceptor.nlu.reading import read
from preceptor.nlu.spelling import Corrector, Mender
from preceptor.nlu.tokens import LONGEST_RUN, MOST_TOKENS, OPAQUE, tokens_of

WORST = texts(LONG)
# Any characters, and more of those that spaCy splits off, joins or leaves alone.
PIECES = st.sampled_from(
    [*PATTERNS, " ", "\n", "a", "1", "-", "'", "\u0301", "\u200d", "https://a.b/", "we'll", "e.g."]
) | st.text(min_size=1, max_size=6)
LONG_TEXTS = st.builds(
    lambda pieces, times: ("".join(pieces) * times)[:LONG],
    st.lists(PIECES, min_size=1, max_size=8),
    st.integers(1, 2000),
)


@pytest.fixture
def given_to_spacy(monkeypatch):
    """The texts that spaCy's tokenizer was asked to split."""
    seen = []
    nlp = tokens.blank_english()

    def make_doc(text):
        seen.append(text)
        return nlp.make_doc(text)

    monkeypatch.setattr(
        tokens, "blank_english", lambda: SimpleNamespace(make_doc=make_doc, vocab=nlp.vocab)
    )
    return seen


def check_tokens(text: str) -> None:
    doc = tokens_of(text)
    assert doc.text == text
    assert len(doc) <= MOST_TOKENS
    assert all(text[t.idx : t.idx + len(t.text)] == t.text for t in doc)
    assert all(t.norm_ == OPAQUE for t in doc if len(t.text) > LONGEST_RUN)


@pytest.mark.parametrize("name", WORST)
def test_spacy_gets_no_long_run_of_characters(given_to_spacy, name):
    check_tokens(WORST[name])
    runs = [run for text in given_to_spacy for run in text.split()]
    assert all(len(run) <= LONGEST_RUN for run in runs)
    assert sum(map(len, given_to_spacy)) <= LONG


@settings(max_examples=150, deadline=None)
@given(LONG_TEXTS)
def test_tokens_of_any_text_are_the_text_and_few(text):
    check_tokens(text)


def test_a_long_list_without_blanks_is_still_taken_apart():
    text = "surgery,paediatrics,kenya,tanzania,4weeks,under2000usd"
    words = [token.text for token in tokens_of(text)]
    assert {"paediatrics", "kenya", "tanzania", "4", "weeks"} <= set(words)


def test_a_link_is_one_token():
    link = "https://example.org/a/very/long/path/that/goes/on/to/kenya"
    assert [t.text for t in tokens_of(f"see {link} please")] == ["see", link, "please"]


def test_the_start_and_the_end_of_an_essay_are_read():
    doc = tokens_of("surgery in Kenya? " + "we had a lovely time. " * 360 + "What does it cost?")
    words = [token.norm_ for token in doc]
    assert words[:3] == ["surgery", "in", "kenya"] and words[-3:-1] == ["it", "cost"]
    assert words.count(OPAQUE) == 1 and len(words) == MOST_TOKENS


@settings(max_examples=100, deadline=None)
@given(LONG_TEXTS)
def test_parts_of_any_text_are_few(text):
    doc = tokens_of(text)
    assert len(cuts_of(doc)) <= 4
    cuts, parts = parts_of(doc)
    assert len(parts) <= (25 if is_story(doc) else 15)
    assert not (is_story(doc) and cuts)


@pytest.mark.parametrize("name", WORST)
def test_a_reading_of_any_text_is_small(models, linker, name):
    found = read(WORST[name], models, linker)
    assert len(found.entities) <= reading.MOST_ENTITIES
    assert len(found.gloss or "") <= reading.LONGEST_GLOSS
    assert 1 <= len(found.questions) <= 3 or found.language or found.safety


def test_a_word_that_is_none_is_not_compared_with_others():
    assert Mender(["kenya"]).mend("k" * 5000) is None
    corrector = Corrector.learn(["how long is an internship"] * 12)
    words = "how long is an intrenship"
    assert corrector.correct([f"{words} {'x' * 5000}"]) == [
        f"how long is an internship {'x' * 5000}"
    ]
    assert corrector._mended.cache_info().currsize == len(words.split())


def test_an_essay_of_typos_is_not_mended():
    corrector = Corrector.learn(["how long is an internship"] * 12)
    text = "how long is an intrenship " * 101
    assert corrector.correct([text]) == [text]


def test_what_is_no_word_has_no_pieces():
    ngrams = Ngrams.fit(["aaaa bbbb"] * 2, words=[1, 2], characters=[2, 5], min_df=2)
    short, long = ngrams.rows(["aabb"]), ngrams.rows(["aabb" * 800])
    assert short.nnz > 3 and long.nnz == 0
