"""The command line: `preceptor <command>`.

Commands live in modules that are imported only when they are used, so that `--help` is fast
and importing the catalogue does not load TensorFlow.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

import click

from preceptor.runtime.settings import (
    Complaint,
    load_settings,
    quiet_environment,
    settings_page,
)

# Commands of other modules: name -> (module, attribute).
_MOUNTED = {
    "answers-report": ("preceptor.evaluation.answers", "answers_report"),
    "catalogue": ("preceptor.catalogue.cli", "catalogue"),
    "knowledge": ("preceptor.knowledge.cli", "knowledge"),
    "nlu-report": ("preceptor.evaluation.report", "nlu_report"),
    "people": ("preceptor.channels.people", "people"),
    "talk-report": ("preceptor.evaluation.talk", "talk_report"),
    "slack": ("preceptor.channels.slack.cli", "slack"),
}


class LazyGroup(click.Group):
    """A group that also knows commands by the modules they are in."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in alphabetical order."""
        return sorted({*super().list_commands(ctx), *_MOUNTED})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a mounted command, or return one of this module."""
        if cmd_name not in _MOUNTED:
            return super().get_command(ctx, cmd_name)
        module, attribute = _MOUNTED[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup)
def main() -> None:
    """Preceptor, an advisor on medical internships."""


@main.command()
def run() -> None:
    """Set up what is missing and run the advisor; Ctrl-C stops it."""
    from preceptor.runtime.launcher import run as launch

    sys.exit(launch(load_settings()))


@main.command()
@click.option("--force", is_flag=True, help="Train even if the model is up to date.")
def train(force: bool) -> None:
    """Train the model if something it is made from has changed."""
    from preceptor.runtime.train import train_and_tell

    click.echo(train_and_tell(load_settings(), force))


@main.command()
def chat() -> None:
    """Talk to the running advisor in the terminal."""
    from preceptor.channels.terminal import chat as talk

    talk(load_settings())


@main.command()
@click.option(
    "--model",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A trained model; the newest one by default.",
)
@click.option(
    "--input", "source", type=click.File("rb"), default="-", help="A file; standard input else."
)
def parse(model: Path | None, source: BinaryIO) -> None:
    """Read one message a line and write how it is understood, one JSON object a line.

    A line is plain text or a JSON object with "text". Blank lines are skipped; a line of
    broken JSON gives {"error": "..."}.
    """
    from preceptor.evaluation.parse import parse as parse_messages

    parse_messages(load_settings(), model, source)


@main.command()
def settings() -> None:
    """List every setting: its environment variable, its meaning and its default."""
    click.echo(settings_page(), nl=False)


@main.command()
def serve() -> None:
    """Run the advisor as it is set up, with its log on standard error."""
    from preceptor.runtime.server import serve as serve_advisor

    serve_advisor(load_settings(), tell=lambda sentence: click.echo(f"Warning: {sentence}"))


def run_command_line() -> None:
    """Run a command; what is missing is told in a sentence."""
    quiet_environment()
    # Databases and logs hold what people wrote about themselves: for their owner's eyes only.
    os.umask(0o077)
    try:
        main(prog_name="preceptor")
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("preceptor"):
            Complaint(f"This copy of Preceptor has no module {missing.name}.").show()
        else:
            Complaint(f"The package {missing.name} is not installed; please run make run.").show()
        sys.exit(1)
