"""What countries demand before they register a doctor: answers to the very question asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from actions import phrases, selection
from actions.answers import (
    LIKELY,
    NEAR,
    SURE,
    answer_if_likely,
    answer_if_sure,
    choose,
    context_of,
    general_answer,
    in_talk,
    likely,
    offer,
    question_button,
    show,
    tell,
    tell_best,
    tell_detail,
    tell_further,
    unknown,
)
from actions.other_professions import answer_profession, tell_field
from actions.registration_question import (
    MOST_COUNTRIES,
    Asked,
    asked_of,
    before_of,
    holds_registration,
    keep,
    terms_of,
    text_of,
)
from actions.registration_text import (
    OF_THE_REGULATOR,
    Rules,
    Telling,
    hurdles,
    link_of,
    named,
    saying,
    says,
    sentences_on,
)
from actions.topic_action import Question, TopicAction, Turn
from preceptor.catalogue.cells import Route
from preceptor.catalogue.facts import registration_rules
from preceptor.catalogue.records import RegistrationRecord, RegulatorRecord
from preceptor.conversation import registration
from preceptor.conversation.choices import Choice, Country, Search
from preceptor.conversation.decide import STORY
from preceptor.conversation.follow_ups import NEAR_FURTHER
from preceptor.conversation.registration import COMPARED, INTENT, LENGTH, OTHER
from preceptor.intents import intents
from preceptor.knowledge import index
from preceptor.knowledge.answers import Answer
from preceptor.knowledge.store import shared_answers

_OFFERED = ("IN", "NG", "GB")
_OTHER_MATTERS = ("specialty", "duration", "money", "kind", "ordinal", "cheap")
_MONTHS_A_WEEK, _ROUNDING = 12 / 52, 0.1


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
    named = turn.question.of_kind("country", "place")
    if turn.choice is None and not named and in_talk(turn) and tell_further(turn, NEAR_FURTHER):
        return
    asks_meaning = registration.asks_meaning(turn.question.text, turn.question.entities)
    if turn.choice is None and asks_meaning and _define(turn):
        return
    asked = asked_of(turn, intent)
    if turn.choice is None and (_is_another_matter(turn) or _is_claimed_wrongly(turn, asked)):
        return
    if turn.choice is None and _from_knowledge(turn, asked):
        if asked.countries:
            turn.set(licensing_country=list(asked.countries[:MOST_COUNTRIES]))
        keep(turn, asked)
        return
    if not asked.countries and _needs_no_country(turn):
        _answer_nearest(turn)
        return
    turn.set(topic=intent)
    turn.frame = turn.frame.copy(update={"focus": None, "question": turn.question.text})
    if not asked.countries:
        keep(turn, asked)
        _ask_which(turn, intent, asked)
    elif asked.aspects[0] == COMPARED and asked.profession in (None, "doctor"):
        _compare(turn, asked)
    else:
        _answer_each(turn, asked)


def _answer_each(turn: Turn, asked: Asked) -> None:
    """Answer for each country; where somebody trained is asked once if it decides."""
    countries = asked.countries[:MOST_COUNTRIES]
    before = before_of(turn)
    if _is_told(turn, asked, before):
        if (choice := choose(turn)).confidence >= LIKELY:
            tell_best(turn, choice)
            return
        asked = asked.changed(aspects=(OTHER,), yes_no=False)
    turn.set(licensing_country=list(countries))
    keep(turn, asked)
    if tell_field(turn, asked):
        return
    unsure = [c for c in countries if _depends_on_route(turn, c, asked)]
    if unsure:
        _ask_route(turn, unsure, asked)
    for country in countries:
        if country in unsure:
            continue
        choices = _leads(turn, country, asked) if country == countries[-1] else []
        if asked.profession not in (None, "doctor"):
            again = country in before.countries and asked.profession == before.profession
            answer_profession(turn, country, asked, choices[-2:], again=again)
        else:
            _answer_country(turn, country, asked, choices)


def _define(turn: Turn) -> bool:
    """Say what the name of a regulator, an exam or a programme means, and what rules say of it.

    Returns:
        False if the catalogue no longer has it; nothing is said then.
    """
    terms = terms_of(turn)[:MOST_COUNTRIES]
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


def _is_another_matter(turn: Turn) -> bool:
    """Answer from knowledge/ what only sounds like a question on rules; return whether it was."""
    if registration.is_of_a_stay(text_of(turn)) and _on_a_stay(turn):
        return True
    # What no column says may be no question on rules: "should I say sorry again?"
    if turn.parse.get("aspect") == OTHER and choose(turn).confidence >= NEAR:
        _answer_nearest(turn)
        return True
    if holds_registration(turn) and not registration.aspects_of(text_of(turn)):
        # Who is on the register isn't told how to get there: "I have GMC and still no job".
        _answer_nearest(turn)
        return True
    if registration.is_of_a_placement(text_of(turn)):
        return _tell_first(turn, choose(turn), _names_a_placement, least=0)
    if _is_doubtful(turn) and (choice := choose(turn)).confidence >= SURE:
        best = choice.matches[0].answer
        if not {INTENT, LENGTH} & set(best.topics):
            tell(turn, best)
            return True
    return False


def _is_claimed_wrongly(turn: Turn, asked: Asked) -> bool:
    """Answer what has only a word in common with rules from knowledge/; return whether it was.

    "Would a paid clinical attachment change anything" asks nothing of the pay that rules set.
    """
    question, ranking = turn.question, turn.parse.get("intent_ranking") or []
    if not (turn.first and in_talk(turn) and ranking) or ranking[0]["name"] in (INTENT, LENGTH):
        return False
    bare = turn.parse.get("follow_up") or turn.parse.get("aspect")
    if bare or question.of_kind("country", "place") or registration.corrects(question.text):
        return False
    of_rules = turn.slots.get("topic") in (INTENT, LENGTH)
    if of_rules and registration.points_at_it(question.text):
        return False
    choice, aspects = choose(turn), registration.aspects_of(text_of(turn))
    if not (aspects or question.of_kind("registration")) and choice.confidence < NEAR:
        return answer_if_likely(turn)
    if not choice.matches:
        return False
    best = choice.matches[0].answer
    here = not best.places or not asked.countries or set(best.places) & set(asked.countries)
    rules_too = best.folder == "registration"
    least = likely(turn) if not aspects else SURE if rules_too else LIKELY
    on_it = not aspects or not rules_too or _speaks_of_it(turn, asked)
    if not (here and on_it) or choice.confidence < least:
        return False
    tell_best(turn, choice)
    return True


def _on_a_stay(turn: Turn) -> bool:
    """Answer a question on a placement that one chooses; return whether any answer is on it.

    Whether such a placement counts is a question on rules all the same.
    """
    choice = choose(turn)
    matches = tuple(m for m in choice.matches if m.answer.folder != "registration")
    counts = "from_abroad_counts" in registration.aspects_of(text_of(turn))
    if counts or not matches or choice.confidence < NEAR:
        return False
    if matches[0] is choice.matches[0] and choice.confidence >= LIKELY:
        tell_best(turn, choice)
    else:
        offer(turn, matches)
    return True


def _answer_nearest(turn: Turn) -> None:
    """Tell the likely answer of knowledge/, offer the near ones, or say that it isn't known."""
    choice = choose(turn)
    if choice.confidence >= LIKELY:
        tell_best(turn, choice)
    elif choice.confidence >= NEAR:
        offer(turn, choice.matches)
    elif not answer_if_likely(turn):
        unknown(turn, choice.matches)


