"""The Slack channel as Rasa knows it: its routes, its start and its end."""

from __future__ import annotations

from typing import Any

import structlog
from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from preceptor.channels.http import Refusal, json_response, read_body
from preceptor.channels.inbox import Inbox
from preceptor.channels.output import channel_seals
from preceptor.channels.slack.app import build_app
from preceptor.channels.slack.http import LIMIT_BYTES, bolt_request, sanic_response
from preceptor.channels.slack.outbox import is_local
from preceptor.channels.slack.service import SlackService
from preceptor.channels.storage import open_channels
from preceptor.channels.turns import OnNewMessage
from preceptor.runtime.secrets import derived_key
from preceptor.runtime.settings import (
    Complaint,
    Settings,
    SlackSettings,
    load_settings,
    load_slack_settings,
)

_NO_OAUTH = "Installing by OAuth is off here: SLACK_CLIENT_ID is not set."

log = structlog.get_logger(__name__)


class SlackInput(InputChannel):
    """Slack, over HTTP at `/webhooks/slack/events` or in Socket Mode.

    Without Slack's variables in the environment (docs/slack.md) it is off: its routes answer
    with a sentence that says so.
    """

    def __init__(
        self, config: SlackSettings | None = None, settings: Settings | None = None
    ) -> None:
        """Create the channel.

        Args:
            config: How Slack is reached, or None for off.
            settings: Where the database and the secret are.
        """
        self._config = config
        self._settings = settings or load_settings()
        self._service: SlackService | None = None
        self._app: AsyncApp | None = None
        self._socket: AsyncSocketModeHandler | None = None

    @classmethod
    def name(cls) -> str:
        """Return the name that makes the address `/webhooks/slack/`."""
        return "slack"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> SlackInput:
        """Return the channel as the environment sets it up; half set up, it is off."""
        try:
            return cls(load_slack_settings())
        except Complaint as complaint:
            log.error("slack.off", why=complaint.message)
            return cls()

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Return the routes, all under `/webhooks/slack`."""
        webhook = Blueprint("preceptor_slack")
        self._add_listeners(webhook, on_new_message)
        self._add_routes(webhook)
        return webhook

    def _add_listeners(self, webhook: Blueprint, on_new_message: OnNewMessage) -> None:
        # Before the server listens: whatever Slack sends from then on can be kept.
        @webhook.listener("before_server_start")
        async def prepare(app: Sanic, _: Any) -> None:
            if self._config is not None:
                try:
                    await self._prepare(app, self._config, on_new_message)
                except Complaint as complaint:
                    log.error("slack.off", why=complaint.message)
                    self._config = None

        # After Rasa has loaded its agent.
        @webhook.listener("after_server_start")
        async def start(app: Sanic, _: Any) -> None:
            if self._service is not None and self._app is not None:
                self._service.start(app.ctx.agent)
                if self._service.config.mode == "socket":
                    self._connect(self._service, self._app)

        @webhook.listener("before_server_stop")
        async def stop(app: Sanic, _: Any) -> None:
            if self._socket is not None:
                await self._socket.close_async()  # type: ignore[no-untyped-call]
            if self._service is not None:
                await self._service.stop()

    def _add_routes(self, webhook: Blueprint) -> None:
        @webhook.get("/")
        async def health(request: Request) -> HTTPResponse:
            return json_response({"status": self._config.mode if self._config else "off"})

        @webhook.post("/events", stream=True)
        async def receive(request: Request) -> HTTPResponse:
            if self._app is None:
                return _off()
            try:
                event = bolt_request(request, await read_body(request, LIMIT_BYTES))
            except Refusal as refusal:
                return refusal.response()
            return sanic_response(await self._app.async_dispatch(event))

        @webhook.get("/install")
        async def install(request: Request) -> HTTPResponse:
            flow = self._app.oauth_flow if self._app is not None else None
            if flow is None:
                return _off(_NO_OAUTH)
            return sanic_response(await flow.handle_installation(bolt_request(request)))

        @webhook.get("/oauth_redirect")
        async def redirected(request: Request) -> HTTPResponse:
            flow = self._app.oauth_flow if self._app is not None else None
            if flow is None:
                return _off(_NO_OAUTH)
            return sanic_response(await flow.handle_callback(bolt_request(request)))

    async def _prepare(
        self, app: Sanic, config: SlackSettings, on_new_message: OnNewMessage
    ) -> None:
        tokens_key = derived_key(self._settings, "slack tokens")
        inbox = Inbox.of(app, open_channels(self._settings))
        seals = channel_seals(self._settings)
        self._service = SlackService(config, inbox, seals, tokens_key, on_new_message)
        self._app = build_app(self._service)

    def _connect(self, service: SlackService, app: AsyncApp) -> None:
        """Open Socket Mode's connection; slack-sdk tries again until it is open, and keeps it."""
        self._socket = AsyncSocketModeHandler(
            app, app_token=service.config.app_token, web_client=service.client(None)
        )
        if is_local(service.config.api_url):
            self._socket.client.proxy = None
        service.spawn(self._socket.connect_async())  # type: ignore[no-untyped-call]


def _off(sentence: str = "Slack is not set up here; docs/slack.md tells how.") -> HTTPResponse:
    return Refusal(sentence, "unavailable", 503).response()
