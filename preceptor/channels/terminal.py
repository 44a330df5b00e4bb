"""Talks to the running advisor in the terminal, over REST."""

import re
import readline  # noqa: F401 - lets people edit what they type in input()
import sys
import uuid
from typing import Any

import click
import httpx

from preceptor.runtime.settings import Complaint, Settings

# A turn of the server ends after 20 s; a queue of one may stand before it.
_LIMIT_SECONDS = 45.0
_WELCOME = (
    "Ask about medical internships. A number in brackets, such as [1], "
    'chooses what stands beside it; "quit" ends.'
)

Button = dict[str, str]

_QUIT = {"quit", "exit", ":q"}


def render(messages: list[dict[str, Any]]) -> tuple[list[str], list[Button]]:
    """Turn the server's messages into lines for the terminal.

    Args:
        messages: `{"text", "buttons": [{"title", "payload" or "url"}], "image"}`, each key
            optional.

    Returns:
        The lines, and the buttons that can be chosen; [n] on screen is the one at index n - 1.
    """
    lines: list[str] = []
    buttons: list[Button] = []
    for message in messages:
        lines += str(message.get("text") or "").splitlines()
        lines += [message["image"]] if message.get("image") else []
        for button in message.get("buttons") or []:
            if button.get("url"):
                lines.append(f"  {button['title']}: {button['url']}")
                continue
            buttons.append(button)
            lines.append(f"  [{len(buttons)}] {button['title']}")
    return lines, buttons


def pick(typed: str, buttons: list[Button]) -> dict[str, str]:
    """Return what to send: the button whose number was typed in brackets, or what was typed.

    A bare number is no choice: it may mean an item of a list.
    """
    match = re.fullmatch(r"\s*\[\s*(\d{1,3})\s*\]\s*", typed, re.ASCII)
    if match is None or not 0 < int(match[1]) <= len(buttons):
        return {"message": typed}
    button = buttons[int(match[1]) - 1]
    payload = {"payload": button["payload"]} if "payload" in button else {}
    return {"message": button["title"], **payload}


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
        prompt = "you> " if sys.stdin.isatty() else ""
        buttons: list[Button] = []
        while True:
            try:
                typed = input(prompt)
            except (EOFError, KeyboardInterrupt):
                click.echo()
                return
            if typed.strip().lower() in _QUIT:
                return
            if not typed.strip():
                continue
            messages = _send(client, settings, {"sender": sender, **pick(typed, buttons)})
            lines, buttons = render(messages)
            click.echo("\n".join(lines) + "\n")


def _send(client: httpx.Client, settings: Settings, body: dict[str, str]) -> list[dict[str, Any]]:
    try:
        answer = client.post(settings.rest_url, json=body)
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


def _nothing_runs(settings: Settings) -> str:
    return (
        f"No advisor answers at {settings.server_url}. Start one with make run in another "
        "terminal, or set PRECEPTOR_PORT to the port where it runs."
    )
