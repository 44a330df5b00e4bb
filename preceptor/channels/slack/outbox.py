"""Sends the messages of the outbox: at Slack's pace, again after failures, or plainer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from preceptor.channels.inbox import Item, Queue
from preceptor.channels.rate_limit import RateLimit
from preceptor.channels.storage import in_thread, writing
from preceptor.runtime.settings import Rate

PACE = Rate(per_minute=60, burst=4)
"""Slack takes about one message per second and channel, and more for a moment
(https://docs.slack.dev/apis/web-api/rate-limits)."""

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
GIVEN_UP_AFTER_SECONDS = 3600.0
CALL_LIMIT_SECONDS = 15

# Slack's own trouble, which passes; after any other error, calling again would not help.
_PASSING = {
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
_ABOUT_BLOCKS = {
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_block",
    "block_mismatch",
    "msg_blocks_too_long",
    "unsupported_block_type",
}
_POSTS = {"chat.postMessage", "chat.postEphemeral", "response_url"}

log = structlog.get_logger(__name__)

Message = dict[str, Any]
ClientOf = Callable[[str, str | None], Awaitable[AsyncWebClient | None]]


class TryAgain(Exception):
    """Slack could not take a message now; `after` is the wait in seconds, if Slack named one."""

    def __init__(self, cause: str, after: float | None = None) -> None:
        """Remember the cause for the log."""
        super().__init__(cause)
        self.after = after


class Refused(Exception):
    """Slack refuses a message for good; the exception's message is Slack's word for why."""


class Outbox:
    """Sends what waits in a queue; a lane of it is a channel or a person's home."""

    def __init__(
        self,
        queue: Queue,
        client_of: ClientOf,
        session: aiohttp.ClientSession,
        pace: Rate = PACE,
    ) -> None:
        """Create the sender.

        Args:
            queue: What waits to be sent.
            client_of: Returns a workspace's client by team and enterprise, or None without a token.
            session: For response URLs.
            pace: How often a lane may post.
        """
        self._queue = queue
        self._client_of = client_of
        self._session = session
        self._pace = RateLimit(pace)

    async def deliver(self, item: Item) -> None:
        """Send a message, or give it up, and take it out of the queue."""
        wait_seconds = FIRST_WAIT_SECONDS
        message: Message | None = item.content
        while message is not None:
            if message["method"] in _POSTS:
                while wait := self._pace.wait_for(item.lane):
                    await asyncio.sleep(wait)
            try:
                await self._send(message)
                break
            except TryAgain as error:
                if time.time() - item.queued_at > GIVEN_UP_AFTER_SECONDS:
                    _log_given_up(item, message, f"{error}; it has been tried for an hour")
                    break
                pause = wait_seconds if error.after is None else error.after
                wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)
                log.warning("slack.send_again", lane=item.lane, seconds=pause, cause=str(error))
                await asyncio.sleep(pause)
            except Refused as error:
                message = _instead(item, message, str(error))
        await in_thread(self._finish, item)

    def _finish(self, item: Item) -> None:
        with writing(self._queue.engine) as connection:
            self._queue.finish(connection, item)

    async def _send(self, message: Message) -> None:
        try:
            if message["method"] == "response_url":
                await self._respond(message)
            else:
                await self._call(message)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise TryAgain(f"{type(error).__name__}: {error}") from error

    async def _call(self, message: Message) -> None:
        client = await self._client_of(message["team"], message.get("enterprise"))
        if client is None:
            raise Refused("there is no token for this workspace")
        try:
            await client.api_call(message["method"], json=message["args"])
        except SlackApiError as error:
            raise _as_ours(error) from error

    async def _respond(self, message: Message) -> None:
        client = AsyncWebhookClient(
            message["url"], timeout=CALL_LIMIT_SECONDS, session=self._session, retry_handlers=[]
        )
        client.proxy = None if is_local(message["url"]) else client.proxy
        answer = await client.send_dict(message["args"])
        if answer.status_code == 429:
            raise TryAgain("429", _retry_after(answer.headers))
        if any(word in answer.body for word in _ABOUT_BLOCKS):
            raise Refused("invalid_blocks")
        if answer.status_code >= 500:
            raise TryAgain(f"status {answer.status_code}")
        if answer.status_code != 200:
            raise Refused(f"status {answer.status_code}: {answer.body[:100]}")


def _as_ours(error: SlackApiError) -> Exception:
    status = getattr(error.response, "status_code", 0)
    data = getattr(error.response, "data", None)
    word = str(data.get("error") if isinstance(data, dict) else "") or f"status {status}"
    if status == 429 or word in ("ratelimited", "rate_limited"):
        return TryAgain("429", _retry_after(getattr(error.response, "headers", {})))
    if status >= 500 or word in _PASSING:
        return TryAgain(f"status {status}: {word[:100]}")
    return Refused(word)


def _retry_after(headers: Any) -> float | None:
    """Return how long Slack wants to be left alone, in seconds, if it says so."""
    by_name = {str(name).lower(): value for name, value in dict(headers or {}).items()}
    try:
        return min(max(float(by_name["retry-after"]), 0.1), 300.0)
    except (KeyError, ValueError, TypeError):
        return None


def _instead(item: Item, message: Message, cause: str) -> Message | None:
    """Return what to send in a refused message's place, or None to give it up."""
    args = message["args"]
    if cause in _ABOUT_BLOCKS and args.get("blocks"):
        fallback = message.get("fallback")
        log.warning("slack.blocks_refused", lane=item.lane, cause=cause, again=bool(fallback))
        if fallback:
            return {**message, "args": {**args, "blocks": fallback}, "fallback": None}
        # The plain text says all that the blocks say.
        return {**message, "args": {k: v for k, v in args.items() if k != "blocks"}}
    otherwise: Message | None = message.get("otherwise")
    if otherwise is not None:
        log.info("slack.sent_elsewhere", lane=item.lane, cause=cause)
        return otherwise
    _log_given_up(item, message, cause)
    return None


def _log_given_up(item: Item, message: Message, cause: str) -> None:
    # Suggested questions are optional, and not every workspace has the panel for them.
    write = log.debug if message["method"].startswith("assistant.") else log.error
    write("slack.given_up", lane=item.lane, method=message["method"], cause=cause)


def is_local(url: str) -> bool:
    """Return whether an address is on this machine, where no proxy may be used."""
    return url.startswith(("http://127.0.0.1", "http://localhost", "ws://127.0.0.1"))
