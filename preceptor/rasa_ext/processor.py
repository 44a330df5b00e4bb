"""A turn without what Rasa does at every turn and nobody here needs.

Rasa posts the whole conversation to the action server and checks each answer against a schema
that it first checks itself. That takes most of a turn, and the first grows with the conversation.
"""

from __future__ import annotations

import asyncio
import contextvars
import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import rasa
from rasa.core.actions.action import Action, RemoteAction
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.constants import ACTION_VALIDATE_SLOT_MAPPINGS, DEFAULT_SLOT_NAMES
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecutionRejected, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from preceptor.nlu.spelling import forget_english
from preceptor.rasa_ext.choices import parse_choice
from preceptor.rasa_ext.nlu_worker import NotRead, ReadingProcess
from preceptor.rasa_ext.turn_context import heard

# One thread, so that the steps of a model never run beside themselves.
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")

WHOLE_TURNS = 2
REPLIES_SENT = 40
EARLIER_REPLIES = "earlier_replies"
"""Key in the latest message as actions get it: how many replies came before those they get."""


def recent_events(tracker: DialogueStateTracker) -> tuple[list[dict[str, Any]], int]:
    """Return what an action server gets of a conversation's events, oldest first.

    Returns:
        All events of the last two turns, before them the texts of earlier replies, forty replies
        altogether; and how many replies came before those.
    """
    found: deque[dict[str, Any]] = deque()
    messages = replies = earlier = 0
    for event in reversed(tracker.events):
        # Their names, since `isinstance` is slow for abstract classes and there may be thousands.
        said = event.type_name == BotUttered.type_name
        if said and replies == REPLIES_SENT:
            earlier += 1
            continue
        replies += said
        if messages < WHOLE_TURNS:
            found.appendleft(event.as_dict())
        elif said:
            text, time = event.as_dict()["text"], event.timestamp
            found.appendleft({"event": "bot", "text": text, "timestamp": time})
        messages += event.type_name == UserUttered.type_name
    return list(found), earlier


