"""Safety: the protocols' words, with numbers to call and people to talk to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from actions import phrases, selection
from actions.answers import LIKELY, SURE, SURER, answer_if_sure, choose, tell_best
from actions.topic_action import Question, TopicAction, Turn, leave_danger
from preceptor.catalogue import facts
from preceptor.catalogue.records import EmergencyNumberRecord, HelplineRecord
from preceptor.conversation.cards import ContactItem, ContactsCard
from preceptor.conversation.frame import Danger
from preceptor.conversation.protocols import (
    AGAIN,
    COUNTRY,
    MISREAD,
    Opening,
    Protocol,
    Saying,
    clauses,
    protocols,
)
from preceptor.conversation.talk_words import BEGINS_TO_ASK
from preceptor.knowledge.index import Choice
from preceptor.nlu.safety import without_denials

_WELL_KNOWN = ("GB", "US", "IN", "AU", "DE", "KE")
_MOST_SAID = 30
_MOST_HELPLINES, _MOST_ANYWHERE = 3, 2
_OF_HELPLINES = ("helpline", "hotline", "crisis", "talk", "suicide", "counsel", "listen", "mental")
# What is said of a second danger in the same message too.
_BESIDE = frozenset({"emergency", "crisis", "assault", "exposure"})
_ITEM = "- "


class GiveFirstHelp(TopicAction):
    """Begins the protocol of the danger that a message speaks of."""

    action = "action_give_first_help"

    def answer(self, turn: Turn) -> None:
        """Say the protocol's opening, and that of a second danger which was seen."""
        found = _protocols_of(turn)
        if not found[0].holds and answer_if_sure(turn, least=SURE):
            # "Do I need malaria pills?" is near to symptoms.
            return
        turn.set(topic=turn.question.intent)
        text = str(turn.parse.get("text") or turn.question.text)
        others = [each for each in found[1:] if each.kind in _BESIDE][:1]
        opening = found[0].opening(text, {each.intent for each in found[1:]})
        country = where(turn)
        danger = Danger(kind=found[0].kind, country=country, dealt=not found[0].holds)
        turn.frame = turn.frame.copy(update={"danger": danger, "focus": None})
        _say(turn, found[0], opening, hints=() if opening.deals else found[0].hints_for(text))
        for other in () if opening.beside else others:
            _send(turn, other.opening(text), 0, country)
        if opening.deals:
            # What is over leaves room for what is asked: "who pays for the tests?"
            _answer_surest(turn, [text], SURE)


def _protocols_of(turn: Turn) -> list[Protocol]:
    """Return the protocols of the dangers that were seen, that of the turn's intent first."""
    seen = [turn.question.intent, *(turn.parse.get("safety") or ())]
    found = (protocols().of_intent(intent) for intent in dict.fromkeys(seen))
    return [each for each in found if each is not None]


def go_on(turn: Turn, step: str) -> None:
    """Go on with the protocol of the danger that was spoken of, or with what is asked beside it.

    Args:
        turn: the turn.
        step: the name of the protocol's step.
    """
    danger = turn.frame.danger
    if step == MISREAD:
        _misread(turn)
        return
    if danger is None:
        turn.reply(turn.say("follow_nothing"), choices=turn.leads("ask_capabilities"))
        return
    country = where(turn)
    turn.frame = turn.frame.copy(update={"danger": danger.copy(update={"country": country})})
    if _answered_instead(turn, step):
        return
    protocol = protocols()[danger.kind]
    step = protocol.fitting(step, danger.said)
    _say(turn, protocol, _with_contacts(protocol, step, new=country != danger.country), step)
    _answer_beside(turn, protocol, step)


def _with_contacts(protocol: Protocol, step: str, *, new: bool) -> Saying:
    """Return what a step says, with whom to call where the country has just been named."""
    saying, own = protocol.saying(step), protocol.first[-1].contacts
    helplines = own in ("helplines", "both")
    if step == COUNTRY and helplines:
        return saying.copy(update={"contacts": "helplines"})
    if new and own and not saying.contacts:
        return saying.copy(update={"contacts": "helplines" if helplines else "numbers"})
    return saying


# How many clauses at the end of a message are tried as questions; each takes some milliseconds.
_LAST = 3


def _answered_instead(turn: Turn, step: str) -> bool:
    """Answer from knowledge/ if it is surer than the step; return whether it was."""
    danger, text = turn.frame.danger, turn.question.text
    if danger is None or step in (AGAIN, COUNTRY) or turn.parse.get("safety"):
        return False
    asked, choice = _surest(turn, [text, *clauses(text)[-_LAST:]])
    protocol = protocols()[danger.kind]
    fits = protocol.step_of(text, danger.said[-1], choice.confidence)
    step = protocol.fitting(step, danger.said)
    told = step in danger.said and not protocol.saying(step).deals_or_ends
    if choice.confidence < SURE or (fits and not (told and choice.confidence >= SURER)):
        return False
    if not protocol.knowledge:
        leave_danger(turn)
    turn.question = asked
    tell_best(turn, choice)
    return True


def _answer_beside(turn: Turn, protocol: Protocol, said: str) -> None:
    """Answer the question that ends a message of several parts, from knowledge/ or by a step."""
    last = "".join(clauses(turn.question.text)[-1:])
    if not last:
        return
    step = protocol.step_of(last, "", LIKELY)
    if step is None:
        turn.question = replace(turn.question, text=last)
        answer_if_sure(turn)
    elif step != said and BEGINS_TO_ASK.match(last):
        _say(turn, protocol, protocol.saying(step), step)


def _misread(turn: Turn) -> None:
    """Take back a danger that somebody denies, and answer what is asked beside it or before."""
    danger = turn.frame.danger
    taken_back = protocols()[danger.kind].saying(MISREAD).says[0] if danger else turn.say("denial")
    turn.frame = turn.frame.copy(update={"danger": None})
    turn.reply(taken_back)
    for text in (without_denials(turn.question.text), *turn.said[-2:-1]):
        if _answer_surest(turn, [text, *clauses(text)[-_LAST:]], LIKELY):
            return
    turn.reply(turn.say("misread_ask"))


def _answer_surest(turn: Turn, texts: Sequence[str], least: float) -> bool:
    """Answer the text that knowledge/ answers most surely; return whether it is likely enough."""
    asked, choice = _surest(turn, texts)
    if choice.confidence < least:
        return False
    turn.question = asked
    tell_best(turn, choice)
    return True


def _surest(turn: Turn, texts: Sequence[str]) -> tuple[Question, Choice]:
    """Return the text that knowledge/ answers most surely, as a question, and its answers."""
    asked = turn.question
    found: tuple[Question, Choice] = asked, Choice((), 0.0)
    for text in texts:
        turn.question = replace(asked, text=text)
        choice = choose(turn)
        if choice.confidence > found[1].confidence:
            found = turn.question, choice
    turn.question = asked
    return found


def good_night(turn: Turn) -> None:
    """Say good night, with where somebody listens after a crisis."""
    danger = turn.frame.danger
    night = protocols()[danger.kind].night if danger else ""
    turn.reply(turn.say("good_night"), body=[night] if night else [])


def _say(
    turn: Turn, protocol: Protocol, saying: Saying, name: str = "", hints: Sequence[str] = ()
) -> None:
    """Say an opening or a step, and keep in the frame that it was said."""
    danger = turn.frame.danger
    assert danger is not None
    name = saying.name if isinstance(saying, Opening) else name
    times, country = danger.said.count(name), danger.country
    said = (*danger.said, name)[-_MOST_SAID:]
    dealt = danger.dealt or saying.deals
    later = None if saying.ends else danger.copy(update={"said": said, "dealt": dealt})
    turn.frame = turn.frame.copy(update={"danger": later})
    _send(turn, saying, times, country, hints)
    if saying.ends:
        turn.set(topic=None)


def _send(
    turn: Turn, saying: Saying, times: int, country: str | None, hints: Sequence[str] = ()
) -> None:
    """Send what a protocol says.

    Args:
        turn: the turn.
        saying: the opening or the step.
        times: how often it has been said before; its wordings take turns.
        country: where the person is, if that is known.
        hints: more items.
    """
    lines = saying.says[times % len(saying.says)].split("\n")
    items = [i for i, line in enumerate(lines) if line.startswith(_ITEM)]
    first, last = (items[0], items[-1] + 1) if items else (len(lines), len(lines))
    lead, contacts, remarks = _contacts(turn, saying, country)
    if country and not contacts and lead:
        remarks = [lead, *remarks]
    if times and saying.contacts == "helplines":
        remarks = []
    known = protocols().sources
    turn.reply(
        lines[0],
        body=lines[1:first],
        steps=[*(line.removeprefix(_ITEM) for line in lines[first:last]), *hints],
        card=ContactsCard(contacts=contacts) if contacts else None,
        remarks=[*remarks, *lines[last:]],
        sources=[known[name].link() for name in saying.sources] if times == 0 else [],
        choices=turn.back_to_search() if saying.back else (),
    )


class GiveContacts(TopicAction):
    """Answers "emergency number in Burkina Faso?" and "who can I talk to in Kenya?"."""

    action = "action_give_contacts"

    def answer(self, turn: Turn) -> None:
        """Give the helplines or the emergency numbers of the country that is named."""
        text = str(turn.parse.get("text") or "").lower()
        if not selection.ask_which_country(turn, turn.question.intent):
            give_contacts(turn, any(word in text for word in _OF_HELPLINES))