def _needs_no_country(turn: Turn) -> bool:
    """Tell whether a question without a country names nothing of registration either."""
    text, talk = text_of(turn), turn.slots.get("topic") in (INTENT, LENGTH)
    named = turn.question.of_kind("registration") or registration.names_the_internship(text)
    whose = registration.profession_of(text, turn.question.entities)
    if talk or turn.choice or named or whose or "internship" in text.lower():
        return False
    return not turn.parse.get("gloss") or turn.parse["intent"]["confidence"] < registration.DOUBTFUL


def _from_knowledge(turn: Turn, asked: Asked) -> bool:
    """Answer from knowledge/ what the table of rules can't answer, or not as well."""
    if _is_open(turn, asked) and _tell_fitting(turn, asked):
        return True
    if not registration.aspects_of(text_of(turn)):
        return False
    least = SURE if asked.aspects[0] in _NO_COLUMN else _SUREST
    one = len(asked.countries) == 1 and not _is_of_a_language_test(turn, asked)
    if (
        one
        and _speaks_of_it(turn, asked)
        and answer_if_sure(turn, least=least, topics=(INTENT, LENGTH), places=asked.countries)
    ):
        return True
    return _is_silent(turn, asked) and _tell_likely(turn, asked)


def _speaks_of_it(turn: Turn, asked: Asked) -> bool:
    """Tell whether the nearest answer speaks of what is asked about.

    What comes after an exam is near to its fee and to how often it may be sat, its time limit to
    an internship before it, and an internship part time to leave from one.
    """
    matches = choose(turn).matches
    if not matches:
        return False
    answer = matches[0].answer
    if asked.aspects[0] == "fees":
        return bool(saying(answer, asked.aspects))
    if asked.aspects[0] not in _NO_COLUMN and len(text_of(turn).split()) < STORY:
        # The table has a column for it; an unpaid house job is no matter of how long one lasts.
        return asked.aspects[0] in registration.aspects_of(answer.question)
    return True


