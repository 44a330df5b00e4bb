"""Answers questions from knowledge/: the answer if sure, otherwise the nearest questions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

import numpy as np

from actions import phrases, selection
from actions.program_fields import FIELDS, asked_for
from actions.registration_question import profession_of_terms
from actions.registration_text import SENTENCE_ENDS, saying
from actions.topic_action import MAX_QUICK_REPLIES, TopicAction, Turn
from preceptor.catalogue.records import RegistrationTermRecord
from preceptor.conversation.choices import Ask, Choice, Search, Tell
from preceptor.conversation.decide import SHORT_STORY, leans, meant, new_matter
from preceptor.conversation.follow_ups import LIKELY_FURTHER, NEAR_FURTHER, SURELY_FURTHER
from preceptor.conversation.registration import aspects_of, profession_of
from preceptor.conversation.talk_words import DENIED
from preceptor.intents import intents
from preceptor.knowledge import index
from preceptor.knowledge.answers import Answer, Further
from preceptor.knowledge.index import Context, Match
from preceptor.knowledge.store import nearest_further, shared_answers
from preceptor.knowledge.vectors import vector, vectors

SURE, LIKELY, NEAR = 0.5, 0.22, 0.15
"""How likely the best answer must be right to be given, to be given with its question before it,
and to be offered."""
LIKELY_IN_TALK = 0.15
"""How likely to be given with its question where an answer was given before: measured on talks,
the ranking is right there more often than it thinks."""
SURER = 0.65
"""How likely where something else could answer: a country's rules, a refusal."""
_OFFERED = 3
_LOOKED_AT = 5
"""Of how many near answers what people ask next is looked at."""
_TITLE = 75
_MEDICAL_STUDENTS = frozenset({"preclinical_student", "clinical_student", "final_year_student"})
_NEXT_SECTIONS = ("example", "instead", "who", "why")
_SECTION_BUTTONS = ("words", "example", "why", "instead", "who")


class AnswerQuestion(TopicAction):
    """Answers an advice question."""

    action = "action_answer"

    def answer(self, turn: Turn) -> None:
        """Give the answer, or offer the nearest questions, or say that it isn't known."""
        answer_question(turn, turn.question.intent)


def answer_question(turn: Turn, intent: str) -> None:
    """Answer a question of an advice intent."""
    own = _for_the_programme(turn, intent)
    if own is not None and _is_short_on_a_programme(turn):
        turn.reply(own, choices=turn.leads(intent))
        return
    turn.set(topic=intent)
    choice = choose(turn)
    if goes_on(turn, choice):
        return
    if choice.confidence >= (likely(turn) if own is None else SURE):
        tell_best(turn, choice, remark=own, intent=intent)
    elif own is not None:
        turn.reply(own, choices=turn.leads(intent))
    elif choice.confidence >= NEAR or (choice.matches and is_story(turn)):
        offer(turn, choice.matches)
    else:
        unknown(turn, choice.matches)


def is_story(turn: Turn) -> bool:
    """Tell whether so much is said that something near is better than nothing."""
    return len(turn.question.text.split()) >= SHORT_STORY


def goes_on(turn: Turn, choice: index.Choice) -> bool:
    """Answer what people ask next unless another answer is sure; return whether it was that."""
    return choice.confidence < SURE and in_talk(turn) and tell_any_further(turn, choice)


def tell_any_further(turn: Turn, choice: index.Choice) -> bool:
    """Answer what people ask next, if that is likely; return whether it was.

    What is asked after the last answers is likelier than what is asked after those that are near.
    """
    near = [match.answer.id for match in choice.matches[:_LOOKED_AT]]
    return tell_further(turn, LIKELY_FURTHER) or tell_further(turn, SURELY_FURTHER, near)


def last_answer(turn: Turn) -> Answer | None:
    """Return the answer that was last given."""
    answers = shared_answers().current()
    return answers.get(turn.frame.focus) if answers and turn.frame.focus else None


