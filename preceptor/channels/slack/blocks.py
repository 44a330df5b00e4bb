"""Replies as Block Kit: pure functions from a reply's parts to Slack's blocks.

Every reply keeps its whole text as the message's plain `text`, for notifications and screen
readers. Blocks that Slack does not have everywhere yet (carousel, card, table, feedback buttons)
come with a second rendering without them, which is sent where Slack refuses the first.

Limits: https://docs.slack.dev/reference/block-kit, as slack-sdk's models have them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from preceptor.channels.slack.mrkdwn import (
    SECTION_LIMIT,
    cut,
    cut_mrkdwn,
    escaped,
    in_parts,
    link,
    mrkdwn,
)
from preceptor.conversation.cards import (
    Card,
    ComparisonCard,
    ContactItem,
    ContactsCard,
    FactsCard,
    LicensingCard,
    ProgramCard,
    ProgramItem,
    ProgramListCard,
    SourceLink,
)
from preceptor.conversation.choices import Choice, Payload, Save, Seals, Show
from preceptor.conversation.plain_text import plain_text
from preceptor.conversation.replies import Image, Reply

Block = dict[str, Any]
Seal = Callable[[Payload], str]

BLOCKS_LIMIT = 50
TEXT_LIMIT = 39_000
BUTTONS_LIMIT = 5
BUTTON_TEXT_LIMIT = 75
BUTTON_VALUE_LIMIT = 2_000
URL_LIMIT = 3_000
OPTIONS_LIMIT = 100
OPTION_VALUE_LIMIT = 150
ACTIONS_LIMIT = 25
CONTEXT_LIMIT = 10
CAROUSEL_LIMIT = 10
CARD_TITLE_LIMIT = 150
CARD_BODY_LIMIT = 200
TABLE_CHARACTERS_LIMIT = 10_000
# A cell of Slack's table holds far more; a reader's eye does not.
_CELL_LIMIT = 300
_LABEL_LIMIT = 60
_VALUE_LIMIT = SECTION_LIMIT - 2 * _LABEL_LIMIT
_CONTEXT_TEXT_LIMIT = 500
# Of a programme's name in a block's id, which may have 255 characters.
_NAME_LIMIT = 60

RATING, SHARE = "slack rating", "slack share"
"""The scopes of the values that rate an answer and that share one."""


@dataclass(frozen=True)
class Rendering:
    """What the blocks of one message have in common.

    Attributes:
        seals: What seals the buttons' values.
        conversation: The conversation in which they count.
        nonce: A few characters that no other message has; block ids are made from it.
        native: Whether to try blocks that are not everywhere yet.
    """

    seals: Seals
    conversation: str
    nonce: str
    native: bool = True

    def seal(self, payload: Payload) -> str:
        """Return the value of a button."""
        return self.seals.seal(payload, self.conversation)


@dataclass(frozen=True)
class Rendered:
    """A reply as Slack takes it.

    Attributes:
        text: All of it in plain words, escaped.
        blocks: Its blocks, at most 50.
        fallback: The same without blocks that Slack may not know, or [] where there are none.
        is_page: Whether it is a further page of a list, which may replace the page before.
    """

    text: str
    blocks: list[Block]
    fallback: list[Block] = field(default_factory=list)
    is_page: bool = False

    @property
    def content(self) -> dict[str, Any]:
        """Text and blocks as arguments of Slack's methods."""
        return {"text": self.text, **({"blocks": self.blocks} if self.blocks else {})}


def joined(parts: Sequence[Rendered]) -> Rendered:
    """Return several replies as one message."""
    blocks = [block for part in parts for block in part.blocks]
    fallback = [block for part in parts for block in part.fallback or part.blocks]
    return Rendered(
        text="\n\n".join(part.text for part in parts),
        blocks=blocks[:BLOCKS_LIMIT],
        fallback=fallback[:BLOCKS_LIMIT] if fallback != blocks else [],
        is_page=any(part.is_page for part in parts),
    )


def render(
    reply: Reply, rendering: Rendering, *, rates: bool = False, share: str | None = None
) -> Rendered:
    """Render a reply of the advisor.

    Args:
        reply: What it says.
        rendering: For which conversation, and how.
        rates: Whether feedback buttons stand under it.
        share: Under which id the answer is kept to be shared, or None for no such button.
    """
    blocks = _blocks(reply, rendering, rates, share)
    plain = _blocks(reply, replace(rendering, native=False), rates, share)
    return Rendered(
        text=escaped(cut(plain_text(reply), TEXT_LIMIT)) or "…",
        blocks=blocks,
        fallback=plain if plain != blocks else [],
        is_page=isinstance(reply.card, ProgramListCard) and reply.card.offset > 0,
    )


