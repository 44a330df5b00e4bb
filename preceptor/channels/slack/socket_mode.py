"""Socket Mode: one server at a time holds the connection that Slack talks through."""

from __future__ import annotations

import asyncio

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from preceptor.channels.retry import backoff
from preceptor.channels.slack.outbox import is_local
from preceptor.channels.slack.service import SlackService

LEASE_SECONDS = 8.0
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0

log = structlog.get_logger(__name__)


class SocketMode:
    """Keeps the connection while this server holds the lease, and tries again after failures.

    Slack would spread events over several connections; with one owner they arrive in order.
    """

    def __init__(self, service: SlackService, app: AsyncApp) -> None:
        """Prepare it; `start` connects."""
        self._service = service
        self._app = app
        self._handler: AsyncSocketModeHandler | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Close the connection and let another server have it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._close()
        await self._service.in_thread(self._service.deliveries.let_go, "socket")

    async def _run(self) -> None:
        waits = backoff(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
        while True:
            try:
                mine = await self._service.in_thread(
                    self._service.deliveries.hold, "socket", LEASE_SECONDS
                )
                if not mine:
                    await self._close()
                elif self._handler is None:
                    await self._connect()
                    log.info("slack.connected", mode="socket")
                waits = backoff(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
                await asyncio.sleep(LEASE_SECONDS / 4)
            except SlackApiError as error:
                await self._close()
                word = error.response.get("error")
                log.error(
                    "slack.socket_refused",
                    why=f'Slack says "{word}" to SLACK_APP_TOKEN; '
                    "python -m preceptor slack check tells what to do",
                )
                await asyncio.sleep(next(waits))
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                await self._close()
                log.warning("slack.unreachable", cause=f"{type(error).__name__}: {error}")
                await asyncio.sleep(next(waits))
            # Without the database nobody knows who may connect: whoever is connected stays so.
            except SQLAlchemyError as error:
                log.error("slack.lease_failed", cause=f"{type(error).__name__}: {error}")
                await asyncio.sleep(next(waits))

    async def _connect(self) -> None:
        client = self._service.client(None)
        self._handler = AsyncSocketModeHandler(
            self._app, app_token=self._service.config.app_token, web_client=client
        )
        if is_local(self._service.config.api_url):
            self._handler.client.proxy = None
        await self._handler.connect_async()  # type: ignore[no-untyped-call]

    async def _close(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            await handler.close_async()  # type: ignore[no-untyped-call]
