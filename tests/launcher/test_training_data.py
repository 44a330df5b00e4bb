"""Rasa's own check of the training data."""

import os
import subprocess
import sys

import pytest

from preceptor.runtime.settings import quiet_environment
from tests.support.tiny_project import ROOT


@pytest.mark.slow
def test_rasa_data_validate_finds_nothing_to_warn_of():
    quiet_environment()
    done = subprocess.run(
        [sys.executable, "-m", "rasa", "data", "validate", "--fail-on-warnings"],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]