def likely(turn: Turn) -> float:
    """Return how likely an answer must be right to be given with its question before it.

    Whoever words a question anew after an offer wants an answer and no second offer.
    """
    if (turn.slots.get("offer") or {}).get("do") == "tell":
        return NEAR
    return LIKELY_IN_TALK if in_talk(turn) else LIKELY


def in_talk(turn: Turn) -> bool:
    """Tell whether the last question asked for advice; what a search asks is its own matter."""
    return bool(turn.frame.question) and turn.slots.get("topic") != "search"


def answer_if_sure(
    turn: Turn,
    least: float = SURER,
    topics: Collection[str] = (),
    places: Collection[str] = (),
) -> bool:
    """Answer from knowledge/ if it is sure enough; return whether it was.

    Args:
        turn: the turn.
        least: how likely it must be right.
        topics: intents of which the answer must be one; any answer will do without them.
        places: countries of which the answer must be about one; any will do without them.
    """
    if turn.choice is not None or turn.parse.get("safety"):
        return False
    choice = choose(turn)
    if choice.confidence < least:
        return False
    answer = choice.matches[0].answer
    if topics and not set(topics) & set(answer.topics):
        return False
    if places and not set(places) & set(answer.places):
        return False
    audience, meant_for = context_of(turn).audience, set(answer.audience)
    shared = audience & meant_for
    # Pharmacists and physiotherapists have that in common and no more.
    only_allied = shared == {"allied_health"} and bool(meant_for - audience)
    if audience and meant_for and (not shared or only_allied):
        return False
    tell_best(turn, choice)
    return True


def general_answer(turn: Turn, topics: Collection[str]) -> Answer | None:
    """Return the likeliest answer of some topics that is true of every place, if there is one."""
    choice = choose(turn)
    if choice.confidence < NEAR:
        return None
    answers = [match.answer for match in choice.matches[:_OFFERED]]
    return next((a for a in answers if not a.places and set(topics) & set(a.topics)), None)


def answer_if_likely(turn: Turn) -> bool:
    """Answer from knowledge/, or go on with the last answer; return whether there was one."""
    if turn.choice is not None:
        return False
    choice = choose(turn)
    if goes_on(turn, choice):
        return True
    if choice.confidence >= likely(turn):
        tell_best(turn, choice)
        return True
    last = last_answer(turn)
    if last is not None:
        turn.reply(turn.say("follow_unsure", question=last.question), choices=_next(turn, last, ""))
    return last is not None


def choose(turn: Turn, *, joined: bool = False, avoid: str = "") -> index.Choice:
    """Return the answers nearest to the question, of itself or with the one before it.

    Args:
        turn: the turn.
        joined: whether the question can only be read with the one before it.
        avoid: the id of an answer that it can't be.
    """
    answers, frame = shared_answers().current(), turn.frame
    # The encoders read other languages themselves; the question holds what has an English gloss.
    text = turn.parse.get("text") or "" if turn.parse.get("gloss") else turn.question.text
    if answers is None or not text.strip():
        return index.Choice((), 0.0)
    context = context_of(turn)
    focus = answers.get(frame.focus) if frame.focus else None
    if not avoid and focus is not None and denies(text, focus):
        avoid = focus.id
    if avoid:
        context = replace(context, avoid=context.avoid | {avoid})
    if own := new_matter(text):
        return answers.choose(own, context)
    leaning = joined or leans(text)
    # A message's second question is read alone: "and how do I apply in general?"
    if (in_talk(turn) and (turn.first or leaning)) or (frame.question and joined):
        before = said_before(turn) or frame.question
        alone = context
        if not names_a_matter(text):
            # "How long do I have?" after a failed rotation is on no elective's length.
            topics = {name: _OF_FEW_WORDS * chance for name, chance in context.topics.items()}
            context = replace(context, topics=topics)
        context = replace(context, before=before, focus=focus, leaning=leaning)
        choice = answers.choose(text, context)
        if leaning:
            return choice
        # What is much surer by itself is another matter than what was told.
        by_itself = answers.choose(text, alone)
        much_surer = by_itself.confidence > choice.confidence + _MUCH_SURER
        return by_itself if much_surer else choice
    return answers.choose(text, context)


