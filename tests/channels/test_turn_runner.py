"""The guard: what a person hears when something fails."""

import asyncio
import contextlib
import json
import re

import jsonschema
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, FollowupAction, Restarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from structlog.testing import capture_logs

from preceptor.channels.clean_text import CUT_NOTE, EMPTY_NOTE
from preceptor.channels.turn_runner import (
    FAILED_SENTENCE,
    PARTLY_SENTENCE,
    GuardedActionEndpoint,
    is_plainly_valid,
    reply_in_words,
)
from tests.support.tiny_project import free_port

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
    try:
        return await action.run(CollectingOutputChannel(), nlg, tracker, DOMAIN)
    finally:
        await endpoint.close()


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


class BareServer:
    """Answers requests on bare connections, and closes some instead.

    Attributes:
        requests: how many came.
        connections: how many connections were opened.
        refused: the requests, counted from 1, at which it closes the connection unanswered.
        after_answer: whether it closes each connection after its answer, unannounced.
        cookies: the cookies that came.
    """

    def __init__(self) -> None:
        self.requests = self.connections = 0
        self.refused: set[int] = set()
        self.after_answer = False
        self.cookies: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head.lower())
                assert length is not None
                await reader.readexactly(int(length[1]))
                self.cookies += re.findall(rb"cookie: ([^\r]+)", head.lower())
                self.requests += 1
                if self.requests in self.refused:
                    break
                body = json.dumps(GOOD).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: who=me\r\n"
                    + f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
                if self.after_answer:
                    break
        writer.close()


@pytest.fixture
async def bare():
    """A `BareServer`, with `call()` to ask it through one guarded endpoint."""
    server = BareServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    endpoint = GuardedActionEndpoint(f"http://127.0.0.1:{port}/webhook", limit_seconds=5)
    server.call = lambda: endpoint.request(method="post", json={"next_action": "action_x"})
    yield server
    await endpoint.close()
    listening.close()
    await listening.wait_closed()


async def test_calls_share_a_connection_and_no_cookies(bare):
    for _ in range(5):
        assert await bare.call() == GOOD
    assert (bare.requests, bare.connections, bare.cookies) == (5, 1, [])


async def test_calls_at_once_do_not_wait_for_each_other(bare):
    assert await asyncio.gather(*(bare.call() for _ in range(8))) == [GOOD] * 8


async def test_a_connection_that_was_closed_meanwhile_is_not_used(bare):
    bare.after_answer = True
    for _ in range(3):
        assert await bare.call() == GOOD
        await asyncio.sleep(0.01)
    assert bare.connections >= 3


async def test_a_connection_closed_at_the_moment_of_a_call_costs_nobody_the_answer(bare):
    bare.refused = {2}
    assert [await bare.call() for _ in range(3)] == [GOOD] * 3


async def test_a_server_that_closes_every_connection_makes_the_advisor_say_so(bare):
    bare.refused = set(range(1, 10))
    answer = await bare.call()
    assert answer["responses"] == [{"response": "utter_action_failed"}]
    assert bare.requests == 2


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(
            ["slot", "followup", "bot", "user", "action", "entities", "restart", "what"]
        )
        | ANYTHING,
        "name": st.just("country") | ANYTHING,
        "value": ANYTHING,
        "timestamp": st.just(1.5) | ANYTHING,
        "metadata": st.just({}) | ANYTHING,
        "entities": ANYTHING,
        "parse_data": ANYTHING,
    },
)
ANSWERS = (
    st.fixed_dictionaries(
        {},
        optional={
            "events": st.lists(EVENTS | ANYTHING, max_size=3) | ANYTHING,
            "responses": st.lists(st.just({"text": "Good."}) | ANYTHING, max_size=3) | ANYTHING,
        },
    )
    | ANYTHING
)


@settings(max_examples=600, deadline=None)
@given(ANSWERS)
def test_what_is_plainly_valid_is_valid_by_the_schema(answer):
    if is_plainly_valid(answer):
        jsonschema.validate(answer, RemoteAction.action_response_format_spec())


@pytest.mark.parametrize(
    "event",
    [SlotSet("a", {"b": 1}), FollowupAction("action_listen"), Restarted(), BotUttered("Good.")],
)
def test_the_usual_answers_are_plainly_valid(event):
    answer = {"events": [event.as_dict()], "responses": [{"text": "Good."}]}
    assert is_plainly_valid(answer)


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
