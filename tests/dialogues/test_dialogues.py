"""Whole conversations with the real advisor, one test a file; README.md tells how to write one."""

from pathlib import Path

import pytest

from tests.support.advisor import Advisor
from tests.support.dialogues import FOLDER, dialogue_files, read_dialogue, run_dialogue

FILES = dialogue_files()


@pytest.mark.parametrize("path", FILES, ids=[f"{p.parent.name}/{p.stem}" for p in FILES])
def test_dialogue(advisor: Advisor, path: Path):
    run_dialogue(advisor, path, f"{path.parent.name}/{path.stem}")


def test_there_are_enough_dialogues_of_every_behaviour():
    turns = sum(len(read_dialogue(path)["turns"]) for path in FILES)
    assert len(FILES) >= 85
    assert turns >= 320
    folders = {path.parent.name for path in FILES}
    assert folders >= {
        "happy_path", "corrections", "digressions", "negations", "ambiguity", "invalid_input",
        "safety", "refinement", "paging", "picking", "comparing", "licensing", "two_questions",
        "small_talk", "out_of_scope", "fallback",
    }  # fmt: skip
    assert FOLDER.name == "dialogues"
