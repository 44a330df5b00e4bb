"""Replies as Block Kit, held against slack-sdk's models and Slack's documented limits."""

from functools import partial
from secrets import token_hex
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preceptor.channels.slack import home
from preceptor.channels.slack.blocks import (
    RATING,
    SHARE,
    Rendered,
    Rendering,
    program_of,
    rated,
    render,
    without_choices,
)
from preceptor.conversation.cards import (
    ComparisonCard,
    ComparisonRow,
    ContactItem,
    ContactsCard,
    LicensingCard,
    ProgramCard,
    ProgramListCard,
    Row,
    SourceLink,
)
from preceptor.conversation.choices import (
    Ask,
    Choice,
    Compare,
    Page,
    Restart,
    Save,
    Seals,
    Show,
)
from preceptor.conversation.replies import Image, Reply
from tests.support.replies import SOURCE, program
from tools.slack_simulator.limits import message_problems, view_problems

SEALS = Seals(b"k" * 32)
HERE = "slack:T:U"


def shown(reply: Reply, *, native: bool = True, **more: Any) -> Rendered:
    done = render(reply, Rendering(SEALS, HERE, "n0", native), **more)
    for blocks in (done.blocks, done.fallback or done.blocks):
        assert message_problems({"text": done.text, "blocks": blocks}) == []
    return done


def kinds(blocks: list[dict[str, Any]]) -> list[str]:
    return [block["type"] for block in blocks]


