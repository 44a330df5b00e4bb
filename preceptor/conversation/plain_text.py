"""Replies as plain text: complete in words, for REST, the terminal, notifications and files."""

from __future__ import annotations

from preceptor.conversation.cards import (
    Card,
    ComparisonCard,
    ContactsCard,
    FactsCard,
    LicensingCard,
    ProgramCard,
    ProgramItem,
    ProgramListCard,
    SourceLink,
)
from preceptor.conversation.replies import Reply


def plain_text(reply: Reply) -> str:
    """Return all that a reply says, one paragraph or item per line."""
    lines = [reply.lead, *reply.body, *(f"• {step}" for step in reply.steps)]
    if reply.card is not None:
        lines += _card(reply.card)
    lines += reply.remarks
    lines += [f"Source: {shown}" for shown in map(_source, reply.sources) if shown]
    return "\n".join(line for line in lines if line.strip())


def _card(card: Card) -> list[str]:
    if isinstance(card, ProgramListCard):
        first = card.offset + 1
        return [line for n, each in enumerate(card.programs, first) for line in _item(each, n)]
    if isinstance(card, ProgramCard):
        return [
            f"{card.program.name}, {card.program.organisation}",
            *(f"{row.label}: {row.value}" for row in card.rows),
            f"Source: {_source(card.program.source)}",
        ]
    if isinstance(card, ComparisonCard):
        names = [f"{n}. {each.name}" for n, each in enumerate(card.programs, 1)]
        return [*names, *(f"{row.label}: {' | '.join(row.cells)}" for row in card.rows)]
    if isinstance(card, LicensingCard):
        return [f"Source: {_source(card.source)}"]
    if isinstance(card, FactsCard):
        return [f"• {fact.text} ({_source(fact.source)})" for fact in card.facts]
    return [line for each in card.contacts for line in _contact(card, each)]


def _item(item: ProgramItem, number: int) -> list[str]:
    facts = " · ".join(part for part in (item.place, item.length, item.cost) if part)
    return [f"{item.number or number}. {item.name}", f"   {facts}", f"   {item.source.url or ''}"]


def _contact(card: ContactsCard, contact: object) -> list[str]:
    del card
    ways = [getattr(contact, key) for key in ("phone", "details", "url")]
    return [f"{contact.label}: {' · '.join(way for way in ways if way)}"]


def _source(source: SourceLink) -> str:
    return ", ".join(part for part in (source.title, source.date, source.url) if part)
