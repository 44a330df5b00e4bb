"""The command line of the answers: check, import, show, find."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from preceptor.conversation import follow_ups, protocols
from preceptor.knowledge.answers import CHECKS_NEEDED, NEEDS_SOURCES, Fault
from preceptor.knowledge.index import Context
from preceptor.knowledge.store import (
    FaultyAnswers,
    check_answers,
    folder,
    import_answers,
    is_imported,
    shared_answers,
)
from preceptor.nlu.encoders.files import write_missing

_folder = click.argument(
    "path", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False
)
# An answer is as good as another's if so many of its phrasings ask for the other.
_MIXED_UP = 4


@click.group()
def knowledge() -> None:
    """Check, import, show and try the answers in knowledge/."""


@knowledge.command()
@_folder
def check(path: Path | None) -> None:
    """List every error in the answers of a folder, by file and line."""
    answers, faults = check_answers(path or folder())
    _end_with(faults)
    click.echo(f"No errors in {len(answers)} answers.")


@knowledge.command("import")
@_folder
def import_command(path: Path | None) -> None:
    """Check the answers, fit their ranking and put them to use; nothing is imported by halves."""
    write_missing()
    follow_ups.phrases()
    protocols.phrases()
    if is_imported(path or folder()):
        click.echo("Nothing has changed since the answers were imported.")
        return
    try:
        fitted = import_answers(path or folder())
    except FaultyAnswers as faulty:
        _end_with(faulty.faults, " Nothing was imported.")
        return
    for (one, other), count in sorted(fitted.mixed_up.items(), key=lambda each: -each[1]):
        if count >= _MIXED_UP:
            click.echo(f"Hard to tell apart: {count} phrasings of {one} find {other}.")
    click.echo(
        f"Imported the answers; {fitted.found} of {fitted.tried} phrasings find theirs when they "
        "are left out."
    )


@knowledge.command()
@click.option("--steps", default=400, help="How many batches are learnt from.")
def adapt(steps: int) -> None:
    """Fit the sentence encoder to the answers anew, which takes half an hour.

    Worth it after some dozens of new answers; then train the model and import the answers.
    """
    from preceptor.knowledge import adapt
    from preceptor.nlu.encoders import minilm

    answers, faults = check_answers(folder())
    _end_with(faults)
    adapt.adapt(answers, minilm.ADAPTER, steps=steps, tell=click.echo)


@knowledge.command()
def show() -> None:
    """Show how many answers each topic has, and which still need checks."""
    answers, _ = check_answers(folder())
    count = Counter(answer.folder for answer in answers)
    for topic, number in sorted(count.items()):
        click.echo(f"{topic:14} {number:4}")
    due = [a for a in answers if a.kind in NEEDS_SOURCES and len(a.checks) < CHECKS_NEEDED]
    click.echo(f"{'all':14} {len(answers):4}; {len(due)} need another check")


@knowledge.command()
@click.argument("question")
def find(question: str) -> None:
    """Print what would be answered to a question, with scores and why."""
    index = shared_answers().current()
    if index is None:
        click.echo("There are no answers; see preceptor knowledge check.", err=True)
        sys.exit(1)
    choice = index.choose(question, Context())
    click.echo(f"The first is right with a probability of {choice.confidence:.2f}.")
    for match in choice.matches[:5]:
        why = ", ".join(f"{name} {value:.2f}" for name, value in match.features.items())
        click.echo(
            f"{match.score:7.2f}  {match.answer.id}: {match.answer.question}\n         {why}"
        )


def _end_with(faults: Sequence[Fault], more: str = "") -> None:
    if faults:
        for fault in faults:
            click.echo(str(fault), err=True)
        errors = f"{len(faults)} error{'s' * (len(faults) != 1)}."
        click.echo(errors + more, err=True)
        sys.exit(1)
