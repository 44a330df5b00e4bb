"""Menus, offers, corrections, and what to say when a message isn't understood or isn't for us."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions.follow_up import follow_up
from actions.search_programs import find
from actions.topic_action import ACTION_OF, ANSWER_ACTION, MAX_QUICK_REPLIES, TopicAction, Turn
from actions.words import words
from preceptor.catalogue import facts

_SEARCH_ENTITIES = ("country", "place", "region", "specialty", "duration", "money", "kind")
_TALK = {
    "nlu_fallback", "greet", "goodbye", "thank", "affirm", "deny", "out_of_scope", "correct",
    "complain", "refine_search", "report_emergency", "express_crisis",
}  # fmt: skip
_ABOUT_RESULTS = {"ask_program_detail", "compare_programs", "save_program"}


class OfferTopics(TopicAction):
    """Follows small talk: where to go on."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_offer_topics"

    def answer(self, turn: Turn) -> None:
        """Offer topics that suit the intent, and the search if there is one."""
        turn.reply(turn.say("topics_lead"), quick=turn.leads(turn.question.intent))


class ShowCapabilities(TopicAction):
    """Answers "what can you do?"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_show_capabilities"

    def answer(self, turn: Turn) -> None:
        """Tell what there is, with the catalogue's real figures."""
        covered = facts.countries_covered(turn.catalogue)
        with_programs = [c for c in covered if c.open_calls or c.restricted or c.reports]
        licensing = [c for c in covered if c.licensing]
        text = turn.say(
            "capabilities",
            programs=len(turn.catalogue.programs),
            countries=len(with_programs),
            licensing=len(licensing),
        )
        if "countr" in turn.question.text.lower() or "where" in turn.question.text.lower():
            most = sorted(with_programs, key=lambda c: (-c.open_calls, c.name))
            text += "\n" + turn.say(
                "capabilities_countries",
                examples=", ".join(c.name for c in most[:15]),
                licensing=", ".join(sorted(c.name for c in licensing)),
            )
        turn.reply(text, quick=turn.leads("ask_capabilities"))


def menu(turn: Turn) -> str:
    """Return the topics as a list in words."""
    return "\n".join(f"• {t.label}: {t.question}" for t in turn.topics().values() if t.in_menu)


class AskRephrase(TopicAction):
    """Asks "did you mean …" at the first unclear message, and helps further at the second."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_ask_rephrase"

    def answer(self, turn: Turn) -> None:
        """Offer the two likeliest readings; after a second miss, the topics and a person."""
        misses = int(turn.slots.get("misses") or 0) + 1
        turn.set(misses=misses)
        ranking = [r["name"] for r in turn.parse.get("intent_ranking") or []]
        if follow_up(turn):
            turn.set(misses=0)
            return
        # "surg kenya 4wk" is unclear as a sentence, but not as a search.
        if len({e["entity"] for e in turn.question.of_kind(*_SEARCH_ENTITIES)}) > 1 or (
            turn.question.of_kind(*_SEARCH_ENTITIES)
            and {"find_program", "refine_search"} & set(ranking[:3])
        ):
            turn.set(misses=0)
            find(turn, fresh=False)
            return
        known = turn.topics()
        out_of_place = _TALK if turn.slots.get("search_shown") else _TALK | _ABOUT_RESULTS
        likely = [known[name] for name in ranking if name in known and name not in out_of_place][:2]
        if misses > 1 or not likely:
            text = f"{turn.say('rephrase_out')}\n{menu(turn)}"
            turn.reply(text, quick=[("Talk to a person", "Can I talk to a person?"),
                                    *turn.leads("ask_capabilities")])  # fmt: skip
            return
        options = "\n".join(f"• {t.label}: {t.question}" for t in likely)
        turn.set(offer={"intent": likely[0].intent, "text": likely[0].question})
        turn.reply(
            f"{turn.say('rephrase_two')}\n{options}",
            quick=[*((t.label, t.question) for t in likely), ("Neither", "No, neither")],
        )


class AcceptOffer(TopicAction):
    """Answers "yes"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_accept_offer"

    def answer(self, turn: Turn) -> None:
        """Do what was offered last, or ask what comes next."""
        offer = turn.slots.get("offer")
        if not offer:
            turn.reply(turn.say("accept_nothing"), quick=turn.leads("ask_capabilities"))
            return
        question = {"intent": offer["intent"], "text": offer["text"], "entities": []}
        waiting = {"message_id": turn.parse.get("message_id"), "questions": [question]}
        turn.set(offer=None)
        turn.events += [
            SlotSet("open_questions", waiting),
            FollowupAction(ACTION_OF.get(offer["intent"], ANSWER_ACTION)),
        ]


class DropOffer(TopicAction):
    """Answers "no"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_drop_offer"

    def answer(self, turn: Turn) -> None:
        """Drop what was offered; "no, Kenya" is a correction all the same."""
        if turn.question.of_kind(*_SEARCH_ENTITIES):
            correct(turn)
        elif turn.slots.get("offer"):
            turn.reply(turn.say("drop_rephrase"), quick=turn.leads("ask_capabilities"))
        else:
            turn.reply(turn.say("drop_nothing"), quick=turn.leads("ask_capabilities"))


class Correct(TopicAction):
    """Answers "no, I meant Kenya"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_correct"

    def answer(self, turn: Turn) -> None:
        """Put the correction in the place of what it corrects."""
        correct(turn)


def correct(turn: Turn) -> None:
    """Apply a correction to what was last spoken of."""
    wanted = turn.question.of_kind(*_SEARCH_ENTITIES, "stage", "language")
    unwanted = turn.question.of_kind(*_SEARCH_ENTITIES, role="excluded")
    if follow_up(turn):
        return
    if wanted or unwanted:
        find(turn, fresh=False)
        return
    ranking = [r["name"] for r in turn.parse.get("intent_ranking") or []]
    known = turn.topics()
    likely = [known[name] for name in ranking if name in known and name not in _TALK][:2]
    turn.reply(
        turn.say("correct_nothing"),
        quick=[(t.label, t.question) for t in likely][:MAX_QUICK_REPLIES],
    )


class Decline(TopicAction):
    """Answers what the advisor doesn't do."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_decline"

    def answer(self, turn: Turn) -> None:
        """Say so in words that fit the kind of question, and what it does instead."""
        kind = (turn.parse.get("intent") or {}).get("kind") or "general"
        quick = turn.leads("out_of_scope")
        if turn.slots.get("search_shown"):
            quick = [*quick[:2], ("Back to my search", "Back to my search")]
        text = turn.say(f"decline_{kind}")
        own = f"decline_in_{turn.parse.get('language')}"
        if kind == "other_languages" and own in words():
            text = f"{turn.say(own)} {text}"
        turn.reply(text, quick=quick)
