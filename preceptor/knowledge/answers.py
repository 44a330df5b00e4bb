"""Answers as files: `knowledge/<topic>/<name>.md`, a YAML head and Markdown below it.

The head says what the answer is to, for whom and where it is known from; the text answers in its
first sentence, and sections under `##` hold what follow-ups ask for. docs/knowledge.md describes
the form for those who write.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Extra, Field, HttpUrl, ValidationError, validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from preceptor.conversation.cards import SourceLink

FOLDER = "knowledge"
SECTIONS = {
    "More": "more",
    "Why": "why",
    "Example": "example",
    "Words to say": "words",
    "Evidence": "evidence",
    "Who knows": "who",
    "If it doesn't help": "instead",
}
"""The headings of sections, and the kind of follow-up that each answers."""
ASKED_NEXT = "Asked next"
"""The heading under which further questions stand."""
MOST_WORDS = 80
"""How many words the text before the first section may have."""
FEWEST_PHRASINGS, MOST_PHRASINGS = 6, 56
FEWEST_FURTHER, MOST_WORDS_FURTHER = 3, 60
"""How many wordings a further question has at least, and how many words its answer at most."""
NEEDS_SOURCES = frozenset({"medical", "legal", "safety"})
CHECKS_NEEDED = 2

_HEAD = re.compile(r"\A---\n(.*?\n)---\n(.*)\Z", re.DOTALL)
_KEY = re.compile(r"(\w+):")
_SEE = re.compile(r"See:\s*(\S+)")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
Paragraphs = tuple[list[str], list[str], list[str]]


class _Model(BaseModel):
    class Config:
        """A head holds what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True
        allow_population_by_field_name = True


class Source(_Model):
    """A page that supports an answer.

    Attributes:
        title: of the page.
        publisher: who answers for it.
        url: its address.
        read: the day on which it was read.
        page_date: the date that the page or its copy bears, or "undated".
        supports: what the answer takes from it.
    """

    title: str
    publisher: str
    url: HttpUrl
    read: datetime.date
    page_date: str = "undated"
    supports: str

    @validator("page_date", pre=True)
    def _as_text(cls, value: Any) -> str:
        return str(value)

    def link(self) -> SourceLink:
        """Return the source as replies show it."""
        dated = None if self.page_date == "undated" else self.page_date
        return SourceLink(title=f"{self.publisher}: {self.title}", url=str(self.url), date=dated)


class Check(_Model):
    """A second reader's look at an answer."""

    date: datetime.date
    what: str


class Further(_Model):
    """A question that people go on with after an answer.

    Attributes:
        asked_as: ways to ask it, or to say what it is about.
        text: what is said to it; empty if another answer is.
        see: the id of that answer; empty if there is a text.
    """

    asked_as: tuple[str, ...]
    text: str = ""
    see: str = ""


class Answer(_Model):
    """One answer to one question.

    Attributes:
        id: `<topic>/<name>`, from the file's path.
        question: what it answers, as a person would ask it.
        asked_as: other ways to ask it, 6 to 56.
        audience: whom it holds for: stages of training, or `img`, `parent` and the like; empty
            for everybody.
        places: ISO 3166-1 codes of countries and ids of places that it is about; empty for
            everywhere.
        topics: intents under which it falls.
        kind: `medical`, `legal` and `safety` need sources and two checks.
        leads_to: the ids of answers that a person may want next.
        text: paragraphs of the answer.
        steps: the items of its list.
        closing: paragraphs behind the list.
        sections: further text by the kind of follow-up, see `SECTIONS`.
        further: what people ask next.
    """

    id: str
    question: str
    asked_as: tuple[str, ...]
    audience: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    topics: tuple[str, ...]
    kind: Literal["general", "medical", "legal", "safety"] = Field("general", alias="class")
    checks: tuple[Check, ...] = ()
    sources: tuple[Source, ...] = ()
    leads_to: tuple[str, ...] = ()
    text: tuple[str, ...]
    steps: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    sections: dict[str, str] = {}
    further: tuple[Further, ...] = ()

    @validator("question")
    def _is_question(cls, value: str) -> str:
        if not value.endswith("?"):
            raise ValueError("it must end with a question mark")
        return value

    @property
    def folder(self) -> str:
        """The folder that it stands in; answers on one matter stand in one."""
        return self.id.partition("/")[0]

    @property
    def explanations(self) -> dict[str, str]:
        """Its sections of which a sentence can stand alone: no words to say, and no example."""
        return {k: text for k, text in self.sections.items() if k not in ("words", "example")}

    @property
    def first_sentence(self) -> str:
        """The answer in short."""
        return re.split(r"(?<=[.!?])\s+(?=[A-Z“\"'])", self.text[0], maxsplit=1)[0]

    @property
    def whole(self) -> str:
        """All of its text before the sections."""
        return " ".join([*self.text, *self.steps, *self.closing])


