"""Menus, offers, corrections, and what to say when a message isn't understood or isn't for us."""

from __future__ import annotations

import re

from actions import selection
from actions.answers import (
    LIKELY,
    LIKELY_IN_TALK,
    NEAR,
    SURE,
    SURER,
    answer_if_sure,
    choose,
    goes_on,
    in_talk,
    is_story,
    likely,
    offer,
    read_again,
    said_before,
    tell_best,
)
from actions.follow_up import follow_up
from actions.search_programs import find, offer_nearest, seek
from actions.topic_action import Question, TopicAction, Turn, follow_with
from actions.words import words
from preceptor.catalogue import facts
from preceptor.conversation.choices import Ask, Choice, Neither, payload_of
from preceptor.conversation.decide import SHORT_STORY
from preceptor.conversation.talk_words import BEGINS_TO_ASK, TELLS
from preceptor.intents import Intent, intents

_SEARCH_ENTITIES = ("country", "place", "region", "specialty", "duration", "money", "kind")

# Below which confidence a refusal is doubtful.
_WEAK = 0.6
# How likely an answer must be right to be given where values of a search were named.
_SURER = 0.8
_MOST_WORDS = 5
"""How many words "what can you do?" has."""
_MOST_BESIDE = 5
"""How many words a search that isn't understood as one has beside its values."""


class OfferTopics(TopicAction):
    """Follows small talk: where to go on."""

    action = "action_offer_topics"

    def answer(self, turn: Turn) -> None:
        """Offer topics that suit the intent, and the search if there is one."""
        turn.reply(turn.say("topics_lead"), choices=turn.leads(turn.question.intent))


class ShowCapabilities(TopicAction):
    """Answers "what can you do?"."""

    action = "action_show_capabilities"

    def answer(self, turn: Turn) -> None:
        """Tell what there is, with the catalogue's real figures.

        "Can you write my letter?" asks for something that knowledge/ answers.
        """
        least = likely(turn) if in_talk(turn) else SURE
        if len(turn.question.text.split()) > _MOST_WORDS and answer_if_sure(turn, least):
            return
        if _told_much(turn) and (answer_if_sure(turn, likely(turn)) or offer_nearest(turn)):
            # "What can you ask for?" at the end of a story asks for its own sake.
            return
        covered = facts.countries_covered(turn.catalogue)
        with_programs = [c for c in covered if c.programs]
        licensing = [c for c in covered if c.licensing]
        lead = turn.say(
            "capabilities",
            programs=len(turn.catalogue.programs),
            countries=len(with_programs),
            licensing=len(licensing),
        )
        body = []
        if "countr" in turn.question.text.lower() or "where" in turn.question.text.lower():
            most = sorted(with_programs, key=lambda c: (-c.open_calls, c.country.name))
            body = [
                turn.say(
                    "capabilities_countries",
                    examples=", ".join(c.country.name for c in most[:15]),
                    licensing=", ".join(sorted(c.country.name for c in licensing)),
                )
            ]
        turn.reply(lead, body=body, choices=turn.leads("ask_capabilities"))


def _line(intent: Intent) -> str:
    return f"{intent.label}: {intent.question}"


def _ask(intent: Intent) -> Choice:
    return Choice(title=intent.label, payload=Ask(intent=intent.name))


def _ranked(turn: Turn) -> list[Intent]:
    """Return what the message may have meant, the likeliest first."""
    declared = intents()
    ranking = [declared[r["name"]] for r in turn.parse.get("intent_ranking") or []
               if r["name"] in declared]  # fmt: skip
    return [intent for intent in ranking if intent.offered]


class AskRephrase(TopicAction):
    """Asks "did you mean …" at the first unclear message, and helps further at the second."""

    action = "action_ask_rephrase"

    def answer(self, turn: Turn) -> None:
        """Offer the two likeliest readings; after a second miss, the topics and a person."""
        misses = int(turn.slots.get("misses") or 0) + 1
        turn.set(misses=misses)
        if follow_up(turn):
            turn.set(misses=0)
            return
        nearest = choose(turn)
        if goes_on(turn, nearest):
            turn.set(misses=0)
            return
        if nearest.confidence >= (_SURER if _is_a_search(turn) else likely(turn)):
            turn.set(misses=0)
            tell_best(turn, nearest)
            return
        if _is_a_search(turn):
            turn.set(misses=0)
            find(turn, fresh=False)
            return
        says_much = in_talk(turn) or is_story(turn)
        if nearest.matches and (nearest.confidence >= NEAR or says_much):
            offer(turn, nearest.matches)
            return
        anything_listed = bool(selection.listed(turn).ids)
        readings = [i for i in _ranked(turn) if anything_listed or i.group != "results"][:2]
        if misses > 1 or not readings:
            menu = [_line(intent) for intent in intents().values() if intent.in_menu]
            choices = [_ask(intents()["ask_human"]), *turn.leads("ask_capabilities")]
            turn.reply(turn.say("rephrase_out"), steps=menu, choices=choices)
            return
        turn.set(offer=Ask(intent=readings[0].name).dict())
        turn.reply(
            turn.say("rephrase_two"),
            steps=[_line(intent) for intent in readings],
            choices=[*map(_ask, readings), turn.button("button_neither", Neither())],
        )


