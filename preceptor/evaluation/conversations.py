"""Holds conversations with the trained advisor in this process, for the reports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from preceptor.conversation.frame import Frame
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Reply
from preceptor.rasa_ext.lean_imports import import_rasa
from preceptor.runtime.logs import configure_logging
from preceptor.runtime.models import choose_model
from preceptor.runtime.settings import Settings, quiet_environment

T = TypeVar("T")


@dataclass
class Exchange:
    """One message of a person and what came of it.

    Attributes:
        person: the message.
        replies: what the advisor said.
        parse: the message as it was read.
        actions: what was run for it, without action_listen.
        before: the frame before it.
        frame: the frame after it.
        slots: the conversation's slots after it.
    """

    person: str
    replies: list[Reply]
    parse: dict[str, Any]
    actions: list[str]
    before: Frame
    frame: Frame
    slots: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All words that came back, without cards, sources and buttons."""
        parts = [p for r in self.replies for p in (r.lead, *r.body, *r.steps, *r.remarks)]
        return "\n".join(part for part in parts if part)

    @property
    def shown(self) -> str:
        """All that came back, with cards and sources, without buttons."""
        return "\n".join(map(plain_text, self.replies))

    @property
    def told(self) -> tuple[str, ...]:
        """The ids of answers that were given, whole or in part."""
        new = [i for i in self.frame.told if i not in self.before.told and "#" not in i]
        if not new and self.frame.focus and self.frame.question == self.parse.get("text"):
            new = [self.frame.focus]
        return tuple(new)


class Conversations:
    """Conversations with one agent, each known by an id of the caller's."""

    def __init__(self, agent: Any) -> None:
        """Talk to an agent that `with_conversations` has loaded."""
        from preceptor.channels.turns import Turns

        self.agent = agent
        self._turns = Turns("rest", agent.handle_message)
        self._frames: dict[str, Frame] = {}

    async def say(self, conversation: str, text: str) -> Exchange:
        """Send a message and return what came of it."""
        from rasa.shared.core.events import ActionExecuted, UserUttered

        replies = await self._turns.replies(conversation, text)
        tracker = await self.agent.tracker_store.retrieve(conversation)
        slots = tracker.current_slot_values() if tracker else {}
        actions: list[str] = []
        for event in tracker.events if tracker else ():
            if isinstance(event, UserUttered):
                actions = []
            elif isinstance(event, ActionExecuted) and event.action_name != "action_listen":
                actions.append(event.action_name)
        before = self._frames.get(conversation, Frame())
        self._frames[conversation] = Frame.of(slots.get("frame"))
        parse = dict(tracker.latest_message.parse_data) if tracker else {}
        return Exchange(text, replies, parse, actions, before, self._frames[conversation], slots)


def with_conversations(settings: Settings, hold: Callable[[Conversations], Awaitable[T]]) -> T:
    """Load the newest model, hold conversations in memory and return what that gives.

    Raises:
        Complaint: There is no whole model, or it can't be loaded.
    """
    model, _ = choose_model(settings)
    quiet_environment()
    configure_logging("WARNING")
    import_rasa()
    from rasa.core.utils import AvailableEndpoints

    from preceptor.rasa_ext.in_process_action import ActionRunner
    from preceptor.runtime.server import load_agent, warm_answers

    async def run() -> T:
        agent = await load_agent(model, AvailableEndpoints(), ActionRunner())
        # Otherwise the first question runs into the time limit of its action.
        await asyncio.to_thread(warm_answers)
        return await hold(Conversations(agent))

    return asyncio.run(run())
