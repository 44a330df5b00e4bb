"""A tiny project, trained once for all tests of the launcher."""

import subprocess
from pathlib import Path

import pytest

from tests.support.tiny_project import ROOT, command, environment, write_project


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """The folder of a trained project."""
    home = write_project(tmp_path_factory.mktemp("tiny"))
    (home / "catalogue").symlink_to(ROOT / "catalogue")
    subprocess.run(command("train"), env=environment(home), check=True, timeout=180)
    return home
