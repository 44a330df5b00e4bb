"""This advisor beside a plain Rasa project made from the same training data.

Both are measured in one run on one machine: training, start to ready, memory, turns over REST.
Both run the same actions and get the same messages. This advisor runs them in its own process; the
default has an action server, whose memory isn't counted, and Rasa's own REST channel and SQL store.
`make bench-serve` runs it; with `ARGS=--trained` it takes the models of the last run.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import aiohttp
import click
import psutil
import yaml

from benchmarks.rasa_default import EPOCHS, write_project
from benchmarks.report import ROOT, machine, machine_line, table, write_json, write_section

FOLDER = ROOT / "var" / "bench"
SIDES = {"preceptor": "Preceptor", "default": "Rasa's default"}
READY_WITHIN_SECONDS = 240
# The first turns, which aren't measured.
WARM_UP = 20
# A cycle of messages: searching, picking, advice, looking up, small talk.
MESSAGES = (
    "why should I do an internship",
    "4 week surgery placement in kenya or tanzania",
    "anything cheaper",
    "tell me about the first one",
    "how do I deal with a patient who shouts at me",
    "do I need a housemanship to practise in nigeria",
    "what vaccines do I need",
    "is it better to go abroad or to stay at home",
    "thanks",
    "when should I apply",
)
# Ten turns each, so that every message is in each once.
WINDOWS = {"5": slice(0, 10), "50": slice(45, 55), "200": slice(195, 205)}


@click.command()
@click.option("--trained", is_flag=True, help="Take the models of the last run.")
@click.option("--epochs", default=1, help="Of the default, which has 100.")
@click.option("--starts", default=3, help="Of each side.")
@click.option("--turns", default=200, help="By one person at a time, and by 16 at once.")
@click.option("--conversations", default=2, help="Of 205 turns.")
def main(trained: bool, epochs: int, starts: int, turns: int, conversations: int) -> None:
    """Measure both sides; write reports/bench-serve.json and the section of docs/benchmarks.md."""
    if not trained:
        train(epochs)
    result: dict[str, Any] = {"machine": machine()}
    result |= json.loads((FOLDER / "training.json").read_text())
    for side, name in SIDES.items():
        click.echo(f"Measuring {name} ...")
        with ExitStack() as servers:
            if side == "default":
                servers.enter_context(action_server())
            result[side] |= measure(side, starts, turns, conversations)
        click.echo(f"{name}: {json.dumps(result[side])}")
    result |= ratios(result["preceptor"], result["default"])
    write_json(ROOT / "reports" / "bench-serve.json", result)
    text = section(result)
    write_section("bench-serve", text)
    click.echo(text)


# Training


def train(epochs: int) -> None:
    """Make the project of each side and train it from nothing; write training.json."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    ours, peer = FOLDER / "preceptor", FOLDER / "default"
    ours.mkdir(parents=True)
    for name in ("config.yml", "domain.yml", "intents.yml", "credentials.yml", "endpoints.yml"):
        shutil.copy2(ROOT / name, ours)
    for name in ("data", "catalogue", "knowledge"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, ours / name)
    write_project(peer, epochs)
    run(ours, "preceptor", "catalogue", "import")
    result = {
        "preceptor": {"train_seconds": run(ours, "preceptor", "train", "--force")},
        "default": {"train_seconds": run(peer, "rasa", "train", "--force"), "epochs": epochs},
    }
    write_json(FOLDER / "training.json", result)


def run(home: Path, *command: str) -> float:
    """Run a module's command in a side's folder; return the seconds that it took."""
    click.echo(f"{home.name}: {' '.join(command)} ...")
    started = time.perf_counter()
    with (FOLDER / f"{home.name}.log").open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", *command],
            cwd=home, env=environment(home), check=True, stdout=log, stderr=log,
        )  # fmt: skip
    return round(time.perf_counter() - started, 1)


