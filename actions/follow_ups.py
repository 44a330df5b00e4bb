"""Answers follow-ups: on the last answer, on the person, and within a crisis."""

from __future__ import annotations

from collections.abc import Callable

from actions import answers, licensing, phrases, safety_help
from actions.search_programs import find
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.language_names import language_name
from preceptor.catalogue.money import Money
from preceptor.conversation.choices import Choice, Erase, Tell
from preceptor.conversation.decide import meant
from preceptor.conversation.follow_ups import (
    DETAIL,
    ELSEWHERE,
    FURTHER,
    GOOD_NIGHT,
    NEAR_FURTHER,
    NOT_ANSWERED,
    kind_of,
)
from preceptor.conversation.frame import Person
from preceptor.conversation.phrases import SURE
from preceptor.conversation.talk_words import ASKS, TELLS
from preceptor.knowledge.answers import Answer
from preceptor.knowledge.store import shared_answers
from preceptor.knowledge.vectors import vector, vectors

# The least cosine between a message and an earlier one that a question on what was told is about;
# shorter ones say too little, longer ones are quoted from their beginning.
_NEAR_WORDS, _FEW_WORDS, _QUOTED = 0.3, 3, 300

# How likely another answer must be to be given to a further question, and one on another matter:
# "what if I cold call" has nothing to do with having a cold.
_LIKELY_DETAIL, _FAR = 0.15, 0.2
# How many words "that's not what I asked" has.
_SAYS_NOTHING = 5


class FollowUp(TopicAction):
    """Answers "why?", "what would I say?", "what did I tell you?" and the like."""

    action = "action_follow_up"

    def answer(self, turn: Turn) -> None:
        """Answer by the kind of follow-up, or do what a button says."""
        if isinstance(turn.choice, Erase):
            # The agent has done it before the turn (`AdvisorAgent.handle_message`).
            turn.reply(turn.say("person_erased"))
            return
        if isinstance(turn.choice, Tell):
            _click(turn, turn.choice)
            return
        kind = turn.parse.get("follow_up") or ""
        if step := turn.parse.get("danger_step"):
            safety_help.go_on(turn, step)
        elif kind in _OF_THE_PERSON:
            _OF_THE_PERSON[kind](turn)
        else:
            _on_answer(turn, answers.last_answer(turn), kind)


def _click(turn: Turn, choice: Tell) -> None:
    index = shared_answers().current()
    answer = index.get(choice.answer) if index else None
    if answer is None:
        turn.reply(turn.say("pick_gone"), choices=turn.leads("ask_capabilities"))
    elif choice.follow_up is None:
        answers.tell(turn, answer)
    else:
        _on_answer(turn, answer, choice.follow_up)


def _on_answer(turn: Turn, answer: Answer | None, kind: str) -> None:
    """Answer a follow-up on an answer."""
    if _tells_further(turn, kind):
        return
    if answer is None:
        turn.reply(turn.say("follow_nothing"), choices=turn.leads("ask_capabilities"))
        return
    turn.frame = turn.frame.copy(update={"focus": answer.id})
    if kind in (DETAIL, FURTHER) or (kind in _SECTIONS and _asks_something_new(turn, answer, kind)):
        _detail(turn, answer)
    else:
        _by_kind(turn, answer, kind)


def _tells_further(turn: Turn, kind: str) -> bool:
    """Answer what the last answers say people ask next; return whether it is that."""
    last = answers.last_answer(turn)
    denied = last is not None and answers.denies(turn.question.text, last)
    if turn.choice is not None or denied or kind not in (DETAIL, FURTHER, *_SECTIONS):
        return False
    return answers.tell_further(turn, NEAR_FURTHER)


def _by_kind(turn: Turn, answer: Answer, kind: str) -> None:
    if kind == ELSEWHERE:
        _elsewhere(turn, answer)
    elif kind == NOT_ANSWERED:
        # "That's not what I asked" says nothing new to find another answer by.
        said = turn.question.text
        says_more = meant(said) or len(said.split()) > _SAYS_NOTHING
        if not answers.read_again(turn, answers.NEAR if says_more else answers.SURER):
            turn.reply(turn.say("follow_nothing"), choices=turn.leads("ask_capabilities"))
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


