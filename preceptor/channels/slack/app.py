"""The Bolt app: one listener per kind of event, which keeps the event and acknowledges it.

Bolt verifies, parses and sorts. Its listeners run before the acknowledgement
(`process_before_response`), and do no more than keep what came: Slack repeats what was not
acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings

from preceptor.channels.slack import home
from preceptor.channels.slack.blocks import (
    RATING,
    SHARE,
    Rendered,
    program_of,
    rated,
    without_choices,
)
from preceptor.channels.slack.config import BOT_SCOPES, SHORTCUT
from preceptor.channels.slack.incoming import (
    Body,
    Place,
    Work,
    read_assistant,
    read_click,
    read_command,
    read_home,
    read_message,
    read_shortcut,
    stays,
)
from preceptor.channels.slack.oauth import (
    InstallationStore,
    StateStore,
    installed,
    not_installed,
)
from preceptor.channels.slack.service import REMEMBERED_SECONDS, SlackService, message_of
from preceptor.channels.storage import in_thread

INSTALL_PATH = "/webhooks/slack/install"
REDIRECT_PATH = "/webhooks/slack/oauth_redirect"

# A second press of a button that stays is a slip within this time, and a wish after it.
SLIP_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Authorize(AsyncAuthorize):
    """Finds the workspace's token without asking Slack, so that nobody waits for Slack."""

    def __init__(self, service: SlackService) -> None:
        """Use the service's installations."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._service = service

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, **_: Any
    ) -> AuthorizeResult | None:
        """Return who the advisor is in a workspace, or None if it is not installed there."""
        workspace = await self._service.installation(enterprise_id, team_id)
        if workspace is None:
            return None
        who = {key: workspace.get(key) for key in ("bot_token", "bot_user_id", "bot_id")}
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, **who)


def build_app(service: SlackService) -> AsyncApp:
    """Return the app with all its listeners; call it with the server's loop running."""
    config = service.config

    app = AsyncApp(
        name="preceptor",
        client=service.client(None),
        signing_secret=config.signing_secret,
        authorize=Authorize(service),  # type: ignore[arg-type]
        oauth_settings=_oauth_settings(service),
        process_before_response=True,
        # In Socket Mode the connection itself is proven; Bolt knows and skips the signature.
        request_verification_enabled=True,
        attaching_conversation_kwargs_enabled=False,
    )
    _add_events(app, service)
    _add_commands(app, service)
    _add_clicks(app, service)
    for kind in (app.event, app.shortcut, app.view, app.view_closed, app.action):
        # Subscribed to by a manifest that is newer than this program, for example; or a button
        # with an address, which the person's browser has opened.
        kind(re.compile(".*"))(_ignore)
    return app


def _oauth_settings(service: SlackService) -> AsyncOAuthSettings | None:
    config = service.config
    if not config.client_id or not config.client_secret:
        return None
    return AsyncOAuthSettings(
        client_id=config.client_id,
        client_secret=config.client_secret,
        scopes=list(BOT_SCOPES),
        user_scopes=[],
        redirect_uri=config.redirect_uri,
        install_path=INSTALL_PATH,
        redirect_uri_path=REDIRECT_PATH,
        installation_store=InstallationStore(service),
        state_store=StateStore(service),
        installation_store_bot_only=True,
        callback_options=AsyncCallbackOptions(success=installed, failure=not_installed),
    )


async def _ignore(ack: AsyncAck) -> None:
    await ack()


def _place_of(context: Mapping[str, Any]) -> Place:
    enterprise = context.get("enterprise_id")
    return Place(str(context.get("team_id") or enterprise), enterprise)


def _bot_user(body: Body, context: AsyncBoltContext) -> str | None:
    """Return the advisor's user id: every event names it, even while Slack's API is down."""
    if context.bot_user_id:
        return str(context.bot_user_id)
    authorized = (body.get("authorizations") or [{}])[0]
    return authorized.get("user_id") if authorized.get("is_bot") else None


def _add_events(app: AsyncApp, service: SlackService) -> None:
    @app.event("app_mention")
    @app.event("message")
    async def receive(body: Body, context: AsyncBoltContext) -> None:
        incoming = read_message(body, _place_of(context), _bot_user(body, context))
        if incoming is None:
            return
        work, thread = incoming.work, incoming.only_in
        if thread is None or await in_thread(
            service.memory.takes_part, work.team, work.channel, thread
        ):
            await service.accept(incoming)
        # Otherwise people talk with each other: nothing of it is kept.

    @app.event("app_home_opened")
    async def open_home(body: Body, context: AsyncBoltContext) -> None:
        if incoming := read_home(body, _place_of(context)):
            await service.accept(incoming)

    @app.event("assistant_thread_started")
    async def start_thread(body: Body, context: AsyncBoltContext) -> None:
        if incoming := read_assistant(body, _place_of(context)):
            await service.accept(incoming)

    @app.event("app_uninstalled")
    async def uninstall(context: AsyncBoltContext) -> None:
        await _forget(service, _place_of(context))
        await in_thread(service.memory.forget_team, _place_of(context).team)

    @app.event("tokens_revoked")
    async def revoke(body: Body, context: AsyncBoltContext) -> None:
        if ((body.get("event") or {}).get("tokens") or {}).get("bot"):
            await _forget(service, _place_of(context))


