"""Replies as Block Kit, held against slack-sdk's models and Slack's documented limits."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preceptor.channels.slack import home
from preceptor.channels.slack.blocks import Rendered, rated, render, without_choices
from preceptor.channels.slack.payloads import Sealer
from preceptor.conversation.cards import (
    ComparisonCard,
    ComparisonRow,
    ContactItem,
    ContactsCard,
    FactItem,
    FactsCard,
    LicensingCard,
    Price,
    ProgramCard,
    ProgramItem,
    ProgramListCard,
    SourceLink,
)
from tools.slack_simulator.limits import message_problems, view_problems

SEALER = Sealer(b"k" * 32)
SOURCE = SourceLink(title="Work the World", url="https://a.example/kandy", date="2026-11")


def program(**more: Any) -> ProgramItem:
    values: dict[str, Any] = {
        "id": "p1", "name": "Nursing in Kandy", "organisation": "Work the World",
        "listing": "open_call", "place": "Kandy, Sri Lanka", "specialties": ["Nursing"],
        "kind": "elective", "who_for": None, "min_weeks": 2, "max_weeks": 12,
        "price": Price(minor=148500, currency="USD", basis="advertised_from", date="2026-11",
                       covers=None, shown="from USD 1,485 (advertised starting price)"),
        "languages": ["English"], "accommodation": "yes", "start_dates": None, "notes": [],
        "source": SOURCE,
    }  # fmt: skip
    return ProgramItem(**{**values, **more})


def shown(reply: dict[str, Any], **more: Any) -> Rendered:
    done = render(reply, SEALER, "n0", **more)
    for blocks in (done.blocks, done.fallback or done.blocks):
        assert message_problems({"text": done.text, "blocks": blocks}) == []
    return done


def kinds(blocks: list[dict[str, Any]]) -> list[str]:
    return [block["type"] for block in blocks]


def buttons(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [e for b in blocks if b["type"] == "actions" for e in b["elements"]]


LIST_TEXT = (
    "2 programmes fit nursing in Sri Lanka:\n"
    "1. Nursing in Kandy\n   Kandy, Sri Lanka · 2 to 12 weeks\n   https://a.example/kandy\n"
    "2. Care in Galle\n   Galle, Sri Lanka · length not given\n"
    "Prices are as published."
)


def a_list(offset: int = 0, total: int = 2, count: int = 2) -> dict[str, Any]:
    card = ProgramListCard(
        programs=[program(id=f"p{n}") for n in range(count)], offset=offset, total=total
    )
    return {"text": LIST_TEXT, "custom": card.dict(), "buttons": []}


def test_plain_words_are_a_section_and_the_text() -> None:
    done = shown({"text": "Why not? <b>&</b> <!channel>", "buttons": []})
    assert done.text == "Why not? &lt;b&gt;&amp;&lt;/b&gt; &lt;!channel&gt;"
    assert done.blocks[0]["text"]["text"] == done.text
    assert done.fallback == []


def test_a_list_is_a_carousel_with_lead_and_remark_around_it() -> None:
    done = shown(a_list())
    assert kinds(done.blocks) == ["section", "carousel", "section", "context"]
    assert done.blocks[0]["text"]["text"].startswith("2 programmes fit")
    assert done.blocks[2]["text"]["text"] == "Prices are as published."
    card = done.blocks[1]["elements"][0]
    assert card["title"]["text"] == "1. Nursing in Kandy"
    assert "2 to 12 weeks" in card["body"]["text"] and "USD 1,485" in card["body"]["text"]
    assert "Nursing in Kandy" in done.text and "https://a.example/kandy" in done.text


def test_where_slack_has_no_carousel_the_list_is_sections() -> None:
    done = shown(a_list(), rating="c")
    assert {"carousel", "card", "context_actions"}.isdisjoint(kinds(done.fallback))
    assert [b["text"]["text"] for b in buttons(done.fallback)].count("Details") == 2
    assert "carousel" not in kinds(shown(a_list(), native=False).blocks)
    assert shown(a_list(), native=False).fallback == []


def test_a_further_page_counts_on_and_may_replace_the_one_before() -> None:
    done = shown(a_list(offset=3, total=9))
    assert done.is_page and not shown(a_list()).is_page
    assert done.blocks[1]["elements"][0]["title"]["text"].startswith("4. ")
    assert "Showing 4 to 5 of 9" in str(done.blocks[-1])


def test_a_programmes_buttons_say_which_programme() -> None:
    card = shown(a_list()).blocks[1]["elements"][0]
    details, save, page = card["actions"]
    assert SEALER.opened("say", details["value"]) == (
        "Tell me about Nursing in Kandy by Work the World"
    )
    assert SEALER.opened("say", save["value"]) == (
        "Save Nursing in Kandy by Work the World to my shortlist"
    )
    assert page["url"] == "https://a.example/kandy" and "value" not in page
    assert details["accessibility_label"] == "Details: Nursing in Kandy"


def test_details_have_bold_labels_and_the_source_as_small_print() -> None:
    text = "Nursing in Kandy\nWhere: Kandy\nPrice: not published\nSource: https://a.example/kandy"
    done = shown({"text": text, "custom": ProgramCard(program=program()).dict(), "buttons": []})
    assert done.blocks[0]["text"]["text"] == "*Nursing in Kandy*"
    assert done.blocks[1]["text"]["text"] == "*Where:* Kandy\n*Price:* not published"
    assert "<https://a.example/kandy|Work the World>, 2026-11" in str(done.blocks[-1])


def test_a_comparison_is_a_table_or_sections() -> None:
    rows = [ComparisonRow(label="Where", cells=["Kandy", "Galle"])]
    card = ComparisonCard(programs=[program(), program(id="p2", name="Care in Galle")], rows=rows)
    done = shown({"text": "Side by side:\n1. A\n2. B", "custom": card.dict(), "buttons": []})
    table = next(b for b in done.blocks if b["type"] == "table")
    assert [cell["text"] for cell in table["rows"][1]] == ["Where", "Kandy", "Galle"]
    assert "table" not in kinds(done.fallback)
    assert "*Where:* Galle" in str(done.fallback)


def test_licensing_facts_and_contacts_show_their_sources() -> None:
    licensing = LicensingCard(
        country="KE", country_name="Kenya", local_name=None, required="yes", min_months=12,
        max_months=12, regulator="KMPDC", regulator_url=None, source=SOURCE,
    )  # fmt: skip
    facts = FactsCard(facts=[FactItem(text="It helps.", source=SOURCE)] * 2)
    contacts = ContactsCard(
        contacts=[
            ContactItem(label="Emergency", phone="999", url=None, details=None, source=SOURCE)
        ]
    )
    for card in (licensing, facts, contacts):
        done = shown({"text": "Words.", "custom": card.dict(), "buttons": []})
        small = [b for b in done.blocks if b["type"] == "context"]
        assert len(small) == 1 and len(small[0]["elements"]) == 1
    assert "*Emergency:* 999" in str(done.blocks)


def test_up_to_five_quick_replies_are_buttons_and_more_a_select() -> None:
    five = [{"title": f"Reply {n}", "payload": f"say {n}"} for n in range(5)]
    done = shown({"text": "Choose.", "buttons": five})
    assert [SEALER.opened("say", b["value"]) for b in buttons(done.blocks)] == [
        f"say {n}" for n in range(5)
    ]
    six = [*five, {"title": "Reply 5", "payload": "say 5"}]
    (select,) = buttons(shown({"text": "Choose.", "buttons": six}).blocks)
    assert select["type"] == "static_select" and len(select["options"]) == 6


def test_long_sentences_do_not_fit_a_select_and_stay_buttons() -> None:
    many = [{"title": f"Reply {n}", "payload": f"{n} " + "long " * 60} for n in range(30)]
    done = shown({"text": "Choose.", "buttons": many})
    assert len(buttons(done.blocks)) == 30
    assert kinds(done.blocks).count("actions") == 2


def test_a_link_is_a_button_and_anything_else_in_its_place_is_none() -> None:
    links = [
        {"title": "Open", "url": "https://a.example/"},
        {"title": "Bad", "url": "javascript:alert(1)"},
    ]
    (button,) = buttons(shown({"text": "Read on.", "buttons": links}).blocks)
    assert button["url"] == "https://a.example/"


def test_a_card_that_cannot_be_read_leaves_the_words() -> None:
    for custom in ({"type": "program_list", "programs": "x"}, {"type": "new"}, {"text": "x"}):
        assert kinds(shown({"text": "Words.", "custom": custom, "buttons": []}).blocks) == [
            "section"
        ]


def test_an_answer_can_be_rated_and_shared() -> None:
    done = shown({"text": "Words.", "buttons": []}, rating="slack:T:U", share="id")
    (feedback,) = [b for b in done.blocks if b["type"] == "context_actions"]
    up = feedback["elements"][0]["positive_button"]["value"]
    assert SEALER.opened("rate", up) == "up slack:T:U"
    (share,) = [b for b in buttons(done.blocks) if b["action_id"] == "share"]
    assert SEALER.opened("share", share["value"]) == "id"
    assert len(buttons(done.fallback)) == 3


def test_a_choice_takes_the_quick_replies_place() -> None:
    done = shown({"text": "Choose.", "buttons": [{"title": "A & B", "payload": "a"}]}, rating="c")
    block_id = next(b["block_id"] for b in done.blocks if b["type"] == "actions")
    left = without_choices(done.blocks, block_id, "A & B")
    assert message_problems({"text": "x", "blocks": left}) == []
    assert kinds(left) == ["section", "context", "context_actions"]
    assert "You chose: A &amp; B" in str(left)


def test_a_plain_rating_takes_the_buttons_place() -> None:
    done = shown({"text": "Words.", "buttons": []}, rating="c", native=False)
    left = rated(done.blocks, done.blocks[-1]["block_id"])
    assert kinds(left) == ["section", "context"]


def test_the_home_shows_shortlist_and_search() -> None:
    saved = [{"id": "p", "name": "Nursing <Kandy>", "url": "https://a.example/"}, {"id": "q"}]
    view = home.view(saved, "surgery in Kenya", SEALER, "n0")
    assert view_problems(view) == []
    assert "<https://a.example/|Nursing &lt;Kandy&gt;>" in str(view)
    assert "surgery in Kenya" in str(view)
    empty = home.view([], None, SEALER, "n1")
    assert view_problems(empty) == []
    assert "Empty." in str(empty)


words = st.text(
    alphabet=st.one_of(
        st.sampled_from("<>&*_|` \nab:1."), st.characters(exclude_categories=["Cs"])
    ),
    max_size=4_000,
)
short = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=400)
addresses = st.one_of(st.none(), short, short.map(lambda s: "https://a.example/" + s))
sources = st.builds(
    SourceLink, title=st.one_of(st.none(), short), url=addresses, date=st.one_of(st.none(), short)
)
programs = st.builds(
    program, name=short, organisation=short, place=short, source=sources,
    specialties=st.lists(short, max_size=4), price=st.none(),
    min_weeks=st.one_of(st.none(), st.integers(1, 60)),
)  # fmt: skip
cards = st.one_of(
    st.none(),
    st.builds(
        ProgramListCard, programs=st.lists(programs, max_size=12), offset=st.integers(0, 50),
        total=st.integers(0, 99),
    ),
    st.builds(ProgramCard, program=programs),
    st.builds(
        ComparisonCard, programs=st.lists(programs, min_size=2, max_size=3),
        rows=st.lists(
            st.builds(ComparisonRow, label=short, cells=st.lists(words, max_size=4)), max_size=9
        ),
    ),
    st.builds(
        FactsCard, facts=st.lists(st.builds(FactItem, text=short, source=sources), max_size=12)
    ),
    st.builds(
        ContactsCard,
        contacts=st.lists(
            st.builds(
                ContactItem, label=short, phone=st.one_of(st.none(), short), url=addresses,
                details=st.one_of(st.none(), words), source=sources,
            ),
            max_size=8,
        ),
    ),
)  # fmt: skip
replies = st.lists(
    st.fixed_dictionaries(
        {"title": st.text(max_size=200), "payload": st.text(max_size=2_500)},
        optional={"url": addresses},
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(words, cards, replies, st.booleans())
def test_whatever_is_said_keeps_to_slacks_limits(
    text: str, card: Any, offered: list[dict[str, Any]], native: bool
) -> None:
    reply = {"text": text, "custom": card.dict() if card else None, "buttons": offered}
    shown(reply, rating="slack:T:U", share="id", native=native)


@pytest.mark.parametrize("purpose", ["rate", "say", "share"])
def test_a_seal_is_good_for_its_purpose_and_its_words(purpose: str) -> None:
    value = SEALER.seal(purpose, "Compare: these")
    assert SEALER.opened(purpose, value) == "Compare: these"
    assert SEALER.opened("other", value) is None
    assert SEALER.opened(purpose, value + "!") is None
    assert Sealer(b"x" * 32).opened(purpose, value) is None
    for foreign in (None, 5, "", ":", "Compare: these", "é:x"):
        assert SEALER.opened(purpose, foreign) is None
