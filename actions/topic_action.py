"""One turn of a conversation, as the topic actions see it, and what they have in common."""

from __future__ import annotations

import abc
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from actions.words import say, words
from preceptor.catalogue.database import engine_from_url, session
from preceptor.catalogue.facts import Topic, topics
from preceptor.conversation.cards import Card

log = structlog.get_logger(__name__)

ACTION_OF: dict[str, str] = {
    "find_program": "action_search_programs",
    "refine_search": "action_refine_search",
    "ask_program_detail": "action_show_program",
    "compare_programs": "action_compare_programs",
    "save_program": "action_save_program",
    "show_shortlist": "action_show_shortlist",
    "ask_registration_requirement": "action_show_registration",
    "ask_internship_length": "action_show_internship_length",
    "ask_capabilities": "action_show_capabilities",
    "out_of_scope": "action_decline",
}
"""The action behind an intent, as data/rules has it; the rest are answered by a response."""

ANSWER_ACTION = "action_give_facts"
MAX_QUICK_REPLIES = 3


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Return the catalogue's engine, made once a process."""
    return engine_from_url()


@dataclass(frozen=True)
class Question:
    """One question of a message.

    Attributes:
        intent: what it asks.
        text: its words, without the rest of the message.
        entities: the entities within them, as the pipeline wrote them.
    """

    intent: str
    text: str
    entities: tuple[dict[str, Any], ...] = ()

    def of_kind(self, *kinds: str, role: str | None = None) -> list[dict[str, Any]]:
        """Return the entities of these kinds that have this role.

        Roles are `excluded` (not wanted), `origin` (where somebody comes from) and None.
        """
        return [e for e in self.entities if e["entity"] in kinds and e.get("role") == role]

    def values(self, kind: str, *, role: str | None = None) -> list[Any]:
        """Return the distinct values of the entities of one kind and role, in order."""
        found: list[Any] = []
        for entity in self.of_kind(kind, role=role):
            if entity["value"] not in found:
                found.append(entity["value"])
        return found


@dataclass
class Turn:
    """What an action knows and what it gives back.

    Attributes:
        question: the question to answer now.
        others: the questions of the same message that are still open.
        first: True where this is the message's first question.
        slots: the conversation's slots.
        parse: the message as the pipeline read it.
        session: the catalogue.
        events: what the action gives back to Rasa.
    """

    question: Question
    others: tuple[Question, ...]
    first: bool
    slots: dict[str, Any]
    parse: dict[str, Any]
    session: Session
    dispatcher: CollectingDispatcher
    events: list[EventType] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Keep which wordings this turn uses."""
        self._wording: int = self.slots.get("wording") or 0

    def set(self, **slots: Any) -> None:
        """Set slots, for the rest of this turn and for the conversation."""
        for name, value in slots.items():
            if self.slots.get(name) != value:
                self.slots[name] = value
                self.events.append(SlotSet(name, value))

    def say(self, name: str, /, **values: object) -> str:
        """Return a sentence of words.yml; its wordings take turns over the conversation."""
        if len(words()[name]) > 1:
            self.set(wording=self._wording + 1)
        return say(name, self._wording, **values)

    def reply(
        self,
        text: str | None = None,
        *,
        response: str | None = None,
        card: Card | None = None,
        quick: list[tuple[str, str]] | None = None,
    ) -> None:
        """Send a reply.

        Args:
            text: its words; or
            response: the name of a response in domain.yml.
            card: what to show beside it.
            quick: quick replies as (title, what a click says); the first three are offered, and
                none while further questions of the message wait for their answers.
        """
        replies = [] if self.others else (quick or [])[:MAX_QUICK_REPLIES]
        self.dispatcher.utter_message(
            text=text,
            response=response,
            json_message=card.dict() if card else None,
            buttons=[{"title": title, "payload": payload} for title, payload in replies],
        )

    def topics(self) -> dict[str, Topic]:
        """Return the topics by intent."""
        return {topic.intent: topic for topic in topics(self.session)}

    def leads(self, intent: str) -> list[tuple[str, str]]:
        """Return the quick replies that lead on from an intent."""
        known = self.topics()
        topic = known.get(intent)
        leads = [known[i] for i in (topic.leads_to if topic else ()) if i in known]
        replies = [(t.label, t.question) for t in leads]
        if self.slots.get("search_shown") and intent not in ACTION_OF:
            replies = [
                *replies[: MAX_QUICK_REPLIES - 1],
                ("Back to my search", "Back to my search"),
            ]
        return replies


def open_questions(tracker: Tracker) -> tuple[list[Question], bool]:
    """Return the questions still to answer, the current one first, and whether it is the first.

    The rest of a message's questions waits in the slot `open_questions`, under the message's id,
    so that a turn that broke off leaves nothing behind for the next message.
    """
    message = tracker.latest_message or {}
    waiting = tracker.get_slot("open_questions") or {}
    if waiting.get("message_id") == message.get("message_id") and waiting.get("questions"):
        return [
            Question(q["intent"], q["text"], tuple(q["entities"])) for q in waiting["questions"]
        ], False
    entities = message.get("entities") or []
    # Actions read English: of a message in another language, the words that have an English gloss.
    text = message.get("gloss") or message.get("text") or ""
    intent = (message.get("intent") or {}).get("name") or ""
    asked = message.get("questions") or []
    if len(asked) < 2 or asked[0]["intent"] != intent:
        return [Question(intent, text, tuple(entities))], True
    return [
        Question(
            q["intent"],
            q["text"],
            tuple(e for e in entities if q["start"] <= e["start"] < q["end"]),
        )
        for q in asked
    ], True


class TopicAction(Action, abc.ABC):
    """An action that answers one question and then sends the conversation to the next one."""

    @abc.abstractmethod
    def name(self) -> str:
        """Return the action's name in the domain."""

    @abc.abstractmethod
    def answer(self, turn: Turn) -> None:
        """Answer `turn.question`: send replies and set slots."""

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Answer the question; whoever runs the action gives it a thread of its own."""
        started = time.perf_counter()
        questions, first = open_questions(tracker)
        with session(engine()) as opened:
            turn = Turn(
                question=questions[0],
                others=tuple(questions[1:]),
                first=first,
                slots=dict(tracker.slots),
                parse=tracker.latest_message or {},
                session=opened,
                dispatcher=dispatcher,
            )
            self.answer(turn)
        if turn.slots.get("misses") and self.name() != "action_ask_rephrase":
            turn.set(misses=0)
        if turn.slots.get("offer") == tracker.get_slot("offer") and turn.slots.get("offer"):
            turn.set(offer=None)
        ms = round(1000 * (time.perf_counter() - started))
        log.info("action.done", conversation=tracker.sender_id, action=self.name(), ms=ms)
        return [*turn.events, *_next(turn, tracker)]


def _next(turn: Turn, tracker: Tracker) -> list[EventType]:
    """Return the events that lead to the next open question, or to the end of the turn."""
    any_followup = any(e["event"] == "followup" for e in turn.events)
    if turn.others and not any_followup:
        waiting = {
            "message_id": (tracker.latest_message or {}).get("message_id"),
            "questions": [
                {"intent": q.intent, "text": q.text, "entities": list(q.entities)}
                for q in turn.others
            ],
        }
        following = ACTION_OF.get(turn.others[0].intent, ANSWER_ACTION)
        return [SlotSet("open_questions", waiting), FollowupAction(following)]
    if any_followup:
        return []
    done: list[EventType] = []
    if tracker.get_slot("open_questions"):
        done.append(SlotSet("open_questions", None))
    return done if turn.first else [*done, FollowupAction("action_listen")]
