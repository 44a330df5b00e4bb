"""The web channel's protocol on a real server, without a model behind it."""

import pytest

from preceptor.channels.web.settings import WebSettings
from preceptor.settings import Settings
from tests.channels.web_support import EchoAgent, RunningServer, widget


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = RunningServer(
        Settings(home=tmp_path_factory.mktemp("home")), WebSettings(), EchoAgent()
    )
    yield running
    running.stop()


async def test_what_a_person_says_is_acknowledged_shown_and_answered(server) -> None:
    async with widget(server.url) as one:
        acknowledged = await one.say("hello")
        assert acknowledged == {"ok": True, "seq": 1}
        await one.until(lambda: one.texts() == ["You said hello"])
        await one.until(lambda: one.heard[-1] == ("typing", {"on": False}))
        assert [event for event, _ in one.heard] == ["message", "typing", "message", "typing"]


async def test_long_polling_works_as_well(server) -> None:
    async with widget(server.url, transports=["polling"]) as one:
        await one.say("hello")
        await one.until(lambda: one.texts() == ["You said hello"])
