"""The rules of Rasa, looked at through as much of a conversation as any rule spans."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from rasa.core.policies import rule_policy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT

from preceptor.rasa_ext.tracker_store import LiveTracker

# How many states are remembered with the rules that fit each. There are about as many as pairs of
# an intent and an action.
_STATES_KEPT = 4096

# A state as it can be looked up: each kind of its parts, with names and values.
_Known = tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]
# Returns the rules of which a state fits the one so many turns back.
_Fitting = Callable[[int, _Known], frozenset[str]]


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class RulePolicy(rule_policy.RulePolicy):
    """Rasa's rule policy; what it predicts is the same, at a cost that does not grow.

    Rasa's compares all states since the conversation began with each rule, though a rule says
    nothing about those before its own first, and it does so anew at each prediction, though rules
    ask for few things and most conversations go the same ways. It keeps the name because Rasa
    tells by it which predictions come from rules.
    """

    _longest: int | None = None
    _intent_decides = False
    _of_lookup: dict[int, tuple[dict[str, frozenset[str]], _Fitting]]

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
            self._look_through_rules()
        assert self._longest is not None
        states = tracker.recent_states(domain, self._longest)
        self.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
        return states

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        """Return the action that the rules give, the rule, and whether a loop goes on."""
        if (
            use_text_for_last_user_input
            and self._intent_decides
            and tracker.active_loop_name is None
        ):
            # Rasa looks for rules on a message's words first, and then hides its intent from them.
            return None, None, False
        found: tuple[str | None, str | None, bool] = super()._find_action_from_rules(
            tracker, domain, use_text_for_last_user_input
        )
        return found

    def _look_through_rules(self) -> None:
        """Find out how long rules are and what they ask for; by now all are known."""
        self._of_lookup = {}
        longest = 1
        for name in (rule_policy.RULES, rule_policy.RULES_FOR_LOOP_UNHAPPY_PATH):
            lookup = self.lookup[name]
            rules = [json.loads(key) for key in lookup]
            longest = max(longest, *map(len, rules), 1)
            self._of_lookup[id(lookup)] = _asked_for(rules), self._remembering(lookup)
            if name == rule_policy.RULES:
                self._intent_decides = all(_asks_for_intent(rule[-1]) for rule in rules)
        # One more, so that a rule's start is never taken for the conversation's.
        self._longest = longest + 1

    def _remembering(self, lookup: dict[str, str]) -> _Fitting:
        @lru_cache(maxsize=_STATES_KEPT)
        def fitting(back: int, known: _Known) -> frozenset[str]:
            state = {kind: dict(part) for kind, part in known}
            return frozenset(key for key in lookup if self._is_rule_applicable(key, back, state))

        return fitting

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        """Return the rules that fit the states: those that fit each of them."""
        if self._longest is None or id(lookup) not in self._of_lookup:
            return set(super()._get_possible_keys(lookup, states))
        asked, fitting = self._of_lookup[id(lookup)]
        possible = frozenset(lookup)
        try:
            for back, state in enumerate(reversed(states)):
                possible &= fitting(back, _seen_by_rules(state, asked))
        except TypeError:
            # A value that cannot be looked up by, such as a list.
            return set(super()._get_possible_keys(lookup, states))
        return set(possible)


def _asks_for_intent(state: State) -> bool:
    """Tell whether a rule's state fits only where the message's intent is a certain one."""
    intent = state.get(USER, {}).get(INTENT)
    return bool(intent) and intent != SHOULD_NOT_BE_SET


def _asked_for(rules: Iterable[list[State]]) -> dict[str, frozenset[str]]:
    """Return the parts of a state that rules ask for, by kind."""
    asked: dict[str, set[str]] = {}
    for rule in rules:
        for state in rule:
            for kind, part in state.items():
                asked.setdefault(kind, set()).update(part)
    return {kind: frozenset(keys) for kind, keys in asked.items()}


def _seen_by_rules(state: State, asked: dict[str, frozenset[str]]) -> _Known:
    """Return a state without what no rule asks for.

    Whether there was an action before tells a conversation's start, so that part stays whole.
    """
    return tuple(
        (
            kind,
            tuple(
                sorted(
                    (key, value)
                    for key, value in part.items()
                    if kind == PREVIOUS_ACTION or key in asked.get(kind, ())
                )
            ),
        )
        for kind, part in sorted(state.items())
    )
