"""Shows what a search finds: what fits, what may fit and worldwide schemes, each apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from babel.numbers import get_currency_name

from actions import phrases, selection
from actions.answers import LIKELY, choose
from actions.search_state import Change, query_from_slots, query_to_slots, remembered
from actions.selection import Listed
from actions.topic_action import Turn
from preceptor.catalogue.money import convert_at
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.search import (
    Hit,
    SearchQuery,
    Standing,
    left_out,
    narrowest,
    nearest,
    search,
    takes_only_from_abroad,
)
from preceptor.conversation.cards import ProgramListCard
from preceptor.conversation.choices import Choice, Compare, Page, Restart, Show, Widen
from preceptor.conversation.talk_words import QUESTION

PAGE = 3
# An unclear currency is asked for with so many examples.
_OPTIONS = 4
# The words for what people wish for and no search can go by.
_WISHES = {
    "safe": "wish_safe",
    "best": "wish_best",
    "paid": "wish_paid",
    "free": "wish_free",
    "hands_on": "wish_hands_on",
    "housing": "wish_housing",
    "credit": "wish_credit",
    "company": "wish_company",
    "leisure": "wish_leisure",
}
# So many worldwide schemes stand below what is nearest.
_MOST_SCHEMES = 2

# From how many words on a message may ask more than a search answers.
_SAYS_MORE = 8

Groups = list[tuple[str, list[Hit]]]
"""What a list shows: for each group the sentence before it, and its hits."""


def keep(turn: Turn, query: SearchQuery) -> str:
    """Keep the search in the conversation, and return it in words."""
    regions = {str(r.id): r.countries for r in turn.catalogue.regions.values()}
    wanted = phrases.criteria(query, turn.catalogue.names, regions)
    turn.set(**query_to_slots(query), search_summary=wanted if query.constraints() else None)
    person = remembered(query, turn.frame.person)
    # What was answered before is no longer what "more" and "why?" are about.
    turn.frame = turn.frame.copy(update={"person": person, "focus": None})
    return wanted


def current(turn: Turn) -> SearchQuery:
    """Return the conversation's search, with the dates and the home that the person named."""
    return _with_person(turn, query_from_slots(turn.slots))


def _with_person(turn: Turn, query: SearchQuery) -> SearchQuery:
    person = turn.frame.person
    places = turn.catalogue.places
    named = [i for i in (*person.origin, person.here) if i]
    home = (places[i].country if i in places else i for i in named)
    return replace(query, when=person.when, home=tuple(dict.fromkeys(home)))


def show(
    turn: Turn,
    query: SearchQuery,
    offset: int = 0,
    *,
    lead: str | None = None,
    done: Change | None = None,
    **values: object,
) -> None:
    """Show one page of a search and keep it in the conversation.

    Args:
        turn: the turn.
        query: the search.
        offset: the place of the page's first hit, counted from 0.
        lead: the name of the sentence before it, if it isn't what the result says.
        done: what the message changed, for what it says and no search can use.
        values: of the lead.
    """
    turn.set(topic="search")
    query = _with_person(turn, query)
    wanted = keep(turn, query)
    page = search(turn.catalogue, query, offset, PAGE)
    if not page.counts.get("fits") and not page.counts.get("may_fit"):
        if offset > 0:
            nothing = f"{turn.say('search_nothing_near')} {_who_knows(turn, query)}"
            turn.reply(nothing, choices=leads(turn, query))
        else:
            _show_nothing(turn, query, wanted, done)
        return
    if not page.results:
        no_more = turn.say("search_no_more", total=page.total, criteria=wanted)
        turn.reply(no_more, choices=leads(turn, query))
        return
    groups: Groups = []
    for standing, hits in groupby(page.results, lambda hit: hit.standing):
        found = list(hits)
        at = offset + sum(len(shown) for _, shown in groups)
        sentence = _opening(turn, standing, page.counts, at, len(found), wanted)
        if lead is not None and at == offset:
            sentence = turn.say(lead, criteria=wanted, **values)
            if standing != "fits":
                sentence += " " + _opening(turn, standing, page.counts, -1, len(found), wanted)
        groups.append((sentence, found))
    remarks = [
        *_rates(turn, query, page.results),
        *_stale(turn, page.results, offset),
        *unused_remarks(turn, done, page.results),
        *_asked_beside(turn),
    ]
    send(turn, groups, offset, page.total, remarks)


def _opening(
    turn: Turn, standing: Standing, counts: Mapping[Standing, int], at: int, size: int, wanted: str
) -> str:
    """Return the sentence before the hits of one standing.

    Args:
        turn: the turn.
        standing: theirs.
        counts: how many hits there are of each standing.
        at: the place of the first of them, counted from 0; -1 if a sentence stands before it.
        size: how many of them are shown.
        wanted: the search in words.
    """
    fits, may_fit = counts.get("fits", 0), counts.get("may_fit", 0)
    if standing == "fits":
        first, last = at + 1, at + size
        name = "search_results_last" if first == last else "search_results"
        if fits == 1:
            name = "search_results_one"
        elif size == fits:
            name = "search_results_all"
        return turn.say(name, total=fits, criteria=wanted, first=first, last=last)
    if standing == "worldwide":
        return turn.say("search_worldwide")
    sentences = [] if fits or at else [turn.say("search_none_sure", criteria=wanted)]
    return " ".join([*sentences, turn.say("search_may_fit", number=may_fit)])