def _told_much(turn: Turn) -> bool:
    """Tell whether so much was said that a question comes nearer to it than a theme."""
    told = f"{said_before(turn) if in_talk(turn) else ''} {turn.parse.get('text') or ''}"
    return len(told.split()) >= SHORT_STORY


def _is_a_search(turn: Turn) -> bool:
    """Tell whether an unclear sentence is a clear search: "surg kenya 4wk".

    One that says much beside its values asks something of its own, and so does a question in a
    talk: "is an attachment worth 2 lakh?", and what somebody tells of themselves there.
    """
    named = turn.question.of_kind(*_SEARCH_ENTITIES)
    of_values = sum(len(str(e.get("text") or "").split()) for e in named)
    text = turn.question.text
    asks = in_talk(turn) and (BEGINS_TO_ASK.match(text) or TELLS.match(text))
    if asks or len(text.split()) - of_values > _MOST_BESIDE:
        return False
    ranking = [r["name"] for r in turn.parse.get("intent_ranking") or []]
    return len({e["entity"] for e in named}) > 1 or bool(
        named and {"find_program", "refine_search"} & set(ranking[:3])
    )


class AcceptOffer(TopicAction):
    """Answers "yes"."""

    action = "action_accept_offer"

    def answer(self, turn: Turn) -> None:
        """Do what was offered last, or ask what comes next."""
        offer = payload_of(turn.slots.get("offer"))
        turn.set(offer=None)
        if offer is None:
            turn.reply(turn.say("accept_nothing"), choices=turn.leads("ask_capabilities"))
            return
        turn.events += follow_with(turn, [Question.of_choice(offer)])


class DropOffer(TopicAction):
    """Answers "no"."""

    action = "action_drop_offer"

    def answer(self, turn: Turn) -> None:
        """Drop what was offered; "no, Kenya" is a correction all the same."""
        if turn.question.of_kind(*_SEARCH_ENTITIES):
            correct(turn)
            return
        offered = turn.slots.get("offer") or isinstance(turn.choice, Neither)
        words_for_it = "drop_rephrase" if offered else "drop_nothing"
        turn.reply(turn.say(words_for_it), choices=turn.leads("ask_capabilities"))


class Correct(TopicAction):
    """Answers "no, I meant Kenya"."""

    action = "action_correct"

    def answer(self, turn: Turn) -> None:
        """Put the correction in the place of what it corrects."""
        correct(turn)


def correct(turn: Turn) -> None:
    """Apply a correction to what was last spoken of."""
    wanted = turn.question.of_kind(*_SEARCH_ENTITIES, "stage", "language")
    unwanted = turn.question.of_kind(*_SEARCH_ENTITIES, role="excluded")
    if follow_up(turn):
        return
    values = wanted or unwanted
    if values and not in_talk(turn):
        seek(turn, fresh=False)
    elif _puts_something_else_right(turn):
        turn.reply(turn.say("correct_noted"), choices=turn.leads("ask_capabilities"))
    elif turn.others:
        # What was meant is said, and answered next.
        turn.reply(turn.say("correct_sorry"))
    elif (turn.frame.focus or not values) and read_again(turn, LIKELY_IN_TALK):
        return
    elif values:
        seek(turn, fresh=False)
    else:
        turn.reply(turn.say("correct_nothing"), choices=map(_ask, _ranked(turn)[:2]))


def _puts_something_else_right(turn: Turn) -> bool:
    """Tell whether a year is put right that no search and no rule goes by: "2015, not 2013"."""
    registration = intents().in_group("registration")
    going_on = turn.slots.get("topic") in ("search", *registration)
    return going_on and bool(_YEAR.search(turn.question.text))


_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


class Decline(TopicAction):
    """Answers what the advisor doesn't do."""

    action = "action_decline"

    def answer(self, turn: Turn) -> None:
        """Say so in words that fit the kind of question, and what it does instead."""
        kind = (turn.parse.get("intent") or {}).get("kind") or "general"
        # In the middle of a talk "which tablet is cheaper" is about what was said.
        least = SURE if turn.frame.focus else SURER
        if float((turn.parse.get("intent") or {}).get("confidence") or 0) < _WEAK:
            # "May I post a photo of me in scrubs" is hardly foreign to the advisor.
            least = LIKELY
        if kind != "other_languages" and answer_if_sure(turn, least):
            return
        sentences = [turn.say(f"decline_{kind}")]
        own = f"decline_in_{turn.parse.get('language')}"
        if kind == "other_languages" and own in words():
            sentences.insert(0, turn.say(own))
        turn.reply(" ".join(sentences), choices=turn.leads("out_of_scope"))
