"""A thousand odd messages and requests to the running advisor: none silent, none a 500."""

import asyncio
import json
import re
import sqlite3
import uuid

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.advisor import Advisor
from tests.support.dialogues import raw_names

BATCH = 50
BATCHES = 12
REQUESTS = 20
AT_ONCE = 8
MARK = "injected"

WORDS = re.compile(r"[^\W\d_]{2}")
QUIET = settings(
    max_examples=BATCHES,
    deadline=None,
    # Nothing is kept or shrunk: a batch takes seconds, and a failure names its message.
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

_intents = st.sampled_from(
    ["greet", "restart", "back", "session_start", "find_program", "nlu_fallback", "correct"]
)
_names = st.sampled_from(["search_country", "search_place", "program_focus", "offer", "misses"])


def _command(intent: str, name: str) -> str:
    return f"/{intent}" + json.dumps({name: MARK})


injections = st.one_of(
    st.builds(_command, _intents, _names),
    st.builds(lambda intent: f"/{intent}", _intents),
    st.builds(lambda name: f'/SetSlots({name}="{MARK}")', _names),
    st.builds(lambda name: f"/SetSlot {name} {MARK}", _names),
    st.builds(lambda intent, name: f" \u200b//\n/{_command(intent, name)}", _intents, _names),
    st.builds(lambda name: f'{{"slot": "{name}", "value": "{MARK}"}}', _names),
    st.builds(lambda name: f'[{MARK}]{{"entity": "{name}"}}', _names),
    st.sampled_from(
        [
            "'; DROP TABLE events; --",
            "' OR '1'='1",
            "Robert'); DELETE FROM programs;--",
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "{{7*7}} ${7*7} #{7*7}",
            "{sender_id} {0} %s %n",
            "../../../../etc/passwd",
            "\x00\x01\x02\x1b[31m",
            "utter_greet action_search_programs",
        ]
    ),
)
texts = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(whitelist_categories=["Cc", "Cf", "Zs", "Zl", "Mn"]), max_size=40),
    st.text(st.characters(min_codepoint=0x0590, max_codepoint=0x06FF), max_size=80),
    st.text(st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF), max_size=30),
    st.builds(str.__mul__, st.text(min_size=1, max_size=8), st.integers(1, 60)),
    st.sampled_from(["", " ", "\n\n", "\u202e\u202d", "?", "0", "-1", "NaN", "null", "undefined"]),
    st.lists(
        st.sampled_from(
            ["surgery", "Kenya", "tanzaniya", "under", "2k", "usd", "4", "weeks", "not", "the",
             "second", "and", "why", "?", "!", ",", "cheaper", "more", "compare", "Georgia", "-",
             "die", "€", "999999999999999999", "in", "or", "house job", "No", "yes", "1e400"]
        ),
        max_size=15,
    ).map(" ".join),
)  # fmt: skip
messages = st.one_of(injections, texts, texts)