def _earlier(turn: Turn, offset: int) -> list[str]:
    """Return the programmes of a search's earlier pages by number, those on the screen as is."""
    shown = selection.listed(turn)
    if shown.of == "search" and len(shown.ids) >= offset:
        return list(shown.ids[:offset])
    before = search(turn.catalogue, current(turn), 0, offset)
    return [hit.program.id for hit in before.results]


def send(turn: Turn, groups: Groups, offset: int, total: int, remarks: Iterable[str] = ()) -> None:
    """Send results, a card per group, and remember them for "the second one"."""
    hits = [hit for _, found in groups for hit in found]
    ids = [hit.program.id for hit in hits]
    shown = Listed("search", (*_earlier(turn, offset), *ids), offset + 1)
    selection.put_on_screen(turn, shown)
    turn.set(search_offset=offset, program_focus=ids[0] if len(ids) == 1 else None)
    choices: list[Choice] = []
    if len(hits) > 1:
        choices.append(turn.button("button_compare", Compare(programs=ids[:3])))
    if offset + len(hits) < total:
        choices.append(turn.button("button_more", Page(offset=offset + PAGE)))
    start = offset
    for opening, found in groups:
        items = [phrases.item(hit, number) for number, hit in enumerate(found, start + 1)]
        card = ProgramListCard(programs=items, offset=start, total=total)
        start += len(found)
        is_last = start == offset + len(hits)
        details = _details(turn, items[0].id, items[0].number)
        turn.reply(
            opening,
            card=card,
            remarks=remarks if is_last else (),
            choices=[details, *choices] if is_last else [details],
        )


def _details(turn: Turn, program: str, number: int | None) -> Choice:
    return turn.button("button_details", Show(program=program), number=number)


def _rates(turn: Turn, query: SearchQuery, hits: Sequence[Hit]) -> list[str]:
    """Return the sentence on how prices were compared with the budget, none without one."""
    rates = turn.catalogue.rates
    if not query.budget:
        return []
    if query.budget.currency not in rates:
        return [turn.say("search_no_rate", currency=query.budget.currency)]
    dates = [
        converted.rate_date
        for hit in hits
        if (price := hit.program.price)
        and price.currency in rates
        and (converted := convert_at(price, query.budget.currency, rates)).rate_date
    ]
    return [turn.say("search_rate", date=min(dates))] if dates else []


def _stale(turn: Turn, hits: Sequence[Hit], offset: int = 0) -> list[str]:
    """Return the sentence on programmes that weren't checked lately, none if all were."""
    stale = [number for number, hit in enumerate(hits, offset + 1) if hit.is_stale]
    if len(stale) == len(hits) > 1:
        return [turn.say("search_stale_all")]
    numbers = phrases.joined([turn.say("program_number", number=number) for number in stale])
    return [turn.say("search_stale", numbers=numbers)] if stale else []


def unused_remarks(turn: Turn, done: Change | None, hits: Sequence[Hit] = ()) -> list[str]:
    """Return a sentence for each thing that the message says and the search can't use.

    A date needs none where all that is shown can be begun at any time.
    """
    unused = done.unused if done else ()
    if hits and not any("dates_unknown" in hit.notes for hit in hits):
        unused = tuple(each for each in unused if each.kind != "when")
    sentences = [turn.say("search_assumed_usd")] if done and done.assumed_currency else []
    whens = [each.words for each in unused if each.kind == "when"]
    if whens:
        said = phrases.joined(whens, "or")
        sentences.append(turn.say("search_unused_when", words=said, options=""))
    for each in unused:
        if each.kind in ("wishes", "when"):
            continue
        options = [
            f"{get_currency_name(code, count=2, locale='en')} ({code})"
            for code in each.options[:_OPTIONS]
        ]
        name = f"search_unused_{each.kind}"
        sentences.append(turn.say(name, words=each.words, options=phrases.joined(options, "or")))
    wishes = [turn.say(_WISHES[each.words]) for each in unused if each.kind == "wishes"]
    if wishes:
        sentences.append(turn.say("search_unused_wishes", words=phrases.joined(wishes, "or")))
    return list(dict.fromkeys(sentences))


def _asked_beside(turn: Turn) -> list[str]:
    """Return in short what knowledge/ says to a message that asks more than where to go."""
    text = turn.question.text
    if turn.choice is not None or len(text.split()) < _SAYS_MORE or not QUESTION.search(text):
        return []
    choice = choose(turn)
    if choice.confidence < LIKELY:
        return []
    best = choice.matches[0].answer
    return [turn.say("answer_beside", question=best.question, short=best.first_sentence)]


