"""What goes wrong while people talk with the advisor, with the real launcher and model."""

import csv
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from tests.support.advisor import import_catalogue, write_home
from tests.support.processes import wait_until
from tests.support.tiny_project import ROOT, command, environment, free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The whole project in a folder of its own, started by `preceptor run`."""
    home = write_home(tmp_path_factory.mktemp("faults") / "home")
    for name in ("config.yml", "domain.yml", "intents.yml"):
        shutil.copy2(ROOT / name, home)
    shutil.copytree(ROOT / "data", home / "data")
    port = free_port()
    output = home / "launcher.log"
    with output.open("w") as log:
        launcher = subprocess.Popen(
            command("run"),
            cwd=home,
            env=environment(home, PRECEPTOR_PORT=str(port)),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(
            lambda: "Ctrl-C stops it" in output.read_text() or launcher.poll() is not None, 200
        )
        assert launcher.poll() is None, output.read_text()

        def say(text: str, sender: str) -> str:
            answer = httpx.post(
                f"http://127.0.0.1:{port}/webhooks/rest/webhook",
                json={"sender": sender, "message": text},
                timeout=30,
                trust_env=False,
            )
            assert answer.status_code == 200
            return "\n".join(message.get("text") or "" for message in answer.json())

        yield SimpleNamespace(home=home, say=say)
    finally:
        if launcher.poll() is None:
            launcher.terminate()
            launcher.wait(60)


def test_without_the_catalogue_s_database_people_are_answered_from_what_was_read(running):
    assert "Kenya" in running.say("surgery in Kenya for 4 weeks", "away")
    away = running.home / "away"
    away.mkdir()
    for path in running.home.glob("catalogue.db*"):
        path.rename(away / path.name)
    try:
        assert "surgery in Kenya, 4 weeks" in running.say("Back to my search", "away")
        said = running.say("my chest hurts and my arm is numb", "emergency")
        assert "Call your local emergency number now" in said and "Sorry" not in said
    finally:
        for path in running.home.glob("catalogue.db*"):
            path.unlink()
        for path in away.iterdir():
            path.rename(running.home / path.name)
    log = (running.home / "var" / "log" / "advisor.log").read_text()
    assert '"event": "catalogue.unreadable"' in log


def append(path: Path, **cells: str) -> None:
    """Add a row to a CSV file of the catalogue."""
    with path.open(encoding="utf-8", newline="") as stream:
        columns = csv.DictReader(stream).fieldnames or []
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, columns).writerow(cells)


def test_a_programme_in_a_new_city_is_found_at_the_next_message(running):
    before = running.say("is there any placement in Soroti?", "before")
    assert "Soroti Regional" not in before
    model = list((running.home / "models").iterdir())
    catalogue = running.home / "catalogue"
    append(catalogue / "places.csv", id="soroti", name="Soroti", type="city", country="UG")
    append(
        catalogue / "programs.csv",
        id="soroti-referral-elective",
        name="Elective at Soroti Regional Referral Hospital",
        organisation="Soroti Regional Referral Hospital",
        listing="open_call",
        countries="UG",
        worldwide="no",
        places="soroti",
        specialties="paediatrics",
        kind="elective",
        min_weeks="4",
        max_weeks="8",
        source_url="https://example.org/soroti",
        confidence="high",
    )
    import_catalogue(running.home)
    said = running.say("is there any placement in Soroti?", "after")
    assert "Elective at Soroti Regional Referral Hospital" in said
    assert "4 to 8 weeks" in said
    assert "Soroti" in running.say("what about sorotti", "typo")
    told = running.say("tell me about the Elective at Soroti Regional Referral Hospital", "named")
    assert "https://example.org/soroti" in told
    assert list((running.home / "models").iterdir()) == model


def test_a_refused_import_leaves_the_running_catalogue_as_it_was(running):
    catalogue = running.home / "broken"
    shutil.copytree(ROOT / "catalogue", catalogue)
    append(catalogue / "places.csv", id="nowhere", name="Nowhere", type="city", country="XX")
    with pytest.raises(subprocess.CalledProcessError):
        import_catalogue(running.home, catalogue)
    assert "Kenya" in running.say("placements in Kenya", "refused")
