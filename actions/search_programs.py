"""Searching the programmes, and changing a search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from babel.numbers import get_currency_name

from actions import phrases, selection
from actions.follow_up import follow_up
from actions.search_state import Change, change, query_from_slots, query_to_slots
from actions.selection import Listed
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.money import Money, Rates, convert_at
from preceptor.catalogue.search import Hit, SearchQuery, nearest, search
from preceptor.conversation.cards import ProgramListCard
from preceptor.conversation.choices import (
    Choice,
    Compare,
    Country,
    Page,
    Restart,
    Search,
    Show,
    Widen,
)

PAGE = 3
_ALL = 1000
# An unclear currency is asked for with so many examples.
_OPTIONS = 4


class SearchPrograms(TopicAction):
    """Answers "find me …"."""

    action = "action_search_programs"

    def answer(self, turn: Turn) -> None:
        """Search with what the message names, on top of what is known of the person."""
        if isinstance(turn.choice, Search):
            _begin(turn, turn.choice)
        else:
            find(turn, fresh=True)


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
            query = query_from_slots(turn.slots)
            show(turn, query.without(*set(choice.fields) & set(query.constraints())))
        elif isinstance(choice, Country) and choice.intent == turn.question.intent:
            query = query_from_slots(turn.slots)
            show(turn, replace(query, countries=(choice.country,), places=(), regions=()))
        elif not follow_up(turn):
            find(turn, fresh=False)


def _begin(turn: Turn, choice: Search) -> None:
    """Begin a search with what a click names; who asks and what they can pay stays."""
    ids = choice.dict(exclude={"do"}, exclude_none=True)
    names = turn.catalogue.names
    if any((kind, i) not in names for kind, i in ids.items()):
        turn.reply(turn.say("pick_gone"), choices=_starters(turn))
        return
    before = query_from_slots(turn.slots)
    query = SearchQuery(
        countries=_one(choice.country),
        places=_one(choice.place),
        regions=_one(choice.region),
        specialties=_one(choice.specialty),
        kinds=_one(choice.kind),
        stages=before.stages,
        languages=before.languages,
        budget=before.budget,
    )
    show(turn, query)


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _turn_to(turn: Turn, offset: int) -> None:
    """Show a page of the search, the page shown last as what it is: the same again."""
    shown = turn.slots.get("search_offset")
    if shown is None:
        turn.reply(turn.say("search_ask"), choices=_starters(turn))
        return
    lead = "search_again" if offset == shown else None
    show(turn, query_from_slots(turn.slots), offset, lead=lead)


def _clear(turn: Turn) -> None:
    """Clear the search, and say so."""
    _keep(turn, SearchQuery())
    turn.set(topic="search", listed=None, search_offset=None, program_focus=None)
    turn.reply(turn.say("search_cleared"), choices=_starters(turn))


def find(turn: Turn, *, fresh: bool) -> None:
    """Apply the question to the conversation's search and show what it finds."""
    before = query_from_slots(turn.slots)
    done = change(before, turn.question, turn.catalogue, fresh=fresh)
    turn.set(topic="search")
    if turn.question.of_kind("country", role="unclear"):
        _keep(turn, done.query)
        selection.ask_which_country(turn, "refine_search")
        return
    if done.step == "reset":
        _clear(turn)
        return
    if not done.query.constraints() and not _anywhere(turn, done):
        _keep(turn, done.query)
        remarks = unused_remarks(turn, done)
        turn.reply(turn.say("search_ask"), remarks=remarks, choices=_starters(turn))
        return
    if done.step in {"cheaper", "shorter", "longer"}:
        _relative(turn, done)
        return
    shown = turn.slots.get("search_offset") or 0
    steps = {"more": shown + PAGE, "previous": max(0, shown - PAGE), "back": shown}
    lead = "search_again" if done.step == "back" else None
    show(turn, done.query, steps.get(done.step, 0), lead=lead, done=done)


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


def _keep(turn: Turn, query: SearchQuery) -> str:
    """Keep the search in the conversation, and return it in words."""
    regions = {str(r.id): r.countries for r in turn.catalogue.regions.values()}
    wanted = phrases.criteria(query, turn.catalogue.names, regions)
    turn.set(**query_to_slots(query), search_summary=wanted if query.constraints() else None)
    return wanted


