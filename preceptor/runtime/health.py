"""Whether a server is alive, and whether it can answer: `/healthz` and `/readyz`.

Both answer within a few seconds, whatever is broken: what blocks is looked at in a thread of its
own, which is given up when it takes too long.
"""

from __future__ import annotations

import shutil
import time

import sqlalchemy as sa
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from preceptor.channels.http import json_response
from preceptor.channels.inbox import SWEEP_SECONDS
from preceptor.runtime.settings import Settings
from preceptor.runtime.threads import Overdue, TimedThreads

_LIMIT_SECONDS = 2.0
_FREE_BYTES_NEEDED = 20_000_000
_SWEEPS_MISSED = 5


def add_health(app: Sanic, settings: Settings) -> None:
    """Add the two routes to the server's app."""
    threads = TimedThreads(1, _LIMIT_SECONDS, 2)

    async def healthz(request: Request) -> HTTPResponse:
        return json_response({"status": "ok"})

    async def readyz(request: Request) -> HTTPResponse:
        in_the_way = _not_ready(app)
        try:
            in_the_way += await threads.run(_not_writable, app, settings)
        except Overdue:
            in_the_way.append("database")
        if in_the_way:
            return json_response({"status": "not ready", "because": in_the_way}, 503)
        return json_response({"status": "ready"})

    app.add_route(healthz, "/healthz")
    app.add_route(readyz, "/readyz")


def _not_ready(app: Sanic) -> list[str]:
    """Return what of the server itself keeps it from answering."""
    agent, inbox = app.ctx.agent, app.ctx.inbox
    if not agent.is_ready() or not agent.is_warm:
        return ["model"]
    in_the_way = ["reading"] if agent.processor.is_stuck else []
    late = time.monotonic() - _SWEEPS_MISSED * SWEEP_SECONDS
    if any(worker.swept_at < late for worker in inbox.workers):
        in_the_way.append("worker")
    if inbox.is_stopping:
        in_the_way.append("stopping")
    return in_the_way


def _not_writable(app: Sanic, settings: Settings) -> list[str]:
    """Return which of the disk and the databases cannot be written."""
    in_the_way = []
    if shutil.disk_usage(settings.var).free < _FREE_BYTES_NEEDED:
        in_the_way.append("disk")
    store = getattr(app.ctx.agent.tracker_store, "_tracker_store", None)
    engines = {app.ctx.inbox.engine, getattr(store, "engine", app.ctx.inbox.engine)}
    if not all(map(_is_writable, engines)):
        in_the_way.append("database")
    return in_the_way


def _is_writable(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            # SQLite lets a transaction begin that could not write in the end.
            is_file = engine.dialect.name == "sqlite"
            connection.execute(sa.text("BEGIN IMMEDIATE" if is_file else "SELECT 1"))
    except SQLAlchemyError:
        return False
    return True
