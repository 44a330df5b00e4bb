"""Starts everything with one command: catalogue, model, action server and advisor.

Both servers run under supervisord (deploy/supervisord.conf), which starts a dead one again
and turns its logs over; this module checks before, watches while they start, and stops them.
"""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import xmlrpc.client
from collections import deque
from pathlib import Path
from typing import Any

import click

from preceptor.runtime.settings import CODE, Complaint, Settings, child_environment
from preceptor.runtime.train import model_fingerprint

FREE_MEGABYTES_NEEDED = 200
# From cold disks, importing TensorFlow alone may take a minute.
START_LIMIT_SECONDS = 240
# Longer than both servers' stopwaitsecs in deploy/supervisord.conf together.
STOP_LIMIT_SECONDS = 25
LOG_LINES_SHOWN = 15

_SERVERS = {"actions": "action server", "advisor": "advisor's server"}


def run(settings: Settings) -> int:
    """Start the advisor, wait until it is told to stop, and stop it.

    Args:
        settings: Ports and places.

    Returns:
        The exit status: 0 after Ctrl-C, SIGTERM or a closed terminal.

    Raises:
        Complaint: With a sentence about what is in the way: a taken port, a full disk, a
            folder that cannot be written, a refused catalogue, no model, or a server that
            does not start, the last with the end of its log.
    """
    # One way out for all three; Python's own for SIGTERM would leave the children running.
    # SIGINT as well: a shell starts background jobs with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_keyboard_interrupt)
    try:
        check_var(settings)
        check_disk(settings)
        check_port(settings.interface, settings.port, "PRECEPTOR_PORT", "the advisor")
        check_port(
            "127.0.0.1", settings.actions_port, "PRECEPTOR_ACTIONS_PORT", "the action server"
        )
        import_catalogue(settings)
        train_model(settings)
        serve(settings)
    except KeyboardInterrupt:
        click.echo("\nStopped.")
    return 0


def _raise_keyboard_interrupt(_: int, __: Any) -> None:
    raise KeyboardInterrupt


def check_var(settings: Settings) -> None:
    """Make var/log, or complain that it cannot be written to."""
    try:
        settings.logs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.var):
            pass
    except OSError as error:
        raise Complaint(
            f"The folder {settings.var} cannot be written to ({error.strerror}); the advisor "
            "keeps its databases and logs there. Please make it writable."
        ) from error


def check_disk(settings: Settings) -> None:
    """Complain if the disk is nearly full."""
    free = shutil.disk_usage(settings.home).free // 1_000_000
    if free < FREE_MEGABYTES_NEEDED:
        raise Complaint(
            f"Only {free} MB are free on the disk with {settings.home}; the advisor needs at "
            f"least {FREE_MEGABYTES_NEEDED} MB. Please free some space."
        )


def check_port(interface: str, port: int, variable: str, whose: str) -> None:
    """Complain if a port cannot be listened on.

    Args:
        interface: The address a server is about to bind to.
        port: The port it is about to bind to.
        variable: The environment variable that chooses another port.
        whose: The server, for the sentence.
    """
    try:
        # As the servers do: a connection that is just closing does not keep the port.
        with socket.create_server((interface, port)):
            return
    except PermissionError:
        reason = f"Port {port} of {whose} may only be used by the system's administrator"
    except socket.gaierror:
        raise Complaint(
            f'PRECEPTOR_INTERFACE is "{interface}", which is no address of this machine.'
        ) from None
    except OSError:
        reason = f"Port {port} of {whose} is taken by another program"
    raise Complaint(
        f"{reason}. Please stop that program or choose another port, for example: "
        f"{variable}={port + 1000 if port < 60000 else port - 1000} make run"
    )


def import_catalogue(settings: Settings) -> None:
    """Import the catalogue's CSV files; a refused file ends the start with all its errors."""
    done = _run_command(settings, "catalogue", "import", capture=True)
    if done.returncode:
        raise Complaint(
            "The catalogue was refused, so the advisor was not started:\n" + done.stdout.strip()
        )
    # The last line sums up; the table before it is for `make catalogue`.
    click.echo(done.stdout.strip().rpartition("\n")[2])


def train_model(settings: Settings) -> None:
    """Train if something has changed, in a process of its own that gives its memory back."""
    if not (settings.models / f"{model_fingerprint(settings)}.tar.gz").exists():
        click.echo("Training the model; this takes a minute or two ...")
    done = _run_command(settings, "train")
    if done.returncode:
        # It has said why.
        sys.exit(done.returncode)


