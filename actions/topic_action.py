"""One turn of a conversation, as the topic actions see it, and what they have in common."""

from __future__ import annotations

import abc
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.words import say, words
from preceptor.catalogue.snapshot import Catalogue, shared_catalogue
from preceptor.conversation.choices import Ask, Choice, Page, Payload, intent_of, payload_of
from preceptor.conversation.frame import Frame, told_of_oneself
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.protocols import CONTINUED, MISREAD, protocols
from preceptor.conversation.replies import Reply, as_custom
from preceptor.intents import intents

log = structlog.get_logger(__name__)

MAX_QUICK_REPLIES = 3

_KEPT_AFRESH = frozenset({"frame", "shortlist", "open_questions", "session_started_metadata"})
"""The slots that outlast a question asked afresh: what a person keeps, and what Rasa needs."""

# What says that something is wished for and not only spoken of.
_WISHES = re.compile(
    r"\b(?:i|i'?m|i'?d|i'?ve|we|we'?re|he|she|my)\b[^.?!;]{0,30}\b(?:interested|prefer|want\w*"
    r"|like to|love to|hop(?:e|ing)|keen|plan\w*|dream|specialis\w*|specializ\w*|looking for|into"
    r"|(?:have|got)(?= (?:\w+ ){0,2}[^\w\s]?(?:\d|one|two|three|four|five|six|eight|ten|twelve))"
    r"|going to|afford|spend|budget)\b"
    r"|\bbudget\b",
    re.IGNORECASE,
)

_MATTERS = frozenset({"advice", "search", "results", "registration"})


@dataclass(frozen=True)
class Question:
    """One question of a message.

    Attributes:
        intent: what it asks.
        text: its words, without the rest of the message; of a click those of the intent that it
            asks, otherwise none, since a button's title isn't read.
        entities: the entities within them, as the pipeline wrote them.
        choice: what a click does.
    """

    intent: str
    text: str
    entities: tuple[dict[str, Any], ...] = ()
    choice: Payload | None = None

    @classmethod
    def of_choice(cls, choice: Payload) -> Question:
        """Return the question that a click asks."""
        intent = intent_of(choice)
        text = intents()[intent].question if isinstance(choice, Ask) else ""
        return cls(intent, text, choice=choice)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Question:
        """Read back what `as_json` gave."""
        choice = payload_of(content.get("choice"))
        return cls(content["intent"], content["text"], tuple(content["entities"]), choice)

    def as_json(self) -> dict[str, Any]:
        """Return the question as a slot keeps it."""
        choice = self.choice.dict() if self.choice else None
        return {
            "intent": self.intent,
            "text": self.text,
            "entities": list(self.entities),
            "choice": choice,
        }

    def of_kind(self, *kinds: str, role: str | None = None) -> list[dict[str, Any]]:
        """Return the entities of these kinds that have this role.

        Roles are `excluded` (not wanted), `origin` (where somebody comes from), `mentioned`
        (neither asked for nor refused) and None.
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
        catalogue: the catalogue as it was when the turn began.
        events: what the action gives back to Rasa.
        said: what the person has told, follow-ups apart, the newest last.
    """

    question: Question
    others: tuple[Question, ...]
    first: bool
    slots: dict[str, Any]
    parse: dict[str, Any]
    catalogue: Catalogue
    dispatcher: CollectingDispatcher
    events: list[EventType] = field(default_factory=list)
    said: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Keep which wordings this turn uses."""
        self._wording: int = self.slots.get("wording") or 0

    @property
    def choice(self) -> Payload | None:
        """What the person clicked on, to be done as it stands; None for typed words."""
        return self.question.choice

    @property
    def frame(self) -> Frame:
        """The conversation's frame; setting it keeps it."""
        return Frame.of(self.slots.get("frame"))

    @frame.setter
    def frame(self, frame: Frame) -> None:
        self.set(frame=frame.dict())

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

    def reply(self, lead: str = "", *, choices: Iterable[Choice] = (), **parts: Any) -> None:
        """Send a reply.

        Args:
            lead: the answer in a sentence or two.
            choices: what can be done next; the first three are offered, and none while further
                questions of the message wait for their answers or a danger is spoken of.
            parts: the other parts of a `Reply`, by name.
        """
        danger = self.frame.danger
        held = danger is not None and not danger.dealt
        offered = () if self.others or held else tuple(choices)[:MAX_QUICK_REPLIES]
        reply = Reply(lead=lead, choices=offered, **parts)
        self.dispatcher.utter_message(text=plain_text(reply), json_message=as_custom(reply))

    def respond(self, response: str) -> None:
        """Send a response of domain.yml."""
        self.dispatcher.utter_message(response=response)

    def button(self, words: str, payload: Payload, /, **values: object) -> Choice:
        """Return a button whose title is a sentence of words.yml."""
        return Choice(title=self.say(words, **values), payload=payload)

    def leads(self, intent: str) -> list[Choice]:
        """Return what leads on from an intent, and back to the search if there is one."""
        declared = intents()
        choices = [
            Choice(title=declared[name].label, payload=Ask(intent=name))
            for name in declared[intent].leads_to
        ]
        if declared[intent].group in ("search", "results"):
            return choices
        back = self.back_to_search()
        return [*choices[: MAX_QUICK_REPLIES - len(back)], *back]

    def back_to_search(self) -> list[Choice]:
        """Return the button back to the search's page shown last, none without a search."""
        offset = self.slots.get("search_offset")
        return [] if offset is None else [self.button("button_back", Page(offset=offset))]


