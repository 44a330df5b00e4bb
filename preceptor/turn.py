"""A turn without what Rasa does at every turn and nobody here needs.

Rasa posts the whole conversation to the action server and checks each answer against a schema
that it first checks itself. That takes most of a turn, and the first grows with the conversation.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import rasa
from rasa.core.actions.action import Action, RemoteAction
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

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
        said = isinstance(event, BotUttered)
        if said and replies == REPLIES_SENT:
            earlier += 1
            continue
        replies += said
        if messages < WHOLE_TURNS:
            found.appendleft(event.as_dict())
        elif said:
            text, time = event.text, event.timestamp
            found.appendleft({"event": "bot", "text": text, "timestamp": time})
        messages += isinstance(event, UserUttered)
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


class Processor(MessageProcessor):
    """Rasa's processor of messages, with our calls to the action server."""

    @classmethod
    def around(cls, processor: MessageProcessor) -> Processor:
        """Return one that goes on where another is, with its model and its stores."""
        made: Processor = cls.__new__(cls)
        made.__dict__.update(processor.__dict__)
        return made

    def predict_next_with_tracker_if_should(
        self, tracker: DialogueStateTracker
    ) -> tuple[Action, PolicyPrediction]:
        """Return the next action and the prediction that chose it."""
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        return _recent(action), prediction

    def _get_action(self, action_name: str) -> Action | None:
        return _recent(super()._get_action(action_name))


def _recent(action: Any) -> Any:
    if type(action) is RemoteAction:
        return RecentAction(action.name(), action.action_endpoint)
    return action
