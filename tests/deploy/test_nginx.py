"""deploy/nginx.conf before real advisors: what it passes on, and what it does when one is away."""

import contextlib
import json
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.advisor import Advisor
from tests.support.linters import run, tool
from tests.support.site import running_site
from tests.support.tiny_project import ROOT, free_port
from tests.support.web import LIMIT_SECONDS, new_token, widget


@contextlib.contextmanager
def nginx_before(folder: Path, *ports: int) -> Iterator[str]:
    """Yield the address of nginx before two servers on these ports."""
    nginx = tool("nginx", "nginx")
    port = free_port()
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    assert text.count("listen 8080;") == 1
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    for number, each in enumerate(ports, 1):
        text = text.replace(f"advisor-{number}:5005", f"127.0.0.1:{each}")
    text = text.replace("/tmp/nginx.pid", str(folder / "nginx.pid"))
    # What Debian and the image have in /etc and /var.
    (folder / "mime.types").write_text("types { text/html html; }\n")
    text = text.replace("/etc/nginx/mime.types", str(folder / "mime.types"))
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        line = f"    {name}_temp_path {folder / name};\n"
        text = text.replace("    server_tokens off;\n", f"    server_tokens off;\n{line}", 1)
    path = folder / "nginx.conf"
    path.write_text(text)
    assert "syntax is ok" in run(nginx, "-t", "-c", path, "-g", "error_log stderr;")
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [nginx, "-c", str(path), "-g", "daemon off;"], stdout=log, stderr=log
        )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            try:
                httpx.get(address, trust_env=False)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def proxy(advisor: Advisor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of nginx before a server that is away and the advisor."""
    folder = tmp_path_factory.mktemp("nginx")
    with nginx_before(folder, free_port(), advisor.port) as address:
        yield address


@pytest.mark.parametrize(
    "path", ["/", "/widget/preceptor.js", "/webhooks/web/", "/webhooks/slack/"]
)
def test_what_is_for_everybody_is_passed_on(proxy: str, path: str) -> None:
    assert httpx.get(proxy + path, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/rest/",
        "/webhooks/rest/webhook",
        "/metrics",
        "/healthz",
        "/readyz",
        "/webhooks/web/../rest/webhook",
        "/webhooks/web/%2e%2e/rest/webhook",
        "/widget/../metrics",
        "//metrics",
        "/model",
        "/conversations/x/tracker",
    ],
)
def test_nothing_else_is(proxy: str, path: str) -> None:
    with httpx.Client(trust_env=False) as client:
        # httpx would tidy the path up.
        request = client.build_request("GET", proxy)
        request.url = request.url.copy_with(raw_path=path.encode())
        assert client.send(request).status_code in (400, 404)
        request = client.build_request("POST", proxy, json={"sender": "x", "message": "hi"})
        request.url = request.url.copy_with(raw_path=path.encode())
        assert client.send(request).status_code in (400, 404)


async def test_people_talk_through_it_while_a_server_is_away(proxy: str) -> None:
    for transport in ("websocket", "polling"):
        async with widget(proxy, transports=[transport]) as person:
            await person.say("surgery in Kenya")
            await person.until(lambda: person.texts())
            assert "Kenya" in person.texts()[0]


def test_a_body_that_is_too_large_stops_at_the_proxy(proxy: str) -> None:
    answer = httpx.post(f"{proxy}/webhooks/web/session", content=b"x" * 100_000, trust_env=False)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "ending",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 2\r\n\r\n{}",
    ],
)
def test_no_request_hides_in_another(proxy: str, advisor: Advisor, ending: str) -> None:
    sender = f"smuggled-{uuid.uuid4()}"
    hidden = json.dumps({"sender": sender, "message": "hello"})
    second = (
        "POST /webhooks/rest/webhook HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}"
    )
    first = f"POST /webhooks/web/session HTTP/1.1\r\nHost: localhost\r\n{ending}"
    port = int(proxy.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall((first + second).encode())
        connection.settimeout(2)
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                pass
    assert advisor.events(sender) == []


@pytest.mark.slow
async def test_two_servers_on_postgresql_replace_each_other(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tool("nginx", "nginx")
    with running_site(tmp_path_factory.mktemp("two"), 2) as site:
        ports = [each.port for each in site.servers]
        with nginx_before(tmp_path_factory.mktemp("nginx"), *ports) as address:
            token = new_token(address)
            talk = (("surgery in Kenya", "Kenya"), ("only 4 weeks", "4 weeks"))
            for number, (text, told) in enumerate((*talk, ("delete my data", "Delete"))):
                if number:
                    # Whichever server the person is on: one is killed, then the other stops.
                    site.kill(0) if number == 1 else site.stop(1)
                async with widget(address, token) as person:
                    known = len(await person.sync())
                    await person.say(text)
                    await person.until(lambda person=person: person.texts())
                    said = await person.sync(known)
                    assert told in json.dumps(said), said
                if number == 1:
                    site.start(0)
            site.start(1)
            button = said[-1]["buttons"][0]
            async with widget(address, token) as person:
                await person.say(button["title"], payload=button["payload"])
                await person.until(lambda: person.texts())
                left = await person.sync()
            assert [each["text"][:7] for each in left] == ["Delete ", "Deleted"]
