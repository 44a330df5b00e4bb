"""`python -m preceptor slack check`: whether Slack is set up, and if not, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from preceptor.channels.slack.config import BOT_SCOPES
from preceptor.channels.slack.outbox import is_local
from preceptor.runtime.settings import (
    Complaint,
    SlackSettings,
    load_settings,
    load_slack_settings,
)

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
    for good, sentence in findings(config, load_settings().secret is not None):
        click.echo(f"{'ok ' if good else 'NO '} {sentence}")
        problems += not good
    if problems:
        raise Complaint(
            f"Slack is not ready: {problems} thing{'s' * (problems > 1)} to mend, see above."
        )
    click.echo("Slack is ready.")


def findings(config: SlackSettings, has_secret: bool) -> Iterator[tuple[bool, str]]:
    """Check everything; yield for each check whether it is good, and a sentence.

    Args:
        config: The settings to check.
        has_secret: Whether PRECEPTOR_SECRET is set.
    """
    if config.bot_token:
        yield from _bot_token(config, config.bot_token)
    else:
        yield True, "Workspaces install the app by OAuth; no token is set for a single one."
    if config.mode == "http":
        yield _signing_secret(config.signing_secret)
        yield True, "Slack must reach /webhooks/slack/events here; its app settings verify that."
    elif config.app_token:
        yield _app_token(config, config.app_token)
    if config.client_id:
        yield _client_id(config.client_id)
        if not has_secret:
            yield (
                True,
                "Tokens are encrypted with var/secret; several servers need one PRECEPTOR_SECRET.",
            )


def _client(config: SlackSettings, token: str) -> WebClient:
    client = WebClient(token=token, base_url=config.api_url, timeout=_LIMIT_SECONDS)
    if is_local(config.api_url):
        client.proxy = None
    return client


def _bot_token(config: SlackSettings, token: str) -> Iterator[tuple[bool, str]]:
    try:
        answer = _client(config, token).auth_test()
    except SlackApiError as error:
        yield False, _refusal("SLACK_BOT_TOKEN", error)
        return
    except OSError as error:
        yield False, f"Slack cannot be reached at {config.api_url} ({error})."
        return
    user, team = answer.get("user"), answer.get("team")
    yield True, f'SLACK_BOT_TOKEN is that of "{user}" in the workspace "{team}".'
    headers = {str(name).lower(): value for name, value in answer.headers.items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")}
    missing = [scope for scope in BOT_SCOPES if scope not in granted]
    if missing:
        yield (
            False,
            f"The app lacks the scope{'s' * (len(missing) > 1)} {', '.join(missing)}: add "
            "them under OAuth & Permissions (or paste the manifest of deploy/slack/ again), "
            "then reinstall the app.",
        )
    else:
        yield True, f"All {len(BOT_SCOPES)} scopes are granted."


def _signing_secret(secret: str) -> tuple[bool, str]:
    if _SIGNING_SECRET.fullmatch(secret):
        return True, "SLACK_SIGNING_SECRET has the right form (only a call from Slack proves it)."
    return (
        False,
        "SLACK_SIGNING_SECRET is not 32 characters of 0-9 and a-f: copy it from the app's "
        "Basic Information, App Credentials, Signing Secret.",
    )


def _app_token(config: SlackSettings, token: str) -> tuple[bool, str]:
    try:
        _client(config, token).apps_connections_open(app_token=token)
    except SlackApiError as error:
        return False, _refusal("SLACK_APP_TOKEN", error)
    except OSError as error:
        return False, f"Slack cannot be reached at {config.api_url} ({error})."
    return True, "SLACK_APP_TOKEN opens Socket Mode."


def _client_id(client_id: str) -> tuple[bool, str]:
    if re.fullmatch(r"\d+\.\d+", client_id):
        return True, "SLACK_CLIENT_ID has the right form (only an installation proves it)."
    return (
        False,
        "SLACK_CLIENT_ID is not two numbers with a dot: copy it from the app's Basic "
        "Information, App Credentials.",
    )


def _refusal(name: str, error: SlackApiError) -> str:
    word = str(error.response.get("error"))
    what = _WHAT_TO_DO.get(word, "see the error's name in Slack's documentation")
    return f'{name}: Slack says "{word}": {what} (the app\'s settings: {_WHERE[name]}).'
