"""Programs that check files, some of which may be missing."""

import shutil
import subprocess

import pytest


def tool(name: str, package: str) -> str:
    """Return a tool's path, or leave the test out."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed here; in Debian it is in the package {package}")
    return found


def run(*arguments: object) -> str:
    """Run a linter, which must be content, and return what it said."""
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
