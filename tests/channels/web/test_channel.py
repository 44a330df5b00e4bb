"""The web channel's protocol on a real server, without a model behind it."""

import asyncio
import json
import time
import uuid

import httpx
import jwt
import pytest
import socketio
from rasa.core.channels.channel import UserMessage

from preceptor.channels import inbox
from preceptor.channels.output import channel_seals
from preceptor.conversation.cards import SourceLink
from preceptor.conversation.choices import Choice, Page, Seals, Show
from preceptor.conversation.choices import Restart as Clear
from preceptor.conversation.replies import Image, Reply, as_custom
from preceptor.runtime.secrets import derived_key
from preceptor.runtime.settings import Rate, Settings, WebSettings
from tests.support.web import (
    SOCKET_PATH,
    EchoAgent,
    RunningServer,
    Widget,
    new_token,
    until,
    widget,
)

HOST = "https://school.example"
IDENTITY_SECRET = "a host site's secret that is long enough"
SESSION = "/webhooks/web/session"
POLL = {"EIO": "4", "transport": "polling"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = RunningServer(
        Settings(home=tmp_path_factory.mktemp("home")),
        WebSettings(
            origins=frozenset({HOST}),
            identity_secret=IDENTITY_SECRET,
            proxies=1,
            # Refilled so slowly that a busy machine makes no difference.
            messages_per_minute=Rate(6, 12),
            address_sessions_per_minute=Rate(60, 300),
        ),
        EchoAgent(),
    )
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def fresh_agent(server):
    server.agent.__init__()


@pytest.fixture
def http(server):
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client


def identity(secret: str = IDENTITY_SECRET, **claims) -> str:
    return jwt.encode({"sub": "student-7", "exp": time.time() + 600, **claims}, secret, "HS256")


def own_claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def signed(server, **claims) -> str:
    key = derived_key(server.settings, "web token")
    return jwt.encode({"aud": "preceptor-web", **claims}, key, "HS256")


# -- what is said ------------------------------------------------------------------------------


async def test_what_a_person_says_is_acknowledged_shown_and_answered(server) -> None:
    async with widget(server.url) as one:
        assert await one.say("hello") == {"ok": True, "seq": 1}
        await until(lambda: one.heard[-1:] == [("typing", {"on": False})])
        assert [event for event, _ in one.heard] == ["message", "typing", "message", "typing"]
        assert one.texts() == ["You said hello"]


async def test_a_message_has_every_key_of_the_protocol(server) -> None:
    server.agent.replies = [
        {
            "custom": as_custom(
                Reply(
                    lead="Look.",
                    body=("And here.",),
                    steps=("One.",),
                    remarks=("Prices change.",),
                    sources=(SourceLink(title="A", url="javascript:alert(1)", date="2026"),),
                    choices=(
                        Choice(title="More", payload=Page(offset=3)),
                        Choice(title="Page", url="https://example.org"),
                        Choice(title="Bad", url="javascript:alert(1)"),
                        Choice(title="Yes"),
                    ),
                    image=Image(url="https://example.org/a.png", alt="A chart"),
                )
            )
        }
    ]
    async with widget(server.url) as one:
        said = str(uuid.uuid4())
        await one.say("hello", said)
        mine, answer = await until(lambda: len(one.messages) == 2 and one.messages)
    assert mine.pop("at") and answer.pop("at")
    assert mine == {
        "seq": 1,
        "kind": "text",
        "from": "person",
        "id": said,
        "text": "hello",
        "reply": None,
        "buttons": [],
        "image": None,
        "rating": None,
    }
    sealed = answer["buttons"][0].pop("payload")
    assert answer == {
        "seq": 2,
        "kind": "text",
        "from": "advisor",
        "id": None,
        "text": "Look.\nAnd here.\n• One.\nPrices change.\nSource: A (2026) javascript:alert(1)",
        "reply": {
            "lead": "Look.",
            "body": ["And here."],
            "steps": ["One."],
            "card": None,
            "remarks": ["Prices change."],
            "sources": [{"title": "A", "url": None, "date": "2026"}],
            "language": "en",
        },
        "buttons": [
            {"title": "More"},
            {"title": "Page", "url": "https://example.org"},
            {"title": "Yes"},
        ],
        "image": {"url": "https://example.org/a.png", "alt": "A chart"},
        "rating": None,
    }
    conversation = f"web:{own_claims(one.token)['sub']}"
    assert channel_seals(server.settings).open(sealed, conversation) == Page(offset=3)


# -- what is chosen --------------------------------------------------------------------------------


async def offered(server, one, *choices: Choice) -> list[dict]:
    """Have the advisor offer choices, and return the buttons as the widget gets them."""
    server.agent.replies = [{"custom": as_custom(Reply(lead="Choose.", choices=choices))}]
    await one.say("what now?")
    buttons = await until(lambda: one.messages and one.messages[-1]["buttons"])
    server.agent.replies = None
    return buttons


async def test_a_click_shows_the_title_and_does_what_its_payload_says(server) -> None:
    async with widget(server.url) as one:
        (button,) = await offered(server, one, Choice(title="Details", payload=Show(program="p1")))
        await one.say(button["title"], payload=button["payload"])
        await until(lambda: len(server.agent.chosen) == 2)
        assert server.agent.chosen == [None, {"do": "show", "program": "p1"}]
        assert one.texts("person")[-1] == "Details"


async def test_programmes_that_were_ticked_are_compared_and_no_others(server) -> None:
    async with widget(server.url) as one:
        shows = [Choice(title=p, payload=Show(program=p)) for p in ("p1", "p2", "p3", "p4")]
        payloads = [each["payload"] for each in await offered(server, one, *shows)]
        for picked in ([0, 2], [3, 1, 2]):
            await one.say("Compare", payload=[payloads[n] for n in picked])
        await until(lambda: len(server.agent.chosen) == 3)
        assert [each["programs"] for each in server.agent.chosen[1:]] == [
            ["p1", "p3"],
            ["p4", "p2", "p3"],
        ]
        # One alone, and one twice, are no comparison.
        for payload in (payloads[:1], payloads[:1] * 2, [payloads[0], "forged"]):
            await one.say("Compare", payload=payload)
        await until(lambda: len(server.agent.chosen) == 6)
        assert server.agent.chosen[3:] == [None] * 3


async def test_a_payload_that_was_not_sealed_for_the_conversation_is_read_as_its_title(
    server,
) -> None:
    async with widget(server.url) as one, widget(server.url) as other:
        (button,) = await offered(server, one, Choice(title="Start over", payload=Clear()))
        forged = [
            button["payload"],
            button["payload"][:-1] + ("A" if button["payload"][-1] != "A" else "B"),
            Seals(b"another secret, which is long enough").seal(
                Clear(), f"web:{own_claims(other.token)['sub']}"
            ),
            '{"do": "restart"}',
            "/restart",
            "starter:no_such_intent",
            "",
        ]
        for payload in forged:
            await other.say("Start over", payload=payload)
        await until(lambda: len(server.agent.chosen) == 1 + len(forged))
        assert set(map(str, server.agent.chosen)) == {"None"}
        assert server.agent.said[-1][1] == "Start over"
        await one.say("Start over", payload=button["payload"])
        await until(lambda: server.agent.chosen[-1] == {"do": "restart"})


async def test_a_starter_needs_no_seal_and_begins_anew(server) -> None:
    async with widget(server.url) as one:
        await one.say("Why?", payload="starter:ask_why_intern")
        await one.say("starter:ask_why_intern")
        await until(lambda: len(server.agent.chosen) == 2)
        assert server.agent.chosen == [
            {"do": "ask", "intent": "ask_why_intern", "afresh": True},
            None,
        ]


async def test_the_shortlist_can_be_asked_for_without_ending_the_search(server) -> None:
    async with widget(server.url) as one:
        payload = (await one.ask("sync", {"after": 0}))["shortlist"]
        await one.say("My shortlist", payload=payload)
        await until(lambda: server.agent.chosen)
        assert server.agent.chosen == [{"do": "ask", "intent": "show_shortlist", "afresh": False}]


def test_long_polling_works_as_well(server, http) -> None:
    sid = json.loads(http.get(SOCKET_PATH + "/", params=POLL).text[1:])["sid"]
    here = {**POLL, "sid": sid}
    auth = json.dumps({"token": new_token(server.url)})
    assert http.post(SOCKET_PATH + "/", params=here, content=f"40{auth}").text == "OK"
    assert http.get(SOCKET_PATH + "/", params=here).text.startswith("40")
    said = json.dumps(["say", {"id": str(uuid.uuid4()), "text": "hello"}])
    assert http.post(SOCKET_PATH + "/", params=here, content=f"427{said}").text == "OK"
    packets: list[str] = []
    while not any("You said hello" in packet for packet in packets):
        packets += http.get(SOCKET_PATH + "/", params=here).text.split("\x1e")
    assert '437[{"ok":true,"seq":1}]' in packets


async def test_polling_is_upgraded_to_a_websocket(server) -> None:
    async with widget(server.url, transports=["polling", "websocket"]) as one:
        await until(lambda: one.client.transport() == "websocket")
        await one.say("hello")
        await until(lambda: one.texts() == ["You said hello"])


async def test_the_same_id_again_gets_the_same_acknowledgement_and_no_second_answer(server) -> None:
    async with widget(server.url) as one:
        said = str(uuid.uuid4())
        first, second = await asyncio.gather(one.say("hello", said), one.say("hello", said))
        assert first == second == await one.say("hello", said) == {"ok": True, "seq": 1}
        await one.say("bye")
        await until(lambda: one.texts() == ["You said hello", "You said bye"])
        assert server.agent.said[-2:] == [(server.agent.said[-1][0], "hello")] + [
            (server.agent.said[-1][0], "bye")
        ]


async def test_a_conversation_has_one_turn_at_a_time_in_the_order_of_its_messages(server) -> None:
    async with widget(server.url) as one:
        said = [f"slow {number}" for number in range(5)]
        for text in said:
            await one.say(text)
        await until(lambda: len(one.texts()) == 5)
        assert one.texts() == [f"You said {text}" for text in said]
        assert [each["seq"] for each in one.messages] == list(range(1, 11))
        assert set(server.agent.most_at_once.values()) == {1}


async def test_conversations_are_answered_side_by_side(server) -> None:
    server.agent.hold = asyncio.Event()
    async with widget(server.url) as one, widget(server.url) as other:
        await one.say("hold on")
        await other.say("hello")
        await until(lambda: other.texts() == ["You said hello"])
        assert one.texts() == []
        server.loop.call_soon_threadsafe(server.agent.hold.set)
        await until(lambda: one.texts() == ["You said hold on"])


async def test_typed_slashes_are_plain_text(server) -> None:
    async with widget(server.url) as one:
        await one.say('/restart{"search_country": "KE"}')
        await until(lambda: one.texts())
        assert server.agent.said[-1][1] == 'restart{"search_country": "KE"}'
        assert one.texts("person") == ['/restart{"search_country": "KE"}']


async def test_a_turn_that_breaks_is_answered_in_words(server) -> None:
    async def fail(_: UserMessage) -> None:
        raise RuntimeError("no")

    server.agent.handle_message = fail
    try:
        async with widget(server.url) as one:
            await one.say("hello")
            await until(lambda: one.texts() and "something went wrong" in one.texts()[0])
    finally:
        del server.agent.handle_message


# -- history -------------------------------------------------------------------------------------


async def test_what_was_missed_while_away_is_there_in_order_and_once(server) -> None:
    token = new_token(server.url)
    async with widget(server.url, token) as one:
        await one.say("slow first")
    async with widget(server.url, token) as again:
        await again.say("second")
        await until(lambda: len(again.texts()) >= 1 and again.texts()[-1] == "You said second")
        everything = await again.sync()
        assert [each["seq"] for each in everything] == [1, 2, 3, 4]
        assert sorted(each["text"] for each in everything) == sorted(
            ["slow first", "You said slow first", "second", "You said second"]
        )
        assert [each["seq"] for each in await again.sync(2)] == [3, 4]
        assert await again.sync(4) == []


async def test_a_long_history_comes_in_pages(server) -> None:
    server.agent.replies = [{"text": f"line {number}"} for number in range(250)]
    async with widget(server.url) as one:
        await one.say("much")
        await until(lambda: len(one.texts()) == 250)
        page = await one.ask("sync", {"after": 0})
        assert (len(page["messages"]), page["more"]) == (200, True)
        page = await one.ask("sync", {"after": 200})
        assert (len(page["messages"]), page["more"]) == (51, False)


async def test_every_widget_of_a_conversation_hears_everything(server) -> None:
    token = new_token(server.url)
    async with widget(server.url, token) as one, widget(server.url, token) as other:
        await one.say("hello")
        await until(lambda: len(other.messages) == 2 and len(one.messages) == 2)
        assert other.messages == one.messages


async def test_ratings_are_kept_shown_everywhere_and_taken_back(server) -> None:
    token = new_token(server.url)
    async with widget(server.url, token) as one, widget(server.url, token) as other:
        await one.say("hello")
        await until(lambda: one.texts())
        assert await one.ask("rate", {"seq": 2, "rating": "up"}) == {"ok": True}
        await until(lambda: ("rated", {"seq": 2, "rating": "up"}) in other.heard)
        assert [each["rating"] for each in await other.sync()] == [None, "up"]
        assert (await one.ask("rate", {"seq": 2, "rating": None}))["ok"]
        assert [each["rating"] for each in await other.sync()] == [None, None]
        refused = await one.ask("rate", {"seq": 1, "rating": "up"})
        assert (refused["ok"], refused["code"]) == (False, "bad_request")


# -- who may ---------------------------------------------------------------------------------------


async def refusal_of(url: str, token) -> dict:
    made = Widget(url, token)
    errors: list = []
    made.client.on("connect_error", errors.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await made.connect()
    await made.client.disconnect()
    return errors[0]


async def test_a_connection_needs_a_token(server) -> None:
    for token in (None, "", 5, {"a": 1}, "x" * 5000, "not.a.token"):
        assert (await refusal_of(server.url, token))["data"]["code"] == "token"


async def test_a_forged_or_foreign_token_is_refused(server) -> None:
    claims = own_claims(new_token(server.url))
    unsigned = jwt.encode(claims, None, "none")
    forged = jwt.encode(claims, "somebody else's key, which is long enough", "HS256")
    from_host = jwt.encode(claims, IDENTITY_SECRET, "HS256")
    other_purpose = jwt.encode(claims, derived_key(server.settings, "slack token"), "HS256")
    other_audience = jwt.encode(
        {**claims, "aud": "other"}, derived_key(server.settings, "web token"), "HS256"
    )
    for token in (unsigned, forged, from_host, other_purpose, other_audience):
        assert (await refusal_of(server.url, token))["data"]["code"] == "token"


async def test_an_expired_token_is_refused_and_renewed_within_its_grace(server, http) -> None:
    claims = own_claims(new_token(server.url))
    expired = signed(server, sub=claims["sub"], exp=time.time() - 60)
    assert (await refusal_of(server.url, expired))["data"]["code"] == "expired"
    renewed = http.post(SESSION, json={"token": expired}).json()
    assert own_claims(renewed["token"])["sub"] == claims["sub"]
    assert 0 < renewed["renew_in"] < renewed["expires_in"]
    async with widget(server.url, renewed["token"]) as one:
        assert await one.sync() == []
    too_old = signed(server, sub=claims["sub"], exp=time.time() - 31 * 24 * 3600)
    answer = http.post(SESSION, json={"token": too_old})
    assert (answer.status_code, answer.json()["code"]) == (401, "expired")


async def test_nobody_reads_or_steers_anothers_conversation(server) -> None:
    async with widget(server.url) as victim, widget(server.url) as thief:
        await victim.say("my secret")
        await until(lambda: victim.texts())
        subject = own_claims(victim.token)["sub"]
        room = f"web:{subject}"
        for extra in ({"session_id": subject}, {"sender": room}, {"room": room}, {"sub": subject}):
            await thief.say("give it to me", **extra)
            assert (await thief.ask("sync", {"after": 0, **extra}))["messages"][0]["text"] != (
                "my secret"
            )
        for event in ("join", "enter_room", "session_request", "user_uttered"):
            await thief.client.emit(event, {"session_id": subject, "room": room, "message": "hi"})
        await until(lambda: len(thief.texts()) == 4)
        await victim.say("still mine")
        await until(lambda: len(victim.texts()) == 2)
        assert [each["text"] for each in await victim.sync()] == [
            "my secret",
            "You said my secret",
            "still mine",
            "You said still mine",
        ]
        assert "secret" not in json.dumps(thief.heard)
        assert room not in json.dumps([victim.heard, thief.heard])


def test_a_host_sites_user_gets_the_same_conversation_in_every_browser(server) -> None:
    first, second = (new_token(server.url, identity=identity()) for _ in range(2))
    other = new_token(server.url, identity=identity(sub="student-8"))
    assert own_claims(first)["sub"] == own_claims(second)["sub"] != own_claims(other)["sub"]
    assert "student" not in json.dumps(own_claims(first))
    renewed = new_token(server.url, token=first)
    assert own_claims(renewed)["until"] == own_claims(first)["until"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(identity("another secret that is also long enough"), id="another secret"),
        pytest.param(identity(exp=time.time() - 3600), id="expired"),
        pytest.param(identity(exp=time.time() + 2 * 3600), id="valid too long"),
        pytest.param(identity(exp=None), id="expires never"),
        pytest.param(identity(sub=""), id="nobody"),
        pytest.param(identity(nbf=time.time() + 3600), id="not yet valid"),
        pytest.param(jwt.encode({"sub": "student-7"}, IDENTITY_SECRET, "HS256"), id="no expiry"),
        pytest.param(
            jwt.encode({"exp": time.time() + 600}, IDENTITY_SECRET, "HS256"), id="no subject"
        ),
        pytest.param(
            jwt.encode({"sub": "student-7", "exp": time.time() + 600}, None, "none"), id="unsigned"
        ),
        "nothing",
        "",
    ],
)
def test_an_identity_that_does_not_count_is_refused(http, text) -> None:
    answer = http.post(SESSION, json={"identity": text})
    assert (answer.status_code, answer.json()["code"]) == (401, "identity")


# -- where from ------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://school.example", "x"])
def test_other_origins_are_refused_everywhere(http, origin) -> None:
    headers = {"Origin": origin}
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    for answer in (
        http.post(SESSION, json={}, headers=headers),
        http.options(SESSION, headers={**headers, "Access-Control-Request-Method": "POST"}),
        http.get(SOCKET_PATH + "/", params=POLL, headers=headers),
        http.post(SOCKET_PATH + "/", params={**POLL, "sid": "x"}, headers=headers),
        http.get(
            SOCKET_PATH + "/",
            params={"EIO": "4", "transport": "websocket"},
            headers={**headers, **upgrade},
        ),
    ):
        assert "access-control-allow-origin" not in answer.headers
        # Rasa answers every preflight itself, and allows nothing in it.
        assert answer.request.method == "OPTIONS" or answer.json()["code"] == "origin"


def test_pages_of_an_allowed_origin_and_of_our_own_may_read_the_answers(server, http) -> None:
    for origin in (HOST, server.url):
        headers = {"Origin": origin}
        preflight = http.options(
            SESSION,
            headers={
                **headers,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type",
            },
        )
        assert preflight.status_code in (200, 204)
        assert preflight.headers["access-control-allow-headers"] == "Content-Type"
        assert "POST" in preflight.headers["access-control-allow-methods"]
        for answer in (
            preflight,
            http.post(SESSION, json={}, headers=headers),
            http.post(SESSION, content=b"no", headers=headers),
            http.get(SOCKET_PATH + "/", params=POLL, headers=headers),
        ):
            assert answer.headers.get_list("access-control-allow-origin") == [origin]
            assert "Origin" in answer.headers["vary"]
            assert "access-control-allow-credentials" not in answer.headers


async def test_an_allowed_origin_connects_by_websocket_and_another_does_not(server) -> None:
    async with widget(server.url, headers={"Origin": HOST}) as one:
        assert await one.sync() == []
    other = Widget(server.url, new_token(server.url))
    with pytest.raises(socketio.exceptions.ConnectionError):
        await other.connect(headers={"Origin": "https://evil.example"})
    await other.client.disconnect()


# -- how much --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "payload", "code"),
    [
        ("say", None, "bad_request"),
        ("say", [], "bad_request"),
        ("say", "hello", "bad_request"),
        ("say", {"text": "hello"}, "bad_request"),
        ("say", {"id": "1", "text": "hello"}, "bad_request"),
        ("say", {"id": str(uuid.uuid4()), "text": 5}, "bad_request"),
        ("say", {"id": str(uuid.uuid4()), "text": " \n "}, "bad_request"),
        ("say", {"id": str(uuid.uuid4()), "text": "x" * 2001}, "too_large"),
        ("say", {"id": str(uuid.uuid4()), "text": "x", "payload": 5}, "bad_request"),
        ("say", {"id": str(uuid.uuid4()), "text": "x", "payload": "x" * 1001}, "bad_request"),
        ("say", {"id": str(uuid.uuid4()), "text": "x", "payload": ["x"] * 4}, "bad_request"),
        ("sync", {}, "bad_request"),
        ("sync", {"after": -1}, "bad_request"),
        ("sync", {"after": "0"}, "bad_request"),
        ("sync", {"after": 10**20}, "bad_request"),
        ("restart", {"id": None}, "bad_request"),
        ("rate", {"seq": 1, "rating": "great"}, "bad_request"),
        ("rate", {"seq": True, "rating": "up"}, "bad_request"),
    ],
)
async def test_a_bad_payload_is_refused_with_a_sentence(server, event, payload, code) -> None:
    async with widget(server.url) as one:
        answer = await one.ask(event, payload)
        assert (answer["ok"], answer["code"]) == (False, code)
        assert answer["error"].endswith(".")


