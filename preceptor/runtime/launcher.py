"""Starts everything with one command: catalogue, model and the advisor's server.

The catalogue is imported and the model trained in processes of their own, which give their memory
back; then this process becomes the server.
"""

import logging.handlers
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import click

from preceptor.runtime.models import is_intact
from preceptor.runtime.server import serve
from preceptor.runtime.settings import CODE, Complaint, Settings, child_environment
from preceptor.runtime.train import model_fingerprint

FREE_MEGABYTES_NEEDED = 200
LOG_BYTES = 10_000_000
LOGS_KEPT = 3


def run(settings: Settings) -> int:
    """Set up what is missing, and run the advisor until it is told to stop.

    Args:
        settings: Ports and places.

    Returns:
        The exit status: 0 after Ctrl-C, SIGTERM or a closed terminal.

    Raises:
        Complaint: With a sentence about what is in the way: a taken port, a full disk, a
            folder that cannot be written, a refused catalogue, no model, or a server that
            does not start.
    """
    # One way out for all three, until the server handles the first two itself. SIGINT as well: a
    # shell starts background jobs with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_keyboard_interrupt)
    try:
        check_var(settings)
        check_disk(settings)
        check_port(settings)
        import_content(settings, "catalogue", "catalogue was")
        import_content(settings, "knowledge", "answers were")
        train_model(settings)
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        click.echo("Starting the advisor ...")
        log = settings.logs / "advisor.log"
        try:
            serve(
                settings,
                logging.handlers.RotatingFileHandler(log, "a", LOG_BYTES, LOGS_KEPT, "utf-8"),
                lambda sentence: click.echo(f"Warning: {sentence}", err=True),
                lambda: click.echo(_addresses(settings)),
            )
        except Complaint as complaint:
            raise Complaint(f"{complaint.message}\nThe log is {log}.") from complaint
    except KeyboardInterrupt:
        pass
    click.echo("\nStopped.")
    return 0


def _raise_keyboard_interrupt(*_: object) -> None:
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


def check_port(settings: Settings) -> None:
    """Complain if the server's port cannot be listened on."""
    port = settings.port
    try:
        # As the server does: a connection that is just closing does not keep the port.
        with socket.create_server((settings.interface, port)):
            return
    except PermissionError:
        reason = f"Port {port} may only be used by the system's administrator"
    except socket.gaierror:
        raise Complaint(
            f'PRECEPTOR_INTERFACE is "{settings.interface}", which is no address of this machine.'
        ) from None
    except OSError:
        reason = f"Port {port} is taken by another program"
    raise Complaint(
        f"{reason}. Please stop that program or choose another port, for example: "
        f"PRECEPTOR_PORT={port + 1000 if port < 60000 else port - 1000} make run"
    )


def import_content(settings: Settings, command: str, what: str) -> None:
    """Import the catalogue or the answers; what is refused ends the start with all its errors."""
    done = _run_command(settings, command, "import", capture=True)
    if done.returncode:
        raise Complaint(
            f"The {what} refused, so the advisor was not started:\n" + done.stdout.strip()
        )
    # The last line sums up; what stands before it is for `make catalogue` and `make knowledge`.
    click.echo(done.stdout.strip().rpartition("\n")[2])


def train_model(settings: Settings) -> None:
    """Train if something has changed or the model's archive is damaged."""
    if not is_intact(settings.models / f"{model_fingerprint(settings)}.tar.gz"):
        click.echo("Training the model; this takes a minute or two ...")
    done = _run_command(settings, "train")
    if done.returncode:
        # It has said why.
        sys.exit(done.returncode)


def _run_command(
    settings: Settings, *arguments: str, capture: bool = False
) -> "subprocess.CompletedProcess[str]":
    environment = child_environment(PYTHONUNBUFFERED="1", PRECEPTOR_HOME=str(settings.home))
    paths = [str(CODE), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return subprocess.run(
        [sys.executable, "-m", "preceptor", *arguments],
        cwd=settings.home,
        env=environment,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
        text=True,
        check=False,
    )


def _addresses(settings: Settings) -> str:
    body = '{"sender": "me", "message": "Why should I do an internship?"}'
    curl = f"curl -s -H 'Content-Type: application/json' -d {shlex.quote(body)} {settings.rest_url}"
    usual_port = Settings.__fields__["port"].default
    own_port = f"PRECEPTOR_PORT={settings.port} " if settings.port != usual_port else ""
    return (
        "The advisor is ready.\n"
        f"  its page:       {settings.server_url}/\n"
        f"  in a terminal:  {own_port}make chat   (in another terminal)\n"
        f"  over REST:      {settings.rest_url}\n"
        f"                  {curl}\n"
        f"  logs:           {settings.logs}\n"
        "Ctrl-C stops it."
    )
