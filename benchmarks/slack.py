"""Measures the Slack channel: `make bench-slack`, which writes reports/slack.json.

Part A runs the 31 cases of `tests/support/slack_cases.py` against Rasa's own connector, in both of
its settings, and against ours: the same fake Slack, the same tiny model. Part B tells the real
advisor 1,000 events of 200 people, a third of them duplicates, retries or twins, over HTTP and
through Socket Mode. Everything stays on the loopback interface and ends by itself.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support.slack import SlackAdvisor, slack_advisor
from tests.support.slack_cases import CASES, install
from tests.support.slack_lab import (
    Lab,
    lab_environment,
    serving,
    slack_settings,
    write_lab,
)
from tests.support.tiny_project import ROOT, free_port
from tools.slack_simulator import MAIN, ONE, SIGNING_SECRET, TWO, Channel, Delivery, FakeSlack
from tools.slack_simulator.manifest import read_manifest

REPORT = ROOT / "reports" / "slack.json"
# For how long a connector may take to answer; the slowest turn takes four seconds.
PATIENCE_SECONDS = 8.0

EVENTS = 1_000
PEOPLE = 200
REPEATS = EVENTS // 3
EVENTS_A_SECOND = 25
# No more is sent while this much waits for its turn: the benchmark does not measure a queue.
WAITING_AT_MOST = 16
CHANNELS = 20
SETTLE_SECONDS = 240
SEED = 4

# Asked one after the other in a DM; every one has an answer of its own, the same every time.
QUESTIONS = (
    "surgery in Kenya for 4 weeks",
    "and in Peru?",
    "how long is the internship in Nigeria?",
    "paediatrics in Nepal",
)
MENTIONS = ("nursing in Tanzania", "how long is the internship in India?")

_RASA_SETTINGS: dict[str, dict[str, str]] = {
    "rasa": {},
    "rasa_in_threads": {"use_threads": "true", "conversation_granularity": "thread"},
}
_RASA_CREDENTIALS = """
benchmarks.slack_peers.RasaSlack:
  slack_token: {token}
  slack_signing_secret: {secret}
  slack_channel: {channel}
"""
_OUR_CREDENTIALS = "preceptor.channels.slack.SlackInput:\n"


def tell(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# Part A


@contextmanager
def rasa_lab(home: Path, name: str) -> Iterator[Lab]:
    """Run Rasa's connector in one of its settings."""
    # What its documentation asks for in DMs and for mentions.
    scopes = {"app_mentions:read", "chat:write", "im:history"}
    events = {"app_mention", "message.im"}
    with ExitStack() as stack:
        slack, socket = (
            stack.enter_context(FakeSlack(scopes=scopes, subscriptions=events, socket_mode=mode))
            for mode in (False, True)
        )
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        slack.request_url = f"{base}/webhooks/slack/webhook"
        credentials = _RASA_CREDENTIALS.format(
            token=slack.world.teams[ONE].token, secret=SIGNING_SECRET, channel=MAIN
        )
        for key, value in _RASA_SETTINGS[name].items():
            credentials += f"  {key}: {value}\n"
        (home / "credentials.yml").write_text(credentials)
        stack.enter_context(
            serving(
                home,
                f"{base}/webhooks/slack/",
                FAKE_SLACK_API_URL=slack.api_url,
                **lab_environment(home, port, name),
            )
        )
        yield Lab(name, slack, socket, base, home, PATIENCE_SECONDS)


@contextmanager
def our_lab(home: Path, name: str) -> Iterator[Lab]:
    """Run our channel, one server for each transport."""
    (home / "credentials.yml").write_text(_OUR_CREDENTIALS)
    slacks: list[FakeSlack] = []
    bases: list[str] = []
    with ExitStack() as stack:
        for mode in (False, True):
            manifest = read_manifest(socket_mode=mode)
            port = free_port()
            bases.append(f"http://127.0.0.1:{port}")
            slack = FakeSlack(
                scopes=manifest.scopes,
                subscriptions=manifest.events,
                socket_mode=mode,
                request_url=f"{bases[-1]}/webhooks/slack/events",
            )
            slacks.append(stack.enter_context(slack))
            stack.enter_context(
                serving(
                    home,
                    f"{bases[-1]}/webhooks/slack/",
                    **lab_environment(home, port, f"{name}-{mode}"),
                    **slack_settings(slack),
                )
            )
        slacks[1].wait_for(lambda: slacks[1].connections, "a connection", 60)
        # A second workspace; Rasa's connector knows one token only.
        install(bases[0], slacks[0].grant(TWO))
        yield Lab(name, slacks[0], slacks[1], bases[0], home, PATIENCE_SECONDS)


