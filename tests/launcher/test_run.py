"""`make run`: both servers under one supervisor, killed in every way."""

import os
import signal
import sqlite3
import subprocess
import time
from types import SimpleNamespace

import httpx
import pytest

from preceptor.channels.turn_runner import FAILED_SENTENCE
from tests.support.processes import children, is_alive, wait_until
from tests.support.tiny_project import command, environment, free_port

pytestmark = pytest.mark.slow

ACTION_FAILED = "I cannot look that up right now."


@pytest.fixture
def start(tiny):
    """A function that starts the advisor and returns it with its processes."""
    launchers = []

    def start_advisor() -> SimpleNamespace:
        port, actions_port = free_port(), free_port()
        log = (tiny / "launcher.log").open("w+")
        launcher = subprocess.Popen(
            command("run"),
            cwd=tiny,
            env=environment(
                tiny, PRECEPTOR_PORT=str(port), PRECEPTOR_ACTIONS_PORT=str(actions_port)
            ),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        launchers.append(launcher)

        def output() -> str:
            return (tiny / "launcher.log").read_text()

        wait_until(lambda: "Ctrl-C stops it" in output() or launcher.poll() is not None)
        assert launcher.poll() is None, output()
        (supervisor,) = children(launcher.pid)

        def say(text: str, sender: str = "someone") -> list[str]:
            answer = httpx.post(
                f"http://127.0.0.1:{port}/webhooks/rest/webhook",
                json={"sender": sender, "message": text},
                timeout=30,
                trust_env=False,
            )
            assert answer.status_code == 200
            return [message["text"] for message in answer.json()]

        return SimpleNamespace(
            launcher=launcher,
            supervisor=supervisor,
            output=output,
            say=say,
            port=port,
            actions_port=actions_port,
        )

    yield start_advisor
    for launcher in launchers:
        if launcher.poll() is None:
            launcher.terminate()
            launcher.wait(60)


def server_of(advisor, port: int) -> int:
    """Return the process of one server, by what its command line says."""
    name = "serve-actions" if port == advisor.actions_port else "serve-advisor"
    for pid in children(advisor.supervisor):
        shown = subprocess.run(
            ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True
        )
        if name in shown.stdout:
            return pid
    return 0


def test_a_killed_action_server_costs_a_sentence_and_not_the_search(start, tiny):
    advisor = start()
    assert advisor.say("kenya") == ["Looked up Kenya; before that, nothing."]
    actions = server_of(advisor, advisor.actions_port)
    os.kill(actions, signal.SIGKILL)
    assert advisor.say("kenya") == [ACTION_FAILED]
    wait_until(lambda: advisor.say("kenya") == ["Looked up Kenya; before that, Kenya."], 30)
    assert server_of(advisor, advisor.actions_port) not in (0, actions)
    log = (tiny / "var" / "log" / "advisor.log").read_text()
    assert '"conversation": "someone"' in log and "action.failed" in log

    # The same server, other failures: an exception, silence, a locked database, a command.
    assert advisor.say("crash") == [ACTION_FAILED]
    assert advisor.say("silence") == [FAILED_SENTENCE]
    assert advisor.say("/restart") == ["I did not understand."]
    with sqlite3.connect(tiny / "var" / "conversations.db") as database:
        database.execute("BEGIN EXCLUSIVE")
        assert advisor.say("kenya") == [FAILED_SENTENCE]
        database.rollback()
    assert advisor.say("kenya") == ["Looked up Kenya; before that, Kenya."]

    # A slow action is given up after 5 s, long before Rasa would.
    started = time.monotonic()
    assert advisor.say("stall") == [ACTION_FAILED]
    assert 4.5 < time.monotonic() - started < 10

    chat = subprocess.run(
        command("chat"),
        env=environment(tiny, PRECEPTOR_PORT=str(advisor.port)),
        input="hello\nquit\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Hello." in chat.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_after_a_stop(start, number):
    advisor = start()
    processes = [advisor.supervisor, *children(advisor.supervisor)]
    assert len(processes) == 3
    advisor.launcher.send_signal(number)
    status = advisor.launcher.wait(60)
    assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    wait_until(lambda: not any(map(is_alive, processes)), 30)


def test_a_server_that_cannot_start_ends_run_with_the_end_of_its_log(tiny):
    actions = tiny / "actions" / "__init__.py"
    content = actions.read_text()
    actions.write_text("import no_such_module\n")
    try:
        done = subprocess.run(
            command("run"),
            cwd=tiny,
            env=environment(
                tiny,
                PRECEPTOR_PORT=str(free_port()),
                PRECEPTOR_ACTIONS_PORT=str(free_port()),
            ),
            capture_output=True,
            text=True,
            timeout=180,
        )
    finally:
        actions.write_text(content)
    assert done.returncode == 1
    assert "The action server does not start" in done.stderr
    assert "no_such_module" in done.stderr