# Servers


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of what is measured: this code, and quiet."""
    return {
        **os.environ, "PYTHONPATH": str(ROOT), "PRECEPTOR_HOME": str(home),
        "DATABASE_URL": f"sqlite:///{FOLDER / 'catalogue.db'}", "TF_CPP_MIN_LOG_LEVEL": "3",
        "PRECEPTOR_CONVERSATIONS_URL": f"sqlite:///{home / 'conversations.db'}",
        "RASA_TELEMETRY_ENABLED": "false", "SANIC_HOST": "127.0.0.1", **more,
    }  # fmt: skip


@contextmanager
def running(side: str, url: str, command: list[str], **env: str) -> Iterator[tuple[int, float]]:
    """Start a server; yield its process id and the seconds until it answered 200 at `url`."""
    home = FOLDER / side
    started = time.perf_counter()
    with (FOLDER / f"{side}.log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=home, env=environment(home, **env), stdout=log, stderr=log,
        )  # fmt: skip
    try:
        asyncio.run(until_ready(server, url))
        yield server.pid, time.perf_counter() - started
    finally:
        server.terminate()
        server.wait(30)


async def until_ready(server: subprocess.Popen[bytes], url: str) -> None:
    """Ask until a server answers 200."""
    give_up = time.monotonic() + READY_WITHIN_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
        while server.poll() is None and time.monotonic() < give_up:
            try:
                async with client.get(url) as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(0.05)
    raise SystemExit(f"The server at {url} does not start.")


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def action_server() -> Iterator[None]:
    """Run rasa_sdk's server for the default and name it in the default's endpoints.yml."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    (FOLDER / "default" / "endpoints.yml").write_text(
        f"action_endpoint:\n  url: {url}/webhook\n"
        "tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: conversations.db\n"
    )
    command = ["rasa_sdk", "--actions", "actions", "--port", str(port)]
    with running("preceptor", f"{url}/health", command):
        yield