# How much likelier an answer must be right if the question is read by itself, and how much the
# topic of a few words counts; the first is measured on follow-ups to posts in forums.
_MUCH_SURER, _OF_FEW_WORDS = 0.25, 0.3
_BEFORE, _FEW_WORDS = 2, 3
"""How many messages before a question are read with it, and how many words say too little to be."""


def said_before(turn: Turn) -> str:
    """Return what the person told before a question.

    A story is told once, and what is asked of it later leaves it out.
    """
    now = turn.parse.get("text") or ""
    told = [text for text in turn.said if text != now and len(text.split()) > _FEW_WORDS]
    return " ".join(told[-_BEFORE:])


def denies(text: str, answer: Answer) -> bool:
    """Tell whether a message begins by denying what an answer is about.

    "It wasn't a patient, it was the nurses" does so after one on patients, "I'm not lazy" after
    “Am I lazy or burnt out?”.
    """
    clause = DENIED.match(text)
    return bool(clause and _stems(clause.group()) & _stems(answer.question))


def read_again(turn: Turn, least: float = LIKELY) -> bool:
    """Read the last question again, with what is said now and without the answer to it, if any.

    Args:
        turn: the turn.
        least: how likely another answer must be right to be given.

    Returns:
        False if no question was asked before; nothing is said then.
    """
    frame, answers = turn.frame, shared_answers().current()
    if answers is None or not frame.question:
        return False
    given = (frame.focus,) if frame.focus else ()
    turn.frame = frame.copy(update={"avoid": (*frame.avoid, *given), "focus": None})
    context = context_of(turn)
    own = meant(turn.question.text)
    text = own or turn.question.text
    readings = (own or frame.question, context), (text, replace(context, before=frame.question))
    choice = max((answers.choose(*each) for each in readings), key=lambda each: each.confidence)
    if choice.confidence >= least:
        tell_best(turn, choice)
        return True
    choices = [question_button(match.answer) for match in choice.matches[:_OFFERED]]
    turn.reply(turn.say("follow_not_answered"), choices=choices)
    return True


_EMPTY = frozenset(
    "about after also anything because been before could does doing done from have here into just"
    " like many more much need only other over really said same should some something still such"
    " take than that their them then there these they thing this those very want well were what"
    " when where which while will with would your".split()
)
"""Words that say nothing of what is asked."""
_STEM, _MOST_IN = 5, 3
"""How many letters of a word count, and in how many sentences of an answer it may stand and still
tell which of them is meant."""
_FRAGMENT, _MOST_WORDS = 2, 60
"""How many words say nothing of themselves, and up to how many a section is told as a whole."""
_NEAR_SENTENCE, _NEXT_SENTENCE, _BY_WORD = 0.46, 0.85, 0.08
"""How near a sentence must be to a further question that it answers, how near a second one must be
in comparison, and what a telling word adds. Cosines, measured on conversations."""


def detail_of(answer: Answer, question: str, *, named: bool = False) -> list[str]:
    """Return what an answer holds on a further question: a section, or two of its sentences.

    "And shoes?" after what to wear is answered by the sentence on shoes.

    Args:
        answer: the answer.
        question: what is asked.
        named: whether the nearest sentence must have a telling word of it.
    """
    parts = [(part, False) for part in (*answer.text, *answer.steps, *answer.closing)]
    parts += [(text, True) for text in answer.explanations.values()]
    sentences = [
        (sentence, part, whole)
        for part, whole in parts
        for sentence in SENTENCE_ENDS.split(part)
        if len(sentence.split()) > _FRAGMENT
    ]
    asked = _stems(question) - _stems(answer.question) or _stems(question)
    naming = {stem: [s for s, *_ in sentences if stem in _stems(s)] for stem in asked}
    telling = {s for named in naming.values() if len(named) <= _MOST_IN for s in named}
    near = _vectors_of(tuple(s for s, *_ in sentences)) @ vector(question)
    near += _BY_WORD * np.array([s in telling for s, *_ in sentences])
    best = np.argsort(-near)[:2]
    sentence, part, whole = sentences[best[0]]
    if near[best[0]] < _NEAR_SENTENCE or (named and sentence not in telling):
        return []
    if whole and len(part.split()) <= _MOST_WORDS:
        return [part]
    least = max(_NEAR_SENTENCE, _NEXT_SENTENCE * near[best[0]])
    return [sentences[i][0] for i in sorted(best) if near[i] >= least]


