"""The web channel's parts by themselves: settings, rate limits, what a message shows."""

import pytest

from preceptor.channels.output import read_reply, safe_url
from preceptor.channels.web import limits
from preceptor.channels.web.limits import Rate, RateLimit
from preceptor.channels.web.output import logged
from preceptor.channels.web.settings import WebSettings, load_web_settings
from preceptor.conversation.cards import (
    FactItem,
    FactsCard,
    ProgramCard,
    ProgramListCard,
    Row,
    SourceLink,
)
from preceptor.conversation.choices import Choice, Save, Seals, Show
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Image, Reply, as_custom
from preceptor.runtime.settings import Complaint
from tests.channels.replies import program

SEALS = Seals(b"k" * 32)


class Clock:
    """A clock that stands still until told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_without_settings_there_are_defaults() -> None:
    assert load_web_settings(None, {}) == WebSettings()


def test_settings_are_read_and_typed() -> None:
    settings = load_web_settings(
        {"token_minutes": 10, "keep_days": 7, "messages_per_minute": 12},
        {
            "PRECEPTOR_WEB_ORIGINS": " https://A.example , http://localhost:8000/ ,",
            "PRECEPTOR_WEB_IDENTITY_SECRET": "x" * 32,
            "PRECEPTOR_WEB_PROXIES": "1",
        },
    )
    assert settings.origins == {"https://a.example", "http://localhost:8000"}
    assert (settings.token_seconds, settings.keep_seconds) == (600, 7 * 24 * 3600)
    assert settings.messages == Rate(12, 4)
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
    ],
)
def test_a_setting_that_makes_no_sense_is_told(credentials, environ, sentence) -> None:
    with pytest.raises(Complaint) as told:
        load_web_settings(credentials, environ)
    assert sentence in told.value.message


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
    monkeypatch.setattr(limits, "KEYS_KEPT", 10)
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
    if not isinstance(address, str):
        return
    source = SourceLink(title="A", url=address, date=None)
    card = FactsCard(facts=[FactItem(text="It helps.", source=source)])
    choices = (Choice(title="x", url=address),)
    reply = Reply(lead="Look.", card=card, choices=choices, image=Image(url=address))
    content = logged(reply, "web:a", SEALS).content
    assert {"image", "buttons"}.isdisjoint(content)
    assert content["reply"]["card"]["facts"][0]["source"]["url"] is None


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
        ({"reply": "what?"}, '{"reply": "what?"}'),
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


def test_a_preface_stands_first() -> None:
    reply = read_reply({"custom": as_custom(Reply(lead="Yes.", steps=("a",))), "preface": "Sí."})
    assert reply == Reply(lead="Sí.", body=("Yes.",), steps=("a",))


def test_a_reply_with_nothing_to_show_is_none() -> None:
    assert read_reply({"text": " ", "buttons": [{"title": ""}, "x"], "custom": None}) is None
