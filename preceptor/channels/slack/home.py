"""The App Home, suggested questions and the channel's own sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from preceptor.channels.slack.blocks import (
    BLOCKS_LIMIT,
    Block,
    Rendered,
    Seal,
    button,
    context,
    section,
)
from preceptor.channels.slack.mrkdwn import cut, escaped, link, mrkdwn
from preceptor.conversation.choices import STARTER, Ask, Page
from preceptor.intents import intents

TEXT_ONLY = (
    "I can read text only, not files or pictures. Please type your question, for example "
    '"Why should I do a medical internship?"'
)
HOW_TO_ASK = (
    "Type your question after the command, for example `/preceptor surgery in Kenya`. "
    "Only you will see the answer, and you can share it in the channel."
)
GREETING = (
    "Hello! I'm Preceptor, an advisor on medical internships: why and where to do one, what a "
    "country demands before it registers a doctor, and which programme fits you. What would you "
    "like to know?"
)
PROMPTS_TITLE = "You could ask"
STATUS = "is thinking…"

# Intents whose questions are offered to begin with; the first four as suggested prompts.
STARTERS = (
    "find_program",
    "ask_why_intern",
    "ask_abroad_or_local",
    "ask_registration_requirement",
    "ask_difficult_patients",
    "ask_cost_and_funding",
    "ask_how_to_apply",
    "ask_capabilities",
)
_PROMPTS = STARTERS[:4]

_ABOUT = (
    "I'm an advisor on medical internships. I answer from a catalogue of programmes, licensing "
    "rules and published facts, with their sources. I'm a computer program and not a doctor."
)
_WAYS = (
    "• Write to me here in *Messages*.\n"
    "• Mention me in a channel; I answer in a thread, and there you need not mention me again.\n"
    "• Type `/preceptor` and a question; only you see the answer until you share it.\n"
    "• On a message, choose *Ask Preceptor about this* in its menu."
)
_SHORTLIST_SHOWN = 20


def prompts() -> list[dict[str, str]]:
    """Return the suggested prompts of the assistant's panel, at most four.

    Slack has a prompt's message typed by the person; `starter_in` recognises it.
    """
    questions = [intents()[name].question for name in _PROMPTS]
    return [{"title": cut(question, 75), "message": question} for question in questions]


def starter_in(text: str) -> str | None:
    """Return the value of the suggested prompt whose message a text is, or None."""
    declared = intents()
    return next((STARTER + name for name in _PROMPTS if declared[name].question == text), None)


def view(
    shortlist: Sequence[dict[str, Any]], search: str | None, seal: Seal, nonce: str
) -> dict[str, Any]:
    """Return a person's App Home.

    Args:
        shortlist: The programmes they saved, `id`, `name` and `url` each.
        search: Their last search in words, or None.
        seal: What seals the buttons' payloads, for the person's direct messages.
        nonce: Makes the block ids unique.
    """
    starters = [(intents()[name].question, STARTER + name) for name in STARTERS]
    blocks: list[Block] = [
        _header("Preceptor"),
        section(mrkdwn(_ABOUT)),
        section(_WAYS),
        _header("Topics"),
        _buttons(starters, f"home-topics:{nonce}"),
        _header("Your shortlist"),
    ]
    blocks += _shortlist(shortlist, seal, nonce)
    blocks.append(_header("Your last search"))
    if search:
        blocks.append(section(mrkdwn(cut(search, 1_000))))
        back = ("Back to my search", seal(Page(offset=0)))
        blocks.append(_buttons([back], f"home-search:{nonce}"))
    else:
        blocks.append(section("Nothing yet. Tell me a place or a specialty and I'll look."))
    note = "Please write nothing that identifies a patient: conversations are kept."
    return {"type": "home", "blocks": [*blocks, {"type": "divider"}, *context([note])]}


def _shortlist(shortlist: Sequence[dict[str, Any]], seal: Seal, nonce: str) -> list[Block]:
    lines = []
    for program in shortlist[:_SHORTLIST_SHOWN]:
        name = cut(str(program.get("name") or ""), 100)
        url = str(program.get("url") or "")
        if name:
            lines.append(f"• {link(url, name) if url and len(url) < 300 else mrkdwn(name)}")
    if not lines:
        return [section('Empty. When you see a programme that you like, press "Save".')]
    parts = [section("\n".join(lines[i : i + 5])) for i in range(0, len(lines), 5)]
    show = (intents()["show_shortlist"].question, seal(Ask(intent="show_shortlist")))
    return [*parts, _buttons([show], f"home-shortlist:{nonce}")]


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _buttons(offered: Sequence[tuple[str, str]], block_id: str) -> Block:
    """Return buttons from their titles and values."""
    elements = [button(title, f"say:{n}", value) for n, (title, value) in enumerate(offered)]
    return {"type": "actions", "block_id": block_id, "elements": elements}


def quoted(shown: Rendered, user: str | None, question: str) -> Rendered:
    """Return an answer with the question above it.

    Args:
        shown: The answer.
        user: Who asked, for others; None if only they see it.
        question: Their words.
    """
    who = f"<@{escaped(user)}>" if user else "You"
    above = context([f"{who} asked: {mrkdwn(cut(question, 200))}"])
    return replace(
        shown,
        text=f"{who} asked: {escaped(question)}\n\n{shown.text}",
        blocks=[*above, *shown.blocks][:BLOCKS_LIMIT],
        fallback=[*above, *shown.fallback][:BLOCKS_LIMIT] if shown.fallback else [],
    )
