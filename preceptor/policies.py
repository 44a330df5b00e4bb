"""The rules of Rasa, looked at through as much of a conversation as any rule spans."""

from __future__ import annotations

import json
from typing import Any

from rasa.core.policies import rule_policy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker

from preceptor.stores.tracker import LiveTracker


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class RulePolicy(rule_policy.RulePolicy):
    """Rasa's rule policy; what it predicts is the same, at a cost that does not grow.

    Rasa's compares all states since the conversation began with each rule, though a rule says
    nothing about those before its own first. It keeps the name because Rasa tells by it which
    predictions come from rules.
    """

    _longest: int | None = None

    def _prediction_states(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        if not isinstance(tracker, LiveTracker):
            # In training.
            return super()._prediction_states(
                tracker, domain, use_text_for_last_user_input, rule_only_data
            )
        if self._longest is None:
            keys = {*self.lookup[rule_policy.RULES]}
            keys |= {*self.lookup[rule_policy.RULES_FOR_LOOP_UNHAPPY_PATH]}
            # One more, so that a rule's start is never taken for the conversation's.
            self._longest = max((len(json.loads(key)) for key in keys), default=1) + 1
        states = tracker.recent_states(domain, self._longest)
        self.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
        return states
