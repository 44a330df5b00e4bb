"""Sanic's requests as Bolt's, and back."""

from types import SimpleNamespace

import pytest
from sanic.compat import Header
from slack_bolt.response import BoltResponse

from preceptor.channels.http import Refusal, read_body
from preceptor.channels.slack.http import (
    LIMIT_BYTES,
    bolt_request,
    sanic_response,
)

FORM = "application/x-www-form-urlencoded"


def request(content_type: str = "application/json", query: str = "") -> SimpleNamespace:
    headers = Header({"Content-Type": content_type, "X-Slack-Signature": "v0=1"})
    return SimpleNamespace(headers=headers, query_string=query)


def test_json_with_a_charset_is_json() -> None:
    made = bolt_request(request("application/json; charset=utf-8"), b'{"type": "x", "token": "t"}')
    assert made.body == {"type": "x", "token": "t"}
    assert made.headers["x-slack-signature"] == ["v0=1"]


def test_a_click_is_read_from_its_form() -> None:
    made = bolt_request(request(FORM), b"payload=%7B%22type%22%3A%22block_actions%22%7D")
    assert made.body == {"type": "block_actions"}


def test_a_command_about_a_payload_is_a_command() -> None:
    body = b"command=%2Fpreceptor&text=what+is+a+payload&team_id=T1&user_id=U1"
    made = bolt_request(request(FORM), body)
    assert made.body["text"] == "what is a payload"
    assert (made.context.team_id, made.context.user_id) == ("T1", "U1")


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff\xfe", b"5", b"[" * 50_000])
def test_what_slack_never_sends_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        bolt_request(request(), body)


async def test_a_body_that_is_too_large_is_refused() -> None:
    async def read() -> bytes:
        return b"x" * 100_000

    endless = SimpleNamespace(stream=SimpleNamespace(read=read))
    with pytest.raises(Refusal, match="larger than 1024 kB"):
        await read_body(endless, LIMIT_BYTES)


def test_cookies_go_out_as_bolt_wrote_them() -> None:
    cookies = ["state=1; Secure; HttpOnly; Path=/", "other=2"]
    answer = sanic_response(
        BoltResponse(status=200, body="x", headers={"Set-Cookie": cookies, "Content-Type": "a/b"})
    )
    assert answer.headers.getall("set-cookie") == cookies
    assert (answer.status, answer.body, answer.content_type) == (200, b"x", "a/b")
