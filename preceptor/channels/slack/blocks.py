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
    ContactsCard,
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
_LABEL_LIMIT = 100
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
        options = [{"text": _plain(title), "value": v} for title, v in values[:OPTIONS_LIMIT]]
        select = {"type": "static_select", "action_id": f"{kind}:select", "options": options}
        elements = [{**select, "placeholder": _plain("Choose one")}]
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
    sides = [
        {
            "text": _plain(words),
            "accessibility_label": f"This answer was {words.lower()}",
            "value": rendering.seals.sign([way, rendering.conversation], RATING),
        }
        for way, words in (("up", "Helpful"), ("down", "Not helpful"))
    ]
    names = ("positive_button", "negative_button")
    block_id = f"rate:{rendering.nonce}"
    if rendering.native:
        elements: list[Block] = [{"type": "feedback_buttons", "action_id": "rate"}]
        elements[0].update(zip(names, sides, strict=True))
        return [{"type": "context_actions", "block_id": block_id, "elements": elements}]
    elements = [
        {"type": "button", "action_id": f"rate:{name}", **side}
        for name, side in zip(names, sides, strict=True)
    ]
    return [{"type": "actions", "block_id": block_id, "elements": elements}]


# Programmes


def _program_list(card: ProgramListCard, rendering: Rendering) -> tuple[list[Block], list[str]]:
    placed = list(enumerate(card.programs[:CAROUSEL_LIMIT], card.offset + 1))
    if rendering.native:
        elements = [_program_card(program, place, rendering) for place, program in placed]
        blocks = [{"type": "carousel", "block_id": f"list:{rendering.nonce}", "elements": elements}]
    else:
        blocks = []
        for place, program in placed:
            title, *lines = (cut_mrkdwn(line, 600) for line in _lines(program, place))
            blocks.append(section("\n".join([f"*{title}*", *lines])))
            blocks.append(_program_actions(program, place, rendering))
    first, last = placed[0][0], placed[-1][0]
    shown = f"{first} to {last}" if last > first else f"{last}"
    return blocks, [f"Showing {shown} of {card.total}"]


def _lines(program: ProgramItem, place: int) -> tuple[str, str, str]:
    """Return what a list says of a programme: its name; whose and where; length, price, fields."""
    _, length, price = program.summary
    facts = (length, price, ", ".join(program.specialties[:3]))
    return (
        cut(f"{program.number or place}. {program.name}", CARD_TITLE_LIMIT),
        cut(f"{program.organisation} · {program.place}", CARD_TITLE_LIMIT),
        " · ".join(fact for fact in facts if fact) or "–",
    )


def _program_card(program: ProgramItem, place: int, rendering: Rendering) -> Block:
    actions = _program_actions(program, place, rendering)
    limits = {
        "title": CARD_TITLE_LIMIT, "subtitle": CARD_TITLE_LIMIT, "body": CARD_BODY_LIMIT
    }  # fmt: skip
    texts = {
        part: {"type": "mrkdwn", "text": cut_mrkdwn(line, limit), "verbatim": True}
        for (part, limit), line in zip(limits.items(), _lines(program, place), strict=True)
    }
    return {
        "type": "card",
        "block_id": actions["block_id"],
        **texts,
        "actions": actions["elements"],
    }


def _program_actions(program: ProgramItem, place: int, rendering: Rendering) -> Block:
    """Return a programme's buttons, at most three: Slack's card has no room for more.

    Args:
        program: The programme.
        place: Its place in the message, 0 for the programme whose details are shown.
        rendering: For which conversation.
    """
    buttons = [button("Save", "say:save", rendering.seal(Save(program=program.id)))]
    if place:
        show = rendering.seal(Show(program=program.id))
        buttons.insert(0, button("Details", "say:details", show))
    buttons = [each for each in buttons if len(each["value"]) <= BUTTON_VALUE_LIMIT]
    if is_address(program.source.url):
        buttons.append({**button("Its page", "link:page", None), "url": program.source.url})
    for each in buttons:
        # Tells a screen reader which programme a button belongs to.
        label = f"{each['text']['text']}: {program.name}"
        each["accessibility_label"] = cut(label, BUTTON_TEXT_LIMIT)
    # The name stands in the id: of a private message, Slack sends nothing else back.
    block_id = f"card:{rendering.nonce}:{place}:{cut(program.name, _NAME_LIMIT)}"
    return {"type": "actions", "block_id": block_id, "elements": buttons}


def program_of(block_id: str) -> str:
    """Return the name of the programme whose buttons stand in a block, "" for other blocks."""
    kind, _, rest = block_id.partition(":")
    return rest.split(":", 2)[-1] if kind == "card" else ""


def _program(card: ProgramCard, rendering: Rendering) -> list[Block]:
    return [
        section(f"*{cut_mrkdwn(card.program.title, CARD_TITLE_LIMIT * 2)}*"),
        *_labelled([(row.label, row.value) for row in card.rows]),
        _program_actions(card.program, 0, rendering),
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
    headings = [_lines(each, n)[0] for n, each in enumerate(card.programs, 1)]
    texts = [[" ", *headings]]
    texts += [[row.label, *(cell or card.unknown for cell in row.cells)] for row in card.rows]
    texts = [[cut(text, _CELL_LIMIT) or "–" for text in row] for row in texts]
    even = all(len(row) == len(texts[0]) for row in texts)
    characters = sum(len(text) for row in texts for text in row)
    if rendering.native and even and len(texts) <= 100 and characters < TABLE_CHARACTERS_LIMIT // 2:
        rows = [[{"type": "raw_text", "text": text} for text in row] for row in texts]
        settings = [{"is_wrapped": True} for _ in texts[0]]
        return [{"type": "table", "rows": rows, "column_settings": settings}]
    blocks = []
    for n, heading in enumerate(headings, 1):
        blocks.append(section(f"*{cut_mrkdwn(heading, CARD_TITLE_LIMIT)}*"))
        blocks += _labelled([(row[0], row[n]) for row in texts[1:9] if n < len(row)])
    return blocks


# Sources and contacts


def _source(source: SourceLink) -> str:
    """Return a source as one line of small print, "" if nothing is known of it."""
    date = f", {source.date}" if source.date else ""
    title = cut(source.title or source.url or "", 150)
    if source.url and is_address(source.url) and len(source.url) < _CONTEXT_TEXT_LIMIT:
        return f"Source: {link(source.url, title)}{escaped(date)}"
    return f"Source: {mrkdwn(title)}{escaped(date)}" if title else ""


def _contacts(card: ContactsCard) -> list[Block]:
    ways = [
        (each.label, " · ".join(way for way in (each.phone, each.details, each.url) if way))
        for each in card.contacts[:20]
    ]
    return _labelled(ways)


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
