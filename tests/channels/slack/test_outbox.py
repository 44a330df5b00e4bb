"""The outbox against a real server that refuses: in order, again, elsewhere, or not at all."""

import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from preceptor.channels.inbox import Queue, Worker
from preceptor.channels.slack import outbox as outbox_module
from preceptor.channels.slack.outbox import PACE, Outbox
from preceptor.channels.storage import open_channels, writing
from preceptor.runtime.settings import Rate, Settings
from tests.support.tiny_project import free_port
from tests.support.web import until


class Refusing:
    """A Slack that answers as it is told, then with yes."""

    def __init__(self) -> None:
        self.base = f"http://127.0.0.1:{free_port()}/"
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        self.heard: list[dict[str, Any]] = []
        self.queue: Queue
        self.worker: Worker
        self.make_outbox: Callable[..., Outbox]

    def refuse(self, error: str, status: int = 200, **headers: str) -> None:
        self.answers.append((status, {"ok": False, "error": error}, headers))

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.heard.append({"to": request.path, **body})
        if self.answers:
            status, answer, headers = self.answers.pop(0)
            return web.json_response(answer, status=status, headers=headers)
        if request.path == "/hook":
            return web.Response(text="ok")
        return web.json_response({"ok": True})

    def start(self, **more: Any) -> None:
        """Send what is put into the queue."""
        self.worker = Worker(self.queue, self.make_outbox(**more).deliver)

    async def send(self, *messages: dict[str, Any], lane: str = "T:C") -> None:
        """Send messages of one lane and wait until all are dealt with."""
        with writing(self.queue.engine) as connection:
            for message in messages:
                self.queue.add(connection, lane, {"team": "T", **message})
        self.worker.wake(lane)
        await until(lambda: not self.worker.is_busy(lane))
        assert self.queue.lanes() == {}


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Refusing]:
    monkeypatch.setattr(outbox_module, "FIRST_WAIT_SECONDS", 0.01)
    refusing = Refusing()
    app = web.Application()
    app.add_routes([web.post("/{method:.+}", refusing.hear)])
    runner = web.AppRunner(app)
    await runner.setup()
    port = int(refusing.base.rsplit(":")[-1].strip("/"))
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            "xoxb-1", base_url=refusing.base, session=session, retry_handlers=[]
        )
        client.proxy = None

        async def client_of(team: str, enterprise: str | None) -> AsyncWebClient | None:
            return client if team == "T" else None

        refusing.queue = Queue(open_channels(Settings(home=tmp_path)), "slack outbox")
        refusing.make_outbox = partial(Outbox, refusing.queue, client_of, session)
        refusing.start()
        yield refusing
        await refusing.worker.stop(1)
    await runner.cleanup()


def post(text: str, **more: Any) -> dict[str, Any]:
    return {"method": "chat.postMessage", "args": {"channel": "C", "text": text}, **more}


@pytest.mark.parametrize(("error", "status"), [("ratelimited", 429), ("internal_error", 200),
                                               ("", 503)])  # fmt: skip
async def test_what_passes_is_tried_again_and_order_is_kept(slack, error: str, status: int) -> None:
    slack.refuse(error, status, **({"Retry-After": "0"} if status == 429 else {}))
    await slack.send(post("one"), post("two"))
    assert [each["text"] for each in slack.heard] == ["one", "one", "two"]


async def test_waits_grow_up_to_a_limit(slack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "LONGEST_WAIT_SECONDS", 0.03)
    for _ in range(4):
        slack.refuse("internal_error")
    with capture_logs() as lines:
        await slack.send(post("one"))
    again = [line["seconds"] for line in lines if line["event"] == "slack.send_again"]
    assert again == [0.01, 0.02, 0.03, 0.03]


@pytest.mark.parametrize("error", ["not_in_channel", "is_archived", "channel_not_found",
                                   "token_revoked"])  # fmt: skip
async def test_what_does_not_pass_is_given_up_and_holds_nothing_up(slack, error: str) -> None:
    slack.refuse(error)
    await slack.send(post("one"), post("two"))
    assert [each["text"] for each in slack.heard] == ["one", "two"]


async def test_blocks_that_slack_does_not_know_are_sent_plainer_and_then_as_text(slack) -> None:
    slack.refuse("invalid_blocks")
    slack.refuse("invalid_blocks")
    message = post("words", fallback=[{"type": "section"}])
    message["args"]["blocks"] = [{"type": "carousel"}]
    await slack.send(message)
    kinds = [[b["type"] for b in each.get("blocks", [])] for each in slack.heard]
    assert kinds == [["carousel"], ["section"], []]
    assert {each["text"] for each in slack.heard} == {"words"}


async def test_what_a_channel_refuses_goes_to_the_person(slack) -> None:
    slack.refuse("not_in_channel")
    direct = {**post("words"), "team": "T"}
    direct["args"] = {"channel": "U", "text": "words"}
    await slack.send(post("words", otherwise=direct))
    assert [each["channel"] for each in slack.heard] == ["C", "U"]


async def test_a_response_url_that_is_over_is_replaced_by_a_direct_message(slack) -> None:
    slack.answers.append((404, {"ok": False, "error": "expired_url"}, {}))
    private = {"method": "response_url", "url": f"{slack.base}hook", "args": {"text": "words"}}
    await slack.send({**private, "otherwise": {**post("words"), "team": "T"}})
    assert [each["to"] for each in slack.heard] == ["/hook", "/chat.postMessage"]
    await slack.send(private)
    assert [each["to"] for each in slack.heard[2:]] == ["/hook"]


async def test_a_workspace_without_a_token_is_not_called(slack) -> None:
    await slack.send(post("words", team="GONE"))
    assert slack.heard == []


async def test_a_channel_gets_a_few_at_once_and_then_one_at_a_time(slack) -> None:
    slack.start(pace=Rate(per_minute=240, burst=PACE.burst))
    started = time.monotonic()
    await slack.send(*[post(str(n)) for n in range(PACE.burst + 2)])
    assert [each["text"] for each in slack.heard] == [str(n) for n in range(6)]
    # A lower bound: a busy machine only makes it longer.
    assert time.monotonic() - started > 0.4
