"""A reply as plain text: the one place that composes what channels without cards show."""

from __future__ import annotations

from preceptor.conversation.cards import (
    Card,
    ComparisonCard,
    ContactItem,
    ContactsCard,
    LicensingCard,
    ProgramCard,
    ProgramItem,
    ProgramListCard,
    SourceLink,
)
from preceptor.conversation.replies import Reply

_INDENT = "   "


def plain_text(reply: Reply) -> str:
    """Return all that a reply says, one part per line, without its choices."""
    lines = [reply.lead, *reply.body, *(f"• {step}" for step in reply.steps)]
    if reply.card:
        lines += _card(reply.card)
    lines += reply.remarks
    sources = [*reply.sources, *_own_source(reply.card)]
    lines += [line for source in dict.fromkeys(sources) if (line := _source(source))]
    return "\n".join(line for line in lines if line)


def _card(card: Card) -> list[str]:
    if isinstance(card, ProgramListCard):
        return [line for program in card.programs for line in _listed(program)]
    if isinstance(card, ProgramCard):
        return [card.program.title, *(f"{row.label}: {row.value}" for row in card.rows)]
    if isinstance(card, ComparisonCard):
        return _compared(card)
    if isinstance(card, ContactsCard):
        return [_contact(contact) for contact in card.contacts]
    # The lead and the body of a licensing card's reply say all that is on it.
    return []


def _own_source(card: Card | None) -> list[SourceLink]:
    """Return the source that a card about one thing shows."""
    if isinstance(card, ProgramCard):
        return [card.program.source]
    return [card.source] if isinstance(card, LicensingCard) else []


def _headline(program: ProgramItem) -> str:
    return program.title if program.number is None else f"{program.number}. {program.title}"


def _listed(program: ProgramItem) -> list[str]:
    lines = [_headline(program), f"{_INDENT}{' · '.join(program.summary)}"]
    if program.notes:
        lines.append(f"{_INDENT}Check: {'; '.join(program.notes)}.")
    return [*lines, f"{_INDENT}{program.source.url}"] if program.source.url else lines


def _compared(card: ComparisonCard) -> list[str]:
    lines = []
    for column, program in enumerate(card.programs):
        cells = [
            f"{row.label}: {row.cells[column] or card.unknown}"
            for row in card.rows
            if column < len(row.cells)
        ]
        lines += [_headline(program), f"{_INDENT}{'; '.join(cells)}"]
    return lines


def _contact(contact: ContactItem) -> str:
    ways = ", ".join(way for way in (contact.phone, contact.url) if way)
    details = f" ({contact.details})" if contact.details else ""
    return f"• {contact.label}: {ways}{details}"


def _source(source: SourceLink) -> str:
    """Return "Source: Title (2019) https://…", "" if nothing is known of it."""
    dated = f"({source.date})" if source.date else None
    known = [part for part in (source.title, dated, source.url) if part]
    return f"Source: {' '.join(known)}" if source.title or source.url else ""
