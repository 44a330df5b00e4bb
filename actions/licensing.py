"""What countries demand before they register a doctor: answers to the very question asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from actions import phrases, selection
from actions.answers import (
    LIKELY,
    NEAR,
    SURE,
    answer_if_sure,
    choose,
    general_answer,
    offer,
    show,
    tell,
    tell_best,
    tell_detail,
)
from actions.registration_text import (
    OF_THE_REGULATOR,
    Rules,
    Telling,
    capital,
    hurdles,
    link_of,
    named,
    sentences_on,
)
from actions.topic_action import Question, TopicAction, Turn
from preceptor.catalogue.cells import Profession, Route
from preceptor.catalogue.facts import registration_rules
from preceptor.catalogue.records import RegistrationRecord, RegistrationTermRecord, RegulatorRecord
from preceptor.conversation import registration
from preceptor.conversation.choices import Choice, Country, Search
from preceptor.conversation.registration import COMPARED, INTENT, LENGTH, OTHER
from preceptor.intents import intents
from preceptor.knowledge.answers import Answer
from preceptor.knowledge.store import shared_answers
from preceptor.nlu.entities.glossary import glossed
from preceptor.nlu.normalize import fold

_OFFERED = ("IN", "NG", "GB")
_OTHER_MATTERS = ("specialty", "duration", "money", "kind", "ordinal", "cheap")
_MOST_COUNTRIES = 3
_ELLIPTIC_WORDS = 9
_MONTHS_A_WEEK, _ROUNDING = 12 / 52, 0.1


class Asked(BaseModel):
    """What a question on registration asks.

    Attributes:
        countries: where somebody wants to practise, ISO 3166-1 alpha-2.
        aspects: what is asked, see registration.yml.
        yes_no: whether yes or no answers it.
        route: the one that the words name, in this message or before.
        trained: the countries where somebody trained or did an internship.
        profession: whose registration it is; None is a doctor's.
        for_another: whether it is that of a relative or a friend.
        options: the countries that a name such as "NMC" may mean.
        spoken: the countries spoken of last, the newest last.
        pending: whether the advisor has just asked where somebody trained.
    """

    countries: tuple[str, ...] = ()
    aspects: tuple[str, ...] = ()
    yes_no: bool = False
    route: Route | None = None
    trained: tuple[str, ...] = ()
    profession: str | None = None
    for_another: bool = False
    options: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    pending: bool = False

    class Config:
        """A record of what is declared here; what another version kept beside it is dropped."""

        frozen = True

    def changed(self, **values: Any) -> Asked:
        """Return the question with other values."""
        return self.copy(update=values)


class ShowRegistration(TopicAction):
    """Answers "do I need an internship to register in India?"."""

    action = "action_show_registration"

    def answer(self, turn: Turn) -> None:
        """Tell the rule of each country named, or of the one spoken of last."""
        answer_countries(turn, INTENT)


class ShowInternshipLength(TopicAction):
    """Answers "how long is the house job in Pakistan?"."""

    action = "action_show_internship_length"

    def answer(self, turn: Turn) -> None:
        """Tell the length in each country named, or in the one spoken of last."""
        answer_countries(turn, LENGTH)


def follow_up(turn: Turn) -> bool:
    """Answer a bare country or route after a question on registration ("and Uganda?").

    Returns:
        False where the message is no such follow-up; nothing is said then.
    """
    topic, question = turn.slots.get("topic"), turn.question
    if topic not in intents().in_group("registration"):
        return False
    text = _without_unwanted(question)
    asks = (
        selection.countries_of(turn)
        or registration.route_of(text)
        or registration.profession_of(text, question.entities)
        or registration.aspects_of(text)
    )
    others = question.of_kind(*_OTHER_MATTERS)
    if not asks or others or registration.is_a_search(text):
        return False
    answer_countries(turn, topic)
    return True


def _without_unwanted(question: Question) -> str:
    """Return a question's words without those of what isn't wanted: "no elective, the licence"."""
    text = question.text
    for entity in question.entities:
        if entity.get("role") == "excluded" and entity["entity"] not in ("country", "place"):
            text = text.replace(str(entity.get("text")), " ")
    return text


def answer_countries(turn: Turn, topic: str | None) -> None:
    """Answer for the countries of the question, at most three.

    Args:
        turn: the turn.
        topic: the question; anything that is none about registration counts as whether an
            internship is needed.
    """
    intent = LENGTH if topic == LENGTH else INTENT
    if not turn.question.of_kind("country") and selection.ask_which_country(turn, intent):
        turn.set(topic=intent)
        return
    asks_meaning = registration.asks_meaning(turn.question.text, turn.question.entities)
    if turn.choice is None and asks_meaning and _define(turn):
        return
    asked = _asked(turn, intent)
    if _from_knowledge(turn, asked):
        return
    turn.set(topic=intent)
    turn.frame = turn.frame.copy(update={"focus": None, "question": turn.question.text})
    if not asked.countries:
        _keep(turn, asked)
        _ask_which(turn, intent, asked)
        return
    if asked.aspects[0] == COMPARED and asked.profession in (None, "doctor"):
        _compare(turn, asked)
        return
    countries = asked.countries[:_MOST_COUNTRIES]
    before = _before(turn)
    turn.set(licensing_country=list(countries))
    _keep(turn, asked)
    for country in countries:
        choices = _leads(turn, country, asked) if country == countries[-1] else []
        if asked.profession not in (None, "doctor"):
            again = country in before.countries and asked.profession == before.profession
            _answer_profession(turn, country, asked, choices[-2:], again=again)
        else:
            _answer_country(turn, country, asked, choices)


def _define(turn: Turn) -> bool:
    """Say what the name of a regulator, an exam or a programme means, and what rules say of it.

    Returns:
        False if the catalogue no longer has it; nothing is said then.
    """
    terms = _terms(turn)[:_MOST_COUNTRIES]
    if not terms:
        return False
    own = (e for e in turn.question.entities if e["entity"] == "registration")
    called = next(own)["text"]
    names = turn.catalogue.names
    meanings = [
        turn.say(
            f"registration_term_{term.kind}",
            called=called,
            name=phrases.the_body(term.name),
            country=phrases.joined(phrases.country(names[("country", c)]) for c in term.countries),
        )
        for term in terms
    ]
    country = terms[0].countries[0]
    turn.set(topic=INTENT, licensing_country=[country])
    turn.frame = turn.frame.copy(update={"focus": None, "question": turn.question.text})
    rules = list(registration_rules(turn.catalogue, country).values()) if len(terms) == 1 else []
    sentences, sources = sentences_on((terms[0].name, *terms[0].aliases), rules)
    addresses = [term.url for term in terms if term.url]
    turn.reply(
        meanings[0],
        body=[*meanings[1:], *sentences, *addresses],
        sources=sources,
        choices=_leads(turn, country, Asked()),
    )
    return True


def _from_knowledge(turn: Turn, asked: Asked) -> bool:
    """Answer from knowledge/ if that is sure and about the very country."""
    if turn.choice is not None:
        return False
    if turn.parse.get("aspect") == OTHER and (choice := choose(turn)).confidence >= NEAR:
        # What no column says may be no question on rules: "should I say sorry again?"
        if choice.confidence >= LIKELY:
            tell_best(turn, choice)
        else:
            offer(turn, choice.matches)
        return True
    if _is_doubtful(turn) and (choice := choose(turn)).confidence >= SURE:
        best = choice.matches[0].answer
        if not {INTENT, LENGTH} & set(best.topics):
            tell(turn, best)
            return True
    if len(asked.countries) != 1 or not registration.aspects_of(turn.question.text):
        return False
    topics = (INTENT, LENGTH)
    least = SURE if asked.aspects[0] in _NO_COLUMN else _SUREST
    return answer_if_sure(turn, least=least, topics=topics, places=asked.countries)


def _is_doubtful(turn: Turn) -> bool:
    """Tell whether a message was hardly read as one on registration, and nobody spoke of it."""
    talk = turn.slots.get("topic") in (INTENT, LENGTH)
    sure = turn.parse["intent"]["confidence"] >= registration.DOUBTFUL
    return turn.first and not turn.others and not talk and not sure


# How likely an answer must be right that is given in place of what the table of rules says.
_SUREST = 0.85
# What the table of rules has no column for.
_NO_COLUMN = {"attempts", "fees"}


def _keep(turn: Turn, asked: Asked, *, pending: bool = False) -> None:
    """Keep what was asked; `pending` if the advisor asks back where somebody trained."""
    rule = [each for each in asked.aspects if each not in {*OF_THE_REGULATOR, COMPARED}]
    # "Who can I ask?" is not asked again of the next country.
    before = _before(turn)
    spoken = [c for c in before.spoken if c not in asked.countries]
    kept = asked.changed(pending=pending, spoken=(*spoken, *asked.countries)[-_MOST_COUNTRIES:])
    if not rule:
        kept = kept.changed(aspects=before.aspects, yes_no=before.yes_no)
    turn.set(licensing_asked=kept.dict(exclude={"countries", "options"}))


def _before(turn: Turn) -> Asked:
    """Return what was asked last; an empty question if nothing was."""
    countries = turn.slots.get("licensing_country") or ()
    return Asked.parse_obj({**(turn.slots.get("licensing_asked") or {}), "countries": countries})


def _asked(turn: Turn, intent: str) -> Asked:
    """Return what the question asks, with what was asked before where it leaves that out."""
    before = _before(turn)
    talk = turn.slots.get("topic") in intents().in_group("registration")
    if not talk:
        before = before.changed(aspects=(), route=None, profession=None, pending=False)
    if isinstance(turn.choice, Country):
        default = before.aspects if intent != LENGTH else ()
        aspects = turn.choice.asked or default or _default(intent)
        route = turn.choice.route or before.route
        return before.changed(countries=(turn.choice.country,), aspects=aspects, route=route)
    # "Say that again" asks what was asked before.
    text = "" if turn.parse.get("follow_up") else _text(turn)
    asked = _with_profession(turn, text, before)
    asked = _with_countries(turn, asked, before, talk)
    if aspect := turn.parse.get("aspect"):
        asked = asked.changed(aspects=(aspect,), yes_no=False)
    elif aspects := registration.aspects_of(text):
        way = _OF_THE_WAY.intersection(before.aspects) and _comes_from_abroad(asked)
        if aspects == ("length",) and way and not registration.names_the_internship(text):
            # "How long does that take?" after the steps is about all of them.
            aspects = ("total",)
        asked = asked.changed(aspects=aspects, yes_no=registration.is_yes_no(text))
    elif not before.aspects or _asks_anew(turn, text):
        asked = asked.changed(aspects=_default(intent, turn, asked), yes_no=False)
    if asked.aspects == ("needed",) and asked.trained and registration.was_done(text):
        asked = asked.changed(aspects=("needed", "from_abroad_counts"))
    return asked


# What of the way to registration is spoken of before "how long does that take?".
_OF_THE_WAY = {"exam", "from_abroad_counts", "steps", "total"}


def _comes_from_abroad(asked: Asked) -> bool:
    """Tell whether somebody trained in another country than the one asked about."""
    return bool(asked.trained) and not set(asked.countries) & set(asked.trained)


def _text(turn: Turn) -> str:
    """Return the words of a question; of another language the English gloss and then its own."""
    if not turn.parse.get("gloss"):
        return turn.question.text
    return f"{turn.question.text} {turn.parse.get('text')}"


def _in_own_words(turn: Turn) -> tuple[str, list[dict[str, Any]]]:
    """Return the words of a question and its entities where they stand in them.

    A gloss has no words that tell where somebody studied, so the message's own are returned. A
    region of few countries is these: "Australia and New Zealand".
    """
    entities = [each for entity in turn.question.entities for each in _by_country(turn, entity)]
    if not turn.parse.get("gloss"):
        return turn.question.text, entities
    text = fold(turn.parse["text"])
    stands = {word.lower(): (a, b) for word, a, b in glossed(text, turn.parse["language"])}
    for entity in entities:
        start, end = stands.get(str(entity.get("text")).lower(), (0, len(text)))
        entity.update(start=start, end=end)
    return text, entities


def _by_country(turn: Turn, entity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an entity of its own for each country of a region of few."""
    within = (
        turn.catalogue.countries_within([entity["value"]]) if entity["entity"] == "region" else ()
    )
    if not 0 < len(within) <= _MOST_COUNTRIES:
        return [dict(entity)]
    return [{**entity, "entity": "country", "value": country} for country in sorted(within)]


