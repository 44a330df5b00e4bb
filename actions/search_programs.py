"""Searching the programmes, and changing a search."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from actions import phrases, selection
from actions.answers import (
    LIKELY,
    LIKELY_IN_TALK,
    SURE,
    SURER,
    answer_if_sure,
    choose,
    in_talk,
    likely,
    offer,
    read_again,
)
from actions.follow_up import follow_up
from actions.search_results import (
    PAGE,
    current,
    explain,
    keep,
    leads,
    send,
    show,
    unused_remarks,
)
from actions.search_state import Change, begun, change, named_in
from actions.topic_action import Question, TopicAction, Turn
from preceptor.catalogue.money import Money, Rates, convert_at
from preceptor.catalogue.search import Hit, SearchQuery, search
from preceptor.conversation import search_words as words
from preceptor.conversation.choices import Choice, Country, Page, Restart, Search, Widen
from preceptor.conversation.frame import IS_HERE, Person, told_of_oneself
from preceptor.intents import intents

_ALL = 1000


class SearchPrograms(TopicAction):
    """Answers "find me …"."""

    action = "action_search_programs"

    def answer(self, turn: Turn) -> None:
        """Search with what the message names, on top of what is known of the person."""
        if isinstance(turn.choice, Search):
            _begin(turn, turn.choice)
        else:
            seek(turn, fresh=True)


class RefineSearch(TopicAction):
    """Answers "cheaper", "and in Peru?", "more"."""

    action = "action_refine_search"

    def answer(self, turn: Turn) -> None:
        """Change the search; after a question on licensing, a bare country means that again."""
        choice = turn.choice
        if isinstance(choice, Restart):
            _clear(turn)
        elif isinstance(choice, Page):
            _turn_to(turn, choice.offset)
        elif isinstance(choice, Widen):
            query = current(turn)
            show(turn, query.without(*set(choice.fields) & set(query.constraints())))
        elif isinstance(choice, Country) and choice.intent == turn.question.intent:
            query = current(turn)
            show(turn, replace(query, countries=(choice.country,), places=(), regions=()))
        elif not follow_up(turn):
            seek(turn, fresh=False)


def seek(turn: Turn, *, fresh: bool) -> None:
    """Search with what the message names, or answer it if it seeks no programmes."""
    turn.question = _less_own_places(turn.question, turn.frame.person)
    if not _asks_something_else(turn):
        find(turn, fresh=fresh)


# So much beside the values of a search may be a question of another kind.
_MUCH = 4
# "How do I find a cheap one in paediatrics for four weeks" names so many kinds of values that it
# wants to be shown some.
_MANY = 3


def _asks_something_else(turn: Turn) -> bool:
    """Answer a message that seeks no programmes from knowledge/; return whether it did.

    "It's the motivation letter for the elective" names a kind of placement and is no search. In
    the middle of a talk a likely answer will do, and where the message changes nothing in the
    search a less likely one.
    """
    text = turn.question.text
    if words.NO_PROGRAMMES.search(text):
        _end(turn)
        return True
    if turn.parse.get("sought"):
        return False
    in_talk = bool(turn.frame.question) or turn.slots.get("topic") == "search"
    least = LIKELY_IN_TALK if in_talk else SURE
    said = words.less_denials(text)
    seeks = words.SEEKS.search(said) or words.WHY_FEW.search(text) or words.given_up(text)
    asks_how = words.HOW.search(text) and len(_wished(turn.question)) < _MANY
    advice = not seeks and _asks_advice(turn)
    if advice or asks_how or (words.MATTERS.search(text) and not seeks):
        sure = answer_if_sure(turn, likely(turn) if advice else least)
        return sure or ((advice or in_talk) and offer_nearest(turn))
    if seeks:
        # "I want a letter of recommendation after four weeks" is only guessed to be a search.
        return _is_guessed(turn) and answer_if_sure(turn, _MUCH_SURER)
    if in_talk and _is_idle(change(current(turn), turn.question, turn.catalogue, fresh=False)):
        return _is_beside(turn) or answer_if_sure(turn, LIKELY_IN_TALK) or _offer_questions(turn)
    if not current(turn).constraints() and _only_refuses(turn.question):
        return _is_beside(turn) or answer_if_sure(turn, LIKELY_IN_TALK) or offer_nearest(turn)
    return _says_much(turn.question) and answer_if_sure(turn, LIKELY if in_talk else SURE)


def _asks_advice(turn: Turn) -> bool:
    """Tell whether a message names no more than who asks, and asks how or why.

    So it is where it is taken for a search for want of anything likelier.
    """
    asks = _is_guessed(turn) or words.ASKS_ADVICE.search(turn.question.text)
    return bool(asks) and not _wished(turn.question) and _says_much(turn.question)


_GUESSED, _MUCH_SURER = 0.5, 0.8


def _is_guessed(turn: Turn) -> bool:
    """Tell whether the classifier was hardly sure that a message is a search."""
    return float((turn.parse.get("intent") or {}).get("confidence") or 0.0) < _GUESSED


def _wished(question: Question) -> set[str]:
    """Return of which kinds a message names values of a search, that of a stay left aside."""
    return {e["entity"] for e in question.entities if e.get("role") is None} - {"kind", "stage"}


def _is_beside(turn: Turn) -> bool:
    """Tell whether a message's other question is the one to answer.

    "2000 might be a stretch, can I get a bursary?" changes nothing in the search.
    """
    asked = turn.parse.get("questions") or []
    groups = {intents()[q["intent"]].group for q in asked if q["intent"] != turn.question.intent}
    return bool(groups - {"search", "results"})


def _only_refuses(question: Question) -> bool:
    """Tell whether a message says what isn't wanted, and nothing that is: "so no Honduras"."""
    roles = {entity.get("role") for entity in question.entities}
    return roles == {"excluded"}


