"""The widget's files and the page `/`, served by the advisor itself."""

import gzip
import hashlib
import re
from functools import lru_cache
from mimetypes import MimeTypes
from pathlib import Path

from sanic.request import Request
from sanic.response import HTTPResponse

from preceptor.channels.web.origins import own_host
from preceptor.runtime.settings import CODE

# The build's output and the page's own files; the first folder that has a name wins.
FOLDERS = (CODE / "widget" / "dist", CODE / "widget" / "page")
PAGE = CODE / "widget" / "page" / "index.html"

# Nothing else in the folders is given out.
_SUFFIXES = (".css", ".html", ".ico", ".jpg", ".js", ".json", ".png", ".svg", ".txt")
_COMPRESSED = (".css", ".html", ".js", ".json", ".svg", ".txt")
# Python's own table, whatever the machine's /etc/mime.types says; scripts by RFC 9239.
_TYPES = MimeTypes()
_TYPES.add_type("text/javascript", ".js")
# Names alone, so that no path can lead out of the folders.
_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")
# The build puts ten hexadecimal digits of the content's hash into a name.
_HASHED = re.compile(r"[-.][0-9a-f]{8,64}\.\w+$")

_FOREVER = "public, max-age=31536000, immutable"
# A new version of the widget reaches every host page within minutes.
_SHORT = "public, max-age=300"


async def widget_file(request: Request, name: str) -> HTTPResponse:
    """Answer with a file of the widget, which pages of every origin may load and check."""
    path = _find(name)
    if path is None:
        sentence = "There is no such file of the widget.\n"
        return _secure(HTTPResponse(sentence, 404, None, "text/plain; charset=utf-8"))
    response = _serve(request, path, _FOREVER if _HASHED.search(name) else _SHORT)
    # They are public, the same for everyone; `integrity` in a host's script tag needs CORS.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    # An SVG opened by itself is a page of our origin.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


async def page(request: Request) -> HTTPResponse | None:
    """Answer with the page `/`, under a policy that lets nothing foreign run or load.

    If it isn't asked for, or there is none, the answer is None, and Rasa goes on.
    """
    if request.path != "/" or request.method not in ("GET", "HEAD") or not PAGE.is_file():
        return None
    response = _serve(request, PAGE, "no-cache")
    host = own_host(request)
    # Safari before 15.4 does not apply 'self' to WebSockets.
    sockets = f" ws://{host} wss://{host}" if host else ""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
        f"font-src 'self'; connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    )
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response


def _find(name: str) -> Path | None:
    if not _NAME.match(name) or Path(name).suffix not in _SUFFIXES:
        return None
    for folder in FOLDERS:
        path = folder / name
        # A symbolic link could lead out.
        if path.is_file() and path.resolve().parent == folder.resolve():
            return path
    return None


def _serve(request: Request, path: Path, caching: str) -> HTTPResponse:
    stat = path.stat()
    content, compressed, tag = _load(path, stat.st_mtime_ns, stat.st_size)
    headers = {"Cache-Control": caching, "ETag": tag, "Vary": "Accept-Encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return _secure(HTTPResponse(status=304, headers=headers))
    accepted = request.headers.get("accept-encoding", "").lower()
    if compressed and re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", accepted):
        headers["Content-Encoding"] = "gzip"
        content = compressed
    return _secure(HTTPResponse(content, 200, headers, _media_type(path.name)))


def _media_type(name: str) -> str:
    media_type = _TYPES.guess_type(name)[0] or "application/octet-stream"
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


@lru_cache(maxsize=128)
def _load(path: Path, _changed: int, _size: int) -> tuple[bytes, bytes | None, str]:
    """Return a file's content, the same compressed if that pays, and its ETag."""
    content = path.read_bytes()
    compressed = gzip.compress(content, 9, mtime=0) if path.suffix in _COMPRESSED else content
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return content, compressed if len(compressed) < len(content) else None, tag


def _secure(response: HTTPResponse) -> HTTPResponse:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response