def show(
    turn: Turn,
    query: SearchQuery,
    offset: int = 0,
    *,
    lead: str | None = None,
    done: Change | None = None,
) -> None:
    """Show one page of a search and keep it in the conversation."""
    turn.set(topic="search")
    wanted = _keep(turn, query)
    page = search(turn.catalogue, query, offset, PAGE)
    if not page.total:
        _show_nothing(turn, query, wanted, done)
        return
    if not page.results:
        no_more = turn.say("search_no_more", total=page.total, criteria=wanted)
        turn.reply(no_more, choices=_leads(turn, query))
        return
    first, last = offset + 1, offset + len(page.results)
    if lead is None:
        lead = "search_results_last" if first == last else "search_results"
        if page.total == 1:
            lead = "search_results_one"
        elif page.total <= PAGE:
            lead = "search_results_all"
    opening = turn.say(lead, total=page.total, criteria=wanted, first=first, last=last)
    remarks = _remarks(turn, query, page.results, done)
    _list(turn, opening, page.results, offset, page.total, remarks)


def _earlier(turn: Turn, offset: int) -> list[str]:
    """Return the programmes of a search's earlier pages by number, those on the screen as is."""
    shown = selection.listed(turn)
    if shown.of == "search" and len(shown.ids) >= offset:
        return list(shown.ids[:offset])
    before = search(turn.catalogue, query_from_slots(turn.slots), 0, offset)
    return [hit.program.id for hit in before.results]


def _list(
    turn: Turn,
    opening: str,
    hits: Iterable[Hit],
    offset: int,
    total: int,
    remarks: Iterable[str] = (),
) -> None:
    """Send results as a card, and remember them for "the second one"."""
    hits = list(hits)
    ids = [hit.program.id for hit in hits]
    shown = Listed("search", (*_earlier(turn, offset), *ids), offset + 1)
    selection.put_on_screen(turn, shown)
    turn.set(search_offset=offset, program_focus=ids[0] if len(ids) == 1 else None)
    items = [phrases.item(hit, number) for number, hit in enumerate(hits, offset + 1)]
    choices = [turn.button("button_details", Show(program=ids[0]), number=offset + 1)]
    if len(hits) > 1:
        choices.append(turn.button("button_compare", Compare(programs=ids[:3])))
    if offset + len(hits) < total:
        choices.append(turn.button("button_more", Page(offset=offset + PAGE)))
    card = ProgramListCard(programs=items, offset=offset, total=total)
    turn.reply(opening, card=card, remarks=remarks, choices=choices)


def _remarks(
    turn: Turn, query: SearchQuery, hits: tuple[Hit, ...], done: Change | None
) -> list[str]:
    """Return what has to be said below a list, to be honest about it."""
    remarks = []
    if done and done.assumed_currency:
        remarks.append(turn.say("search_assumed_usd"))
    if query.budget:
        rates = turn.catalogue.rates
        if query.budget.currency not in rates:
            remarks.append(turn.say("search_no_rate", currency=query.budget.currency))
        else:
            foreign = (h.program.price for h in hits if h.program.price)
            dates = [
                converted.rate_date
                for price in foreign
                if price.currency in rates
                and (converted := convert_at(price, query.budget.currency, rates)).rate_date
            ]
            if dates:
                remarks.append(turn.say("search_rate", date=min(dates)))
    return remarks + unused_remarks(turn, done)


def unused_remarks(turn: Turn, done: Change | None) -> list[str]:
    """Return a sentence for each thing that the message says and the search can't use."""
    sentences = []
    for unused in done.unused if done else ():
        options = [
            f"{get_currency_name(code, count=2, locale='en')} ({code})"
            for code in unused.options[:_OPTIONS]
        ]
        name = f"search_unused_{unused.kind}"
        sentences.append(turn.say(name, words=unused.words, options=phrases.joined(options, "or")))
    return list(dict.fromkeys(sentences))


def _show_nothing(turn: Turn, query: SearchQuery, wanted: str, done: Change | None) -> None:
    """Say that nothing fits, which constraint is to blame, and what comes nearest."""
    nothing = nearest(turn.catalogue, query)
    sentences = [turn.say("search_empty", criteria=wanted)]
    remarks = unused_remarks(turn, done)
    blame = list(dict.fromkeys(map(phrases.constraint, nothing.blame)))
    several = len(query.constraints()) > 1
    if several and len(blame) == 1:
        sentences.append(turn.say("search_blame", blame=blame[0]))
    elif several and blame and len(blame) < len(query.constraints()):
        text = phrases.joined(blame)
        sentences.append(turn.say("search_blame_several", blame=text[0].upper() + text[1:]))
    if nothing.hidden:
        sentences.append(turn.say("search_hidden", hidden=nothing.hidden))
    if not nothing.alternatives:
        sentences.append(turn.say("search_nothing_near"))
        turn.set(listed=None, search_offset=None, program_focus=None)
        turn.reply(" ".join(sentences), remarks=remarks, choices=_leads(turn, query))
        return
    sentences.append(turn.say("search_nearest"))
    turn.set(offer=Widen(fields=list(nothing.blame)).dict() if nothing.blame else None)
    hits = nothing.alternatives
    _list(turn, " ".join(sentences), hits, 0, len(hits), remarks)