async def test_the_longest_text_in_the_widest_letters_fits(server) -> None:
    async with widget(server.url) as one:
        # Six bytes each, as Python's JSON writes them.
        assert (await one.say("ع" * 2000))["ok"]
        await until(lambda: one.texts())


async def test_what_no_database_can_hold_is_dropped(server) -> None:
    async with widget(server.url) as one:
        await one.say("a\0b\ud800c")
        await until(lambda: one.texts())
        assert one.texts("person") == ["ab?c"]


async def test_a_frame_that_is_too_large_ends_the_connection_and_nothing_else(server) -> None:
    async with widget(server.url) as one, widget(server.url) as other:
        await one.client.emit("say", {"id": str(uuid.uuid4()), "text": "x" * 20_000})
        await until(lambda: not one.client.connected)
        await other.say("hello")
        await until(lambda: other.texts() == ["You said hello"])


def test_a_body_that_is_too_large_is_refused(http) -> None:
    answer = http.post(SESSION, content=b'{"token": "' + b"x" * 20_000 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    sid = json.loads(http.get(SOCKET_PATH + "/", params=POLL).text[1:])["sid"]
    answer = http.post(SOCKET_PATH + "/", params={**POLL, "sid": sid}, content=b"4" * 100_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b"5", b'{"token": 5}', b"[" * 10_000])