# Who asks for an example of an e-mail wants its words.
_SAME_WISH = {
    "disagree": ("instead", "why", "evidence"),
    "example": ("example", "words"),
    "words": ("words", "example"),
}
_SECTIONS = frozenset(
    {"words", "example", "why", "who", "instead", "disagree", "evidence", "sure", "meaning", "more"}
)

# The folder of answers on what the advisor doesn't do.
_LIMITS = "limits"


def _asks_something_new(turn: Turn, answer: Answer, kind: str) -> bool:
    """Tell whether what sounds like a follow-up is a question with an answer of its own.

    "What do I say if I don't know the answer" asks for no words to the last answer.
    """
    text = turn.question.text
    if turn.choice is not None or answers.names_nothing(text):
        return False
    choice = answers.choose(turn)
    limits = bool(choice.matches) and choice.matches[0].answer.folder == _LIMITS
    if limits and kind in ("words", "example"):
        # "Draft two lines to the course lead" is no wish for what the advisor doesn't do.
        return False
    if answers.names_a_matter(text) and kind_of(text, on_answer=True, least=SURE) is None:
        # "My consultant just shrugged" goes on with a story and is only near to an objection.
        return True
    return choice.confidence >= answers.SURE and choice.matches[0].answer.id != answer.id


def _detail(turn: Turn, answer: Answer) -> None:
    """Answer a further question on an answer: by another answer, by a section, or not at all."""
    choice = answers.choose(turn, joined=True)
    best = choice.matches[0].answer if choice.matches else answer
    others = [m.answer for m in choice.matches[:3] if m.answer.id != answer.id]
    points = answers.only_points(turn.question.text)
    if points:
        # "How long does that take?" is near to any answer on how long something takes.
        others = [each for each in others if _is_beside(answer, each)]
        best = best if best in others else answer
    if best.id != answer.id and choice.confidence >= answers.SURE:
        answers.tell_best(turn, choice)
        return
    denied = answers.denies(turn.question.text, answer)
    if not denied and (
        answers.tell_sentences(turn, answer, named=True)
        or answers.tell_any_further(turn, choice)
        or answers.tell_detail(turn, answer)
    ):
        return
    if best.id == answer.id and not points:
        # It has nothing more on the matter; what is nearest beside it may.
        choice = answers.choose(turn, joined=True, avoid=answer.id)
        best = choice.matches[0].answer if choice.matches else answer
    far = best.id != answer.id and not _is_beside(answer, best)
    if best.id != answer.id and choice.confidence >= (_FAR if far else _least_beside(answer, best)):
        answers.tell_best(turn, choice)
    elif (denied or far) and choice.confidence >= answers.NEAR:
        answers.offer(turn, choice.matches)
    else:
        _say_unknown(turn, answer, [answers.question_button(o) for o in others])


def _say_unknown(turn: Turn, answer: Answer, choices: list[Choice]) -> None:
    """Say that an answer doesn't hold a detail; who may know it is named once."""
    who = answer.sections.get("who")
    if who and f"{answer.id}#who" in turn.frame.told:
        turn.reply(turn.say("follow_no_detail_again"), choices=choices)
        return
    if who:
        turn.frame = turn.frame.with_section(answer.id, "who")
    said = turn.question.text
    told = choices and TELLS.match(said) and not ASKS.search(said)
    name = "follow_no_detail_told" if told else "follow_no_detail"
    lead = turn.say(name, question=answer.question)
    turn.reply(lead, body=[who] if who else [], choices=choices)


def _elsewhere(turn: Turn, answer: Answer) -> None:
    """Answer the same question of another place, by its rules, or search there."""
    choice = answers.choose(turn, joined=True)
    best = choice.matches[0].answer if choice.matches else answer
    places = {*turn.question.values("country"), *turn.question.values("place")}
    if (
        best.folder == answer.folder
        and places & set(best.places)
        and choice.confidence >= answers.LIKELY
    ):
        answers.tell_best(turn, choice)
    elif turn.slots.get("licensing_country") and not turn.slots.get("listed"):
        licensing.answer_countries(turn, turn.slots.get("topic"))
    else:
        find(turn, fresh=False)


