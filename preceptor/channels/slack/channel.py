"""The Slack channel as Rasa knows it: its routes, its start and its end."""

from __future__ import annotations

import json
from typing import Any

import redis
import structlog
from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from slack_bolt.async_app import AsyncApp

from preceptor.channels.slack.app import build_app
from preceptor.channels.slack.config import SlackConfig, load_slack
from preceptor.channels.slack.delivery_log import RedisMemory, SharedMemory
from preceptor.channels.slack.http import NotSlack, bolt_request, read_body, sanic_response
from preceptor.channels.slack.service import SlackService
from preceptor.channels.slack.socket_mode import SocketMode
from preceptor.channels.storage import open_channels
from preceptor.channels.turn_runner import OnNewMessage
from preceptor.runtime.secrets import derived_key
from preceptor.runtime.settings import Complaint, Settings, load_settings

log = structlog.get_logger(__name__)


class SlackInput(InputChannel):
    """Slack, over HTTP at `/webhooks/slack/events` or in Socket Mode.

    Without Slack's variables in the environment (docs/slack.md) it is off: its routes answer
    with a sentence that says so.
    """

    def __init__(self, config: SlackConfig | None = None, settings: Settings | None = None) -> None:
        """Create the channel.

        Args:
            config: How Slack is reached, or None for off.
            settings: Where the database and the secret are.
        """
        self._config = config
        self._settings = settings or load_settings()
        self._service: SlackService | None = None
        self._app: AsyncApp | None = None
        self._socket: SocketMode | None = None

    @classmethod
    def name(cls) -> str:
        """Return the name that makes the address `/webhooks/slack/`."""
        return "slack"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> SlackInput:
        """Return the channel as the environment sets it up; half set up, it is off."""
        try:
            return cls(load_slack())
        except Complaint as complaint:
            log.error("slack.off", why=complaint.message)
            return cls()

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Return the routes, all under `/webhooks/slack`."""
        webhook = Blueprint("preceptor_slack")

        @webhook.get("/")
        async def health(request: Request) -> HTTPResponse:
            return _json({"status": self._config.mode if self._config else "off"})

        # Before the server listens: whatever Slack then tells can be kept.
        @webhook.listener("before_server_start")
        async def prepare(app: Sanic, _: Any) -> None:
            if self._config is not None:
                try:
                    await self._prepare(self._config, on_new_message)
                except Complaint as complaint:
                    log.error("slack.off", why=complaint.message)
                    self._config = None

        # After Rasa has loaded its agent.
        @webhook.listener("after_server_start")
        async def start(app: Sanic, _: Any) -> None:
            if self._service is not None and self._app is not None:
                await self._service.start(getattr(app.ctx, "agent", None))
                if self._service.config.mode == "socket":
                    self._socket = SocketMode(self._service, self._app)
                    self._socket.start()

        @webhook.listener("before_server_stop")
        async def stop(app: Sanic, _: Any) -> None:
            if self._socket is not None:
                await self._socket.stop()
            if self._service is not None:
                await self._service.stop()

        # stream=True leaves the body to us; else Sanic would first hold up to 100 MB of it.
        @webhook.post("/events", stream=True)
        async def hear(request: Request) -> HTTPResponse:
            if self._app is None:
                return _off()
            try:
                heard = bolt_request(request, await read_body(request))
            except NotSlack as error:
                return _json({"error": str(error)}, error.status)
            return sanic_response(await self._app.async_dispatch(heard))

        @webhook.get("/install")
        async def install(request: Request) -> HTTPResponse:
            flow = self._app.oauth_flow if self._app is not None else None
            if flow is None:
                return _off("Installing by OAuth is off here: SLACK_CLIENT_ID is not set.")
            return sanic_response(await flow.handle_installation(bolt_request(request)))

        @webhook.get("/oauth_redirect")
        async def redirected(request: Request) -> HTTPResponse:
            flow = self._app.oauth_flow if self._app is not None else None
            if flow is None:
                return _off("Installing by OAuth is off here: SLACK_CLIENT_ID is not set.")
            return sanic_response(await flow.handle_callback(bolt_request(request)))

        return webhook

    async def _prepare(self, config: SlackConfig, on_new_message: OnNewMessage) -> None:
        keys = {
            "buttons": derived_key(self._settings, "slack buttons"),
            "tokens": derived_key(self._settings, "slack tokens"),
        }
        engine = open_channels(self._settings)
        shared = _shared(config)
        self._service = SlackService(config, engine, keys, on_new_message, shared)
        await self._service.prepare()
        self._app = build_app(self._service)


def _shared(config: SlackConfig) -> SharedMemory | None:
    if config.redis_url is None:
        return None
    return RedisMemory(redis.Redis.from_url(config.redis_url, socket_timeout=2))


def _json(body: Any, status: int = 200) -> HTTPResponse:
    return response.json(body, status=status, dumps=json.dumps)


def _off(sentence: str = "Slack is not set up here; docs/slack.md tells how.") -> HTTPResponse:
    return _json({"error": sentence}, 503)
