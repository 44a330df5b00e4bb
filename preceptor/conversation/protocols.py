"""Safety protocols: what is said when somebody is in danger, and what follows (protocols.yml)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Extra, Field, validator
from ruamel.yaml import YAML

from preceptor.conversation.phrases import NONE, SURE, Phrases
from preceptor.knowledge.answers import Source
from preceptor.nlu.safety import RuleSet

PATH = Path(__file__).with_name("protocols.yml")
PHRASES = Path(__file__).with_name("step_phrases.yml")
ALWAYS = "always"
"""The key of the steps that every protocol has."""
CONTINUED, AGAIN, COUNTRY, MISREAD = "continued", "again", "country", "misread"
"""Steps for what fits no other one, for the same danger reported again, for a country, and for a
danger that there isn't."""
_YES, _NO = "yes", "no"
_NO_PROTOCOLS = frozenset({"sources", _YES, _NO, ALWAYS})


class _Model(BaseModel):
    class Config:
        """A protocol holds what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True


class Saying(_Model):
    """Something the advisor says; protocols.yml explains the keys.

    Attributes:
        says: wordings, which take turns.
        contacts: what is shown with it: emergency numbers, helplines, or both.
        examples: whether well-known numbers are shown where the country isn't known.
        yes: the step that "yes" leads to.
        no: the step that "no" leads to.
    """

    says: tuple[str, ...]
    contacts: Literal["numbers", "helplines", "both"] | None = None
    examples: bool = False
    yes: str = CONTINUED
    no: str = CONTINUED
    deals: bool = False
    ends: bool = False
    back: bool = False
    sources: tuple[str, ...] = ()
    based_on: tuple[str, ...] = ()

    @property
    def deals_or_ends(self) -> bool:
        """Whether the danger has been dealt with or is over once this is said."""
        return self.deals or self.ends

    @validator("says", pre=True)
    def _as_wordings(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Opening(Saying):
    """How a protocol begins, for the messages that `if` and `beside` describe."""

    name: str
    if_: tuple[str, ...] = Field((), alias="if")
    unless: tuple[str, ...] = ()
    beside: str | None = None
    instead: dict[str, str] = {}


class Hint(_Model):
    """A line that is added to the opening of some messages."""

    if_: tuple[str, ...] = Field(alias="if")
    unless: tuple[str, ...] = ()
    says: str
    based_on: tuple[str, ...] = ()


class Step(Saying):
    """What may come after the opening; `when` lists how people say it."""

    when: tuple[str, ...] = ()


class Protocol(_Model):
    """One kind of danger; protocols.yml explains the keys."""

    kind: str
    intent: str
    holds: bool = True
    topics: frozenset[str] = frozenset()
    knowledge: bool = False
    check: str = ""
    night: str = ""
    first: tuple[Opening, ...]
    hints: tuple[Hint, ...] = ()
    steps: dict[str, Step]

    def opening(self, text: str, beside: Collection[str] = ()) -> Opening:
        """Return the opening for a message.

        Args:
            text: the message as it was typed.
            beside: the intents of other dangers that were seen in it.
        """
        return next(o for o in self.first if _fits(o, text, beside))

    def hints_for(self, text: str) -> list[str]:
        """Return the lines that are added to the opening for a message."""
        return [h.says for h in self.hints if _rules(h.if_, h.unless).sees(text)]

    def saying(self, name: str) -> Saying:
        """Return an opening or a step by its name."""
        return self._opening(name) or self.steps.get(name) or self.steps[CONTINUED]

    def fitting(self, step: str, said: Collection[str]) -> str:
        """Return the step that is said in a step's place after an opening that was said."""
        openings = filter(None, map(self._opening, said))
        return next((o.instead[step] for o in openings if step in o.instead), step)

    def _opening(self, name: str) -> Opening | None:
        return next((each for each in self.first if each.name == name), None)

    def step_of(self, text: str, last: str, least: float) -> str | None:
        """Return the step that a message means, or None if it means none.

        Args:
            text: the message.
            last: the name of what was said last, which decides what "yes" and "no" mean.
            least: how likely it must mean a step, between 0 and 1; a part of it must be sure to.
        """
        parts = ((c, max(least, SURE)) for c in clauses(text))
        meanings = (self._meaning(t, last, at_least) for t, at_least in [(text, least), *parts])
        return next(filter(None, meanings), None)

    def _meaning(self, text: str, last: str, least: float) -> str | None:
        keys = {f"{kind}/{step}" for kind in (self.kind, ALWAYS) for step in self.steps}
        keys |= {_YES, _NO}
        key = phrases().meaning_of(text, keys, least, others={NONE})
        if key in (_YES, _NO):
            saying = self.saying(last)
            return saying.yes if key == _YES else saying.no
        step = key.partition("/")[2] if key else None
        if step and least < SURE and self.saying(step).deals_or_ends:
            # "I'm glad" and "well done" are cruel where they are wrong.
            return self._meaning(text, last, SURE)
        return step


