"""Between Sanic 21.12 and Bolt: requests one way, responses the other.

Bolt's own adapter calls `HTTPResponse.add_cookie`, which Sanic has only since 23.3.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from sanic.request import Request
from sanic.response import HTTPResponse
from slack_bolt.async_app import AsyncBoltContext, AsyncBoltRequest
from slack_bolt.request.async_internals import build_async_context
from slack_bolt.response import BoltResponse

from preceptor.channels.http import Refusal

LIMIT_BYTES = 1024 * 1024
"""The largest body of a request; a click sends the whole message back, a few 100 kB at most."""


def bolt_request(request: Request, body: bytes = b"") -> AsyncBoltRequest:
    """Return Sanic's request as Bolt's.

    Raises:
        Refusal: If the body is not UTF-8, or neither a form nor a JSON object.
    """
    try:
        text = body.decode("utf-8")
        bolt = AsyncBoltRequest(
            body=text,
            query=request.query_string,
            headers={name: request.headers.getall(name) for name in request.headers},
        )
    # Bolt parses the body while it makes a request.
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise Refusal("The request's body is not of a form that Slack sends.") from None
    if "payload" in text and not bolt.body:
        # Bolt assumes that every form with the word "payload" in it has that field, so that
        # "/preceptor what is a payload" would be lost.
        bolt.body = dict(parse_qsl(text, keep_blank_values=True))
        bolt.context = build_async_context(AsyncBoltContext({}), bolt.body)
    return bolt


def sanic_response(answer: BoltResponse) -> HTTPResponse:
    """Return Bolt's response as Sanic's; cookies go out as Bolt wrote them."""
    headers = answer.first_headers_without_set_cookie()
    response = HTTPResponse(answer.body, answer.status, headers, headers.get("content-type"))
    for cookie in answer.headers.get("set-cookie", []):
        response.headers.add("set-cookie", cookie)
    return response
