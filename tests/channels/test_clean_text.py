"""Cleaning what a person typed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.training_data.message import Message

from preceptor.channels.clean_text import CUT_NOTE, EMPTY_NOTE, LIMIT_CHARACTERS, clean_text

# Any code point, unpaired surrogates included, and more of those that cause trouble.
TROUBLE = st.sampled_from(
    list("/\\{}@\"' \t\n\r\0\x0b\x1b\x1f\x85\u200b\u200d\u202e\ufeff\u3164😀")
)
ANY_TEXT = st.text(TROUBLE | st.characters() | st.characters(categories=["Cs"]), max_size=300)
COMMANDS = st.builds(
    lambda before, name, after: before + name + after,
    st.text(st.sampled_from("/ \t\n\u200b\u00a0\u2060\ufeff\0"), max_size=12),
    st.sampled_from(["/restart", "/greet", '/greet{"a": "b"}', "/SetSlots(a=b)", "/greet@1.0"]),
    ANY_TEXT,
)


def is_taken_for_a_command(text: str) -> bool:
    message = Message({"text": text})
    return YAMLStoryReader.unpack_regex_message(message).get("intent") is not None


@settings(max_examples=1000, deadline=None)
@given(ANY_TEXT | COMMANDS)
def test_whatever_is_typed_rasa_gets_clean_text_or_the_person_a_note(text):
    cleaned = clean_text(text)
    assert not is_taken_for_a_command(cleaned.text)
    assert cleaned.text == cleaned.text.strip()
    assert "\n\n\n\n" not in cleaned.text
    assert all(char in "\n\t" or char.isprintable() or char.isspace() for char in cleaned.text) or (
        # Python calls unassigned and private characters unprintable; they may be new emoji.
        not set(cleaned.text) & set("\0\x1b\u200b\u202e\ufeff")
    )
    cleaned.text.encode("utf-8")
    assert (cleaned.note == EMPTY_NOTE) == (cleaned.text == "")


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT | COMMANDS)
def test_cleaning_twice_is_the_same_as_once(text):
    once = clean_text(text).text
    assert clean_text(once).text == once


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("/restart", "restart"),
        (" \u200b/ / /restart", "restart"),
        ('/SetSlots{"search_country": "KE"}', 'SetSlots{"search_country": "KE"}'),
        ("24/7 cover and/or nights?", "24/7 cover and/or nights?"),
        ("a\x00b\u202ec\ud800d", "abcd"),
        ("one\r\n\r\n\r\n\r\n\r\ntwo", "one\n\n\ntwo"),
        ("Kann ich nach München? 谢谢", "Kann ich nach München? 谢谢"),
        ("😀", "😀"),
        ("\u202bשלום\u202c", "שלום"),
    ],
)
def test_a_message_keeps_its_words_and_loses_its_tricks(typed, cleaned):
    assert clean_text(typed).text == cleaned


@pytest.mark.parametrize(
    "typed", ["", " \n\t", "\u200b\u200d", "/", "/ / /", "\0\0", "\u3164", "\ud800"]
)
def test_a_message_without_words_is_asked_for_some(typed):
    assert clean_text(typed).note == EMPTY_NOTE


def test_a_message_of_100_kb_is_cut_to_its_beginning_and_end():
    cleaned = clean_text("first " + "x" * 100_000 + " last")
    assert cleaned.text.startswith("first ") and cleaned.text.endswith(" last")
    assert len(cleaned.text) == LIMIT_CHARACTERS
    assert cleaned.note == CUT_NOTE


def test_a_message_at_the_limit_is_left_whole():
    assert clean_text("x" * LIMIT_CHARACTERS).note is None