@lru_cache(maxsize=64)
def _vectors_of(sentences: tuple[str, ...]) -> np.ndarray:
    """Return the vectors of an answer's sentences; a talk stays with one answer for some turns."""
    return vectors(sentences)


_NEAR_SECTION = 0.42
"""The least cosine between a message and a section that answers it."""


def tell_further(turn: Turn, least: float, ids: Sequence[str] | None = None) -> bool:
    """Answer what people ask next after an answer, if a message is near enough to that.

    Args:
        turn: the turn.
        least: how near it must be, a cosine.
        ids: of the answers that count; otherwise those that were given last.

    Returns:
        False if nothing is near enough, or it was said already; nothing is said then.
    """
    answer, asked = _further(turn, least, ids)
    if answer is None or asked is None:
        return False
    answers = shared_answers().current()
    other = answers.get(asked.see) if answers and asked.see else None
    if other is not None:
        tell(turn, other)
    else:
        turn.frame = turn.frame.with_section(answer.id, asked.asked_as[0])
        turn.frame = turn.frame.copy(update={"focus": answer.id})
        turn.reply(asked.text)
    return True


def _further(
    turn: Turn, least: float, ids: Sequence[str] | None = None
) -> tuple[Answer | None, Further | None]:
    """Return the further question that a message is near enough to, unless it was answered."""
    ids = turn.frame.spoken_of if ids is None else ids
    answer, asked, near = nearest_further(ids, turn.question.text)
    if answer is None or asked is None or near < least:
        return None, None
    name = asked.see or f"{answer.id}#{asked.asked_as[0]}"
    return (None, None) if name in turn.frame.told else (answer, asked)


def tell_sentences(turn: Turn, answer: Answer, *, named: bool = False) -> bool:
    """Answer a further question by sentences of an answer; return whether there are any.

    Args:
        turn: the turn.
        answer: the answer.
        named: whether they must have a telling word of the question.
    """
    text = turn.question.text
    sentences = _saying(answer, text) or detail_of(answer, text, named=named)
    for kind, section in answer.sections.items():
        if section in sentences:
            turn.frame = turn.frame.with_section(answer.id, kind)
    if sentences:
        turn.reply(" ".join(sentences), choices=[question_button(answer)])
    return bool(sentences)


def tell_detail(turn: Turn, answer: Answer) -> bool:
    """Answer a further question on an answer from what it holds; return whether it holds it."""
    if tell_sentences(turn, answer):
        return True
    # Sections that were said haven't answered it.
    told = turn.frame.told
    left = {k: text for k, text in answer.sections.items() if f"{answer.id}#{k}" not in told}
    near = vectors(left.values()) @ vector(turn.question.text) if left else np.zeros(1)
    if near.max() < _NEAR_SECTION:
        return False
    kind = list(left)[int(near.argmax())]
    turn.frame = turn.frame.with_section(answer.id, kind)
    turn.reply(left[kind])
    return True


def _saying(answer: Answer, question: str) -> list[str]:
    """Return what an answer on another profession than doctors says of a time, sum or attempts.

    Of doctors the table of rules and answers of their own say these.
    """
    if answer.folder != "registration" or profession_of(answer.question) in (None, "doctor"):
        return []
    return saying(answer, aspects_of(question))


