"""How the server reads messages, and what it imports."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.nlu.training_data.message import Message

from preceptor.rasa_ext.processor import Processor
from preceptor.runtime.threads import Overdue, TimedThreads
from tests.support.tiny_project import ROOT

DOMAIN = Domain.from_dict({"intents": ["ask"]})


def test_a_server_imports_neither_tensorflow_nor_other_channels() -> None:
    script = """
import sys
from preceptor.rasa_ext.lean_imports import import_rasa
import_rasa()
import rasa.core.run, preceptor.channels.rest, preceptor.rasa_ext.processor
from rasa.core.channels import BUILTIN_CHANNELS
from rasa.utils import train_utils
loaded = {"tensorflow", "matplotlib", "boto3", "pymongo", "aiogram", "slack_sdk"} & set(sys.modules)
assert not loaded, loaded
assert BUILTIN_CHANNELS["callback"].name() == "callback"
assert BUILTIN_CHANNELS["twilio"].name() == "twilio"
made = BUILTIN_CHANNELS["twilio"].from_credentials(
    {"account_sid": "a", "auth_token": "b", "twilio_number": "1"}
)
from rasa.core.channels.twilio import TwilioInput
assert type(made) is TwilioInput and isinstance(made, BUILTIN_CHANNELS["twilio"])
assert issubclass(TwilioInput, BUILTIN_CHANNELS["twilio"])
assert not isinstance(made, BUILTIN_CHANNELS["slack"])
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_reading_takes_nothing_that_only_training_and_importing_need() -> None:
    script = """
import io, sys
from preceptor.evaluation.parse import parse
from preceptor.runtime.settings import load_settings, quiet_environment
quiet_environment()
parse(load_settings(), None, io.BytesIO(b"is it paid and what vaccines do I need for Ghana?"))
loaded = {"tensorflow", "sklearn", "scipy.optimize", "onnx", "alembic", "h5py"} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    read = json.loads(done.stdout)
    assert [each["intent"] for each in read["questions"]] == [
        "ask_cost_and_funding",
        "ask_health_and_safety",
    ]


class Reader:
    """Stands in for the runner of a model: does what a message's text asks for."""

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.let_go = threading.Event()

    def run(self, inputs: dict[str, Any], targets: list[str]) -> dict[str, Any]:
        self.threads.add(threading.current_thread().name)
        (message,) = inputs["__message__"]
        if message.text == "fail":
            raise ValueError("no")
        if message.text == "hang":
            self.let_go.wait()
        parsed = Message({"text": message.text})
        parsed.set("intent", {"name": "ask"}, add_to_output=True)
        parsed.set("language", "es", add_to_output=True)
        return {target: [parsed] for target in targets}


@pytest.fixture
def reader():
    reader = Reader()
    yield reader
    reader.let_go.set()


def processor(reader: Reader, limit_seconds: float = 5.0) -> Processor:
    """Return a processor that reads with a stand-in, without a trained model."""
    made: Processor = Processor.__new__(Processor)
    made.http_interpreter = None
    made.domain = DOMAIN
    made.graph_runner = reader
    made.model_metadata = SimpleNamespace(nlu_target="read")
    made._reading = TimedThreads(1, limit_seconds, 3)
    return made


async def test_a_message_is_read_off_the_loop_and_carries_its_parse(reader):
    message = UserMessage("hola")
    parsed = await processor(reader).parse_message(message)
    assert parsed["intent"] == {"name": "ask"}
    assert message.parse_data["language"] == "es"
    assert threading.main_thread().name not in reader.threads


async def test_a_message_that_cannot_be_read_fails_alone(reader):
    made = processor(reader)
    with pytest.raises(ValueError):
        await made.parse_message(UserMessage("fail"))
    assert (await made.parse_message(UserMessage("hola")))["intent"] == {"name": "ask"}


async def test_a_reading_that_hangs_fails_alone_and_the_next_message_is_read(reader):
    made = processor(reader, limit_seconds=0.2)
    with pytest.raises(Overdue, match="longer than 0.2 s"):
        await made.parse_message(UserMessage("hang"))
    assert (await made.parse_message(UserMessage("hola")))["intent"] == {"name": "ask"}


async def test_the_loop_goes_on_while_a_message_is_read(reader):
    reading = asyncio.create_task(processor(reader).parse_message(UserMessage("hang")))
    started = time.monotonic()
    await asyncio.sleep(0.05)
    assert time.monotonic() - started < 2 and not reading.done()
    reader.let_go.set()
    await reading