def _offer_questions(turn: Turn) -> bool:
    """Offer questions for a message that names nothing to search for; return whether it did."""
    question = turn.question
    seeks_nothing = not named_in(question) and _says_much(question) and not turn.parse.get("gloss")
    return seeks_nothing and offer_nearest(turn)


def offer_nearest(turn: Turn) -> bool:
    """Offer the questions nearest to a message; return whether there are any."""
    matches = choose(turn).matches
    if matches:
        offer(turn, matches)
    return bool(matches)


def _is_idle(done: Change) -> bool:
    """Tell whether a message changes nothing in a search, nor moves in its list."""
    return not done.changed and done.step == "none" and not done.unused


def _says_much(question: Question) -> bool:
    """Tell whether a message says much beside the values of a search."""
    text = question.text
    for entity in question.entities:
        if entity["entity"] != "cheap":
            text = text.replace(entity["text"], " ")
    return len(set(re.findall(r"[\w']+", text.lower())) - words.AROUND) >= _MUCH


def _end(turn: Turn) -> None:
    """End the search of somebody who wants no programmes, and answer what else they say."""
    person, talking = turn.frame.person.less_wishes(), in_talk(turn)
    keep(turn, SearchQuery())
    turn.frame = turn.frame.copy(update={"person": person})
    turn.set(listed=None, search_offset=None, program_focus=None)
    said = words.NO_PROGRAMMES.sub(" ", turn.question.text)
    turn.question = replace(turn.question, text=said, entities=())
    if _says_much(turn.question):
        answered = answer_if_sure(turn, LIKELY_IN_TALK) or offer_nearest(turn)
    else:
        # "Not looking for a programme!!" after an answer is about the question before it.
        answered = talking and read_again(turn, SURER)
    if not answered:
        turn.reply(turn.say("search_ended"))


