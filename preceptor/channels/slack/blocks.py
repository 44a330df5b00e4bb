"""Replies as Block Kit: pure functions from a reply's words and card to Slack's blocks.

Every reply keeps its whole text as the message's plain `text`, for notifications and screen
readers. Blocks that Slack does not have everywhere yet (carousel, card, table, feedback buttons)
come with a second rendering without them, which is sent where Slack refuses the first.

Limits: https://docs.slack.dev/reference/block-kit, as slack-sdk's models have them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError

from preceptor.channels.slack.mrkdwn import cut, cut_mrkdwn, escaped, in_parts, link, mrkdwn
from preceptor.channels.slack.payloads import SEAL_CHARACTERS, Sealer
from preceptor.conversation import cards

log = structlog.get_logger(__name__)

Block = dict[str, Any]

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
_CONTEXT_TEXT_LIMIT = 500

SAY, SAVE_RATING, SHARE = "say", "rate", "share"
"""What a sealed value is for: to be said by the person, to rate an answer, to share one."""

_MODELS: dict[str, type[BaseModel]] = {
    model.__fields__["type"].default: model
    for model in (
        cards.ProgramListCard,
        cards.ProgramCard,
        cards.ComparisonCard,
        cards.LicensingCard,
        cards.FactsCard,
        cards.ContactsCard,
    )
}
_NUMBERED = re.compile(r"\d+\. ")
_LABELLED = re.compile(r"([A-Z][A-Za-z ]{1,24}): +(\S.*)")
_SOURCE = re.compile(r"Source: +\S")


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


def render(
    reply: dict[str, Any],
    sealer: Sealer,
    nonce: str,
    *,
    rating: str | None = None,
    share: str | None = None,
    native: bool = True,
) -> Rendered:
    """Render a reply of the advisor.

    Args:
        reply: What Rasa sends: `text`, `buttons`, `custom` with a card, `image`.
        sealer: What seals the buttons' values.
        nonce: A few characters that no other message has; block ids are made from it.
        rating: Which answer the feedback buttons rate, or None for no such buttons.
        share: Under which id the answer is kept to be shared, or None for no such button.
        native: Whether to try blocks that are not everywhere yet.
    """
    text = _text_of(reply)
    card = _card_of(reply)
    fancy: list[Block] = []
    plain: list[Block] = []
    for blocks, is_native in ((plain, False), (fancy, native)):
        blocks += _body(text, card, sealer, nonce, is_native)
        blocks += _image(reply)
        in_list = isinstance(card, cards.ProgramListCard)
        blocks += choices(reply.get("buttons") or [], sealer, nonce, in_list=in_list)
        if share is not None:
            blocks += _share(share, sealer, nonce)
        if rating is not None:
            blocks += _rating(rating, sealer, nonce, is_native)
    return Rendered(
        text=escaped(cut(text, TEXT_LIMIT)) or "…",
        blocks=fancy[:BLOCKS_LIMIT],
        fallback=plain[:BLOCKS_LIMIT] if plain != fancy else [],
        is_page=isinstance(card, cards.ProgramListCard) and card.offset > 0,
    )


def _text_of(reply: dict[str, Any]) -> str:
    text = str(reply.get("text") or "").strip()
    if text:
        return text
    # A reply always carries its words; what comes without is shown as well as can be.
    custom = reply.get("custom")
    named = custom.get("text") if isinstance(custom, dict) else None
    return str(named or reply.get("image") or reply.get("attachment") or "").strip()


def _card_of(reply: dict[str, Any]) -> BaseModel | None:
    custom = reply.get("custom")
    if not isinstance(custom, dict):
        return None
    model = _MODELS.get(str(custom.get("type")))
    if model is None:
        return None
    try:
        return model.parse_obj(custom)
    except ValidationError as error:
        log.error("slack.card_unreadable", type=custom.get("type"), cause=str(error)[:300])
        return None


def _body(
    text: str, card: BaseModel | None, sealer: Sealer, nonce: str, native: bool
) -> list[Block]:
    if isinstance(card, cards.ProgramListCard) and card.programs:
        return _program_list(text, card, sealer, nonce, native)
    if isinstance(card, cards.ProgramCard):
        return _program(text, card.program, sealer, nonce)
    if isinstance(card, cards.ComparisonCard) and card.programs and card.rows:
        return _comparison(text, card, native)
    if isinstance(card, cards.LicensingCard):
        return [*sections(text), *context([_source(card.source)])]
    if isinstance(card, cards.FactsCard):
        return [*sections(text), *context([_source(fact.source) for fact in card.facts])]
    if isinstance(card, cards.ContactsCard):
        return [*sections(text), *_contacts(card)]
    return sections(text)


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


def choices(
    buttons: Sequence[dict[str, Any]], sealer: Sealer, nonce: str, *, in_list: bool = False
) -> list[Block]:
    """Return quick replies: up to five as buttons, more as a select, links as buttons.

    Args:
        buttons: `title` and `payload`, a sentence; or `title` and `url`.
        sealer: What seals the sentences.
        nonce: Makes the block ids unique.
        in_list: Whether they stand under a list of programmes, which a next page replaces.
    """
    links = [b for b in buttons if b.get("url")]
    said = [b for b in buttons if not b.get("url") and str(b.get("payload") or "").strip()]
    kind = "page" if in_list else "say"
    elements = [
        _button(_title(b), f"{kind}:{n}", sealer.seal(SAY, str(b["payload"])))
        for n, b in enumerate(said)
        if len(str(b["payload"])) + SEAL_CHARACTERS <= BUTTON_VALUE_LIMIT
    ]
    fit_options = all(len(str(b["payload"])) + SEAL_CHARACTERS <= OPTION_VALUE_LIMIT for b in said)
    if len(said) > BUTTONS_LIMIT and fit_options:
        elements = [_select(said, f"{kind}:select", sealer)]
    elements += [
        {**_button(_title(b), f"link:{n}", None), "url": str(b["url"])}
        for n, b in enumerate(links)
        if _is_address(str(b["url"]))
    ]
    return [
        {
            "type": "actions",
            "block_id": f"choices:{nonce}:{start}",
            "elements": elements[start : start + ACTIONS_LIMIT],
        }
        for start in range(0, len(elements), ACTIONS_LIMIT)
    ]


def _select(said: Sequence[dict[str, Any]], action_id: str, sealer: Sealer) -> Block:
    options = [
        {"text": _plain(_title(b), BUTTON_TEXT_LIMIT), "value": sealer.seal(SAY, str(b["payload"]))}
        for b in said[:OPTIONS_LIMIT]
    ]
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": _plain("Choose one", BUTTON_TEXT_LIMIT),
        "options": options,
    }


def _title(button: dict[str, Any]) -> str:
    return str(button.get("title") or button.get("payload") or button.get("url") or "Choose")


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(text.strip() or "–", limit), "emoji": False}


def _button(title: str, action_id: str, value: str | None) -> Block:
    button = {"type": "button", "action_id": action_id, "text": _plain(title, BUTTON_TEXT_LIMIT)}
    return button if value is None else {**button, "value": value}


def _is_address(url: str | None) -> bool:
    return bool(url) and len(str(url)) <= URL_LIMIT and bool(re.match(r"https?://\S+$", str(url)))


def _image(reply: dict[str, Any]) -> list[Block]:
    url = reply.get("image")
    if not _is_address(url):
        return []
    alt = cut(str(reply.get("text") or "An image that goes with the answer"), 2_000)
    return [{"type": "image", "image_url": str(url), "alt_text": alt}]


def _share(kept: str, sealer: Sealer, nonce: str) -> list[Block]:
    button = _button("Share in channel", "share", sealer.seal(SHARE, kept))
    return [{"type": "actions", "block_id": f"share:{nonce}", "elements": [button]}]


def _rating(answer: str, sealer: Sealer, nonce: str, native: bool) -> list[Block]:
    up, down = (sealer.seal(SAVE_RATING, f"{way} {answer}") for way in ("up", "down"))
    if native:
        element: Block = {
            "type": "feedback_buttons",
            "action_id": "rate",
            "positive_button": {
                "text": _plain("Helpful", BUTTON_TEXT_LIMIT),
                "accessibility_label": "This answer was helpful",
                "value": up,
            },
            "negative_button": {
                "text": _plain("Not helpful", BUTTON_TEXT_LIMIT),
                "accessibility_label": "This answer was not helpful",
                "value": down,
            },
        }
        elements = [element]
        return [{"type": "context_actions", "block_id": f"rate:{nonce}", "elements": elements}]
    elements = [
        {
            **_button("Helpful", "rate:up", up),
            "accessibility_label": "This answer was helpful",
        },
        {
            **_button("Not helpful", "rate:down", down),
            "accessibility_label": "This answer was not helpful",
        },
    ]
    return [{"type": "actions", "block_id": f"rate:{nonce}", "elements": elements}]


# Programmes


def _program_list(
    text: str, card: cards.ProgramListCard, sealer: Sealer, nonce: str, native: bool
) -> list[Block]:
    lead, remarks = _around_list(text)
    programs = card.programs[:CAROUSEL_LIMIT]
    blocks = sections(lead)
    if native:
        elements = [
            _program_card(program, card.offset + n, sealer, nonce)
            for n, program in enumerate(programs, 1)
        ]
        blocks.append({"type": "carousel", "block_id": f"list:{nonce}", "elements": elements})
    else:
        for n, program in enumerate(programs, 1):
            blocks += _program_section(program, card.offset + n, sealer, nonce)
    last = card.offset + len(programs)
    shown = f"{card.offset + 1} to {last}" if last > card.offset + 1 else f"{last}"
    return [*blocks, *sections(remarks), *context([f"Showing {shown} of {card.total}"])]


def _around_list(text: str) -> tuple[str, str]:
    """Return what stands before and after the numbered paragraphs of a list's text."""
    before: list[str] = []
    after: list[str] = []
    for line in text.split("\n"):
        if _NUMBERED.match(line):
            after = []
            before.append("")
        elif "" in before and not line.startswith("   "):
            after.append(line)
        elif "" not in before:
            before.append(line)
    return "\n".join(line for line in before if line), "\n".join(after)