def _run_command(
    settings: Settings, *arguments: str, capture: bool = False
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "preceptor", *arguments],
        cwd=settings.home,
        env=_environment(settings),
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
        text=True,
        check=False,
    )


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the processes we start."""
    environment = child_environment(
        PYTHONUNBUFFERED="1",
        PRECEPTOR_HOME=str(settings.home),
        PRECEPTOR_PORT=str(settings.port),
        PRECEPTOR_ACTIONS_PORT=str(settings.actions_port),
        PRECEPTOR_PYTHON=sys.executable,
        PRECEPTOR_WATCH_PARENT="1",
    )
    paths = [str(CODE), environment.get("PYTHONPATH", "")]
    return {**environment, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def serve(settings: Settings) -> None:
    """Run both servers under the supervisor until a signal comes.

    Raises:
        Complaint: If a server does not become healthy, or the supervisor ends by itself.
        KeyboardInterrupt: When told to stop; both servers have ended by then.
    """
    # A socket's path is limited to about 100 characters, which var/ may exceed.
    folder = tempfile.mkdtemp(prefix="preceptor-")
    control = f"{folder}/supervisor.sock"
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "preceptor", "supervise"],
        cwd=settings.home,
        env={**_environment(settings), "PRECEPTOR_SOCKET": control},
        stdout=subprocess.DEVNULL,
        # A session of its own: Ctrl-C reaches only us, and we stop the rest in order.
        start_new_session=True,
    )
    try:
        _wait_until_healthy(settings, supervisor, control)
        click.echo(_addresses(settings))
        supervisor.wait()
        raise Complaint(
            f"The supervisor has ended by itself; see {settings.logs / 'supervisor.log'}."
        )
    finally:
        _stop(supervisor)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_healthy(
    settings: Settings, supervisor: "subprocess.Popen[bytes]", control: str
) -> None:
    click.echo("Starting the action server and the advisor ...")
    deadline = time.monotonic() + START_LIMIT_SECONDS
    waiting_for = {
        "actions": f"{settings.actions_url}/health",
        "advisor": f"{settings.server_url}/",
    }
    while waiting_for:
        if supervisor.poll() is not None:
            raise Complaint(
                "The supervisor did not start:\n" + _tail(settings.logs / "supervisor.log")
            )
        for name in _broken_servers(control):
            raise Complaint(
                f"The {_SERVERS[name]} does not start. The end of "
                f"{settings.logs / name}.log:\n" + _tail(settings.logs / f"{name}.log")
            )
        waiting_for = {name: url for name, url in waiting_for.items() if not _is_healthy(url)}
        if waiting_for and time.monotonic() > deadline:
            name = next(iter(waiting_for))
            raise Complaint(
                f"The {_SERVERS[name]} did not answer within {START_LIMIT_SECONDS} s. The end "
                f"of {settings.logs / name}.log:\n" + _tail(settings.logs / f"{name}.log")
            )
        time.sleep(0.3)


def _broken_servers(control: str) -> list[str]:
    """Return the servers that have ended while they should be starting."""
    if not os.path.exists(control):
        return []
    from supervisor.xmlrpc import SupervisorTransport

    proxy = xmlrpc.client.ServerProxy(
        "http://127.0.0.1", transport=SupervisorTransport("", "", f"unix://{control}")
    )
    try:
        states: Any = proxy.supervisor.getAllProcessInfo()
    except (OSError, xmlrpc.client.Error):
        # It has made the socket and does not answer yet.
        return []
    return [each["name"] for each in states if each["statename"] in ("BACKOFF", "FATAL", "EXITED")]


def _is_healthy(url: str) -> bool:
    # Without the environment's proxies: this is our own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(supervisor: "subprocess.Popen[bytes]") -> None:
    """Stop the supervisor, which stops the servers; a second Ctrl-C does not interrupt that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if supervisor.poll() is None:
        supervisor.terminate()
    try:
        supervisor.wait(STOP_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        # Its children look at their parent and end by themselves.
        supervisor.kill()
        supervisor.wait()


def _addresses(settings: Settings) -> str:
    body = '{"sender": "me", "message": "Why should I do an internship?"}'
    curl = f"curl -s -H 'Content-Type: application/json' -d {shlex.quote(body)} {settings.rest_url}"
    own_port = (
        f"PRECEPTOR_PORT={settings.port} "
        if settings.port != Settings.__fields__["port"].default
        else ""
    )
    return (
        "The advisor is ready.\n"
        f"  its page:       {settings.server_url}/\n"
        f"  in a terminal:  {own_port}make chat   (in another terminal)\n"
        f"  over REST:      {settings.rest_url}\n"
        f"                  {curl}\n"
        f"  action server:  {settings.actions_url}\n"
        f"  logs:           {settings.logs}\n"
        "Ctrl-C stops it."
    )


def _tail(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, LOG_LINES_SHOWN)).rstrip() or "(empty)"
    except OSError:
        return "(there is none)"