def try_cases(lab: Lab) -> dict[str, str]:
    """Return what went wrong by case, "" if it went right."""
    results = {}
    for case in CASES:
        try:
            case.run(lab)
            results[case.name] = ""
        except (AssertionError, LookupError, ValueError, httpx.HTTPError) as error:
            results[case.name] = str(error).partition("\n")[0][:200] or type(error).__name__
    return results


def part_a() -> dict[str, Any]:
    """Run the cases against all connectors and write the table."""
    results: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-slack-") as folder:
        home = write_lab(Path(folder) / "lab", _OUR_CREDENTIALS)
        for name, run in (*((each, rasa_lab) for each in _RASA_SETTINGS), ("ours", our_lab)):
            tell(f"The {len(CASES)} cases against {name} ...")
            with run(home, name) as lab:
                results[name] = try_cases(lab)
    width = max(len(case.title) for case in CASES)
    tell(f"\n{'case':{width}}  {'Rasa':>9}  {'threads':>9}  {'ours':>9}")
    for case in CASES:
        marks = ("wrong" if results[name][case.name] else "right" for name in results)
        tell(f"{case.title:{width}}  " + "  ".join(f"{mark:>9}" for mark in marks))
    right = {name: sum(not why for why in found.values()) for name, found in results.items()}
    sums = "  ".join(f"{right[name]:>9}" for name in results)
    tell(f"{'right':{width}}  {sums}\n")
    for name, why in results["ours"].items():
        if why:
            tell(f"ours, {name}: {why}")
    return {
        "cases": len(CASES),
        "right": right["ours"],
        # The better of its two settings; neither is right in all that the other is.
        "rasa_right": max(right[name] for name in _RASA_SETTINGS),
        "rasa_right_by_setting": {name: right[name] for name in _RASA_SETTINGS},
        "wrong_by_case": results,
    }


# Part B


@dataclass
class Conversation:
    """What one person asked in one place, and the answers to expect, in order."""

    channel: str
    thread_ts: str | None
    since: str
    expected: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class SentEvent:
    """One event to send: an original, a duplicate, a retry or a twin."""

    event: dict[str, Any]
    event_id: str
    retry: tuple[int, str] | None = None


def plan(behind: SlackAdvisor) -> tuple[list[SentEvent], list[Conversation]]:
    """Return 1,000 events in the order in which they are sent, and the answers to expect."""
    slack, chance = behind.slack, random.Random(SEED)
    in_row = behind.expected(*QUESTIONS)
    alone = [behind.expected(text)[0] for text in MENTIONS]
    texts = [text for answer in (*in_row, *alone) for text in answer]
    assert len(texts) == len(set(texts)), "answers cannot be told apart"
    bot = slack.world.teams[ONE].bot_user
    people = [behind.person(f"bench{n}") for n in range(PEOPLE)]
    for n in range(CHANNELS):
        name = f"C0BENCH{n}"
        members = {bot, *(person.id for person in people)}
        slack.world.channels[ONE, name] = Channel(name, ONE, "channel", name.lower(), members)
    originals: list[SentEvent] = []
    twins: dict[str, SentEvent] = {}
    conversations: dict[tuple[str, str | None], Conversation] = {}
    mentions = REPEATS // 3
    for number in range(EVENTS - REPEATS):
        person, turn = people[number % PEOPLE], number // PEOPLE
        if number < mentions:
            place = person.channel(f"C0BENCH{number % CHANNELS}")
            which = number % len(MENTIONS)
            said, events = place.write(f"{place.bot} {MENTIONS[which]}")
            conversation = Conversation(place.channel.id, said.ts, said.ts, [alone[which]])
            conversations[place.channel.id, said.ts] = conversation
            twin, mention = events
            original = SentEvent(mention, slack.world.next_id("Ev"))
            twins[original.event_id] = SentEvent(twin, slack.world.next_id("Ev"))
        else:
            place = person.dm()
            key = (place.channel.id, None)
            conversation = conversations.setdefault(key, Conversation(place.channel.id, None, ""))
            said, (event,) = place.write(QUESTIONS[len(conversation.expected)])
            conversation.expected.append(in_row[len(conversation.expected)])
            original = SentEvent(event, slack.world.next_id("Ev"))
        assert turn < len(QUESTIONS)
        originals.append(original)
    return _with_repeats(originals, twins, chance), list(conversations.values())


