"""One programme in detail, and two or three side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from actions import phrases, program_fields, selection
from actions.answers import answer_if_likely, answer_question, in_talk
from actions.search_programs import find, offer_nearest
from actions.selection import Listed
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.money import Money, convert_at, in_euro
from preceptor.catalogue.programs import ProgramView
from preceptor.conversation.cards import ComparisonCard, ProgramCard
from preceptor.conversation.choices import Ask, Choice, Compare, Remove, Save, Show
from preceptor.conversation.frame import stay_of
from preceptor.conversation.search_words import currency_to_convert_to
from preceptor.intents import intents

_OLD_BEFORE = "2020"
_MOST_COMPARED = 3
_OnOne = type[Show | Save | Remove]


class ShowProgram(TopicAction):
    """Answers "tell me about the second", "does it include housing?"."""

    action = "action_show_program"

    def answer(self, turn: Turn) -> None:
        """Tell about the programme that is picked or was spoken of last."""
        picked = picked_or_told(turn)
        if picked is None:
            return
        focus = selection.in_focus(turn)
        if not picked and focus:
            picked = [focus]
        if not picked and currency_to_convert_to(turn.question.text):
            picked = [p for p in selection.on_show(turn) if p.price][:1]
        if not picked and not selection.listed(turn).ids and (topic := _topic(turn)):
            # "what does it cost" with nothing on show asks about internships in general.
            answer_question(turn, topic)
        elif not picked and not selection.listed(turn).ids and answer_if_likely(turn):
            return
        elif not picked:
            _ask_for_one(turn)
        elif len(picked) > 1 and not turn.question.of_kind("ordinal", "program"):
            ask_which(turn, picked[:3], Show)
        else:
            for program in picked[:2]:
                describe(turn, program)


def picked_or_told(turn: Turn) -> list[ProgramView] | None:
    """Return what the question picks, or None where it picked what isn't there.

    The person has been told so then.
    """
    if isinstance(turn.choice, Show | Save):
        found = selection.known(turn, [turn.choice.program])
        if not found:
            say_gone(turn)
        return found or None
    try:
        return selection.picked(turn)
    except selection.Gone:
        say_gone(turn)
    except selection.NoSuchNumber as error:
        count = len(selection.listed(turn).ids)
        text = turn.say("pick_out_of_range", number=error.number, count=count)
        turn.reply(text, choices=_shown(turn))
    return None


def say_gone(turn: Turn) -> None:
    """Tell that the catalogue no longer has what was picked."""
    turn.reply(turn.say("pick_gone"), choices=turn.leads("ask_capabilities"))


_ALL_OF_IT = re.compile(
    r"\b(?:details?|more (?:about|on|of)|tell me (?:more|all|about)|show me the)\b", re.IGNORECASE
)
"""What asks for all of a programme, even if a field's word names it: "the English one"."""


def describe(turn: Turn, program: ProgramView) -> None:
    """Answer what is asked of a programme, or send all that is known of it."""
    turn.set(program_focus=program.id, topic="search")
    text = turn.question.text
    asked = [] if _ALL_OF_IT.search(text) else program_fields.asked_for(text)[:2]
    number = selection.listed(turn).number(program.id)
    lengths = [s for e in turn.question.of_kind("duration") if (s := stay_of(e))]
    if lengths and "price" in asked:
        asked = [field for field in asked if field != "length"]
    if currency := currency_to_convert_to(text):
        asked = ["price"]
    if asked:
        sentences = dict.fromkeys(program_fields.answer(field, program) for field in asked)
        if "price" in asked and lengths:
            sentences |= dict.fromkeys(program_fields.price_for(program, lengths[-1]))
        if currency:
            sentences |= dict.fromkeys(_in_other_money(turn, program, currency))
        choices = [_details(turn, program.id, number, program.name), *_next(turn, program)]
        turn.reply(" ".join(sentences), choices=choices)
        return
    card = ProgramCard(program=phrases.item(program, number), rows=program_fields.details(program))
    turn.reply(card=card, remarks=_cautions(turn, program), choices=_next(turn, program))


