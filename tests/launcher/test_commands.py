"""The command line and the Makefile."""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from preceptor.channels.terminal import pick, render
from preceptor.evaluation.parse import BadLine, read_line
from preceptor.runtime.settings import Complaint, Settings, load_settings
from preceptor.runtime.train import model_fingerprint
from tests.support.tiny_project import ROOT, command, environment, free_port, write_project


def run(home: Path, *arguments: str, stdin: str = "", **more: str):
    return subprocess.run(
        command(*arguments),
        cwd=home,
        env=environment(home, **more),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_bare_make_lists_every_target_with_a_line_of_help():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("run", "chat", "test", "lint", "catalogue", "train", "nlu-report", "lock"):
        (line,) = [line for line in listed.splitlines() if f"make {target} " in line]
        assert len(line.split()) > 3


def test_help_is_fast_and_names_every_command(tmp_path):
    started = time.monotonic()
    done = run(tmp_path, "--help")
    assert time.monotonic() - started < 3
    for name in ("run", "train", "chat", "parse", "catalogue", "serve", "nlu-report"):
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize(
    "module", ["preceptor.catalogue.cli", "preceptor.runtime.launcher", "rasa_sdk.endpoint"]
)
def test_catalogue_and_launcher_import_no_tensorflow(module):
    code = f"import sys, {module}; sys.exit('tensorflow' in sys.modules or 'rasa' in sys.modules)"
    assert subprocess.run([*command()[:1], "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1", "5005.0"])
def test_a_port_that_is_none_is_refused_with_a_sentence(value, monkeypatch):
    monkeypatch.setenv("PRECEPTOR_PORT", value)
    with pytest.raises(Complaint, match="PRECEPTOR_PORT is .*: (value is not|ensure this)"):
        load_settings()


def test_a_taken_port_ends_run_with_a_sentence_that_names_it(tmp_path):
    home, port = write_project(tmp_path), free_port()
    with socket.create_server(("127.0.0.1", port)):
        done = run(home, "run", PRECEPTOR_PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr and "PRECEPTOR_PORT=" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_ends_run_with_a_sentence(tmp_path):
    home = write_project(tmp_path)
    (home / "var").mkdir(mode=0o500)
    assert "cannot be written" in run(home, "run").stderr


def test_a_var_that_is_no_folder_ends_run_with_a_sentence(tmp_path):
    home = write_project(tmp_path)
    (home / "var").write_text("")
    done = run(home, "run")
    assert done.returncode == 1 and "cannot be written" in done.stderr


def test_a_refused_catalogue_ends_run_with_every_error(tmp_path):
    home = write_project(tmp_path)
    shutil.copytree(ROOT / "catalogue", home / "catalogue")
    with (home / "catalogue" / "kinds.csv").open("a") as file:
        file.write("broken,row,with,far,too,many,cells,in,it,really\n")
    done = run(home, "run", PRECEPTOR_PORT=str(free_port()))
    assert done.returncode == 1
    assert "catalogue was refused" in done.stderr and "kinds.csv" in done.stderr


def test_refused_answers_end_run_with_every_error(tmp_path):
    home = write_project(tmp_path)
    shutil.copytree(ROOT / "catalogue", home / "catalogue")
    answer = home / "knowledge" / "letters" / "when.md"
    answer.parent.mkdir(parents=True)
    answer.write_text("---\nquestion: When\n---\nSoon.\n", "utf-8")
    done = run(home, "run", PRECEPTOR_PORT=str(free_port()))
    assert done.returncode == 1
    assert "answers were refused" in done.stderr and "letters/when.md:" in done.stderr


def test_chat_says_so_when_nothing_runs(tmp_path):
    done = run(tmp_path, "chat", PRECEPTOR_PORT=str(free_port()))
    assert done.returncode == 1
    assert "make run" in done.stderr


def test_parse_says_so_when_there_is_no_model(tmp_path):
    done = run(tmp_path, "parse", stdin="hello\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no trained model" in done.stderr


def test_train_says_so_when_there_is_nothing_to_train_from(tmp_path):
    assert "config.yml is missing" in run(tmp_path, "train").stderr


def test_the_fingerprint_follows_words_and_not_the_place(tmp_path):
    here, there = write_project(tmp_path / "a"), write_project(tmp_path / "b")
    (there / "data" / "__pycache__").mkdir()
    (there / "data" / "__pycache__" / "x.pyc").write_bytes(b"x")

    def fingerprint(home: Path) -> str:
        return model_fingerprint(Settings(home=home))

    assert fingerprint(here) == fingerprint(there)
    rules = there / "data" / "rules" / "all.yml"
    rules.rename(rules.with_name("moved.yml"))
    assert fingerprint(here) != fingerprint(there)


@pytest.mark.slow
def test_train_does_nothing_while_nothing_has_changed(tiny):
    (model,) = (tiny / "models").glob("*.tar.gz")
    trained_at = model.read_bytes()
    started = time.monotonic()
    done = run(tiny, "train")
    assert "up to date" in done.stdout
    assert time.monotonic() - started < 3
    assert model.read_bytes() == trained_at


@pytest.mark.slow
def test_training_from_contradicting_rules_ends_with_a_sentence(tmp_path):
    home = write_project(tmp_path)
    rules = home / "data" / "rules" / "all.yml"
    rules.write_text(
        rules.read_text()
        .replace("  - rule: look up", "  - rule: other")
        .replace("      - intent: look_up", "      - intent: greet")
    )
    done = run(home, "train")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The model could not be trained")
    assert "Traceback" not in done.stderr
    assert not list((home / "models").glob("*.tar.gz"))


@pytest.mark.slow
def test_parse_answers_every_line_in_order_and_survives_bad_ones(tiny):
    lines = [
        "hello",
        "",
        '{"text": "kenya"}',
        "{broken",
        '{"words": "kenya"}',
        "/greet",
        '{"text": " \\u200b "}',
        "xyzzy",
    ]
    done = run(tiny, "parse", stdin="\n".join(lines))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row.get("text") for row in rows] == [
        "hello", "kenya", None, None, "/greet", " \u200b ", "xyzzy",
    ]  # fmt: skip
    assert [row["intent"] for row in rows if "intent" in row] == [
        "greet", "look_up", None, None, None,
    ]  # fmt: skip
    assert [set(row) for row in rows if "text" not in row] == [{"error"}, {"error"}]
    assert set(rows[0]) >= {"confidence", "intent_ranking", "questions", "entities"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (" hello \n", "hello"),
        ("\n", None),
        ('{"text": "hi", "id": 3}', "hi"),
        ('{"text": ""}', ""),
        ('"quoted"', '"quoted"'),
    ],
)
def test_a_line_is_plain_text_or_json_with_text(line, message):
    assert read_line(line) == message


@pytest.mark.parametrize("line", ["{", "{}", '{"text": 5}', '{"text": null}', '{"a":' * 5000])
def test_a_bad_json_line_is_told_in_a_sentence(line):
    with pytest.raises(BadLine, match=r"\.$"):
        read_line(line)


def test_a_number_in_brackets_chooses_a_button_and_a_bare_one_is_typed():
    lines, buttons = render(
        [
            {"text": "Two programmes:\n1. Kandy\n2. Galle"},
            {
                "text": "Which one?",
                "buttons": [
                    {"title": "First", "payload": "sealed"},
                    {"title": "Its page", "url": "https://a.example"},
                    {"title": "More"},
                ],
            },
        ]
    )
    assert lines[3:] == [
        "Which one?", "  [1] First", "  Its page: https://a.example", "  [2] More",
    ]  # fmt: skip
    assert [pick(typed, buttons) for typed in ("[1]", " [ 2 ] ", "[3]", "1", "[0]")] == [
        {"message": "First", "payload": "sealed"}, {"message": "More"}, {"message": "[3]"},
        {"message": "1"}, {"message": "[0]"},
    ]  # fmt: skip
