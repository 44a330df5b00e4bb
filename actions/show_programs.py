"""One programme in detail, and two or three side by side."""

from __future__ import annotations

import re
from collections.abc import Callable

from actions import phrases, selection
from actions.advice import advise
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.search import get_program
from preceptor.conversation.cards import ComparisonCard, ComparisonRow, ProgramCard

_OLD_BEFORE = "2020"


class ShowProgram(TopicAction):
    """Answers "tell me about the second", "does it include housing?"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_show_program"

    def answer(self, turn: Turn) -> None:
        """Tell about the programme that is picked or was spoken of last."""
        picked = picked_or_told(turn)
        if picked is None:
            return
        focus = turn.slots.get("program_focus")
        if not picked and focus and (program := get_program(turn.catalogue, focus)):
            picked = [program]
        if not picked and not turn.slots.get("search_shown") and (topic := _topic(turn)):
            # "what does it cost" with nothing on show asks about internships in general.
            advise(turn, topic)
        elif not picked:
            _ask_which(turn)
        elif len(picked) > 1 and not turn.question.of_kind("ordinal", "program"):
            turn.set(search_shown=[p.id for p in picked[:3]])
            names = [f"{n}. {phrases.title(p)}" for n, p in enumerate(picked[:3], 1)]
            turn.reply("\n".join([turn.say("pick_which"), *names]), quick=_shown(turn))
        else:
            for program in picked[:2]:
                describe(turn, program)


def picked_or_told(turn: Turn) -> list[ProgramView] | None:
    """Return what the question picks, or None where it picked a number that isn't there.

    The person has been told so then.
    """
    try:
        return selection.picked(turn)
    except selection.NoSuchNumber as error:
        shown = turn.slots.get("search_shown") or []
        text = turn.say("pick_out_of_range", number=error.number, count=len(shown))
        turn.reply(text, quick=_shown(turn))
        return None


def describe(turn: Turn, program: ProgramView) -> None:
    """Send what is known of a programme; what was asked for comes first."""
    turn.set(program_focus=program.id, topic="search")
    lines = [f"{phrases.title(program)}"]
    lines += [answer for pattern, ask in _ATTRIBUTES if pattern.search(turn.question.text)
              for answer in [ask(program)]][:2]  # fmt: skip
    lines += phrases.details(program)
    if program.listing == "report":
        lines.append(turn.say("report_note"))
    elif program.listing == "restricted":
        lines.append(turn.say("restricted_note"))
    if program.source_date and program.source_date < _OLD_BEFORE:
        lines.append(turn.say("old_note", date=program.source_date))
    elif program.confidence_note:
        lines.append(f"Note: {program.confidence_note.rstrip('.')}.")
    else:
        lines.append(turn.say("check_note"))
    if program.source_url:
        lines.append(f"Source: {program.source_url}")
    shown = turn.slots.get("search_shown") or []
    quick = [("How to apply", "How do I apply for a medical internship?")]
    if len(shown) > 1:
        quick.append(("Compare with the others", "Compare these programmes side by side"))
    quick.append(("Back to my search", "Back to my search"))
    turn.reply(
        "\n".join(lines),
        card=ProgramCard(program=phrases.item(program)),
        quick=quick if shown else quick[:1],
    )


def _price(program: ProgramView) -> str:
    known = phrases.price(program)
    if known is None:
        return "I don't know its price: it isn't published on the page I read."
    if program.price_is_cost:
        return f"Its price: {known.shown}."
    return f"I know only this of its price: {known.shown}."


def _housing(program: ProgramView) -> str:
    known = phrases.accommodation(program)
    return (
        f"Accommodation: {known}." if known else "I don't know whether accommodation is included."
    )


def _languages(program: ProgramView) -> str:
    known = program.languages_note or phrases.joined(program.language_names)
    return f"Language: {known}." if known else "I don't know which language it asks for."


def _starts(program: ProgramView) -> str:
    return (
        f"Starts: {program.start_dates}."
        if program.start_dates
        else ("I don't know its start dates; the programme's page or office will.")
    )


def _who(program: ProgramView) -> str:
    return (
        f"For whom: {program.who_for}"
        if program.who_for
        else ("I don't know whom it takes; ask the organisation.")
    )


def _length(program: ProgramView) -> str:
    known = phrases.weeks(program.min_weeks, program.max_weeks)
    return f"It lasts {known}." if known else "I don't know how long it lasts."


def _link(program: ProgramView) -> str:
    return f"Its page: {program.source_url}" if program.source_url else "I have no link for it."


_ATTRIBUTES: tuple[tuple[re.Pattern[str], Callable[[ProgramView], str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), ask)
    for pattern, ask in (
        (r"\b(?:how much|price|cost|costs|fees?|pay|expensive|cheap)\b", _price),
        (r"\b(?:accommodation|accomodation|housing|hous\w+|stay with|room|dorm|food|meals?|sleep|live|lodging)\b", _housing),
        (r"\b(?:language|speak|spanish|english|swahili|german|french)\b", _languages),
        (r"\b(?:when|start|starts|dates?|deadline|begin|intake)\b", _starts),
        (r"\b(?:who can|eligib\w*|require\w*|do they (?:take|accept)|accept|for whom|premeds?|year students?|nurses?)\b", _who),
        (r"\b(?:how long|length|duration|weeks|months|minimum stay)\b", _length),
        (r"\b(?:link|url|website|site|web ?page|page|apply)\b", _link),
    )
)  # fmt: skip


_TOPIC_OF: dict[Callable[[ProgramView], str], str] = {
    _price: "ask_cost_and_funding",
    _languages: "ask_language_barrier",
    _starts: "ask_timing",
    _who: "ask_eligibility",
    _length: "ask_how_long",
}


def _topic(turn: Turn) -> str | None:
    """Return the advice intent that an attribute belongs to, where the question names one."""
    asked = (
        _TOPIC_OF.get(ask) for pattern, ask in _ATTRIBUTES if pattern.search(turn.question.text)
    )
    return next(filter(None, asked), None)


def _ask_which(turn: Turn) -> None:
    if turn.slots.get("search_shown"):
        turn.reply(turn.say("pick_which"), quick=_shown(turn))
    else:
        turn.reply(turn.say("pick_none"), quick=turn.leads("ask_capabilities"))


def _shown(turn: Turn) -> list[tuple[str, str]]:
    """Return a quick reply for each programme on show."""
    shown = [get_program(turn.catalogue, i) for i in turn.slots.get("search_shown") or []]
    first = (turn.slots.get("search_offset") or 0) + 1
    return choices([p for p in shown if p], "Tell me more about {}", first)


def choices(programs: list[ProgramView], says: str, first: int = 1) -> list[tuple[str, str]]:
    """Return a quick reply for each programme.

    Args:
        programs: what is on show, in order.
        says: what a click says, with `{}` for "number 2".
        first: the number of the first programme.
    """
    return [
        (f"{number}. {program.name}"[:60], says.format(f"number {number}"))
        for number, program in enumerate(programs, first)
    ]


class ComparePrograms(TopicAction):
    """Answers "compare 1 and 3", "which of these is cheaper?"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_compare_programs"

    def answer(self, turn: Turn) -> None:
        """Put the picked programmes, or all on show, side by side."""
        picked = picked_or_told(turn)
        if picked is None:
            return
        ids = turn.slots.get("search_shown") or []
        if _OF_SHORTLIST.search(turn.question.text):
            ids = [each["id"] for each in turn.slots.get("shortlist") or []] or ids
        on_show = [p for i in ids if (p := get_program(turn.catalogue, i))]
        if len(picked) == 1:
            focus = turn.slots.get("program_focus")
            other = get_program(turn.catalogue, focus) if focus else None
            rest = [p for p in on_show if p.id != picked[0].id]
            picked += [other] if other and other.id != picked[0].id else rest[:1]
        programs = (picked if len(picked) > 1 else on_show)[:3]
        if len(programs) == 1 and not _COMPARES.search(turn.question.text):
            # With one programme on show a question can only be about that one.
            describe(turn, programs[0])
            return
        if len(programs) < 2:
            turn.reply(
                turn.say("compare_needs_two"), quick=_shown(turn) or turn.leads("find_program")
            )
            return
        turn.set(search_shown=[p.id for p in programs], topic="search", program_focus=None)
        rows = comparison(programs)
        lines = [best] if (best := _verdict(turn, programs)) else [turn.say("compare_lead")]
        for number, program in enumerate(programs, 1):
            cells = "; ".join(f"{row.label.lower()}: {row.cells[number - 1]}" for row in rows)
            lines.append(f"{number}. {phrases.title(program)}\n   {cells}")
        if len(picked) < 2 and len(on_show) > len(programs):
            lines.append(turn.say("compare_first_three", total=len(on_show)))
        quick = [
            (f"More about no. {n}", f"Tell me more about number {n}")
            for n in range(1, len(programs) + 1)
        ]
        card = ComparisonCard(programs=[phrases.item(p) for p in programs], rows=rows)
        turn.reply("\n".join(lines), card=card, quick=quick)


