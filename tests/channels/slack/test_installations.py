"""What the Slack channel remembers, in SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from preceptor.channels.slack import oauth
from preceptor.channels.slack.installations import (
    CONVERSATIONS_KEPT,
    Installations,
    SlackMemory,
)
from preceptor.channels.slack.oauth import StateStore
from preceptor.channels.storage import writing
from preceptor.conversation.choices import Seals

KEY = b"k" * 32
INSTALLED = {
    "enterprise_id": None,
    "team_id": "T1",
    "bot_token": "xoxb-very-secret",
    "bot_user_id": "UBOT",
    "installed_at": datetime(2026, 11, 24, tzinfo=timezone.utc),
}


def test_an_installation_is_found_again_and_encrypted_at_rest(engine: Engine) -> None:
    store = Installations(engine, KEY)
    store.save(INSTALLED)
    found = store.find(None, "T1")
    assert found is not None and found["bot_token"] == "xoxb-very-secret"
    assert found["installed_at"] == INSTALLED["installed_at"].timestamp()
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM slack_workspaces")).fetchall()
    assert "secret" not in str(rows) and "UBOT" not in str(rows)


def test_a_later_installation_replaces_the_earlier(engine: Engine) -> None:
    store = Installations(engine, KEY)
    store.save(INSTALLED)
    store.save({**INSTALLED, "bot_token": "xoxb-new"})
    found = store.find("E1", "T1")
    assert found is not None and found["bot_token"] == "xoxb-new"
    assert store.find(None, "T2") is None


def test_an_organisations_installation_serves_its_workspaces(engine: Engine) -> None:
    store = Installations(engine, KEY)
    store.save({**INSTALLED, "enterprise_id": "E1", "team_id": None})
    assert store.find("E1", "T7") is not None
    assert store.find("E2", "T7") is None


def test_a_removed_workspace_is_forgotten(engine: Engine) -> None:
    store = Installations(engine, KEY)
    store.save(INSTALLED)
    store.delete(None, "T1")
    assert store.find(None, "T1") is None


def test_what_another_secret_encrypted_counts_as_not_installed(engine: Engine) -> None:
    Installations(engine, KEY).save(INSTALLED)
    assert Installations(engine, b"x" * 32).find(None, "T1") is None


async def test_a_state_is_good_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    seals = Seals(b"k" * 32)
    service = SimpleNamespace(seals=seals, memory=SlackMemory(engine))
    states = StateStore(service)  # type: ignore[arg-type]
    state = await states.async_issue()
    assert await states.async_consume(state)
    assert not await states.async_consume(state)
    assert not await states.async_consume("made-up")
    monkeypatch.setattr(oauth, "STATE_SECONDS", -1)
    assert not await states.async_consume(await states.async_issue())


def test_what_comes_again_is_known_until_its_time_is_over(engine: Engine) -> None:
    memory = SlackMemory(engine)
    assert memory.remember_once("event:1", 60) and not memory.remember_once("event:1", 60)
    assert memory.remember_once("click", -1) and memory.remember_once("click", 60)


def test_of_many_that_come_at_once_one_is_taken(engine: Engine) -> None:
    memory = SlackMemory(engine)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: memory.remember_once("event:1", 60), range(16)))
    assert sorted(taken) == [False] * 15 + [True]


def test_a_thread_is_joined_in_one_channel_of_one_workspace(engine: Engine) -> None:
    memory = SlackMemory(engine)
    with writing(engine) as connection:
        memory.join(connection, "T1", "C1", "1.0")
        memory.join(connection, "T1", "C1", "1.0")
    assert memory.takes_part("T1", "C1", "1.0")
    assert not memory.takes_part("T2", "C1", "1.0")
    assert not memory.takes_part("T1", "C2", "1.0")
    memory.forget_team("T1")
    assert not memory.takes_part("T1", "C1", "1.0")


def test_the_latest_conversations_of_a_person_are_kept(engine: Engine) -> None:
    memory = SlackMemory(engine)
    with writing(engine) as connection:
        for n in range(CONVERSATIONS_KEPT + 3):
            memory.talked(connection, "T1", "U1", f"c{n}")
        memory.talked(connection, "T1", "U1", "c4")
        memory.talked(connection, "T2", "U1", "elsewhere")
    kept = memory.conversations_of("T1", "U1")
    assert kept[0] == "c4"
    assert len(kept) == CONVERSATIONS_KEPT and len(set(kept)) == CONVERSATIONS_KEPT


def test_an_answer_is_kept_to_be_shared(engine: Engine) -> None:
    memory = SlackMemory(engine)
    number = memory.keep({"text": "the answer"})
    assert memory.kept(number) == {"text": "the answer"}
    assert memory.kept("made-up") is None
