"""Between Slack's markup and plain words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preceptor.channels.slack.mrkdwn import (
    cut,
    cut_mrkdwn,
    first_mention,
    in_parts,
    link,
    mentions,
    mrkdwn,
    plain_of,
)

_anything = st.characters(exclude_categories=["Cs"])
texts = st.text(alphabet=st.one_of(st.sampled_from("<>&|*_~`@#! \nab."), _anything))


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("<@UBOT> surgery in Kenya", "surgery in Kenya"),
        ("<@UBOT|preceptor> hi", "hi"),
        ("ask <@U2|ann> too", "ask @ann too"),
        ("ask <@U2> too", "ask @someone too"),
        ("in <#C1|general>", "in #general"),
        ("see <https://a.example/> and <https://b.example/|b.example> too",
         "see https://a.example/ and b.example too"),
        ("read <https://a.example/x|this page>", "read this page (https://a.example/x)"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!channel> hi", "@channel hi"),
        ("<!here|here> hi", "here hi"),
        ("<!subteam^S1|@nurses>", "@nurses"),
        ("<!date^1392734382^{date}|18 February>", "18 February"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("   ", ""),
    ],
)  # fmt: skip
def test_markup_is_read_as_a_person_meant_it(markup: str, plain: str) -> None:
    assert plain_of(markup, "UBOT") == plain


def test_a_mention_is_of_one_user() -> None:
    assert mentions("hi <@UBOT|preceptor>", "UBOT")
    assert not mentions("hi <@UBOTTLE> UBOT", "UBOT")
    assert first_mention(" <@U2> and <@U3>") == "U2"
    assert first_mention("and <@U3>") is None


@given(texts)
def test_plain_text_shows_as_itself(text: str) -> None:
    # Raw brackets are those of links; the rest is escaped.
    shown = mrkdwn(text).replace("\u200b", "").replace("<", "").replace(">", "")
    plain = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert plain == text.replace("\u200b", "")


@given(texts)
def test_nothing_in_plain_text_calls_anybody(text: str) -> None:
    assert not re.search(r"<(?!https?://|mailto:|tel:)", mrkdwn(text))


@given(texts, st.integers(2, 60))
def test_cut_text_keeps_to_its_limit(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit
    assert len(cut_mrkdwn(text, max(limit, 6))) <= max(limit, 6)


def test_text_is_cut_after_a_word() -> None:
    assert cut("one two three four", 12) == "one two…"
    assert cut("one two", 7) == "one two"
    assert cut("x" * 20, 5) == "xxxx…"


@given(texts, st.integers(20, 80))
def test_parts_fit_and_lose_no_word(text: str, limit: int) -> None:
    parts = in_parts(text, limit)
    assert all(len(mrkdwn(part)) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_formatting_characters_in_plain_text_format_nothing() -> None:
    assert mrkdwn("*bold* snake_case 2 * 3").replace("\u200b", "|") == "*|bold|* snake_case 2 * 3"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(see https://a.example/b_c_d).", "(see <https://a.example/b_c_d>)."),
        ("https://a.example/x_(y)", "<https://a.example/x_(y)>"),
        ("https://a.example/?a=1&b=2", "<https://a.example/?a=1&amp;b=2>"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_addresses_are_links(text: str, shown: str) -> None:
    assert mrkdwn(text) == shown


def test_a_link_has_no_way_out_of_its_brackets() -> None:
    assert link("https://a.example/x", "a|b>c") == "<https://a.example/x|a/b&gt;c>"
    assert link("https://a.example/|x", "label") == "label"
    assert link("javascript:alert(1)", "label") == "label"