def _is_open(turn: Turn, asked: Asked) -> bool:
    """Tell whether the words name no one thing of the rules: a story, or what was just offered.

    A correction asks what was asked before, and professions have answers of their own.
    """
    text = text_of(turn)
    words = len(text.split())
    if words >= STORY:
        return True
    if asked.profession not in (None, "doctor"):
        return False
    if (turn.slots.get("offer") or {}).get("do") == "tell":
        return True
    names_one = registration.corrects(text) or registration.aspects_of(text)
    beside = registration.words_beside(text, turn.question.entities)
    named = registration.names_the_internship(text)
    return beside > (_MOST_NAMING if named else _MOST_BARE) and not names_one


def _tell_fitting(turn: Turn, asked: Asked) -> bool:
    """Tell the answer that is likelier right than not and fits place and profession, if one is."""
    choice, audience = choose(turn), context_of(turn).audience
    if choice.confidence < SURE or not _speaks_of_it(turn, asked):
        return False
    best = choice.matches[0].answer
    here = not best.places or not asked.countries or set(best.places) & set(asked.countries)
    if not here or (audience and best.audience and not audience & set(best.audience)):
        return False
    tell_best(turn, choice)
    return True


def _is_told(turn: Turn, asked: Asked, before: Asked) -> bool:
    """Tell whether a further question names nothing of a rule, so that the last would be repeated."""
    text = text_of(turn)
    talk = turn.slots.get("topic") in (INTENT, LENGTH) and asked.profession in (None, "doctor")
    same = talk and all(getattr(asked, name) == getattr(before, name) for name in _TOLD_BY)
    bare = turn.choice or turn.parse.get("follow_up") or turn.parse.get("aspect")
    says_more = not bare and len(text.split()) > _FEW_WORDS and not registration.corrects(text)
    return same and says_more and not registration.aspects_of(text)


# What decides which rule is told.
_TOLD_BY = ("countries", "profession", "route", "trained")
_FEW_WORDS = 4
# How many words beside what is named may say no more than that: "registration in Kenya, please".
_MOST_BARE, _MOST_NAMING = 2, 9


def _names_a_placement(answer: Answer) -> bool:
    """Tell whether an answer is on students' placements such as a Famulatur."""
    return registration.is_of_a_placement(" ".join(answer.text))


def _tell_likely(turn: Turn, asked: Asked) -> bool:
    """Tell the likeliest answer on what the table of rules leaves open; return whether any is."""
    choice, audience = choose(turn), context_of(turn).audience
    of_language = _is_of_a_language_test(turn, asked)

    def fits(answer: Answer) -> bool:
        same = asked.aspects[0] in registration.aspects_of(answer.question)
        here = not answer.places or set(asked.countries) <= set(answer.places)
        whose = not audience or not answer.audience or audience & set(answer.audience)
        on_it = _LANGUAGE in answer.topics if of_language else same and INTENT in answer.topics
        return bool(on_it and here and whose)

    # "How often may I repeat it", after the test of language, says too little to be sure of.
    return _tell_first(turn, choice, fits, least=0 if of_language else likely(turn))


def _tell_first(
    turn: Turn, choice: index.Choice, fits: Callable[[Answer], bool], *, least: float
) -> bool:
    """Tell the first answer that fits if the choice is likely enough; return whether it was."""
    fitting = tuple(match for match in choice.matches if fits(match.answer))
    if not fitting or choice.confidence < least:
        return False
    best = fitting[0].answer
    if sentences := saying(best, registration.aspects_of(text_of(turn))):
        turn.frame = turn.frame.copy(update={"focus": best.id, "question": turn.question.text})
        sources = [source.link() for source in best.sources[:2]]
        turn.reply(" ".join(sentences), sources=sources, choices=[question_button(best)])
    elif best.id not in turn.frame.told or not tell_detail(turn, best):
        tell_best(turn, replace(choice, matches=fitting))
    return True


def _is_of_a_language_test(turn: Turn, asked: Asked) -> bool:
    """Tell whether it is the test of language that may be failed or paid for."""
    spoken = {*registration.aspects_of(text_of(turn)), *before_of(turn).aspects}
    return asked.aspects[0] in _NO_COLUMN and "language" in spoken