def _is_beside(answer: Answer, other: Answer) -> bool:
    """Tell whether another answer is on the matter of an answer."""
    return other.folder == answer.folder or other.id in answer.leads_to


def _least_beside(answer: Answer, other: Answer) -> float:
    """Return how likely another answer must be; what an answer leads to is often asked next."""
    return answers.NEAR if other.id in answer.leads_to else _LIKELY_DETAIL


def _section(turn: Turn, answer: Answer, kind: str) -> None:
    """Say what a section holds, or honestly that there is nothing of the kind."""
    wanted = _SAME_WISH.get(kind, (kind,))
    having = [each for each in wanted if each in answer.sections]
    new = [each for each in having if f"{answer.id}#{each}" not in turn.frame.told]
    if having and not new:
        # It was said; what hasn't been may help more than the same words.
        _more(turn, answer)
        return
    text = answer.sections[new[0]] if new else None
    if text is None and turn.choice is None and len(turn.question.text.split()) > _FEW_WORDS:
        _detail(turn, answer)
        return
    if text is None:
        turn.reply(turn.say(f"follow_no_{kind}"), sources=[s.link() for s in answer.sources[:2]])
        return
    turn.frame = turn.frame.with_section(answer.id, new[0])
    if kind == "disagree":
        turn.reply(turn.say("follow_disagree"), body=[text])
    else:
        turn.reply(text)


def _more(turn: Turn, answer: Answer) -> None:
    parts = [
        answer.sections[kind]
        for kind in ("more", "why", "example", "instead", "who")
        if kind in answer.sections and f"{answer.id}#{kind}" not in turn.frame.told
    ]
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


def _about_me(turn: Turn) -> None:
    """Say what the person has told, and in which words if they ask for something particular."""
    details = described(turn, turn.frame.person)
    words = _own_words(turn)
    quoted = [turn.say("person_wrote", text=words)] if words else []
    if details:
        remarks = [turn.say("person_forget")]
        turn.reply(turn.say("person_known"), body=quoted, steps=details, remarks=remarks)
    elif quoted:
        turn.reply(quoted[0])
    else:
        turn.reply(turn.say("person_unknown"))


def _own_words(turn: Turn) -> str | None:
    """Return the earlier message that a question on what was told is about, if one is near."""
    earlier = [text for text in turn.said if len(text.split()) > _FEW_WORDS]
    if not earlier:
        return None
    near = vectors(earlier) @ vector(turn.question.text)
    best = int(near.argmax())
    return earlier[best][:_QUOTED] if near[best] >= _NEAR_WORDS else None


def _forget_me(turn: Turn) -> None:
    """Forget what the person has told, the search's values included; offer to delete it all."""
    turn.frame = turn.frame.copy(update={"person": Person()})
    turn.set(**{name: None for name in turn.slots if name.startswith(("search_", "licensing_"))})
    erase = Choice(title=turn.say("button_erase"), payload=Erase())
    turn.reply(turn.say("person_forgotten"), choices=[erase])


def _repeat(turn: Turn) -> None:
    answer = answers.last_answer(turn)
    if answer is None:
        turn.reply(turn.say("follow_nothing"), choices=turn.leads("ask_capabilities"))
    else:
        answers.show(turn, answer)


_OF_THE_PERSON: dict[str, Callable[[Turn], None]] = {
    GOOD_NIGHT: safety_help.good_night,
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
        ("person_origin", named(("country", "place"), person.origin)),
        ("person_going", named(("country", "place", "region"), person.going)),
        ("person_specialty", named(("specialty",), person.specialties)),
        ("person_weeks", phrases.weeks(*person.weeks) if person.weeks else ""),
        ("person_when", ", ".join(person.when)),
        ("person_budget", phrases.money(Money(*person.budget)) if person.budget else ""),
        ("person_languages", ", ".join(map(language_name, person.languages))),
    ]
    return [turn.say(name, value=value) for name, value in rows if value]
