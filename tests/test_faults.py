"""What goes wrong while people talk with the advisor, with the real launcher and model."""

import csv
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from preceptor.rasa_ext.nlu_worker import can_read_beside

from tests.launcher.test_run import children, wait_until
from tests.support.advisor import import_catalogue, write_home
from tests.support.tiny_project import ROOT, command, environment, free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The whole project in a folder of its own, started by `preceptor run`."""
    home = write_home(tmp_path_factory.mktemp("faults") / "home")
    for name in ("config.yml", "domain.yml"):
        shutil.copy2(ROOT / name, home)
    shutil.copytree(ROOT / "data", home / "data")
    port, actions_port = free_port(), free_port()
    output = home / "launcher.log"
    with output.open("w") as log:
        launcher = subprocess.Popen(
            command("run"),
            cwd=home,
            env=environment(
                home, PRECEPTOR_PORT=str(port), PRECEPTOR_ACTIONS_PORT=str(actions_port)
            ),
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

        yield SimpleNamespace(home=home, launcher=launcher, say=say)
    finally:
        if launcher.poll() is None:
            launcher.terminate()
            launcher.wait(60)


def server(launcher: "subprocess.Popen[bytes]", name: str) -> int | None:
    """Return one server's process, a child of the launcher's supervisor."""
    for supervisor in children(launcher.pid):
        for pid in children(supervisor):
            shown = subprocess.run(
                ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True
            )
            if name in shown.stdout:
                return pid
    return None


def action_server(launcher: "subprocess.Popen[bytes]") -> int | None:
    return server(launcher, "serve-actions")


def test_a_killed_action_server_costs_one_sentence_and_not_the_search(running):
    assert "Kenya" in running.say("surgery in Kenya for 4 weeks", "killed")
    first = action_server(running.launcher)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    said = running.say("cheaper", "killed")
    assert "look" in said.lower() and ("sorry" in said.lower())
    log = (running.home / "var" / "log" / "advisor.log").read_text()
    assert '"conversation": "killed"' in log

    def search_is_back() -> str:
        time.sleep(0.5)
        said = running.say("Back to my search", "killed")
        return said if "Kenya" in said else ""

    assert "surgery in Kenya, 4 weeks" in wait_until(search_is_back, 30)
    assert action_server(running.launcher) not in (None, first)


def test_advice_is_given_while_the_action_server_is_away(running):
    pid = action_server(running.launcher)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        said = running.say("my chest hurts and my arm is numb", "stopped")
        assert "Call your local emergency number now" in said
        assert time.monotonic() - started < 12
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.skipif(not can_read_beside(), reason="reads in the server's process")
def test_messages_are_read_when_the_process_that_reads_is_gone(running):
    advisor = server(running.launcher, "serve-advisor")
    assert advisor is not None
    (reader,) = children(advisor)
    assert "Kenya" in running.say("surgery in Kenya for 4 weeks", "read")
    os.kill(reader, signal.SIGKILL)
    assert "Ghana" in running.say("and in Ghana?", "read")
    assert "Nepal" in running.say("and in Nepal?", "read")
    assert server(running.launcher, "serve-advisor") == advisor
    assert children(advisor) == []
    assert "reader.ended" in (running.home / "var" / "log" / "advisor.log").read_text()


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