def _show_nothing(turn: Turn, query: SearchQuery, wanted: str, done: Change | None) -> None:
    """Say that nothing fits, and what comes nearest."""
    nothing = nearest(turn.catalogue, query)
    pupil = "pre_university" in query.stages
    if pupil and any("stage_unknown" in hit.notes for hit in nothing.alternatives):
        # What doesn't say that it takes pupils mostly takes none.
        nothing = replace(nothing, alternatives=(), worldwide=())
    sentences = [turn.say("search_empty", criteria=wanted)]
    remarks = [*unused_remarks(turn, done), *_asked_beside(turn)]
    blame = list(dict.fromkeys(map(phrases.constraint, nothing.blame)))
    closed = left_out(turn.catalogue, query)
    if closed:
        sentences.append(_naming(turn, closed))
    turn.set(offer=Widen(fields=list(nothing.blame)).dict() if nothing.blame else None)
    groups: Groups = []
    if nothing.alternatives:
        sentences.append(turn.say("search_nearest", blame=phrases.joined(blame)))
        groups.append((" ".join(sentences), list(nothing.alternatives)))
    if nothing.worldwide:
        schemes = turn.say("search_worldwide")
        lead = schemes if groups else " ".join([*sentences, schemes])
        groups.append((lead, list(nothing.worldwide[:_MOST_SCHEMES])))
    if not groups:
        sentences += _none_for_pupils(turn, query) if pupil else [_nothing_near(turn, query)]
        turn.set(listed=None, search_offset=None, program_focus=None)
        turn.reply(" ".join(sentences), remarks=remarks, choices=leads(turn, query))
        return
    hits = [hit for _, found in groups for hit in found]
    send(turn, groups, 0, len(hits), [*_stale(turn, hits), *remarks])


def _none_for_pupils(turn: Turn, query: SearchQuery) -> list[str]:
    """Say what a pupil can do instead, and who takes pupils in other parts of the world."""
    elsewhere = search(turn.catalogue, SearchQuery(stages=query.stages), 0, PAGE).results
    fitting = (hit.program for hit in elsewhere if hit.standing == "fits")
    names = phrases.joined(map(phrases.title, fitting))
    found = [turn.say("search_pupils_elsewhere", names=names)] if names else []
    return [turn.say("search_none_for_pupils"), *found]


def _nothing_near(turn: Turn, query: SearchQuery) -> str:
    """Say that nothing comes near, and how much there is in other parts of the world."""
    elsewhere = search(turn.catalogue, query.without(*_WHERE, "excluded_countries"), 0, 0)
    number = elsewhere.total - elsewhere.counts.get("worldwide", 0)
    nothing = turn.say("search_elsewhere" if number else "search_nothing_near", number=number)
    return f"{nothing} {_who_knows(turn, query)}"


_QUALIFIED = frozenset({"graduate", "resident", "doctor", "nurse"})


def _who_knows(turn: Turn, query: SearchQuery) -> str:
    """Say who may know of more; whoever is qualified has no school to ask."""
    qualified = bool(query.stages) and _QUALIFIED.issuperset(query.stages)
    return turn.say("search_ask_departments" if qualified else "search_ask_school")


def explain(turn: Turn, query: SearchQuery) -> None:
    """Say what narrows a search most, and which programmes it leaves out and why."""
    sentences = []
    if narrowed := narrowest(turn.catalogue, query):
        blame, more = narrowed
        sentences.append(turn.say("search_narrowed", blame=phrases.constraint(blame), more=more))
    closed = left_out(turn.catalogue, query)
    if closed:
        sentences.append(_naming(turn, closed))
    text = " ".join(sentences) or turn.say("search_nothing_left_out", criteria=keep(turn, query))
    choices = [Choice(title=p.name[:60], payload=Show(program=p.id)) for p in closed[:_MOST_NAMED]]
    turn.reply(text, choices=[*choices, *leads(turn, query), *turn.back_to_search()])


def _naming(turn: Turn, closed: Sequence[ProgramView]) -> str:
    """Name programmes that a search leaves out, and say why."""
    named = closed[:_MOST_NAMED]
    names = [turn.say(f"search_left_out_{_reason(p)}", name=phrases.title(p)) for p in named]
    if len(closed) > len(named):
        names.append(turn.say("search_left_out_more", number=len(closed) - len(named)))
    return turn.say("search_left_out", names="; ".join(names))


def _reason(program: ProgramView) -> str:
    """Return why a search leaves a programme out, as the name of the words for it ends."""
    abroad = program.listing == "open_call" and takes_only_from_abroad(program)
    return "from_abroad" if abroad else program.listing


_MOST_NAMED = 2
_WHERE = ("countries", "places", "regions")


def leads(turn: Turn, query: SearchQuery) -> list[Choice]:
    """Return what widens a search, or begins a new one."""
    set_now = query.constraints()
    widened = (
        ("button_anywhere", [*_WHERE, "excluded_countries"], set(_WHERE) & set(set_now)),
        ("button_any_specialty", ["specialties", "excluded_specialties"], query.specialties),
        ("button_any_kind", ["kinds"], query.kinds),
        ("button_any_price", ["budget"], query.budget),
    )
    return [turn.button(words, Widen(fields=fields)) for words, fields, on in widened if on] or [
        turn.button("button_restart", Restart())
    ]
