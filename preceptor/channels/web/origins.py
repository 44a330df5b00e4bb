"""Who sends a request: the page's origin, checked against a list, and the address."""

import re
from urllib.parse import urlsplit

from sanic.request import Request
from sanic.response import HTTPResponse

# A host with or without a port, as a browser sends it; anything else must not get into a header.
_HOST = re.compile(r"^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?$")

_PREFLIGHT_SECONDS = "600"


def own_host(request: Request) -> str | None:
    """Return the host and port under which the browser reached us, or None if that is unclear."""
    host = request.headers.get("host", "")
    return host.lower() if _HOST.match(host) else None


def is_allowed(request: Request, origins: frozenset[str]) -> bool:
    """Return whether a request comes from a page that may use the widget.

    A request without an Origin does not come from another site's page: browsers send it with every
    WebSocket handshake and every request to another origin. The advisor's own origin is that of
    the host asked for, whatever the scheme: behind a proxy that ends TLS we do not see it.

    Args:
        request: The request.
        origins: The other sites' origins that are allowed, in lower case.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return True
    origin = origin.lower()
    if origin in origins:
        return True
    parts = urlsplit(origin)
    host = own_host(request)
    return parts.scheme in ("http", "https") and host is not None and parts.netloc == host


def set_cors(request: Request, response: HTTPResponse, origins: frozenset[str]) -> None:
    """Let pages of allowed origins read the response, and no others, whatever Rasa's CORS says."""
    for name in [name for name in response.headers if name.lower().startswith("access-control-")]:
        del response.headers[name]
    response.headers["Vary"] = "Origin"
    origin = request.headers.get("origin")
    if origin is None or not is_allowed(request, origins):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS


def address_of(request: Request, proxies: int) -> str:
    """Return the address to count requests by.

    Args:
        request: The request.
        proxies: How many proxies stand before us. Each adds the address it was reached from to
            the right of X-Forwarded-For; anyone may have written what stands further left.
    """
    if proxies:
        hops = request.headers.getall("x-forwarded-for", [])
        addresses = [part.strip() for hop in hops for part in hop.split(",")]
        if len(addresses) >= proxies:
            return addresses[-proxies][:64]
    return request.ip or "unknown"
