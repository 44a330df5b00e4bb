"""Runs the project's rasa_sdk actions in the advisor's own process.

Rasa calls custom actions over HTTP and sends the whole conversation with every call, which needs
a second server and takes longer the longer a conversation is. Here they are called directly. The
same actions can still be served by `rasa run actions`: where endpoints.yml names an
`action_endpoint`, Rasa's own `RemoteAction` calls them there.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
from typing import Any

import structlog
from rasa.core.actions.action import Action, ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, UserUttered, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection as RejectedByAction
from rasa_sdk.interfaces import ActionNotFoundException

from preceptor.runtime.metrics import STAGE_SECONDS
from preceptor.runtime.threads import Overdue, TimedThreads

ACTION_LIMIT_SECONDS = 5.0
FAILED_RESPONSE = "utter_action_failed"

# Of the same action. An action that hangs in all its threads fails from then on, alone.
_RUNS_AT_ONCE = 4
_MOST_OVERDUE = 4

log = structlog.get_logger(__name__)


class ActionRunner:
    """The actions of a package, each run in threads of its own for a limited time."""

    def __init__(
        self, package: str = "actions", limit_seconds: float = ACTION_LIMIT_SECONDS
    ) -> None:
        """Import the package and register its actions.

        Args:
            package: the package's name; its modules are imported.
            limit_seconds: how long one run of an action may take.

        Raises:
            ImportError: It or one of its modules cannot be imported.
        """
        self._executor = ActionExecutor()
        try:
            self._executor.register_package(package)
        except SystemExit as error:
            # rasa_sdk ends its server so, since it has nothing else to do.
            raise error.__context__ or ImportError(package) from None
        self._threads = {
            name: TimedThreads(_RUNS_AT_ONCE, limit_seconds, _MOST_OVERDUE)
            for name in self._executor.actions
        }

    async def run(
        self, name: str, tracker: DialogueStateTracker, domain: Domain
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Run an action.

        Args:
            name: the action's name.
            tracker: the conversation; the action gets a copy of what it may change.
            domain: sent along where the domain's `actions` ask for it (`send_domain: true`).

        Returns:
            The events and the responses that the action gives, as rasa_sdk's server answers.

        Raises:
            Overdue: It took too long, or too many of its runs have not ended yet.
            ActionNotFoundException: The package has no such action.
        """
        if name not in self._threads:
            raise ActionNotFoundException(name)
        needs_domain = domain.does_custom_action_explicitly_need_domain(name)
        return await self._threads[name].run(
            self._run, name, sdk_tracker(tracker), domain.as_dict() if needs_domain else {}
        )

    def _run(
        self, name: str, tracker: Tracker, domain: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        dispatcher = CollectingDispatcher()
        events: Any = self._executor.actions[name](dispatcher, tracker, domain)
        if inspect.isawaitable(events):
            events = asyncio.run(_wait_for(events))
        return self._executor.validate_events(events or [], name), dispatcher.messages


async def _wait_for(events: Any) -> Any:
    return await events


def sdk_tracker(tracker: DialogueStateTracker) -> Tracker:
    """Return a conversation as actions get it, with the events that are in memory."""
    state = copy.deepcopy(tracker.current_state(EventVerbosity.NONE))
    state["events"] = [event.as_dict() for event in tracker.events]
    return Tracker.from_dict(state)


class InProcessAction(Action):
    """A custom action that runs here.

    Where it fails or takes too long, the person gets the domain's `utter_action_failed`, once per
    turn, the log gets the cause, and the turn goes on: a turn may run several actions.
    """

    def __init__(self, name: str, runner: ActionRunner) -> None:
        """Stand for one action of the runner's."""
        self._name = name
        self._runner = runner

    def name(self) -> str:
        """Return the action's name in the domain."""
        return self._name

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """Run the action and return its replies and events.

        Raises:
            ActionExecutionRejection: The action does not want to run now.
        """
        events: list[dict[str, Any]]
        try:
            with STAGE_SECONDS.labels("action").time():
                events, responses = await self._runner.run(self._name, tracker, domain)
        except RejectedByAction as rejection:
            raise ActionExecutionRejection(self._name, rejection.message) from rejection
        except Exception as error:
            # Whatever it is, a person waits for an answer.
            log.error(
                "action.failed",
                conversation=tracker.sender_id,
                action=self._name,
                cause=f"{type(error).__name__}: {error}",
                exc_info=None if isinstance(error, Overdue) else error,
            )
            events, responses = [], [] if _is_told(tracker) else [{"response": FAILED_RESPONSE}]
        replies = await RemoteAction._utter_responses(responses, output_channel, nlg, tracker)
        return [*replies, *deserialise_events(events)]


def _is_told(tracker: DialogueStateTracker) -> bool:
    """Tell whether the person has been told in this turn that an action failed."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return False
        if isinstance(event, BotUttered) and event.metadata.get("utter_action") == FAILED_RESPONSE:
            return True
    return False
