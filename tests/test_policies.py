"""The rule policy predicts what Rasa's does, whatever rules there are and whatever was said."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from rasa.core.policies import rule_policy
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    Restarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.generator import TrainingDataGenerator
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph

from preceptor.rasa_ext.policy import RulePolicy
from preceptor.rasa_ext.tracker_store import LiveTracker

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [greet, ask, stop, thank]
    entities: [country]
    slots:
      country: {type: text, mappings: [{type: custom}]}
      known: {type: bool, mappings: [{type: custom}]}
    forms:
      details: {required_slots: [country]}
    actions: [action_answer, action_more]
    responses:
      utter_greet: [{text: hello}]
      utter_welcome: [{text: welcome}]
      utter_stopped: [{text: stopped}]
    """
)
PLAIN = """
version: "3.1"
rules:
- rule: greet
  steps: [{intent: greet}, {action: utter_greet}]
- rule: ask
  steps: [{intent: ask}, {action: action_answer}, {action: action_more}]
"""
# Without an intent in the last step, with conditions, with loops, at the start, on words.
ALL_KINDS = (
    PLAIN
    + """
- rule: known
  condition: [{slot_was_set: [{known: true}]}]
  steps: [{intent: thank}, {action: utter_stopped}]
- rule: start
  conversation_start: true
  steps: [{intent: stop}, {action: utter_welcome}]
- rule: form
  steps: [{intent: thank}, {action: details}, {active_loop: details}]
- rule: end of the form
  condition: [{active_loop: details}]
  steps:
  - action: details
  - active_loop: null
  - slot_was_set: [{requested_slot: null}]
  - action: utter_stopped
- rule: aside
  condition: [{active_loop: details}]
  steps: [{intent: greet}, {action: utter_greet}, {action: details}]
"""
)


@pytest.fixture(scope="module", params=[PLAIN, ALL_KINDS], ids=["plain", "all kinds"])
def policies(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RulePolicy, rule_policy.RulePolicy]]:
    """Ours and Rasa's, trained on the same rules."""
    file = tmp_path_factory.mktemp("rules") / "rules.yml"
    file.write_text(request.param)
    steps = YAMLStoryReader(DOMAIN).read_from_file(file)
    trackers = TrainingDataGenerator(StoryGraph(steps), DOMAIN, augmentation_factor=0).generate()
    yield (
        trained(RulePolicy, trackers, file.parent / "ours"),
        trained(rule_policy.RulePolicy, trackers, file.parent / "rasas"),
    )


def trained(
    kind: type[rule_policy.RulePolicy], trackers: list[DialogueStateTracker], folder: Path
) -> rule_policy.RulePolicy:
    folder.mkdir()
    storage, resource = LocalModelStorage.create(folder), Resource("policy")
    context = ExecutionContext(GraphSchema({}))
    config = {**kind.get_default_config(), "restrict_rules": False}
    kind(config, storage, resource, context).train(trackers, DOMAIN)
    return kind.load(config, storage, resource, context)


def some_events(draw: random.Random) -> list[Event]:
    """A piece of a conversation."""
    kinds: list[list[Event]] = [
        [
            ActionExecuted("action_listen"),
            UserUttered("well", {"name": draw.choice(DOMAIN.intents), "confidence": 0.9}),
        ],
        [ActionExecuted(draw.choice(["action_answer", "action_more", "utter_greet", "details"]))],
        [SlotSet("known", draw.choice([True, False, None]))],
        [SlotSet("country", draw.choice(["Peru", None]))],
        [ActiveLoop("details")],
        [ActiveLoop(None), SlotSet("requested_slot", None)],
        [ActionExecutionRejected("details")],
        [Restarted()],
    ]
    return draw.choices(kinds, [8, 6, 2, 1, 1, 1, 0.5, 0.2])[0]


@pytest.mark.parametrize("seed", range(10))
def test_the_predictions_are_those_of_rasa(
    policies: tuple[RulePolicy, rule_policy.RulePolicy], seed: int
) -> None:
    ours, rasas = policies
    draw = random.Random(seed)
    live = LiveTracker("person", DOMAIN.slots)
    plain = DialogueStateTracker("person", DOMAIN.slots)
    followed = 0
    for _ in range(60):
        for event in some_events(draw):
            live.update(event, DOMAIN)
            plain.update(event, DOMAIN)
        mine = ours.predict_action_probabilities(live, DOMAIN)
        theirs = rasas.predict_action_probabilities(plain, DOMAIN)
        assert mine == theirs
        followed += theirs.max_confidence == 1
    assert followed > 5


def test_a_state_seen_before_is_not_matched_again(
    policies: tuple[RulePolicy, rule_policy.RulePolicy], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _ = policies
    tracker = LiveTracker("person", DOMAIN.slots)
    for event in (ActionExecuted("action_listen"), UserUttered("hi", {"name": "greet"})):
        tracker.update(event, DOMAIN)
    first = ours.predict_action_probabilities(tracker, DOMAIN)
    monkeypatch.setattr(ours, "_is_rule_applicable", lambda *_: pytest.fail("it was"))
    assert ours.predict_action_probabilities(tracker, DOMAIN) == first
