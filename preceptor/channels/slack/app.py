"""The Bolt app: one listener a thing that Slack tells, which keeps it and acknowledges.

Bolt verifies, parses and sorts. Its listeners run before the acknowledgement
(`process_before_response`), and do no more than keep what was told: what Slack has been told to
be taken is taken.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings

from preceptor.channels.output import opened
from preceptor.channels.slack import home
from preceptor.channels.slack.blocks import (
    RATING,
    SHARE,
    Rendered,
    program_of,
    rated,
    without_choices,
)
from preceptor.channels.slack.config import BOT_SCOPES, COMMAND, SHORTCUT
from preceptor.channels.slack.incoming import (
    Work,
    position_of,
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
from preceptor.channels.slack.outbox import Message
from preceptor.channels.slack.service import SlackService, lane_of, quoted

INSTALL_PATH = "/webhooks/slack/install"
REDIRECT_PATH = "/webhooks/slack/oauth_redirect"

# A second press of a button that stays is a slip within this time, and a wish after it.
SLIP_SECONDS = 10.0

log = structlog.get_logger(__name__)

Body = dict[str, Any]


class Authorize(AsyncAuthorize):
    """Finds the workspace's token without asking Slack, so that nobody waits for Slack."""

    def __init__(self, service: SlackService) -> None:
        """Use the service's installations."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._service = service

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        **_: Any,
    ) -> AuthorizeResult | None:
        """Return who the advisor is in a workspace, or None if it is not installed there."""
        found = await self._service.installation(enterprise_id, team_id)
        if found is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            bot_token=found.get("bot_token"),
            bot_user_id=found.get("bot_user_id"),
            bot_id=found.get("bot_id"),
        )


def build_app(service: SlackService) -> AsyncApp:
    """Return the app with all its listeners; call it with the server's loop running."""
    config = service.config
    settings = None
    if config.client_id and config.client_secret:
        settings = AsyncOAuthSettings(
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
    app = AsyncApp(
        name="preceptor",
        client=service.client(None),
        signing_secret=config.signing_secret,
        authorize=Authorize(service),  # type: ignore[arg-type]
        oauth_settings=settings,
        process_before_response=True,
        # In Socket Mode the connection itself is proven; Bolt knows and skips the signature.
        request_verification_enabled=True,
        attaching_conversation_kwargs_enabled=False,
    )
    _hear_messages(app, service)
    _hear_events(app, service)
    _hear_commands(app, service)
    _hear_clicks(app, service)
    return app


def _place_of(context: Mapping[str, Any]) -> tuple[str, str | None]:
    return str(context.get("team_id") or context.get("enterprise_id")), context.get("enterprise_id")


def _bot_user(body: Body, context: AsyncBoltContext) -> str | None:
    """Return the advisor's user id: every event names it, even while Slack's API is down."""
    if context.bot_user_id:
        return str(context.bot_user_id)
    authorized = (body.get("authorizations") or [{}])[0]
    return authorized.get("user_id") if authorized.get("is_bot") else None


def _hear_messages(app: AsyncApp, service: SlackService) -> None:
    async def hear(body: Body, context: AsyncBoltContext) -> None:
        team, enterprise = _place_of(context)
        told = read_message(body, team, enterprise, _bot_user(body, context))
        if told is None:
            return
        place = (told.work.team, told.work.channel)
        if told.only_in is not None and not await service.in_thread(
            service.memory.takes_part, *place, told.only_in
        ):
            # People talking with each other: nothing of it is kept.
            return
        await service.accept(told)

    app.event("app_mention")(hear)
    app.event("message")(hear)


def _hear_events(app: AsyncApp, service: SlackService) -> None:
    @app.event("app_home_opened")
    async def open_home(body: Body, context: AsyncBoltContext) -> None:
        told = read_home(body, *_place_of(context))
        if told is not None:
            await service.accept(told)

    @app.event("assistant_thread_started")
    async def start_thread(body: Body, context: AsyncBoltContext) -> None:
        told = read_assistant(body, *_place_of(context))
        if told is not None:
            await service.accept(told)

    @app.event("app_uninstalled")
    async def uninstall(context: AsyncBoltContext) -> None:
        await _forget(service, context)
        await service.in_thread(service.memory.forget_team, _place_of(context)[0])

    @app.event("tokens_revoked")
    async def revoke(body: Body, context: AsyncBoltContext) -> None:
        if ((body.get("event") or {}).get("tokens") or {}).get("bot"):
            await _forget(service, context)

    @app.event(re.compile(".*"))
    async def ignore(body: Body) -> None:
        # Subscribed to by a manifest that is newer than this program, for example.
        log.debug("slack.event_ignored", type=(body.get("event") or {}).get("type"))


async def _forget(service: SlackService, context: AsyncBoltContext) -> None:
    team, enterprise = _place_of(context)
    await service.in_thread(service.installations.delete, enterprise, team)
    service.forget_tokens()
    log.info("slack.workspace_forgotten", team=team)


def _now() -> str:
    return position_of(f"{time.time():.6f}")


def _hear_commands(app: AsyncApp, service: SlackService) -> None:
    async def answer(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        told = read_command(body, *_place_of(context), _now())
        if not told.work.text or told.work.text.lower() == "help":
            await ack(text=home.HOW_TO_ASK, response_type="ephemeral")
            return
        await service.accept(told)
        await ack()

    app.command(COMMAND)(answer)
    app.command(re.compile(".*"))(answer)

    @app.shortcut(SHORTCUT)
    async def ask_about(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await service.accept(read_shortcut(body, *_place_of(context), _now()))
        await ack()

    @app.shortcut(re.compile(".*"))
    async def unknown_shortcut(ack: AsyncAck) -> None:
        await ack()

    @app.view(re.compile(".*"))
    async def submit(ack: AsyncAck) -> None:
        await ack()

    @app.view_closed(re.compile(".*"))
    async def close(ack: AsyncAck) -> None:
        await ack()

    @app.options(re.compile(".*"))
    async def options(ack: AsyncAck) -> None:
        await ack(options=[])


def _hear_clicks(app: AsyncApp, service: SlackService) -> None:
    @app.action(re.compile(r"(say|page):.+"))
    async def choose(ack: AsyncAck, body: Body, action: Body, context: AsyncBoltContext) -> None:
        option = action.get("selected_option")
        value = option.get("value") if isinstance(option, dict) else action.get("value")
        title = _title(action, option)
        # A cleared select shows nothing and carries nothing.
        if title:
            await _chosen(service, body, action, title, value, _place_of(context))
        await ack()

    @app.action(re.compile(r"rate(:.+)?"))
    async def rate(ack: AsyncAck, body: Body, action: Body, context: AsyncBoltContext) -> None:
        rated_answer = service.seals.signed(str(action.get("value")), RATING)
        message = (body.get("container") or {}).get("message_ts")
        if rated_answer is not None and message:
            rating, conversation = rated_answer
            await service.in_thread(service.ratings.rate, conversation, message, rating)
            if action.get("type") == "button":
                blocks = rated((body.get("message") or {}).get("blocks") or [], action["block_id"])
                await _update(service, body, blocks, _place_of(context))
        await ack()

    @app.action("share")
    async def share(ack: AsyncAck, body: Body, action: Body, context: AsyncBoltContext) -> None:
        number = service.seals.signed(str(action.get("value")), SHARE)
        if number is not None and body.get("response_url"):
            await _share(service, body, number, _place_of(context))
        await ack()

    @app.action(re.compile(".*"))
    async def pressed(ack: AsyncAck) -> None:
        # Buttons with an address: the person's browser has opened it.
        await ack()


def _title(action: Body, option: Any) -> str:
    """Return what a person chose, in words: a button's text, and of which programme it is."""
    shown = option if isinstance(option, dict) else action
    title = str((shown.get("text") or {}).get("text") or "")
    name = program_of(str(action.get("block_id")))
    return f"{title}: {name}" if title and name else title


async def _chosen(
    service: SlackService, body: Body, action: Body, title: str, value: object,
    place: tuple[str, str | None],
) -> None:  # fmt: skip
    told = read_click(body, action, title, *place, _now())
    payload = opened(service.seals, value, told.work.conversation)
    if payload is not None:
        told = replace(told, work=replace(told.work, payload=payload.dict()))
    block_id = str(action.get("block_id"))
    kept = stays(block_id)
    if not await service.accept(told, SLIP_SECONDS if kept else None) or kept:
        return
    blocks = (body.get("message") or {}).get("blocks")
    if blocks:
        await _update(service, body, without_choices(blocks, block_id, title), place)
    elif body.get("response_url"):
        # Slack does not send back what only one person sees; the buttons stay there.
        log.debug("slack.buttons_stay", block=block_id)


async def _update(
    service: SlackService, body: Body, blocks: list[Body], place: tuple[str, str | None]
) -> None:
    """Replace a message's blocks; where that is not possible the message stays as it is."""
    message, container = body.get("message") or {}, body.get("container") or {}
    channel = (body.get("channel") or {}).get("id")
    content = {"text": message.get("text") or "…", "blocks": blocks}
    work = Work("turn", place[0], place[1], "", str(channel), "", "")
    if container.get("is_ephemeral"):
        if not body.get("response_url"):
            return
        update = service.message(work, "response_url", {"replace_original": True, **content})
        update["url"] = body["response_url"]
    else:
        ts = container.get("message_ts") or message.get("ts")
        update = service.message(work, "chat.update", {"channel": channel, "ts": ts, **content})
    await service.send([(lane_of(place[0], str(channel)), update)])


async def _share(
    service: SlackService, body: Body, number: str, place: tuple[str, str | None]
) -> None:
    """Post a kept answer where everybody in the channel sees it, once."""
    kept = await service.in_thread(service.memory.kept, number)
    channel = str((body.get("channel") or {}).get("id"))
    user = str((body.get("user") or {}).get("id"))
    work = Work("turn", place[0], place[1], user, channel, "", "")
    url = body["response_url"]
    messages: list[Message] = []
    if kept is None:
        text = "That answer is more than a day old; please ask again, then share it."
        args: Body = {"response_type": "ephemeral", "replace_original": False, "text": text}
        messages.append({**service.message(work, "response_url", args), "url": url})
    else:
        shown = Rendered(kept["text"], kept["blocks"], kept["fallback"])
        shown = quoted(shown, kept["user"], kept["question"])
        args = {
            "response_type": "in_channel", "replace_original": False,
            "text": shown.text, "blocks": shown.blocks,
        }  # fmt: skip
        post = service.message(work, "response_url", args, shown.fallback)
        messages.append({**post, "url": url})
        args = {"delete_original": True}
        messages.append({**service.message(work, "response_url", args), "url": url})
    once = [f"share:{place[0]}:{number}"]
    if kept is None or await service.in_thread(service.deliveries.remember, once):
        await service.send([(lane_of(place[0], channel), message) for message in messages])
