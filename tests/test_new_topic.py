"""A new advice topic takes an entry, its questions and its answer, and nothing else."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.advisor import (
    TRAIN_LIMIT_SECONDS,
    Advisor,
    import_catalogue,
    stop,
    wait_until_ready,
)
from tests.support.tiny_project import ROOT, command, environment, free_port

ENTRY = """
ask_parking:
  group: advice
  label: Parking
  question: Where can interns park at the hospital?
  leads_to: [ask_timing]
  means: parking at the placement
"""
PLACES = ("at the hospital", "near the ward", "at the clinic", "by the main entrance")
ASKED = (
    "where can I park my car {}",
    "is there a car park for interns {}",
    "do I have to pay for parking {}",
    "how much is a parking permit {}",
    "can students leave a car or a motorbike {}",
    "are there parking spaces {}",
)
ANSWER = "Ask the placement office for a permit before your first day."
FILE = f"""---
question: Where can interns park at the hospital?
asked_as:
  - parking at the hospital
  - where do I leave my car on placement
  - is there a car park
  - do students need a permit to park
  - can I come by motorbike
  - parking costs
topics: [ask_parking]
---
{ANSWER}
"""
# The rest of the project's questions would only make the training longer.
KEPT = ("timing.yml", "cost_and_funding.yml", "conversation.yml", "out_of_scope/general.yml")


def project_with_the_topic(home: Path) -> None:
    """Write the project, with few of its topics and the new one."""
    for name in ("config.yml", "credentials.yml", "endpoints.yml"):
        shutil.copy2(ROOT / name, home)
    shutil.copytree(ROOT / "catalogue", home / "catalogue")
    shutil.copy2(ROOT / "domain.yml", home)
    declared = (ROOT / "intents.yml").read_text("utf-8")
    (home / "intents.yml").write_text(declared + ENTRY, "utf-8")
    shutil.copytree(ROOT / "knowledge" / "timing", home / "knowledge" / "timing")
    for file in (home / "knowledge" / "timing").iterdir():
        lines = file.read_text("utf-8").split("\n## Asked next\n")[0].split("\n")
        kept = [line for line in lines if not line.startswith("leads_to:")]
        file.write_text("\n".join(kept), "utf-8")
    (home / "knowledge" / "parking").mkdir()
    (home / "knowledge" / "parking" / "where.md").write_text(FILE, "utf-8")
    for name in KEPT:
        target = home / "data" / "nlu" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / "data" / "nlu" / name, target)
    examples = "".join(f"    - {text.format(place)}\n" for text in ASKED for place in PLACES)
    (home / "data" / "nlu" / "parking.yml").write_text(
        f'version: "3.1"\nnlu:\n- intent: ask_parking\n  examples: |\n{examples}', "utf-8"
    )


@pytest.fixture(scope="module")
def advisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Advisor]:
    home = tmp_path_factory.mktemp("topic")
    project_with_the_topic(home)
    subprocess.run(
        command("train"), cwd=ROOT, env=environment(home), check=True, timeout=TRAIN_LIMIT_SECONDS
    )
    import_catalogue(home)
    advisor = Advisor(home, free_port())
    server = advisor.start()
    try:
        wait_until_ready(advisor, server)
        yield advisor
    finally:
        stop(server)
        advisor.client.close()


def test_the_topic_is_asked_in_words_and_answered(advisor: Advisor):
    exchange = advisor.say("any parking for my motorbike at the hospital?", "words")
    assert (exchange.intent, exchange.text.splitlines()[0]) == ("ask_parking", ANSWER)


def test_its_quick_reply_leads_on(advisor: Advisor):
    exchange = advisor.say("where can interns park", "leads")
    assert [button["title"] for button in exchange.buttons] == ["When to go and when to apply"]


def test_it_is_asked_with_a_starter(advisor: Advisor):
    exchange = advisor.say("Parking", "starter", payload="starter:ask_parking")
    assert exchange.text.splitlines()[0] == ANSWER


def test_the_other_topics_are_read_as_before(advisor: Advisor):
    assert advisor.say("when should I apply?", "others").intent == "ask_timing"
