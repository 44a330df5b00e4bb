"""The real advisor on one server, or on several with PostgreSQL, a balancer and a fake Slack."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support.advisor import Advisor, import_catalogue, stop, write_home
from tests.support.gate import Gate
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.slack_lab import slack_settings
from tests.support.tiny_project import free_port
from tools.slack_simulator import FakeSlack
from tools.slack_simulator.manifest import read_manifest

READY_WITHIN_SECONDS = 240
SLACK_DELAYS = (1.0, 5.0, 15.0, 30.0, 30.0)
SECRET = "the secret of all servers of a site"
SLOW = "fifteen-seconds"
"""Of somebody whose name over REST begins so, every action takes 15 s."""

# Beside the real package, of which it becomes a part.
_SLOW_ACTIONS = {
    "__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
    "slow.py": f"""
import time

from actions.topic_action import TopicAction

_run = TopicAction.run


def run(self, dispatcher, tracker, domain):
    if tracker.sender_id.startswith({SLOW!r}):
        time.sleep(15)
    return _run(self, dispatcher, tracker, domain)


TopicAction.run = run
""",
}


@dataclass
class Site:
    """The servers of one installation and what stands around them."""

    servers: list[Advisor]
    balancer: Gate
    slack: FakeSlack
    database: PostgresServer | None = None
    network: Gate | None = None
    running: dict[int, Any] = field(default_factory=dict)

    def start(self, number: int = 0) -> None:
        """Start a server and wait until it is ready."""
        server = self.servers[number]
        self.running[number] = server.start()
        until = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            assert time.monotonic() < until, server.log()[-3000:]
            try:
                if server.client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)

    def kill(self, number: int = 0) -> None:
        """End a server where it stands."""
        self.running[number].send_signal(signal.SIGKILL)
        self.running[number].wait()

    def stop(self, number: int = 0) -> float:
        """Tell a server to stop; return the seconds until it has."""
        began = time.monotonic()
        self.running[number].terminate()
        self.running[number].wait(60)
        return time.monotonic() - began


@contextmanager
def running_site(folder: Path, count: int, more: dict[str, str] | None = None) -> Iterator[Site]:
    """Start one server on SQLite, or several on PostgreSQL, with more settings."""
    with ExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        balancer = Gate(*ports)
        manifest = read_manifest(socket_mode=False)
        slack = stack.enter_context(
            FakeSlack(
                scopes=manifest.scopes,
                subscriptions=manifest.events,
                request_url=f"http://127.0.0.1:{balancer.port}/webhooks/slack/events",
                delays=SLACK_DELAYS,
            )
        )
        settings = {**slack_settings(slack), "PRECEPTOR_SECRET": SECRET, **(more or {})}
        site = Site([], balancer, slack)
        if count > 1:
            port = free_port()
            site.database = stack.enter_context(running_postgres(port))
            site.network = Gate(port)
        for number, port in enumerate(ports):
            home = write_home(folder / f"{count}-{number}")
            (home / "actions").mkdir()
            for name, text in _SLOW_ACTIONS.items():
                (home / "actions" / name).write_text(text)
            import_catalogue(home)
            if site.database is not None and site.network is not None:
                gate = site.network.port if number == 0 else site.database.port
                url = f"postgresql://postgres@127.0.0.1:{gate}/postgres"
                settings["PRECEPTOR_CONVERSATIONS_URL"] = url
            site.servers.append(Advisor(home, port, dict(settings)))
        for number in range(count):
            site.start(number)
        try:
            yield site
        finally:
            for process in site.running.values():
                stop(process)
