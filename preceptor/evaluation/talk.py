"""The talk report: whether whole conversations go as a thoughtful adviser would hold them.

Conversations stand in tests/dialogues/talk/*/*.yml; tests/dialogues/README.md says what a turn may
expect.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from preceptor.conversation.protocols import protocols
from preceptor.evaluation.conversations import Conversations, Exchange, with_conversations
from preceptor.evaluation.figures import lines_of, write_report
from preceptor.intents import intents
from preceptor.knowledge.store import shared_answers
from preceptor.runtime.settings import Settings, load_settings

FOLDER = Path("tests/dialogues/talk")
CHECKS = frozenset({
    "answer", "section", "unknown", "danger", "person_has", "slots", "says", "says_not", "card",
    "part",
})  # fmt: skip
KEYS = CHECKS | {"person", "expect", "kind"}
_AGAIN = frozenset({"again", "short", "safety"})
_PARAGRAPH = 60


def read_talk(path: Path) -> dict[str, Any]:
    """Return a conversation.

    Raises:
        ValueError: a turn has an unknown key, or expects nothing that can be checked.
    """
    talk = dict(YAML(typ="safe").load(path.read_text("utf-8")))
    for number, turn in enumerate(talk["turns"], 1):
        if unknown := set(turn) - KEYS:
            raise ValueError(f"{path}, turn {number}: there is no key {sorted(unknown)}.")
        if "person" not in turn or not CHECKS & turn.keys():
            raise ValueError(f"{path}, turn {number}: it expects nothing that can be checked.")
    return talk


def judge(exchange: Exchange, turn: dict[str, Any]) -> list[str]:
    """Return what a turn was to do and did not."""
    problems = [*_answer_problems(exchange, turn), *_word_problems(exchange.shown, turn)]
    frame = exchange.frame
    if "danger" in turn and turn["danger"] not in _dangers(exchange):
        problems.append(f"the danger is {frame.danger}, not {turn['danger']}")
    for name, value in (turn.get("slots") or {}).items():
        if exchange.slots.get(name) != value:
            problems.append(f"slot {name} is {exchange.slots.get(name)!r}, not {value!r}")
    person = str(frame.person.dict())
    problems += [f"not known: {v}" for v in turn.get("person_has", []) if str(v) not in person]
    cards = [reply.card.type for reply in exchange.replies if reply.card]
    if "card" in turn and turn["card"] not in cards:
        problems.append(f"showed cards {cards}, not {turn['card']}")
    if "part" in turn and not _did(exchange, turn["part"]):
        problems.append(f"did {exchange.actions}, not {turn['part']}")
    return problems


def _dangers(exchange: Exchange) -> list[str | None]:
    """Return the names of the danger that the talk is in, None if it is over or dealt with."""
    danger = exchange.frame.danger
    if danger is None or danger.left or danger.dealt:
        return [None]
    return [danger.kind, protocols()[danger.kind].intent]


def _did(exchange: Exchange, part: str) -> bool:
    """Tell whether an action's name or the group of the message's intent has a part in it."""
    declared = intents().get((exchange.parse.get("intent") or {}).get("name") or "")
    groups = [declared.group] if declared else []
    return any(part in name for name in [*exchange.actions, *groups])


def _answer_problems(exchange: Exchange, turn: dict[str, Any]) -> list[str]:
    problems = []
    if turn.get("unknown") and exchange.told:
        problems.append(f"gave {', '.join(exchange.told)}, not known was right")
    wanted = turn.get("answer")
    ids = [wanted] if isinstance(wanted, str) else list(wanted or ())
    focus = exchange.frame.focus
    if ids and not set(ids) & {*exchange.told, focus}:
        problems.append(f"answered with {focus}, not with {' or '.join(ids)}")
    if section := turn.get("section"):
        index = shared_answers().current()
        answer = index.get(focus) if index and focus else None
        text = answer.sections.get(section, "") if answer else ""
        if not text or text.split("\n")[0][:40] not in exchange.text:
            problems.append(f"did not say the section {section} of {focus}")
    return problems


def _word_problems(text: str, turn: dict[str, Any]) -> list[str]:
    missing = [f"did not say {w!r}" for w in turn.get("says", []) if not occurs(w, text)]
    return missing + [f"said {w!r}" for w in turn.get("says_not", []) if occurs(w, text)]


def occurs(expected: Any, text: str) -> bool:
    """Tell whether a text holds words, or what the regular expression between slashes finds."""
    expected = str(expected)
    if len(expected) > 2 and expected[0] == expected[-1] == "/":
        return bool(re.search(expected[1:-1], text, re.IGNORECASE | re.DOTALL))
    return expected.casefold() in text.casefold()


def repeats(exchanges: Iterable[tuple[Exchange, str]]) -> list[str]:
    """Return the paragraphs that are said again though nobody asked to hear them again.

    Args:
        exchanges: with each turn's kind.
    """
    said: set[str] = set()
    again = []
    for exchange, kind in exchanges:
        paragraphs = {
            part for r in exchange.replies for part in (r.lead, *r.body) if len(part) >= _PARAGRAPH
        }
        if kind not in _AGAIN and exchange.frame.danger is None:
            again += sorted(paragraphs & said)
        said |= paragraphs
    return again


async def _hold(talks: Conversations, files: list[tuple[Path, dict[str, Any]]]) -> dict[str, Any]:
    turns: Counter[str] = Counter()
    right: Counter[str] = Counter()
    failed: list[dict[str, Any]] = []
    again: list[str] = []
    good = 0
    for path, talk in files:
        exchanges = []
        wrong = 0
        for turn in talk["turns"]:
            exchange = await talks.say(str(path), str(turn["person"]))
            kind = turn.get("kind", "first")
            exchanges.append((exchange, kind))
            problems = judge(exchange, turn)
            turns[kind] += 1
            right[kind] += not problems
            wrong += bool(problems)
            if problems:
                failed.append({
                    "talk": f"{path.parent.name}/{path.name}", "person": turn["person"],
                    "expect": turn.get("expect", ""), "problems": problems,
                    "reply": exchange.text,
                })  # fmt: skip
        good += not wrong
        again += repeats(exchanges)
    return {
        "dialogues": len(files),
        "turns": turns.total(),
        "turns_right": right.total() / max(turns.total(), 1),
        "dialogues_right": good / max(len(files), 1),
        "repeats": len(again),
        "right_by_kind": {k: f"{right[k]} of {n}" for k, n in turns.most_common()},
        "repeated": again,
        "wrong": failed,
    }


def make_report(settings: Settings, authors: str = "*") -> dict[str, Any]:
    """Hold conversations, print and write down what came of them.

    Args:
        settings: where they are, and the model.
        authors: the folder whose conversations are held; all by default.

    Raises:
        Complaint: There is no whole model.
    """
    paths = sorted((settings.home / FOLDER).glob(f"{authors}/*.yml"))
    files = [(path, read_talk(path)) for path in paths]
    result = with_conversations(settings, lambda talks: _hold(talks, files))
    for each in result["wrong"]:
        click.echo(f"{each['talk']}: {each['person']}\n    expected {each['expect']}")
        click.echo(f"    {'; '.join(each['problems'])}\n    said {each['reply'][:200]!r}")
    figures = {name: value for name, value in result.items() if name != "wrong"}
    click.echo("\n".join(lines_of(figures)))
    click.echo(f"\nWritten to {write_report(settings.home, 'talk', result)}.")
    return result


@click.command("talk-report")
@click.option("--author", default="*", help="Hold only the conversations of this folder.")
def talk_report(author: str) -> None:
    """Measure whether whole conversations go as they should."""
    make_report(load_settings(), author)
