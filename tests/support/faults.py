"""What breaks while people talk, and what it costs them."""

import asyncio
import resource
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import sqlalchemy as sa

from preceptor.channels.turns import FAILED_SENTENCE, PARTLY_SENTENCE
from preceptor.runtime.models import choose_model, write_checksum
from preceptor.runtime.settings import Settings
from tests.support.people import MESSAGES, RestTalk, SlackTalk, Talk, WebTalk
from tests.support.site import SLOW, Site

BEFORE_FAULT_SECONDS = 8.0
SETTLED_WITHIN_SECONDS = 60.0
THINK_SECONDS = 6.0
WORST = ("(" * 7_990, "1st and 2nd and " * 490, "usd 1 " * 1_300, "é" * 7_990, "? " * 3_990)
# In every wording of the domain's sentence about an action that fails.
UNABLE = "isn't answering"

_WAITING = sa.text("SELECT count(*) FROM queue_items")


def kill_and_start(site: Site) -> None:
    """kill -9, and started again."""
    site.kill()
    site.start()


def stop_and_start(site: Site) -> None:
    """SIGTERM, and started again."""
    assert site.stop() < 15
    site.start()


def lock_databases(site: Site) -> None:
    """Both SQLite files locked for 10 s."""
    files = (site.servers[0].home / "conversations.db", site.servers[0].home / "var/channels.db")
    held = [sqlite3.connect(path) for path in files]
    for each in held:
        each.execute("BEGIN IMMEDIATE")
    time.sleep(10)
    for each in held:
        each.close()


def attack(site: Site) -> None:
    """Ten attackers send the worst messages for 20 s."""

    async def run() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
            until = time.monotonic() + 20

            async def attacker(number: int) -> None:
                url = f"http://127.0.0.1:{site.balancer.port}/webhooks/rest/webhook"
                while time.monotonic() < until:
                    body = {"sender": f"attacker-{number}", "message": WORST[number % len(WORST)]}
                    await asyncio.gather(*(client.post(url, json=body) for _ in range(3)))

            await asyncio.gather(*map(attacker, range(10)), return_exceptions=True)

    asyncio.run(run())


def fill_disk(site: Site) -> None:
    """Nothing can be written to any file for 10 s."""
    # As on a full disk, but that the error is EFBIG. A limit needs no rights and no disk.
    pid, limit = site.running[0].pid, resource.RLIMIT_FSIZE
    soft, hard = resource.prlimit(pid, limit)
    resource.prlimit(pid, limit, (0, hard))
    time.sleep(10)
    resource.prlimit(pid, limit, (soft, hard))


def slow_actions(site: Site) -> None:
    """Three people's actions take 15 s."""
    url = f"http://127.0.0.1:{site.balancer.port}/webhooks/rest/webhook"

    def ask(number: int) -> str:
        body = {"sender": f"{SLOW}-{number}-{time.time()}", "message": MESSAGES[0]}
        return httpx.post(url, json=body, timeout=40, trust_env=False).text

    with ThreadPoolExecutor() as threads:
        for told in threads.map(ask, range(3)):
            assert UNABLE in told, told


def kill_one(site: Site) -> None:
    """kill -9 of one of two, and started again."""
    site.kill(0)
    time.sleep(15)
    site.start(0)


def roll(site: Site) -> None:
    """A new model goes out, one server after the other."""
    for number, server in enumerate(site.servers):
        model, _ = choose_model(Settings(home=server.home))
        new = server.home / "models" / "new.tar.gz"
        shutil.copy(model, new)
        write_checksum(new)
        assert site.stop(number) < 15
        site.start(number)


def stop_database(site: Site) -> None:
    """PostgreSQL stopped for 10 s."""
    assert site.database is not None
    site.database.stop()
    time.sleep(10)
    site.database.start()


def cut_network(site: Site) -> None:
    """One server's network to PostgreSQL cut for 15 s."""
    assert site.network is not None
    site.network.cut()
    time.sleep(15)
    site.network.mend()


ONE_SERVER = (kill_and_start, stop_and_start, lock_databases, fill_disk, slow_actions, attack)
TWO_SERVERS = (kill_one, roll, stop_database, cut_network)


async def talk(site: Site, fault: Callable[[Site], None], each: int = 10) -> list[Talk]:
    """Let so many people on each channel talk while a fault happens."""
    url = f"http://127.0.0.1:{site.balancer.port}"
    name = fault.__name__.replace("_", "")
    people: list[Talk] = [RestTalk(f"{name}-rest-{n}", url=url) for n in range(each)]
    people += [WebTalk(f"{name}-web-{n}", url=url) for n in range(each)]
    people += [SlackTalk(f"{name}{n}", slack=site.slack) for n in range(each)]
    talks = [asyncio.ensure_future(one.hold(THINK_SECONDS)) for one in people]
    await asyncio.sleep(BEFORE_FAULT_SECONDS)
    await asyncio.to_thread(fault, site)
    await asyncio.gather(*talks)
    return people


def tally(site: Site, people: list[Talk]) -> dict[str, Any]:
    """Count what went wrong, by what people heard and by what stands in the database."""
    said = {own_id for each in people for own_id in each.said}
    heard = [text for each in people for text in each.heard.values()]
    kept = {own_id for each in people if not isinstance(each, SlackTalk) for own_id in each.said}
    if site.database is not None:
        url = site.database.url.format("postgres")
    else:
        url = f"sqlite:///{site.servers[0].home / 'var/channels.db'}"
    with sa.create_engine(url).connect() as connection:
        rows = connection.execute(
            sa.text("SELECT conversation, seq, client_id, answers FROM web_history ORDER BY seq")
        ).fetchall()
        until = time.monotonic() + SETTLED_WITHIN_SECONDS
        while waiting := connection.execute(_WAITING).scalar_one():
            if time.monotonic() > until:
                break
            time.sleep(0.5)
    there = Counter(row.client_id for row in rows if row.client_id in kept)
    order: dict[str, int] = {}
    out_of_order = 0
    for row in rows:
        if row.answers is not None:
            out_of_order += row.answers < order.get(row.conversation, 0)
            order[row.conversation] = row.answers
    waits = sorted(wait for each in people for wait in each.waited)
    return {
        "conversations": len(people),
        "turns": len(said),
        "lost": len(kept - set(there)),
        "doubled": sum(count > 1 for count in there.values()) + sum(p.unlike for p in people),
        "out_of_order": out_of_order,
        "unanswered": len(said) - len(heard) + waiting,
        "told_sorry": sum(FAILED_SENTENCE in text or PARTLY_SENTENCE in text for text in heard),
        "p95_s": round(waits[len(waits) * 95 // 100], 1),
        "worst_gap_s": round(waits[-1], 1),
    }