def _in_other_money(turn: Turn, program: ProgramView, currency: str) -> list[str]:
    """Return a sentence with a programme's price in another currency, none if it has no price."""
    rates = turn.catalogue.rates
    if not program.price:
        return []
    if not {currency, program.price.currency} <= set(rates):
        return [turn.say("price_no_rate", currency=currency)]
    converted = convert_at(program.price, currency, rates)
    if converted.rate_date is None:
        return []
    about = Money.of(converted.money.amount.to_integral_value(), currency)
    amount, date = phrases.money(about), converted.rate_date
    return [turn.say("price_converted", own=phrases.money(program.price), amount=amount, date=date)]


def _next(turn: Turn, program: ProgramView) -> list[Choice]:
    """Return what can be done after a programme: apply, compare it, go back."""
    page = selection.listed(turn).page
    others = [i for i in page if i != program.id][: _MOST_COMPARED - 1]
    choices = [turn.button("button_apply", Ask(intent="ask_how_to_apply"))]
    if others:
        compared = sorted([program.id, *others], key=lambda i: page.index(i) if i in page else -1)
        choices.append(turn.button("button_compare_others", Compare(programs=compared)))
    return [*choices, *turn.back_to_search()]


def _details(turn: Turn, program: str, number: int | None, name: str) -> Choice:
    """Return the button for all that is known of a programme."""
    if number:
        return turn.button("button_details", Show(program=program), number=number)
    return Choice(title=name[:60], payload=Show(program=program))


def _cautions(turn: Turn, program: ProgramView) -> list[str]:
    """Return what has to be said of a programme, to be honest about it."""
    cautions = []
    if program.listing == "report":
        cautions.append(turn.say("report_note"))
    elif program.listing == "restricted":
        cautions.append(turn.say("restricted_note"))
    if program.source_date and program.source_date < _OLD_BEFORE:
        cautions.append(turn.say("old_note", date=program.source_date))
    elif program.confidence_note:
        note = f"{program.confidence_note.rstrip('.')}."
        cautions.append(turn.say("confidence_note", note=note))
    else:
        cautions.append(turn.say("check_note"))
    return cautions


def _topic(turn: Turn) -> str | None:
    """Return the advice intent that answers for a field which the question names."""
    answers = {i.programme_field: name for name, i in intents().items() if i.programme_field}
    asked = [name for name in program_fields.asked_for(turn.question.text) if name != "page"]
    return next((answers[name] for name in asked if name in answers), None)


def _ask_for_one(turn: Turn) -> None:
    if told := program_fields.across(turn.question.text, selection.on_show(turn), _number(turn)):
        turn.reply(told, choices=_shown(turn))
    elif selection.listed(turn).ids:
        turn.reply(turn.say("pick_which"), choices=_shown(turn))
    else:
        turn.reply(turn.say("pick_none"), choices=turn.leads("ask_capabilities"))


def _number(turn: Turn) -> Callable[[str], int | None]:
    return selection.listed(turn).number


def ask_which(turn: Turn, programs: Sequence[ProgramView], payload: _OnOne) -> None:
    """Ask which of several is meant; their numbers are the list's, or they are a new list.

    Args:
        turn: the turn.
        programs: those that may be meant.
        payload: what a click does with one: `Show`, `Save` or `Remove`.
    """
    shown = selection.numbered(turn, programs)
    turn.reply(
        turn.say("pick_which"),
        body=[_headline(program, shown) for program in programs],
        choices=choices(programs, payload, shown),
    )


def _headline(program: ProgramView, shown: Listed) -> str:
    number, title = shown.number(program.id), phrases.title(program)
    return title if number is None else f"{number}. {title}"


def _shown(turn: Turn) -> list[Choice]:
    """Return a button for each programme on show."""
    return choices(selection.on_show(turn), Show, selection.listed(turn))