def open_questions(tracker: Tracker) -> tuple[list[Question], bool]:
    """Return the questions still to answer, the current one first, and whether it is the first.

    The rest of a message's questions waits in the slot `open_questions`, under the message's id,
    so that a turn that broke off leaves nothing behind for the next message.
    """
    message = tracker.latest_message or {}
    waiting = tracker.get_slot("open_questions") or {}
    if waiting.get("message_id") == message.get("message_id") and waiting.get("questions"):
        return [Question.from_json(each) for each in waiting["questions"]], False
    if choice := payload_of(message.get("choice")):
        return [Question.of_choice(choice)], True
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

    action: ClassVar[str]
    """Its name in the domain."""

    def name(self) -> str:
        """Return the action's name in the domain."""
        return self.action

    @abc.abstractmethod
    def answer(self, turn: Turn) -> None:
        """Answer `turn.question`: send replies and set slots."""

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Answer the question; whoever runs the action gives it a thread of its own."""
        started = time.perf_counter()
        questions, first = open_questions(tracker)
        turn = Turn(
            question=questions[0],
            others=tuple(questions[1:]),
            first=first,
            slots=dict(tracker.slots),
            parse=tracker.latest_message or {},
            catalogue=shared_catalogue().current(),
            dispatcher=dispatcher,
            said=_said(tracker),
        )
        _prepare(turn)
        self.answer(turn)
        if turn.slots.get("misses") and self.name() != "action_ask_rephrase":
            turn.set(misses=0)
        if turn.slots.get("offer") == tracker.get_slot("offer") and turn.slots.get("offer"):
            turn.set(offer=None)
        ms = round(1000 * (time.perf_counter() - started))
        log.info("action.done", conversation=tracker.sender_id, action=self.name(), ms=ms)
        return [*turn.events, *_next(turn, tracker)]


def _said(tracker: Tracker) -> tuple[str, ...]:
    """Return what the person has told since they asked to forget it, without their follow-ups."""
    said: list[str] = []
    for event in tracker.events:
        parse = event.get("parse_data") or {}
        if parse.get("follow_up") == "forget_me":
            said.clear()
        elif event["event"] == "user" and event.get("text") and not parse.get("follow_up"):
            said.append(event["text"])
    return tuple(said)


def _prepare(turn: Turn) -> None:
    """Do what precedes every answer."""
    if turn.first and isinstance(turn.choice, Ask) and turn.choice.afresh:
        turn.set(**dict.fromkeys(turn.slots.keys() - _KEPT_AFRESH))
        turn.frame = turn.frame.copy(update={"person": turn.frame.person.less_wishes()})
    declared = intents().get(turn.question.intent)
    frame = turn.frame
    if turn.choice is None:
        group = declared.group if declared else None
        wishes = group in ("search", "results", "reaction") or bool(
            _WISHES.search(turn.question.text)
        )
        text = "" if turn.parse.get("gloss") else str(turn.parse.get("text") or "")
        entities = turn.question.entities
        person = told_of_oneself(frame.person, entities, text, wishes=wishes)
        frame = frame.copy(update={"person": person})
    turn.frame = frame
    if declared is not None and declared.group in {*_MATTERS, "refusal"} and turn.first:
        leave_danger(turn, declared.name)
    if declared is None or turn.first:
        # A rule has said the responses of a message's first question.
        return
    for response in declared.actions:
        if response.startswith("utter_"):
            turn.respond(response)


def leave_danger(turn: Turn, intent: str = "") -> None:
    """Answer another matter than a danger that was spoken of: the second one ends the danger.

    The first one asks about it once, unless it has been dealt with.

    Args:
        turn: the turn.
        intent: that of the other matter, if it has one.
    """
    danger = turn.frame.danger
    if danger is None:
        return
    protocol = protocols()[danger.kind]
    if turn.parse.get("misread"):
        turn.reply(protocol.saying(MISREAD).says[0])
        turn.frame = turn.frame.copy(update={"danger": None})
        return
    if intent in protocol.topics and protocol.knowledge:
        return
    if not danger.dealt:
        turn.reply(protocol.check)
    said = danger.said if danger.dealt else (*danger.said, CONTINUED)
    left = danger.copy(update={"dealt": True, "left": True, "said": said})
    turn.frame = turn.frame.copy(update={"danger": None if danger.left else left})


def _next(turn: Turn, tracker: Tracker) -> list[EventType]:
    """Return the events that lead to the next open question, or to the end of the turn."""
    any_followup = any(e["event"] == "followup" for e in turn.events)
    if turn.others and not any_followup:
        return follow_with(turn, turn.others)
    if any_followup:
        return []
    done: list[EventType] = []
    if tracker.get_slot("open_questions"):
        done.append(SlotSet("open_questions", None))
    return done if turn.first else [*done, FollowupAction("action_listen")]


def follow_with(turn: Turn, questions: Iterable[Question]) -> list[EventType]:
    """Return the events that have questions answered next, in the same turn."""
    waiting = [question.as_json() for question in questions]
    following = intents()[waiting[0]["intent"]].answer_action
    message_id = turn.parse.get("message_id")
    return [
        SlotSet("open_questions", {"message_id": message_id, "questions": waiting}),
        FollowupAction(following),
    ]