def _with_repeats(
    originals: list[SentEvent], twins: dict[str, SentEvent], chance: random.Random
) -> list[SentEvent]:
    """Return all events in order, with twins and further repeats after their originals."""
    repeats: dict[str, SentEvent] = dict(twins)
    others = [each for each in originals if each.event_id not in twins]
    for number, each in enumerate(chance.sample(others, REPEATS - len(twins))):
        retry = (1, chance.choice(["http_timeout", "http_error"])) if number % 2 else None
        repeats[each.event_id] = SentEvent(each.event, each.event_id, retry)
    timed: list[tuple[float, SentEvent]] = []
    for number, each in enumerate(originals):
        timed.append((number, each))
        if each.event_id in repeats:
            # At once or a little later, while others talk.
            timed.append((number + chance.uniform(0.1, 12.0), repeats[each.event_id]))
    timed.sort(key=lambda pair: pair[0])
    assert len(timed) == EVENTS
    return [event for _, event in timed]


def storm(behind: SlackAdvisor) -> dict[str, Any]:
    """Send all events, wait until all are worked off, and count the outcome."""
    slack = behind.slack
    events, conversations = plan(behind)
    started = due = time.monotonic()
    deliveries: list[Delivery] = []
    for event in events:
        deliveries.append(_send(slack, event))
        due = max(due + 1 / EVENTS_A_SECOND, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
        slack.wait_for(
            lambda: behind.waiting() <= WAITING_AT_MOST, "rest between events", SETTLE_SECONDS
        )
    behind.settle(seconds=SETTLE_SECONDS)
    seconds = time.monotonic() - started
    took = sorted(delivery.attempts[0].milliseconds for delivery in deliveries)
    outcomes = [_outcome(slack, conversation) for conversation in conversations]
    return {
        "events": len(deliveries),
        "repeats": REPEATS,
        "questions": sum(len(conversation.expected) for conversation in conversations),
        "answered_once": sum(once for once, _, _ in outcomes),
        "out_of_order": sum(disorder for _, disorder, _ in outcomes),
        # Such as the sentence in place of an answer if a turn failed.
        "other_messages": sum(others for _, _, others in outcomes),
        "conversations": len(conversations),
        "acknowledged_at_first": sum(d.attempts[0].ok for d in deliveries),
        "ack_p50_ms": round(took[len(took) // 2], 1),
        "ack_p99_ms": round(took[int(len(took) * 0.99)], 1),
        "ack_max_ms": round(took[-1], 1),
        "seconds": round(seconds, 1),
        "violations": len(slack.api.violations),
    }


def _send(slack: FakeSlack, sent: SentEvent) -> Delivery:
    if sent.retry is None:
        return slack.tell_event(sent.event, event_id=sent.event_id)
    payload = {
        "type": "event_callback", "team_id": ONE, "api_app_id": "A0APP", "event": sent.event,
        "event_id": sent.event_id, "event_time": int(time.time()),
    }  # fmt: skip
    return slack.deliver("events_api", payload, retry=sent.retry)


def _outcome(slack: FakeSlack, conversation: Conversation) -> tuple[int, int, int]:
    """Return how many questions were answered once, 1 if out of order, and other messages."""
    posted = [
        message.text
        for message in slack.world.messages
        if message.from_bot
        and message.channel == conversation.channel
        and (conversation.thread_ts is None or message.thread_ts == conversation.thread_ts)
    ]
    once = sum(all(posted.count(text) == 1 for text in answer) for answer in conversation.expected)
    expected = [text for answer in conversation.expected for text in answer]
    answers = [text for text in posted if text in expected]
    disorder = int(answers != sorted(answers, key=expected.index))
    return once, disorder, len(posted) - len(answers)


def part_b() -> dict[str, Any]:
    """Send the events through both transports."""
    transports = {}
    for name, socket_mode in (("http", False), ("socket", True)):
        tell(f"{EVENTS} events of {PEOPLE} people, {name} ...")
        with tempfile.TemporaryDirectory(prefix="bench-slack-") as folder:
            with slack_advisor(Path(folder) / "home", socket_mode=socket_mode) as behind:
                transports[name] = storm(behind)
        tell(json.dumps(transports[name]))
    worst = {
        "events": min(each["events"] for each in transports.values()),
        "questions": min(each["questions"] for each in transports.values()),
        "answered_once": min(each["answered_once"] for each in transports.values()),
        "out_of_order": max(each["out_of_order"] for each in transports.values()),
        "ack_p99_ms": max(each["ack_p99_ms"] for each in transports.values()),
    }
    return {**worst, "transports": transports}


def main() -> None:
    """Run both parts, or one of them, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--part", choices=("a", "b"), help="only one part")
    options = parser.parse_args()
    measured: dict[str, Any] = {}
    if options.part != "b":
        measured |= part_a()
    if options.part != "a":
        measured |= part_b()
    # One part alone leaves the other's results as they are.
    report = json.loads(REPORT.read_text()) if options.part and REPORT.exists() else {}
    report |= measured
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    tell(f"Written to {REPORT.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
