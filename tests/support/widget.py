"""What the browser tests share: a visitor of a page, a line that can be cut, a host site."""

import contextlib
import http.server
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, Locator, Page

T = TypeVar("T")
LIMIT_SECONDS = 40
IDENTITY_SECRET = "a secret that only the host site and the advisor know"
HOSTILE_NAME = "<img src=x onerror=alert(1)> [click](javascript:alert(2)) \u202egnitseretni"
# What Chromium itself says of a WebSocket whose line is cut.
_CUT_LINE = "WebSocket connection to "

_ANSWERED = """(persons) => {
  const root = document.querySelector("preceptor-chat").shadowRoot;
  const turns = [...root.querySelectorAll(".turn")];
  const last = turns.at(-1);
  return root.querySelectorAll(".turn.person .said").length >= persons
    && !root.querySelector(".waiting, .typing")
    && last.classList.contains("advisor");
}"""


def until(condition: Callable[[], T], limit: float = LIMIT_SECONDS, what: str = "") -> T:
    """Wait until a condition holds, and return what it returned."""
    deadline = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < deadline, what or "what was waited for did not come"
        time.sleep(0.05)
    return found


class Visitor:
    """Somebody at a page with the widget."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        """Open the page; nothing is clicked yet."""
        self.context = context
        self.url = url
        self.requests: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        self.page = self.visit(url)

    def visit(self, url: str) -> Page:
        """Open a page in a new tab of the same browser."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.on("dialog", lambda dialog: (self.complaints.append("dialog"), dialog.dismiss()))
        page.goto(url)
        return page

    def _listen(self, message: Any) -> None:
        # A cut line is told by the browser itself; it is no fault of ours.
        told = message.text
        if message.type == "error" and "ERR_" not in told and not told.startswith(_CUT_LINE):
            self.complaints.append(told)

    def find(self, selector: str) -> Locator:
        """Return what a selector finds, in the shadow of the widget too."""
        return self.page.locator(f"preceptor-chat {selector}")

    def named(self, role: Any, name: str, exact: bool = True) -> Locator:
        """Return a control of the widget as assistive technology sees it."""
        return self.page.locator("preceptor-chat").get_by_role(role, name=name, exact=exact)

    def open(self) -> "Visitor":
        """Click the launcher."""
        self.find(".launcher").click()
        self.find("textarea").wait_for()
        return self

    @property
    def input(self) -> Locator:
        """The field to write in."""
        return self.find("textarea")

    def type(self, text: str) -> None:
        """Write and send a message, without waiting."""
        self.input.fill(text)
        self.input.press("Enter")

    def say(self, text: str) -> str:
        """Write a message, wait for the whole answer, and return it."""
        persons = self.find(".turn.person .said").count()
        self.type(text)
        return self.answered(persons + 1)

    def click(self, control: Locator) -> str:
        """Click what says something in the person's name, and return the answer."""
        persons = self.find(".turn.person .said").count()
        control.click()
        return self.answered(persons + 1)

    def answered(self, persons: int) -> str:
        """Wait until so many messages are answered, and return the last answer."""
        until(lambda: self.page.evaluate(_ANSWERED, persons), what=f"no answer no. {persons}")
        return self.find(".turn.advisor").last.inner_text()

    @property
    def said(self) -> list[str]:
        """What the person has said, as it stands on the screen."""
        return self.find(".turn.person .said").all_inner_texts()

    @property
    def stored(self) -> list[str]:
        """What the browser keeps for the page."""
        return self.page.evaluate(
            """async () => [...Object.keys(localStorage), ...Object.keys(sessionStorage),
                ...(document.cookie ? [document.cookie] : []),
                ...(await indexedDB.databases()).map((one) => one.name)]"""
        )

    def axe(self) -> list[str]:
        """Return axe's violations on the page, as lines."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [f"{v['id']}: {[n['target'] for n in v['nodes']][:3]}" for v in found]


@contextlib.contextmanager
def visiting(browser: Browser, url: str, **options: Any) -> Iterator[Visitor]:
    """Visit a page in a browser profile of its own."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
    context.set_default_timeout(LIMIT_SECONDS * 1000)
    try:
        yield Visitor(context, url)
    finally:
        context.close()


class Line:
    """A TCP line to a server that can be cut and mended: Chromium's own "offline" leaves open
    WebSockets alone."""

    def __init__(self, port: int, target: int) -> None:
        """Listen on one port of this machine and pass everything on to another."""
        self.target = target
        self.whole = True
        self.passed = 0
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._server = socket.create_server(("127.0.0.1", port))
        self.port = port
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and let none through."""
        self.whole = False
        for pair in list(self._pairs):
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self.whole = True

    def close(self) -> None:
        """Stop listening."""
        self.cut()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if not self.whole:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        pair = (client, server)
        self._pairs.add(pair)
        try:
            while True:
                for end in select.select(pair, [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    self.passed += len(data)
                    (server if end is client else client).sendall(data)
        except OSError:
            return
        finally:
            self._pairs.discard(pair)
            client.close()
            server.close()


@contextlib.contextmanager
def site(port: int, pages: dict[str, tuple[str, dict[str, str]]]) -> Iterator[str]:
    """Serve a host site's pages, {path: (HTML, headers)}, and return its origin."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            html, headers = pages.get(self.path.split("?")[0], (None, {}))
            self.send_response(404 if html is None else 200)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write((html or "").encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
