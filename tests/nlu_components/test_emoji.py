"""Emoji that come as words, and what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preceptor.channels.clean_text import clean_text
from preceptor.nlu.emoji_codes import is_reaction, unicode_emoji


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":thumbsup:", "👍"),
        (":+1:", "👍"),
        (":+1::skin-tone-4:", "👍"),
        (":-1:", "👎"),
        (":thumbsup: thanks :pray:", "👍 thanks 🙏"),
        (":sob::sob:", "😭😭"),
        ("surgery in :flag-ke:", "surgery in 🇰🇪"),
        (":flag-tz: or :flag-pe:?", "🇹🇿 or 🇵🇪?"),
        (":us:", "🇺🇸"),
        (":flag-england:", "🇬🇧"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇬🇧"),
        (":one:", "1️⃣"),
        (":keycap_ten:", "🔟"),
        # No emoji.
        (":party-parrot:", ":party-parrot:"),
        ("at 10:30:45", "at 10:30:45"),
        ("a:b:c", "a:b:c"),
        ("std::vector::iterator", "std::vector::iterator"),
        ("hours: 9:00", "hours: 9:00"),
    ],
)
def test_shortcodes_become_characters(text, expected):
    assert unicode_emoji(text) == expected


def test_every_channel_gets_them():
    assert clean_text("surgery in :flag-ke:").text == "surgery in 🇰🇪"


def test_a_shortcode_makes_no_command():
    assert not clean_text(":skull: /restart").text.startswith("/")


@pytest.mark.parametrize(
    ("text", "reaction"),
    [
        (":+1:", True),
        ("👍", True),
        ("🎉 :tada: 🙏", True),
        ("👍🏾", True),
        (":party-parrot:", True),
        (":+1: thanks", False),
        ("1️⃣", False),
        (":two:", False),
        (":flag-ke:", False),
        ("🇰🇪", False),
        ("ok", False),
        ("", False),
        ("42", False),
    ],
)
def test_a_mere_reaction_is_told_from_an_answer(text, reaction):
    assert is_reaction(text) is reaction


@given(st.text(alphabet=":+-_ab1t👍humbsupflagke \u20e3") | st.text())
def test_converting_twice_changes_nothing(text):
    once = unicode_emoji(text)
    assert unicode_emoji(once) == once
