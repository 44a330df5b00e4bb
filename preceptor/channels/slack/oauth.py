"""Installing the app by OAuth: Bolt's stores over the channels' database, and the pages."""

from __future__ import annotations

import html
import logging
import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slack_bolt.oauth.async_callback_options import AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from preceptor.channels.storage import in_thread

if TYPE_CHECKING:
    from preceptor.channels.slack.service import SlackService

STATE_SECONDS = 600
_STATE = "slack oauth state"

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
    sentence = f"Open Slack in {team} and write to Preceptor there."
    return _page(args, 200, "Preceptor is installed", sentence)


async def not_installed(args: AsyncFailureArgs) -> BoltResponse:
    """Tell the browser why the app is not installed and what to do."""
    sentence = _WHY_NOT.get(args.reason, "Slack ended the installation. Please begin again.")
    again = (
        f'<p><a href="{html.escape(args.settings.install_path)}">Begin again</a></p>'
        f"<p><small>Slack's word for it: {html.escape(args.reason)}</small></p>"
    )
    status = max(args.suggested_status_code, 400)
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
    """Takes what Bolt's OAuth flow has installed; `Authorize` finds it."""

    def __init__(self, service: SlackService) -> None:
        """Use the service's database."""
        self._service = service

    @property
    def logger(self) -> logging.Logger:
        """The logger Bolt writes to."""
        return logging.getLogger(__name__)

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation in place of the workspace's earlier one."""
        await in_thread(self._service.installations.save, installation.to_dict())
        self._service.forget_tokens()


class StateStore(AsyncOAuthStateStore):
    """Issues the signed one-time values that tie an installation's end to its beginning."""

    def __init__(self, service: SlackService) -> None:
        """Use the service's seals and database."""
        self._service = service

    @property
    def logger(self) -> logging.Logger:
        """The logger Bolt writes to."""
        return logging.getLogger(__name__)

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        """Return a new value, good for ten minutes."""
        content = [secrets.token_urlsafe(12), time.time() + STATE_SECONDS]
        return self._service.seals.sign(content, _STATE)

    async def async_consume(self, state: str) -> bool:
        """Say whether a value is good and not used yet, and use it up."""
        content = self._service.seals.signed(state, _STATE)
        if content is None or content[1] < time.time():
            return False
        remember = self._service.memory.remember_once
        return await in_thread(remember, f"state:{content[0]}", STATE_SECONDS)