def _stems(text: str) -> set[str]:
    words = re.findall(r"[a-z]{4,}", text.lower())
    return {word[:_STEM] for word in words if word not in _EMPTY}


def names_a_matter(text: str) -> bool:
    """Tell whether a text has words of its own; "what do I say to him" has none."""
    return len(_stems(text)) > 1


def names_nothing(text: str) -> bool:
    """Tell whether a text has no word of its own at all."""
    return not _stems(text)


def only_points(text: str) -> bool:
    """Tell whether a question says next to nothing but "that": "how long does that take?"."""
    return bool(_POINTS.search(text)) and len(_stems(text)) <= 1


def context_of(turn: Turn) -> Context:
    """Return what is known beside the question's words."""
    question, person = turn.question, turn.frame.person
    if len(turn.parse.get("questions") or []) > 1:
        topics = {question.intent: 0.7}
    else:
        ranking = turn.parse.get("intent_ranking") or []
        topics = {each["name"]: float(each["confidence"]) for each in ranking}
    places = {*question.values("country"), *question.values("place")}
    places |= {turn.catalogue.places[p].country for p in places if p in turn.catalogue.places}
    terms = turn.catalogue.all(RegistrationTermRecord)
    places |= {c for t in question.values("registration") if t in terms for c in terms[t].countries}
    audience = {*(_of_the_profession(turn) or question.values("stage") or person.stages)}
    if audience & _MEDICAL_STUDENTS:
        audience.add("medical_student")
    of_rules = question.intent in intents().in_group("registration")
    if of_rules and (not audience or "medical_student" in audience):
        # Rules are asked of doctors' unless a profession is named; students ask as future doctors.
        audience |= {"doctor", "graduate"}
    if person.origin and audience & {"graduate", "doctor"}:
        audience.add("img")
    home = {*person.going, *(turn.slots.get("licensing_country") or [])}
    return Context(
        topics,
        frozenset(places),
        frozenset(home),
        frozenset(audience),
        frozenset(turn.frame.avoid),
        is_foreign=bool(turn.parse.get("gloss")),
    )


_AUDIENCES = {
    "nurse": ("nurse",),
    "midwife": ("midwifery_student",),
    "dentist": ("dental_student", "allied_health"),
    "pharmacist": ("pharmacy_student", "allied_health"),
    "physiotherapist": ("physiotherapy_student", "allied_health"),
    "allied_health": ("allied_health",),
}


def _of_the_profession(turn: Turn) -> tuple[str, ...]:
    """Return the audience of the profession whose rules are spoken of; empty for doctors."""
    of_rules = intents().in_group("registration")
    named = profession_of(turn.question.text, turn.question.entities) or profession_of_terms(turn)
    if turn.slots.get("topic") in of_rules:
        named = named or (turn.slots.get("licensing_asked") or {}).get("profession")
    elif turn.question.intent not in of_rules:
        return ()
    return _AUDIENCES.get(named or "doctor", ())


def tell_best(
    turn: Turn, choice: index.Choice, *, remark: str | None = None, intent: str | None = None
) -> None:
    """Give the best answer; if it isn't sure, with its question and the next ones beside it."""
    answer = choice.matches[0].answer
    if choice.confidence >= SURE:
        tell(turn, answer, remark=remark, intent=intent)
        return
    turn.frame = turn.frame.with_told(answer.id, turn.question.text)
    about = turn.say("answer_about", question=answer.question)
    others = [question_button(match.answer) for match in choice.matches[1:_OFFERED]]
    there = _programmes_there(turn, turn.question.intent)
    show(turn, answer, choices=[*there, *others], about=about)