def comparison(programs: list[ProgramView]) -> list[ComparisonRow]:
    """Return the rows of a comparison; a row that nobody knows anything about is left out."""
    unknown = "not known"
    rows = []
    for label, ask in (
        ("Where", phrases.place),
        ("Length", lambda p: phrases.weeks(p.min_weeks, p.max_weeks)),
        ("Price", lambda p: known.shown if (known := phrases.price(p)) else ""),
        ("Departments", lambda p: phrases.joined(p.specialty_names[:4])),
        ("For whom", lambda p: "; ".join(p.stage_names[:3])),
        ("Languages", lambda p: phrases.joined(p.language_names)),
        ("Accommodation", lambda p: {"yes": "included", "no": "not included"}.get(
            p.accommodation or "", p.accommodation or "")),
        ("Starts", lambda p: p.start_dates or ""),
    ):  # fmt: skip
        cells = [ask(program) for program in programs]
        if any(cells):
            rows.append(ComparisonRow(label=label, cells=[cell or unknown for cell in cells]))
    return rows


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
        from preceptor.catalogue.money import in_euro

        rates = turn.catalogue.rates
        # Prices a week and prices a stay can't be set against each other.
        bases = {p.price_basis == "per_week" for p in programs if p.price_is_cost}
        priced = [
            (cost, p)
            for p in programs
            if p.price_is_cost and p.price and (cost := in_euro(p.price, rates)) is not None
        ]
        if len(priced) < len(programs) or len(bases) > 1:
            return "I can't name the cheapest: not all of them publish a comparable price."
        if len({cost for cost, _ in priced}) == 1:
            known = phrases.price(programs[0])
            return f"They cost the same on paper: {known.shown if known else ''}."
        cheapest = min(priced, key=lambda pair: pair[0])[1]
        known = phrases.price(cheapest)
        return f"{cheapest.name} is the cheapest on paper: {known.shown if known else ''}."
    if _SHORTER.search(text) and all(p.min_weeks for p in programs):
        shortest = min(programs, key=lambda p: p.min_weeks or 0)
        return f"{shortest.name} can be the shortest: {phrases.weeks(shortest.min_weeks, None)}."
    if _LONGER.search(text) and all(p.max_weeks for p in programs):
        longest = max(programs, key=lambda p: p.max_weeks or 0)
        return f"{longest.name} can be the longest: {phrases.weeks(None, longest.max_weeks)}."
    return None
