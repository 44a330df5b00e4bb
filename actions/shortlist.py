"""The shortlist: programmes that a person keeps, whatever the search does."""

from __future__ import annotations

import re
from typing import Any

from actions import phrases, selection
from actions.show_programs import choices, picked_or_told
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.programs import ProgramView
from preceptor.catalogue.search import get_program
from preceptor.conversation.cards import ProgramListCard
from preceptor.nlu.normalize import fold

LIMIT = 20
# A list of ten fits into one of Slack's carousels and keeps a reply's text short.
_PAGE = 10

_REMOVE = re.compile(
    r"\b(?:remov\w*|delet\w*|drop\w*|unsav\w*|tak(?:e|ing) .*\boff\b|get rid of|throw\w* .*\bout\b"
    r"|cross\w* .*\b(?:off|out)\b|strik\w* .*\b(?:off|out)\b|scratch\w*|kick\w* .*\b(?:off|out)\b"
    r"|clear\w*|empty|wipe\w*|off my (?:short ?list|list|favou?rites)|ditch|bin|un-?bookmark"
    r"|(?:don'?t|no longer|not) (?:want|need)\b.*\b(?:(?:short ?)?list|saved|any ?more))\b",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:all|both|every(?:thing|one)|them|these|those|the (?:two|three)|(?:whole|entire))\b",
    re.IGNORECASE,
)
_WHOLE_LIST = re.compile(
    r"\b(?:clear|empty|wipe|delete|reset|remove|erase|scrap)\b(?: out| up| off)?"
    r"(?: all(?: of)?| everything(?: on| in| from| off)| every(?: programm?e| one) (?:on|in|from))?"
    r"(?: (?:my|the|this|that))?(?: whole| entire| complete)?"
    r" (?:short ?list\w*|(?:saved )?list|favou?rites|saved|bookmarks?)\b",
    re.IGNORECASE,
)


def kept(turn: Turn) -> list[dict[str, Any]]:
    """Return the shortlist, oldest first: dicts with `id`, `name` and `url`."""
    return list(turn.slots.get("shortlist") or [])


def kept_programs(turn: Turn) -> list[ProgramView]:
    """Return the shortlist's programmes that the catalogue still has, oldest first."""
    found = (get_program(turn.catalogue, each["id"]) for each in kept(turn))
    return [program for program in found if program]


def entry(program: ProgramView) -> dict[str, Any]:
    """Return a programme as the shortlist keeps it."""
    organisation = program.organisation
    named = organisation.partition(" (")[0].casefold() in program.name.casefold()
    return {
        "id": program.id,
        "name": program.name if named else f"{program.name}, {organisation}",
        "url": program.source_url,
    }


