"""Runs actions without servers: a made-up tracker in, events and messages out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.engine import Engine

import actions
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.snapshot import Catalogue, CatalogueCache
from preceptor.catalogue.vocabulary import Vocabulary
from preceptor.conversation.choices import Choice, Payload, intent_of
from preceptor.conversation.replies import Reply, reply_of
from preceptor.intents import intents
from preceptor.nlu.entities.extractor import extract
from preceptor.nlu.entities.linking import Linker
from preceptor.nlu.tokens import tokens_of
from tests.support.tiny_project import ROOT

_ids = count(1)


@dataclass
class Outcome:
    """What an action, or a chain of them, gave back."""

    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]
    slots: dict[str, Any]
    ran: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words; a response stands by its name."""
        return "\n".join(m.get("text") or m.get("response") or "" for m in self.messages)

    @property
    def replies(self) -> list[Reply]:
        """All replies; a response's has no parts."""
        return [reply_of(m) for m in self.messages]

    @property
    def cards(self) -> list[dict[str, Any]]:
        """All cards."""
        return [json.loads(reply.card.json()) for reply in self.replies if reply.card]

    @property
    def choices(self) -> list[Choice]:
        """All buttons."""
        return [choice for reply in self.replies for choice in reply.choices]

    @property
    def titles(self) -> list[str]:
        """The titles of all buttons."""
        return [choice.title for choice in self.choices]

    @property
    def listed(self) -> list[str]:
        """The programmes on the page shown last."""
        shown = self.slots.get("listed") or {"ids": [], "first": 1}
        return shown["ids"][shown["first"] - 1 :]

    def payload(self, title: str) -> Payload:
        """What the button of a title does."""
        (found,) = [choice.payload for choice in self.choices if choice.title == title]
        return found

    @property
    def next_action(self) -> str | None:
        """The action that the events ask for, if any."""
        return next((e["name"] for e in self.events if e["event"] == "followup"), None)


def showing(*ids: str) -> dict[str, Any]:
    """Return the slots after a search has shown these programmes."""
    return {"listed": {"of": "search", "ids": list(ids), "first": 1}, "search_offset": 0}


@lru_cache(maxsize=1)
def actions_by_name() -> dict[str, Action]:
    """Return the project's actions as the SDK would find them."""
    import importlib
    import pkgutil

    for module in pkgutil.iter_modules(actions.__path__):
        importlib.import_module(f"actions.{module.name}")

    def leaves(cls: type) -> Iterator[type]:
        for each in cls.__subclasses__():
            yield from leaves(each)
            if each.__module__.startswith("actions.") and not each.__abstractmethods__:
                yield each

    return {made.name(): made for made in (cls() for cls in leaves(Action))}


class Desk:
    """A catalogue in a real SQLite file, and the actions on it."""

    def __init__(self, engine: Engine) -> None:
        """Import the project's catalogue."""
        import_folder(ROOT / "catalogue", engine)
        self.cache = CatalogueCache(engine)
        self._linker = Linker(Vocabulary.of(self.catalogue()))

    def catalogue(self) -> Catalogue:
        """The catalogue."""
        return self.cache.current()

    def entities(self, text: str) -> list[dict[str, Any]]:
        """Return a text's entities as the pipeline finds them."""
        return extract(tokens_of(text), self._linker)

    def message(self, text: str, read_as: str, /, **more: Any) -> dict[str, Any]:
        """Return a message as the tracker carries it; `more` overwrites."""
        return {
            "text": text,
            "message_id": f"message-{next(_ids)}",
            "intent": {"name": read_as, "confidence": 0.9},
            "intent_ranking": [{"name": read_as, "confidence": 0.9}],
            "entities": self.entities(text),
            **more,
        }

    def run(
        self,
        action: str,
        text: str = "",
        intent: str = "find_program",
        slots: dict[str, Any] | None = None,
        message: dict[str, Any] | None = None,
    ) -> Outcome:
        """Run one action.

        Args:
            action: its name.
            text: the person's message.
            intent: how it was read.
            slots: the conversation's slots before.
            message: the whole message in place of text and intent.
        """
        tracker = Tracker(
            "someone",
            dict(slots or {}),
            message or self.message(text, intent),
            [],
            False,
            None,
            {},
            "action_listen",
        )
        dispatcher = CollectingDispatcher()
        made = actions_by_name()[action]
        events = list(made.run(dispatcher, tracker, {}))
        after = dict(tracker.slots)
        after.update({e["name"]: e["value"] for e in events if e["event"] == "slot"})
        return Outcome(dispatcher.messages, events, after, [action])

    def click(self, payload: Payload, slots: dict[str, Any] | None = None) -> Outcome:
        """Do what a button does: run the actions of its intent's rule, in order."""
        name = intent_of(payload)
        message = self.message("the title", name, entities=[], choice=payload.dict())
        whole = Outcome([], [], dict(slots or {}))
        for action in intents()[name].actions:
            if action.startswith("utter_"):
                whole.messages.append({"response": action, "text": None, "custom": {}})
                continue
            done = self.turn(action, message, whole.slots)
            whole.messages += done.messages
            whole.events += done.events
            whole.slots = done.slots
            whole.ran += done.ran
        return whole

    def turn(
        self, action: str, message: dict[str, Any], slots: dict[str, Any] | None = None
    ) -> Outcome:
        """Run an action and what it sends the conversation to, until the next message."""
        whole = Outcome([], [], dict(slots or {}))
        following: str | None = action
        while following and following != "action_listen":
            done = self.run(following, slots=whole.slots, message=message)
            whole.messages += done.messages
            whole.events += done.events
            whole.slots = done.slots
            whole.ran += done.ran
            following = done.next_action
            assert len(whole.ran) < 10, whole.ran
        return whole

    def talk(self, *turns: tuple[str, str, str]) -> Outcome:
        """Run several messages, each (action, text, intent), in one conversation."""
        slots: dict[str, Any] = {}
        outcome = Outcome([], [], {})
        for action, text, intent in turns:
            outcome = self.turn(action, self.message(text, intent), slots)
            slots = outcome.slots
        return outcome
