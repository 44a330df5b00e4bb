"""Searching the programmes, and changing a search."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from actions import phrases, safety_help
from actions.follow_up import follow_up
from actions.search_state import Change, change, query_from_slots, query_to_slots
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.money import Money, Rates, convert_at
from preceptor.catalogue.search import Hit, SearchQuery, nearest, search
from preceptor.conversation.cards import ProgramListCard

PAGE = 3
_ALL = 1000


class SearchPrograms(TopicAction):
    """Answers "find me …"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_search_programs"

    def answer(self, turn: Turn) -> None:
        """Search with what the message names, on top of what is known of the person."""
        if not safety_help.follow_up(turn):
            find(turn, fresh=True)


class RefineSearch(TopicAction):
    """Answers "cheaper", "and in Peru?", "more"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_refine_search"

    def answer(self, turn: Turn) -> None:
        """Change the search; after a question on licensing, a bare country means that again."""
        if not follow_up(turn):
            find(turn, fresh=False)


def find(turn: Turn, *, fresh: bool) -> None:
    """Apply the question to the conversation's search and show what it finds."""
    known = turn.catalogue
    before = query_from_slots(turn.slots)
    done = change(before, turn.question, known, fresh=fresh)
    turn.set(topic="search")
    if done.step == "reset":
        _keep(turn, SearchQuery())
        turn.set(search_shown=None, search_offset=None, program_focus=None)
        turn.reply(turn.say("search_cleared"), quick=_starters())
        return
    if not done.query.constraints() and not _anywhere(turn, done):
        _keep(turn, done.query)
        turn.reply(turn.say("search_ask"), quick=_starters())
        return
    if done.step in {"cheaper", "shorter", "longer"}:
        _relative(turn, done)
        return
    offset = 0
    shown = turn.slots.get("search_offset") or 0
    if done.step == "more":
        offset = shown + PAGE
    elif done.step == "previous":
        offset = max(0, shown - PAGE)
    elif done.step == "back":
        offset = shown
    show(turn, done.query, offset, lead="search_again" if done.step == "back" else None, done=done)


def _anywhere(turn: Turn, done: Change) -> bool:
    """Tell whether a search without constraints is meant: "anywhere", "more", "cheapest"."""
    return done.changed or done.step != "none" or bool(turn.slots.get("search_shown"))


def _starters() -> list[tuple[str, str]]:
    return [
        ("Surgery", "Surgery placements anywhere"),
        ("East Africa", "Programmes in East Africa"),
        ("Observing only", "Shadowing programmes anywhere"),
    ]


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
    wanted = _keep(turn, query)
    page = search(turn.catalogue, query, offset, PAGE)
    if not page.total:
        _show_nothing(turn, query, wanted)
        return
    if not page.results:
        turn.reply(
            turn.say("search_no_more", total=page.total, criteria=wanted), quick=_leads(turn, query)
        )
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
    _list(turn, opening, list(page.results), offset, page.total, remarks)


def _list(
    turn: Turn, opening: str, hits: list[Hit], offset: int, total: int, remarks: list[str]
) -> None:
    """Send results as text and card, and remember them for "the second one"."""
    paragraphs = [phrases.line(number, hit) for number, hit in enumerate(hits, offset + 1)]
    turn.set(
        search_shown=[hit.program.id for hit in hits],
        search_offset=offset,
        program_focus=hits[0].program.id if len(hits) == 1 else None,
    )
    card = ProgramListCard(programs=[phrases.item(hit) for hit in hits], offset=offset, total=total)
    quick = [(f"More about no. {offset + 1}", f"Tell me more about number {offset + 1}")]
    if len(hits) > 1:
        quick.append(("Compare these", "Compare these programmes side by side"))
    if offset + len(hits) < total:
        quick.append(("Show more", "Show me more results"))
    turn.reply("\n".join([opening, *paragraphs, *remarks]), card=card, quick=quick)


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
    if done and done.start_date:
        remarks.append(turn.say("search_start_dates"))
    return remarks


