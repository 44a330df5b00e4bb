"""This advisor beside the same data, domain and rules on Rasa's default configuration.

Both are measured in one run on one machine: training, start to ready, memory, turns over REST.
Both run the same actions and get the same messages. This advisor runs them in its own process; the
default has an action server, whose memory isn't counted, and Rasa's own REST channel and SQL store.
Run it with `make bench-serve`; `--retrain` trains the default anew.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import yaml

from benchmarks.rasa_default import EPOCHS, WHOLE
from benchmarks.report import ROOT, machine, machine_line, table, write_json, write_section
from preceptor.nlu.questions.annotated import FILES

KEPT = ROOT / "var" / "bench"
SIDES = ("preceptor", "default")
NAMES = {"preceptor": "Preceptor", "default": "Rasa's default"}
PORTS_TRIED_SECONDS = 240
# So many turns come before those that are measured.
WARMING = 20
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
WINDOWS = {5: (1, 10), 50: (46, 55), 200: (196, 205)}


def main() -> None:
    """Measure both sides, print the table, write the report, the page's section and the plots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--retrain", action="store_true", help="train the default anew")
    parser.add_argument("--epochs", type=int, default=3, help="of the default, 100 are its own")
    parser.add_argument("--starts", type=int, default=3, help="of each side")
    parser.add_argument("--turns", type=int, default=200, help="by one person at a time")
    parser.add_argument("--conversations", type=int, default=2, help="of 205 turns")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="preceptor-bench-") as name:
        folder = Path(name)
        result: dict[str, Any] = {"machine": machine()}
        result["default"] = train_default(arguments.epochs, arguments.retrain)
        result["preceptor"] = train_preceptor(folder / "preceptor")
        for side in SIDES:
            home = folder / side
            with ExitStack() as servers:
                if side == "default":
                    port = servers.enter_context(action_server(folder))
                    write_default_home(home, port, default_model(arguments.epochs))
                result[side].update(measure(side, home, arguments))
            say(f"{NAMES[side]}: {json.dumps(result[side])}")
    result.update(ratios(result))
    write_json(ROOT / "reports" / "bench-serve.json", result)
    plot(result)
    text = section(result)
    write_section("bench-serve", text)
    say(text)


def say(text: str) -> None:
    """Print; this is a command for people."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# Training


def default_folder(epochs: int) -> Path:
    """Return where the default's model is kept, named by everything it is made from."""
    digest = hashlib.sha256(WHOLE.format(epochs=epochs).encode())
    digest.update(version("rasa").encode())
    for file in [ROOT / "domain.yml", *sorted((ROOT / "data").rglob("*.yml"))]:
        # Rasa takes no notice of messages with several questions.
        if not file.match(FILES):
            digest.update(file.read_bytes())
    return KEPT / f"default-{digest.hexdigest()[:16]}"


def default_model(epochs: int) -> Path:
    """Return the default's trained model."""
    return next((default_folder(epochs) / "models").glob("*.tar.gz"))


def train_default(epochs: int, retrain: bool) -> dict[str, Any]:
    """Train Rasa's default configuration, or take an earlier run's model and figures."""
    folder = default_folder(epochs)
    kept = folder / "training.json"
    if kept.exists() and not retrain:
        return {**json.loads(kept.read_text()), "train_seconds_from_cache": True}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.yml").write_text(WHOLE.format(epochs=epochs))
    shutil.copy2(ROOT / "domain.yml", folder)
    shutil.copytree(ROOT / "data", folder / "data")
    say(f"Training Rasa's default configuration, {epochs} epochs ...")
    started = time.perf_counter()
    with (folder / "training.log").open("wb") as log:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.train_default", str(folder)],
            cwd=ROOT, env=environment(), check=True, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    took = time.perf_counter() - started
    epochs_took = json.loads((folder / "epochs.json").read_text())
    measured = {
        "train_seconds": round(whole_training(took, epochs_took), 1),
        "train_seconds_measured": round(took, 1),
        "train_epochs_measured": epochs,
        "train_epoch_seconds": [round(each, 2) for each in epochs_took],
        "train_seconds_estimated": epochs != EPOCHS,
    }
    kept.write_text(json.dumps(measured))
    return {**measured, "train_seconds_from_cache": False}


def whole_training(took: float, epochs: list[float]) -> float:
    """Return how long 100 epochs take, from a training of fewer.

    The batch size grows evenly over the epochs, from 64 to 256, and with it falls an epoch's
    time. Three epochs are measured at its start, middle and end; Simpson's rule gives the mean.
    """
    if len(epochs) == EPOCHS:
        return took
    if len(epochs) != 3:
        return took - sum(epochs) + EPOCHS * statistics.fmean(epochs)
    first, middle, last = epochs
    return took - sum(epochs) + EPOCHS * (first + 4 * middle + last) / 6