def test_a_bad_body_is_refused_with_a_sentence(http, body) -> None:
    answer = http.post(SESSION, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_too_many_messages_at_once_are_refused_with_when_to_try_again(server) -> None:
    async with widget(server.url) as one, widget(server.url) as other:
        answers = [await one.say("hello") for _ in range(13)]
        assert [answer["ok"] for answer in answers] == [True] * 12 + [False]
        assert answers[-1]["code"] == "rate_limited"
        assert 0 < answers[-1]["retry_after"] <= 10
        assert f"wait {answers[-1]['retry_after']} second" in answers[-1]["error"]
        assert (await other.say("hello"))["ok"]
        await until(lambda: len(one.texts()) == 12)


async def test_more_than_may_wait_is_refused_at_once_in_words(server, monkeypatch) -> None:
    monkeypatch.setattr(inbox, "MOST_IN_A_LANE", 2)
    server.agent.hold = asyncio.Event()
    async with widget(server.url) as one, widget(server.url) as other:
        answers = [await one.say(f"hold {n}") for n in range(3)]
        assert [answer["ok"] for answer in answers] == [True, True, False]
        assert answers[-1]["code"] == "unavailable" and answers[-1]["retry_after"] > 0
        assert "try again" in answers[-1]["error"]
        assert (await other.say("hello"))["ok"]
        await until(lambda: other.texts())
        server.loop.call_soon_threadsafe(server.agent.hold.set)
        await until(lambda: len(one.texts()) == 2)


async def test_a_school_of_300_behind_one_address_is_answered(tmp_path) -> None:
    running = RunningServer(Settings(home=tmp_path), WebSettings(), EchoAgent())

    async def pupil(number: int) -> None:
        token = await asyncio.to_thread(new_token, running.url)
        async with widget(running.url, token) as one:
            assert (await one.say(f"question {number}"))["ok"]
            await until(lambda: one.texts() == [f"You said question {number}"], 120)

    try:
        await asyncio.gather(*map(pupil, range(300)))
    finally:
        running.stop()


def test_one_address_gets_so_many_sessions_and_others_still_get_theirs(http) -> None:
    mine = {"X-Forwarded-For": "6.6.6.6, 192.0.2.1"}
    let_through = 0
    while (answer := http.post(SESSION, json={}, headers=mine)).status_code == 200:
        let_through += 1
        assert let_through < 1000
    assert let_through >= 300
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1
    assert answer.json()["code"] == "rate_limited"
    # Only what our own proxy has added counts, not what the client wrote before it.
    forged = {"X-Forwarded-For": "7.7.7.7, 192.0.2.1"}
    assert http.post(SESSION, json={}, headers=forged).status_code == 429
    other = {"X-Forwarded-For": "192.0.2.2"}
    assert http.post(SESSION, json={}, headers=other).status_code == 200


def test_the_channel_is_healthy_while_there_is_a_model(server, http) -> None:
    assert http.get("/webhooks/web/").json() == {"status": "ok"}
    server.agent.ready = False
    assert http.get("/webhooks/web/").status_code == 503
