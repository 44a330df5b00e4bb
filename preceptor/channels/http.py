"""What the channels' routes share: refusals in words, bodies read up to a limit, JSON, health."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from preceptor.channels.inbox import backlog
from preceptor.channels.storage import engine_of, in_thread
from preceptor.runtime.metrics import set_queues
from preceptor.runtime.settings import Settings

_FOR_THIS_MACHINE = ("/webhooks/rest", "/metrics")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
METRICS_LIMIT_SECONDS = 2.0
"""How long the database may take; Prometheus waits for ten."""


class Refusal(ValueError):
    """What is refused, with a sentence for people and a code for programs.

    Attributes:
        sentence: What to tell the person.
        code: One of the codes in docs/web-protocol.md.
        status: The HTTP status.
        retry_after: After how many seconds it may work, if that is known.
    """

    def __init__(
        self,
        sentence: str,
        code: str = "bad_request",
        status: int = 400,
        retry_after: float | None = None,
    ) -> None:
        """Remember what to answer."""
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.status = status
        self.retry_after = None if retry_after is None else math.ceil(retry_after)

    def body(self) -> dict[str, Any]:
        """Return the refusal as JSON."""
        body: dict[str, Any] = {"error": self.sentence, "code": self.code}
        return body if self.retry_after is None else {**body, "retry_after": self.retry_after}

    def response(self, **more: Any) -> HTTPResponse:
        """Return the refusal as an answer to a request, with more keys in the JSON."""
        response = json_response({**self.body(), **more}, self.status)
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response


OVERLOADED = Refusal(
    "More people are writing to me than I can answer just now. Please try again in a moment.",
    "unavailable",
    503,
    retry_after=5,
)


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Return the body of a request, which is empty if there is none.

    The route must be declared with `stream=True`, or Sanic reads up to 100 MB before it calls
    the route. The announced length is not trusted: what arrives is counted.

    Raises:
        Refusal: If the body is larger than the limit.
    """
    body = b""
    while request.stream is not None and (chunk := await request.stream.read()):
        body += chunk
        if len(body) > limit_bytes:
            sentence = f"The request is larger than {limit_bytes // 1024} kB."
            raise Refusal(sentence, "too_large", 413)
    return body


def json_response(body: Any, status: int = 200) -> HTTPResponse:
    """Return JSON; Sanic's own encoder is faster and fails on lone surrogates."""
    return HTTPResponse(json.dumps(body), status, None, "application/json")


def metrics_page(settings: Settings) -> Callable[[Request], Awaitable[HTTPResponse]]:
    """Return the handler of `GET /metrics`, what Prometheus reads."""

    async def answer(_: Request) -> HTTPResponse:
        waiting = in_thread(lambda: backlog(engine_of(settings.channels_url)))
        try:
            set_queues(await asyncio.wait_for(waiting, METRICS_LIMIT_SECONDS))
        except (SQLAlchemyError, asyncio.TimeoutError):
            set_queues(None)
        return HTTPResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return answer


def is_rebound(request: Request, settings: Settings) -> bool:
    """Return whether a page may have had its own name point to this machine (DNS rebinding).

    What has no protection but the loopback interface then needs a name of that interface; a
    browser sends the page's.
    """
    name = (urlsplit(f"//{request.host}").hostname or "").lower()
    inside = request.path.startswith(_FOR_THIS_MACHINE) and settings.interface in _LOOPBACK
    return inside and name not in _LOOPBACK


def health(request: Request) -> HTTPResponse:
    """Answer 200 if a model is loaded with all that it needs, otherwise 503."""
    agent = getattr(request.app.ctx, "agent", None)
    if agent is None or not agent.is_ready() or not getattr(agent, "is_warm", True):
        return Refusal("The advisor has no model loaded yet.", "unavailable", 503).response()
    return json_response({"status": "ok"})
