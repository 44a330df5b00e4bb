"""The advisor's server: one process with Rasa, the channels, the model and the actions."""

import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from preceptor.runtime.logs import configure_logging
from preceptor.runtime.models import choose_model
from preceptor.runtime.settings import CODE, Complaint, Settings, set_for_libraries

CLOSING_SECONDS = 1.0
# How long a computing thread may keep the GIL from one that has finished waiting for a database or
# a file. A turn waits about a hundred times; with Python's 5 ms that adds up to seconds under load.
SWITCH_SECONDS = 0.0005

log = structlog.get_logger(__name__)


def serve(
    settings: Settings,
    log_to: logging.Handler | None = None,
    tell: Callable[[str], None] = lambda _: None,
    when_ready: Callable[[], None] = lambda: None,
) -> None:
    """Run the advisor with the newest whole model until the process is told to stop.

    Args:
        settings: Places, address and databases.
        log_to: Where log lines go; standard error by default.
        tell: Shows a sentence to whoever starts the server.
        when_ready: Called when the server can answer.

    Raises:
        Complaint: If there is no whole model, or it or the actions cannot be loaded, or the
            server cannot listen.
    """
    configure_logging(settings.log_level, log_to)
    sys.setswitchinterval(SWITCH_SECONDS)
    # A second thread is no faster on the matrices of one message, and it spins while it waits: that
    # took a third of a turn's processor time.
    set_for_libraries(OPENBLAS_NUM_THREADS="1")
    make_private(settings)
    # Relative paths in endpoints.yml are meant from the project's folder.
    os.chdir(settings.home)
    for folder in (CODE, settings.home):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    model, skipped = choose_model(settings)
    for sentence in skipped:
        log.error("model.skipped", why=sentence)
        tell(sentence)

    from preceptor.rasa_ext.lean_imports import import_rasa

    import_rasa()
    app = _app(settings, model)
    listening: list[bool] = []

    @app.after_server_start
    async def tell_that_it_listens(*_: Any) -> None:
        listening.append(True)
        app.ctx.warming.add_done_callback(lambda _: when_ready())

    app.run(host=settings.interface, port=settings.port, access_log=False)
    if not listening:
        # Sanic logs why and returns.
        raise Complaint(
            f"The server cannot listen on {settings.interface}, port {settings.port}; the log "
            "says why."
        )


def make_private(settings: Settings) -> None:
    """Make var/, and take away others' rights to the databases and logs in it.

    What is made from now on gets its rights from the umask, which the command line sets; this is
    for what an earlier version left behind.
    """
    settings.logs.mkdir(parents=True, exist_ok=True)
    settings.var.chmod(0o700)
    for path in [*settings.var.glob("*.db*"), *settings.logs.iterdir()]:
        path.chmod(0o700 if path.is_dir() else 0o600)


