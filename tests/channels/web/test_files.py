"""The page `/` and the widget's files, on a real server."""

import gzip
import hashlib

import httpx
import pytest

from preceptor.channels.web import files
from preceptor.runtime.settings import Settings, WebSettings
from tests.support.web import EchoAgent, RunningServer

SCRIPT = b"window.preceptor = 1;\n" * 100


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = RunningServer(
        Settings(home=tmp_path_factory.mktemp("home")), WebSettings(), EchoAgent()
    )
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    dist, page = tmp_path / "dist", tmp_path / "page"
    dist.mkdir()
    page.mkdir()
    (tmp_path / "secret.txt").write_text("hidden words")
    (dist / "preceptor.js").write_bytes(SCRIPT)
    (dist / "chat-ad28ea045f.js").write_bytes(SCRIPT)
    (dist / "run.sh").write_text("hidden words")
    (dist / "link.txt").symlink_to(tmp_path / "secret.txt")
    (page / "index.html").write_text("<!doctype html><title>Advisor</title>")
    (page / "page.css").write_text("body { margin: 0 }")
    monkeypatch.setattr(files, "FOLDERS", (dist, page))
    monkeypatch.setattr(files, "PAGE", page / "index.html")
    return tmp_path


@pytest.fixture
def http(server):
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client


def test_a_script_can_be_loaded_and_checked_from_every_origin(http) -> None:
    answer = http.get("/widget/preceptor.js", headers={"Origin": "https://school.example"})
    assert answer.status_code == 200
    assert answer.content == SCRIPT
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_only_names_with_a_hash_may_be_cached_for_ever(http) -> None:
    hashed = http.get("/widget/chat-ad28ea045f.js").headers["cache-control"]
    plain = http.get("/widget/preceptor.js").headers["cache-control"]
    assert "immutable" in hashed
    assert plain == "public, max-age=300"


def test_what_the_browser_has_is_not_sent_again(http, folder) -> None:
    etag = http.get("/widget/preceptor.js").headers["etag"]
    again = http.get("/widget/preceptor.js", headers={"If-None-Match": f'"x", W/{etag}'})
    assert (again.status_code, again.content) == (304, b"")
    (folder / "dist" / "preceptor.js").write_bytes(SCRIPT + b"// new")
    changed = http.get("/widget/preceptor.js", headers={"If-None-Match": etag})
    assert (changed.status_code, changed.content) == (200, SCRIPT + b"// new")


def test_a_browser_that_takes_no_gzip_gets_none(http) -> None:
    for accepted in ("identity", "gzip;q=0", "br, gzip; q=0.0"):
        answer = http.get("/widget/preceptor.js", headers={"Accept-Encoding": accepted})
        assert "content-encoding" not in answer.headers
        assert answer.content == SCRIPT
    with http.stream("GET", "/widget/preceptor.js") as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())) == SCRIPT


@pytest.mark.parametrize(
    "path",
    [
        "/widget/nothing.js",
        "/widget/",
        "/widget/run.sh",
        "/widget/link.txt",
        "/widget/.hidden.js",
        "/widget/..%2fsecret.txt",
        "/widget/%2e%2e/secret.txt",
        "/widget/..%5csecret.txt",
        "/widget//etc/passwd",
        "/widget/preceptor.js%00.txt",
        "/widget/" + "a" * 200 + ".js",
    ],
)
def test_nothing_else_is_given_out(http, path) -> None:
    answer = http.get(path)
    assert answer.status_code in (400, 404)
    assert "hidden words" not in answer.text


def test_the_page_lets_nothing_foreign_run(server, http) -> None:
    answer = http.get("/")
    assert (answer.status_code, answer.text) == (200, "<!doctype html><title>Advisor</title>")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    own = f"127.0.0.1:{server.port}"
    assert policy["connect-src"] == f"'self' ws://{own} wss://{own}"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "access-control-allow-origin" not in answer.headers


def test_a_host_that_is_none_gets_into_no_header(http) -> None:
    answer = http.get("/", headers={"Host": "x; script-src *"})
    assert "script-src *" not in answer.headers.get("content-security-policy", "")


def test_without_a_page_the_server_still_greets(http, folder) -> None:
    (folder / "page" / "index.html").unlink()
    assert http.get("/").status_code == 200


def test_the_etag_is_the_contents(http) -> None:
    digest = hashlib.sha256(SCRIPT).hexdigest()[:32]
    assert http.get("/widget/preceptor.js").headers["etag"] == f'"{digest}"'
