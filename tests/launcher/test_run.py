"""`make run`: one process, with everything that can go wrong around it."""

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from preceptor.channels.turns import FAILED_SENTENCE
from preceptor.runtime.models import checksum_file, is_intact, write_checksum
from tests.support.processes import children, wait_until
from tests.support.tiny_project import command, environment, free_port

pytestmark = pytest.mark.slow

ACTION_FAILED = "I cannot look that up right now."


def copy_of(tiny: Path, home: Path) -> Path:
    """Copy the trained project, so that a test may damage it."""
    shutil.copytree(tiny, home, symlinks=True, ignore=shutil.ignore_patterns("var", "*.db*"))
    return home


def run_to_the_end(home: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments),
        cwd=home,
        env=environment(home, PRECEPTOR_PORT=str(free_port()), **more),
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.fixture
def start(tiny):
    """A function that starts the advisor in a folder and returns it."""
    running = []

    def start_advisor(home: Path = tiny, name: str = "run") -> SimpleNamespace:
        port = free_port()
        shown = home / "launcher.log"
        with shown.open("w") as log:
            process = subprocess.Popen(
                command(name),
                cwd=home,
                env=environment(home, PRECEPTOR_PORT=str(port)),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        running.append(process)

        def is_ready() -> bool:
            try:
                address = f"http://127.0.0.1:{port}/webhooks/rest/"
                return httpx.get(address, timeout=5, trust_env=False).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(lambda: is_ready() or process.poll() is not None)
        assert process.poll() is None, shown.read_text()

        def say(text: str, sender: str = "someone") -> list[str]:
            answer = httpx.post(
                f"http://127.0.0.1:{port}/webhooks/rest/webhook",
                json={"sender": sender, "message": text},
                timeout=60,
                trust_env=False,
            )
            assert answer.status_code == 200
            return [message["text"] for message in answer.json()]

        return SimpleNamespace(process=process, output=shown.read_text, say=say, port=port)

    yield start_advisor
    for process in running:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def test_whatever_fails_in_a_turn_costs_a_sentence_and_not_the_search(start, tiny):
    advisor = start()
    wait_until(lambda: "Ctrl-C stops it" in advisor.output())
    assert advisor.say("kenya") == ["Looked up Kenya; before that, nothing."]
    assert advisor.say("crash") == [ACTION_FAILED]
    assert advisor.say("silence") == [FAILED_SENTENCE]
    assert advisor.say("/restart") == ["I did not understand."]
    # What is locked is waited for, and the turn is run again.
    database = sqlite3.connect(tiny / "var" / "conversations.db", check_same_thread=False)
    database.execute("BEGIN EXCLUSIVE")
    threading.Timer(4, database.close).start()
    assert advisor.say("kenya") == ["Looked up Kenya; before that, Kenya."]
    log = (tiny / "var" / "log" / "advisor.log").read_text()
    assert '"conversation": "someone"' in log and "RuntimeError: boom" in log

    # A slow action is given up after 5 s, long before Rasa would.
    started = time.monotonic()
    assert advisor.say("stall") == [ACTION_FAILED]
    assert 4.5 < time.monotonic() - started < 12

    chat = subprocess.run(
        command("chat"),
        env=environment(tiny, PRECEPTOR_PORT=str(advisor.port)),
        input="hello\nquit\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Hello." in chat.stdout


def test_databases_and_logs_are_their_owner_s_alone(start, tiny, tmp_path):
    home = copy_of(tiny, tmp_path / "home")
    (home / "var" / "log").mkdir(parents=True, mode=0o755)
    # As an earlier version left them.
    (home / "var" / "channels.db").touch(mode=0o644)
    (home / "var" / "log" / "advisor.log").touch(mode=0o644)
    advisor = start(home)
    assert advisor.say("kenya")
    var = home / "var"
    assert var.stat().st_mode & 0o777 == 0o700
    files = [*var.glob("*.db*"), *(var / "log").iterdir(), *home.glob("catalogue.db*")]
    assert {"conversations.db", "conversations.db-wal", "channels.db", "advisor.log"} <= {
        path.name for path in files
    }
    assert [path for path in files if path.is_file() and path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_the_one_process_in_order(start, number):
    advisor = start()
    assert children(advisor.process.pid) == []
    advisor.process.send_signal(number)
    assert advisor.process.wait(30) == 0
    assert advisor.output().endswith("Stopped.\n")


def test_an_action_that_hangs_does_not_hold_up_a_stop(start, tiny, tmp_path):
    home = copy_of(tiny, tmp_path / "home")
    actions = home / "actions" / "__init__.py"
    actions.write_text(actions.read_text().replace("await asyncio.sleep(30)", "time.sleep(600)"))
    actions.write_text(actions.read_text().replace("import asyncio\n", "import time\n"))
    advisor = start(home)
    assert advisor.say("stall") == [ACTION_FAILED]
    assert advisor.say("kenya", "another") == ["Looked up Kenya; before that, nothing."]
    advisor.process.terminate()
    assert advisor.process.wait(30) == 0


def test_actions_that_cannot_be_imported_end_run_with_a_sentence(tiny, tmp_path):
    home = copy_of(tiny, tmp_path / "home")
    (home / "actions" / "__init__.py").write_text("import no_such_module\n")
    done = run_to_the_end(home, "run")
    assert done.returncode == 1
    assert "The package actions cannot be loaded" in done.stderr
    assert "no_such_module" in done.stderr and "advisor.log" in done.stderr
    assert "Traceback" not in done.stderr


def cut_short(model: Path) -> None:
    model.write_bytes(model.read_bytes()[: model.stat().st_size // 2])


def test_a_damaged_model_is_skipped_and_the_one_before_is_used(start, tiny, tmp_path):
    home = copy_of(tiny, tmp_path / "home")
    (good,) = (home / "models").glob("*.tar.gz")
    newer = good.with_name("newer.tar.gz")
    shutil.copy2(good, newer)
    checksum_file(newer).write_text(checksum_file(good).read_text())
    cut_short(newer)
    os.utime(newer)
    advisor = start(home, "serve")
    assert advisor.say("hello") == ["Hello."]
    assert f"{newer} is damaged" in advisor.output()
    assert f"the one before it is used: {good.name}" in advisor.output()
    assert "make train" in advisor.output()


def test_a_server_without_a_whole_model_says_what_helps_and_train_does_help(tiny, tmp_path):
    home = copy_of(tiny, tmp_path / "home")
    (model,) = (home / "models").glob("*.tar.gz")
    cut_short(model)
    done = run_to_the_end(home, "serve")
    assert done.returncode == 1
    assert "is damaged" in done.stderr and "make train" in done.stderr
    assert "The model is trained" in run_to_the_end(home, "train").stdout
    assert is_intact(model)
    assert "up to date" in run_to_the_end(home, "train").stdout


def test_a_model_that_is_whole_and_cannot_be_loaded_ends_the_server_with_a_sentence(tiny, tmp_path):
    home = copy_of(tiny, tmp_path / "home")
    (model,) = (home / "models").glob("*.tar.gz")
    cut_short(model)
    write_checksum(model)
    done = run_to_the_end(home, "serve")
    assert done.returncode == 1
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "cannot be loaded" in sentence and "--force" in sentence
