"""Talks to the running advisor in the terminal, over REST."""

import sys
import uuid
from collections.abc import Callable
from typing import Any

import click
import httpx

from preceptor.runtime.settings import Complaint, Settings

# A turn of the server ends after 20 s; a queue of one may stand before it.
_LIMIT_SECONDS = 45.0
_WELCOME = 'Ask about medical internships. A number picks a quick reply; "quit" ends.'
_QUIT = {"quit", "exit", ":q"}


def render(messages: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Turn the server's messages into lines for the terminal.

    Args:
        messages: `{"text", "buttons": [{"title", "payload"}], "custom", "image"}`, each
            key optional. A card (`custom`) is shown by its text where it comes alone.

    Returns:
        The lines, and the payloads of the quick replies; number n on screen is the payload
        at index n - 1.
    """
    lines: list[str] = []
    payloads: list[str] = []
    has_text = any(message.get("text") for message in messages)
    for message in messages:
        card = message.get("custom")
        text = message.get("text")
        if not text and isinstance(card, dict) and not has_text:
            text = card.get("text") or card.get("title")
        lines += str(text).splitlines() if text else []
        lines += [message["image"]] if message.get("image") else []
        for button in message.get("buttons") or []:
            payloads.append(str(button.get("payload") or button.get("title") or ""))
            lines.append(f"  {len(payloads)}. {button.get('title') or payloads[-1]}")
    return lines, payloads


def pick(typed: str, payloads: list[str]) -> str:
    """Return what to send: the quick reply with the typed number, or what was typed."""
    number = typed.strip()
    if number.isascii() and number.isdigit() and 0 < int(number) <= len(payloads):
        return payloads[int(number) - 1]
    return typed


def chat(settings: Settings) -> None:
    """Read questions and show replies until the person quits or the input ends.

    Raises:
        Complaint: If no advisor is running.
    """
    sender = f"chat-{uuid.uuid4().hex}"
    with httpx.Client(timeout=_LIMIT_SECONDS, trust_env=False) as client:
        try:
            client.get(settings.rest_url.removesuffix("webhook"))
        except httpx.HTTPError as error:
            raise Complaint(_nothing_runs(settings)) from error
        click.echo(_WELCOME)
        read = _reader()
        payloads: list[str] = []
        while True:
            try:
                typed = read()
            except (EOFError, KeyboardInterrupt):
                click.echo()
                return
            if typed.strip().lower() in _QUIT:
                return
            if not typed.strip():
                continue
            messages = _send(client, settings, sender, pick(typed, payloads))
            lines, payloads = render(messages)
            click.echo("\n".join(lines) + "\n")


def _send(client: httpx.Client, settings: Settings, sender: str, text: str) -> list[dict[str, Any]]:
    try:
        answer = client.post(settings.rest_url, json={"sender": sender, "message": text})
        content = answer.json()
    except httpx.TimeoutException:
        return [{"text": "(The advisor took too long to answer. Please try again.)"}]
    except httpx.HTTPError as error:
        raise Complaint(_nothing_runs(settings)) from error
    except ValueError:
        return [{"text": f"(The server answered with status {answer.status_code}.)"}]
    if isinstance(content, dict):
        return [{"text": f"({content.get('error', 'The server refused the message.')})"}]
    return list(content)


def _reader() -> Callable[[], str]:
    if not sys.stdin.isatty():
        return input
    from prompt_toolkit import PromptSession

    session: PromptSession[str] = PromptSession()
    return lambda: session.prompt("you> ")


def _nothing_runs(settings: Settings) -> str:
    return (
        f"No advisor answers at {settings.server_url}. Start one with make run in another "
        "terminal, or set PRECEPTOR_PORT to the port where it runs."
    )