def _headline(program: cards.ProgramItem, number: int) -> str:
    return f"{number}. {program.name}"


def _facts_line(program: cards.ProgramItem) -> str:
    """Return what a list says of a programme: length, price, specialties."""
    parts = [
        _weeks(program),
        program.price.shown if program.price else "price not published",
        ", ".join(program.specialties[:3]),
    ]
    return " · ".join(part for part in parts if part)


def _weeks(program: cards.ProgramItem) -> str:
    low, high = program.min_weeks, program.max_weeks
    if low and high and low != high:
        return f"{low} to {high} weeks"
    if low and high:
        return f"{low} week{'s' * (low != 1)}"
    if low:
        return f"from {low} week{'s' * (low != 1)}"
    return f"up to {high} week{'s' * (high != 1)}" if high else "length not given"


def _program_card(program: cards.ProgramItem, number: int, sealer: Sealer, nonce: str) -> Block:
    subtitle = f"{program.organisation} · {program.place}"
    return {
        "type": "card",
        "block_id": f"card:{nonce}:{number}",
        "title": _mrkdwn(_headline(program, number), CARD_TITLE_LIMIT),
        "subtitle": _mrkdwn(subtitle, CARD_TITLE_LIMIT),
        "body": _mrkdwn(_facts_line(program), CARD_BODY_LIMIT),
        "actions": _program_buttons(program, sealer),
    }