def _begin(turn: Turn, choice: Search) -> None:
    """Begin a search with what a click names; who asks and what they can pay stays."""
    ids = choice.dict(exclude={"do"}, exclude_none=True)
    names = turn.catalogue.names
    if any((kind, i) not in names for kind, i in ids.items()):
        turn.reply(turn.say("pick_gone"), choices=_starters(turn))
        return
    query = SearchQuery(
        countries=_one(choice.country),
        places=_one(choice.place),
        regions=_one(choice.region),
        specialties=_one(choice.specialty),
        kinds=_one(choice.kind),
    )
    # A click finds what its title says; who asks and what they can pay stays.
    theirs = {"stages", "languages", "budget"}
    named = set(query.__dataclass_fields__) - theirs
    show(turn, begun(query, named, turn.frame.person, turn.catalogue))


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _turn_to(turn: Turn, offset: int) -> None:
    """Show a page of the search, the page shown last as what it is: the same again."""
    shown = turn.slots.get("search_offset")
    if shown is None:
        turn.reply(turn.say("search_ask"), choices=_starters(turn))
        return
    lead = "search_again" if offset == shown else None
    show(turn, current(turn), offset, lead=lead)


def _clear(turn: Turn) -> None:
    """Clear the search, and say so; who asks stays."""
    person = turn.frame.person.less_wishes()
    keep(turn, SearchQuery())
    turn.frame = turn.frame.copy(update={"person": person})
    turn.set(topic="search", listed=None, search_offset=None, program_focus=None)
    turn.reply(turn.say("search_cleared"), choices=_starters(turn))


# What a person tells of themselves and a search doesn't keep; "any language" gives it up.
_THEIRS = ("stages", "when", "languages")


def find(turn: Turn, *, fresh: bool) -> None:
    """Apply the question to the conversation's search and show what it finds."""
    before = current(turn)
    on_show = turn.slots.get("topic") == "search" and turn.slots.get("search_offset") is not None
    done = change(before, turn.question, turn.catalogue, fresh=fresh)
    person = turn.frame.person
    restarts = bool(words.RESET.search(turn.question.text))
    if restarts:
        person = told_of_oneself(person.less_wishes(), turn.question.entities)
        turn.frame = turn.frame.copy(update={"person": person})
    if done.step != "reset":
        named = named_in(turn.question) | done.dropped
        if not fresh and not restarts and before.constraints():
            # Of a search that goes on, only who asks may have been told since.
            named |= set(before.__dataclass_fields__) - {"stages"}
        query = begun(done.query, named, person, turn.catalogue)
        done = replace(done, query=query, changed=done.changed or query != before)
    given_up: dict[str, tuple[()]] = {f: () for f in _THEIRS if f in done.dropped}
    turn.frame = turn.frame.copy(update={"person": turn.frame.person.copy(update=given_up)})
    turn.set(topic="search")
    if turn.question.of_kind("country", role="unclear"):
        keep(turn, done.query)
        selection.ask_which_country(turn, "refine_search")
        return
    if done.step == "reset":
        _clear(turn)
        return
    if not done.query.constraints() and not _anywhere(turn, done):
        keep(turn, done.query)
        remarks = unused_remarks(turn, done)
        turn.reply(turn.say("search_ask"), remarks=remarks, choices=_starters(turn))
        return
    if done.step in {"cheaper", "shorter", "longer"}:
        _relative(turn, done)
        return
    why = bool(words.WHY_FEW.search(turn.question.text))
    wished = any(not entity.get("role") for entity in turn.question.entities)
    asks = not wished or "?" in (turn.parse.get("text") or "")
    if not done.changed and (why or (on_show and asks and not fresh and _is_idle(done))):
        explain(turn, done.query)
        return
    shown = turn.slots.get("search_offset") or 0
    steps = {"more": shown + PAGE, "previous": max(0, shown - PAGE), "back": shown}
    lead = "search_again" if done.step == "back" else None
    show(turn, done.query, steps.get(done.step, 0), lead=lead, done=done)
    if why:
        explain(turn, done.query)


_IN = re.compile(r"\b(?:in|near|around|to|at|for|within)(?: the)?\s+$", re.IGNORECASE)