def train_preceptor(home: Path) -> dict[str, Any]:
    """Train this advisor from nothing in a folder of its own."""
    home.mkdir(parents=True)
    for name in ("config.yml", "domain.yml", "intents.yml", "credentials.yml", "endpoints.yml"):
        shutil.copy2(ROOT / name, home)
    for name in ("data", "catalogue"):
        shutil.copytree(ROOT / name, home / name)
    env = environment(PRECEPTOR_HOME=str(home), DATABASE_URL=catalogue_url(home))
    preceptor(home, env, "catalogue", "import")
    say("Training Preceptor ...")
    started = time.perf_counter()
    preceptor(home, env, "train", "--force")
    return {"train_seconds": round(time.perf_counter() - started, 1)}


def preceptor(home: Path, env: dict[str, str], *arguments: str) -> None:
    """Run one command of this project in a folder."""
    subprocess.run(
        [sys.executable, "-m", "preceptor", *arguments],
        cwd=home, env=env, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


# Servers


def environment(**more: str) -> dict[str, str]:
    """Return the environment of what is measured: this code, and quiet."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3",
            "RASA_TELEMETRY_ENABLED": "false", "PRECEPTOR_WATCH_PARENT": "1", **more}  # fmt: skip


def catalogue_url(home: Path) -> str:
    """Return the address of a home's catalogue."""
    return f"sqlite:///{home.parent / 'catalogue.db'}"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def write_default_home(home: Path, actions_port: int, model: Path) -> None:
    """Write the folder from which Rasa's default is served."""
    home.mkdir()
    shutil.copy2(model, home / "model.tar.gz")
    (home / "credentials.yml").write_text("rest:\n")
    (home / "endpoints.yml").write_text(
        f'action_endpoint:\n  url: "http://127.0.0.1:{actions_port}/webhook"\n'
        "tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: conversations.db\n"
    )


@contextmanager
def running(
    command: list[str], home: Path, env: dict[str, str], url: str, log: Path
) -> Iterator[tuple[int, float]]:
    """Start a server; yield its process id and the seconds until it was ready."""
    started = time.perf_counter()
    with log.open("ab") as file:
        server = subprocess.Popen(command, cwd=home, env=env, stdout=file, stderr=file)
    try:
        ready = asyncio.run(until_ready(server, url, started))
        yield server.pid, ready
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


async def until_ready(server: subprocess.Popen[bytes], url: str, started: float) -> float:
    """Ask until a server answers 200; return the seconds since it was started."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
        while server.poll() is None and time.perf_counter() - started < PORTS_TRIED_SECONDS:
            try:
                async with client.get(url) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - started
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(0.05)
    raise SystemExit(f"The server at {url} does not start.")


@contextmanager
def action_server(folder: Path) -> Iterator[int]:
    """Run rasa_sdk's server for the default; yield its port."""
    port, home = free_port(), folder / "preceptor"
    env = environment(PRECEPTOR_HOME=str(home), SANIC_HOST="127.0.0.1",
                      DATABASE_URL=catalogue_url(home))  # fmt: skip
    command = [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)]
    with running(command, ROOT, env, f"http://127.0.0.1:{port}/health", folder / "actions.log"):
        yield port


@contextmanager
def advisor(side: str, home: Path) -> Iterator[tuple[str, int, float]]:
    """Run one side's server; yield its webhook, its process id and the seconds until ready."""
    port = free_port()
    if side == "preceptor":
        command = [sys.executable, "-m", "preceptor", "serve"]
    else:
        command = [sys.executable, "-m", "rasa", "run", "--model", "model.tar.gz",
                   "--endpoints", "endpoints.yml", "--credentials", "credentials.yml",
                   "--interface", "127.0.0.1", "--port", str(port)]  # fmt: skip
    env = environment(PRECEPTOR_HOME=str(home), PRECEPTOR_PORT=str(port),
                      DATABASE_URL=catalogue_url(home),
                      PRECEPTOR_CONVERSATIONS_URL=f"sqlite:///{home / 'conversations.db'}",
                      )  # fmt: skip
    base = f"http://127.0.0.1:{port}/webhooks/rest/"
    with running(command, home, env, base, home.parent / f"{side}.log") as (pid, ready):
        yield f"{base}webhook", pid, ready