def _blocks(reply: Reply, rendering: Rendering, rates: bool, share: str | None) -> list[Block]:
    said = [reply.lead, *reply.body, *(f"• {step}" for step in reply.steps)]
    shown, small_print = _card(reply.card, rendering)
    small_print += map(_source, reply.sources)
    blocks = [
        *sections("\n".join(said)),
        *shown,
        *sections("\n".join(reply.remarks)),
        *context(small_print),
        *_image(reply.image),
        *choices(reply.choices, rendering, in_list=isinstance(reply.card, ProgramListCard)),
    ]
    if share is not None:
        blocks += _share(share, rendering)
    if rates:
        blocks += _rating(rendering)
    return blocks[:BLOCKS_LIMIT]


def _card(card: Card | None, rendering: Rendering) -> tuple[list[Block], list[str]]:
    """Return a card's blocks, and its lines of small print."""
    if isinstance(card, ProgramListCard) and card.programs:
        return _program_list(card, rendering)
    if isinstance(card, ProgramCard):
        return _program(card, rendering), [_source(card.program.source)]
    if isinstance(card, ComparisonCard) and card.programs and card.rows:
        return _comparison(card, rendering), [_source(each.source) for each in card.programs]
    if isinstance(card, LicensingCard):
        return [], [_source(card.source)]
    if isinstance(card, FactsCard):
        facts = sections("\n".join(f"• {fact.text}" for fact in card.facts))
        return facts, [_source(fact.source) for fact in card.facts]
    if isinstance(card, ContactsCard):
        return _contacts(card), [_source(contact.source) for contact in card.contacts]
    return [], []


def sections(text: str) -> list[Block]:
    """Return plain text as sections that show just that."""
    return [section(mrkdwn(part)) for part in in_parts(text)]