def tell(
    turn: Turn, answer: Answer, *, remark: str | None = None, intent: str | None = None
) -> None:
    """Give an answer; in short if it was given before."""
    question = turn.question.text or answer.question
    again, before = answer.id in turn.frame.told, turn.frame.question
    turn.frame = turn.frame.with_told(answer.id, question)
    if intent not in answer.topics:
        turn.set(topic=next((t for t in answer.topics if t in intents()), intent))
    remarks = [remark] if remark else []
    choices = _next(turn, answer, intent or turn.slots.get("topic") or "")
    if again:
        _tell_again(turn, answer, choices, new=question != before)
        return
    show(turn, answer, remarks, choices)


def _tell_again(turn: Turn, answer: Answer, choices: Sequence[Choice], *, new: bool) -> None:
    """Answer what was answered before: in short, with what hasn't been said of it.

    Args:
        turn: the turn.
        answer: the answer.
        choices: what can be done next.
        new: whether the question is in other words; it may then be about a part of the answer.
    """
    if new and (tell_further(turn, NEAR_FURTHER, [answer.id]) or tell_detail(turn, answer)):
        return
    told = turn.frame.told
    left = [kind for kind in _NEXT_SECTIONS if kind in answer.sections]
    kind = next((kind for kind in left if f"{answer.id}#{kind}" not in told), None)
    if kind is None:
        remark = turn.say("answer_again")
        turn.reply(answer.first_sentence, remarks=[remark], choices=choices)
        return
    turn.frame = turn.frame.with_section(answer.id, kind)
    turn.reply(answer.first_sentence, body=[answer.sections[kind]], choices=choices)


def show(
    turn: Turn,
    answer: Answer,
    remarks: Sequence[str] = (),
    choices: Iterable[Choice] = (),
    about: str = "",
) -> None:
    """Send the whole of an answer; `about` stands before it.

    What its file says to a detail of the question stands behind it.
    """
    lead, *body = [about, *answer.text] if about else answer.text
    _, beside = _further(turn, SURELY_FURTHER, [answer.id])
    if beside and beside.text:
        turn.frame = turn.frame.with_section(answer.id, beside.asked_as[0])
        remarks = [beside.text, *remarks]
    sources = tuple(source.link() for source in answer.sources[:2])
    turn.reply(
        lead,
        body=body,
        steps=answer.steps,
        remarks=[*answer.closing, *remarks],
        sources=sources,
        choices=choices,
    )


def _next(turn: Turn, answer: Answer, intent: str) -> list[Choice]:
    """Return what can be done after an answer: a section of it, and what leads on."""
    choices = [
        Choice(title=turn.say(f"button_{kind}"), payload=Tell(answer=answer.id, follow_up=kind))
        for kind in _SECTION_BUTTONS
        if kind in answer.sections
    ][:1]
    choices += _programmes_there(turn, intent)
    answers = shared_answers().current()
    found = [answers.get(id) for id in answer.leads_to] if answers else []
    choices += [
        question_button(other) for other in found if other and other.id not in turn.frame.told
    ]
    if not answer.leads_to and intent in intents():
        return [*choices, *turn.leads(intent)]
    back = turn.back_to_search()
    return [*choices[: MAX_QUICK_REPLIES - len(back)], *back]


def question_button(answer: Answer) -> Choice:
    """Return a button that asks for an answer; Slack takes titles of 75 characters."""
    title = answer.question
    if len(title) > _TITLE:
        title = title[: _TITLE - 1].rsplit(" ", 1)[0] + "…"
    return Choice(title=title, payload=Tell(answer=answer.id))


def offer(turn: Turn, matches: Sequence[Match]) -> None:
    """Offer the nearest questions as they are written; after a story with a short answer each."""
    turn.frame = turn.frame.copy(update={"question": turn.question.text})
    choices = [question_button(match.answer) for match in matches[:_OFFERED]]
    first = choices[0].payload
    there = _programmes_there(turn, turn.question.intent)
    choices = [*choices[: _OFFERED - len(there)], *there]
    turn.set(offer=first.dict() if first else None)
    declared = intents().get(turn.question.intent)
    # What people who support students know is what weighs on them.
    weighs = declared is not None and declared.who_knows == "support"
    if not is_story(turn):
        turn.reply(turn.say("answer_near_hard" if weighs else "answer_near"), choices=choices)
        return
    sure = turn.parse["intent"]["confidence"] >= SURE
    lead = turn.say("answer_near_hard_story" if weighs and sure else "answer_near_story")
    steps = [
        turn.say("answer_in_short", question=m.answer.question, short=m.answer.first_sentence)
        for m in matches[:_OFFERED]
    ]
    turn.reply(lead, steps=steps, choices=choices)