async def _forget(service: SlackService, place: Place) -> None:
    await in_thread(service.installations.delete, place.enterprise, place.team)
    service.forget_tokens()
    log.info("slack.workspace_forgotten", team=place.team)


def _add_commands(app: AsyncApp, service: SlackService) -> None:
    @app.command(re.compile(".*"))
    async def answer(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        incoming = read_command(body, _place_of(context))
        if not incoming.work.text or incoming.work.text.lower() == "help":
            await ack(text=home.HOW_TO_ASK, response_type="ephemeral")
            return
        await service.accept(incoming)
        await ack()

    @app.shortcut(SHORTCUT)
    async def ask_about(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await service.accept(read_shortcut(body, _place_of(context)))
        await ack()

    @app.options(re.compile(".*"))
    async def options(ack: AsyncAck) -> None:
        await ack(options=[])


def _add_clicks(app: AsyncApp, service: SlackService) -> None:
    @app.action(re.compile(r"(say|page):.+"))
    async def choose(ack: AsyncAck, body: Body, action: Body, context: AsyncBoltContext) -> None:
        chosen = action.get("selected_option") or action
        title = str((chosen.get("text") or {}).get("text") or "")
        # A cleared select shows nothing and carries nothing.
        if title:
            name = program_of(str(action.get("block_id")))
            title = f"{title}: {name}" if name else title
            await _choose(service, body, action, title, chosen.get("value"), _place_of(context))
        await ack()

    @app.action(re.compile(r"rate(:.+)?"))
    async def rate(ack: AsyncAck, body: Body, action: Body, context: AsyncBoltContext) -> None:
        rated_answer = service.seals.signed(str(action.get("value")), RATING)
        message = (body.get("container") or {}).get("message_ts")
        if rated_answer is not None and message:
            rating, conversation = rated_answer
            await in_thread(service.ratings.rate, conversation, message, rating)
            if action.get("type") == "button":
                blocks = rated((body.get("message") or {}).get("blocks") or [], action["block_id"])
                await _update(service, _work_of(body, _place_of(context)), body, blocks)
        await ack()

    @app.action("share")
    async def share(ack: AsyncAck, body: Body, action: Body, context: AsyncBoltContext) -> None:
        number = service.seals.signed(str(action.get("value")), SHARE)
        if number is not None and body.get("response_url"):
            await _share(service, _work_of(body, _place_of(context)), number)
        await ack()


def _work_of(body: Body, place: Place) -> Work:
    """Return a click as work without a turn: where it was, and how to answer there."""
    return read_click(body, {}, "", None, place).work.copy(
        update={"response_url": body.get("response_url")}
    )


async def _choose(
    service: SlackService, body: Body, action: Body, title: str, value: Any, place: Place
) -> None:
    incoming = read_click(body, action, title, value, place)
    block_id = str(action.get("block_id"))
    kept = stays(block_id)
    if not await service.accept(incoming, SLIP_SECONDS if kept else REMEMBERED_SECONDS) or kept:
        return
    # Slack does not send back the blocks that only one person sees: there the buttons stay.
    if blocks := (body.get("message") or {}).get("blocks"):
        await _update(
            service, _work_of(body, place), body, without_choices(blocks, block_id, title)
        )


async def _update(service: SlackService, work: Work, body: Body, blocks: list[Body]) -> None:
    """Replace a message's blocks; where that is not possible the message stays as it is."""
    message, container = body.get("message") or {}, body.get("container") or {}
    content = {"text": message.get("text") or "…", "blocks": blocks}
    if not container.get("is_ephemeral"):
        ts = container.get("message_ts") or message.get("ts")
        args = {"channel": work.channel, "ts": ts, **content}
        await service.send(work, message_of(work, "chat.update", args))
    elif work.response_url:
        args = {"replace_original": True, **content}
        await service.send(work, message_of(work, "response_url", args))


async def _share(service: SlackService, work: Work, number: str) -> None:
    """Post a kept answer where everybody in the channel sees it, once."""
    kept = await in_thread(service.memory.kept, number)
    if kept is None:
        text = "That answer is more than a day old; please ask again, then share it."
        args: Body = {"response_type": "ephemeral", "replace_original": False, "text": text}
        await service.send(work, message_of(work, "response_url", args))
        return
    once = f"share:{work.team}:{number}"
    if not await in_thread(service.memory.remember_once, once, REMEMBERED_SECONDS):
        return
    shown = home.quoted(Rendered(**kept["shown"]), kept["user"], kept["question"])
    args = {"response_type": "in_channel", "replace_original": False, **shown.content}
    post = message_of(work, "response_url", args, shown.fallback)
    delete = message_of(work, "response_url", {"delete_original": True})
    await service.send(work, post, delete)