def _less_own_places(question: Question, person: Person) -> Question:
    """Return a message in which somebody's own place isn't one where they want to go.

    "I'm in Ohio" says that beside another place or a wish to go abroad; so does "I'm a student,
    Leeds" of somebody who said before that they are from there.
    """
    wished = question.of_kind("country", "place", "region")
    goes = len(wished) > 1 or _ABROAD.search(question.text)
    speaks = question.of_kind("stage") or question.of_kind("stage", role="excluded")
    entities = list(question.entities)
    for i, entity in enumerate(entities):
        if entity not in wished:
            continue
        before = question.text.partition(entity["text"])[0]
        is_here = (IS_HERE.search(before) or _STUDIES.match(before)) and goes
        known = entity["value"] in person.origin and speaks and not _IN.search(before)
        if is_here or known:
            entities[i] = {**entity, "role": "origin"}
    return replace(question, entities=tuple(entities))


# What stands before where somebody studies: "3rd year medic in Leeds", "final yr med Belfast".
_STUDIES = re.compile(
    r"^\W*(?:(?:hi|hello|hey|i|i'?m|am|we|we'?re|are|a|an|the|two|\d\w*|first|second|third|fourth|fifth"
    r"|sixth|final|last|yr|year|medical|med|nursing|dental|pharmacy|physio|midwifery)\W+)*"
    r"(?:students?|medics?|med|medicine|dentistry|premed|pupil)\W+(?:(?:in|at|from|of)\W+)?$",
    re.IGNORECASE,
)
_ABROAD = re.compile(r"\b(?:abroad|overseas|(?:an)?other countr(?:y|ies))\b", re.IGNORECASE)


def _anywhere(turn: Turn, done: Change) -> bool:
    """Tell whether a search without constraints is meant: "anywhere", "more", "cheapest"."""
    searching = turn.slots.get("search_offset") is not None
    return done.changed or done.step != "none" or searching


def _starters(turn: Turn) -> list[Choice]:
    """Return searches to begin with, as far as the catalogue knows their ids."""
    names = turn.catalogue.names
    return [
        turn.button(f"button_start_{kind}", Search.parse_obj({kind: i}))
        for kind, i in (
            ("specialty", "surgery"), ("region", "east-africa"), ("kind", "clinical_observation"),
        )
        if (kind, i) in names
    ]  # fmt: skip


def _relative(turn: Turn, done: Change) -> None:
    """Answer "cheaper", "shorter", "longer" by what was just shown."""
    everything = search(turn.catalogue, replace(done.query, budget=None), 0, _ALL).results
    focus = turn.slots.get("program_focus")
    shown = [focus] if focus else selection.listed(turn).page
    reference = [h for h in everything if h.program.id in shown]
    if not reference:
        cheaper = done.step == "cheaper"
        show(turn, replace(done.query, order="price" if cheaper else "length"), done=done)
    elif done.step == "cheaper":
        _cheaper(turn, done, list(everything), reference)
    elif done.step == "shorter":
        _shorter(turn, done, everything, reference)
    else:
        _longer(turn, done, everything, reference)


def _shorter(turn: Turn, done: Change, everything: Iterable[Hit], reference: Iterable[Hit]) -> None:
    """Show what lets one stay for less time than the shortest of what was shown."""
    query = replace(done.query, order="length")
    least = min((h.program.min_weeks for h in reference if h.program.min_weeks), default=None)
    if least is None:
        turn.reply(turn.say("search_no_shorter_unknown"), choices=leads(turn, query))
    elif any(h.program.min_weeks and h.program.min_weeks < least for h in everything):
        show(turn, replace(query, min_weeks=None, max_weeks=float(least - 1)), done=done)
    else:
        text = turn.say("search_no_shorter", weeks=phrases.weeks(least, least))
        turn.reply(text, choices=leads(turn, query))


