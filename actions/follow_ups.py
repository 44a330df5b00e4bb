"""Answers follow-ups: on the last answer, on the person, and within a crisis."""

from __future__ import annotations

from collections.abc import Callable

from actions import answers, phrases, safety_help
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.money import Money
from preceptor.conversation.choices import Tell
from preceptor.conversation.follow_ups import CONTINUED
from preceptor.conversation.frame import Person
from preceptor.knowledge.answers import Answer
from preceptor.knowledge.store import shared_answers


class FollowUp(TopicAction):
    """Answers "why?", "what would I say?", "what did I tell you?" and the like."""

    action = "action_follow_up"

    def answer(self, turn: Turn) -> None:
        """Answer by the kind of follow-up, or do what a button says."""
        if isinstance(turn.choice, Tell):
            _click(turn, turn.choice)
            return
        kind = turn.parse.get("follow_up") or ""
        if kind == CONTINUED or kind.startswith(("crisis_", "emergency_")):
            safety_help.carry_on(turn, kind)
        elif kind in _OF_THE_PERSON:
            _OF_THE_PERSON[kind](turn)
        else:
            _on_answer(turn, _focus(turn), kind)


def _click(turn: Turn, choice: Tell) -> None:
    index = shared_answers().current()
    answer = index.get(choice.answer) if index else None
    if answer is None:
        turn.reply(turn.say("pick_gone"), choices=turn.leads("ask_capabilities"))
    elif choice.follow_up is None:
        answers.tell(turn, answer)
    else:
        _on_answer(turn, answer, choice.follow_up)


def _focus(turn: Turn) -> Answer | None:
    index = shared_answers().current()
    return index.get(turn.frame.focus) if index and turn.frame.focus else None


def _on_answer(turn: Turn, answer: Answer | None, kind: str) -> None:
    """Answer a follow-up on an answer."""
    if answer is None:
        turn.reply(turn.say("follow_nothing"), choices=turn.leads("ask_capabilities"))
        return
    turn.frame = turn.frame.copy(update={"focus": answer.id})
    if kind == "not_answered":
        _read_again(turn, answer)
    elif kind == "repeat":
        answers.show(turn, answer)
    elif kind == "short":
        turn.reply(answer.first_sentence)
    elif kind == "more":
        _more(turn, answer)
    elif kind in ("evidence", "sure"):
        _evidence(turn, answer, kind)
    elif kind == "meaning":
        text = answer.sections.get("example") or answer.sections.get("why")
        lead = turn.say("follow_meaning", short=answer.first_sentence)
        turn.reply(lead, body=[text] if text else [])
    else:
        _section(turn, answer, kind)


def _section(turn: Turn, answer: Answer, kind: str) -> None:
    """Say what a section holds, or honestly that there is nothing of the kind."""
    wanted = {"disagree": ("instead", "evidence", "why")}.get(kind, (kind,))
    found = next((answer.sections[each] for each in wanted if each in answer.sections), None)
    if found is None:
        turn.reply(turn.say(f"follow_no_{kind}"), sources=[s.link() for s in answer.sources[:2]])
        return
    if kind == "disagree":
        turn.reply(turn.say("follow_disagree"), body=[found])
    else:
        turn.reply(found)


def _more(turn: Turn, answer: Answer) -> None:
    parts = [answer.sections[kind] for kind in ("more", "why", "example", "instead", "who")
             if kind in answer.sections]  # fmt: skip
    index = shared_answers().current()
    others = [index.get(id) for id in answer.leads_to] if index else []
    choices = [answers.question_button(other) for other in others if other]
    if parts:
        turn.reply(parts[0], body=parts[1:3], choices=choices)
    else:
        turn.reply(turn.say("follow_no_more"), choices=choices)


def _evidence(turn: Turn, answer: Answer, kind: str) -> None:
    """Say what the answer rests on, and when that was read."""
    told = answer.sections.get("evidence")
    sources = [source.link() for source in answer.sources]
    if kind == "evidence":
        turn.reply(told or turn.say("follow_no_evidence"), sources=sources)
        return
    read = max((source.read for source in answer.sources), default=None)
    lead = (
        turn.say("follow_sure", read=f"{read:%-d %B %Y}") if read else turn.say("follow_no_source")
    )
    turn.reply(lead, body=[told] if told else [], sources=sources)


def _read_again(turn: Turn, answer: Answer) -> None:
    """Read the last question again, without the answer that was given to it."""
    frame = turn.frame
    turn.frame = frame.copy(update={"avoid": (*frame.avoid, answer.id), "focus": None})
    index = shared_answers().current()
    if index is None or not frame.question:
        turn.reply(turn.say("follow_nothing"), choices=turn.leads("ask_capabilities"))
        return
    context = answers.context_of(turn)
    choice = index.choose(frame.question, context)
    choices = [answers.question_button(match.answer) for match in choice.matches[:3]]
    turn.reply(turn.say("follow_not_answered"), choices=choices)


def _about_me(turn: Turn) -> None:
    """Say what the person has told."""
    known = described(turn, turn.frame.person)
    if known:
        turn.reply(turn.say("person_known"), steps=known, remarks=[turn.say("person_forget")])
    else:
        turn.reply(turn.say("person_unknown"))


def _forget_me(turn: Turn) -> None:
    """Forget what the person has told, the search's values included."""
    turn.frame = turn.frame.copy(update={"person": Person()})
    turn.set(**{name: None for name in turn.slots if name.startswith(("search_", "licensing_"))})
    turn.reply(turn.say("person_forgotten"))


def _repeat(turn: Turn) -> None:
    answer = _focus(turn)
    if answer is None:
        turn.reply(turn.say("follow_nothing"), choices=turn.leads("ask_capabilities"))
    else:
        answers.show(turn, answer)


_OF_THE_PERSON: dict[str, Callable[[Turn], None]] = {
    "about_me": _about_me,
    "forget_me": _forget_me,
    "repeat": _repeat,
}


def described(turn: Turn, person: Person) -> list[str]:
    """Return what is known of a person, one thing per line."""
    names = turn.catalogue.names

    def named(kinds: tuple[str, ...], ids: tuple[str, ...]) -> str:
        found = [next((names[(k, i)] for k in kinds if (k, i) in names), i) for i in ids]
        return ", ".join(found)

    rows = [
        ("person_stage", named(("stage",), person.stages)),
        ("person_origin", named(("country",), person.origin)),
        ("person_going", named(("country", "place"), person.going)),
        ("person_specialty", named(("specialty",), person.specialties)),
        ("person_weeks", phrases.weeks(*person.weeks) if person.weeks else ""),
        ("person_when", ", ".join(person.when)),
        ("person_budget", phrases.money(Money(*person.budget)) if person.budget else ""),
        ("person_languages", named(("language",), person.languages)),
    ]
    return [turn.say(name, value=value) for name, value in rows if value]