def _asks_anew(turn: Turn, text: str) -> bool:
    """Tell whether a question that names nothing of a rule is one of its own all the same."""
    names = turn.question.of_kind("registration") and not registration.was_done(text)
    return bool(names) or len(text.split()) > _ELLIPTIC_WORDS


def _default(intent: str, turn: Turn | None = None, asked: Asked | None = None) -> tuple[str, ...]:
    """Return what a question asks that says no more than its intent."""
    if intent == LENGTH:
        return ("length",)
    if turn and asked:
        terms = _terms(turn)
        if terms and registration.is_but_names(turn.question.text, turn.question.entities):
            return ("exam",) if terms[0].kind == "exam" else ("regulator", "needed")
        if asked.route or asked.trained:
            return ("steps",)
    return ("needed",)


def _with_countries(turn: Turn, asked: Asked, before: Asked, talk: bool) -> Asked:
    """Return the question with its countries and where somebody trained."""
    text = _text(turn)
    places = {id: place.country for id, place in turn.catalogue.places.items()}
    own_words, entities = _in_own_words(turn)
    target = before.countries or _going(turn)
    known = before.trained or _countries(turn, turn.frame.person.origin)
    here = _countries(turn, filter(None, [turn.frame.person.here]))
    doctors = registration.is_about_doctors(text)
    terms = _terms(turn, asked.profession or ("doctor" if doctors else None))
    firm = {t.countries[0] for t in terms if len(t.countries) == 1 and not _is_unclear(turn, t)}
    options = {c for t in terms for c in t.countries}
    found = registration.countries_of(
        own_words, entities, places, firm, talk=talk or bool(target),
        known={*known, *here} - set(target),
    )  # fmt: skip
    trained = found.trained or known or _trains_in(turn, here, found.wanted or target)
    by_term = next((t.route for t in terms if t.route), None)
    route = registration.route_of(text) or (None if found.trained else by_term or before.route)
    if before.pending and found.wanted:
        # The advisor asked where they trained.
        return asked.changed(trained=found.wanted, countries=before.countries, pending=False)
    asked = asked.changed(route=route, trained=tuple(trained), countries=found.wanted)
    if asked.countries:
        return asked
    if options and not firm and (any(_is_unclear(turn, t) for t in terms) or not target):
        near = (*before.countries, *_going(turn), *trained)
        fitting = tuple(next(([c] for c in near if c in options), sorted(options)))
        if len(fitting) > 1:
            return asked.changed(countries=(), options=fitting)
        return asked.changed(countries=fitting)
    return asked.changed(countries=before.countries or _going(turn))


