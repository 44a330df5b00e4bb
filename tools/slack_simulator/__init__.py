"""A fake Slack for tests, benchmarks and the demonstration; see server.py."""

from tools.slack_simulator.people import Person, Place, offered, unescaped, words
from tools.slack_simulator.server import (
    QUICK_DELAYS,
    SIGNING_SECRET,
    SLACKS_DELAYS,
    Attempt,
    Delivery,
    FakeSlack,
    signed,
)
from tools.slack_simulator.webapi import APP_TOKEN, CLIENT_ID, CLIENT_SECRET
from tools.slack_simulator.workspace import MAIN, ONE, OTHER, TWO, Channel, Message

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
