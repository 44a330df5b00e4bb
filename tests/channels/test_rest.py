"""The REST channel on a real server, without a model behind it."""

import asyncio
import json
import threading
from types import SimpleNamespace

import httpx
import pytest
from rasa.core.run import configure_app

from preceptor.channels import inbox
from preceptor.channels import rest as rest_module
from preceptor.channels.rest import RestInput
from preceptor.conversation.choices import Choice, Page
from preceptor.conversation.replies import Reply, as_custom
from preceptor.runtime.settings import Settings
from tests.support.tiny_project import free_port

WEBHOOK = "/webhooks/rest/webhook"
JSON = {"Content-Type": "application/json"}


class EchoAgent:
    """Stands where Rasa's agent would, and says back what reaches it."""

    action_endpoint = None
    tracker_store = SimpleNamespace(retrieve=None)
    processor = None

    def __init__(self):
        self.messages = []
        self.failure = None
        self.ready = True
        self.hold = None

    def is_ready(self) -> bool:
        return self.ready

    async def handle_message(self, message) -> None:
        if self.failure:
            raise self.failure
        self.messages.append(message)
        if message.text.startswith("hold"):
            # An event of another loop: looked at, not waited for.
            while not self.hold.is_set():
                await asyncio.sleep(0.01)
        reply = {"text": f"You said {message.text}"}
        if message.text == "hi":
            more = Choice(title="More", payload=Page(offset=3))
            reply = {
                "custom": as_custom(Reply(lead="You said hi", steps=("and more",), choices=(more,)))
            }
        await message.output_channel.send_response(message.sender_id, reply)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running server with an echoing agent; Sanic allows one a process."""
    agent = EchoAgent()
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    app = configure_app([RestInput(settings)], enable_api=False)
    app.ctx.agent = agent
    port = free_port()
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def serve() -> None:
        server = await app.create_server("127.0.0.1", port, return_asyncio_server=True)
        await server.startup()
        await server.after_start()
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    yield SimpleNamespace(agent=agent, port=port)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


@pytest.fixture
async def rest(server):
    """A client of the server, and a fresh agent behind it."""
    server.agent.__init__()
    address = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        yield SimpleNamespace(client=client, agent=server.agent)


async def test_a_message_is_answered_as_rasas_own_channel_answers(rest):
    answer = await rest.client.post(WEBHOOK, json={"sender": "me", "message": "hi"})
    (message,) = answer.json()
    assert message["recipient_id"] == "me"
    assert message["text"] == "You said hi\n• and more"
    assert message["custom"]["reply"]["steps"] == ["and more"]
    (more,) = message["buttons"]
    assert more["title"] == "More" and more["payload"] not in ("more", "/more")


async def test_a_click_sends_the_title_and_the_payload(rest):
    answer = await rest.client.post(WEBHOOK, json={"sender": "me", "message": "hi"})
    (button,) = answer.json()[0]["buttons"]
    click = {"message": button["title"], "payload": button["payload"]}
    for sender, choice in (
        ("me", {"choice": {"do": "page", "offset": 3}}),
        # In another conversation the payload has no power: the title is read.
        ("other", None),
    ):
        await rest.client.post(WEBHOOK, json={"sender": sender, **click})
        assert (rest.agent.messages[-1].text, rest.agent.messages[-1].metadata) == ("More", choice)
    for payload in ("/restart", '{"do": "restart"}', button["payload"] + "A", "starter:x", ""):
        await rest.client.post(WEBHOOK, json={"sender": "me", "message": "x", "payload": payload})
        assert rest.agent.messages[-1].metadata is None
    starter = {"sender": "me", "message": "Why?", "payload": "starter:ask_why_intern"}
    await rest.client.post(WEBHOOK, json=starter)
    assert rest.agent.messages[-1].metadata["choice"]["afresh"] is True


async def test_a_text_with_empty_lines_stays_one_message(rest):
    answer = await rest.client.post(WEBHOOK, json={"sender": "me", "message": "one\n\ntwo"})
    assert [message["text"] for message in answer.json()] == ["You said one\ntwo"]


async def test_metadata_and_channel_names_from_outside_are_ignored(rest):
    body = {"sender": 7, "message": "/hi", "metadata": {"admin": True}, "input_channel": "slack"}
    await rest.client.post(WEBHOOK, json=body)
    (message,) = rest.agent.messages
    assert (message.sender_id, message.text) == ("7", "hi")
    assert (message.metadata, message.input_channel) == (None, "rest")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"hi"', 400),
        (b"null", 400),
        (b"\xff\xfe\xfd", 400),
        (b"[" * 60_000, 400),
        (b'{"message": "hi"}', 400),
        (b'{"sender": "", "message": "hi"}', 400),
        (b'{"sender": "  ", "message": "hi"}', 400),
        (b'{"sender": null, "message": "hi"}', 400),
        (b'{"sender": true, "message": "hi"}', 400),
        (b'{"sender": 1.5, "message": "hi"}', 400),
        (b'{"sender": ["me"], "message": "hi"}', 400),
        (b'{"sender": "a\\u0000b", "message": "hi"}', 400),
        (b'{"sender": "\\ud800", "message": "hi"}', 400),
        (json.dumps({"sender": "x" * 129, "message": "hi"}).encode(), 400),
        (b'{"sender": ' + b"9" * 5000 + b', "message": "hi"}', 400),
        (b'{"sender": "me"}', 400),
        (b'{"sender": "me", "message": null}', 400),
        (b'{"sender": "me", "message": {"text": "hi"}}', 400),
        (b'{"sender": "me", "message": 5}', 400),
        (b'{"sender": "me", "message": "hi", "payload": 5}', 400),
        (json.dumps({"sender": "me", "message": "x" * 100_000}).encode(), 413),
        (b'{"sender": "me", "message": ""}', 200),
        (b'{"sender": "me", "message": " \\u200b "}', 200),
        (b'{"sender": "me", "message": "\\ud83d\\ude00"}', 200),
        (b'{"sender": "me", "message": "\\ud800 hi"}', 200),
        (b'{"sender": "me", "message": "/restart"}', 200),
        (json.dumps({"sender": "x" * 128, "message": "hi"}).encode(), 200),
        (json.dumps({"sender": "me", "message": "x" * 60_000}).encode(), 200),
        (b'{"sender": "me", "message": "\'; DROP TABLE events; -- <script>"}', 200),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_every_request_gets_an_answer_in_words(rest, body, status):
    answer = await rest.client.post(WEBHOOK, content=body, headers=JSON)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()[0]["text"]
    else:
        assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_wrong_content_type_is_refused_with_a_sentence(rest, media_type):
    headers = {"Content-Type": media_type}
    answer = await rest.client.post(WEBHOOK, content=b'{"sender": "me"}', headers=headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]


async def test_a_charset_in_the_content_type_is_fine(rest):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    content = b'{"sender": "me", "message": "hi"}'
    assert (await rest.client.post(WEBHOOK, content=content, headers=headers)).status_code == 200


async def test_streaming_is_refused_with_a_sentence(rest):
    body = {"sender": "me", "message": "hi"}
    answer = await rest.client.post(f"{WEBHOOK}?stream=true", json=body)
    assert answer.status_code == 400
    assert "stream" in answer.json()["error"]


async def test_a_body_sent_in_pieces_without_a_length_is_limited_as_well(rest):
    async def pieces():
        for _ in range(100):
            yield b"x" * 1000

    answer = await rest.client.post(WEBHOOK, content=pieces(), headers=JSON)
    assert answer.status_code == 413


async def test_an_agent_that_breaks_still_gives_a_sentence(rest):
    rest.agent.failure = OSError("disk full")
    answer = await rest.client.post(WEBHOOK, json={"sender": "me", "message": "hi"})
    assert answer.status_code == 200
    assert "something went wrong" in answer.json()[0]["text"]


async def test_an_agent_without_a_model_is_not_healthy(rest):
    assert (await rest.client.get("/webhooks/rest/")).status_code == 200
    rest.agent.ready = False
    assert (await rest.client.get("/webhooks/rest/")).status_code == 503


async def test_conversations_are_answered_side_by_side(rest):
    answers = await asyncio.gather(
        *(
            rest.client.post(WEBHOOK, json={"sender": f"s{number}", "message": str(number)})
            for number in range(50)
        )
    )
    assert [answer.json()[0]["text"] for answer in answers] == [
        f"You said {number}" for number in range(50)
    ]


async def test_the_same_message_again_gets_the_same_answer_and_is_asked_once(rest):
    body = {"sender": "again", "message": "hello", "id": "one"}
    answers = await asyncio.gather(*(rest.client.post(WEBHOOK, json=body) for _ in range(5)))
    later = await rest.client.post(WEBHOOK, json=body)
    assert all(answer.json() == later.json() for answer in answers)
    assert [message.text for message in rest.agent.messages] == ["hello"]
    # Another person's message may have the same id.
    await rest.client.post(WEBHOOK, json={**body, "sender": "another"})
    assert len(rest.agent.messages) == 2


@pytest.mark.parametrize("given", [7, "", "x" * 65, "a\nb", ["a"]])
async def test_an_id_that_names_nothing_is_refused(rest, given):
    body = {"sender": "me", "message": "hello", "id": given}
    answer = await rest.client.post(WEBHOOK, json=body)
    assert answer.status_code == 400 and '"id"' in answer.json()["error"]


async def test_what_is_not_answered_in_time_is_told_with_its_id_and_answered_later(
    rest, monkeypatch
):
    monkeypatch.setattr(rest_module, "WAIT_SECONDS", 0.2)
    rest.agent.hold = asyncio.Event()
    body = {"sender": "patient", "message": "hold on"}
    answer = await rest.client.post(WEBHOOK, json=body)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    rest.agent.hold.set()
    monkeypatch.setattr(rest_module, "WAIT_SECONDS", 20)
    again = await rest.client.post(WEBHOOK, json={**body, "id": answer.json()["id"]})
    assert again.json()[0]["text"] == "You said hold on"
    assert len(rest.agent.messages) == 1


async def test_more_than_may_wait_is_refused_at_once_with_a_sentence(rest, monkeypatch):
    monkeypatch.setattr(inbox, "MOST_IN_A_LANE", 2)
    rest.agent.hold = asyncio.Event()
    first = [
        asyncio.ensure_future(
            rest.client.post(WEBHOOK, json={"sender": "greedy", "message": f"hold {n}"})
        )
        for n in range(4)
    ]
    done, waiting = await asyncio.wait(first, timeout=2)
    assert {task.result().status_code for task in done} == {503} and len(done) == 2
    assert all(int(task.result().headers["Retry-After"]) for task in done)
    assert all("try again" in task.result().json()["error"] for task in done)
    modest = await rest.client.post(WEBHOOK, json={"sender": "modest", "message": "hi"})
    assert modest.status_code == 200
    rest.agent.hold.set()
    assert {(await task).status_code for task in waiting} == {200}
