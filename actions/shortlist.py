"""The shortlist: programmes that a person keeps, whatever the search does."""

from __future__ import annotations

import re
from typing import Any

from actions import phrases, selection
from actions.selection import Listed
from actions.show_programs import ask_which, choices, picked_or_told
from actions.topic_action import TopicAction, Turn
from preceptor.catalogue.programs import ProgramView
from preceptor.conversation.cards import ProgramListCard
from preceptor.conversation.choices import Ask, Choice, Compare, Remove, Save
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
    return selection.known(turn, (each["id"] for each in kept(turn)))


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

    action = "action_save_program"

    def answer(self, turn: Turn) -> None:
        """Put programmes on the shortlist, or take them off it."""
        if isinstance(turn.choice, Remove):
            _remove_chosen(turn, turn.choice)
        elif _REMOVE.search(turn.question.text):
            _remove(turn)
        else:
            _add(turn)


def _add(turn: Turn) -> None:
    programs = picked_or_told(turn)
    if programs is None:
        return
    on_show = selection.on_show(turn)
    clear = bool(turn.choice or turn.question.of_kind("ordinal", "program"))
    if not programs and _ALL.search(turn.question.text):
        programs, clear = on_show, True
    if not programs and (focus := selection.in_focus(turn)):
        programs = [focus]
    if not programs and len(on_show) == 1:
        programs = on_show
    if len(programs) > 1 and not clear:
        ask_which(turn, programs, Save)
    elif programs:
        _put(turn, programs)
    elif on_show:
        offered = choices(on_show, Save, selection.listed(turn))
        turn.reply(turn.say("shortlist_which"), choices=offered)
    else:
        turn.reply(turn.say("shortlist_nothing_yet"), choices=turn.leads("find_program"))


def _put(turn: Turn, programs: list[ProgramView]) -> None:
    """Add programmes as far as there is room, and say what came of it."""
    have = kept(turn)
    ids = {each["id"] for each in have}
    new = [entry(p) for p in programs if p.id not in ids]
    old = [entry(p)["name"] for p in programs if p.id in ids]
    fitting = new[: LIMIT - len(have)]
    sentences = []
    if fitting:
        have += fitting
        turn.set(shortlist=have)
        names = phrases.joined(each["name"] for each in fitting)
        count = phrases.counted(len(have), "programmes")
        sentences.append(turn.say("shortlist_saved", names=names, count=count))
    if old:
        sentences.append(turn.say("shortlist_already", names=phrases.joined(old)))
    if len(fitting) < len(new):
        left = phrases.joined(each["name"] for each in new[len(fitting) :])
        sentences.append(turn.say("shortlist_full", limit=LIMIT, names=left))
    if len(programs) == 1:
        turn.set(program_focus=programs[0].id)
    turn.reply(" ".join(sentences), choices=_leads(turn))


def _remove_chosen(turn: Turn, choice: Remove) -> None:
    """Take off what a click names, or everything."""
    if not kept(turn):
        _say_empty(turn)
    elif choice.program is None:
        _clear(turn)
    else:
        _take_off(turn, {choice.program})


def _remove(turn: Turn) -> None:
    """Take off what the words name, or ask which."""
    text = turn.question.text
    named = bool(turn.question.entities)
    if not kept(turn):
        _say_empty(turn)
        return
    if _WHOLE_LIST.search(text) and not named:
        _clear(turn)
        return
    ids = _meant(turn)
    unclear = len(ids) > 1 and not turn.question.of_kind("ordinal", "program")
    if not ids and not named:
        ask_which(turn, kept_programs(turn), Remove)
    elif unclear and not _ALL.search(text):
        ask_which(turn, [p for p in kept_programs(turn) if p.id in ids], Remove)
    else:
        _take_off(turn, ids)


def _meant(turn: Turn) -> set[str]:
    """Return the ids of what the words would take off; some may not be on the shortlist."""
    have = [each["id"] for each in kept(turn)]
    text = turn.question.text
    # The catalogue may know a kept programme no longer.
    by_name = {each["id"] for each in kept(turn) if _holds(text, each["name"])}
    if ids := {str(p.id) for p in _picked(turn)} or by_name:
        return ids
    if _ALL.search(text):
        return set(have) & set(selection.listed(turn).page) or set(have)
    if turn.question.entities:
        return set()
    if focus := turn.slots.get("program_focus"):
        return {focus}
    return set(have) if len(have) == 1 else set()