_WHERE = ("countries", "places", "regions")


def _leads(turn: Turn, query: SearchQuery) -> list[Choice]:
    """Return what widens a search, or begins a new one."""
    set_now = query.constraints()
    widened = (
        ("button_anywhere", [*_WHERE, "excluded_countries"], set(_WHERE) & set(set_now)),
        ("button_any_specialty", ["specialties", "excluded_specialties"], query.specialties),
        ("button_any_price", ["budget"], query.budget),
    )
    return [turn.button(words, Widen(fields=fields)) for words, fields, on in widened if on] or [
        turn.button("button_restart", Restart())
    ]


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
        _cheaper(turn, done.query, list(everything), reference)
    elif done.step == "shorter":
        _shorter(turn, done, everything, reference)
    else:
        _longer(turn, done, everything, reference)


def _shorter(turn: Turn, done: Change, everything: Iterable[Hit], reference: Iterable[Hit]) -> None:
    """Show what lets one stay for less time than the shortest of what was shown."""
    query = replace(done.query, order="length")
    least = min((h.program.min_weeks for h in reference if h.program.min_weeks), default=None)
    if least is None:
        turn.reply(turn.say("search_no_shorter_unknown"), choices=_leads(turn, query))
    elif any(h.program.min_weeks and h.program.min_weeks < least for h in everything):
        show(turn, replace(query, min_weeks=None, max_weeks=float(least - 1)), done=done)
    else:
        text = turn.say("search_no_shorter", weeks=phrases.weeks(least, None))
        turn.reply(text, choices=_leads(turn, query))


def _longer(turn: Turn, done: Change, everything: Iterable[Hit], reference: Iterable[Hit]) -> None:
    """Show what lets one stay for more time than the longest of what was shown."""
    query = replace(done.query, order="length")
    lengths = (h.program.max_weeks or h.program.min_weeks for h in reference)
    most = max((weeks for weeks in lengths if weeks), default=None)
    if most is None:
        turn.reply(turn.say("search_no_longer_unknown"), choices=_leads(turn, query))
    elif any(h.program.max_weeks and h.program.max_weeks > most for h in everything):
        show(turn, replace(query, min_weeks=float(most + 1), max_weeks=None), done=done)
    else:
        text = turn.say("search_no_longer", weeks=phrases.weeks(None, most))
        turn.reply(text, choices=_leads(turn, query))


def _cheaper(turn: Turn, query: SearchQuery, everything: list[Hit], reference: list[Hit]) -> None:
    """Show what is known to cost less than the cheapest of what was shown."""
    rates = turn.catalogue.rates
    known = [h for h in reference if h.cost_eur is not None]
    if not known:
        _no_price_to_beat(turn, query, everything, reference)
        return
    least = min(known, key=lambda h: h.cost_eur or Decimal(0))
    assert least.cost_eur is not None
    cheaper = sorted(
        (h for h in everything if h.cost_eur is not None and h.cost_eur < least.cost_eur),
        key=lambda h: h.cost_eur or Decimal(0),
    )
    limit = _cost_in(least, query, rates)
    if not cheaper:
        unknown = sum(h.cost_eur is None for h in everything)
        _keep(turn, replace(query, order="price"))
        text = turn.say("search_no_cheaper", price=phrases.money(limit))
        if unknown:
            text += " " + turn.say("search_unknown", unknown=unknown, total=len(everything))
        turn.reply(text, choices=_leads(turn, query))
        return
    narrowed = replace(query, order="price", budget=Money(limit.minor - 1, limit.currency))
    _keep(turn, narrowed)
    opening = turn.say("search_cheaper", price=phrases.money(limit))
    _list(turn, opening, cheaper[:PAGE], 0, len(cheaper))


def _cost_in(hit: Hit, query: SearchQuery, rates: Rates) -> Money:
    """Return what a stay costs in the budget's currency, else in the programme's own."""
    assert hit.cost_eur is not None
    own = hit.program.price
    currency = query.budget.currency if query.budget else own.currency if own else "EUR"
    if own and own.currency == currency and hit.program.price_basis != "per_week":
        return own
    euro = Money.of(hit.cost_eur.quantize(Decimal("0.01")), "EUR")
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
    _keep(turn, replace(query, order="price"))
    if not priced:
        turn.reply(turn.say("search_no_prices"), choices=_leads(turn, query))
        return
    opening = f"{turn.say('search_no_prices')} {turn.say(lead)}"
    ids = {h.program.id for h in priced}
    hits = [*priced, *(h for h in reference if h.program.id not in ids)][:PAGE]
    _list(turn, opening, hits, 0, len(hits))