def unknown(turn: Turn, matches: Sequence[Match] = ()) -> None:
    """Say that something isn't known, who may know it and what to ask them."""
    turn.frame = turn.frame.copy(update={"question": turn.question.text})
    declared = intents().get(turn.question.intent)
    whom = turn.say(f"unknown_{declared.who_knows if declared else 'host'}")
    choices = _programmes_there(turn, turn.question.intent)
    choices += [Choice(title=intents()["ask_human"].label, payload=Ask(intent="ask_human"))]
    choices += [question_button(match.answer) for match in matches[:2]]
    turn.reply(turn.say("answer_unknown", whom=whom), choices=choices)


_POINTS = re.compile(r"\b(?:it|this|that|they|their|there|this one|that one)\b", re.IGNORECASE)


# A question of which the subject is what was spoken of: "is it hands-on?", "do they take nurses?".
_ASKS_OF_IT = re.compile(
    r"^\W*(?:(?:and|so|ok|but)\W+)*(?:(?:what|how|when|who|where)(?: \w+)?\W+)?"
    r"(?:is|are|does|do|can|will|would)\W+(?:it|this|that|they|those)\b",
    re.IGNORECASE,
)


def _for_the_programme(turn: Turn, intent: str) -> str | None:
    """Return what the programme spoken of last says on a question that points at it."""
    text = turn.question.text
    asked = asked_for(text) if _ASKS_OF_IT.match(text) else []
    field: str | None = intents()[intent].programme_field or (*asked, None)[0]
    if field is None:
        return None
    program = selection.in_focus(turn)
    if turn.question.of_kind("ordinal"):
        with suppress(LookupError):
            program = next(iter(selection.picked(turn)), program)
    elif not _points_at_it(text) and not _is_short_on_a_programme(turn):
        return None
    if program is None:
        return None
    value = FIELDS[field].value(program)
    if not value and field == "price":
        value = turn.say("facts_no_price")
    name = phrases.title(program)
    return turn.say("facts_programme", name=name, value=value) if value else None


def _points_at_it(text: str) -> bool:
    """Tell whether a question points at what was spoken of; a story has other "they"s."""
    return bool(_POINTS.search(text)) and len(text.split()) <= _MOST_POINTING


def _is_short_on_a_programme(turn: Turn) -> bool:
    """Tell whether a bare question ("is it hands-on?") follows a programme's details."""
    text = turn.question.text
    most = _MOST_POINTING if _ASKS_OF_IT.match(text) and asked_for(text) else _MOST_BARE
    return turn.slots.get("topic") == "search" and len(text.split()) <= most


_MOST_BARE, _MOST_POINTING = 3, 12


def _programmes_there(turn: Turn, intent: str) -> list[Choice]:
    """Return a search for the first place that the question names or that its intent is about."""
    declared = intents().get(intent)
    if declared is None or not declared.search_there:
        return []
    person = turn.frame.person
    home = {*person.origin, person.here}
    named = [
        (kind, i)
        for kind in ("place", "country", "region")
        for i in turn.question.values(kind)
        if i not in home
    ]
    if declared.place:
        named.append(("place", declared.place))
    if not named:
        return []
    kind, i = named[0]
    name = turn.catalogue.names.get((kind, i), i)
    place = phrases.country(name) if kind == "country" else name
    return [turn.button("button_programmes_in", Search.parse_obj({kind: i}), place=place)]