def section(markup: str) -> Block:
    """Return a section of ready mrkdwn, in which Slack makes no links of its own."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": markup, "verbatim": True}}


def context(lines: Sequence[str]) -> list[Block]:
    """Return small print of ready mrkdwn, one block for up to ten different lines."""
    kept = [line for line in dict.fromkeys(lines) if line][:CONTEXT_LIMIT]
    if not kept:
        return []
    elements = [{"type": "mrkdwn", "text": line, "verbatim": True} for line in kept]
    return [{"type": "context", "elements": elements}]


# Choices


def choices(
    offered: Sequence[Choice], rendering: Rendering, *, in_list: bool = False
) -> list[Block]:
    """Return choices: up to five as buttons, more as a select, links as buttons.

    Args:
        offered: The choices.
        rendering: For which conversation.
        in_list: Whether they stand under a list of programmes, which a next page replaces.
    """
    kind = "page" if in_list else "say"
    # One without a payload says its title; Slack wants a value all the same.
    values = [
        (each.title, rendering.seal(each.payload) if each.payload else "title")
        for each in offered
        if each.url is None
    ]
    elements = [
        button(title, f"{kind}:{n}", value)
        for n, (title, value) in enumerate(values)
        if len(value) <= BUTTON_VALUE_LIMIT
    ]
    if len(values) > BUTTONS_LIMIT and all(len(v) <= OPTION_VALUE_LIMIT for _, v in values):
        elements = [_select(values, f"{kind}:select")]
    elements += [
        {**button(each.title, f"link:{n}", None), "url": each.url}
        for n, each in enumerate(offered)
        if is_address(each.url)
    ]
    return [
        {
            "type": "actions",
            "block_id": f"choices:{rendering.nonce}:{start}",
            "elements": elements[start : start + ACTIONS_LIMIT],
        }
        for start in range(0, len(elements), ACTIONS_LIMIT)
    ]


def _select(values: Sequence[tuple[str, str]], action_id: str) -> Block:
    options = [{"text": _plain(title), "value": value} for title, value in values[:OPTIONS_LIMIT]]
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": _plain("Choose one"),
        "options": options,
    }


def _plain(text: str) -> Block:
    shown = cut(text.strip() or "–", BUTTON_TEXT_LIMIT)
    return {"type": "plain_text", "text": shown, "emoji": False}


def button(title: str, action_id: str, value: str | None) -> Block:
    """Return a button; one that opens an address has no value."""
    made = {"type": "button", "action_id": action_id, "text": _plain(title)}
    return made if value is None else {**made, "value": value}


def is_address(url: str | None) -> bool:
    """Say whether Slack takes an address in a button or as a picture."""
    return url is not None and len(url) <= URL_LIMIT and bool(re.match(r"https?://\S+$", url))


def _image(image: Image | None) -> list[Block]:
    if image is None or not is_address(image.url):
        return []
    alt = cut(image.alt or "An image that goes with the answer", 2_000)
    return [{"type": "image", "image_url": image.url, "alt_text": alt}]


def _share(kept: str, rendering: Rendering) -> list[Block]:
    element = button("Share in channel", "share", rendering.seals.sign(kept, SHARE))
    return [{"type": "actions", "block_id": f"share:{rendering.nonce}", "elements": [element]}]


def _rating(rendering: Rendering) -> list[Block]:
    up, down = (
        rendering.seals.sign([way, rendering.conversation], RATING) for way in ("up", "down")
    )
    sides = {
        "positive_button": {
            "text": _plain("Helpful"),
            "accessibility_label": "This answer was helpful",
            "value": up,
        },
        "negative_button": {
            "text": _plain("Not helpful"),
            "accessibility_label": "This answer was not helpful",
            "value": down,
        },
    }
    block_id = f"rate:{rendering.nonce}"
    if rendering.native:
        elements: list[Block] = [{"type": "feedback_buttons", "action_id": "rate", **sides}]
        return [{"type": "context_actions", "block_id": block_id, "elements": elements}]
    elements = [
        {"type": "button", "action_id": f"rate:{name}", **side} for name, side in sides.items()
    ]
    return [{"type": "actions", "block_id": block_id, "elements": elements}]


# Programmes


def _program_list(card: ProgramListCard, rendering: Rendering) -> tuple[list[Block], list[str]]:
    programs = card.programs[:CAROUSEL_LIMIT]
    placed = [(program, card.offset + n) for n, program in enumerate(programs, 1)]
    if rendering.native:
        elements = [_program_card(program, place, rendering) for program, place in placed]
        blocks = [{"type": "carousel", "block_id": f"list:{rendering.nonce}", "elements": elements}]
    else:
        blocks = [
            block
            for program, place in placed
            for block in _program_section(program, place, rendering)
        ]
    last = card.offset + len(programs)
    shown = f"{card.offset + 1} to {last}" if last > card.offset + 1 else f"{last}"
    return blocks, [f"Showing {shown} of {card.total}"]


def _headline(program: ProgramItem, place: int) -> str:
    return f"{program.number or place}. {program.name}"


def _facts_line(program: ProgramItem) -> str:
    """Return what a list says of a programme: length, price, specialties."""
    _, length, price = program.summary
    parts = [length, price, ", ".join(program.specialties[:3])]
    return " · ".join(part for part in parts if part) or "–"


def _program_card(program: ProgramItem, place: int, rendering: Rendering) -> Block:
    subtitle = f"{program.organisation} · {program.place}"
    return {
        "type": "card",
        "block_id": _block_id(program, place, rendering),
        "title": _mrkdwn(_headline(program, place), CARD_TITLE_LIMIT),
        "subtitle": _mrkdwn(subtitle, CARD_TITLE_LIMIT),
        "body": _mrkdwn(_facts_line(program), CARD_BODY_LIMIT),
        "actions": _program_buttons(program, rendering),
    }


def _mrkdwn(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": cut_mrkdwn(text, limit), "verbatim": True}


def _program_section(program: ProgramItem, place: int, rendering: Rendering) -> list[Block]:
    title = cut_mrkdwn(_headline(program, place), CARD_TITLE_LIMIT)
    where = cut_mrkdwn(f"{program.organisation} · {program.place}", CARD_TITLE_LIMIT)
    facts = cut_mrkdwn(_facts_line(program), 600)
    return [
        section(f"*{title}*\n{where}\n{facts}"),
        {
            "type": "actions",
            "block_id": _block_id(program, place, rendering),
            "elements": _program_buttons(program, rendering),
        },
    ]


def _block_id(program: ProgramItem, place: int, rendering: Rendering) -> str:
    """Return the id of the block with a programme's buttons, at a place in the message.

    The programme's name stands in it: of a private message, Slack sends nothing else back.
    """
    return f"card:{rendering.nonce}:{place}:{cut(program.name, _NAME_LIMIT)}"


def program_of(block_id: str) -> str:
    """Return the name of the programme whose buttons stand in a block, "" for other blocks."""
    kind, _, rest = block_id.partition(":")
    return rest.split(":", 2)[-1] if kind == "card" else ""


def _program_buttons(
    program: ProgramItem, rendering: Rendering, *, details: bool = True
) -> list[Block]:
    """Return a programme's buttons, at most three: Slack's card has no room for more."""
    buttons = [button("Save", "say:save", rendering.seal(Save(program=program.id)))]
    if details:
        show = rendering.seal(Show(program=program.id))
        buttons.insert(0, button("Details", "say:details", show))
    buttons = [each for each in buttons if len(each["value"]) <= BUTTON_VALUE_LIMIT]
    if is_address(program.source.url):
        buttons.append({**button("Its page", "link:page", None), "url": program.source.url})
    return [_named(each, program.name) for each in buttons]


def _named(made: Block, name: str) -> Block:
    """Tell a screen reader which programme a button belongs to."""
    label = cut(f"{made['text']['text']}: {name}", BUTTON_TEXT_LIMIT)
    return {**made, "accessibility_label": label}


def _program(card: ProgramCard, rendering: Rendering) -> list[Block]:
    buttons = _program_buttons(card.program, rendering, details=False)
    return [
        section(f"*{cut_mrkdwn(card.program.title, CARD_TITLE_LIMIT * 2)}*"),
        *_labelled([(row.label, row.value) for row in card.rows]),
        {"type": "actions", "block_id": _block_id(card.program, 0, rendering), "elements": buttons},
    ]


def _labelled(rows: Sequence[tuple[str, str]]) -> list[Block]:
    """Return labelled values, their labels in bold, as few sections as hold them."""
    texts: list[str] = []
    for label, value in rows:
        line = f"*{cut_mrkdwn(label, _LABEL_LIMIT)}:* {cut_mrkdwn(value, _VALUE_LIMIT)}"
        if texts and len(texts[-1]) + len(line) < SECTION_LIMIT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return [section(text) for text in texts]


def _comparison(card: ComparisonCard, rendering: Rendering) -> list[Block]:
    headings = [_headline(each, n) for n, each in enumerate(card.programs, 1)]
    if rendering.native and _fits_table(card):
        rows = [[_cell(" "), *(_cell(heading) for heading in headings)]]
        rows += [
            [_cell(row.label), *(_cell(cell or card.unknown) for cell in row.cells)]
            for row in card.rows
        ]
        settings = [{"is_wrapped": True} for _ in rows[0]]
        return [{"type": "table", "rows": rows, "column_settings": settings}]
    blocks = []
    for n, heading in enumerate(headings):
        cells = [
            (row.label, cut(row.cells[n] or card.unknown, _CELL_LIMIT))
            for row in card.rows
            if n < len(row.cells)
        ]
        blocks.append(section(f"*{cut_mrkdwn(heading, CARD_TITLE_LIMIT)}*"))
        blocks += _labelled(cells[:8])
    return blocks


def _fits_table(card: ComparisonCard) -> bool:
    cells = [cell for row in card.rows for cell in (row.label, *row.cells)]
    characters = sum(min(len(cell), _CELL_LIMIT) for cell in cells)
    even = all(len(row.cells) == len(card.programs) for row in card.rows)
    return even and len(card.rows) < 100 and characters < TABLE_CHARACTERS_LIMIT // 2


def _cell(text: str) -> Block:
    return {"type": "raw_text", "text": cut(text, _CELL_LIMIT) or "–"}


# Sources and contacts


def _source(source: SourceLink) -> str:
    """Return a source as one line of small print, "" where nothing is known of it."""
    date = f", {source.date}" if source.date else ""
    title = cut(source.title or source.url or "", 150)
    if source.url and is_address(source.url) and len(source.url) < _CONTEXT_TEXT_LIMIT:
        return f"Source: {link(source.url, title)}{escaped(date)}"
    return f"Source: {mrkdwn(title)}{escaped(date)}" if title else ""


def _contacts(card: ContactsCard) -> list[Block]:
    lines = [_contact(each) for each in card.contacts[:20]]
    return [section("\n".join(lines[start : start + 4])) for start in range(0, len(lines), 4)]


def _contact(contact: ContactItem) -> str:
    ways = [mrkdwn(part) for part in (contact.phone, contact.details) if part]
    if contact.url and is_address(contact.url):
        ways.append(link(contact.url))
    label = f"*{cut_mrkdwn(contact.label, 100)}*"
    line = f"{label[:-1]}:* {' · '.join(ways)}"
    return line if len(line) <= 600 else label


# What a click leaves behind


def without_choices(blocks: Sequence[Block], block_id: str, chosen: str) -> list[Block]:
    """Return a message's blocks with its choices replaced by what was chosen.

    Args:
        blocks: The message's blocks as Slack sends them back.
        block_id: The block that was clicked in.
        chosen: The words on the button.
    """
    note = context([f"You chose: {mrkdwn(cut(chosen, BUTTON_TEXT_LIMIT))}"])
    kept: list[Block] = []
    for block in blocks:
        if block.get("block_id") == block_id:
            kept += note
        elif not str(block.get("block_id", "")).startswith("choices:"):
            kept.append(block)
    return kept


def rated(blocks: Sequence[Block], block_id: str) -> list[Block]:
    """Return a message's blocks with its plain feedback buttons replaced by thanks."""
    thanks = context(["Thank you for the feedback."])
    return [
        each
        for block in blocks
        for each in (thanks if block.get("block_id") == block_id else [block])
    ]