class SaveProgram(TopicAction):
    """Answers "save the second one" and "take it off my list"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_save_program"

    def answer(self, turn: Turn) -> None:
        """Put programmes on the shortlist, or take them off it."""
        if _REMOVE.search(turn.question.text):
            _remove(turn)
        else:
            _add(turn)


def _add(turn: Turn) -> None:
    programs = picked_or_told(turn)
    if programs is None:
        return
    on_show = [
        p for i in turn.slots.get("search_shown") or [] if (p := get_program(turn.catalogue, i))
    ]
    clear = bool(turn.question.of_kind("ordinal", "program"))
    if not programs and _ALL.search(turn.question.text):
        programs, clear = on_show, True
    focus = turn.slots.get("program_focus")
    if not programs and focus and (program := get_program(turn.catalogue, focus)):
        programs = [program]
    if not programs and len(on_show) == 1:
        programs = on_show
    if not programs:
        quick = choices(on_show, "Save {}") if on_show else turn.leads("find_program")
        turn.reply(turn.say("shortlist_which" if on_show else "shortlist_nothing_yet"), quick=quick)
        return
    if len(programs) > 1 and not clear:
        _ask_which(turn, programs, "Save {}")
        return
    _put(turn, programs)


def _put(turn: Turn, programs: list[ProgramView]) -> None:
    """Add programmes as far as there is room, and say what came of it."""
    have = kept(turn)
    ids = {each["id"] for each in have}
    new = [entry(p) for p in programs if p.id not in ids]
    old = [entry(p)["name"] for p in programs if p.id in ids]
    fitting = new[: LIMIT - len(have)]
    lines = []
    if fitting:
        have += fitting
        turn.set(shortlist=have)
        names = phrases.joined(each["name"] for each in fitting)
        lines.append(turn.say("shortlist_saved", names=names, count=_count(len(have))))
    if old:
        lines.append(turn.say("shortlist_already", names=phrases.joined(old)))
    if len(fitting) < len(new):
        left = phrases.joined(each["name"] for each in new[len(fitting) :])
        lines.append(turn.say("shortlist_full", limit=LIMIT, names=left))
    if len(programs) == 1:
        turn.set(program_focus=programs[0].id)
    turn.reply(" ".join(lines), quick=_leads(turn, len(have)))


def _remove(turn: Turn) -> None:
    have = kept(turn)
    if not have:
        turn.reply(turn.say("shortlist_empty"), quick=turn.leads("find_program"))
        return
    named = bool(turn.question.entities)
    text = turn.question.text
    if _WHOLE_LIST.search(text) and not named:
        turn.set(shortlist=None)
        turn.reply(turn.say("shortlist_cleared"), quick=turn.leads("find_program"))
        return
    on_list = kept_programs(turn)
    found = _meant(turn, on_list)
    gone = [each for each in have if _holds(text, each["name"])] if not found else []
    ids = {p.id for p in found} | {each["id"] for each in gone}
    if not ids and _ALL.search(text):
        shown = set(turn.slots.get("search_shown") or [])
        ids = {each["id"] for each in have if each["id"] in shown} or {e["id"] for e in have}
    focus = turn.slots.get("program_focus")
    if not ids and not named:
        ids = {focus} if focus else {have[0]["id"]} if len(have) == 1 else set()
    if not ids and not named:
        _ask_which(turn, on_list, "Remove {} from my shortlist")
        return
    off = [each for each in have if each["id"] in ids]
    if not off:
        turn.reply(turn.say("shortlist_not_there"), quick=_leads(turn, len(have)))
        return
    several = len(off) > 1 and not turn.question.of_kind("ordinal", "program")
    if several and not _ALL.search(text):
        _ask_which(turn, [p for p in on_list if p.id in ids], "Remove {} from my shortlist")
        return
    rest = [each for each in have if each["id"] not in ids]
    turn.set(shortlist=rest or None)
    names = phrases.joined(each["name"] for each in off)
    turn.reply(
        turn.say("shortlist_removed", names=names, count=_count(len(rest))),
        quick=_leads(turn, len(rest)),
    )


def _meant(turn: Turn, on_list: list[ProgramView]) -> list[ProgramView]:
    """Return what to take off: out of what is on show where that is kept, else out of the list.

    A number behind the end of what is on show counts in the shortlist; elsewhere there is none.
    """
    ids = {p.id for p in on_list}
    found: list[ProgramView] = []
    for pool in (None, on_list):
        try:
            found = selection.picked(turn, pool)
        except selection.NoSuchNumber:
            found = []
        if kept_ones := [p for p in found if p.id in ids]:
            return kept_ones
    return found


def _holds(text: str, name: str) -> bool:
    """Tell whether a text has all words of a name; the catalogue may know it no longer."""
    words = set(re.findall(r"\w+", fold(text)))
    return words.issuperset(re.findall(r"\w+", fold(name)))


def _ask_which(turn: Turn, programs: list[ProgramView], action: str) -> None:
    """Ask which of several is meant; they are then on show, so that a number picks one."""
    turn.set(search_shown=[p.id for p in programs], search_offset=0)
    names = [f"{n}. {phrases.title(p)}" for n, p in enumerate(programs, 1)]
    turn.reply("\n".join([turn.say("pick_which"), *names]), quick=choices(programs, action))


def _count(number: int) -> str:
    return f"{number} programme{'s' * (number != 1)}"


def _leads(turn: Turn, count: int) -> list[tuple[str, str]]:
    quick = []
    if count:
        quick.append(("Show my shortlist", "Show my shortlist"))
    if count > 1:
        quick.append(("Compare them", "Compare my shortlist"))
    if turn.slots.get("search_summary"):
        quick.append(("Back to my search", "Back to my search"))
    return quick or turn.leads("find_program")


class ShowShortlist(TopicAction):
    """Answers "what have I saved?"."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_show_shortlist"

    def answer(self, turn: Turn) -> None:
        """Show what is kept, as cards, and say which of it the catalogue knows no longer."""
        have = kept(turn)
        if not have:
            turn.reply(turn.say("shortlist_empty"), quick=turn.leads("find_program"))
            return
        programs = kept_programs(turn)
        gone = [each for each in have if each["id"] not in {p.id for p in programs}]
        quick = [("Compare them", "Compare my shortlist")] if len(programs) > 1 else []
        quick += [("How to apply", "How do I apply for a medical internship?")]
        if turn.slots.get("search_summary"):
            quick.append(("Back to my search", "Back to my search"))
        if programs:
            turn.set(
                search_shown=[p.id for p in programs],
                search_offset=0,
                program_focus=programs[0].id if len(programs) == 1 else None,
                topic="search",
            )
        for first in range(0, len(programs), _PAGE):
            page = programs[first : first + _PAGE]
            lines = [turn.say("shortlist_lead", count=_count(len(have)))] if not first else []
            lines += [_line(number, p) for number, p in enumerate(page, first + 1)]
            card = ProgramListCard(
                programs=[phrases.item(p) for p in page], offset=first, total=len(programs)
            )
            last = first + _PAGE >= len(programs) and not gone
            turn.reply("\n".join(lines), card=card, quick=quick if last else None)
        if gone:
            lines = [turn.say("shortlist_gone")]
            lines += [f"• {each['name']}{_address(each)}" for each in gone]
            turn.reply("\n".join(lines), quick=quick)


def _line(number: int, program: ProgramView) -> str:
    """Return a kept programme as one paragraph of plain text."""
    known = phrases.price(program)
    length = phrases.weeks(program.min_weeks, program.max_weeks) or "length not given"
    parts = [phrases.place(program), length, known.shown if known else "price not published"]
    lines = [f"{number}. {phrases.title(program)}", f"   {' · '.join(parts)}"]
    return "\n".join([*lines, *([f"   {program.source_url}"] if program.source_url else [])])


def _address(each: dict[str, Any]) -> str:
    return f" ({each['url']})" if each["url"] else ""
