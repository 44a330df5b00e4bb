"""How many people are answered at once: turns per second, waits, errors, memory, processor time.

People without pauses, each in a conversation, over REST and the web, talk with one server on
SQLite, one on PostgreSQL and two on it, real processes on this machine; then many messages in new
conversations show whether memory grows. `make bench-load` runs it; with
`ARGS="--seconds 3 --people 1,4 --messages 200"` it is short.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import click
import psutil

from benchmarks.report import ROOT, machine, machine_line, table, write_json, write_section
from benchmarks.serve import milliseconds, resident_mib
from tests.support.people import MESSAGES
from tests.support.site import Site, running_site
from tests.support.web import widget

PATIENCE_SECONDS = 120.0
MEMORY_PEOPLE = 8
WARM_UP = 16
# The load is to be answered, not refused.
UNLIMITED = {
    "PRECEPTOR_WEB_MESSAGES_PER_MINUTE": "60000",
    "PRECEPTOR_WEB_ADDRESS_MESSAGES_PER_MINUTE": "60000",
    "PRECEPTOR_WEB_ADDRESS_SESSIONS_PER_MINUTE": "60000",
}
# What the outlook takes for granted.
DAYS = (10_000, 1_000_000)
BUSIEST_HOUR = 0.1
FULL = 0.6

Ask = Callable[[str], Awaitable[bool]]


@asynccontextmanager
async def over_rest(url: str, name: str) -> AsyncIterator[Ask]:
    """Yield what says something over REST and tells whether it was answered."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_SECONDS)) as client:

        async def ask(text: str) -> bool:
            body = {"sender": name, "message": text}
            async with client.post(f"{url}/webhooks/rest/webhook", json=body) as answer:
                return answer.status == 200 and bool(await answer.json(content_type=None))

        yield ask


@asynccontextmanager
async def over_web(url: str, _: str) -> AsyncIterator[Ask]:
    """Yield what says something with a widget and tells whether it was answered."""
    news, latest = asyncio.Event(), 0
    async with widget(url) as person:

        def hear(message: dict[str, Any]) -> None:
            nonlocal latest
            if message["from"] == "advisor":
                latest = message["seq"]
                news.set()

        person.client.on("message", hear)

        async def ask(text: str) -> bool:
            asked = (await person.say(text))["seq"]
            while latest < asked:
                news.clear()
                await asyncio.wait_for(news.wait(), PATIENCE_SECONDS)
            return True

        yield ask


async def measure(site: Site, servers: int, channel: Any, people: int, seconds: float) -> Any:
    """Let so many people talk with so many servers of a site for some seconds."""
    took: list[float] = []
    errors = 0
    urls = [server.url for server in site.servers[:servers]]

    async def talk(ask: Ask, first: int) -> None:
        nonlocal errors
        for text in itertools.islice(itertools.cycle(MESSAGES), first, None):
            began = time.monotonic()
            if began > until:
                return
            try:
                is_answered = await ask(text)
            except Exception:
                is_answered = False
            if is_answered:
                took.append(time.monotonic() - began)
            else:
                errors += 1

    async with AsyncExitStack() as stack:
        asks = []
        for number in range(people):
            name = f"load-{servers}-{people}-{number}"
            person = channel(urls[number % servers], name)
            asks.append(await stack.enter_async_context(person))
        # Whatever is loaded with the first turns of a server.
        await asyncio.gather(*(ask(MESSAGES[0]) for ask in asks[:WARM_UP]))
        used = processor_seconds(site, servers)
        began = time.monotonic()
        until = began + seconds
        await asyncio.gather(*(talk(ask, number % 6) for number, ask in enumerate(asks)))
        altogether = time.monotonic() - began
        used = {k: round(v - used[k], 2) for k, v in processor_seconds(site, servers).items()}
    return {
        "turns_per_second": round(len(took) / altogether, 1),
        **milliseconds(took),
        "errors": errors,
        "memory_mib": [resident_mib(site.running[n].pid) for n in range(servers)],
        "turns": len(took),
        "processor_seconds": used,
    }


def processor_seconds(site: Site, servers: int) -> dict[str, float]:
    """Return what each process has used so far, this one included."""
    pids = {f"server {n + 1}": site.running[n].pid for n in range(servers)}
    pids["people"] = os.getpid()
    if site.database is not None:
        pids["postgresql"] = site.database.pid
    used = {}
    for name, pid in pids.items():
        process = psutil.Process(pid)
        each = [process, *(process.children() if name == "postgresql" else [])]
        used[name] = sum(sum(one.cpu_times()[:2]) for one in each)
    return used


