"""Measures the Slack channel: `make bench-slack`, which writes reports/slack.json.

Part A runs the 31 cases of `tests/support/slack_cases.py` against Rasa's own connector, in both of
its settings, and against ours: the same fake Slack, the same tiny model. Part B sends 1,000 events
of 200 people to the real advisor, a third of them duplicates, retries or twins, over HTTP and
through Socket Mode. Everything stays on the loopback interface and ends by itself.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.launcher.tiny import ROOT, free_port
from tests.support.advisor import import_catalogue, write_home
from tests.support.fake_slack import MAIN, ONE, SIGNING_SECRET, FakeSlack, Person, Place, words
from tests.support.slack_cases import CASES, Case
from tests.support.slack_lab import (
    Lab,
    lab_actions,
    lab_environment,
    serving,
    slack_settings,
    write_lab,
)

REPORT = ROOT / "reports" / "slack.json"
# For how long Rasa's connector may take to answer; the slowest turn takes four seconds.
PATIENCE_SECONDS = 8.0

_RASA_SETTINGS = {
    "rasa": {},
    "rasa_in_threads": {"use_threads": "true", "conversation_granularity": "thread"},
}
_RASA_CREDENTIALS = """
benchmarks.slack_peers.RasaSlack:
  slack_token: {token}
  slack_signing_secret: {secret}
  slack_channel: {channel}
"""


@contextmanager
def rasa_lab(home: Path, actions_port: str, name: str) -> Iterator[Lab]:
    """Run Rasa's connector, with a fake Slack of its own."""
    events = {"app_mention", "message.im", "app_home_opened"}
    with ExitStack() as stack:
        slack, socket = (
            stack.enter_context(FakeSlack(scopes=SCOPES, subscriptions=events, socket_mode=mode))
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
        environment = lab_environment(home, port, actions_port, name)
        stack.enter_context(
            serving(
                home, "serve-advisor", f"{base}/webhooks/slack/",
                FAKE_SLACK_API_URL=slack.api_url, **environment,
            )
        )  # fmt: skip
        yield Lab(name, slack, socket, base, home, PATIENCE_SECONDS)
