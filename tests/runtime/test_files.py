"""Looking for changes of files."""

import os
from pathlib import Path

import pytest

from preceptor.runtime import files


def test_a_change_is_seen_at_the_next_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "words.yml"
    path.write_text("a")
    moments = iter([10.1, 10.9, 11.0])
    monkeypatch.setattr(files.time, "monotonic", lambda: next(moments))
    before = files.state_of(tmp_path, "*.yml")
    os.utime(path, ns=(1, 1))
    assert files.state_of(tmp_path, "*.yml") == before
    assert files.state_of(tmp_path, "*.yml") == ((str(path), 1),)
