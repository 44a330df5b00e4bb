"""Who registers other professions than doctors in a country, and what is known of its rules."""

from __future__ import annotations

import re

from actions import phrases
from actions.answers import answer_if_sure, choose, tell, tell_best, tell_detail
from actions.registration_question import Asked
from actions.registration_text import SENTENCE_ENDS, capital, saying
from actions.topic_action import Turn
from preceptor.catalogue.records import RegistrationTermRecord
from preceptor.conversation.choices import Choice
from preceptor.conversation.decide import SHORT_STORY
from preceptor.conversation.registration import (
    COMPARED,
    INTENT,
    LENGTH,
    OTHER,
    aspects_of,
    profession_of,
)
from preceptor.knowledge.answers import Answer
from preceptor.knowledge.store import shared_answers

# What the few sentences on another profession in a country may answer.
_OF_RULES = {"attempts", "exam", "length", "needed", "skip", "steps", "total", COMPARED}
# What isn't known of them is named, unless its words are of doctors' internships.
_NAMED = {"attempts", "documents", "exam", "fees", "language", "length", "pay", "total"}
_FEWEST_WORDS = 3


def answer_profession(
    turn: Turn, country: str, asked: Asked, choices: list[Choice], *, again: bool
) -> None:
    """Say who registers another profession than doctors, and what is known of its rules there."""
    profession = str(asked.profession)
    body = _body(turn, country, profession)
    where = phrases.country(turn.catalogue.names.get(("country", country), country))
    who = _who(turn, asked)
    if body is not None:
        name = phrases.with_address(body.name, body.url)
        lead = turn.say("registration_profession", who=who, country=where, regulator=name)
    else:
        lead = turn.say("registration_profession_unknown", who=who, country=where)
    own = _answer_of(profession, country)
    if _tell_nearer(turn, profession, country):
        return
    if own is not None and _tell_own(turn, own, lead if body else None):
        return
    answers = shared_answers().current()
    general = answers.get(f"registration/{profession}") if answers else None
    rules = _rules_there(turn, general, country) if general else []
    rest = turn.say("registration_profession_rules", who=who)
    if own is None and (named := _named_in(turn.question.text)):
        tell(turn, named, remark=f"{lead} {rest}" if body else lead)
        return
    # "In short" and "are you sure?" name nothing that a rule could speak of.
    follows_up = turn.parse.get("follow_up") or turn.parse.get("aspect")
    if own is not None or (
        again and (follows_up or not rules or _OF_RULES.isdisjoint(asked.aspects))
    ):
        regulator = turn.say("registration_profession_body")
        if body is not None:
            regulator = capital(phrases.with_address(body.name, body.url))
        aspects = (a for a in aspects_of(turn.question.text) if a in _NAMED)
        what = turn.say(f"registration_what_{next(aspects, OTHER)}")
        detail = turn.say(
            "registration_profession_detail", what=what, who=who, country=where, regulator=regulator
        )
        turn.reply(detail, choices=choices)
        return
    if again:
        turn.reply(" ".join(rules), body=[rest], choices=choices)
        return
    if not rules:
        questions = _questions(general) if general else ""
        rest = turn.say("registration_profession_ask", who=who, questions=questions).strip()
    turn.reply(lead, body=[" ".join(rules), rest] if rules else [rest], choices=choices)


def _tell_nearer(turn: Turn, profession: str, country: str) -> bool:
    """Tell the nearest answer to a story if it is on the profession there; return whether it is.

    Whoever tells a story asks for more than how one registers.
    """
    if len(turn.question.text.split()) < SHORT_STORY:
        return False
    choice = choose(turn)
    best = choice.matches[0].answer if choice.matches else None
    if best is None or country not in best.places or profession_of(best.question) != profession:
        return False
    tell_best(turn, choice)
    return True


def tell_field(turn: Turn, asked: Asked) -> bool:
    """Tell the answer on a less known profession, of all countries at once; return whether it was.

    One that names none of the countries asked about isn't told.
    """
    answers = shared_answers().current()
    called = "-".join((asked.called or "").rstrip("s").split())
    answer = answers.get(f"registration/{called}") if answers and called else None
    records = (turn.catalogue.countries[country] for country in asked.countries)
    names = [name for record in records for name in (record.name, *record.aliases)]
    wanted = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)
    if asked.profession != "allied_health" or answer is None or not wanted.search(answer.whole):
        return False
    return _tell_own(turn, answer, None)


def _who(turn: Turn, asked: Asked) -> str:
    """Return a profession's members; those of a less known one as they were named."""
    if asked.profession != "allied_health" or not asked.called:
        return turn.say(f"registration_who_{asked.profession}")
    if asked.called.endswith(("y", "al", "lab")):
        return turn.say("registration_who_field", field=asked.called)
    return asked.called if asked.called.endswith("s") else f"{asked.called}s"


def _answer_of(profession: str, country: str) -> Answer | None:
    """Return the answer on the rules of another profession than doctors in one country."""
    answers = shared_answers().current()
    own = (
        (a for a in answers.answers if a.id.startswith(f"registration/{profession}-"))
        if answers
        else ()
    )
    return next((answer for answer in own if country in answer.places), None)


def _named_in(text: str) -> Answer | None:
    """Return the answer on what a question names, such as DataFlow, if there is one."""
    answers = shared_answers().current()
    words = re.findall(r"\w+", text.lower()) if answers else []
    found = (answers.get(f"registration/{word}") for word in words if answers)
    return next((a for a in found if a and profession_of(a.question) is None), None)


def _tell_own(turn: Turn, own: Answer, remark: str | None) -> bool:
    """Tell an answer on a profession in a country, or of it what a further question asks.

    Returns:
        False if it doesn't hold that; nothing is said then.
    """
    told = own.id in turn.frame.told
    if told and turn.choice is None and not turn.parse.get("follow_up"):
        turn.frame = turn.frame.copy(update={"focus": own.id})
        asked = [a for a in aspects_of(turn.question.text) if a in ("attempts", "fees")]
        if asked:
            return bool(saying(own, asked)) and tell_detail(turn, own)
        return answer_if_sure(turn, topics=(INTENT, LENGTH)) or tell_detail(turn, own)
    tell(turn, own, remark=remark)
    return True


def _body(turn: Turn, country: str, profession: str) -> RegistrationTermRecord | None:
    """Return the body that registers a profession in a country."""
    terms = turn.catalogue.all(RegistrationTermRecord).values()
    fitting = (t for t in terms if t.kind == "regulator" and t.profession == profession)
    return next((t for t in fitting if country in t.countries), None)


def _rules_there(turn: Turn, answer: Answer, country: str) -> list[str]:
    """Return the sentences of an answer on several countries that begin with one or its bodies."""
    record = turn.catalogue.countries[country]
    terms = turn.catalogue.all(RegistrationTermRecord).values()
    own = [t for t in terms if t.countries == (country,)]
    names = [record.name, *record.aliases, *(n for t in own for n in (t.name, *t.aliases))]
    wanted = re.compile(rf"(?:The )?(?:{'|'.join(map(re.escape, names))})\b")
    parts = [*answer.text, answer.sections.get("evidence", "")]
    sentences = [s for part in parts for s in SENTENCE_ENDS.split(part)]
    # "UK: NMC." says no more than who registers them.
    return [s for s in sentences if wanted.match(s) and len(s.split()) > _FEWEST_WORDS]


def _questions(answer: Answer) -> str:
    """Return the questions that an answer gives for a regulator: its last sentence."""
    return SENTENCE_ENDS.split(answer.text[-1])[-1]
