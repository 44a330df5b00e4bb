"""The real advisor on two servers with one PostgreSQL."""

import asyncio
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.faults import cut_network, kill_one, talk, tally
from tests.support.site import Site, running_site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), 2) as running:
        yield running


def ask(
    site: Site, number: int, sender: str, text: str, own_id: str | None = None
) -> httpx.Response:
    body: dict[str, Any] = {"sender": sender, "message": text}
    if own_id is not None:
        body["id"] = own_id
    with httpx.Client(base_url=site.servers[number].url, timeout=60, trust_env=False) as client:
        return client.post(site.servers[number].webhook, json=body)


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return "\n".join(message.get("text") or "" for message in answer.json())


def test_what_is_said_to_two_servers_at_once_is_all_remembered(site: Site) -> None:
    with ThreadPoolExecutor(8) as threads:

        def pair(number: int) -> str:
            sender = f"pair-{number}"
            ask(site, number % 2, sender, "surgery in Kenya")
            both = [
                threads_of_pair.submit(ask, site, 0, sender, "4 weeks"),
                threads_of_pair.submit(ask, site, 1, sender, "under 3000 usd"),
            ]
            assert all(text_of(each.result()) for each in both)
            return text_of(ask(site, number % 2, sender, "back to my search"))

        with ThreadPoolExecutor(16) as threads_of_pair:
            shown = list(threads.map(pair, range(40)))
    lost = [text for text in shown if "4 weeks" not in text or "3,000" not in text]
    assert not lost, lost[:2]


def test_an_answer_is_the_same_at_either_server(site: Site) -> None:
    own_id = str(uuid.uuid4())
    answers = [ask(site, n, "either", "why should I do an internship", own_id) for n in (0, 1)]
    assert answers[0].json() == answers[1].json() and text_of(answers[0])


def test_a_server_that_is_told_to_stop_says_so_and_ends_in_time(site: Site) -> None:
    assert site.stop(0) < 15
    assert text_of(ask(site, 1, "after", "why should I do an internship"))
    site.start(0)
    assert text_of(ask(site, 0, "after", "surgery in Kenya"))


@pytest.mark.parametrize("fault", [kill_one, cut_network], ids=lambda fault: fault.__name__)
def test_a_server_that_dies_or_is_cut_off_costs_nobody_an_answer(site: Site, fault) -> None:
    result = tally(site, asyncio.run(talk(site, fault, each=2)))
    faults = ("lost", "doubled", "out_of_order", "unanswered")
    assert {name: result[name] for name in faults} == dict.fromkeys(faults, 0)