async def memory(site: Site, messages: int) -> dict[str, Any]:
    """Say so many messages in ever new conversations; return the memory after a tenth and all."""
    sizes = {}
    numbers = itertools.count()
    for count in (messages // 10, messages - messages // 10):

        async def talk(each: int) -> None:
            for _ in range(math.ceil(each / len(MESSAGES))):
                async with over_rest(site.servers[0].url, f"memory-{next(numbers)}") as ask:
                    for text in MESSAGES:
                        assert await ask(text), text

        await asyncio.gather(*[talk(count // MEMORY_PEOPLE) for _ in range(MEMORY_PEOPLE)])
        said = next(numbers) * len(MESSAGES)
        sizes[str(said)] = resident_mib(site.running[0].pid)
    home = site.servers[0].home
    stored = sum(path.stat().st_size for path in [*home.glob("*.db*"), *home.glob("var/ch*.db*")])
    return {"memory_mib_after": sizes, "stored_bytes_per_turn": stored // said}


def run(sizes: list[int], seconds: float, messages: int) -> dict[str, Any]:
    """Measure every number of servers, channel and number of people."""
    result: dict[str, Any] = {"machine": machine(), "load": []}

    def load(site: Site, name: str, servers: int) -> None:
        for (channel, person), people in itertools.product(CHANNELS.items(), sizes):
            found = asyncio.run(measure(site, servers, person, people, seconds))
            row = {"servers": name, "channel": channel, "people": people, **found}
            result["load"].append(row)
            click.echo(row)

    with TemporaryDirectory() as folder:
        with running_site(Path(folder), 1, UNLIMITED) as site:
            result |= asyncio.run(memory(site, messages))
            load(site, "1, SQLite", 1)
        with running_site(Path(folder), 2, UNLIMITED) as site:
            load(site, "2, PostgreSQL", 2)
            site.stop(1)
            load(site, "1, PostgreSQL", 1)
    return result | outlook(result)


CHANNELS: dict[str, Any] = {"REST": over_rest, "web": over_web}


def best(result: dict[str, Any], servers: str) -> dict[str, Any]:
    """Return the row with the most turns per second."""
    rows = [row for row in result["load"] if row["servers"] == servers]
    return dict(max(rows, key=lambda row: row["turns_per_second"]))


def outlook(result: dict[str, Any]) -> dict[str, Any]:
    """Return how two servers do beside one, and what many conversations per day need."""
    one, two = best(result, "1, PostgreSQL"), best(result, "2, PostgreSQL")
    rate = one["turns_per_second"]
    database = two["processor_seconds"]["postgresql"] / two["turns"]
    needs = {}
    for conversations in DAYS:
        turns = conversations * len(MESSAGES)
        peak = turns * BUSIEST_HOUR / 3600
        needs[f"{conversations:,}"] = {
            "turns_per_second_at_the_peak": round(peak, 1),
            "servers": math.ceil(peak / rate / FULL),
            "database_cores": round(peak * database / FULL, 1),
            "gb_in_30_days": round(turns * 30 * result["stored_bytes_per_turn"] / 1e9),
        }
    return {"two_servers_ratio": round(two["turns_per_second"] / rate, 2), "needs": needs}


def section(result: dict[str, Any]) -> str:
    """Return the section of docs/benchmarks.md."""
    keys = [key for key in result["load"][0] if key != "turns"]
    rows = [[_shown(row[key]) for key in keys] for row in result["load"]]
    needs = result["needs"]
    names = list(next(iter(needs.values())))
    head = [key.replace("_", " ") for key in ("conversations_per_day", *names)]
    after = ", ".join(f"{n} messages {size} MiB" for n, size in result["memory_mib_after"].items())
    return f"""## Load: `make bench-load`

{machine_line(result["machine"])}

People without pauses; servers, database and people share the cores. Times are in milliseconds.

{table([[key.replace("_", " ") for key in keys], *rows])}

Two servers do {result["two_servers_ratio"]} times the turns of one. Memory of one server after
{after}, in conversations of {len(MESSAGES)}.

### What many conversations need

From the figures above, for conversations of {len(MESSAGES)} messages, a tenth of the day's in its
busiest hour, and servers and database no more than {FULL:.0%} busy then:

{table([head, *([number, *need.values()] for number, need in needs.items())])}

The first limit is the processor: one server is one process, and its turns compute on about one
core (Python's interpreter runs one thread at a time). So a server wants a core of its own, and
more people want more servers. The next limit is PostgreSQL: all servers write each turn to the
same database, whose cores are in the table, and each keeps up to 15 connections of its
`max_connections`. The last is the disk, for which `PRECEPTOR_KEEP_DAYS` can be shorter. Where one
database is no longer enough, run several installations and divide people among them: nothing is
shared between conversations.
"""


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{name} {seconds:g} s" for name, seconds in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else value


@click.command()
@click.option("--people", default="1,16,64,200", help="How many at once.")
@click.option("--seconds", default=20.0, help="For how long each number of people talks.")
@click.option("--messages", default=20_000, help="For the growth of memory.")
def main(people: str, seconds: float, messages: int) -> None:
    """Measure; write reports/load.json and, at full length, the section of docs/benchmarks.md."""
    result = run([int(each) for each in people.split(",")], seconds, messages)
    write_json(ROOT / "reports" / "load.json", result)
    if messages >= 20_000:
        write_section("bench-load", section(result))
    click.echo(section(result))


if __name__ == "__main__":
    main()