def choices(programs: Iterable[ProgramView], payload: _OnOne, shown: Listed) -> list[Choice]:
    """Return a button for each programme.

    Args:
        programs: the programmes.
        payload: what a click does with one: `Show`, `Save` or `Remove`.
        shown: the list that numbers them.
    """
    found = []
    for program in programs:
        number = shown.number(program.id)
        title = program.name if number is None else f"{number}. {program.name}"
        found.append(Choice(title=title[:60], payload=payload(program=program.id)))
    return found


class ComparePrograms(TopicAction):
    """Answers "compare 1 and 3", "which of these is cheaper?"."""

    action = "action_compare_programs"

    def answer(self, turn: Turn) -> None:
        """Put the picked programmes, or all on show, side by side."""
        if isinstance(turn.choice, Compare):
            _compare_chosen(turn, turn.choice)
            return
        if _asks_elsewhere(turn):
            find(turn, fresh=False)
            return
        picked = picked_or_told(turn)
        if picked is None:
            return
        if _OF_SHORTLIST.search(turn.question.text):
            put_shortlist_on_screen(turn)
        pool = selection.on_show(turn)
        if len(picked) < 2 and _COMPARES.search(turn.question.text):
            picked = selection.one_of_each(turn) or picked
        programs = _to_compare(turn, picked, pool)
        if len(programs) == 1 and not _COMPARES.search(turn.question.text):
            # With one programme on show a question can only be about that one.
            describe(turn, programs[0])
        elif not pool and _compares_something_else(turn):
            return
        elif len(programs) < 2:
            needs_two = turn.say("compare_needs_two" if pool else "pick_none")
            turn.reply(needs_two, choices=_shown(turn) or turn.leads("find_program"))
        else:
            left_out = len(picked) < 2 and len(pool) > len(programs)
            remarks = [turn.say("compare_first_three", total=len(pool))] if left_out else []
            compare(turn, programs, remarks)


_MOST_ON_SHOWN = 15
"""How many words a comparison of programmes has that somebody believes to have been shown."""


def _compares_something_else(turn: Turn) -> bool:
    """Answer whoever compares what was told, or own offers; return whether anything was said.

    "Which is cheapest?" after two countries' rules is about those.
    """
    is_long = len(str(turn.parse.get("text") or "").split()) > _MOST_ON_SHOWN
    return (is_long or in_talk(turn)) and (answer_if_likely(turn) or offer_nearest(turn))


def _asks_elsewhere(turn: Turn) -> bool:
    """Tell whether a question names a country where none on show lies: "and is Peru cheaper?"."""
    question = turn.question
    if question.of_kind("ordinal") or not question.of_kind("country", "place"):
        return False
    named = set(selection.countries_of(turn))
    shown = {country for p in selection.on_show(turn) for country in p.countries}
    return bool(shown) and named.isdisjoint(shown)


def _compare_chosen(turn: Turn, choice: Compare) -> None:
    """Compare exactly what a click names, as far as the catalogue still has it."""
    programs = selection.known(turn, dict.fromkeys(choice.programs))
    if len(programs) < 2:
        say_gone(turn)
        return
    gone = len(programs) < len(choice.programs)
    compare(turn, programs, [turn.say("compare_gone")] if gone else [])


def put_shortlist_on_screen(turn: Turn) -> None:
    """Have numbers count in the shortlist, unless it is empty or counts already."""
    ids = tuple(each["id"] for each in turn.slots.get("shortlist") or [])
    if ids and selection.listed(turn).of != "shortlist":
        programs = selection.known(turn, ids)
        selection.put_on_screen(turn, Listed("shortlist", tuple(p.id for p in programs)))


