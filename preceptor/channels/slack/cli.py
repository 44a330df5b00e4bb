"""`python -m preceptor slack check`: whether Slack is set up, and if not, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from preceptor.channels.slack.config import BOT_SCOPES
from preceptor.channels.slack.outbox import is_local
from preceptor.runtime.settings import Complaint, SlackSettings, load_slack_settings

_LIMIT_SECONDS = 15
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")

_WHAT_TO_DO = {
    "invalid_auth": "Slack does not know it; copy it again",
    "not_authed": "it is empty; copy it again",
    "token_revoked": "it was revoked; install the app again and copy the new one",
    "token_expired": "it has expired; turn token rotation off in the app's settings",
    "account_inactive": "its workspace removed the app; install it again and copy the new one",
    "not_allowed_token_type": "it is of another kind; copy the right one",
    "missing_scope": "it lacks a scope; reinstall the app from deploy/slack/",
}
_WHERE = {
    "SLACK_BOT_TOKEN": "OAuth & Permissions, Bot User OAuth Token",
    "SLACK_APP_TOKEN": "Basic Information, App-Level Tokens, scope connections:write",
}


@click.group()
def slack() -> None:
    """Check what connects the advisor with Slack."""


@slack.command()
def check() -> None:
    """Verify token, scopes, signing secret or app token; say what is wrong and what to do."""
    config = load_slack_settings()
    if config is None:
        raise Complaint(
            "Slack is off: none of its variables is set. docs/slack.md says how to set it up."
        )
    problems = 0
    for good, sentence in findings(config):
        click.echo(f"{'ok ' if good else 'NO '} {sentence}")
        problems += not good
    if problems:
        raise Complaint(
            f"Slack is not ready: {problems} thing{'s' * (problems > 1)} to mend, see above."
        )
    click.echo("Slack is ready.")


def findings(config: SlackSettings) -> Iterator[tuple[bool, str]]:
    """Check the settings; yield for each check whether it is good, and a sentence."""
    if config.bot_token:
        yield from _bot_token(config, config.bot_token)
    else:
        yield True, "Workspaces install the app by OAuth; no token is set for a single one."
    if config.mode == "http":
        yield _form(
            "SLACK_SIGNING_SECRET",
            bool(_SIGNING_SECRET.fullmatch(config.signing_secret)),
            "32 characters of 0-9 and a-f",
        )
        yield True, "Slack must reach /webhooks/slack/events here; its app settings verify that."
    elif config.app_token:
        token = config.app_token
        try:
            _client(config, token).apps_connections_open(app_token=token)
            yield True, "SLACK_APP_TOKEN opens Socket Mode."
        except (SlackApiError, OSError) as error:
            yield False, _failure(config, "SLACK_APP_TOKEN", error)
    if config.client_id:
        good = bool(re.fullmatch(r"\d+\.\d+", config.client_id))
        yield _form("SLACK_CLIENT_ID", good, "two numbers with a dot")


def _client(config: SlackSettings, token: str) -> WebClient:
    client = WebClient(token=token, base_url=config.api_url, timeout=_LIMIT_SECONDS)
    if is_local(config.api_url):
        client.proxy = None
    return client


def _bot_token(config: SlackSettings, token: str) -> Iterator[tuple[bool, str]]:
    try:
        answer = _client(config, token).auth_test()
    except (SlackApiError, OSError) as error:
        yield False, _failure(config, "SLACK_BOT_TOKEN", error)
        return
    user, team = answer.get("user"), answer.get("team")
    yield True, f'SLACK_BOT_TOKEN is that of "{user}" in the workspace "{team}".'
    headers = {str(name).lower(): value for name, value in answer.headers.items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")}
    if missing := [scope for scope in BOT_SCOPES if scope not in granted]:
        yield (
            False,
            f"The app lacks the scope{'s' * (len(missing) > 1)} {', '.join(missing)}: add "
            "them under OAuth & Permissions (or paste the manifest of deploy/slack/ again), "
            "then reinstall the app.",
        )
    else:
        yield True, f"All {len(BOT_SCOPES)} scopes are granted."


def _form(name: str, good: bool, form: str) -> tuple[bool, str]:
    if good:
        return True, f"{name} has the right form (only a call from Slack proves it)."
    return False, f"{name} is not {form}: copy it from the app's Basic Information."


def _failure(config: SlackSettings, name: str, error: Exception) -> str:
    if not isinstance(error, SlackApiError):
        return f"Slack cannot be reached at {config.api_url} ({error})."
    word = str(error.response.get("error"))
    what = _WHAT_TO_DO.get(word, "see the error's name in Slack's documentation")
    return f'{name}: Slack says "{word}": {what} (the app\'s settings: {_WHERE[name]}).'
