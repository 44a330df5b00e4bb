"""What the channels' routes share: bodies read up to a limit, and JSON as an answer."""

import json
from typing import Any

from sanic.request import Request
from sanic.response import HTTPResponse


class TooLarge(ValueError):
    """A request's body is larger than its route allows; the message says so."""


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Return the body of a request, which is empty if there is none.

    The route must be declared with `stream=True`, or Sanic reads up to 100 MB before it calls
    the route. The announced length is not trusted: what arrives is counted.

    Raises:
        TooLarge: If the body is larger than the limit.
    """
    body = b""
    while request.stream is not None and (chunk := await request.stream.read()):
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge(f"The request is larger than {limit_bytes // 1024} kB.")
    return body


def json_response(body: Any, status: int = 200) -> HTTPResponse:
    """Return JSON; Sanic's own encoder is faster and fails on lone surrogates."""
    return HTTPResponse(json.dumps(body), status, None, "application/json")


def health(request: Request) -> HTTPResponse:
    """Answer 200 if a model is loaded, otherwise 503."""
    agent = getattr(request.app.ctx, "agent", None)
    if agent is None or not agent.is_ready():
        error = {"error": "The advisor has no model loaded.", "code": "unavailable"}
        return json_response(error, 503)
    return json_response({"status": "ok"})
