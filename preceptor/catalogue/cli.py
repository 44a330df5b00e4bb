"""The command line of the catalogue: import, check, export, show, columns."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from preceptor.catalogue.cells import LIST_SEPARATOR
from preceptor.catalogue.columns import README, write_columns
from preceptor.catalogue.database import engine_from_url
from preceptor.catalogue.exporter import export_folder
from preceptor.catalogue.importer import (
    ImportRefused,
    Problem,
    check,
    count_errors,
    import_folder,
)
from preceptor.catalogue.records import RECORDS, write_cell
from preceptor.catalogue.snapshot import Catalogue

# The columns that say most of a row; files that are not here show their first ones.
_SHOWN = {
    "programs": ("id", "name", "countries", "listing", "kind", "min_weeks", "price_minor"),
    "licensing": ("country", "local_name", "required", "min_months", "max_months", "regulator"),
    "advice_facts": ("id", "rank", "intents", "fact"),
}
_FIRST_COLUMNS = 5
_TABLES = tuple(file.removesuffix(".csv") for file in RECORDS)


@click.group()
@click.option("--database", metavar="URL", help="Database address; default: DATABASE_URL.")
@click.pass_context
def catalogue(ctx: click.Context, database: str | None) -> None:
    """Import, check, export and show the catalogue."""
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
    rows = [
        (name, str(c.added), str(c.changed), str(c.removed), str(c.unchanged))
        for name, c in report.files.items()
    ]
    _table(("file", "added", "changed", "removed", "unchanged"), rows)
    if report.rebuilt:
        click.echo(
            "The database was of another version of the program; it was built anew from the files."
        )
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


@catalogue.command("show")
@click.argument("what", type=click.Choice(_TABLES), required=False)
@click.option("--country", metavar="ISO2", help="Only rows of this country, such as KE.")
@click.pass_obj
def show_command(database: str | None, what: str | None, country: str | None) -> None:
    """Show one table of the catalogue, or how many rows each has."""
    loaded = Catalogue.load(engine_from_url(database))
    if what is None:
        counts = [
            (file.removesuffix(".csv"), str(len(loaded.all(record))))
            for file, record in RECORDS.items()
        ]
        _table(("table", "rows"), counts)
        click.echo(
            f"Version {loaded.version[:12]}, imported {loaded.imported_at:%Y-%m-%d %H:%M} UTC."
        )
        return
    record = RECORDS[f"{what}.csv"]
    rows = list(loaded.all(record).values())
    if country is not None:
        places = [c for c in ("iso2", "country", "countries") if c in record.columns()]
        if not places:
            raise click.UsageError(f"{what} has no country to choose by.")
        cells = ((row, write_cell(getattr(row, places[0]))) for row in rows)
        rows = [row for row, cell in cells if country.upper() in cell.split(LIST_SEPARATOR)]
    columns = _SHOWN.get(what, record.columns()[:_FIRST_COLUMNS])
    _table(columns, [[write_cell(getattr(r, c)) for c in columns] for r in rows])
    click.echo(f"{len(rows)} rows.")


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


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print aligned columns; cells are cut so that a row fits the terminal's width."""
    lines = [[" ".join(cell.split()) for cell in row] for row in (header, *rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    room = shutil.get_terminal_size((120, 24)).columns - 2 * (len(widths) - 1)
    while sum(widths) > max(room, 8 * len(widths)):
        widths[widths.index(max(widths))] -= 1
    for line in lines:
        cells = [
            cell if len(cell) <= width else cell[: width - 1] + "…"
            for cell, width in zip(line, widths, strict=True)
        ]
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        click.echo("  ".join(padded).rstrip())