@contextmanager
def advisor(side: str) -> Iterator[tuple[str, int, float]]:
    """Run one side's server; yield its webhook, its process id and the seconds until ready."""
    port = str(free_port())
    command = ["preceptor", "serve"]
    if side == "default":
        command = ["rasa", "run", "--endpoints", "endpoints.yml", "--credentials",
                   "credentials.yml", "--interface", "127.0.0.1", "--port", port]  # fmt: skip
    url = f"http://127.0.0.1:{port}/webhooks/rest/"
    with running(side, url, command, PRECEPTOR_PORT=port) as (pid, ready):
        yield f"{url}webhook", pid, ready


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process and of those it started, in MiB.

    What several processes share counts once: each has its part of it (Linux's PSS).
    """
    process = psutil.Process(pid)
    each = [process, *process.children(recursive=True)]
    return round(sum(one.memory_full_info().pss for one in each) / 2**20, 1)


# Turns


def measure(side: str, starts: int, turns: int, conversations: int) -> dict[str, Any]:
    """Start one side several times, then talk with it."""
    (FOLDER / side / "conversations.db").unlink(missing_ok=True)
    ready_seconds = []
    for _ in range(starts - 1):
        with advisor(side) as (_, _, ready):
            ready_seconds.append(ready)
    with advisor(side) as (webhook, pid, ready):
        ready_seconds.append(ready)
        turn_seconds = asyncio.run(talk_all(webhook, turns, conversations))
        rss = resident_mib(pid)
    windows = {
        turn: statistics.median(took for one in turn_seconds["long"] for took in one[window])
        for turn, window in WINDOWS.items()
    }
    return {
        "ready_seconds": round(statistics.median(ready_seconds), 2),
        "first_turn_seconds": round(turn_seconds["first"][0], 2),
        "rss_mib": rss,
        "one_person_ms": milliseconds(turn_seconds["one"]),
        "sixteen_people_ms": milliseconds(turn_seconds["sixteen"]),
        "turns_per_second": round(
            len(turn_seconds["sixteen"]) / turn_seconds["sixteen_altogether"], 2
        ),
        "p50_ms_at_turn": {turn: round(took * 1000, 2) for turn, took in windows.items()},
    }


async def talk_all(webhook: str, turns: int, conversations: int) -> dict[str, Any]:
    """Return the seconds of each turn: the first one, one person's, 16 people's, in long talks."""
    messages = questions(WARM_UP + 2 * turns)
    first = await talk(webhook, "warm-up", messages[:WARM_UP])
    one: list[float] = []
    for start in range(WARM_UP, WARM_UP + turns, 10):
        one += await talk(webhook, f"one-{start}", messages[start : start + 10])
    started = time.perf_counter()
    people = [messages[WARM_UP + turns + person :: 16] for person in range(16)]
    sixteen = await asyncio.gather(
        *(talk(webhook, f"person-{number}", each) for number, each in enumerate(people))
    )
    altogether = time.perf_counter() - started
    cycle = [MESSAGES[number % len(MESSAGES)] for number in range(205)]
    long = [await talk(webhook, f"long-{number}", cycle) for number in range(conversations)]
    return {"first": first, "one": one, "sixteen": [took for each in sixteen for took in each],
            "sixteen_altogether": altogether, "long": long}  # fmt: skip


def questions(count: int) -> list[str]:
    """Return messages of the test set, all different, of all intents alike.

    Raises:
        SystemExit: the test set has fewer.
    """
    draw = random.Random(1)
    by_intent = []
    for file in sorted((ROOT / "tests" / "nlu").glob("*.yml")):
        for intent in yaml.safe_load(file.read_text("utf-8"))["nlu"]:
            lines = intent["examples"].splitlines()
            own = sorted({line[2:].strip() for line in lines if line.startswith("- ")})
            by_intent.append(draw.sample(own, len(own)))
    # One of each intent, then another of each, as long as there are any.
    rounds = (draw.sample(each, len(each)) for each in zip_longest(*by_intent))
    order = dict.fromkeys(message for one in rounds for message in one if message)
    if count > len(order):
        raise SystemExit(f"The test set has {len(order)} messages; ask for fewer turns.")
    return [*order][:count]


async def talk(webhook: str, sender: str, messages: list[str]) -> list[float]:
    """Hold one conversation; return the seconds of each turn."""
    took = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as client:
        for message in messages:
            started = time.perf_counter()
            async with client.post(webhook, json={"sender": sender, "message": message}) as got:
                replies = await got.json(content_type=None)
            took.append(time.perf_counter() - started)
            if got.status != 200 or not replies:
                raise SystemExit(f"No reply to {message!r}: {got.status} {replies}")
    return took


def milliseconds(took: list[float]) -> dict[str, float]:
    """Return p50, p95 and p99 in milliseconds."""
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {f"p{cut}": round(cuts[cut - 1] * 1000, 2) for cut in (50, 95, 99)}


# Report


def ratios(ours: dict[str, Any], peer: dict[str, Any]) -> dict[str, float]:
    """Return how many times better this advisor is, and how flat its turns are."""
    turn = ours["p50_ms_at_turn"]
    exact = {
        "ready_ratio": peer["ready_seconds"] / ours["ready_seconds"],
        "rss_ratio": peer["rss_mib"] / ours["rss_mib"],
        "p50_ratio": peer["one_person_ms"]["p50"] / ours["one_person_ms"]["p50"],
        "throughput_ratio": ours["turns_per_second"] / peer["turns_per_second"],
        "p50_turn200_over_turn5": turn["200"] / turn["5"],
    }
    return {name: round(value, 2) for name, value in exact.items()}


def section(result: dict[str, Any]) -> str:
    """Return the page's section."""
    ours, peer = result["preceptor"], result["default"]
    epochs = peer["epochs"]
    rows = [
        ["", *SIDES.values(), "better by"],
        [f"training, s (the default: {epochs} of its {EPOCHS} epochs)",
         ours["train_seconds"], peer["train_seconds"], ""],
        *([label, ours[key], peer[key], f"{result[ratio]} times" if ratio else ""]
          for label, key, ratio in (
              ("start to ready, s", "ready_seconds", "ready_ratio"),
              ("first turn right after, s", "first_turn_seconds", ""),
              ("resident memory, MiB", "rss_mib", "rss_ratio"),
              ("turns per second, 16 at once", "turns_per_second", "throughput_ratio"))),
        *([f"turn, {who}, {cut}, ms", ours[key][cut], peer[key][cut],
           f"{result['p50_ratio']} times" if (who, cut) == ("one person", "p50") else ""]
          for who, key in (("one person", "one_person_ms"), ("16 at once", "sixteen_people_ms"))
          for cut in ("p50", "p95", "p99")),
        *([f"p50 about turn {turn} of one conversation, ms",
           ours["p50_ms_at_turn"][turn], peer["p50_ms_at_turn"][turn], ""] for turn in WINDOWS),
    ]  # fmt: skip
    return f"""
## Serving, beside Rasa's default: `make bench-serve`

{machine_line(result["machine"])}

{table(rows)}

Both sides in one run: the same questions, domain, rules, messages and actions, which run in
Preceptor's process and in a server beside the default's (not counted). No message is said twice,
except in the long conversations, which go round ten messages. Rasa's default has its own REST
channel and SQL store on SQLite. Training is from nothing, the whole process. How long a model was
trained doesn't change what it costs to run.

A turn about the 200th costs {result["p50_turn200_over_turn5"]} times one about the 5th here.

This project has rules and no stories, and no retrieval intents: the default's TED, UnexpecTED and
ResponseSelector are loaded and asked, but had nothing to learn from.
"""


if __name__ == "__main__":
    main()
