"""The web channel's parts by themselves: settings, rate limits, what a message shows."""

import pytest

from preceptor.channels import rate_limit
from preceptor.channels.rate_limit import RateLimit
from preceptor.channels.web.output import reply_of, safe_url
from preceptor.conversation.cards import ContactItem, ContactsCard, SourceLink
from preceptor.runtime.settings import Complaint, Rate, load_web_settings


class Clock:
    """A clock that stands still until told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_settings_are_read_and_typed(set_environment) -> None:
    set_environment(
        PRECEPTOR_WEB_ORIGINS=" https://A.example , http://localhost:8000/ ,",
        PRECEPTOR_WEB_IDENTITY_SECRET="x" * 32,
        PRECEPTOR_WEB_PROXIES="1",
        PRECEPTOR_WEB_GRACE_DAYS="2",
        PRECEPTOR_WEB_KEEP_DAYS="2",
    )
    settings = load_web_settings({"token_minutes": 10, "keep_days": 7, "messages_per_minute": 12})
    assert settings.origins == {"https://a.example", "http://localhost:8000"}
    day = 24 * 3600
    assert (settings.token_seconds, settings.grace_seconds) == (600, 2 * day)
    # What credentials.yml says counts more than the environment.
    assert settings.keep_seconds == 7 * day
    assert settings.messages_per_minute == Rate(12, 4)
    assert settings.address_messages_per_minute == Rate(600, 200)
    assert settings.proxies == 1
    assert "xxx" not in repr(settings)


@pytest.mark.parametrize(
    ("credentials", "environ", "sentence"),
    [
        ({"tokens": 1}, {}, 'gives the web channel "tokens"'),
        ({"token_minutes": "60"}, {}, "must be a whole number"),
        ({"token_minutes": True}, {}, "must be a whole number"),
        ({"keep_days": 0}, {}, "from 1 to 3650"),
        ({}, {"PRECEPTOR_WEB_ORIGINS": "*"}, "an origin is written like"),
        ({}, {"PRECEPTOR_WEB_ORIGINS": "school.example"}, "an origin is written like"),
        ({}, {"PRECEPTOR_WEB_ORIGINS": "https://a.example/path"}, "an origin is written like"),
        ({}, {"PRECEPTOR_WEB_IDENTITY_SECRET": "short"}, "shorter than 32"),
        ({}, {"PRECEPTOR_WEB_PROXIES": "-1"}, "number of proxies"),
        ({}, {"PRECEPTOR_WEB_PROXIES": "many"}, "number of proxies"),
        ({}, {"PRECEPTOR_WEB_KEEP_DAYS": "0"}, 'PRECEPTOR_WEB_KEEP_DAYS is "0"; it must be'),
        ({}, {"PRECEPTOR_WEB_MESSAGES_PER_MINUTE": "few"}, "a whole number from 1 to 6000"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    credentials, environ, sentence, set_environment
) -> None:
    set_environment(**environ)
    with pytest.raises(Complaint) as complaint:
        load_web_settings(credentials)
    assert sentence in complaint.value.message


def test_a_burst_is_let_through_and_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(Rate(60, 3), clock)
    assert [limit.wait_for("a") for _ in range(3)] == [0, 0, 0]
    assert limit.wait_for("a") == pytest.approx(1)
    assert limit.wait_for("b") == 0
    clock.now += 0.5
    assert limit.wait_for("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert limit.wait_for("a") == 0
    assert limit.wait_for("a") == pytest.approx(1)
    clock.now += 3600
    assert [bool(limit.wait_for("a")) for _ in range(4)] == [False, False, False, True]


def test_the_memory_of_limits_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(rate_limit, "KEYS_KEPT", 10)
    limit = RateLimit(Rate(60, 1), Clock())
    for number in range(1000):
        limit.wait_for(str(number))
    assert len(limit._full_at) == 10


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
