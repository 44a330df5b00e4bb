"""What is kept of people ends in time and on request, in real SQLite files and PostgreSQL."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from sqlalchemy.engine import Engine

from preceptor.channels import people
from preceptor.channels.history import History, LoggedReply
from preceptor.channels.inbox import Queue
from preceptor.channels.people import EVENTS, People, conversations_url, person_of
from preceptor.channels.slack.installations import SlackMemory
from preceptor.channels.storage import Kept, engine_of, metadata, writing
from preceptor.rasa_ext.tracker_store import TrackerStore
from preceptor.runtime.settings import Settings
from tests.support.tiny_project import ROOT, command, environment

DAY = 24 * 3600
MARK = "zanzibarmarker"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = f"sqlite:///{tmp_path / 'conversations.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_database")()
    return Settings(home=tmp_path, conversations_url=url)


@pytest.fixture
def store(settings: Settings) -> TrackerStore:
    return TrackerStore(Domain.empty(), url=settings.conversations_url)


@pytest.fixture
def kept(settings: Settings, store: TrackerStore) -> People:
    return People(settings)


def tables(settings: Settings) -> list[tuple[Engine, sa.Table]]:
    channels = engine_of(settings.channels_url)
    return [
        (engine_of(conversations_url(settings)), EVENTS),
        *((channels, table) for table in metadata.sorted_tables),
    ]


def fill(settings: Settings, person: str, at: float) -> None:
    """Write a row of a person into every table, as old as it says, whatever its columns are."""
    for engine, table in tables(settings):
        kept: Kept = table.info["kept"]
        row = {}
        for column in table.columns:
            if column.name in (kept.since, kept.until):
                row[column.name] = at
            elif column.name == kept.conversation:
                row[column.name] = person
            elif column.primary_key and isinstance(column.type, sa.String):
                row[column.name] = f"{person} {at}"[-column.type.length :]
            elif not column.nullable and not (column.primary_key and column.autoincrement is True):
                row[column.name] = (
                    MARK[: column.type.length]
                    if isinstance(column.type, sa.String)
                    else int(at % 1e6)
                )
        if table is EVENTS:
            row = {**row, "type_name": "user"}
            del row["id"]
        elif table.name == "queue_items":
            row.pop("id", None)
        with engine.begin() as connection:
            insert = sa.table(table.name, *(sa.column(name) for name in row)).insert()
            connection.execute(insert.values(**row))


def count(settings: Settings, person: str) -> dict[str, int]:
    """Return how many rows each table has of a person."""
    counts = {}
    for engine, table in tables(settings):
        column = table.info["kept"].conversation
        if column is not None:
            query = sa.select(sa.func.count()).where(table.c[column] == person)
            with engine.connect() as connection:
                counts[table.name] = connection.execute(query).scalar_one()
    return counts


def test_every_table_has_a_rule_and_stands_in_the_docs(store: TrackerStore) -> None:
    script = (
        "import preceptor.channels.people as p; print(*sorted(p.metadata.tables))",
        # Whatever the server loads.
        "import preceptor.channels.rest, preceptor.channels.slack.channel\n"
        "import preceptor.channels.web.channel, preceptor.channels.people as p\n"
        "print(*sorted(p.metadata.tables))",
    )
    known, all_tables = (
        subprocess.run(
            [sys.executable, "-c", each], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        for each in script
    )
    assert known == all_tables, "people.py has to import what declares the others"
    assert sa.inspect(store.engine).get_table_names() == [EVENTS.name]
    page = (ROOT / "SECURITY.md").read_text()
    for table in [*metadata.sorted_tables, EVENTS]:
        assert isinstance(table.info.get("kept"), Kept), f"{table.name} has no rule"
        assert f"`{table.name}`" in page, f"SECURITY.md says nothing of {table.name}"


def test_what_is_older_than_it_may_be_is_deleted_in_every_table(
    settings: Settings, kept: People
) -> None:
    now = time.time()
    fill(settings, "old", now - 31 * DAY)
    fill(settings, "new", now - 29 * DAY)
    kept.clean(now)
    # The number of a conversation's last message, no word of it, outlives a token.
    expected = {name: 0 for name in count(settings, "old")} | {"web_conversations": 1}
    assert count(settings, "old") == expected
    assert set(count(settings, "new").values()) == {1}
    kept.clean(now + 340 * DAY)
    assert set(count(settings, "old").values()) == {0}


def test_what_slack_s_memory_keeps_without_an_end_gets_one_when_it_is_idle(
    settings: Settings, kept: People
) -> None:
    engine, now = engine_of(settings.channels_url), time.time()
    memory = SlackMemory(engine)
    with writing(engine) as connection:
        memory.join(connection, "T1", "C1", "1.0")
        memory.talked(connection, "T1", "U1", "slack:T1:U1")
    kept.clean(now)
    assert memory.takes_part("T1", "C1", "1.0") and memory.conversations_of("T1", "U1")
    with writing(engine) as connection:
        memory.talked(connection, "T1", "U1", "slack:T1:U1")
    kept.clean(now + 31 * DAY)
    assert not memory.takes_part("T1", "C1", "1.0") and memory.conversations_of("T1", "U1")


def test_a_person_s_rows_are_exported_and_forgotten_and_nobody_else_s(
    settings: Settings, kept: People
) -> None:
    fill(settings, "web:one", time.time())
    fill(settings, "web:two", time.time())
    exported = kept.export("web:one")
    assert set(exported) == set(count(settings, "web:one"))
    assert all(len(rows) == 1 for rows in exported.values())
    assert kept.forget("web:one") == count(settings, "web:two")
    assert kept.export("web:one") == {}
    assert set(count(settings, "web:two").values()) == {1}


def test_a_person_in_slack_is_all_their_conversations(settings: Settings, kept: People) -> None:
    mine = ("slack:T1:U1", "slack:T1:C1:1.5:U1", "slack:T1:C2:command:U1")
    others = ("slack:T2:U1", "slack:T1:U11", "slack:T1:C1:1.5:U2", "slack:T11:U1")
    for name in (*mine, *others):
        fill(settings, name, time.time())
        assert person_of(name) == ("slack:T1:U1" if name in mine else person_of(name))
    engine = engine_of(settings.channels_url)
    memory = SlackMemory(engine)
    with writing(engine) as connection:
        for user in ("U1", "U2"):
            memory.talked(connection, "T1", user, f"slack:T1:{user}")
    shared = [memory.keep({"question": MARK, "user": user, "shown": {}}) for user in ("U1", "U2")]
    kept.forget(person_of("slack:T1:C1:1.5:U1"))
    assert {name for name in mine if any(count(settings, name).values())} == set()
    assert all(set(count(settings, name).values()) == {1} for name in others)
    assert memory.conversations_of("T1", "U1") == [] and memory.conversations_of("T1", "U2")
    assert memory.kept(shared[0]) is None and memory.kept(shared[1]) is not None


def test_who_asks_to_be_forgotten_is_still_answered(settings: Settings, kept: People) -> None:
    engine = engine_of(settings.channels_url)
    inbox = Queue(engine, "web")
    history = History(engine, inbox)
    history.add("web:one", "1", MARK)
    first = inbox.begin("web:one")
    assert first is not None
    history.answer(first, [LoggedReply("Hello.")])
    time.sleep(0.1)
    history.add("web:one", "2", "Delete everything I wrote", payload="sealed")
    history.add("web:one", "3", "and then?")
    item = inbox.begin("web:one")
    assert item is not None
    kept.forget("web:one", waiting=True)
    assert [each.seq for each in history.answer(item, [LoggedReply("Deleted.")])] == [5]
    texts = [each.text for each in history.after("web:one", 0, 10)[0]]
    assert texts == ["Delete everything I wrote", "and then?", "Deleted."]
    assert inbox.begin("web:one") is not None
    assert MARK not in json.dumps(kept.export("web:one"))


async def test_no_file_has_a_word_left_of_whom_was_forgotten(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, conversations_url=f"sqlite:///{tmp_path / 'talks.db'}")
    store, kept = TrackerStore(Domain.empty(), url=settings.conversations_url), People(settings)
    engine = engine_of(settings.channels_url)
    inbox = Queue(engine, "web")
    history = History(engine, inbox)
    # Pages fill, split and are given back; somebody else's rows stand between.
    for n in range(300):
        for name, words in (("web:one", f"{MARK} {n} " * (1 + n % 40)), ("web:two", "hello " * 20)):
            history.add(name, str(n), words)
            item = inbox.begin(name)
            assert item is not None
            history.answer(item, [LoggedReply(words)])
            tracker = store.init_tracker(name)
            tracker.update(UserUttered(words, {"name": "greet"}))
            tracker.update(BotUttered(words))
            await store.save(tracker)
    assert holds_the_mark(tmp_path)
    assert kept.forget("web:one")["events"] == 600
    assert holds_the_mark(tmp_path) == []
    assert kept.export("web:two")["events"]


def holds_the_mark(folder: Path) -> list[Path]:
    return [
        each for each in folder.rglob("*") if each.is_file() and MARK.encode() in each.read_bytes()
    ]


def test_the_commands_export_and_forget(settings: Settings, kept: People) -> None:
    def run(*arguments: str) -> str:
        return subprocess.run(
            command("people", *arguments),
            env=environment(
                settings.home,
                PRECEPTOR_CONVERSATIONS_URL=str(settings.conversations_url),
                PRECEPTOR_CHANNELS_URL=settings.channels_url,
            ),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    fill(settings, "web:one", time.time())
    assert set(json.loads(run("export", "web:one"))) == set(count(settings, "web:one"))
    assert "events: 1 rows deleted" in run("forget", "web:one")
    assert run("forget", "web:one") == "Nothing is kept of web:one.\n"
    assert json.loads(run("export", "web:one")) == {}


@pytest.mark.parametrize(
    ("store", "url"),
    [
        ("{dialect: sqlite, db: var/talks.db}", "sqlite:///{home}/var/talks.db"),
        ("{url: 'postgresql://a@b/c'}", "postgresql://a@b/c"),
        (
            "{dialect: postgresql, url: host, port: 7, db: c, username: a, password: p}",
            "postgresql://a:p@host:7/c",
        ),
    ],
)
def test_the_conversations_are_found_where_endpoints_yml_says(
    tmp_path: Path, store: str, url: str
) -> None:
    (tmp_path / "endpoints.yml").write_text(f"tracker_store: {store}\n")
    assert conversations_url(Settings(home=tmp_path)) == url.format(home=tmp_path)


async def test_a_database_that_fails_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[float] = []

    class Broken:
        def clean(self, now: float) -> None:
            tries.append(now)
            raise sa.exc.OperationalError("DELETE", {}, Exception("locked"))

    monkeypatch.setattr(people, "CLEAN_SECONDS", 0)
    monkeypatch.setattr(people, "REWRITE_SECONDS", 0.01)
    task = asyncio.ensure_future(people.keep_clean(Broken()))  # type: ignore[arg-type]
    while len(tries) < 2:
        await asyncio.sleep(0.01)
    task.cancel()