def resident(pid: int) -> float:
    """Return the resident memory of a process and of those it started, in MiB.

    What several processes share counts once: each has its part of it (Linux's PSS).
    """
    process = psutil.Process(pid)
    each = [process, *process.children(recursive=True)]
    return sum(one.memory_full_info().pss for one in each) / 2**20


# Turns


def measure(side: str, home: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Start one side several times, then talk with it."""
    say(f"Measuring {NAMES[side]} ...")
    starts = []
    for _ in range(arguments.starts - 1):
        with advisor(side, home) as (_, _, ready):
            starts.append(ready)
    with advisor(side, home) as (webhook, pid, ready):
        starts.append(ready)
        first = asyncio.run(talk(webhook, f"{side}-first", 1, questions(1)))
        asyncio.run(talk(webhook, f"{side}-warm", WARMING - 1, questions(WARMING - 1, before=1)))
        alone = asyncio.run(alone_for(webhook, side, arguments.turns))
        together, seconds = asyncio.run(at_once(webhook, side, people=16, turns=arguments.turns))
        long = [
            asyncio.run(talk(webhook, f"{side}-long-{number}", 205, cycle(205)))
            for number in range(arguments.conversations)
        ]
        at = {
            turn: statistics.median(took for one in long for took in one[first - 1 : last])
            for turn, (first, last) in WINDOWS.items()
        }
        by_turn = [statistics.median(of_turn) for of_turn in zip(*long, strict=True)]
        return {
            "ready_seconds": round(statistics.median(starts), 2),
            "first_turn_seconds": round(first[0], 2),
            "rss_mib": round(resident(pid), 1),
            "one_person_ms": milliseconds(alone),
            "sixteen_people_ms": milliseconds(together),
            "turns_per_second": round(len(together) / seconds, 2),
            "p50_ms_at_turn": {str(turn): round(took * 1000, 2) for turn, took in at.items()},
            "ms_by_turn": [round(took * 1000, 1) for took in by_turn],
        }


def questions(count: int, before: int = 0) -> list[str]:
    """Return messages of the test set, all different, of all intents alike.

    Args:
        count: how many.
        before: how many to leave out, so that one part of the benchmark gets none of another's.

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
    if before + count > len(order):
        raise SystemExit(f"The test set has {len(order)} messages; ask for fewer turns.")
    return [*order][before : before + count]


def cycle(count: int) -> list[str]:
    """Return `MESSAGES` over and over."""
    return [MESSAGES[number % len(MESSAGES)] for number in range(count)]


async def talk(webhook: str, sender: str, turns: int, messages: list[str]) -> list[float]:
    """Hold one conversation; return the seconds of each turn."""
    took = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as client:
        for message in messages[:turns]:
            started = time.perf_counter()
            async with client.post(webhook, json={"sender": sender, "message": message}) as got:
                replies = await got.json(content_type=None)
            took.append(time.perf_counter() - started)
            if got.status != 200 or not replies:
                raise SystemExit(f"No reply to {message!r}: {got.status} {replies}")
    return took


async def alone_for(webhook: str, side: str, turns: int) -> list[float]:
    """Hold conversations of ten turns one after the other; return the seconds of each turn."""
    messages, took = questions(turns, before=WARMING), []
    for start in range(0, turns, 10):
        took += await talk(webhook, f"{side}-one-{start}", 10, messages[start : start + 10])
    return took


async def at_once(webhook: str, side: str, people: int, turns: int) -> tuple[list[float], float]:
    """Have many people talk at once, `turns` altogether; return each turn's and all seconds."""
    each = max(1, turns // people)
    messages = questions(people * each, before=WARMING + turns)
    started = time.perf_counter()
    conversations = await asyncio.gather(
        *(
            talk(webhook, f"{side}-of-{people}-{person}", each, messages[person * each :])
            for person in range(people)
        )
    )
    return [took for one in conversations for took in one], time.perf_counter() - started


def milliseconds(took: list[float]) -> dict[str, float]:
    """Return p50, p95 and p99 in milliseconds."""
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {f"p{cut}": round(cuts[cut - 1] * 1000, 2) for cut in (50, 95, 99)}


# Report


def ratios(result: dict[str, Any]) -> dict[str, float]:
    """Return how many times better this advisor is, and how flat its turns are."""
    ours, peer = result["preceptor"], result["default"]
    return {
        "train_ratio": round(peer["train_seconds"] / ours["train_seconds"], 2),
        "ready_ratio": round(peer["ready_seconds"] / ours["ready_seconds"], 2),
        "rss_ratio": round(peer["rss_mib"] / ours["rss_mib"], 2),
        "p50_ratio": round(peer["one_person_ms"]["p50"] / ours["one_person_ms"]["p50"], 2),
        "throughput_ratio": round(ours["turns_per_second"] / peer["turns_per_second"], 2),
        "p50_turn200_over_turn5": round(
            ours["p50_ms_at_turn"]["200"] / ours["p50_ms_at_turn"]["5"], 2
        ),
    }


def section(result: dict[str, Any]) -> str:
    """Return the page's section."""
    ours, peer = result["preceptor"], result["default"]

    def both(name: str, of: Any, better: str = "") -> list[object]:
        return [name, of(ours), of(peer), better]

    people = (("one person", "one_person_ms"), ("16 at once", "sixteen_people_ms"))

    rows: list[list[object]] = [
        ["", "Preceptor", "Rasa's default", "better by"],
        both("training, s", lambda r: r["train_seconds"], f"{result['train_ratio']} times"),
        both("start to ready, s", lambda r: r["ready_seconds"], f"{result['ready_ratio']} times"),
        both("first turn right after, s", lambda r: r["first_turn_seconds"]),
        both("resident memory, MiB", lambda r: r["rss_mib"], f"{result['rss_ratio']} times"),
        *(
            both(
                f"turn, {who}, {cut}, ms",
                lambda r, key=key, cut=cut: r[key][cut],
                f"{result['p50_ratio']} times" if (key, cut) == ("one_person_ms", "p50") else "",
            )
            for who, key in people
            for cut in ("p50", "p95", "p99")
        ),
        both(
            "turns a second, 16 at once",
            lambda r: r["turns_per_second"],
            f"{result['throughput_ratio']} times",
        ),
        *(
            both(f"p50 about turn {turn} of one conversation, ms",
                 lambda r, turn=turn: r["p50_ms_at_turn"][str(turn)])
            for turn in WINDOWS
        ),
    ]  # fmt: skip
    growth = [round(r["p50_ms_at_turn"]["200"] / r["p50_ms_at_turn"]["5"], 2) for r in (ours, peer)]
    notes = [
        "Both sides in one run: the same questions, domain, rules, messages and actions, which run "
        "in Preceptor's process and in a server beside the default's (not counted). No message is "
        "said twice, but in the long conversations, which go round ten messages. Rasa's default "
        "has its own REST channel and SQL store on SQLite. Training is from nothing, the whole "
        "process.",
        f"A turn about the 200th costs {growth[0]} times one about the 5th here, "
        f"{growth[1]} times with the default.",
        "This project has rules and no stories, and no retrieval intents: the default's TED, "
        "UnexpecTED and ResponseSelector are loaded and asked, but had nothing to learn from.",
    ]
    if peer["train_seconds_estimated"]:
        notes.append(
            f"The default was trained for {peer['train_epochs_measured']} of its {EPOCHS} "
            f"epochs ({peer['train_seconds_measured']} s). The rest is estimated from those "
            f"epochs' times ({', '.join(map(str, peer['train_epoch_seconds']))} s, at the first, "
            "middle and last batch size). How long a model was trained does not change what it "
            "costs to run."
        )
    if peer["train_seconds_from_cache"]:
        notes.append("The default's training time is from an earlier run (`--retrain` repeats it).")
    plots = "![](bench-serve.png)\n\n![](bench-serve-turns.png)"
    return "\n\n".join(
        ["## Serving, beside Rasa's default", machine_line(result["machine"]), table(rows),
         *notes, plots]
    )  # fmt: skip


def plot(result: dict[str, Any]) -> None:
    """Draw the two plots of docs/."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.5))
    for side, colour in zip(SIDES, ("#1b6e5a", "#b5541c"), strict=True):
        took = result[side]["ms_by_turn"]
        axes.plot(range(1, len(took) + 1), took, label=NAMES[side], color=colour, linewidth=1)
    axes.set(xlabel="turn of one conversation", ylabel="milliseconds", ylim=(0, None))
    axes.legend()
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "bench-serve-turns.png", dpi=120)
    pyplot.close(figure)

    labels = {
        "training": "train_ratio", "start to ready": "ready_ratio", "memory": "rss_ratio",
        "turn (p50)": "p50_ratio", "turns a second": "throughput_ratio",
    }  # fmt: skip
    figure, axes = pyplot.subplots(figsize=(7, 2.8))
    names, values = list(labels), [result[key] for key in labels.values()]
    bars = axes.barh(names[::-1], values[::-1], color="#1b6e5a")
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.axvline(1, color="#b5541c", linewidth=1)
    axes.set(xscale="log", xlabel="times better than Rasa's default")
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "bench-serve.png", dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
