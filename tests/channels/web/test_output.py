"""What a message of the web channel shows."""

import pytest

from preceptor.channels.web.output import reply_of, safe_url
from preceptor.conversation.cards import ContactItem, ContactsCard, SourceLink


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
    reply = reply_of(
        {"text": "Look.", "buttons": [{"title": "x", "url": address}], "image": address}
    )
    assert reply is not None and "image" not in reply.content
    assert not any("url" in button for button in reply.content.get("buttons", []))


def test_usual_addresses_are_kept() -> None:
    for address in ("https://a.example/b?c=d#e", "http://a", "mailto:a@b.example", "tel:+112"):
        assert safe_url(address) == address


def test_a_card_keeps_its_shape_and_loses_bad_addresses() -> None:
    source = SourceLink(title="A", url="javascript:alert(1)", date=None)
    card = ContactsCard(
        contacts=[
            ContactItem(
                label="Help", phone="112", url="https://a.example", details=None, source=source
            )
        ]
    )
    reply = reply_of({"text": "Call 112.", "custom": card.dict()})
    assert reply is not None and reply.text == "Call 112."
    shown = reply.content["card"]
    assert shown["type"] == "contacts"
    assert shown["contacts"][0]["url"] == "https://a.example"
    assert shown["contacts"][0]["source"]["url"] is None


@pytest.mark.parametrize(
    ("custom", "text"),
    [
        ({"type": "new", "text": "Read me."}, "Read me."),
        ({"data": {"message": "x"}, "title": "Title"}, "Title"),
        ({"type": "program_list"}, '{"type": "program_list"}'),
        (["a", 1], '["a", 1]'),
        ("plain", "plain"),
    ],
)
def test_an_unknown_payload_becomes_its_text(custom, text) -> None:
    reply = reply_of({"custom": custom})
    assert reply is not None and (reply.text, reply.content) == (text, {})


def test_a_text_beside_an_unknown_payload_is_enough() -> None:
    reply = reply_of({"text": "Here.", "custom": {"type": "new"}})
    assert reply is not None and reply.text == "Here."


def test_elements_and_attachments_become_texts_buttons_and_an_image() -> None:
    reply = reply_of(
        {
            "elements": [
                {"title": "One", "subtitle": "first", "buttons": [{"title": "Go"}]},
                {"title": "Two"},
            ],
            "attachment": {"type": "image", "payload": {"src": "https://a.example/x.png"}},
        }
    )
    assert reply is not None
    assert reply.text == "One\nfirst\n\nTwo"
    assert reply.content["buttons"] == [{"title": "Go", "text": "Go"}]
    assert reply.content["image"]["url"] == "https://a.example/x.png"


def test_a_reply_with_nothing_to_show_is_none() -> None:
    assert reply_of({"text": " ", "buttons": [{"title": ""}, "x"], "custom": None}) is None
