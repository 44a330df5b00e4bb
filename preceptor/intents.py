"""The declaration of every intent: `intents.yml`, read and checked.

Nothing else lists intents. What a part of the advisor needs to know of one is a key of its entry.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Extra, ValidationError, root_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from preceptor.runtime.files import state_of
from preceptor.runtime.settings import CODE, Complaint, load_settings

FILE = "intents.yml"
FALLBACK = "nlu_fallback"
"""Rasa's name for a message that isn't understood; it stands in no declaration."""
FALLBACK_ACTION = "action_ask_rephrase"
"""What follows a message that isn't understood."""

Group = Literal[
    "advice",
    "search",
    "results",
    "registration",
    "advisor",
    "small_talk",
    "reaction",
    "safety",
    "refusal",
]
# Questions of these groups may be offered to somebody whose message was unclear.
_OFFERED = frozenset({"advice", "search", "results", "registration", "advisor"})


class Intent(BaseModel):
    """What one intent is.

    Attributes:
        name: its key in the file.
        group: what kind of message it is. `results` are about programmes on the screen;
            `small_talk` may stand beside a question and is none; a `reaction` is to what the
            advisor said; `safety` stands in the order of urgency.
        label: how menus and quick replies show it.
        question: how a person asks it; a starter and "did you mean" show it.
        means: what a person wants, for those who write training and test messages.
        not_: where its neighbours begin, for the same.
        does: what the advisor does with it.
        leads_to: the intents that its quick replies lead on to, the likeliest first.
        in_menu: whether the menu of topics shows it.
        actions: what is run in its turn, in order; for advice the choice of an answer.
        needs_one_of: the entities of which a first message must hold one; otherwise the
            advisor asks.
        same_question_as: intents that are one question with it when both stand in a message.
        values_may_ask: whether values alone may ask it: "one month or two?".
        points_at: what words such as "it" and "you" must point at beside another question.
        programme_field: the field of a programme that answers it when one is spoken of.
        search_there: whether a search is offered for a country that is named with it.
        place: the id of the place that it is about.
        who_knows: who may know what the advisor doesn't: the placement's office or host, the
            country's regulator, or people who support students.
        offered: whether it is offered as "did you mean".
        trained: whether the classifier learns it; otherwise code decides it.
        role: by what code that needs this very intent knows it: `search` begins a search,
            `change_search` changes one, `show` and `save` are about one programme, `decline` is
            for what the advisor doesn't do, `thank` for thanks.
        clicks: the payloads of buttons that are done in its turn, by their `do`; `ask` names
            its intent itself.
        preface: what is said first to a message in another language, a key of prefaces.yml.
    """

    name: str
    group: Group
    label: str
    question: str
    means: str
    not_: str = ""
    does: Literal["answer", "ask", "refuse", "hand_over"] = "answer"
    leads_to: tuple[str, ...] = ()
    in_menu: bool = False
    actions: tuple[str, ...] = ()
    needs_one_of: frozenset[str] = frozenset()
    same_question_as: tuple[str, ...] = ()
    values_may_ask: bool = False
    points_at: Literal["programme", "advisor", None] = None
    programme_field: Literal["price", "language", "starts", "for_whom", "length", "page", None] = (
        None
    )
    search_there: bool = False
    place: str | None = None
    who_knows: Literal["host", "regulator", "support"] = "host"
    offered: bool = False
    trained: bool = True
    role: Literal["search", "change_search", "show", "save", "decline", "thank", None] = None
    clicks: tuple[
        Literal[
            "show", "compare", "save", "remove", "page", "widen", "search", "restart", "country",
            "tell", "erase", "neither",
        ],
        ...,
    ] = ()  # fmt: skip
    preface: str | None = None

    class Config:
        """An entry holds what is declared here and nothing else."""

        extra = Extra.forbid
        frozen = True
        fields = {"not_": "not"}

    @root_validator(pre=True)
    def _derive(cls, values: dict[str, Any]) -> dict[str, Any]:
        group = values.get("group")
        derived: dict[str, Any] = {"offered": group in _OFFERED}
        if group == "advice":
            derived["actions"] = ("action_answer",)
        return {**derived, **values}

    @property
    def answer_action(self) -> str:
        """The action that answers it when it is not a message's first question.

        What precedes it in `actions`, a response of domain.yml, is said before.
        """
        looked_up = (action for action in self.actions if action.startswith("action_"))
        return next(looked_up, "action_answer")


class Intents(dict[str, Intent]):
    """All intents by name, in the file's order."""

    def in_group(self, *groups: Group) -> tuple[str, ...]:
        """Return the names of the intents of some groups, in the file's order."""
        return tuple(name for name, intent in self.items() if intent.group in groups)

    def with_role(self, role: str) -> str | None:
        """Return the name of the intent with a role, None if there is none."""
        return next((name for name, each in self.items() if each.role == role), None)

    def same_question(self, one: str, other: str) -> bool:
        """Tell whether two intents in one message are one question."""
        pair = self.get(one), self.get(other)
        return one == other or any(
            intent is not None and {one, other} <= {intent.name, *intent.same_question_as}
            for intent in pair
        )


def intents() -> Intents:
    """Return the intents of the project, read again when the file has changed.

    Raises:
        Complaint: If the file is missing or something in it is wrong.
    """
    home = load_settings().home
    return read_intents((home if state_of(home, FILE) else CODE) / FILE)


def read_intents(path: Path) -> Intents:
    """Return the intents of a file.

    Raises:
        Complaint: If the file is missing or something in it is wrong, with every fault in it.
    """
    try:
        return _read(path, state_of(path.parent, path.name))
    except OSError as error:
        raise Complaint(f"{path} cannot be read: {error.strerror}.") from error


@lru_cache(maxsize=4)
def _read(path: Path, _state: tuple[tuple[str, int], ...]) -> Intents:
    try:
        content = YAML(typ="safe").load(path.read_text("utf-8"))
    except YAMLError as error:
        raise Complaint(f"{path.name} is not valid YAML: {error}") from error
    if not isinstance(content, dict) or not content:
        raise Complaint(f"{path.name} must hold one entry per intent.")
    entries: dict[str, Intent] = {}
    faults: list[str] = []
    for name, entry in content.items():
        try:
            fields = entry if isinstance(entry, dict) else {}
            entries[str(name)] = Intent(**{**fields, "name": str(name)})
        except ValidationError as error:
            faults += [
                f"{name}: {'.'.join(map(str, each['loc']))}: {each['msg']}"
                for each in error.errors()
            ]
    for intent in entries.values():
        unknown = {*intent.leads_to, *intent.same_question_as} - content.keys()
        faults += [f"{intent.name}: there is no intent {other}" for other in sorted(unknown)]
        if not any(action.startswith("action_") for action in intent.actions) and intent.group in (
            "search",
            "results",
            "registration",
        ):
            faults.append(f"{intent.name}: it needs an action")
    if faults:
        raise Complaint("\n".join([f"{path.name} has faults:", *faults]))
    return Intents(entries)
