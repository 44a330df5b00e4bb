"""The fake Slack itself: it must refuse what Slack refuses, or the other tests prove little."""

import httpx
import pytest

from tools.slack_simulator import APP_TOKEN, MAIN, ONE, FakeSlack, Person, signed
from tools.slack_simulator.limits import message_problems, view_problems, wishes

TEXT = {"type": "mrkdwn", "text": "hello"}
PLAIN = {"type": "plain_text", "text": "hello"}


def section(text: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(**more) -> dict:
    return {"type": "button", "text": PLAIN, "action_id": "a", **more}


def actions(*elements: dict, **more) -> dict:
    return {"type": "actions", "elements": list(elements), **more}


def option(text: str, value: str) -> dict:
    return {"text": {"type": "plain_text", "text": text}, "value": value}


def select(*options: dict) -> dict:
    return {"type": "static_select", "action_id": "s", "options": list(options)}


def table(*rows: list[str]) -> dict:
    return {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows],
    }


def card(**more) -> dict:
    return {"type": "card", "title": TEXT, **more}


GOOD = {
    "section": section("x" * 3000),
    "actions": actions(button(value="v" * 2000, url="https://example.org/")),
    "select": actions(select(*(option(f"o{n}", str(n)) for n in range(100)))),
    "context": {"type": "context", "elements": [TEXT] * 10},
    "table": table(["a", "b"], ["c", "d"]),
    "carousel": {"type": "carousel", "elements": [card(body=TEXT)] * 10},
    "markdown": {"type": "markdown", "text": "**hello**"},
    "feedback": {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "rate",
                "positive_button": {"text": PLAIN, "value": "up"},
                "negative_button": {"text": PLAIN, "value": "down"},
            }
        ],
    },
}
BAD = {
    "a section of 3,001 characters": section("x" * 3001),
    "an empty text": section(""),
    "a button's text of 76": actions(
        button(text={"type": "plain_text", "text": "x" * 76}),
    ),
    "a button's text in mrkdwn": actions(button(text=TEXT)),
    "a button's value of 2,001": actions(button(value="v" * 2001)),
    "a button's address that is none": actions(button(url="javascript:alert(1)")),
    "an action id twice in a block": actions(button(), button()),
    "an action id of 256": actions(button(action_id="a" * 256)),
    "26 elements": actions(*(button(action_id=str(n)) for n in range(26))),
    "101 options": actions(select(*(option(f"o{n}", str(n)) for n in range(101)))),
    "an option's value of 151": actions(select(option("o", "v" * 151))),
    "11 elements of a context": {"type": "context", "elements": [TEXT] * 11},
    "a header in mrkdwn": {"type": "header", "text": TEXT},
    "rows of different widths": table(["a", "b"], ["c"]),
    "an empty cell": table(["a", ""]),
    "101 rows": table(*(["a"] for _ in range(101))),
    "11 cards": {"type": "carousel", "elements": [card()] * 11},
    "a card's body of 201": card(body={"type": "mrkdwn", "text": "x" * 201}),
    "a card's title of 151": card(title={"type": "mrkdwn", "text": "x" * 151}),
    "four buttons on a card": card(actions=[button(action_id=str(n)) for n in range(4)]),
    "an empty card": {"type": "card", "subtitle": TEXT},
    "12,001 characters of markdown": {"type": "markdown", "text": "x" * 12_001},
    "a block that does not exist": {"type": "sections", "text": TEXT},
    "a key that does not exist": {**section("x"), "colour": "red"},
}


@pytest.mark.parametrize("name", GOOD)
def test_blocks_within_the_limits_are_taken(name: str):
    assert message_problems({"text": "hello", "blocks": [GOOD[name]]}) == []


@pytest.mark.parametrize("name", BAD)
def test_it_refuses(name: str):
    problems = message_problems({"text": "hello", "blocks": [BAD[name]]})
    assert problems and all("/blocks" in problem for problem in problems)


def test_it_refuses_51_blocks_two_tables_and_equal_block_ids():
    assert message_problems({"blocks": [section("x")] * 51})
    assert message_problems({"blocks": [table(["a"]), table(["b"])]})
    assert message_problems({"blocks": [{**section("x"), "block_id": "b"}] * 2})