def _show_nothing(turn: Turn, query: SearchQuery, wanted: str) -> None:
    """Say that nothing fits, which constraint is to blame, and what comes nearest."""
    nothing = nearest(turn.catalogue, query)
    lines = [turn.say("search_empty", criteria=wanted)]
    blame = list(dict.fromkeys(phrases.CONSTRAINT_NAMES[name] for name in nothing.blame))
    several = len(query.constraints()) > 1
    if several and len(blame) == 1:
        lines.append(turn.say("search_blame", blame=blame[0]))
    elif several and blame and len(blame) < len(query.constraints()):
        text = phrases.joined(blame)
        lines.append(turn.say("search_blame_several", blame=text[0].upper() + text[1:]))
    if nothing.hidden:
        lines.append(turn.say("search_hidden", hidden=nothing.hidden))
    if not nothing.alternatives:
        lines.append(turn.say("search_nothing_near"))
        turn.set(search_shown=None, search_offset=None, program_focus=None)
        turn.reply(" ".join(lines), quick=_leads(turn, query))
        return
    lines.append(turn.say("search_nearest"))
    hits = list(nothing.alternatives)
    turn.set(offer={"intent": "refine_search", "text": _drop_words(nothing.blame)})
    _list(turn, " ".join(lines), hits, 0, len(hits), [])


_DROP_WORDS = {
    "budget": "any price",
    "max_weeks": "any length",
    "min_weeks": "any length",
    "languages": "any language",
    "kinds": "any kind",
    "specialties": "any specialty",
    "excluded_specialties": "any specialty",
    "places": "anywhere",
    "countries": "anywhere",
    "regions": "anywhere",
    "excluded_countries": "anywhere",
    "stages": "any stage",
}


def _drop_words(blame: tuple[str, ...]) -> str:
    """Return the words that drop the blamed constraints, for a "yes" that follows."""
    return " and ".join(dict.fromkeys(_DROP_WORDS[name] for name in blame))


def _leads(turn: Turn, query: SearchQuery) -> list[tuple[str, str]]:
    quick = []
    if query.countries or query.places or query.regions:
        quick.append(("Anywhere", "Anywhere is fine"))
    if query.specialties:
        quick.append(("Any specialty", "Any specialty is fine"))
    if query.budget:
        quick.append(("Any price", "Forget the budget"))
    return quick or [("Start over", "Start over")]


def _relative(turn: Turn, done: Change) -> None:
    """Answer "cheaper", "shorter", "longer" by what was just shown."""
    shown_ids = turn.slots.get("search_shown") or []
    everything = search(turn.catalogue, replace(done.query, budget=None), 0, _ALL).results
    focus = turn.slots.get("program_focus")
    reference = [h for h in everything if h.program.id in ([focus] if focus else shown_ids)]
    if not shown_ids or not reference:
        query = replace(done.query, order="length")
        if done.step == "cheaper":
            query = replace(done.query, order="price")
        show(turn, query, done=done)
        return
    if done.step == "cheaper":
        _cheaper(turn, done.query, list(everything), reference)
        return
    query = replace(done.query, order="length")
    if done.step == "shorter":
        least = min((h.program.min_weeks for h in reference if h.program.min_weeks), default=None)
        candidates = [
            h for h in everything if least and h.program.min_weeks and h.program.min_weeks < least
        ]
        if least is None or not candidates:
            turn.reply(
                turn.say("search_no_shorter", weeks=phrases.weeks(least, None) or "these"),
                quick=_leads(turn, query),
            )
            return
        show(turn, replace(query, min_weeks=None, max_weeks=float(least - 1)), done=done)
        return
    most = max(
        (w for h in reference if (w := h.program.max_weeks or h.program.min_weeks)), default=None
    )
    candidates = [
        h for h in everything if most and h.program.max_weeks and h.program.max_weeks > most
    ]
    if most is None or not candidates:
        turn.reply(
            turn.say("search_no_longer", weeks=phrases.weeks(None, most) or "these"),
            quick=_leads(turn, query),
        )
        return
    show(turn, replace(query, min_weeks=float(most + 1), max_weeks=None), done=done)


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
        turn.reply(text, quick=_leads(turn, query))
        return
    narrowed = replace(query, order="price", budget=Money(limit.minor - 1, limit.currency))
    _keep(turn, narrowed)
    _list(
        turn,
        turn.say("search_cheaper", price=phrases.money(limit)),
        cheaper[:PAGE],
        0,
        len(cheaper),
        [],
    )


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
        turn.reply(turn.say("search_no_prices"), quick=_leads(turn, query))
        return
    opening = f"{turn.say('search_no_prices')} {turn.say(lead)}"
    ids = {h.program.id for h in priced}
    hits = [*priced, *(h for h in reference if h.program.id not in ids)][:PAGE]
    _list(turn, opening, hits, 0, len(hits), [])
