"""Importing answers, and taking changed files up while running."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from preceptor.knowledge.store import AnswerCache, folder
from tests.support.tiny_project import ROOT, command, environment


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A project with a few of the answers."""
    for topic in ("letters", "bali", "abroad"):
        shutil.copytree(ROOT / "knowledge" / topic, tmp_path / "knowledge" / topic)
    for file in (tmp_path / "knowledge").glob("*/*.md"):
        text, *_ = file.read_text("utf-8").split("\n## Asked next\n")
        lines = [line for line in text.split("\n") if not line.startswith("leads_to:")]
        file.write_text("\n".join(lines), "utf-8")
    shutil.copytree(ROOT / "catalogue", tmp_path / "catalogue")
    return tmp_path


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("knowledge", *arguments), cwd=ROOT, env=environment(home), text=True,
        capture_output=True, timeout=300,
    )  # fmt: skip


def test_answers_are_checked_imported_found_and_never_imported_by_halves(home: Path):
    subprocess.run(command("catalogue", "import"), cwd=home, env=environment(home), check=True,
                   timeout=120)  # fmt: skip
    assert "No errors" in run(home, "check").stdout
    first = run(home, "import")
    assert first.returncode == 0 and "phrasings find theirs" in first.stdout, first.stderr
    assert "Nothing has changed" in run(home, "import").stdout
    found = run(home, "find", "is a scooter in bali a bad idea")
    assert "bali/scooter" in found.stdout
    file = home / "var" / "knowledge_weights.npz"
    with np.load(file) as fitted:
        of_another_version = {**fitted, "confidence": fitted["confidence"][:3]}
    np.savez(file, **of_another_version)
    assert "bali/scooter" in run(home, "find", "is a scooter in bali a bad idea").stdout
    weights = (home / "var" / "knowledge_weights.npz").read_bytes()
    broken = home / "knowledge" / "bali" / "scooter.md"
    broken.write_text(broken.read_text("utf-8").replace("class: ", "class: x"), "utf-8")
    refused = run(home, "import")
    assert refused.returncode == 1 and "knowledge/bali/scooter.md:" in refused.stderr
    assert (home / "var" / "knowledge_weights.npz").read_bytes() == weights


def test_a_running_advisor_takes_a_changed_answer_up_and_keeps_the_old_over_a_faulty_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    answers = home / "knowledge"
    monkeypatch.setattr("preceptor.knowledge.store.folder", lambda: answers)
    cache = AnswerCache()
    file = answers / "bali" / "scooter.md"
    before = cache.current()
    assert before is not None and before.get("bali/scooter") is not None
    text = file.read_text("utf-8")
    head, _, body = text.partition("\n---\n")
    file.write_text(f"{head}\n---\nNever, and that is new.\n\n{body.partition('## ')[1]}"
                    f"{body.partition('## ')[2]}", "utf-8")  # fmt: skip
    index = cache.current()
    assert index is not None
    scooter = index.get("bali/scooter")
    assert scooter is not None and scooter.text[0] == "Never, and that is new."
    file.write_text("broken", "utf-8")
    kept = cache.current()
    assert kept is not None and kept.get("bali/scooter") is scooter


def test_the_project_s_own_answers_come_before_those_that_came_with_the_program():
    assert folder() == ROOT / "knowledge"


def test_every_answer_of_the_project_is_free_of_faults():
    from preceptor.knowledge.store import check_answers

    answers, faults = check_answers(ROOT / "knowledge")
    assert faults == [] and len(answers) >= 400