def _picked(turn: Turn) -> list[ProgramView]:
    """Return what is picked: of the list on the screen if that is kept, else of the shortlist.

    A number behind the end of what is on show counts in the shortlist; elsewhere there is none.
    """
    on_list = Listed("shortlist", tuple(p.id for p in kept_programs(turn)))
    found: list[ProgramView] = []
    for shown in (None, on_list):
        try:
            found = selection.picked(turn, shown)
        except LookupError:
            found = []
        if kept_ones := [p for p in found if p.id in on_list.ids]:
            return kept_ones
    return found


def _take_off(turn: Turn, ids: set[str]) -> None:
    """Take programmes off, and say what came of it."""
    off = [each for each in kept(turn) if each["id"] in ids]
    if not off:
        turn.reply(turn.say("shortlist_not_there"), choices=_leads(turn))
        return
    rest = [each for each in kept(turn) if each["id"] not in ids]
    turn.set(shortlist=rest or None)
    names = phrases.joined(each["name"] for each in off)
    count = phrases.counted(len(rest), "programmes")
    turn.reply(turn.say("shortlist_removed", names=names, count=count), choices=_leads(turn))


def _clear(turn: Turn) -> None:
    turn.set(shortlist=None)
    turn.reply(turn.say("shortlist_cleared"), choices=turn.leads("find_program"))


def _say_empty(turn: Turn) -> None:
    turn.reply(turn.say("shortlist_empty"), choices=turn.leads("find_program"))


def _holds(text: str, name: str) -> bool:
    """Tell whether a text has all words of a name; the catalogue may know it no longer."""
    words = set(re.findall(r"\w+", fold(text)))
    return words.issuperset(re.findall(r"\w+", fold(name)))


def _compare_button(turn: Turn) -> list[Choice]:
    """Return the button that compares what is kept, the first three of it."""
    ids = [p.id for p in kept_programs(turn)]
    if len(ids) < 2:
        return []
    words = "button_compare_them" if len(ids) <= 3 else "button_compare_first"
    return [turn.button(words, Compare(programs=ids[:3]))]


def _leads(turn: Turn) -> list[Choice]:
    if not kept(turn):
        return turn.back_to_search() or turn.leads("find_program")
    show = turn.button("button_shortlist", Ask(intent="show_shortlist"))
    return [show, *_compare_button(turn), *turn.back_to_search()]


class ShowShortlist(TopicAction):
    """Answers "what have I saved?"."""

    action = "action_show_shortlist"

    def answer(self, turn: Turn) -> None:
        """Show what is kept, as cards, and say which of it the catalogue knows no longer."""
        have = kept(turn)
        if not have:
            _say_empty(turn)
            return
        programs = kept_programs(turn)
        gone = [each for each in have if each["id"] not in {p.id for p in programs}]
        offered = [
            *_compare_button(turn),
            turn.button("button_apply", Ask(intent="ask_how_to_apply")),
            *turn.back_to_search(),
        ]
        if programs:
            only = programs[0].id if len(programs) == 1 else None
            turn.set(program_focus=only, topic="search")
            selection.put_on_screen(turn, Listed("shortlist", tuple(p.id for p in programs)))
        lead = turn.say("shortlist_lead", count=phrases.counted(len(have), "programmes"))
        _send_pages(turn, lead, programs, [] if gone else offered)
        if gone:
            steps = [each["name"] + _address(each) for each in gone]
            turn.reply(turn.say("shortlist_gone"), steps=steps, choices=offered)


def _send_pages(turn: Turn, lead: str, programs: list[ProgramView], offered: list[Choice]) -> None:
    """Send programmes as cards of ten, the last of them with buttons."""
    items = [phrases.item(p, number) for number, p in enumerate(programs, 1)]
    for offset in range(0, len(items), _PAGE):
        page = items[offset : offset + _PAGE]
        last = offset + _PAGE >= len(items)
        turn.reply(
            "" if offset else lead,
            card=ProgramListCard(programs=page, offset=offset, total=len(items)),
            choices=offered if last else (),
        )


def _address(each: dict[str, Any]) -> str:
    return f" ({each['url']})" if each["url"] else ""
