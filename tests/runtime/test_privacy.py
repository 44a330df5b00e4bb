"""What people typed stays out of logs: errors of databases don't carry it."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from sqlalchemy.engine import Engine

from preceptor.catalogue.database import engine_from_url
from preceptor.channels.storage import engine_of
from preceptor.rasa_ext.tracker_store import TrackerStore
from preceptor.runtime.logs import without_statements
from tests.support.tiny_project import ROOT

WORDS = "I want to die"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'database.db'}"
    return str(request.getfixturevalue("new_database")())


def conversations_of(url: str) -> Engine:
    engine: Engine = TrackerStore(Domain.empty(), url=url).engine
    return engine


@pytest.mark.parametrize("open_engine", [engine_of, engine_from_url, conversations_of])
def test_an_error_hides_the_parameters(url: str, open_engine: Callable[[str], Engine]) -> None:
    engine = open_engine(url)
    with pytest.raises(sa.exc.SQLAlchemyError) as error, engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:words)"), {"words": WORDS})
    written = without_statements(str(error.value))
    assert "nowhere" in written and WORDS not in written
    engine.dispose()


def test_what_postgresql_quotes_of_a_row_is_cut_out() -> None:
    error = (
        "(psycopg2.errors.NotNullViolation) null value in column\n"
        f"DETAIL:  Failing row contains (1, {WORDS},\n\n{WORDS}).\n\n[SQL: INSERT INTO web]"
    )
    assert without_statements(error) == (
        "(psycopg2.errors.NotNullViolation) null value in column\n[SQL: INSERT INTO web]"
    )


async def test_a_turn_that_cannot_be_saved_is_logged_without_its_words(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = TrackerStore(Domain.empty(), url=url)
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE events RENAME COLUMN data TO other"))
    tracker = store.init_tracker("web:one")
    tracker.update(UserUttered(WORDS, {"name": "express_crisis"}))
    with caplog.at_level(logging.ERROR):
        await FailSafeTrackerStore(store).save(tracker)
    assert "INSERT INTO events" in caplog.text
    assert WORDS not in without_statements(caplog.text)
    store.engine.dispose()


def test_every_line_of_the_log_is_cleaned() -> None:
    script = f"""
import json
import logging
from preceptor.runtime.logs import configure_logging
configure_logging()
logging.getLogger("x").error("it failed\\nDETAIL:  Key (words)=({WORDS})")
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert '"event": "it failed"' in run.stderr and WORDS not in run.stderr


@pytest.mark.parametrize(
    ("said", "raised", "logged"),
    [
        ("Surgery in Kenya", "KeyError('kenya')", "KeyError: '…'"),
        ("医学实习签证", "ValueError('no 实习签 here')", "ValueError: no … here"),
        ("hello", "OSError('the disk is full')", "OSError: the disk is full"),
    ],
)
def test_errors_of_a_turn_are_logged_without_its_words(said: str, raised: str, logged: str) -> None:
    script = f"""
import asyncio
from preceptor.channels.turns import Turns
from preceptor.runtime.logs import configure_logging
configure_logging()
async def turn(message):
    raise {raised}
asyncio.run(Turns("rest", turn).replies("one", {said!r}))
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    lines = [json.loads(line) for line in run.stderr.splitlines() if line.startswith("{")]
    by_event = {line["event"]: line for line in lines}
    assert by_event["turn.failed"]["cause"] == logged
    assert by_event["turn.failed"]["conversation"] == "one"
    trace = by_event["turn.exception"]["exception"]
    assert trace.splitlines()[-1] == logged and 'File "<string>", line' in trace