def test_a_view_has_no_blocks_of_messages():
    assert view_problems({"type": "home", "blocks": [section("x")]}) == []
    assert view_problems({"type": "home", "blocks": [card()]})
    assert view_problems({"type": "modal", "title": TEXT, "blocks": [section("x")]})


@pytest.mark.parametrize(
    "text", ["all <!channel> here", "a <b> c", "1 < 2", "<https://example.org", "<javascript:x|y>"]
)
def test_it_notes_markup_that_nobody_meant(text: str):
    assert wishes({"text": text})
    assert wishes({"text": "hello", "blocks": [section(text)]})


@pytest.mark.parametrize(
    "text",
    ["<@U0ABC> hello", "see <https://example.org/?a=1&amp;b=2|here>", "1 &lt; 2", "<#C0ABC|x>"],
)
def test_it_takes_markup_of_slack_and_escaped_text(text: str):
    assert wishes({"text": text}) == []


@pytest.fixture(scope="module")
def slack():
    with FakeSlack(scopes={"chat:write", "im:history"}, subscriptions={"message.im"}) as running:
        yield running


def call(slack: FakeSlack, method: str, token: str = "", **body) -> httpx.Response:
    token = token or slack.world.teams[ONE].token
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(slack.api_url + method, json=body, headers=headers, trust_env=False)


def test_a_token_of_nobody_and_a_method_that_does_not_exist(slack: FakeSlack):
    assert call(slack, "auth.test", "xoxb-nobody").json()["error"] == "invalid_auth"
    assert call(slack, "chat.shout").json()["error"] == "unknown_method"
    assert call(slack, "auth.test").headers["x-oauth-scopes"] == "chat:write,im:history"


def test_a_method_without_its_scope(slack: FakeSlack):
    refused = call(slack, "users.info", user="U1").json()
    assert (refused["error"], refused["needed"]) == ("missing_scope", "users:read")


def test_a_channel_that_the_app_has_left(slack: FakeSlack):
    slack.kick(MAIN)
    assert call(slack, "chat.postMessage", channel=MAIN, text="x").json()["error"] == (
        "not_in_channel"
    )
    slack.invite(MAIN)
    assert call(slack, "chat.postMessage", channel=MAIN, text="x").json()["ok"]


def test_bad_blocks_come_back_with_the_place(slack: FakeSlack):
    refused = call(slack, "chat.postMessage", channel=MAIN, text="x", blocks=[section("")]).json()
    assert refused["error"] == "invalid_blocks"
    assert "json-pointer:/blocks/0/text" in refused["response_metadata"]["messages"][0]
    assert slack.api.violations
    slack.api.violations.clear()


def test_a_rate_limit_tells_when_to_come_again(slack: FakeSlack):
    slack.fail("chat.postMessage", status=429, retry_after=7)
    limited = call(slack, "chat.postMessage", channel=MAIN, text="x")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert call(slack, "chat.postMessage", channel=MAIN, text="x").json()["ok"]


def test_while_it_is_down_nothing_is_answered(slack: FakeSlack):
    with slack.going_down("drop"), pytest.raises(httpx.TransportError):
        call(slack, "auth.test")
    with slack.going_down("503"):
        assert call(slack, "auth.test").status_code == 503
    assert call(slack, "auth.test").json()["ok"]


def test_a_socket_needs_the_apps_own_token(slack: FakeSlack):
    assert not call(slack, "apps.connections.open").json()["ok"]
    assert call(slack, "apps.connections.open", APP_TOKEN).json()["url"].startswith("ws://")


def test_an_event_that_nobody_takes_is_sent_again_and_given_up(slack: FakeSlack):
    slack.request_url = "http://127.0.0.1:9/nobody"
    slack.delays = (0.0, 0.01, 0.02)
    place = Person(slack, "U0ALICE").dm()
    _, (event,) = place.write("hello")
    delivery = slack.tell_event(event)
    delivery.wait()
    assert (len(delivery.attempts), delivery.given_up) == (4, True)


def test_a_signature_is_that_of_slacks_own_example():
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
        b"G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook"
        b"-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F3977"
        b"00885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a1"
        b"4d10d2c447fce8b6703c"
    )
    headers = signed(body, at=1531420618, secret="8f742231b10e8888abcd99yyyzzz85a5")
    assert headers["X-Slack-Signature"] == (
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )
