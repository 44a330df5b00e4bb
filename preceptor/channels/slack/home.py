"""The App Home, suggested questions and the channel's own sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from preceptor.channels.slack.blocks import SAY, Block, context, section
from preceptor.channels.slack.mrkdwn import cut, escaped, link, mrkdwn
from preceptor.channels.slack.payloads import Sealer

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

# Title and question. At most four are shown as suggested prompts.
QUESTIONS = (
    ("Find a programme", "I am looking for a medical internship"),
    ("Why an internship?", "Why should I do a medical internship?"),
    ("Abroad or at home?", "Should I do an internship abroad or at home?"),
    ("Rules of a country", "What does Kenya demand before it registers a doctor?"),
    ("Difficult patients", "How do I cope with difficult patients?"),
    ("What it costs", "How much does an internship cost?"),
    ("How to apply", "How do I apply for a medical internship?"),
    ("What can you do?", "What can you do?"),
)
SHOW_SHORTLIST = ("Show my shortlist", "Show my shortlist")
BACK_TO_SEARCH = ("Back to my search", "Back to my search")

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
    """Return the suggested prompts of the assistant's panel, at most four."""
    return [{"title": title, "message": question} for title, question in QUESTIONS[:4]]


def view(
    shortlist: Sequence[dict[str, Any]], search: str | None, sealer: Sealer, nonce: str
) -> dict[str, Any]:
    """Return a person's App Home.

    Args:
        shortlist: The programmes they saved, `id`, `name` and `url` each.
        search: Their last search in words, or None.
        sealer: What seals the buttons' sentences.
        nonce: Makes the block ids unique.
    """
    blocks: list[Block] = [
        _header("Preceptor"),
        section(mrkdwn(_ABOUT)),
        section(_WAYS),
        _header("Topics"),
        _buttons(QUESTIONS, sealer, f"home-topics:{nonce}"),
        _header("Your shortlist"),
    ]
    blocks += _shortlist(shortlist, sealer, nonce)
    blocks.append(_header("Your last search"))
    if search:
        blocks.append(section(mrkdwn(cut(search, 1_000))))
        blocks.append(_buttons([BACK_TO_SEARCH], sealer, f"home-search:{nonce}"))
    else:
        blocks.append(section("Nothing yet. Tell me a place or a specialty and I'll look."))
    note = "Please write nothing that identifies a patient: conversations are kept."
    return {"type": "home", "blocks": [*blocks, {"type": "divider"}, *context([note])]}


def _shortlist(shortlist: Sequence[dict[str, Any]], sealer: Sealer, nonce: str) -> list[Block]:
    lines = []
    for program in shortlist[:_SHORTLIST_SHOWN]:
        name = cut(str(program.get("name") or ""), 100)
        url = str(program.get("url") or "")
        if name:
            lines.append(f"• {link(url, name) if url and len(url) < 300 else mrkdwn(name)}")
    if not lines:
        return [section('Empty. When you see a programme that you like, press "Save".')]
    parts = [section("\n".join(lines[i : i + 5])) for i in range(0, len(lines), 5)]
    return [*parts, _buttons([SHOW_SHORTLIST], sealer, f"home-shortlist:{nonce}")]


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _buttons(questions: Sequence[tuple[str, str]], sealer: Sealer, block_id: str) -> Block:
    elements = [
        {
            "type": "button",
            "action_id": f"say:{n}",
            "text": {"type": "plain_text", "text": title, "emoji": False},
            "value": sealer.seal(SAY, question),
        }
        for n, (title, question) in enumerate(questions)
    ]
    return {"type": "actions", "block_id": block_id, "elements": elements}


def asked(user: str | None, question: str) -> list[Block]:
    """Return the small print that repeats a question above its answer.

    Args:
        user: Who asked, for others; None where only they see it.
        question: Their words.
    """
    shown = mrkdwn(cut(question, 200))
    return context([f"<@{escaped(user)}> asked: {shown}" if user else f"You asked: {shown}"])