def _mrkdwn(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": cut_mrkdwn(text, limit), "verbatim": True}


def _program_section(
    program: cards.ProgramItem, number: int, sealer: Sealer, nonce: str
) -> list[Block]:
    title = cut_mrkdwn(_headline(program, number), CARD_TITLE_LIMIT)
    place = cut_mrkdwn(f"{program.organisation} · {program.place}", CARD_TITLE_LIMIT)
    facts = cut_mrkdwn(_facts_line(program), 600)
    return [
        section(f"*{title}*\n{place}\n{facts}"),
        {
            "type": "actions",
            "block_id": f"card:{nonce}:{number}",
            "elements": _program_buttons(program, sealer),
        },
    ]


def _program_buttons(
    program: cards.ProgramItem, sealer: Sealer, *, details: bool = True
) -> list[Block]:
    """Return a programme's buttons, at most three: Slack's card has no room for more."""
    # The name alone may be another programme's as well.
    named = f"{program.name} by {program.organisation}"
    buttons = []
    if details:
        said = sealer.seal(SAY, f"Tell me about {named}")
        buttons.append(_labelled(_button("Details", "say:details", said), program.name))
    said = sealer.seal(SAY, f"Save {named} to my shortlist")
    buttons.append(_labelled(_button("Save", "say:save", said), program.name))
    if _is_address(program.source.url):
        page = {**_button("Its page", "link:page", None), "url": str(program.source.url)}
        buttons.append(_labelled(page, program.name))
    return [b for b in buttons if len(b.get("value", "")) <= BUTTON_VALUE_LIMIT]


def _labelled(button: Block, name: str) -> Block:
    """Tell a screen reader which programme a button belongs to."""
    label = cut(f"{button['text']['text']}: {name}", BUTTON_TEXT_LIMIT)
    return {**button, "accessibility_label": label}


def _program(text: str, program: cards.ProgramItem, sealer: Sealer, nonce: str) -> list[Block]:
    title, _, rest = text.partition("\n")
    lines = [line for line in rest.split("\n") if line and not _SOURCE.match(line)]
    blocks = [section(f"*{cut_mrkdwn(title, CARD_TITLE_LIMIT * 2)}*")]
    blocks += _labelled_lines(lines)
    blocks.append(
        {
            "type": "actions",
            "block_id": f"card:{nonce}:0",
            "elements": _program_buttons(program, sealer, details=False),
        }
    )
    return [*blocks, *context([_source(program.source)])]


def _labelled_lines(lines: Sequence[str]) -> list[Block]:
    """Return lines such as "Where: Arusha" with their labels in bold."""
    blocks: list[Block] = []
    kept: list[str] = []
    for line in lines:
        match = _LABELLED.fullmatch(line)
        shown = f"*{match[1]}:* {mrkdwn(match[2])}" if match else mrkdwn(line)
        if len(shown) > 3_000:
            blocks += [*_joined(kept), *sections(line)]
            kept = []
            continue
        if len("\n".join([*kept, shown])) > 3_000:
            blocks += _joined(kept)
            kept = []
        kept.append(shown)
    return [*blocks, *_joined(kept)]


def _joined(lines: Sequence[str]) -> list[Block]:
    return [section("\n".join(lines))] if lines else []


def _comparison(text: str, card: cards.ComparisonCard, native: bool) -> list[Block]:
    lead, remarks = _around_list(text)
    blocks = sections(lead)
    headings = [_headline(program, n) for n, program in enumerate(card.programs, 1)]
    if native and _fits_table(card):
        rows = [[_cell(" "), *(_cell(heading) for heading in headings)]]
        rows += [[_cell(row.label), *(_cell(cell) for cell in row.cells)] for row in card.rows]
        settings = [{"is_wrapped": True} for _ in rows[0]]
        blocks.append({"type": "table", "rows": rows, "column_settings": settings})
    else:
        for n, heading in enumerate(headings):
            lines = [f"*{cut_mrkdwn(heading, CARD_TITLE_LIMIT)}*"]
            lines += [
                f"*{cut_mrkdwn(row.label, 60)}:* {cut_mrkdwn(row.cells[n], _CELL_LIMIT)}"
                for row in card.rows
                if n < len(row.cells)
            ]
            blocks += _joined(lines[:9])
    sources = [_source(program.source) for program in card.programs]
    return [*blocks, *sections(remarks), *context(sources)]


def _fits_table(card: cards.ComparisonCard) -> bool:
    cells = [cell for row in card.rows for cell in (row.label, *row.cells)]
    characters = sum(min(len(cell), _CELL_LIMIT) for cell in cells)
    even = all(len(row.cells) == len(card.programs) for row in card.rows)
    return even and len(card.rows) < 100 and characters < TABLE_CHARACTERS_LIMIT // 2


def _cell(text: str) -> Block:
    return {"type": "raw_text", "text": cut(text, _CELL_LIMIT) or "–"}


# Sources and contacts


def _source(source: cards.SourceLink) -> str:
    """Return a source as one line of small print, "" where nothing is known of it."""
    date = f", {source.date}" if source.date else ""
    title = cut(source.title or source.url or "", 150)
    if source.url and _is_address(source.url) and len(source.url) < _CONTEXT_TEXT_LIMIT:
        return f"Source: {link(source.url, title)}{escaped(date)}"
    return f"Source: {mrkdwn(title)}{escaped(date)}" if title else ""


def _contacts(card: cards.ContactsCard) -> list[Block]:
    lines = []
    for contact in card.contacts[:20]:
        ways = [mrkdwn(part) for part in (contact.phone, contact.details) if part]
        if contact.url and _is_address(contact.url):
            ways.append(link(contact.url))
        line = f"*{cut_mrkdwn(contact.label, 100)}:* {' · '.join(ways)}"
        lines.append(line if len(line) <= 600 else f"*{cut_mrkdwn(contact.label, 100)}*")
    blocks = []
    for start in range(0, len(lines), 4):
        blocks += _joined(lines[start : start + 4])
    return [*blocks, *context([_source(contact.source) for contact in card.contacts])]


# What a click leaves behind


def without_choices(blocks: Sequence[Block], block_id: str, chosen: str) -> list[Block]:
    """Return a message's blocks with its quick replies replaced by what was chosen.

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
