"""What a message of the web channel shows."""

import pytest

from preceptor.channels.output import read_reply, safe_url
from preceptor.channels.web.output import logged
from preceptor.conversation.cards import (
    ContactItem,
    ContactsCard,
    ProgramCard,
    ProgramListCard,
    Row,
    SourceLink,
)
from preceptor.conversation.choices import Choice, Save, Seals, Show
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Image, Reply
from tests.support.replies import program

SEALS = Seals(b"k" * 32)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "https://a.example/\n.b",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "/local",
        "https://[",
        "",
        None,
        5,
    ],
)
def test_an_address_that_could_run_or_read_is_dropped(address) -> None:
    assert safe_url(address) is None
    if not isinstance(address, str):
        return
    source = SourceLink(title="A", url=address, date=None)
    contact = ContactItem(label="A", phone=None, url=None, details=None, source=source)
    card = ContactsCard(contacts=[contact])
    choices = (Choice(title="x", url=address),)
    reply = Reply(lead="Look.", card=card, choices=choices, image=Image(url=address))
    content = logged(reply, "web:a", SEALS).content
    assert {"image", "buttons"}.isdisjoint(content)
    assert content["reply"]["card"]["contacts"][0]["source"]["url"] is None


def test_usual_addresses_are_kept() -> None:
    for address in ("https://a.example/b?c=d#e", "http://a", "mailto:a@b.example", "tel:+112"):
        assert safe_url(address) == address


def test_programmes_carry_what_their_buttons_do() -> None:
    card = ProgramListCard(programs=[program(id="p1"), program(id="p2")], offset=0, total=2)
    content = logged(Reply(lead="Two fit.", card=card), "web:a", SEALS).content
    shown = content["reply"]["card"]["programs"]
    assert [SEALS.open(each["choices"]["show"], "web:a") for each in shown] == [
        Show(program="p1"),
        Show(program="p2"),
    ]
    assert SEALS.open(shown[1]["choices"]["save"], "web:a") == Save(program="p2")
    assert SEALS.open(shown[1]["choices"]["save"], "web:b") is None
    detail = ProgramCard(program=program(), rows=[Row(label="Where", value="Kandy")])
    content = logged(Reply(card=detail), "web:a", SEALS).content
    assert set(content["reply"]["card"]["program"]["choices"]) == {"show", "save"}


def test_rewording_every_sentence_changes_no_part() -> None:
    def shape(value):
        if isinstance(value, dict):
            return {key: shape(one) for key, one in value.items()}
        return [shape(one) for one in value] if isinstance(value, list) else type(value)

    card = ProgramListCard(programs=[program(id="p1"), program(id="p2")], offset=0, total=2)
    reply = Reply(lead="Two fit.", body=("1. Not a list.",), remarks=("Source: x",), card=card)
    loud = Reply(
        **{
            **reply.dict(),
            "lead": "TWO FIT: 1. ONE\n   TWO",
            "body": ("NOTHING IS A LABEL: HERE",),
            "remarks": ("• SHOUTED",),
        }
    )
    plain, shouted = (logged(each, "web:a", SEALS).content["reply"] for each in (reply, loud))
    assert shape(plain) == shape(shouted)
    assert plain["card"]["programs"][0]["name"] == shouted["card"]["programs"][0]["name"]


@pytest.mark.parametrize(
    ("custom", "text"),
    [
        ({"type": "new", "text": "Read me."}, "Read me."),
        ({"data": {"message": "x"}, "title": "Title"}, "Title"),
        ({"type": "program_list"}, '{"type": "program_list"}'),
        (["a", 1], '["a", 1]'),
        ("plain", "plain"),
        ({"reply": {"lead": "Read me.", "card": {"type": "hologram"}}}, "Read me."),
        ({"reply": {"lead": "Read me.", "mood": "newer than this server"}}, "Read me."),
        ({"reply": "what?"}, "what?"),
    ],
)
def test_an_unknown_payload_becomes_its_text(custom, text) -> None:
    reply = read_reply({"custom": custom})
    assert reply is not None and plain_text(reply) == text


def test_a_text_beside_an_unknown_payload_is_enough() -> None:
    reply = read_reply({"text": "Here.", "custom": {"type": "new"}})
    assert reply == Reply(lead="Here.")


def test_a_plain_response_keeps_its_paragraphs_buttons_and_picture() -> None:
    reply = read_reply(
        {
            "text": "One.\n\nTwo.",
            "buttons": [{"title": "Go", "payload": "/go"}, {"title": "See", "url": "https://a"}],
            "image": "https://a.example/x.png",
        }
    )
    assert reply == Reply(
        lead="One.",
        body=("Two.",),
        choices=(Choice(title="Go"), Choice(title="See", url="https://a")),
        image=Image(url="https://a.example/x.png"),
    )


def test_a_reply_with_nothing_to_show_is_none() -> None:
    assert read_reply({"text": " ", "buttons": [{"title": ""}, "x"], "custom": None}) is None