def _to_compare(
    turn: Turn, picked: list[ProgramView], pool: list[ProgramView]
) -> list[ProgramView]:
    """Return what is compared: what is picked, one of them with another, or what is on show."""
    if len(picked) == 1:
        focus = selection.in_focus(turn)
        rest = [p for p in pool if p.id != picked[0].id]
        picked = [*picked, *([focus] if focus and focus.id != picked[0].id else rest[:1])]
    return (picked if len(picked) > 1 else pool)[:_MOST_COMPARED]


def compare(turn: Turn, programs: list[ProgramView], remarks: Iterable[str]) -> None:
    """Send programmes side by side, under the list's numbers."""
    shown = selection.numbered(turn, programs)
    turn.set(topic="search", program_focus=None)
    items = [phrases.item(p, shown.number(p.id)) for p in programs]
    details = [_details(turn, item.id, item.number, item.name) for item in items]
    text = turn.question.text
    verdict = _verdict(turn, programs) or program_fields.across(text, programs, shown.number)
    if verdict and not _COMPARES.search(text):
        turn.reply(verdict, remarks=remarks, choices=details)
        return
    wanted = turn.slots.get("search_specialty") or ()
    card = ComparisonCard(
        unknown=turn.say("unknown_cell"),
        programs=items,
        rows=program_fields.comparison(programs, wanted),
    )
    lead = _verdict(turn, programs) or turn.say("compare_lead")
    turn.reply(lead, card=card, remarks=remarks, choices=details)


_COMPARES = re.compile(r"\b(?:compar\w*|versus|vs|difference|side by side|better)\b", re.IGNORECASE)
_OF_SHORTLIST = re.compile(
    r"\b(?:short ?list\w*|saved|favou?rites?|bookmark\w*|my (?:list|picks))\b", re.IGNORECASE
)
_CHEAPER = re.compile(r"\b(?:cheap\w*|less expensive|cost\w*|price\w*|afford\w*)\b", re.IGNORECASE)
_SHORTER = re.compile(r"\b(?:short\w*|quick\w*|fewer weeks)\b", re.IGNORECASE)
_LONGER = re.compile(r"\b(?:longer|longest)\b", re.IGNORECASE)


def _verdict(turn: Turn, programs: list[ProgramView]) -> str | None:
    """Answer "which is cheaper / shorter / longer?" as far as the data says."""
    text = turn.question.text
    if _CHEAPER.search(text):
        return _cheapest(turn, programs)
    if _SHORTER.search(text) and all(p.min_weeks for p in programs):
        shortest = min(programs, key=lambda p: p.min_weeks or 0)
        length = phrases.weeks(shortest.min_weeks, None)
        return turn.say("compare_shortest", name=shortest.name, length=length)
    if _LONGER.search(text) and all(p.max_weeks for p in programs):
        longest = max(programs, key=lambda p: p.max_weeks or 0)
        length = phrases.weeks(None, longest.max_weeks)
        return turn.say("compare_longest", name=longest.name, length=length)
    return None


def _cheapest(turn: Turn, programs: list[ProgramView]) -> str:
    """Name the cheapest of some programmes, or say why none can be named."""
    rates = turn.catalogue.rates
    # Prices a week and prices a stay can't be set against each other.
    bases = {p.price_basis == "per_week" for p in programs if p.price_is_cost}
    priced = [
        (cost, p)
        for p in programs
        if p.price_is_cost and p.price and (cost := in_euro(p.price, rates)) is not None
    ]
    prices = [f"{p.name}: {program_fields.price(p)}" for p in programs if p.price]
    if not prices:
        return turn.say("compare_no_prices")
    if len(priced) < len(programs) or len(bases) > 1:
        words = "compare_no_cheapest" if len(priced) == len(programs) else "compare_some_prices"
        return turn.say(words, prices="; ".join(prices))
    cheapest = min(priced, key=lambda pair: pair[0])[1]
    price = program_fields.price(cheapest)
    if len({cost for cost, _ in priced}) == 1:
        return turn.say("compare_same_price", price=price)
    return turn.say("compare_cheapest", name=cheapest.name, price=price)
