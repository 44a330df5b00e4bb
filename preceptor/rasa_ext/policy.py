"""What follows a message: the actions that intents.yml gives its intent, in order, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa.core.constants import DEFAULT_POLICY_PRIORITY
from rasa.core.policies.policy import Policy, PolicyPrediction, SupportedData
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from preceptor.intents import FALLBACK_ACTION, intents


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class IntentPolicy(Policy):
    """Runs the actions of the latest message's intent, one per prediction, then listens.

    Rasa's RulePolicy compares all states since the conversation began with every rule, at a cost
    that grows with the conversation; here every rule asks for one intent and nothing else, so a
    look at the latest turn is enough. What depends on the conversation is decided by actions,
    which send it elsewhere with a `FollowupAction`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the priority that Rasa wants of every policy."""
        return {"priority": DEFAULT_POLICY_PRIORITY}

    @staticmethod
    def supported_data() -> SupportedData:
        """Return that it takes rules; it learns nothing from them."""
        return SupportedData.RULE_DATA

    def train(
        self,
        training_trackers: list[TrackerWithCachedStates],
        domain: Domain,
        **kwargs: Any,
    ) -> Resource:
        """Return the resource as it is: there is nothing to learn."""
        return self._resource

    @classmethod
    def load(cls, config: dict[str, Any], *args: Any, **kwargs: Any) -> IntentPolicy:
        """Build the policy; training leaves nothing behind."""
        made: IntentPolicy = cls.create(config, *args, **kwargs)
        return made

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Return the next action with a probability of 1."""
        return PolicyPrediction.for_action_name(domain, next_action(tracker), type(self).__name__)


def next_action(tracker: DialogueStateTracker) -> str:
    """Return the action that is due: the next of the intent's, or listening."""
    message = tracker.latest_message
    intent = (message.intent.get("name") if message else None) or ""
    due = actions_of(intent)
    done = _actions_since_message(tracker)
    return due[done] if done < len(due) else ACTION_LISTEN_NAME


def actions_of(intent: str) -> Sequence[str]:
    """Return what is run for an intent; a message that isn't understood is asked about."""
    declared = intents().get(intent)
    return declared.actions if declared else (FALLBACK_ACTION,)


def _actions_since_message(tracker: DialogueStateTracker) -> int:
    count = 0
    for event in reversed(tracker.events):
        # By name, since `isinstance` is slow for Rasa's abstract classes.
        if event.type_name == UserUttered.type_name:
            return count
        count += event.type_name == ActionExecuted.type_name
    # Nobody has said anything yet.
    return count
