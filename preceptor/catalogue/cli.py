"""The command line of the catalogue: import, check, export, columns."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from preceptor.catalogue.columns import README, write_columns
from preceptor.catalogue.database import engine_from_url
from preceptor.catalogue.exporter import export_folder
from preceptor.catalogue.importer import (
    Changes,
    ImportRefused,
    Problem,
    check,
    count_errors,
    import_folder,
)


@click.group()
@click.option("--database", metavar="URL", help="Database address; default: DATABASE_URL.")
@click.pass_context
def catalogue(ctx: click.Context, database: str | None) -> None:
    """Import, check and export the catalogue."""
    ctx.obj = database


_folder = click.argument(
    "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("catalogue")
)


@catalogue.command("import")
@_folder
@click.pass_obj
def import_command(database: str | None, folder: Path) -> None:
    """Make the database hold what the CSV files of FOLDER say (default: catalogue/)."""
    try:
        report = import_folder(folder, engine_from_url(database))
    except ImportRefused as refused:
        _refuse(refused.problems, "; nothing was imported, the catalogue is as it was.")
    rows = [("file", *Changes._fields), *((file, *each) for file, each in report.files.items())]
    for row in rows:
        click.echo("{:22}{:>9}{:>9}{:>9}{:>11}".format(*row))
    done = "Imported" if report.changed else "Nothing has changed"
    click.echo(f"{done}; the catalogue's version is {report.version[:12]}.")


@catalogue.command("check")
@_folder
def check_command(folder: Path) -> None:
    """List every error in the CSV files of FOLDER (default: catalogue/); needs no database."""
    problems = check(folder)
    if problems:
        _refuse(problems, ".")
    click.echo("No errors.")


@catalogue.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def export_command(database: str | None, folder: Path) -> None:
    """Write the database's catalogue as CSV files into FOLDER."""
    rows = export_folder(folder, engine_from_url(database))
    click.echo(f"Wrote {sum(rows.values())} rows in {len(rows)} files to {folder}.")


@catalogue.command("columns")
def columns_command() -> None:
    """Write the tables of columns in catalogue/README.md, after a change of the records."""
    write_columns()
    click.echo(f"Wrote the tables of columns in {README}.")


def _refuse(problems: list[Problem], consequence: str) -> NoReturn:
    """List problems and end the command with their number and what follows from them."""
    for problem in problems:
        click.echo(str(problem), err=True)
    raise click.ClickException(count_errors(problems) + consequence)