def buttons(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [e for b in blocks if b["type"] == "actions" for e in b["elements"]]


def a_list(offset: int = 0, total: int = 2, **more: Any) -> Reply:
    programs = [program(id=f"p{n}", number=offset + n) for n in (1, 2)]
    card = ProgramListCard(programs=programs, offset=offset, total=total)
    return Reply(
        **{"lead": "2 programmes fit nursing.", "remarks": ("Prices are as published.",), **more},
        card=card,
    )


def test_plain_words_are_a_section_and_the_text() -> None:
    done = shown(Reply(lead="Why not? <b>&</b> <!channel>"))
    assert done.text == "Why not? &lt;b&gt;&amp;&lt;/b&gt; &lt;!channel&gt;"
    assert done.blocks[0]["text"]["text"] == done.text
    assert done.fallback == []


def test_every_part_of_a_reply_has_its_place() -> None:
    reply = Reply(
        lead="Yes.", body=("Because.",), steps=("Ask.", "Wait."), remarks=("Check it.",),
        sources=(SOURCE, SOURCE), image=Image(url="https://a.example/x.png", alt="A chart"),
        choices=(Choice(title="More", payload=Ask(intent="ask_timing")),),
    )  # fmt: skip
    done = shown(reply)
    assert kinds(done.blocks) == ["section", "section", "context", "image", "actions"]
    assert done.blocks[0]["text"]["text"] == "Yes.\nBecause.\n• Ask.\n• Wait."
    assert done.blocks[1]["text"]["text"] == "Check it."
    assert len(done.blocks[2]["elements"]) == 1
    assert done.blocks[3]["alt_text"] == "A chart"


def test_a_list_is_a_carousel_with_lead_and_remark_around_it() -> None:
    done = shown(a_list())
    assert kinds(done.blocks) == ["section", "carousel", "section", "context"]
    assert done.blocks[0]["text"]["text"].startswith("2 programmes fit")
    assert done.blocks[2]["text"]["text"] == "Prices are as published."
    card = done.blocks[1]["elements"][0]
    assert card["title"]["text"] == "1. Nursing in Kandy"
    assert "2 to 12 weeks" in card["body"]["text"] and "USD 1,485" in card["body"]["text"]
    assert "Nursing in Kandy" in done.text and "https://a.example/kandy" in done.text


def test_rewording_every_sentence_changes_no_block() -> None:
    loud = a_list(
        lead="1. TWO FIT\n   SOURCE: NONE", remarks=("2. WHERE: KANDY", "Source: https://x")
    )
    plain, shouted = shown(a_list()), shown(loud)
    assert kinds(plain.blocks) == kinds(shouted.blocks)
    assert plain.blocks[1] == shouted.blocks[1]
    assert kinds(plain.fallback) == kinds(shouted.fallback)


def test_where_slack_has_no_carousel_the_list_is_sections() -> None:
    done = shown(a_list(), rates=True)
    assert {"carousel", "card", "context_actions"}.isdisjoint(kinds(done.fallback))
    assert [b["text"]["text"] for b in buttons(done.fallback)].count("Details") == 2
    assert "carousel" not in kinds(shown(a_list(), native=False).blocks)
    assert shown(a_list(), native=False).fallback == []


def test_a_further_page_counts_on_and_may_replace_the_one_before() -> None:
    done = shown(a_list(offset=3, total=9))
    assert done.is_page and not shown(a_list()).is_page
    assert done.blocks[1]["elements"][0]["title"]["text"].startswith("4. ")
    assert "Showing 4 to 5 of 9" in str(done.blocks[-1])


def test_a_programmes_buttons_carry_its_id_and_say_its_name() -> None:
    card = shown(a_list()).blocks[1]["elements"][0]
    details, save, page = card["actions"]
    assert SEALS.open(details["value"], HERE) == Show(program="p1")
    assert SEALS.open(save["value"], HERE) == Save(program="p1")
    assert SEALS.open(save["value"], "slack:T:OTHER") is None
    assert page["url"] == "https://a.example/kandy" and "value" not in page
    assert details["accessibility_label"] == "Details: Nursing in Kandy"
    assert program_of(card["block_id"]) == "Nursing in Kandy"
    assert program_of("choices:n0:0") == program_of("None") == ""


def test_a_long_name_leaves_room_in_the_blocks_id() -> None:
    card = ProgramListCard(programs=[program(name="Nursing: a " + "long " * 99)], offset=0, total=1)
    (made,) = shown(Reply(card=card)).blocks[0]["elements"]
    assert program_of(made["block_id"]).startswith("Nursing: a long")


def test_details_have_bold_labels_and_the_source_as_small_print() -> None:
    rows = [Row(label="Where", value="Kandy"), Row(label="Price", value="not published: ask")]
    done = shown(Reply(card=ProgramCard(program=program(), rows=rows)))
    assert done.blocks[0]["text"]["text"] == "*Nursing in Kandy – Work the World*"
    assert done.blocks[1]["text"]["text"] == "*Where:* Kandy\n*Price:* not published: ask"
    assert "<https://a.example/kandy|Work the World>, 2026-11" in str(done.blocks[-1])


def test_a_comparison_is_a_table_or_sections() -> None:
    rows = [ComparisonRow(label="Where", cells=["Kandy", ""])]
    card = ComparisonCard(
        programs=[program(), program(id="p2", name="Care in Galle")], rows=rows, unknown="unknown"
    )
    done = shown(Reply(lead="Side by side:", card=card))
    table = next(b for b in done.blocks if b["type"] == "table")
    assert [cell["text"] for cell in table["rows"][1]] == ["Where", "Kandy", "unknown"]
    assert "table" not in kinds(done.fallback)
    assert "*Where:* unknown" in str(done.fallback)


def test_licensing_and_contacts_show_their_sources() -> None:
    licensing = LicensingCard(
        country="KE", country_name="Kenya", local_name=None, required="yes", min_months=12,
        max_months=12, length="12 months", regulator="KMPDC", regulator_url=None, source=SOURCE,
    )  # fmt: skip
    contacts = ContactsCard(
        contacts=[
            ContactItem(label="Emergency", phone="999", url=None, details=None, source=SOURCE)
        ]
    )
    for card in (licensing, contacts):
        done = shown(Reply(lead="Words.", card=card))
        small = [b for b in done.blocks if b["type"] == "context"]
        assert len(small) == 1 and len(small[0]["elements"]) == 1
    assert "*Emergency:* 999" in str(done.blocks)


def asks(count: int) -> tuple[Choice, ...]:
    payload = Ask(intent="ask_registration_requirement")
    return tuple(Choice(title=f"Choice {n}", payload=payload) for n in range(count))


def test_up_to_five_choices_are_buttons_and_more_a_select() -> None:
    done = shown(Reply(lead="Choose.", choices=asks(5)))
    assert [SEALS.open(b["value"], HERE) for b in buttons(done.blocks)] == [asks(1)[0].payload] * 5
    (select,) = buttons(shown(Reply(lead="Choose.", choices=asks(6))).blocks)
    assert select["type"] == "static_select" and len(select["options"]) == 6


def test_long_values_do_not_fit_a_select_and_stay_buttons() -> None:
    payload = Compare(programs=[token_hex(30) for _ in range(3)])
    many = tuple(Choice(title=f"Choice {n}", payload=payload) for n in range(30))
    done = shown(Reply(lead="Choose.", choices=many))
    assert len(buttons(done.blocks)) == 30
    assert kinds(done.blocks).count("actions") == 2


def test_a_choice_without_a_payload_can_be_clicked() -> None:
    for count in (1, 6):
        (element, *_) = buttons(
            shown(Reply(lead="Choose.", choices=(Choice(title="Yes"),) * count)).blocks
        )
        value = element.get("value") or element["options"][0]["value"]
        assert SEALS.open(value, HERE) is None


def test_a_link_is_a_button_and_anything_else_in_its_place_is_none() -> None:
    links = (
        Choice(title="Open", url="https://a.example/"),
        Choice(title="Bad", url="javascript:alert(1)"),
    )
    (button,) = buttons(shown(Reply(lead="Read on.", choices=links)).blocks)
    assert button["url"] == "https://a.example/"


def test_an_answer_can_be_rated_and_shared() -> None:
    done = shown(Reply(lead="Words."), rates=True, share="id")
    (feedback,) = [b for b in done.blocks if b["type"] == "context_actions"]
    up = feedback["elements"][0]["positive_button"]["value"]
    assert SEALS.signed(up, RATING) == ["up", HERE]
    (share,) = [b for b in buttons(done.blocks) if b["action_id"] == "share"]
    assert SEALS.signed(share["value"], SHARE) == "id"
    assert SEALS.signed(share["value"], RATING) is SEALS.open(share["value"], HERE) is None
    assert len(buttons(done.fallback)) == 3


def test_what_was_chosen_takes_the_choices_place() -> None:
    done = shown(
        Reply(lead="Choose.", choices=(Choice(title="A & B", payload=Restart()),)), rates=True
    )
    block_id = next(b["block_id"] for b in done.blocks if b["type"] == "actions")
    left = without_choices(done.blocks, block_id, "A & B")
    assert message_problems({"text": "x", "blocks": left}) == []
    assert kinds(left) == ["section", "context", "context_actions"]
    assert "You chose: A &amp; B" in str(left)


def test_a_plain_rating_takes_the_buttons_place() -> None:
    done = shown(Reply(lead="Words."), rates=True, native=False)
    left = rated(done.blocks, done.blocks[-1]["block_id"])
    assert kinds(left) == ["section", "context"]


def test_the_home_shows_shortlist_and_search() -> None:
    saved = [{"id": "p", "name": "Nursing <Kandy>", "url": "https://a.example/"}, {"id": "q"}]
    seal = partial(SEALS.seal, conversation=HERE)
    view = home.view(saved, "surgery in Kenya", seal, "n0")
    assert view_problems(view) == []
    assert "<https://a.example/|Nursing &lt;Kandy&gt;>" in str(view)
    assert "surgery in Kenya" in str(view)
    opened = [SEALS.open(each["value"], HERE) for each in buttons(view["blocks"])]
    starters = [Ask(intent=name, afresh=True) for name in home.STARTERS]
    assert opened == [*starters, Ask(intent="show_shortlist"), Page(offset=0)]
    empty = home.view([], None, seal, "n1")
    assert view_problems(empty) == []
    assert "Empty." in str(empty)


def test_the_words_of_a_suggested_prompt_are_its_starter() -> None:
    for prompt, name in zip(home.prompts(), home.STARTERS, strict=False):
        assert home.starter_in(prompt["message"]) == f"starter:{name}"
    assert home.starter_in("Why?") is None


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
    program, id=short, name=short, title=short, organisation=short, place=short, source=sources,
    specialties=st.lists(short, max_size=4), summary=st.tuples(short, short, short),
    number=st.one_of(st.none(), st.integers(1, 60)),
)  # fmt: skip
cards = st.one_of(
    st.none(),
    st.builds(
        ProgramListCard, programs=st.lists(programs, max_size=12), offset=st.integers(0, 50),
        total=st.integers(0, 99),
    ),
    st.builds(
        ProgramCard, program=programs,
        rows=st.lists(st.builds(Row, label=words, value=words), max_size=12),
    ),
    st.builds(
        ComparisonCard, unknown=words, programs=st.lists(programs, min_size=2, max_size=3),
        rows=st.lists(
            st.builds(ComparisonRow, label=short, cells=st.lists(words, max_size=4)), max_size=9
        ),
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
choices = st.builds(
    Choice,
    title=st.text(max_size=200),
    payload=st.one_of(
        st.none(), st.builds(Show, program=st.text(max_size=2_500)), st.just(Page(offset=3))
    ),
    url=addresses,
)
replies = st.builds(
    Reply, lead=words, body=st.lists(words, max_size=2), steps=st.lists(words, max_size=3),
    card=cards, remarks=st.lists(words, max_size=2), sources=st.lists(sources, max_size=12),
    choices=st.lists(choices, max_size=40),
    image=st.one_of(st.none(), st.builds(Image, url=short, alt=words)),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(replies, st.booleans())
def test_whatever_is_said_keeps_to_slacks_limits(reply: Reply, native: bool) -> None:
    shown(reply, rates=True, share="id", native=native)