def _terms(turn: Turn, profession: str | None = None) -> list[RegistrationTermRecord]:
    """Return the regulators, exams and programmes that the question names.

    Args:
        turn: the turn.
        profession: of an unclear name such as "NMC", only the one of this profession.
    """
    known = turn.catalogue.all(RegistrationTermRecord)
    entities = [e for e in turn.question.entities if e["entity"] == "registration"]
    terms = [known[e["value"]] for e in entities if e["value"] in known]
    fitting = [t for t in terms if not _is_unclear(turn, t) or t.profession == profession]
    return fitting or terms


def _is_unclear(turn: Turn, term: RegistrationTermRecord) -> bool:
    own = [e for e in turn.question.entities if e["value"] == term.id]
    return any(e.get("role") == "unclear" for e in own)


def _countries(turn: Turn, ids: Iterable[str]) -> tuple[str, ...]:
    """Return the countries of some countries and places; regions have none."""
    places = turn.catalogue.places
    found = (places[i].country if i in places else i for i in ids)
    return tuple(dict.fromkeys(i for i in found if i in turn.catalogue.countries))


def _going(turn: Turn) -> tuple[str, ...]:
    """Return the one country where the person said they want to go."""
    going = _countries(turn, turn.frame.person.going)
    return going if len(going) == 1 else ()


