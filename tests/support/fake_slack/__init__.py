"""A fake Slack for tests, benchmarks and the demonstration; see server.py."""

from tests.support.fake_slack.people import Person, Place, offered, unescaped, words
from tests.support.fake_slack.server import (
    QUICK_DELAYS,
    SIGNING_SECRET,
    SLACKS_DELAYS,
    Attempt,
    Delivery,
    FakeSlack,
    signed,
)
from tests.support.fake_slack.webapi import APP_TOKEN, CLIENT_ID, CLIENT_SECRET
from tests.support.fake_slack.workspace import MAIN, ONE, OTHER, TWO, Channel, Message

__all__ = [
    "APP_TOKEN",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "MAIN",
    "ONE",
    "OTHER",
    "QUICK_DELAYS",
    "SIGNING_SECRET",
    "SLACKS_DELAYS",
    "TWO",
    "Attempt",
    "Channel",
    "Delivery",
    "FakeSlack",
    "Message",
    "Person",
    "Place",
    "offered",
    "signed",
    "unescaped",
    "words",
]
