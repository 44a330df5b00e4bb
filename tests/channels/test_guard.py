"""The guard: what a person hears when something fails."""

import asyncio
import json

import pytest
from aiohttp import web
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from structlog.testing import capture_logs

from preceptor.channels.guard import (
    FAILED_SENTENCE,
    PARTLY_SENTENCE,
    GuardedActionEndpoint,
    reply_in_words,
)
from preceptor.channels.text import CUT_NOTE, EMPTY_NOTE
from tests.launcher.tiny import free_port

LIMIT_SECONDS = 0.2
GOOD = {"events": [{"event": "slot", "name": "a", "value": "b"}], "responses": [{"text": "Good."}]}
FAILED = "I cannot look that up right now."
DOMAIN = Domain.from_dict(
    {"actions": ["action_x"], "responses": {"utter_action_failed": [{"text": FAILED}]}}
)


@pytest.fixture
async def action_server():
    """A real server whose answer a test chooses; yields the function that chooses it."""
    port = free_port()
    answer = {}

    async def handle(request: web.Request) -> web.Response:
        await asyncio.sleep(answer.get("delay", 0))
        return web.Response(
            status=answer.get("status", 200),
            body=answer.get("body", b""),
            content_type=answer.get("content_type", "application/json"),
        )

    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/webhook", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=0.1).start()

    def choose(**kwargs) -> str:
        answer.update(kwargs)
        return f"http://127.0.0.1:{port}/webhook"

    yield choose
    await runner.cleanup()


async def run_action(url: str) -> list:
    """Run a remote action the way Rasa does and return its events."""
    endpoint = GuardedActionEndpoint.around(EndpointConfig(url), LIMIT_SECONDS)
    action = RemoteAction("action_x", endpoint)
    tracker = DialogueStateTracker.from_events("someone", [], slots=[])
    nlg = TemplatedNaturalLanguageGenerator(DOMAIN.responses)
    return await action.run(CollectingOutputChannel(), nlg, tracker, DOMAIN)


async def test_a_good_answer_passes_unchanged(action_server):
    events = await run_action(action_server(body=json.dumps(GOOD).encode()))
    assert [event.type_name for event in events] == ["bot", "slot"]
    assert events[0].text == "Good."


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"delay": 1.0, "body": json.dumps(GOOD).encode()}, "no answer within 0.2 s"),
        ({"status": 500, "body": b'{"error": "boom", "request_body": {"text": "secret"}}'}, "boom"),
        ({"status": 404, "body": b'{"error": "no such action"}'}, "no such action"),
        ({"status": 400, "body": b"what?"}, "status 400"),
        ({"body": b"<html>"}, "JSONDecodeError"),
        ({"body": b"\xff\xfe\x00"}, "Error"),
        ({"body": b"<html>", "content_type": "text/html"}, "not what Rasa expects"),
        ({"body": b"[1, 2]"}, "not what Rasa expects"),
        ({"body": b'{"events": "none"}'}, "not what Rasa expects"),
        ({"body": b'{"responses": ["hello"]}'}, "not what Rasa expects"),
    ],
)
async def test_a_failing_action_server_makes_the_advisor_say_so(action_server, answer, cause):
    with capture_logs() as lines:
        events = await run_action(action_server(**answer))
    assert [event.text for event in events] == [FAILED]
    (line,) = [line for line in lines if line["event"] == "action.failed"]
    assert cause in line["cause"]
    assert (line["conversation"], line["action"]) == ("someone", "action_x")
    assert "secret" not in str(line)


async def test_an_action_server_that_is_down_makes_the_advisor_say_so():
    events = await run_action(f"http://127.0.0.1:{free_port()}/webhook")
    assert [event.text for event in events] == [FAILED]


async def test_a_rejected_execution_keeps_its_meaning(action_server):
    body = b'{"action_name": "action_x", "error": "not now"}'
    with pytest.raises(ActionExecutionRejection):
        await run_action(action_server(status=400, body=body))


async def test_two_failing_calls_in_one_turn_make_one_apology():
    url = f"http://127.0.0.1:{free_port()}/webhook"

    async def turn(message: UserMessage) -> None:
        for event in await run_action(url) + await run_action(url):
            await message.output_channel.send_response(message.sender_id, event.message())

    assert await replies_of(turn) == [FAILED]


async def replies_of(turn, text: str = "hello", limit_seconds: float = 5.0) -> list[str]:
    """Run one turn and return the texts that the person gets."""
    output = CollectingOutputChannel()
    handle = reply_in_words(turn, limit_seconds)
    await handle(UserMessage(text, output, "someone"))
    return [message["text"] for message in output.messages]


async def test_a_turn_that_says_nothing_gets_a_sentence():
    async def turn(message: UserMessage) -> None:
        await message.output_channel.send_response("someone", {"text": "  "})

    assert (await replies_of(turn))[-1] == FAILED_SENTENCE


async def test_a_turn_that_raises_gets_a_sentence_and_the_log_gets_the_cause():
    async def turn(message: UserMessage) -> None:
        raise RuntimeError("the database is locked")

    with capture_logs() as lines:
        assert await replies_of(turn) == [FAILED_SENTENCE]
    (line,) = [line for line in lines if line["event"] == "turn.failed"]
    assert "the database is locked" in line["cause"]


async def test_a_turn_that_fails_half_way_says_that_it_may_be_incomplete():
    async def turn(message: UserMessage) -> None:
        await message.output_channel.send_response("someone", {"text": "First."})
        raise RuntimeError

    assert await replies_of(turn) == ["First.", PARTLY_SENTENCE]


async def test_a_turn_that_takes_too_long_gets_a_sentence_and_is_cancelled():
    ended = asyncio.Event()

    async def turn(message: UserMessage) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    assert await replies_of(turn, limit_seconds=0.1) == [FAILED_SENTENCE]
    await asyncio.wait_for(ended.wait(), 1)


async def test_a_turn_that_is_cancelled_from_inside_gets_a_sentence():
    async def turn(message: UserMessage) -> None:
        raise asyncio.CancelledError

    assert await replies_of(turn) == [FAILED_SENTENCE]


async def test_a_channel_that_is_cancelled_cancels_its_turn_and_stays_cancelled():
    started, ended = asyncio.Event(), asyncio.Event()

    async def turn(message: UserMessage) -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    task = asyncio.create_task(replies_of(turn))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 1)


async def test_a_message_without_words_never_reaches_rasa():
    async def turn(message: UserMessage) -> None:
        raise AssertionError("it did")

    assert await replies_of(turn, "\u200b /") == [EMPTY_NOTE]


async def test_a_cut_message_is_answered_after_the_note():
    async def turn(message: UserMessage) -> None:
        await message.output_channel.send_text_message("someone", str(len(message.text)))

    assert await replies_of(turn, "x" * 9000) == [CUT_NOTE, "8000"]


async def test_a_note_does_not_count_as_an_answer():
    async def turn(message: UserMessage) -> None:
        pass

    assert await replies_of(turn, "x" * 9000) == [CUT_NOTE, FAILED_SENTENCE]
