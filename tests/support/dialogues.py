"""Dialogues as YAML files: how they are read, run and judged; see tests/dialogues/README.md."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from preceptor.evaluation.talk import occurs
from preceptor.intents import intents
from tests.support.advisor import Advisor, Exchange
from tests.support.tiny_project import ROOT

FOLDER = ROOT / "tests" / "dialogues"
MAX_CHARACTERS = 4_000
MAX_QUICK_REPLIES = 3

_KEYS = {
    "person", "click", "actions", "intent", "says", "says_not", "slots", "buttons", "buttons_not",
    "card",
}  # fmt: skip
_yaml = YAML(typ="safe")


class DialogueFailed(AssertionError):
    """What a turn did not do, with the conversation so far."""


def dialogue_files() -> list[Path]:
    """Return every dialogue, by behaviour and name."""
    return sorted(FOLDER.glob("*/*.yml"))


def read_dialogue(path: Path) -> dict[str, Any]:
    """Return a dialogue, `{"name": str, "turns": [{...}]}`.

    Raises:
        ValueError: it is not written as tests/dialogues/README.md says.
    """
    dialogue = _yaml.load(path.read_text("utf-8"))
    if set(dialogue) - {"name", "turns"} or not dialogue.get("name") or not dialogue.get("turns"):
        raise ValueError(f"{path}: a dialogue has a name and turns, and nothing else.")
    for number, turn in enumerate(dialogue["turns"], 1):
        if unknown := set(turn) - _KEYS:
            raise ValueError(f"{path}, turn {number}: there is no key {sorted(unknown)}.")
        if ("person" in turn) == ("click" in turn):
            raise ValueError(f"{path}, turn {number}: it needs `person` or `click`.")
        for key in ("says", "says_not", "buttons", "buttons_not", "actions"):
            if not all(isinstance(item, (str, int, float)) for item in turn.get(key, [])):
                raise ValueError(f"{path}, turn {number}: quote what stands under `{key}`.")
    return dict(dialogue)


def run_dialogue(advisor: Advisor, path: Path, sender: str) -> None:
    """Hold a dialogue and judge every turn.

    Raises:
        DialogueFailed: at the first turn that goes otherwise than the file says.
    """
    dialogue = read_dialogue(path)
    exchanges: list[Exchange] = []
    for turn in dialogue["turns"]:
        if "person" in turn:
            exchange = advisor.say(str(turn["person"]), sender)
        else:
            exchange = advisor.click(_button(exchanges, turn["click"]), sender)
        exchanges.append(exchange)
        problems = [*judge(exchange, turn), *always(exchange)]
        if problems:
            talk = "\n".join(each.shown() for each in exchanges)
            wrong = "\n".join(f"  - {problem}" for problem in problems)
            raise DialogueFailed(f"{dialogue['name']}\n\n{talk}\n\nTurn {len(exchanges)}:\n{wrong}")


def _button(exchanges: list[Exchange], title: str) -> dict[str, str]:
    """Return the button of a title, the latest that is there: older ones can be clicked, too."""
    for exchange in reversed(exchanges):
        for button in exchange.buttons:
            if button["title"] == title:
                return button
    talk = "\n".join(each.shown() for each in exchanges)
    raise DialogueFailed(f"{talk}\n\nThere is no button {title!r}.")


def judge(exchange: Exchange, turn: dict[str, Any]) -> list[str]:
    """Return what a turn was to do and did not."""
    problems = []
    if "intent" in turn and exchange.intent != turn["intent"]:
        problems.append(f"read as {exchange.intent}, not as {turn['intent']}")
    if "actions" in turn and exchange.actions != list(turn["actions"]):
        problems.append(f"did {exchange.actions}, not {list(turn['actions'])}")
    text = exchange.text
    problems += [f"did not say {e!r}" for e in turn.get("says", []) if not occurs(e, text)]
    problems += [f"said {e!r}" for e in turn.get("says_not", []) if occurs(e, text)]
    for name, value in (turn.get("slots") or {}).items():
        if exchange.slots.get(name) != value:
            problems.append(f"slot {name} is {exchange.slots.get(name)!r}, not {value!r}")
    titles = [button["title"] for button in exchange.buttons]
    problems += [f"did not offer {t!r}" for t in turn.get("buttons", []) if t not in titles]
    problems += [f"offered {t!r}" for t in turn.get("buttons_not", []) if t in titles]
    if "card" in turn and turn["card"] not in exchange.cards:
        problems.append(f"showed cards {exchange.cards}, not {turn['card']}")
    return problems


def always(exchange: Exchange) -> list[str]:
    """Return what no turn may do and this one did."""
    problems = []
    if exchange.status != 200:
        problems.append(f"the channel answered with status {exchange.status}")
    if not re.search(r"[^\W\d_]{2}", exchange.text):
        problems.append("there is no reply in words")
    for reply in exchange.replies:
        text = reply.get("text") or ""
        if len(text) > MAX_CHARACTERS:
            problems.append(f"a reply has {len(text)} characters")
        problems += [f"a reply shows {shown!r}" for shown in raw_names(text)]
        buttons = reply.get("buttons") or []
        if len(buttons) > MAX_QUICK_REPLIES:
            problems.append(f"a reply has {len(buttons)} quick replies")
        for button in buttons:
            if not button.get("title") or not (button.get("payload") or button.get("url")):
                problems.append(f"the button {button} does nothing")
    return problems


def raw_names(text: str) -> list[str]:
    """Return what a person should never read: names of the program's own things."""
    without_links = re.sub(r"https?://\S+", "", text)
    found = re.findall(r"\bNone\b(?! of\b)|[{}]|\bnlu_fallback\b|\bNaN\b", without_links)
    return found + [n for n in sorted(_own_names()) if re.search(rf"\b{n}\b", without_links)]


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    domain = _yaml.load((ROOT / "domain.yml").read_text("utf-8"))
    names = [n for key in ("slots", "responses") for n in domain[key]]
    names += [n for intent in intents().values() for n in (intent.name, *intent.actions)]
    return frozenset(n for n in names if "_" in n)