def _app(settings: Settings, model: Path) -> Any:
    """Return the Sanic app with all channels; it loads the model before it listens."""
    from rasa.core.run import close_resources, configure_app, create_http_input_channels
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.endpoints import EndpointConfig

    from preceptor.channels.http import Refusal, is_rebound, metrics_page
    from preceptor.channels.people import People, keep_clean
    from preceptor.rasa_ext.in_process_action import ActionRunner
    from preceptor.runtime.health import add_health

    endpoints = AvailableEndpoints.read_endpoints(str(settings.home / "endpoints.yml"))
    if settings.conversations_url:
        endpoints.tracker_store = EndpointConfig(
            type="preceptor.rasa_ext.tracker_store.TrackerStore",
            url=settings.conversations_url,
            with_inbox=settings.conversations_url == settings.channels_url,
        )
    actions = None
    if endpoints.action is None or not endpoints.action.url:
        try:
            actions = ActionRunner()
        except Exception as error:
            log.exception("actions.unusable")
            raise Complaint(
                f"The package actions cannot be loaded: {type(error).__name__}: {error}."
            ) from error

    async def load(app: Any, _: Any) -> None:
        app.ctx.agent = await load_agent(model, endpoints, actions)
        app.ctx.agent.is_warm = False
        app.ctx.agent.people = People(settings)

    async def warm(app: Any, loop: asyncio.AbstractEventLoop) -> None:
        # After the server listens, so that it is there at once; what comes before it is warm waits
        # in the inbox.
        app.ctx.warming = loop.create_task(warm_up(app.ctx.agent))
        app.ctx.cleaning = loop.create_task(keep_clean(app.ctx.agent.people))

    async def stop_cleaning(app: Any, _: Any) -> None:
        app.ctx.cleaning.cancel()

    app = configure_app(
        create_http_input_channels(None, str(settings.home / "credentials.yml")),
        # Its HTTP API can load models and run code (CVE-2024-49375): never on.
        enable_api=False,
        server_listeners=[
            (load, "before_server_start"),
            (warm, "after_server_start"),
            (stop_cleaning, "before_server_stop"),
            (close_resources, "after_server_stop"),
        ],
    )
    # What is still open when turns have ended waits for nothing.
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = CLOSING_SECONDS
    add_health(app, settings)
    app.add_route(metrics_page(settings), "/metrics")

    @app.on_request
    async def refuse_rebound(request: Any) -> Any:
        if is_rebound(request, settings):
            sentence = "This part of the advisor is for its own machine, by the name localhost."
            return Refusal(sentence, "origin", 403).response()
        return None

    @app.on_response
    async def forbid_guessing(_: Any, response: Any) -> None:
        if response is not None:
            response.headers["X-Content-Type-Options"] = "nosniff"

    return app


async def load_agent(model: Path, endpoints: Any, actions: Any) -> Any:
    """Load a model with the stores that endpoints.yml names.

    Args:
        model: The trained model's archive.
        endpoints: A `rasa.core.utils.AvailableEndpoints`.
        actions: An `ActionRunner`, or None where `endpoints` says who runs actions.

    Returns:
        An `AdvisorAgent`.

    Raises:
        Complaint: If the model cannot be loaded; Rasa would go on without it.
    """
    from rasa.core.brokers.broker import EventBroker
    from rasa.core.lock_store import LockStore
    from rasa.core.tracker_store import TrackerStore

    from preceptor.rasa_ext.processor import AdvisorAgent

    broker = await EventBroker.create(endpoints.event_broker, loop=asyncio.get_running_loop())
    agent = AdvisorAgent(
        generator=endpoints.nlg,
        tracker_store=TrackerStore.create(endpoints.tracker_store, event_broker=broker),
        lock_store=LockStore.create(endpoints.lock_store),
        action_endpoint=endpoints.action,
        actions=actions,
    )
    try:
        agent.load_model(model)
    except Exception as error:
        log.exception("model.unusable", model=model.name)
        raise Complaint(
            f"The model {model} cannot be loaded ({type(error).__name__}: {error}); please run "
            "make train, with --force if it says that the model is up to date."
        ) from error
    return agent


def warm_answers() -> None:
    """Load the answers, the phrases of follow-ups and the safety protocols."""
    from preceptor.conversation import follow_ups, protocols
    from preceptor.knowledge.store import shared_answers

    shared_answers().current()
    follow_ups.phrases()
    protocols.phrases()


async def warm_up(agent: Any) -> None:
    """Read a message, so that all that reading needs is loaded, and tidy up after the start.

    However long that takes on a busy machine: an action that had to load the answers would run into
    its time limit. What fails here fails again, and is told, with the first message.
    """
    for warm in (warm_answers, agent.processor.warm_up):
        with contextlib.suppress(Exception):
            await asyncio.to_thread(warm)
    agent.is_warm = True
    # What is there now stays: full collections need not look through it again.
    gc.collect()
    gc.freeze()