def _longer(turn: Turn, done: Change, everything: Iterable[Hit], reference: Iterable[Hit]) -> None:
    """Show what lets one stay for more time than the longest of what was shown."""
    query = replace(done.query, order="length")
    lengths = (h.program.max_weeks or h.program.min_weeks for h in reference)
    most = max((weeks for weeks in lengths if weeks), default=None)
    if most is None:
        turn.reply(turn.say("search_no_longer_unknown"), choices=leads(turn, query))
    elif any(h.program.max_weeks and h.program.max_weeks > most for h in everything):
        show(turn, replace(query, min_weeks=float(most + 1), max_weeks=None), done=done)
    else:
        text = turn.say("search_no_longer", weeks=phrases.weeks(most, most))
        turn.reply(text, choices=leads(turn, query))


def _cheaper(turn: Turn, done: Change, everything: list[Hit], reference: list[Hit]) -> None:
    """Show what is known to cost less than the cheapest of what was shown.

    Stays are compared per week, or whole if a budget for the whole stay was given or their length
    isn't known.
    """
    query = done.query
    whole = query.budget is not None and query.budget_per == "stay"
    by_week = not whole and any(hit.weekly_eur is not None for hit in reference)

    def cost(hit: Hit) -> Decimal | None:
        return hit.weekly_eur if by_week else hit.cost_eur

    known = [(price, hit.program.id, hit) for hit in reference if (price := cost(hit)) is not None]
    if not known:
        _no_price_to_beat(turn, query, everything, reference)
        return
    least, _, beaten = min(known)
    limit = _in_own_money(least, beaten, query, turn.catalogue.rates, by_week=by_week)
    amount = phrases.money(limit)
    if by_week:
        amount = turn.say("search_per_week", amount=amount)
    if any((other := cost(hit)) is not None and other < least for hit in everything):
        budget = Money(limit.minor - 1, limit.currency)
        narrowed = replace(
            query, order="price", budget=budget, budget_per="week" if by_week else "stay"
        )
        show(turn, narrowed, lead="search_cheaper", done=done, price=amount)
        return
    unknown = sum(cost(hit) is None for hit in everything)
    keep(turn, replace(query, order="price"))
    text = turn.say("search_no_cheaper", price=amount)
    if unknown:
        text += " " + turn.say("search_unknown", unknown=unknown, total=len(everything))
    turn.reply(text, choices=leads(turn, query))


def _in_own_money(
    eur: Decimal, hit: Hit, query: SearchQuery, rates: Rates, *, by_week: bool
) -> Money:
    """Return an amount in the budget's currency, otherwise in the programme's own."""
    own = hit.program.price
    currency = query.budget.currency if query.budget else own.currency if own else "EUR"
    # Converted there and back, an amount would be a cent off.
    is_own = (hit.program.price_basis == "per_week") == by_week
    if own and own.currency == currency and is_own:
        return own
    euro = Money.of(eur.quantize(Decimal("0.01")), "EUR")
    return convert_at(euro, currency, rates).money if currency in rates else euro


def _no_price_to_beat(
    turn: Turn, query: SearchQuery, everything: list[Hit], reference: list[Hit]
) -> None:
    """Answer "cheaper" where nothing on show says what a stay costs.

    Programmes that publish a price come first, then what was on show, so that "the second" still
    has something to point at.
    """
    priced = [h for h in everything if h.cost_eur is not None]
    lead = "search_cheapest_first"
    if not priced:
        # The same search without a specialty: a price to go by is what the person wants now.
        wider = replace(query, specialties=(), order="price")
        priced = [
            h for h in search(turn.catalogue, wider, 0, _ALL).results if h.cost_eur is not None
        ]
        lead = "search_priced_elsewhere"
    keep(turn, replace(query, order="price"))
    if not priced:
        turn.reply(turn.say("search_no_prices"), choices=leads(turn, query))
        return
    opening = f"{turn.say('search_no_prices')} {turn.say(lead)}"
    ids = {h.program.id for h in priced}
    hits = [*priced, *(h for h in reference if h.program.id not in ids)][:PAGE]
    send(turn, [(opening, hits)], 0, len(hits))
