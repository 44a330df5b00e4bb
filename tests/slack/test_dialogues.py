"""The dialogues of tests/dialogues held through Slack: the same outcome as over REST."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.dialogues import dialogue_files, run_dialogue
from tests.support.slack import SlackAdvisor, SlackTalk

FILES = dialogue_files()
AT_ONCE = 6


@pytest.fixture(scope="module")
def held(through_socket: SlackAdvisor):
    """Every dialogue, several at once, each by a person of its own."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures: dict[Path, Future[None]] = {}
        for number, path in enumerate(FILES):
            place = through_socket.person(f"dialogue{number}").dm()
            talk = SlackTalk(through_socket, place)
            futures[path] = pool.submit(run_dialogue, talk, path, "")
        yield futures


@pytest.mark.parametrize("path", FILES, ids=[f"{p.parent.name}/{p.stem}" for p in FILES])
def test_dialogue(held: dict[Path, "Future[None]"], through_socket: SlackAdvisor, path: Path):
    held[path].result(300)