def _is_silent(turn: Turn, asked: Asked) -> bool:
    """Tell whether the table of rules says nothing of what is asked of doctors."""
    aspect = asked.aspects[0]
    if asked.profession not in (None, "doctor") or aspect in {*OF_THE_REGULATOR, COMPARED, OTHER}:
        return False
    if _is_of_a_language_test(turn, asked):
        return True
    told = []
    for country in asked.countries:
        rules = registration_rules(turn.catalogue, country)
        route = _route(turn, country, asked, rules)
        routes = ("recognised", "abroad") if route == "recognised" else (route,)
        told += [rule for each, rule in rules.items() if route is None or each in routes]
    return bool(told) and not any(says(rule, aspect) for rule in told)


def _is_doubtful(turn: Turn) -> bool:
    """Tell whether a message was hardly read as one on registration, and nobody spoke of it."""
    talk = turn.slots.get("topic") in (INTENT, LENGTH)
    sure = turn.parse["intent"]["confidence"] >= registration.DOUBTFUL
    return turn.first and not turn.others and not talk and not sure


# How likely an answer must be right that is given in place of what the table of rules says.
_SUREST = 0.85
# What the table of rules has no column for, and the intent of answers on languages.
_NO_COLUMN = {"attempts", "fees"}
_LANGUAGE = "ask_language_barrier"


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


def _compare(turn: Turn, asked: Asked) -> None:
    """Say of each country spoken of what it asks for first; which is easier isn't said."""
    spoken = [c for c in (*asked.spoken, *asked.countries) if c not in asked.trained]
    spoken = spoken or [*asked.countries]
    countries = list(dict.fromkeys(reversed(spoken)))[:MOST_COUNTRIES][::-1]
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
    keep(turn, asked.changed(countries=tuple(countries)))
    lead = turn.say("registration_compare")
    choices = _leads(turn, countries[-1], asked)
    turn.reply(lead, steps=lines, sources=tuple(dict.fromkeys(sources)), choices=choices)


def _answer_country(turn: Turn, country: str, asked: Asked, choices: list[Choice]) -> None:
    rules = registration_rules(turn.catalogue, country)
    if not rules:
        _not_covered(turn, country, choices)
        return
    route = _route(turn, country, asked, rules)
    if route is not None and route not in rules:
        regulator = named(next(iter(rules.values())))
        name = phrases.country(turn.catalogue.names[("country", country)])
        lead = turn.say(f"registration_no_{route}", country=name, regulator=regulator)
        turn.reply(lead, choices=choices)
        return
    if asked.trained and route == "abroad" and _names_others(turn, rules.get("recognised")):
        rules = {each: rule for each, rule in rules.items() if each != "recognised"}
    telling = Telling(turn, rules, route, asked.aspects, asked.yes_no)
    aspect = asked.aspects[0]
    if aspect in _NO_COLUMN and not telling.is_known and (own := _own_answer(country, aspect)):
        where = turn.catalogue.names[("country", country)]
        lead = turn.say("registration_label", where=where, text=own.first_sentence)
        sources = [source.link() for source in own.sources[:2]]
        turn.reply(lead, sources=sources, choices=[question_button(own)])
        return
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


_DOCTORS = frozenset({"doctor", "graduate", "img"})


def _own_answer(country: str, aspect: str) -> Answer | None:
    """Return the answer on what a country's table has no column for: "What does PLAB cost?"."""
    answers = shared_answers().current()
    for answer in answers.answers if answers else ():
        doctors = registration.profession_of(answer.question) in (None, "doctor") and (
            not answer.audience or bool(_DOCTORS & set(answer.audience))
        )
        there = country in answer.places and INTENT in answer.topics
        if doctors and there and aspect in registration.aspects_of(answer.question):
            return answer
    return None


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


def _depends_on_route(turn: Turn, country: str, asked: Asked) -> bool:
    """Tell whether the steps in a country depend on where somebody trained, which isn't known."""
    if asked.profession not in (None, "doctor") or asked.aspects[0] not in ("steps", "total"):
        return False
    rules = registration_rules(turn.catalogue, country)
    return {"home", "abroad"} <= rules.keys() and _route(turn, country, asked, rules) is None


def _ask_route(turn: Turn, countries: list[str], asked: Asked) -> None:
    """Ask once where somebody trained, where the steps depend on it."""
    keep(turn, asked, pending=True)
    names = [phrases.country(turn.catalogue.names[("country", c)]) for c in countries]
    titles: dict[Route, str] = {"home": turn.say("button_trained_there", country=names[0]),
                                "abroad": turn.say("button_trained_abroad")}  # fmt: skip
    choices = [
        Choice(
            title=title,
            payload=Country(country=countries[0], intent=INTENT, route=route, asked=asked.aspects),
        )
        for route, title in titles.items()
        if len(countries) == 1
    ]
    turn.reply(turn.say("registration_which_route", country=", ".join(names)), choices=choices)


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
