"""The real advisor on one server with SQLite, while something is in its way."""

import asyncio

import pytest

from tests.support.faults import fill_disk, slow_actions, talk, tally
from tests.support.site import running_site

pytestmark = pytest.mark.slow


def test_a_full_disk_and_slow_actions_cost_nobody_an_answer(tmp_path) -> None:
    with running_site(tmp_path, 1) as site:
        for fault in (fill_disk, slow_actions):
            result = tally(site, asyncio.run(talk(site, fault, each=2)))
            for name in ("lost", "doubled", "out_of_order", "unanswered", "told_sorry"):
                assert result[name] == 0, (fault.__name__, result)
