"""The web channel with the real advisor behind it: search, restart, and servers that die."""

import asyncio
import sqlite3
import time
import uuid

import jwt
import pytest

from tests.support.advisor import (
    Advisor,
    import_catalogue,
    slots_of,
    wait_until_ready,
    write_home,
)
from tests.support.tiny_project import free_port
from tests.support.web import LIMIT_SECONDS, Widget, new_token, until, widget

SEARCH = "Which programmes are there in Kenya?"


@pytest.fixture
def url(advisor: Advisor) -> str:
    return f"http://127.0.0.1:{advisor.port}"


def conversation_of(one: Widget) -> str:
    return "web:" + jwt.decode(one.token, options={"verify_signature": False})["sub"]


async def at_rest(one: Widget) -> None:
    """Wait until the advisor has answered."""
    await until(lambda: one.heard and one.heard[-1] == ("typing", {"on": False}))


async def test_a_search_comes_with_a_card_and_buttons_that_work(advisor, url) -> None:
    async with widget(url) as one:
        await one.say(SEARCH)
        await at_rest(one)
        answers = [each for each in one.messages if each["from"] == "advisor"]
        assert answers and all(each["text"] for each in answers)
        cards = [each["reply"]["card"] for each in answers if each["reply"]["card"]]
        assert [card["type"] for card in cards] == ["program_list"]
        assert cards[0]["total"] >= len(cards[0]["programs"]) > 1
        first, second = cards[0]["programs"][:2]
        one.heard.clear()
        await one.say("Details", payload=second["choices"]["show"])
        await at_rest(one)
        shown = next(each["reply"]["card"] for each in one.messages if each["reply"])
        assert (shown["type"], shown["program"]["id"]) == ("program", second["id"])
        one.heard.clear()
        picked = [second["choices"]["show"], first["choices"]["show"]]
        await one.say("Compare 2 programmes", payload=picked)
        await at_rest(one)
        shown = next(each["reply"]["card"] for each in one.messages if each["reply"])
        assert [each["id"] for each in shown["programs"]] == [second["id"], first["id"]]


async def test_a_restart_forgets_the_search_and_what_was_said(advisor, url) -> None:
    async with widget(url) as one:
        await one.say(SEARCH)
        await at_rest(one)
        conversation = conversation_of(one)
        assert any(
            value not in (None, [], 0)
            for name, value in slots_of(advisor.events(conversation)).items()
            if name.startswith("search_")
        )
        restarted = str(uuid.uuid4())
        answer = await one.ask("restart", {"id": restarted})
        assert answer["ok"]
        assert await one.ask("restart", {"id": restarted}) == answer
        mark = await until(lambda: one.messages[-1]["kind"] == "restart" and one.messages[-1])
        assert (mark["seq"], mark["text"], mark["id"]) == (answer["seq"], None, restarted)
        await until(lambda: advisor.events(conversation)[-1]["event"] == "restart")
        assert [each["kind"] for each in await one.sync()] == ["restart"]
        one.heard.clear()
        await one.say("hello")
        await at_rest(one)
        assert one.texts()
        events = advisor.events(conversation)
        after = events[[event["event"] for event in events].index("restart") :]
        assert not any(
            value for name, value in slots_of(after).items() if name.startswith("search_")
        )


async def test_an_answer_that_rasa_had_given_before_the_crash_is_sent_and_not_given_twice(
    advisor, url
) -> None:
    async with widget(url) as one:
        await one.say(SEARCH)
        await at_rest(one)
        before = [each for each in await one.sync() if each["from"] == "advisor"]
        events = len(advisor.events(conversation_of(one)))
        # As a server leaves it that dies after Rasa has saved the turn and before our own note.
        with sqlite3.connect(advisor.home / "var" / "channels.db", timeout=10) as database:
            mine = (conversation_of(one),)
            database.execute(
                "DELETE FROM web_history WHERE conversation = ? AND sender = 'advisor'", mine
            )
            (last,) = database.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'queue_items'"
            ).fetchone()
            database.execute(
                "INSERT INTO queue_items (id, queue, lane, position, content, attempts, queued_at)"
                " VALUES (?, 'web', ?, 1, '{}', 1, 0)",
                (last, *mine),
            )
        one.heard.clear()
        await at_rest(one)
        again = [each for each in one.messages if each["from"] == "advisor"]
        for key in ("text", "reply", "buttons", "image"):
            assert [each[key] for each in again] == [each[key] for each in before]
        assert len(advisor.events(conversation_of(one))) == events


async def test_a_server_killed_in_mid_turn_loses_and_doubles_nothing(tmp_path) -> None:
    own = Advisor(write_home(tmp_path / "home"), free_port())
    import_catalogue(own.home)
    url = str(own.client.base_url)
    process = own.start()
    try:
        await asyncio.to_thread(wait_until_ready, own, process, "/webhooks/web/")
        token = new_token(url)
        async with widget(url, token) as one:
            with sqlite3.connect(own.home / "conversations.db") as database:
                # A turn waits two seconds for a locked database.
                database.execute("BEGIN EXCLUSIVE")
                assert (await one.say(SEARCH))["ok"]
                await asyncio.sleep(0.5)
                process.kill()
                process.wait()
                database.rollback()
        process = own.start()
        await asyncio.to_thread(wait_until_ready, own, process, "/webhooks/web/")
        async with widget(url, token) as again:
            # The turn may be over before the widget is there, and begins when the server is warm.
            deadline = time.monotonic() + LIMIT_SECONDS
            while True:
                answer = await again.ask("sync", {"after": 0})
                everything = answer["messages"]
                answered = everything[-1]["from"] == "advisor" and not answer["typing"]
                if answered or time.monotonic() > deadline:
                    break
                await asyncio.sleep(0.1)
        assert [each["text"] for each in everything if each["from"] == "person"] == [SEARCH]
        answers = [each["text"] for each in everything if each["from"] == "advisor"]
        assert answers and len(answers) == len(set(answers))
        events = own.events(conversation_of(again))
        assert len([event for event in events if event["event"] == "user"]) == 1
    finally:
        process.kill()
        process.wait()


async def test_a_sender_of_the_rest_channel_cannot_join(advisor, url) -> None:
    async with widget(url) as one:
        await one.say("hello")
        await at_rest(one)
        for sender in (conversation_of(one), " " + conversation_of(one), "WEB:x", "slack:T1:U1"):
            answer = advisor.client.post(advisor.webhook, json={"sender": sender, "message": "hi"})
            assert answer.status_code == 400
            assert "must not begin" in answer.json()["error"]