_BETWEEN = re.compile(r"[,.;!?]+")


def clauses(text: str) -> list[str]:
    """Return the parts of a message of more than one, without those of a single word."""
    return [c.strip() for c in _BETWEEN.split(text) if len(c.split()) > 1 and c != text]


class Protocols(dict[str, Protocol]):
    """All protocols by kind.

    Attributes:
        sources: the pages that the advice comes from, by name.
    """

    sources: Mapping[str, Source]

    def of_intent(self, intent: str) -> Protocol | None:
        """Return the protocol that an intent begins, None if it begins none."""
        return next((each for each in self.values() if each.intent == intent), None)


@lru_cache(maxsize=1)
def protocols() -> Protocols:
    """Return the protocols of protocols.yml.

    Raises:
        ValueError: If a protocol is not as the file's head says, or names what is not there.
    """
    content = _content()
    always = content[ALWAYS]
    loaded = Protocols(
        (kind, Protocol(**{**entry, "kind": kind, "steps": {**always, **entry["steps"]}}))
        for kind, entry in content.items()
        if kind not in _NO_PROTOCOLS
    )
    loaded.sources = {name: Source(**entry) for name, entry in content["sources"].items()}
    if faults := [fault for each in loaded.values() for fault in _faults(each, loaded.sources)]:
        raise ValueError("\n".join([f"{PATH.name} has faults:", *faults]))
    return loaded


def _content() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(PATH.read_text("utf-8")))


def _faults(protocol: Protocol, sources: Collection[str]) -> Iterator[str]:
    """Return what a protocol names and is not there."""
    if protocol.first[-1].if_ or protocol.first[-1].beside:
        yield f"{protocol.kind}: the last opening must fit every message"
    if protocol.holds and CONTINUED not in protocol.steps:
        yield f"{protocol.kind}: there is no step {CONTINUED}"
    sayings: list[Saying] = [*protocol.first, *protocol.steps.values()]
    replaced = {s for opening in protocol.first for pair in opening.instead.items() for s in pair}
    for saying in sayings:
        if protocol.holds:
            for step in {saying.yes, saying.no, *replaced} - protocol.steps.keys():
                yield f"{protocol.kind}: there is no step {step}"
        for source in {*saying.sources, *saying.based_on} - set(sources):
            yield f"{protocol.kind}: there is no source {source}"


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """Return the classifier of steps, `kind/step`, and of "yes" and "no"."""
    content = _content()
    more = YAML(typ="safe").load(PHRASES.read_text("utf-8"))
    rows = [(answer, text) for answer in (_YES, _NO) for text in (*content[answer], *more[answer])]
    for kind in (ALWAYS, *protocols()):
        steps = content[kind] if kind == ALWAYS else content[kind]["steps"]
        for name in dict.fromkeys([*steps, *more.get(kind, ())]):
            key = NONE if name == NONE else f"{kind}/{name}"
            texts = [*(steps.get(name) or {}).get("when", ()), *more.get(kind, {}).get(name, ())]
            rows += [(key, text) for text in texts]
    return Phrases("protocols", rows, questions=200)


@lru_cache(maxsize=200)
def _rules(alarms: tuple[str, ...], unless: tuple[str, ...]) -> RuleSet:
    return RuleSet(alarms, unless)


def _fits(opening: Opening, text: str, beside: Collection[str]) -> bool:
    if opening.beside and opening.beside not in beside:
        return False
    return not opening.if_ or _rules(opening.if_, opening.unless).sees(text)
