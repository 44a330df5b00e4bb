"""A real Chromium, and a running advisor of the browser tests' own: they restart it."""

import csv
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tools.browser import FLAGS
from tools.browser import browser as find_or_install
from tests.support.tiny_project import free_port
from tests.support.advisor import Advisor, import_catalogue, stop, wait_until_ready, write_home
from tests.support.widget import (
    HOSTILE_NAME,
    IDENTITY_SECRET,
    LIMIT_SECONDS,
    Line,
    Visitor,
    visiting,
)

expect.set_options(timeout=LIMIT_SECONDS * 1000)

HOSTILE = {
    "id": "hostile-row",
    "name": HOSTILE_NAME,
    "organisation": "<script>alert(3)</script> Trust **bold**",
    "departments": "<svg onload=alert(4)> surgery",
    "who_for": 'Everyone" onmouseover="alert(5)',
}


@dataclass
class Place:
    """The running advisor as a site: where it is, and who may embed it."""

    advisor: Advisor
    url: str
    line: Line
    host_port: int
    server: "subprocess.Popen[bytes]"

    def restart(self) -> None:
        """Stop the advisor's server as an operator does, and start it anew."""
        stop(self.server)
        self.server = self.advisor.start()
        wait_until_ready(self.advisor, self.server)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The advisor with a hostile row in its catalogue, behind a line that can be cut."""
    home = write_home(tmp_path_factory.mktemp("widget") / "home")
    _add_hostile_row(home / "catalogue" / "programs.csv")
    import_catalogue(home)
    advisor = Advisor(home, free_port())
    line = Line(free_port(), advisor.port)
    host_port = free_port()
    own = f"http://127.0.0.1:{line.port}"
    settings = {
        "PRECEPTOR_WEB_ORIGINS": f"{own},http://127.0.0.1:{host_port}",
        "PRECEPTOR_WEB_IDENTITY_SECRET": IDENTITY_SECRET,
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        place = Place(advisor, own, line, host_port, advisor.start())
        try:
            wait_until_ready(advisor, place.server)
            yield place
        finally:
            stop(place.server)
            advisor.client.close()
    finally:
        line.close()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _add_hostile_row(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    row = {**rows[0], **HOSTILE, "countries": "PW", "places": "", "price_minor": ""}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, row])


# Not for the session: while Playwright runs, asyncio believes that a loop is running, and the
# asynchronous tests of other folders could not run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=find_or_install(), args=["--headless", *FLAGS]
        )
        yield started
        started.close()


@pytest.fixture
def visitor(browser: Browser, place: Place) -> Iterator[Visitor]:
    """Somebody on the advisor's own page; nothing in the browser may go wrong meanwhile."""
    with visiting(browser, place.url) as someone:
        yield someone
        assert someone.complaints == []
