"""People who talk over REST, the web and Slack, go on over faults, and note what they hear."""

import asyncio
import contextlib
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.web import Widget, new_token
from tools.slack_simulator import FakeSlack, Person

MESSAGES = (
    "why should I do an internship",
    "surgery in Kenya",
    "4 weeks",
    "under 3000 usd",
    "do I need insurance for that",
    "back to my search",
)
PATIENCE_SECONDS = 120.0


@dataclass
class Talk:
    """What one person has said and heard.

    Attributes:
        said: The messages, by the person's own ids, in order.
        heard: The answer to each, as one text.
        waited: How long each answer took, in seconds.
        unlike: How often a repeated message got another answer.
    """

    name: str
    said: dict[str, str] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    unlike: int = 0

    async def hold(self, think_seconds: float) -> None:
        """Say all messages, each after the answer to the one before."""
        for text in MESSAGES:
            await asyncio.sleep(random.uniform(0.3, 1.7) * think_seconds)
            own_id = str(uuid.uuid4())
            self.said[own_id] = text
            began = time.monotonic()
            # Not `wait_for`, which waits for what it has cancelled.
            asking = asyncio.ensure_future(self.ask(own_id, text))
            await asyncio.wait({asking}, timeout=PATIENCE_SECONDS)
            if asking.done():
                self.heard[own_id] = asking.result()
            asking.cancel()
            self.waited.append(time.monotonic() - began)
        await self.close()

    async def ask(self, own_id: str, text: str) -> str:
        """Say something until it is answered, and return the answer."""
        raise NotImplementedError

    async def close(self) -> None:
        """Leave."""


@dataclass
class RestTalk(Talk):
    """Somebody over REST, who sends the same again until there is an answer, and once more."""

    url: str = ""

    async def ask(self, own_id: str, text: str) -> str:
        body = {"sender": self.name, "message": text, "id": own_id}
        answer = await self._post(body)
        if (again := await self._post(body)) != answer:
            self.unlike += 1
        return "\n".join(message.get("text") or "" for message in again)

    async def _post(self, body: dict[str, str]) -> list[dict[str, Any]]:
        while True:
            with contextlib.suppress(httpx.TransportError):
                # A connection for each: over a restart none stays.
                async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                    answer = await client.post(f"{self.url}/webhooks/rest/webhook", json=body)
                if answer.status_code == 200:
                    return list(answer.json())
                assert answer.status_code in (500, 503), answer.text
            await asyncio.sleep(0.5)


@dataclass
class WebTalk(Talk):
    """Somebody with the widget, which connects again and asks for what it has missed."""

    url: str = ""
    widget: Widget | None = None

    async def ask(self, own_id: str, text: str) -> str:
        seq = None
        while True:
            try:
                widget = await self._connected()
                if seq is None:
                    said = await widget.say(text, own_id)
                    seq = said.get("seq")
                # Also where nothing is heard, as an answer may have come between two connections.
                if seq is not None:
                    answers = await widget.sync(seq)
                    if texts := [each["text"] for each in answers if each["from"] == "advisor"]:
                        return "\n".join(texts)
            except Exception:
                await self.close()
            await asyncio.sleep(0.2)

    async def _connected(self) -> Widget:
        if self.widget is None:
            token = await asyncio.to_thread(new_token, self.url)
            self.widget = Widget(self.url, token)
        if not self.widget.client.connected:
            self.widget = await Widget(self.url, self.widget.token).connect()
        return self.widget

    async def close(self) -> None:
        if self.widget is not None:
            await asyncio.wait({asyncio.ensure_future(self.widget.close())}, timeout=5)


@dataclass
class SlackTalk(Talk):
    """Somebody who writes to the app in Slack, which delivers again what isn't acknowledged."""

    slack: FakeSlack | None = None
    posts: int = 0

    async def ask(self, own_id: str, text: str) -> str:
        assert self.slack is not None
        place = Person(self.slack, f"U0{self.name.upper()}").dm()
        said = place.say(text)
        while not (seen := place.seen(said.ts)):
            await asyncio.sleep(0.1)
        return "\n".join(message.text for message in seen)