def give_contacts(turn: Turn, helplines: bool) -> None:
    """Send the helplines or the emergency numbers of where the person is, or asks about."""
    country = where(turn)
    lead, contacts, remarks = (_helplines if helplines else _numbers)(turn, country)
    if helplines and country:
        remarks.append(turn.say("helplines_danger"))
    turn.reply(lead, card=ContactsCard(contacts=contacts) if contacts else None, remarks=remarks)


def answer_country(turn: Turn, intent: str) -> None:
    """Answer a click on the country that was asked for.

    Args:
        turn: the turn.
        intent: what it was asked for.
    """
    protocol = protocols().of_intent(intent)
    if turn.frame.danger is not None:
        go_on(turn, COUNTRY)
    else:
        give_contacts(turn, protocol is not None and protocol.first[-1].contacts == "helplines")


def where(turn: Turn) -> str | None:
    """Return the country that the message names, or in which the person said to be."""
    if turn.question.of_kind("country", role="unclear"):
        return None
    if named := selection.countries_of(turn):
        return named[0]
    danger, here = turn.frame.danger, turn.frame.person.here
    if danger is not None and danger.country:
        return danger.country
    place = turn.catalogue.places.get(here or "")
    return place.country if place else here


_Contacts = tuple[str, list[ContactItem], list[str]]
"""A sentence before contacts, the contacts, and remarks behind them."""


def _contacts(turn: Turn, saying: Saying, country: str | None) -> _Contacts:
    """Return the contacts that are shown with something that a protocol says."""
    if saying.contacts is None:
        return "", [], []
    if saying.contacts == "numbers":
        return _numbers(turn, country, examples=saying.examples)
    lead, contacts, remarks = _helplines(turn, country)
    if country or saying.contacts == "both":
        _, numbers, more = _numbers(turn, country)
        return lead, [*contacts, *numbers], [*more, *remarks]
    return lead, contacts, remarks


def _numbers(turn: Turn, country: str | None, examples: bool = True) -> _Contacts:
    """Return a country's numbers, or some well-known ones, never those of another continent."""
    if country is None:
        known = [facts.emergency_numbers(turn.catalogue, c) for c in _WELL_KNOWN if examples]
        contacts = [c for numbers in known for c in _number_contacts(turn, numbers)]
        return turn.say("numbers_some"), contacts, [turn.say("numbers_ask")]
    own = facts.emergency_numbers(turn.catalogue, country)
    name = phrases.country(turn.catalogue.names.get(("country", country), country))
    if not own:
        return turn.say("numbers_none", country=name), [], [turn.say("numbers_fallback")]
    cautions = list(dict.fromkeys(each.caution for each in own if each.caution))
    remarks = [*cautions, turn.say("numbers_fallback")]
    return turn.say("numbers_in", country=name), _number_contacts(turn, own), remarks


def _number_contacts(turn: Turn, numbers: Iterable[EmergencyNumberRecord]) -> list[ContactItem]:
    """Return a country's numbers, its ambulance's only where it has one of its own."""
    contacts: dict[str, ContactItem] = {}
    for each in sorted(numbers, key=lambda n: n.service != "general"):
        label = turn.catalogue.countries[each.country].name
        if each.service == "ambulance" and contacts:
            label = turn.say("numbers_ambulance", country=label)
        contact = ContactItem(
            label=label,
            phone=each.number,
            url=None,
            details=None,
            source=phrases.source_link(each),
        )
        contacts.setdefault(each.number, contact)
    return list(contacts.values())


def _helplines(turn: Turn, country: str | None) -> _Contacts:
    """Return the helplines of a country, open at all hours and to all first, and of the world."""
    lines = facts.helplines(turn.catalogue, country)
    local = sorted((line for line in lines if line.country), key=_last_are_special)
    anywhere = [line for line in lines if line.country is None][:_MOST_ANYWHERE]
    contacts = [_helpline_contact(line) for line in [*local[:_MOST_HELPLINES], *anywhere]]
    if country is None:
        return turn.say("helplines_anywhere"), contacts, [turn.say("helplines_ask")]
    name = phrases.country(turn.catalogue.names.get(("country", country), country))
    lead = turn.say("helplines_in" if local else "helplines_none", country=name)
    return lead, contacts, []


def _last_are_special(line: HelplineRecord) -> tuple[bool, bool]:
    at_all_hours = (line.hours or "").lower().startswith("24")
    return line.for_whom not in (None, "anyone"), not at_all_hours


def _helpline_contact(helpline: HelplineRecord) -> ContactItem:
    special = helpline.for_whom if helpline.for_whom != "anyone" else None
    details = "; ".join(part for part in (helpline.text, helpline.hours, special) if part)
    return ContactItem(
        label=helpline.name,
        phone=helpline.phone,
        url=helpline.url,
        details=details or None,
        source=phrases.source_link(helpline),
    )