def _trains_in(turn: Turn, here: tuple[str, ...], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return where somebody is now, if they train there or ask about another country."""
    in_training = any(s == "resident" or s.endswith("_student") for s in turn.frame.person.stages)
    return here if in_training or not set(here) & set(wanted) else ()


_AS_STUDENT = {"nursing_student": "nurse", "midwifery_student": "midwife"}


def _with_profession(turn: Turn, text: str, before: Asked) -> Asked:
    """Return the question with whose registration it asks about.

    A friend's profession is left with "I": "do I need an exam?".
    """
    if named := registration.profession_of(text, turn.question.entities):
        return before.changed(profession=named, for_another=registration.is_about_kin(text))
    stages = [_AS_STUDENT.get(stage, stage) for stage in turn.frame.person.stages]
    own = next((name for name in get_args(Profession) if name in stages), None)
    if before.for_another and registration.is_about_oneself(text):
        return before.changed(profession=own, for_another=False)
    return before.changed(profession=before.profession or own)


def _ask_which(turn: Turn, intent: str, asked: Asked) -> None:
    """Ask for the country, after what is true of all of them if that is known."""
    names = turn.catalogue.names
    offered = asked.options or tuple(dict.fromkeys([*turn.frame.person.origin, *_OFFERED]))
    choices = [
        Choice(
            title=names[("country", c)],
            payload=Country(country=c, intent=intent, asked=asked.aspects),
        )
        for c in offered
        if ("country", c) in names
    ]
    general = None if asked.options else general_answer(turn, (INTENT, LENGTH))
    if general is None or general.id in turn.frame.told:
        turn.reply(turn.say("licensing_which"), choices=choices)
        return
    turn.frame = turn.frame.with_told(general.id, turn.question.text)
    show(turn, general, [turn.say("registration_name_country")], choices)


def _answer_profession(
    turn: Turn, country: str, asked: Asked, choices: list[Choice], *, again: bool
) -> None:
    """Say who registers another profession than doctors, and what is known of its rules there."""
    profession = str(asked.profession)
    body = _body(turn, country, profession)
    where = phrases.country(turn.catalogue.names.get(("country", country), country))
    who = turn.say(f"registration_who_{profession}")
    if body is not None:
        name = phrases.with_address(body.name, body.url)
        lead = turn.say("registration_profession", who=who, country=where, regulator=name)
    else:
        lead = turn.say("registration_profession_unknown", who=who, country=where)
    own = _answer_of(profession, country)
    if own is not None and _tell_own(turn, own, lead if body else None):
        return
    answers = shared_answers().current()
    general = answers.get(f"registration/{profession}") if answers else None
    rules = _rules_there(turn, general, country) if general else []
    rest = turn.say("registration_profession_rules", who=who)
    # "In short" and "are you sure?" name nothing that a rule could speak of.
    follows_up = turn.parse.get("follow_up") or turn.parse.get("aspect")
    if own is not None or (
        again and (follows_up or not rules or _OF_RULES.isdisjoint(asked.aspects))
    ):
        regulator = turn.say("registration_profession_body")
        if body is not None:
            regulator = capital(phrases.with_address(body.name, body.url))
        detail = turn.say(
            "registration_profession_detail", who=who, country=where, regulator=regulator
        )
        turn.reply(detail, choices=choices)
        return
    if again:
        turn.reply(" ".join(rules), body=[rest], choices=choices)
        return
    if not rules:
        questions = _questions(general) if general else ""
        rest = turn.say("registration_profession_ask", who=who, questions=questions)
    turn.reply(lead, body=[" ".join(rules), rest] if rules else [rest], choices=choices)


def _answer_of(profession: str, country: str) -> Answer | None:
    """Return the answer on the rules of another profession than doctors in one country."""
    answers = shared_answers().current()
    own = (
        (a for a in answers.answers if a.id.startswith(f"registration/{profession}-"))
        if answers
        else ()
    )
    return next((answer for answer in own if country in answer.places), None)


def _tell_own(turn: Turn, own: Answer, remark: str | None) -> bool:
    """Tell an answer on a profession in a country, or of it what a further question asks.

    Returns:
        False if it doesn't hold that; nothing is said then.
    """
    told = own.id in turn.frame.told
    if told and turn.choice is None and not turn.parse.get("follow_up"):
        turn.frame = turn.frame.copy(update={"focus": own.id})
        return answer_if_sure(turn, topics=(INTENT, LENGTH)) or tell_detail(turn, own)
    tell(turn, own, remark=remark)
    return True


# What the few sentences on another profession in a country may answer.
_OF_RULES = {"attempts", "exam", "length", "needed", "skip", "steps", "total", COMPARED}


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
    sentences = [s for part in parts for s in re.split(r"(?<=[.!?]) +", part)]
    # "UK: NMC." says no more than who registers them.
    return [s for s in sentences if wanted.match(s) and len(s.split()) > _FEWEST_WORDS]


_FEWEST_WORDS = 3


def _questions(answer: Answer) -> str:
    """Return the questions that an answer gives for a regulator: its last sentence."""
    return re.split(r"(?<=[.!?]) +", answer.text[-1])[-1]


def _compare(turn: Turn, asked: Asked) -> None:
    """Say of each country spoken of what it asks for first; which is easier isn't said."""
    spoken = [c for c in (*asked.spoken, *asked.countries) if c not in asked.trained]
    spoken = spoken or [*asked.countries]
    countries = list(dict.fromkeys(reversed(spoken)))[:_MOST_COUNTRIES][::-1]
    turn.set(licensing_country=countries)
    lines, sources = [], []
    for country in countries:
        name = turn.catalogue.names[("country", country)]
        rules = registration_rules(turn.catalogue, country)
        rule = rules.get(_route(turn, country, asked, rules) or "abroad")
        if rule is None:
            whom = _whom(turn, country)
            lines.append(turn.say("registration_nothing_known", country=name, regulator=whom))
            continue
        lines.append(turn.say("registration_hurdles", country=name, text=hurdles(turn, rule)))
        sources.append(link_of(rule))
    _keep(turn, asked.changed(countries=tuple(countries)))
    lead = turn.say("registration_compare")
    choices = _leads(turn, countries[-1], asked)
    turn.reply(lead, steps=lines, sources=tuple(dict.fromkeys(sources)), choices=choices)


def _answer_country(turn: Turn, country: str, asked: Asked, choices: list[Choice]) -> None:
    rules = registration_rules(turn.catalogue, country)
    if not rules:
        _not_covered(turn, country, choices)
        return
    route = _route(turn, country, asked, rules)
    in_order = asked.aspects[0] in ("steps", "total")
    if route is None and in_order and {"home", "abroad"} <= rules.keys():
        _ask_route(turn, country, asked)
        return
    if route is not None and route not in rules:
        regulator = named(next(iter(rules.values())))
        name = phrases.country(turn.catalogue.names[("country", country)])
        lead = turn.say(f"registration_no_{route}", country=name, regulator=regulator)
        turn.reply(lead, choices=choices)
        return
    if asked.trained and route == "abroad" and _names_others(turn, rules.get("recognised")):
        rules = {each: rule for each, rule in rules.items() if each != "recognised"}
    telling = Telling(turn, rules, route, asked.aspects, asked.yes_no)
    told = telling.told
    if turn.parse.get("follow_up") == "short":
        turn.reply(told.lead, steps=told.steps, choices=choices)
        return
    lines = [*_too_short(turn, telling), told.lead, *told.body]
    turn.reply(
        lines[0],
        body=lines[1:],
        steps=told.steps,
        card=telling.card(),
        remarks=telling.remarks(),
        sources=telling.sources(),
        choices=choices,
    )


def _too_short(turn: Turn, telling: Telling) -> list[str]:
    """Return that a length that somebody names falls short of what is asked for."""
    least = min((r.min_months for r in telling.shown.values() if r.min_months), default=None)
    named = [e for e in turn.question.of_kind("duration") if e["value"].get("max_weeks")]
    if (
        telling.asked[0] != "gaps"
        or registration.is_absence(turn.question.text)
        or least is None
        or not named
    ):
        return []
    if named[0]["value"]["max_weeks"] * _MONTHS_A_WEEK >= float(least) - _ROUNDING:
        return []
    length = phrases.months(least, least)
    return [turn.say("registration_too_short", given=named[0]["text"], length=length)]


def _not_covered(turn: Turn, country: str, choices: list[Choice]) -> None:
    name = phrases.country(turn.catalogue.names.get(("country", country), country))
    whom = _whom(turn, country)
    turn.reply(turn.say("licensing_not_covered", country=name, regulator=whom), choices=choices)


def _whom(turn: Turn, country: str) -> str:
    """Return whom to ask about a country without rules."""
    regulator = turn.catalogue.all(RegulatorRecord).get(country)
    if regulator is None:
        return turn.say("licensing_nobody_known")
    return phrases.with_address(regulator.name, regulator.url)


def _route(turn: Turn, country: str, asked: Asked, rules: Rules) -> Route | None:
    """Return the route of somebody in a country; None if it is open."""
    route: Route | None = asked.route
    if route is None and asked.trained:
        european = {*turn.catalogue.countries_within(["eea"]), "CH"}
        route = "eu" if european.intersection(asked.trained) else "abroad"
        if country in asked.trained:
            route = "home"
    if route == "eu" and "eu" not in rules:
        route = "abroad"
    named = asked.trained and _names_others(turn, rules.get("recognised"), asked.trained)
    return "recognised" if named and route == "abroad" else route


def _names_others(
    turn: Turn, rule: RegistrationRecord | None, countries: Iterable[str] = ()
) -> bool:
    """Tell whether a rule names some countries, any other than its own without them."""
    if rule is None:
        return False
    others = set(countries or turn.catalogue.countries) - {rule.country}
    text = f"{rule.needed_note} {rule.from_abroad_counts}"
    return any(turn.catalogue.countries[each].name in text for each in others)


def _ask_route(turn: Turn, country: str, asked: Asked) -> None:
    """Ask where somebody trained, where the steps depend on it."""
    _keep(turn, asked, pending=True)
    name = phrases.country(turn.catalogue.names[("country", country)])
    titles: dict[Route, str] = {"home": turn.say("button_trained_there", country=name),
                                "abroad": turn.say("button_trained_abroad")}  # fmt: skip
    choices = [
        Choice(
            title=title,
            payload=Country(country=country, intent=INTENT, route=route, asked=asked.aspects),
        )
        for route, title in titles.items()
    ]
    turn.reply(turn.say("registration_which_route", country=name), choices=choices)


def _leads(turn: Turn, country: str, asked: Asked) -> list[Choice]:
    length = Country(country=country, intent=LENGTH, route=asked.route)
    steps = Country(country=country, intent=INTENT, route=asked.route, asked=("steps",))
    choices = {
        "length": turn.button("button_how_long", length),
        "steps": turn.button("button_which_order", steps),
    }
    return [
        *(choice for aspect, choice in choices.items() if aspect not in asked.aspects),
        turn.button("button_programmes_there", Search(country=country)),
        *turn.leads(INTENT)[2:],
    ]
