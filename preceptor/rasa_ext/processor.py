"""Rasa's agent and processor of messages, with actions and reading off the event loop."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from rasa.core.actions.action import Action, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.engine.loader import load_predict_graph_runner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from preceptor.channels.people import People, person_of
from preceptor.channels.storage import in_thread
from preceptor.conversation.choices import Erase
from preceptor.conversation.decide import decided
from preceptor.conversation.frame import Frame
from preceptor.conversation.registration import as_registration
from preceptor.knowledge.store import nearest_further
from preceptor.rasa_ext.choices import CHOICE, parse_choice
from preceptor.rasa_ext.graph_runner import SequentialGraphRunner
from preceptor.rasa_ext.in_process_action import ActionRunner, InProcessAction
from preceptor.rasa_ext.tracker_store import StrictTrackerStore
from preceptor.runtime.metrics import STAGE_SECONDS, count_message
from preceptor.runtime.threads import TimedThreads

# Half of what a turn may take. Reading is bounded; this is for what is wrong with it.
READING_LIMIT_SECONDS = 10.0
_MOST_OVERDUE = 3


class Processor(MessageProcessor):
    """Rasa's processor of messages.

    Rasa reads a message on the event loop, so that nobody else is served meanwhile. Here one
    thread reads, one message after the other: the steps of a model are not made to run side by
    side. A message whose reading raises or takes too long fails its own turn only.
    """

    def __init__(self, *args: Any, actions: ActionRunner | None = None, **kwargs: Any) -> None:
        """Load the model.

        Args:
            args: as for `MessageProcessor`.
            actions: runs custom actions here; without it they are called at `action_endpoint`.
            kwargs: as for `MessageProcessor`.
        """
        super().__init__(*args, **kwargs)
        self._actions = actions
        self._reading = TimedThreads(1, READING_LIMIT_SECONDS, _MOST_OVERDUE)

    @property
    def is_stuck(self) -> bool:
        """Say whether no message can be read, because earlier ones have not ended."""
        return self._reading.is_stuck

    def warm_up(self) -> None:
        """Read a message, so that all that reading needs is loaded; this blocks."""
        self._read(UserMessage("Hello"), None, None, only_output_properties=True)

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        with tempfile.TemporaryDirectory() as folder:
            metadata, runner = load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, SequentialGraphRunner
            )
        return Path(model_path).name, metadata, runner

    async def parse_message(
        self,
        message: UserMessage,
        tracker: DialogueStateTracker | None = None,
        only_output_properties: bool = True,
    ) -> dict[str, Any]:
        """Return what is understood of a message, and keep it in its `parse_data` for the channel.

        Raises:
            Overdue: Reading took too long.
        """
        chosen = parse_choice(message)
        if chosen is not None:
            count_message(chosen)
            return chosen
        read = None
        if self.http_interpreter:
            read = await super().parse_message(message, tracker, only_output_properties)
        slots = None if tracker is None else tracker.current_slot_values()
        with STAGE_SECONDS.labels("reading").time():
            parsed = await self._reading.run(
                self._read, message, read, slots, only_output_properties=only_output_properties
            )
        if tracker is not None:
            count_message(parsed)
        message.parse_data = parsed
        return parsed

    def _read(
        self,
        message: UserMessage,
        parsed: dict[str, Any] | None,
        slots: dict[str, Any] | None,
        *,
        only_output_properties: bool,
    ) -> dict[str, Any]:
        """Return what is understood of a message, where there are slots after what was said."""
        if parsed is None:
            # No step that reads looks at the conversation.
            nobody = DialogueStateTracker.from_events(message.sender_id, [])
            parsed = self._parse_message_with_graph(message, nobody, only_output_properties)
            self._update_full_retrieval_intent(parsed)
            self._check_for_unseen_features(parsed)
        if slots is None:
            return parsed
        frame = Frame.of(slots.get("frame"))
        searching = slots.get("search_offset") is not None or slots.get("topic") == "search"
        *_, further = nearest_further(frame.spoken_of, parsed.get("text") or "")
        parsed = decided(parsed, frame, searching=searching, further=further)
        return as_registration(parsed, slots.get("topic"))

    def predict_next_with_tracker_if_should(
        self, tracker: DialogueStateTracker
    ) -> tuple[Action, PolicyPrediction]:
        """Return the next action and the prediction that chose it."""
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        return self._here(action), prediction

    def _get_action(self, action_name: str) -> Action | None:
        return self._here(super()._get_action(action_name))

    def _here(self, action: Any) -> Any:
        if self._actions is not None and type(action) is RemoteAction:
            return InProcessAction(action.name(), self._actions)
        return action


class AdvisorAgent(Agent):
    """Rasa's agent with our processor, and with a tracker store that fails where it must.

    Attributes:
        is_warm: whether all that a turn needs is loaded; before that no message is begun, since
            an action that has to load the answers first would run into its time limit.
    """

    def __init__(self, *args: Any, actions: ActionRunner | None = None, **kwargs: Any) -> None:
        """Make an agent without a model.

        Args:
            args: as for `Agent`.
            actions: as for `Processor`.
            kwargs: as for `Agent`.
        """
        super().__init__(*args, **kwargs)
        self._actions = actions
        self.is_warm = True
        self.people: People | None = None

    async def handle_message(self, message: UserMessage) -> list[dict[str, Any]] | None:
        """Answer a message, as `Agent.handle_message` does.

        Before the turn of somebody who wants to be forgotten, all that is kept of them is deleted.
        """
        if self.people is not None and (message.metadata or {}).get(CHOICE) == Erase().dict():
            person = person_of(message.sender_id)
            await in_thread(self.people.forget, person, waiting=True)
        return await super().handle_message(message)

    @staticmethod
    def _create_tracker_store(store: TrackerStore | None, domain: Domain) -> TrackerStore:
        wrapped = Agent._create_tracker_store(store, domain)
        # Rasa keeps what it wraps private.
        return StrictTrackerStore(wrapped._tracker_store)

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """Load a model, as `Agent.load_model` does."""
        self.processor = Processor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
            http_interpreter=self.http_interpreter,
            actions=self._actions,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses
