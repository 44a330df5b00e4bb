"""Bolt's installation and state stores over the channels' database."""

from __future__ import annotations

import html
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slack_bolt.oauth.async_callback_options import AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

if TYPE_CHECKING:
    from preceptor.channels.slack.service import SlackService


_WHY_NOT = {
    "access_denied": "You declined on Slack's page, so nothing was installed.",
    "invalid_browser": "This browser is not the one in which the installation began, or its "
    "cookie is gone. Please begin again.",
    "invalid_state": "The installation took longer than ten minutes or was finished before. "
    "Please begin again.",
    "missing_code": "Slack sent no code. Please begin again.",
    "invalid_code": "Slack did not take the code: it is too old, or SLACK_CLIENT_SECRET is wrong. "
    "Please begin again.",
    "storage_error": "The installation could not be kept; the log says why. Please try again.",
}


async def installed(args: AsyncSuccessArgs) -> BoltResponse:
    """Tell the browser that the app is installed."""
    team = args.installation.team_name or args.installation.enterprise_name or "your workspace"
    return _page(
        args, 200, "Preceptor is installed", f"Open Slack in {team} and write to Preceptor there."
    )


async def not_installed(args: AsyncFailureArgs) -> BoltResponse:
    """Tell the browser why the app is not installed and what to do."""
    sentence = _WHY_NOT.get(args.reason, "Slack ended the installation. Please begin again.")
    status = max(args.suggested_status_code, 400)
    again = (
        f'<p><a href="{html.escape(args.settings.install_path)}">Begin again</a></p>'
        f"<p><small>Slack's word for it: {html.escape(args.reason)}</small></p>"
    )
    return _page(args, status, "Preceptor is not installed", sentence, again)


def _page(
    args: AsyncSuccessArgs | AsyncFailureArgs,
    status: int,
    title: str,
    sentence: str,
    more: str = "",
) -> BoltResponse:
    shown = f"<h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p>{more}"
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<main>{shown}</main></html>"
    )
    headers: dict[str, str | Sequence[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Set-Cookie": args.settings.state_utils.build_set_cookie_for_deletion(),
    }
    return BoltResponse(status=status, body=body, headers=headers)


class InstallationStore(AsyncInstallationStore):
    """Keeps a workspace's latest installation; tokens are encrypted in the database."""

    def __init__(self, service: SlackService) -> None:
        """Use the service's database."""
        self._service = service

    @property
    def logger(self) -> logging.Logger:
        """The logger Bolt writes to."""
        return logging.getLogger(__name__)

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation in place of the workspace's earlier one."""
        content = installation.to_dict()
        await self._service.in_thread(self._service.installations.save, content)
        self._service.forget_tokens()

    async def async_save_bot(self, bot: Bot) -> None:
        """Keep an installation of which only the bot's part is known."""
        await self._service.in_thread(self._service.installations.save, bot.to_dict())
        self._service.forget_tokens()

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        """Return the bot's part of a workspace's installation."""
        installation = await self.async_find_installation(
            enterprise_id=enterprise_id,
            team_id=team_id,
            is_enterprise_install=is_enterprise_install,
        )
        return installation.to_bot() if installation is not None else None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """Return a workspace's installation, whoever made it."""
        team = None if is_enterprise_install else team_id
        content = await self._service.in_thread(
            self._service.installations.find, enterprise_id, team
        )
        if not content or not content.get("user_id"):
            return None
        return Installation(**_arguments(content))

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Forget a workspace."""
        await self._service.in_thread(self._service.installations.delete, enterprise_id, team_id)
        self._service.forget_tokens()

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Forget a workspace; we never ask for a single person's token."""
        if user_id is None:
            await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)


def _arguments(content: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of slack-sdk's `Installation`; `to_dict` mixes custom values in."""
    values = dict(content)
    custom = values.pop("custom_values", None) or {}
    return {**{k: v for k, v in values.items() if k not in custom}, "custom_values": custom}


class StateStore(AsyncOAuthStateStore):
    """Keeps OAuth's one-time values."""

    def __init__(self, service: SlackService) -> None:
        """Use the service's database."""
        from preceptor.channels.slack.installations import OAuthStates

        self._service = service
        self._states = OAuthStates(service.engine)

    @property
    def logger(self) -> logging.Logger:
        """The logger Bolt writes to."""
        return logging.getLogger(__name__)

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        """Return a new value."""
        return await self._service.in_thread(self._states.issue)

    async def async_consume(self, state: str) -> bool:
        """Say whether a value is good, and use it up."""
        return await self._service.in_thread(self._states.consume, state)
