"""The two servers and their supervisor, each as the launcher starts it.

The heavy imports are inside the functions: the action server must not load TensorFlow, and
the supervisor needs neither server's libraries.
"""

import asyncio
import contextlib
import ctypes
import os
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import structlog

from preceptor.runtime.logs import configure_logging
from preceptor.runtime.process import end_with_parent, tidy_memory
from preceptor.runtime.settings import CODE, Complaint, Settings, set_for_libraries

SUPERVISOR_CONFIG = CODE / "deploy" / "supervisord.conf"

# From malloc.h.
_M_ARENA_MAX = -8

log = structlog.get_logger(__name__)


def serve_advisor(settings: Settings) -> None:
    """Run Rasa with the newest trained model until the process is told to stop.

    Raises:
        Complaint: If there is no model or it cannot be loaded.
    """
    _prepare(settings)
    _share_memory_between_threads()
    model = settings.newest_model()
    if model is None:
        raise Complaint(f"There is no trained model in {settings.models}; please run make train.")
    settings.var.mkdir(parents=True, exist_ok=True)

    from preceptor.rasa_ext.lean_imports import import_rasa

    import_rasa()

    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.endpoints import EndpointConfig

    from preceptor.channels.turn_runner import guard_agent
    from preceptor.rasa_ext.nlu_worker import can_read_beside

    beside = _copy_that_reads(model) if can_read_beside() else None

    endpoints = AvailableEndpoints.read_endpoints(str(settings.home / "endpoints.yml"))
    if endpoints.action is None:
        endpoints.action = EndpointConfig()
    if "actions_port" in settings.__fields_set__ or not endpoints.action.url:
        endpoints.action.url = f"{settings.actions_url}/webhook"
    if settings.conversations_url:
        endpoints.tracker_store = EndpointConfig(
            type="preceptor.rasa_ext.tracker_store.TrackerStore", url=settings.conversations_url
        )

    failure: list[str] = []
    warming: list[asyncio.Task[None]] = []

    async def stop_without_model(app: Any, _: Any) -> None:
        # Rasa goes on serving when a model cannot be loaded, and then answers nothing.
        if not app.ctx.agent.is_ready():
            failure.append(f"The model {model} cannot be loaded; please run make train.")
            app.stop()
            return
        guard_agent(app.ctx.agent)
        if beside is not None:
            app.ctx.agent.processor.read_beside(beside, model)
        # Beside the server, so that it is there at once; a message that comes within the first
        # second or two waits.
        warming.append(asyncio.get_running_loop().create_task(warm_up(app.ctx.agent)))

    async def stop_reading(app: Any, _: Any) -> None:
        if beside is not None:
            beside.close()

    serve_application(
        model_path=str(model),
        interface=settings.interface,
        port=settings.port,
        credentials=str(settings.home / "credentials.yml"),
        endpoints=endpoints,
        # Its HTTP API can load models and run code (CVE-2024-49375): never on.
        enable_api=False,
        server_listeners=[
            (stop_without_model, "after_server_start"),
            (stop_reading, "after_server_stop"),
        ],
    )
    if failure:
        raise Complaint(failure[0])


def _copy_that_reads(model: Path) -> Any:
    """Copy this process while its only other thread watches the parent, and holds no lock."""
    import preceptor.nlu
    from preceptor.rasa_ext.nlu_worker import ReadingProcess
    from preceptor.rasa_ext.processor import Processor

    steps = (module.name for module in iter_modules(preceptor.nlu.__path__, "preceptor.nlu."))
    for name in ("rasa.core.run", "onnxruntime", "sentencepiece", *steps):
        # What both import is shared if it is there already.
        import_module(name)
    # It loads what reads while the server loads the rest.
    return ReadingProcess(lambda: Processor.for_reading(model).read)


async def warm_up(agent: Any) -> None:
    """Read a message, so that all that reading needs is loaded, and tidy up after the start.

    What fails here fails again, and is told, with the first message.
    """
    with contextlib.suppress(Exception):
        await agent.parse_message("Hello")
    await asyncio.to_thread(tidy_memory)


def _share_memory_between_threads() -> None:
    """Have all threads allocate from two heaps (GNU's C library makes eight for each core).

    Each keeps what its busiest moment took, and Python's lock lets one thread allocate at a time.
    """
    options = getattr(ctypes.CDLL(None), "mallopt", None)
    if options is not None:
        options(_M_ARENA_MAX, 2)


def serve_actions(settings: Settings) -> None:
    """Run the action server on 127.0.0.1 until the process is told to stop."""
    _prepare(settings)
    # The SDK takes the address from the environment alone; its default is all interfaces.
    set_for_libraries(SANIC_HOST="127.0.0.1")

    from rasa_sdk import utils
    from rasa_sdk.endpoint import create_app
    from structlog.contextvars import bind_contextvars, clear_contextvars

    app = create_app("actions", cors_origins="")
    utils.update_sanic_log_level()

    @app.on_request
    async def name_the_conversation(request: Any) -> None:
        clear_contextvars()
        if request.path == "/webhook" and isinstance(request.json, dict):
            bind_contextvars(
                conversation=request.json.get("sender_id"), action=request.json.get("next_action")
            )

    log.info("actions.started", port=settings.actions_port)
    app.run("127.0.0.1", settings.actions_port, workers=1, access_log=False)


def supervise(settings: Settings) -> None:
    """Run supervisord with our configuration; the launcher sets the environment it needs."""
    end_with_parent()
    from supervisor.supervisord import main

    os.chdir(settings.home)
    main(["--nodaemon", "--configuration", str(SUPERVISOR_CONFIG)])


def _prepare(settings: Settings) -> None:
    """Set up what both servers need: logs, the working directory, modules of the project."""
    end_with_parent()
    configure_logging(settings.log_level)
    # Relative paths in endpoints.yml are meant from the project's folder.
    os.chdir(settings.home)
    for folder in (CODE, settings.home):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(Path(folder)))
