"""What goes wrong between the advisor and Slack: nothing is lost, nothing is said twice."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from tests.support.slack import SlackAdvisor
from tests.support.slack_lab import (
    Lab,
    lab_environment,
    serving,
    slack_settings,
)
from tests.support.tiny_project import free_port
from tools.slack_simulator import MAIN, ONE, OTHER, FakeSlack, Person, words
from tools.slack_simulator.manifest import read_manifest

# Its answer is the same every time: responses of the domain have several wordings.
QUESTION = "surgery in Kenya for 4 weeks"


def answers(place, since: str, says: str) -> list[str]:
    return [words(m) for m in place.seen(since) if says in words(m)]


@pytest.mark.parametrize("status", [429, 500, 503, 0], ids=["429", "500", "503", "dropped"])
def test_a_refused_answer_is_sent_again(over_http: SlackAdvisor, status: int):
    place = over_http.person(f"refused{status}").dm()
    said, (event,) = place.write(QUESTION)
    over_http.slack.fail(
        "chat.postMessage", status=status, retry_after=1 if status == 429 else None
    )
    over_http.slack.tell_event(event)
    place.wait_for_answer(said.ts)
    over_http.settle()
    assert [m.text for m in place.seen(said.ts)] == over_http.expected(QUESTION)[0]


def test_answers_stay_in_order_while_slack_limits_the_rate(over_http: SlackAdvisor):
    place = over_http.person("ordered").dm()
    over_http.slack.fail("chat.postMessage", status=429, retry_after=1)
    asked = ["surgery in Kenya", "and in Peru?", "and in Nepal?"]
    first = place.say(asked[0])
    for text in asked[1:]:
        place.say(text)
    over_http.settle("U0ORDERED")
    said = [words(m) for m in place.seen(first.ts)]
    places = [next(n for n, text in enumerate(said) if country in text)
              for country in ("Kenya", "Peru", "Nepal")]  # fmt: skip
    assert places == sorted(places)


@pytest.mark.parametrize("how", ["503", "drop"])
def test_while_slack_is_down_answers_wait(over_http: SlackAdvisor, how: str):
    place = over_http.person(f"down{how}").dm()
    with over_http.slack.going_down(how):
        said = place.say(QUESTION)
        conversation = f"slack:T0ONE:{place.person.id}"
        over_http.slack.wait_for(
            lambda: any(e["event"] == "bot" for e in over_http.advisor.events(conversation)),
            "the turn",
        )
        # Long enough for a first attempt and its first repetitions.
        time.sleep(2)
        assert place.seen(said.ts) == []
    place.wait_for_answer(said.ts)
    over_http.settle()
    assert [m.text for m in place.seen(said.ts)] == over_http.expected(QUESTION)[0]


def test_a_channel_that_the_app_has_left_holds_nobody_up(over_http: SlackAdvisor):
    place = over_http.person("left").channel(OTHER)
    said, events = place.write(f"{place.bot} {QUESTION}")
    over_http.slack.kick(OTHER)
    try:
        for event in events:
            over_http.slack.tell_event(event)
        over_http.settle()
        assert place.seen(said.ts) == []
        assert words(over_http.person("left").dm().ask(QUESTION))
    finally:
        over_http.slack.invite(OTHER)
    again = place.mention(QUESTION)
    assert place.thread_of(again).wait_for_answer(again.ts)


def test_an_acknowledgement_does_not_wait_for_slack(over_http: SlackAdvisor):
    place = over_http.person("prompt").dm()
    with over_http.slack.going_down("503"):
        _, (event,) = place.write(QUESTION)
        assert over_http.slack.tell_event(event).wait().ok
    place.wait_for_answer("")


def test_a_socket_that_slack_refreshes_loses_nothing(through_socket: SlackAdvisor):
    place = through_socket.person("refresh").dm()
    through_socket.slack.refresh_sockets()
    said = place.say(QUESTION)
    place.wait_for_answer(said.ts)
    through_socket.settle()
    assert [m.text for m in place.seen(said.ts)] == through_socket.expected(QUESTION)[0]


def test_a_socket_that_breaks_is_opened_again(through_socket: SlackAdvisor):
    slack = through_socket.slack
    slack.cut_sockets()
    slack.wait_for(lambda: slack.connections, "a new connection", 60)
    place = through_socket.person("cut").dm()
    assert words(place.ask(QUESTION))


# With a server that is killed and started again: the lab, since it starts quickly.


@dataclass
class Killable:
    """A lab whose server can be killed and started again."""

    slack: FakeSlack
    start: "Callable[[], AbstractContextManager[subprocess.Popen[bytes]]]"

    def person(self, name: str) -> Person:
        return Person(self.slack, f"U0{name.upper()}", ONE)


@contextmanager
def killable(lab: Lab, name: str, *, socket_mode: bool) -> Iterator[Killable]:
    manifest = read_manifest(socket_mode=socket_mode)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with FakeSlack(
        scopes=manifest.scopes,
        subscriptions=manifest.events,
        socket_mode=socket_mode,
        request_url=f"{base}/webhooks/slack/events",
        # A restart takes some seconds; Slack waits for minutes.
        delays=(0.5, 5.0, 20.0, 20.0),
    ) as slack:
        environment = lab_environment(lab.home, port, name)

        def start():
            return serving(
                lab.home, f"{base}/webhooks/slack/",
                **environment, **slack_settings(slack),
            )  # fmt: skip

        yield Killable(slack, start)


def kill(server: "subprocess.Popen[bytes]") -> None:
    server.send_signal(signal.SIGKILL)
    server.wait(10)


@pytest.mark.parametrize("transport", ["http", "socket"])
def test_a_server_killed_in_mid_turn_answers_once_after_its_restart(lab: Lab, transport: str):
    name = f"killed-{transport}"
    with killable(lab, name, socket_mode=transport == "socket") as setting:
        place = setting.person("killed").dm()
        with setting.start() as server:
            if transport == "socket":
                setting.slack.wait_for(lambda: setting.slack.connections, "a connection", 60)
            said, (event,) = place.write("dawdle")
            delivery = setting.slack.tell_event(event)
            assert delivery.wait().ok
            kill(server)
        assert place.seen(said.ts) == []
        with setting.start():
            place.wait_for_answer(said.ts, lambda m: "Done at last" in words(m), 60)
            # Told again, as by a retry that was under way: still answered once.
            setting.slack.deliver("events_api", delivery.payload, retry=(1, "http_timeout")).wait()
            last = place.say("kenya")
            place.wait_for_answer(last.ts, lambda m: "Looked up" in words(m))
            assert len(answers(place, said.ts, "Done at last")) == 1


def test_an_event_while_the_server_is_away_is_answered_when_it_is_back(lab: Lab):
    with killable(lab, "away", socket_mode=False) as setting:
        place = setting.person("away").dm()
        said, (event,) = place.write("hello")
        delivery = setting.slack.tell_event(event)
        setting.slack.wait_for(lambda: len(delivery.attempts) >= 1, "a first attempt")
        with setting.start():
            assert delivery.wait(90).ok
            place.wait_for_answer(said.ts, lambda m: "Hello" in words(m))
            last = place.say("kenya")
            place.wait_for_answer(last.ts, lambda m: "Looked up" in words(m))
            assert len(answers(place, said.ts, "Hello")) == 1


def test_what_could_not_be_sent_before_a_kill_is_sent_after_it(lab: Lab):
    with killable(lab, "unsent", socket_mode=False) as setting:
        place = setting.person("unsent").dm()
        with setting.start() as server:
            with setting.slack.going_down("503"):
                said = place.say("hello")
                setting.slack.wait_for(
                    lambda: any(c.method == "chat.postMessage" for c in setting.slack.world.calls),
                    "an attempt to answer",
                )
                kill(server)
        with setting.start():
            place.wait_for_answer(said.ts, lambda m: "Hello" in words(m), 60)
            last = place.say("kenya")
            place.wait_for_answer(last.ts, lambda m: "Looked up" in words(m))
            assert len(answers(place, said.ts, "Hello")) == 1


def test_the_main_channel_is_still_there(over_http: SlackAdvisor):
    # Not left by one of the tests above.
    team = over_http.slack.world.teams[ONE]
    assert team.bot_user in over_http.slack.world.channels[ONE, MAIN].members