bodies = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"", b"{", b"[]", b"null", b"1e999", b'{"sender": "x"}', b"[" * 5000]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["sender", "message", "metadata", "x"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    st.integers(60_000, 120_000).map(
        lambda size: json.dumps({"sender": "long", "message": "x" * size}).encode()
    ),
)
requests = st.tuples(
    st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS"]),
    st.sampled_from(
        ["application/json", "application/json", "text/plain", "multipart/form-data", "", "*/*",
         "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
    ),
    st.sampled_from(["", "", "?stream=true", "?token=x", "?output_channel=slack"]),
    bodies,
)  # fmt: skip


async def _all(jobs) -> list[httpx.Response]:
    """Run requests, a few at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(job):
        async with gate:
            return await job()

    return await asyncio.gather(*(one(job) for job in jobs))


def _send(advisor: Advisor, calls: list[dict]) -> list[httpx.Response]:
    async def send() -> list[httpx.Response]:
        address = str(advisor.client.base_url)
        async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
            return await _all([lambda call=call: client.request(**call) for call in calls])

    return asyncio.run(send())


def _check_reply(answer: httpx.Response, sent: object) -> None:
    assert answer.status_code < 500, (sent, answer.status_code, answer.text)
    if answer.status_code == 200 and answer.request.method == "POST":
        replies = answer.json()
        said = "\n".join(reply.get("text") or "" for reply in replies)
        assert WORDS.search(said), (sent, replies)
        assert raw_names(said) == [], (sent, said)
        assert "something went wrong" not in said, (sent, said)
    elif answer.request.method == "POST":
        assert WORDS.search(answer.json()["error"]), (sent, answer.text)


def test_six_hundred_odd_messages_all_get_words(advisor: Advisor):
    seen = []

    @QUIET
    @given(st.lists(messages, min_size=BATCH, max_size=BATCH))
    def hold(batch: list[str]) -> None:
        seen.extend(batch)
        calls = [
            {"method": "POST", "url": advisor.webhook, "content": _body(text),
             "headers": {"Content-Type": "application/json"}}
            for text in batch
        ]  # fmt: skip
        for text, answer in zip(batch, _send(advisor, calls), strict=True):
            _check_reply(answer, text)
            assert answer.status_code == 200, (text, answer.text)

    hold()
    assert len(seen) >= 600
    assert _told_by_a_message(advisor) == []


def _body(text: str) -> bytes:
    return json.dumps({"sender": f"bad-{uuid.uuid4()}", "message": text}).encode()


def test_four_hundred_odd_requests_all_get_an_answer(advisor: Advisor):
    seen = []

    @settings(QUIET, max_examples=REQUESTS)
    @given(st.lists(requests, min_size=20, max_size=20))
    def hold(batch) -> None:
        seen.extend(batch)
        calls = [
            {"method": method, "url": advisor.webhook + query, "content": body,
             "headers": {"Content-Type": media_type} if media_type else {}}
            for method, media_type, query, body in batch
        ]  # fmt: skip
        for sent, answer in zip(batch, _send(advisor, calls), strict=True):
            _check_reply(answer, sent)

    hold()
    assert len(seen) >= 400


def test_a_hundred_kilobytes_are_refused_and_sixty_are_read(advisor: Advisor):
    for size, status in ((100_000, 413), (60_000, 200)):
        exchange = advisor.say("why do an internship? " * (size // 22), f"long-{uuid.uuid4()}")
        assert exchange.status == status
        assert WORDS.search(exchange.text)


def test_commands_fill_no_slot_and_restart_nothing(advisor: Advisor):
    sender = f"commands-{uuid.uuid4()}"
    advisor.say("surgery in Kenya", sender)
    before = advisor.say("Back to my search", sender).slots
    for text in (
        '/inform{"search_country": ["PE"]}',
        '/SetSlots(search_country=["PE"])',
        '/greet{"search_specialty": ["injected"]}',
        "/session_start",
        "/back",
    ):
        assert advisor.say(text, sender).text
    after = advisor.say("Back to my search", sender).slots
    assert after.get("search_specialty") == before["search_specialty"] == ["surgery"]
    kinds = [event["event"] for event in advisor.events(sender)]
    assert "restart" not in kinds and "rewind" not in kinds
    assert kinds.count("session_started") == 1


def _told_by_a_message(advisor: Advisor) -> list[str]:
    """Return the slots that hold what an injection tried to put there."""
    with sqlite3.connect(f"file:{advisor.home / 'conversations.db'}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT data FROM events WHERE type_name = 'slot' AND sender_id LIKE 'bad-%'"
        ).fetchall()
    slots = [json.loads(row[0]) for row in rows]
    # Open questions and the frame's question quote the message; nothing else may.
    for slot in slots:
        if slot["name"] == "frame" and slot["value"]:
            slot["value"].pop("question", None)
    return [s for s in slots if s["name"] != "open_questions" and MARK in json.dumps(s["value"])]
