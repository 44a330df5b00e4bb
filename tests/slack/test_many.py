"""Many people at once, and deliveries that come twice or in another order."""

import random

import pytest

from tests.support.slack import SlackAdvisor
from tests.support.slack_lab import Lab
from tools.slack_simulator import Delivery, Place, words

PEOPLE = 200
# Their answers are the same every time: responses of the domain have several wordings.
QUESTIONS = ("how long is the internship in Nigeria?", "surgery in Kenya", "thank you")


@pytest.mark.parametrize("transport", ["over_http", "through_socket"])
def test_two_hundred_people_at_once(
    transport: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    behind: SlackAdvisor = request.getfixturevalue(transport)
    # On a busy machine not all are acknowledged within Slack's three seconds; Slack waits a minute
    # before it tells such an event again, and so do we, about.
    monkeypatch.setattr(behind.slack, "delays", (5.0, 20.0, 30.0))
    places = [behind.person(f"many{n}").dm() for n in range(PEOPLE)]
    told: list[tuple[Place, str, Delivery]] = []
    for number, place in enumerate(places):
        said, (event,) = place.write(QUESTIONS[number % 2])
        told.append((place, said.ts, behind.slack.tell_event(event)))
    behind.settle(seconds=300)
    for number, (place, since, delivery) in enumerate(told):
        assert delivery.acknowledged
        expected = behind.expected(QUESTIONS[number % 2])[0]
        assert [message.text for message in place.seen(since)] == expected, place.person.id


def test_a_storm_of_duplicates_is_answered_once_each(over_http: SlackAdvisor):
    chance = random.Random(4)
    told = []
    for number in range(20):
        place = over_http.person(f"storm{number}").dm()
        said, (event,) = place.write(QUESTIONS[0])
        told.append((place, said, event, over_http.slack.world.next_id("Ev")))
    again = [each for each in told for _ in range(4)]
    chance.shuffle(again)
    for _, _, event, event_id in again:
        over_http.slack.tell_event(event, event_id=event_id)
    over_http.settle(seconds=300)
    for place, said, _, _ in told:
        expected = over_http.expected(QUESTIONS[0])[0]
        assert [message.text for message in place.seen(said.ts)] == expected


def test_messages_that_come_in_another_order_are_answered_in_theirs(lab: Lab):
    place = lab.person("reordered").dm()
    first, (slow,) = place.write("dawdle")
    assert lab.slack.tell_event(slow).wait().ok
    waiting = [place.write(text)[1][0] for text in ("kenya", "hello", "echo three")]
    for event in reversed(waiting):
        assert lab.slack.tell_event(event).wait().ok
    place.wait_for_answer(first.ts, lambda m: "echo three" in words(m))
    said = [words(m) for m in place.seen(first.ts)]
    assert ["Done" in said[0], "Looked up" in said[1], "Hello" in said[2], "echo" in said[3]] == (
        [True] * 4
    )


def test_a_late_twin_is_recognised_by_its_message(over_http: SlackAdvisor):
    place = over_http.person("latetwin").channel()
    said, events = place.write(f"{place.bot} {QUESTIONS[0]}")
    assert len(events) == 2
    assert over_http.slack.tell_event(events[1]).wait().ok
    thread = place.thread_of(said)
    thread.wait_for_answer(said.ts)
    assert over_http.slack.tell_event(events[0]).wait().ok
    thread.ask(QUESTIONS[2])
    over_http.settle()
    user = [
        event
        for event in over_http.advisor.events(f"slack:T0ONE:C0MAIN:{said.ts}:U0LATETWIN")
        if event["event"] == "user"
    ]
    assert len(user) == 2
