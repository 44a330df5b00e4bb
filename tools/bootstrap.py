"""Makes .venv hold what a lock file says; runs on any Python 3 and needs nothing else.

    python3 tools/bootstrap.py runtime    what `make run` needs
    python3 tools/bootstrap.py dev        and what the tests need besides
    python3 tools/bootstrap.py lock       writes requirements/*.txt from requirements/*.in

It finds uv on the PATH, or installs a pinned one with pip into .tools/. uv finds Python 3.10
or fetches it. A stamp with the lock files' hashes makes the second time free.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
TOOLS = os.path.join(ROOT, ".tools")
STAMP = os.path.join(VENV, "preceptor-stamp.json")
PYTHON_VERSION = "3.10"
UV_VERSION = "0.13.9"
KINDS = ("runtime", "dev")


class Problem(Exception):
    """What stops the set-up, as a sentence that says what to do."""


def main(arguments):
    """Do what the one argument says; return the exit status."""
    if len(arguments) != 1 or arguments[0] not in ("runtime", "dev", "lock"):
        print("usage: bootstrap.py runtime|dev|lock", file=sys.stderr)
        return 2
    try:
        if arguments[0] == "lock":
            lock()
        else:
            install(arguments[0])
    except Problem as problem:
        print("Error: {}".format(problem), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0


def install(kind):
    """Install a kind's lock file into .venv, unless that has been done."""
    stamp = read_stamp()
    if is_current(kind, stamp):
        return
    # dev holds all of runtime: a developer's environment stays one.
    if "dev" in stamp:
        kind = "dev"
    uv = find_uv()
    if not has_right_python():
        print("Making .venv with Python {} ...".format(PYTHON_VERSION), flush=True)
        run(
            [uv, "venv", "--quiet", "--clear", "--python", find_python(uv), VENV],
            "The environment .venv could not be made; uv's message is above.",
        )
    print("Installing what requirements/{}.txt lists, some minutes ...".format(kind), flush=True)
    run(
        [
            uv,
            "pip",
            "sync",
            "--quiet",
            "--require-hashes",
            # If Python may not write bytecode, every start compiles TensorFlow anew.
            "--compile-bytecode",
            "--python",
            python_of(VENV),
            lock_file(kind),
        ],
        "The packages could not be installed. If uv's message above speaks of a connection, "
        "please check the network and run the same command again; it goes on where it was.",
    )
    run(
        [uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
        + ["--python", python_of(VENV), "--editable", ROOT],
        "Preceptor itself could not be installed into .venv; uv's message is above.",
    )
    kinds = ("runtime", "dev") if kind == "dev" else ("runtime",)
    with open(STAMP, "w") as file:
        json.dump({each: hash_of(lock_file(each)) for each in kinds}, file)


def lock():
    """Resolve requirements/*.in anew."""
    uv = find_uv()
    for kind in KINDS:
        print("Locking requirements/{}.txt ...".format(kind), flush=True)
        run(
            [uv, "pip", "compile", "-q", "--python-version", PYTHON_VERSION]
            + ["--generate-hashes", "--no-emit-index-url", "--no-annotate"]
            + ["--custom-compile-command", "make lock"]
            + ["--override", "requirements/overrides.txt"]
            + ["requirements/{}.in".format(kind), "-o", "requirements/{}.txt".format(kind)],
            "requirements/{}.in could not be resolved; uv's message is above.".format(kind),
        )


def is_current(kind, stamp):
    """Return whether .venv already holds a kind's lock file."""
    return stamp.get(kind) == hash_of(lock_file(kind)) and os.path.exists(python_of(VENV))


def read_stamp():
    """Return {kind: hash of its lock file} of what is installed, or {}."""
    try:
        with open(STAMP) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def find_uv():
    """Return the path of uv, installing it into .tools/ if there is none."""
    found = shutil.which("uv")
    if found:
        return found
    uv = os.path.join(TOOLS, "bin", "uv")
    if os.path.exists(uv):
        return uv
    print("Installing uv {} into .tools/ ...".format(UV_VERSION), flush=True)
    try:
        import ensurepip  # noqa: F401  # Debian leaves it out of its Python
        import venv

        venv.create(TOOLS, with_pip=True, clear=True)
    except (ImportError, subprocess.CalledProcessError):
        shutil.rmtree(TOOLS, ignore_errors=True)
        raise Problem(
            "This Python cannot make virtual environments; please install its venv module "
            "(on Debian and Ubuntu: apt install python3-venv), or uv, and run the same "
            "command again."
        ) from None
    run(
        [python_of(TOOLS), "-m", "pip", "install", "--quiet", "uv==" + UV_VERSION],
        "uv could not be installed with pip. Please check the network, or install uv "
        "yourself, and run the same command again.",
    )
    return uv


def find_python(uv):
    """Return the path of a Python 3.10, fetching it if there is none."""
    if "{}.{}".format(*sys.version_info) == PYTHON_VERSION:
        return sys.executable
    find = [uv, "python", "find", "--system", "--no-project", PYTHON_VERSION]
    found = subprocess.run(find, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if found.returncode:
        print("Fetching Python {} ...".format(PYTHON_VERSION), flush=True)
        run(
            [uv, "python", "install", "--no-bin", PYTHON_VERSION],
            "There is no Python {0} here and it could not be fetched. Please check the "
            "network, or install Python {0}, and run the same command again. Rasa runs on no "
            "later version.".format(PYTHON_VERSION),
        )
        found = subprocess.run(find, cwd=ROOT, stdout=subprocess.PIPE)
        if found.returncode:
            raise Problem("Python {} was fetched but is not found.".format(PYTHON_VERSION))
    return found.stdout.decode().strip()


def has_right_python():
    """Return whether .venv is there, works and has the right version."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        asked = subprocess.run([python_of(VENV), "-c", code], stdout=subprocess.PIPE)
    except OSError:
        return False
    return asked.returncode == 0 and asked.stdout.decode().strip() == PYTHON_VERSION


def python_of(folder):
    """Return the path of a virtual environment's Python."""
    return os.path.join(folder, "bin", "python")


def lock_file(kind):
    """Return the path of a kind's lock file."""
    return os.path.join(ROOT, "requirements", kind + ".txt")


def hash_of(path):
    """Return a file's SHA-256."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def run(command, problem):
    """Run a command in the repository; raise Problem if it fails."""
    # An active environment of the user's must not be taken for ours.
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    if subprocess.run(command, cwd=ROOT, env=environment).returncode:
        raise Problem(problem)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