@dataclass(frozen=True, order=True)
class Fault:
    """Something wrong in a file: `line` counts from 1."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """Return it as compilers do."""
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Vocabulary:
    """What heads may name: topics (intents), places (countries and ids), and audiences."""

    topics: Collection[str]
    places: Collection[str]
    audiences: Collection[str]


def read_answers(folder: Path, vocabulary: Vocabulary) -> tuple[list[Answer], list[Fault]]:
    """Return the answers of a folder in the order of their ids, and every fault in its files."""
    answers: dict[str, Answer] = {}
    faults: list[Fault] = []
    files = sorted(folder.glob("*/*.md"))
    for file in files:
        name = f"{folder.name}/{file.parent.name}/{file.name}"
        read = _read(file, name, file.stat().st_mtime_ns)
        faults += read.faults
        if read.answer is not None:
            answers[read.answer.id] = read.answer
            faults += _unknown(read.answer, read, vocabulary)
    known = {f"{file.parent.name}/{file.stem}" for file in files}
    for answer in answers.values():
        named = [("leads_to", other) for other in answer.leads_to]
        named += [("See", each.see) for each in answer.further if each.see]
        faults += [
            Fault(f"{folder.name}/{answer.id}.md", 1, f"{key}: there is no answer {other}")
            for key, other in named
            if other not in known
        ]
    faults += _asked_twice(answers.values(), folder.name)
    return list(answers.values()), sorted(faults)


@dataclass(frozen=True)
class _File:
    name: str
    answer: Answer | None
    faults: tuple[Fault, ...]
    lines: dict[str, int]


@lru_cache(maxsize=20_000)
def _read(path: Path, name: str, modified_ns: int) -> _File:
    """Return what a file holds; one that has not changed is not parsed again."""
    try:
        text = path.read_text("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return _broken(name, 1, f"it is not UTF-8 text ({error.reason})")
    match = _HEAD.match(text)
    if match is None:
        return _broken(name, 1, "it must begin with a head between two lines of ---")
    try:
        head: Any = YAML(typ="safe").load(match[1])
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        line = mark.line + 2 if mark else 1
        return _broken(name, line, f"the head is not valid YAML: {str(error).splitlines()[0]}")
    if not isinstance(head, dict):
        return _broken(name, 2, "the head must hold keys and values")
    lines = {
        found[1]: number
        for number, line in enumerate(match[1].split("\n"), 2)
        if (found := _KEY.match(line))
    }
    below = text.count("\n", 0, match.start(2)) + 1
    main, _, next_asked = match[2].partition(f"\n## {ASKED_NEXT}\n")
    (paragraphs, steps, closing), sections, faults = _parts(main, name, below)
    further, further_faults = _further(next_asked, name, below + main.count("\n") + 2)
    faults += further_faults
    fields = {
        **head,
        "id": f"{path.parent.name}/{path.stem}",
        "text": paragraphs,
        "steps": steps,
        "closing": closing,
        "sections": sections,
        "further": further,
    }
    try:
        answer = Answer.parse_obj(fields)
    except ValidationError as error:
        for each in error.errors():
            key = str(each["loc"][0])
            place = ".".join(str(part) for part in each["loc"])
            faults.append(Fault(name, lines.get(key, below), f"{place}: {each['msg']}"))
        return _File(name, None, tuple(faults), lines)
    return _File(name, answer, (*faults, *_limits(answer, name, lines, below)), lines)


def _broken(name: str, line: int, text: str) -> _File:
    return _File(name, None, (Fault(name, line, text),), {})


def _limits(answer: Answer, name: str, lines: dict[str, int], below: int) -> Iterator[Fault]:
    words = len(answer.whole.split())
    if words > MOST_WORDS:
        yield Fault(name, below, f"the answer has {words} words; at most {MOST_WORDS}")
    if answer.kind in NEEDS_SOURCES and not answer.sources:
        yield Fault(name, lines.get("class", 1), f"a {answer.kind} answer needs a source")
    if not FEWEST_PHRASINGS <= len(answer.asked_as) <= MOST_PHRASINGS:
        yield Fault(
            name,
            lines["asked_as"],
            f"asked_as has {len(answer.asked_as)}; {FEWEST_PHRASINGS} to {MOST_PHRASINGS}",
        )
    if not answer.topics:
        yield Fault(name, lines["topics"], "topics: name at least one")


def _unknown(answer: Answer, file: _File, vocabulary: Vocabulary) -> Iterator[Fault]:
    for key, values, known in (
        ("topics", answer.topics, vocabulary.topics),
        ("places", answer.places, vocabulary.places),
        ("audience", answer.audience, vocabulary.audiences),
    ):
        for value in values:
            if value not in known:
                yield Fault(file.name, file.lines[key], f"{key}: nothing is known as {value}")


def _asked_twice(answers: Iterable[Answer], folder: str) -> Iterator[Fault]:
    owner: dict[str, str] = {}
    for answer in answers:
        for phrase in (answer.question, *answer.asked_as):
            words = " ".join(re.findall(r"\w+", phrase.lower()))
            other = owner.setdefault(words, answer.id)
            if other != answer.id:
                text = f"{other} has the question “{phrase}” too"
                yield Fault(f"{folder}/{answer.id}.md", 1, text)


def _parts(text: str, name: str, first_line: int) -> tuple[Paragraphs, dict[str, str], list[Fault]]:
    """Return the text before the sections, the sections, and what is wrong with them."""
    blocks: dict[str, list[str]] = {"": []}
    heading, faults = "", []
    for number, line in enumerate(text.split("\n")):
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
            if heading not in SECTIONS:
                allowed = ", ".join(SECTIONS)
                fault = f"there is no section “{heading}”; there are {allowed}"
                faults.append(Fault(name, first_line + number, fault))
            blocks[heading] = []
        else:
            blocks[heading].append(line)
    paragraphs, steps, closing = _paragraphs(blocks.pop(""))
    sections = {}
    for title, lines in blocks.items():
        told, items, rest = _paragraphs(lines)
        content = " ".join([*told, *(f"• {item}" for item in items), *rest])
        if title in SECTIONS and content:
            sections[SECTIONS[title]] = content
    if not paragraphs:
        faults.append(Fault(name, first_line, "there is no answer below the head"))
        paragraphs = ["…"]
    return (paragraphs, steps, closing), sections, faults


def _further(text: str, name: str, first_line: int) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Return the further questions below their heading, and what is wrong with them."""
    entries: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for number, line in enumerate(text.split("\n"), first_line):
        if line.startswith("### "):
            wordings = [part.strip() for part in line[4:].split(" / ")]
            if len(wordings) < FEWEST_FURTHER or not all(wordings):
                fault = f"write at least {FEWEST_FURTHER} wordings, with “ / ” between them"
                faults.append(Fault(name, number, fault))
            entries.append({"asked_as": wordings, "text": "", "line": number})
        elif line.startswith("#"):
            fault = f"“{ASKED_NEXT}” is the last section; below it stand ### and wordings"
            faults.append(Fault(name, number, fault))
        elif line.strip() and entries:
            entries[-1]["text"] = f"{entries[-1]['text']} {line.strip()}".strip()
        elif line.strip():
            faults.append(Fault(name, number, "a further question begins with ### and wordings"))
    for each in entries:
        number, answer = each.pop("line"), each["text"]
        if other := _SEE.fullmatch(answer):
            each |= {"text": "", "see": other[1]}
        elif not 0 < len(answer.split()) <= MOST_WORDS_FURTHER:
            fault = f"it has {len(answer.split())} words; 1 to {MOST_WORDS_FURTHER}"
            faults.append(Fault(name, number, fault))
    return entries, faults


def _paragraphs(lines: Iterable[str]) -> Paragraphs:
    """Return the paragraphs before a list, its items, and the paragraphs behind it."""
    before: list[str] = []
    steps: list[str] = []
    behind: list[str] = []
    in_step = fresh = True
    for line in lines:
        content = line.strip()
        if not content:
            in_step, fresh = False, True
        elif _ITEM.match(line):
            steps.append(_ITEM.sub("", line).strip())
            in_step = True
        elif in_step and steps:
            steps[-1] += f" {content}"
        elif fresh:
            (behind if steps else before).append(content)
            fresh = False
        else:
            (behind if steps else before)[-1] += f" {content}"
    return before, steps, behind