class RecentAction(RemoteAction):
    """A call to the action server with the conversation's recent history."""

    def _action_call_format(self, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
        state = tracker.current_state(EventVerbosity.NONE)
        state["events"], earlier = recent_events(tracker)
        state["latest_message"] = {**(state["latest_message"] or {}), EARLIER_REPLIES: earlier}
        call = {
            "next_action": self.name(),
            "sender_id": tracker.sender_id,
            "tracker": state,
            "version": rasa.__version__,
        }
        if (
            not self._is_selective_domain_enabled()
            or domain.does_custom_action_explicitly_need_domain(self.name())
        ):
            call["domain"] = domain.as_dict()
        return call

    def _validate_action_result(self, result: dict[str, Any]) -> bool:
        # `GuardedActionEndpoint` has done so.
        return True


class PlainGraphRunner(DaskGraphRunner):
    """Runs the steps of a model one after the other.

    Dask's scheduler, made for many tasks on many machines, plans anew at every run and takes as
    long as a step of ours; what to run for a target is always the same.
    """

    _plans: dict[tuple[str, ...], list[tuple[str, list[str]]]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Load the steps; the arguments are `DaskGraphRunner`'s."""
        super().__init__(*args, **kwargs)
        self._plans = {}

    @classmethod
    def around(cls, runner: DaskGraphRunner) -> PlainGraphRunner:
        """Return one with the loaded steps of another."""
        made: PlainGraphRunner = cls.__new__(cls)
        made.__dict__.update(runner.__dict__)
        made._plans = {}
        return made

    def run(
        self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        """Run what the targets need and return their outputs by name.

        Raises:
            GraphRunError: an input is missing, or a step failed with a `RuntimeError`.
        """
        wanted = tuple(targets or self._graph_schema.target_names)
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(wanted)
        done: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, needs in self._plans[wanted]:
                done[name] = self._instantiated_nodes[name](
                    *(done.get(needed, needed) for needed in needs)
                )
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(done[name] for name in wanted)

    def drop(self, target: str, kept: str) -> None:
        """Let go of the steps that only one target needs and another does not."""
        steps, needed = (self._graph_schema.minimal_graph_schema([t]).nodes for t in (target, kept))
        for name in steps.keys() - needed.keys():
            del self._instantiated_nodes[name]

    def take_over(self, other: PlainGraphRunner) -> None:
        """Have the loaded steps of another as well."""
        self._instantiated_nodes.update(other._instantiated_nodes)

    def _plan(self, targets: tuple[str, ...]) -> list[tuple[str, list[str]]]:
        """Return the steps that targets need, each after those that it needs itself."""
        nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
        order = TopologicalSorter(
            {name: [n for n in node.needs.values() if n in nodes] for name, node in nodes.items()}
        )
        return [(name, list(nodes[name].needs.values())) for name in order.static_order()]


class Processor(MessageProcessor):
    """Rasa's processor of messages, with our calls to the action server and our runner."""

    _domain_looked_at: Domain | None = None
    _fills_slots = True
    _beside: ReadingProcess | None = None
    # What reads lies there, since it isn't loaded.
    _read_by: Path | None = None

    @classmethod
    def around(cls, processor: MessageProcessor) -> Processor:
        """Return one that goes on where another is, with its model and its stores."""
        made: Processor = cls.__new__(cls)
        made.__dict__.update(processor.__dict__)
        if type(made.graph_runner) is DaskGraphRunner:
            made.graph_runner = PlainGraphRunner.around(made.graph_runner)
        return made

    @classmethod
    def for_reading(cls, model: Path) -> Processor:
        """Return one that has only the steps of a model that read, and no conversations.

        Args:
            model: the trained model's archive.
        """
        made: Processor = cls.__new__(cls)
        with tempfile.TemporaryDirectory() as folder:
            storage, metadata = LocalModelStorage.from_model_archive(Path(folder), model)
            steps = metadata.predict_schema.minimal_graph_schema([metadata.nlu_target])
            made.graph_runner = PlainGraphRunner.create(
                steps, storage, ExecutionContext(steps, metadata.model_id)
            )
        made.model_metadata = metadata
        return made

    async def parse_message(
        self,
        message: UserMessage,
        tracker: DialogueStateTracker | None = None,
        only_output_properties: bool = True,
    ) -> dict[str, Any]:
        """Read a message in the process that reads, or in the thread; other turns go on."""
        chosen = parse_choice(message)
        if chosen is not None:
            return chosen
        if self.http_interpreter:
            return dict(await super().parse_message(message, tracker, only_output_properties))
        parsed = await self._read_beside(message, only_output_properties)
        if parsed is None:
            parsed = await asyncio.get_running_loop().run_in_executor(
                _reader,
                # With the turn's context, in which the reading reports what it heard.
                contextvars.copy_context().run,
                self.read,
                message,
                only_output_properties,
            )
        self._update_full_retrieval_intent(parsed)
        self._check_for_unseen_features(parsed)
        return parsed

    def read(self, message: UserMessage, only_output_properties: bool) -> dict[str, Any]:
        """Return what is understood of a message; no step that reads looks at its conversation."""
        if self._read_by is not None:
            self.graph_runner.take_over(self.for_reading(self._read_by).graph_runner)
            self._read_by = None
        tracker = DialogueStateTracker.from_events(message.sender_id, [])
        return dict(self._parse_message_with_graph(message, tracker, only_output_properties))

    async def _read_beside(
        self, message: UserMessage, only_output_properties: bool
    ) -> dict[str, Any] | None:
        if self._beside is None:
            return None
        try:
            parsed, told = await self._beside.parse(message, only_output_properties)
        except NotRead:
            return None
        report = heard.get()
        if report is not None:
            vars(report).update(vars(told))
        return parsed

    def read_beside(self, process: ReadingProcess, model: Path) -> None:
        """Have messages read by another process from now on, as long as it lives.

        Args:
            process: reads with the same model.
            model: the model's archive; should the process end, what reads is loaded from it here.
        """
        self._beside = process
        targets = self.model_metadata.nlu_target, self.model_metadata.core_target
        if isinstance(self.graph_runner, PlainGraphRunner) and targets[1]:
            self.graph_runner.drop(*targets)
            forget_english()
            self._read_by = model

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """Fill slots from the message where any is filled that way.

        Rasa goes through all mappings to find that custom ones fill nothing by themselves.
        """
        if self._domain_looked_at is not self.domain:
            self._domain_looked_at = self.domain
            self._fills_slots = fills_slots(self.domain)
        if self._fills_slots:
            return await super().run_action_extract_slots(output_channel, tracker)
        return tracker

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        # Rasa's writes the whole domain out first, to find out whether it is empty.
        intent = parse_data["intent"]["name"]
        entities = {entity["entity"] for entity in parse_data["entities"] or []}
        seen = not intent or intent in self.domain.intent_properties
        if not seen or not entities.issubset(self.domain.entities):
            super()._check_for_unseen_features(parse_data)

    def predict_next_with_tracker_if_should(
        self, tracker: DialogueStateTracker
    ) -> tuple[Action, PolicyPrediction]:
        """Return the next action and the prediction that chose it."""
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        return _recent(action), prediction

    def _log_action_on_tracker(
        self,
        tracker: DialogueStateTracker,
        action: Action,
        events: list[Event] | None,
        prediction: PolicyPrediction,
    ) -> None:
        # Rasa's copies all events, deeply, for lines of a log that is off.
        events = events or []
        if not any(isinstance(event, ActionExecutionRejected) for event in events):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction))
        tracker.update_with_events(events, self.domain)

    def _get_action(self, action_name: str) -> Action | None:
        return _recent(super()._get_action(action_name))


def fills_slots(domain: Domain) -> bool:
    """Tell whether the extraction of slots can do anything: all but custom mappings, and actions.

    A custom mapping without an action leaves its slot to the actions of the conversation.
    """
    return ACTION_VALIDATE_SLOT_MAPPINGS in domain.user_actions or any(
        mapping.get("type") != "custom" or "action" in mapping
        for slot in domain.slots
        if slot.name not in DEFAULT_SLOT_NAMES
        for mapping in slot.mappings
    )


def _recent(action: Any) -> Any:
    if type(action) is RemoteAction:
        return RecentAction(action.name(), action.action_endpoint)
    return action
