"""From the database back to CSV files in the format of the data dictionary."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from sqlalchemy.engine import Engine

from preceptor.catalogue.database import CatalogueError, session
from preceptor.catalogue.records import FILES, write_cell
from preceptor.catalogue.store import Contents, current_version, read_contents


def export_folder(folder: Path | str, engine: Engine) -> dict[str, int]:
    """Write every file of the catalogue into ``folder``; returns the rows by file name.

    Importing the files gives the same catalogue, and the same catalogue gives the same bytes.
    Files of these names that are there are replaced, others left alone.

    Raises NotImported when there is no catalogue, CatalogueError when the database or the
    folder fails.
    """
    with session(engine) as opened:
        current_version(opened)
        contents = read_contents(opened)
    try:
        write_files(Path(folder), contents)
    except OSError as error:
        raise CatalogueError(
            f"The files cannot be written to {folder} ({error.strerror}); check the folder."
        ) from error
    return {name: len(records) for name, records in contents.items()}


def write_files(folder: Path, contents: Contents) -> None:
    """Write records as CSV files (UTF-8, no BOM, LF), in the order in which they are given."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        columns = file.record.columns()
        # A half-written file never stands under the real name.
        draft = folder / f".{file.name}.part"
        with draft.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            for record in contents[file.name]:
                writer.writerow([write_cell(getattr(record, column)) for column in columns])
        os.replace(draft, folder / file.name)
