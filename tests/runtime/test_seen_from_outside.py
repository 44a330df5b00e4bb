"""What a running advisor shows of itself: metrics, and a log without what people wrote."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.advisor import Advisor, running_advisor
from tests.support.web import LIMIT_SECONDS, widget

MARK = "zanzibarmarker"


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Advisor]:
    """An advisor that logs everything it can."""
    home = tmp_path_factory.mktemp("seen") / "home"
    with running_advisor(home, settings={"PRECEPTOR_LOG_LEVEL": "DEBUG"}) as running:
        yield running


def metrics(advisor: Advisor) -> dict[tuple[str, ...], float]:
    """Return what /metrics says: by name and labels' values, in the labels' order."""
    answer = advisor.client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_turns_intents_and_dangers_are_counted(talkative: Advisor) -> None:
    before = metrics(talkative)
    talkative.say("surgery in Kenya", "counted")
    talkative.say("I want to kill myself", "counted-too")
    talkative.say("How do I apply?", "counted-as-well")
    after = metrics(talkative)

    def more(*key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    assert more("preceptor_turns_total", "rest", "answered") == 3
    assert more("preceptor_messages_total", "search", "find_program") == 1
    dangers = [key for key in after if key[:2] == ("preceptor_messages_total", "safety")]
    assert sum(more(*key) for key in dangers) == 1
    for stage in ("reading", "saving", "turn", "action"):
        assert more("preceptor_stage_seconds_count", stage) >= 3, stage
        assert more("preceptor_stage_seconds_sum", stage) > 0, stage
    assert after[("preceptor_channels_database_up",)] == 1
    assert after[("process_resident_memory_bytes",)] > 0


async def test_a_message_of_the_web_waits_and_is_counted(talkative: Advisor) -> None:
    before = metrics(talkative)
    async with widget(str(talkative.client.base_url).rstrip("/")) as person:
        await person.say(f"How do I apply? {MARK}")
        await person.until(lambda: person.texts())
    after = metrics(talkative)
    turns = ("preceptor_turns_total", "web", "answered")
    assert after[turns] - before.get(turns, 0) == 1
    assert after[("preceptor_stage_seconds_count", "waiting")] >= 1


def test_metrics_hold_nothing_that_people_wrote(talkative: Advisor) -> None:
    talkative.say(f"{MARK}?", "measured")
    assert MARK not in talkative.client.get("/metrics").text


def test_no_log_holds_what_people_wrote(talkative: Advisor) -> None:
    odd = (f"compare {MARK} with Kenya", f"/{MARK}{{}}", MARK * 50)
    for text in (MARK, f"surgery in {MARK}", *odd):
        talkative.say(text, f"logged-{uuid.uuid4()}")
    conversation = f"logged-{uuid.uuid4()}"
    talkative.say("Why should I do an internship?", conversation)
    assert MARK.lower() not in talkative.log().lower()
    lines = [json.loads(line) for line in talkative.log().splitlines() if line.startswith("{")]
    assert any(line.get("conversation") == conversation for line in lines)
    assert [each for each in files_with(talkative.home, MARK) if ".db" not in each.name] == []


def files_with(folder: Path, words: str) -> list[Path]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return [each for each in files if words.encode() in each.read_bytes()]


def test_who_asks_for_it_is_deleted_from_all_files(talkative: Advisor) -> None:
    sender = f"forgotten-{uuid.uuid4()}"
    words = f"m{uuid.uuid4().hex}"
    talkative.say(f"I am a third year student and my secret is {words}", sender)
    talkative.say("surgery in Kenya", sender)
    assert files_with(talkative.home, words)
    offer = talkative.say("delete my data", sender)
    (button,) = [each for each in offer.buttons if "Delete" in each["title"]]
    # Nothing is gone before the button is pressed, and in nobody else's conversation.
    talkative.click(button, "somebody-else")
    assert files_with(talkative.home, words)
    done = talkative.click(button, sender)
    assert done.text.startswith("Deleted")
    texts = [each.get("text") for each in talkative.events(sender) if each["event"] == "user"]
    assert texts == [button["title"]]
    assert done.slots.get("search_country") is None
    assert "third year" not in talkative.say("What do you know about me?", sender).text
    deadline = time.monotonic() + 60 + LIMIT_SECONDS
    while left := files_with(talkative.home, words):
        assert time.monotonic() < deadline, left
        time.sleep(1)
