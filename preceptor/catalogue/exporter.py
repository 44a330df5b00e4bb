"""From the database back to CSV files in the format of the data dictionary."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from sqlalchemy.engine import Engine

from preceptor.catalogue.cells import quote_formula
from preceptor.catalogue.database import CatalogueError
from preceptor.catalogue.records import RECORDS
from preceptor.catalogue.store import Documents, load_stored


def export_folder(folder: Path | str, engine: Engine) -> dict[str, int]:
    """Write every file of the catalogue into `folder`, sorted by key.

    Importing the files gives the same catalogue, and the same catalogue gives the same bytes.
    Files of these names that are there are replaced, others left alone. A cell that a
    spreadsheet would run as a formula is written as text.

    Returns:
        The number of rows by file.

    Raises:
        NotImported: There is no catalogue.
        CatalogueError: The database or the folder fails.
    """
    documents = load_stored(engine).documents
    try:
        _write_files(Path(folder), documents)
    except OSError as error:
        raise CatalogueError(
            f"The files cannot be written to {folder} ({error.strerror}); check the folder."
        ) from error
    return {file: len(rows) for file, rows in documents.items()}


def _write_files(folder: Path, documents: Documents) -> None:
    """Write CSV files: UTF-8, no byte-order mark, LF."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, record in RECORDS.items():
        # A half-written file never stands under the real name.
        draft = folder / f".{file}.part"
        with draft.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(record.columns())
            for row in documents[file].values():
                cells = (row.get(column, "") for column in record.columns())
                writer.writerow([quote_formula(text) for text in cells])
        os.replace(draft, folder / file)
