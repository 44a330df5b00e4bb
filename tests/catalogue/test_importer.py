"""Import: every kind of error is told by file, row and column, and nothing is imported by half."""

import csv
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from preceptor.catalogue.database import reading
from preceptor.catalogue.importer import Changes, ImportRefused, Problem, check, import_folder
from preceptor.catalogue.records import RECORDS
from preceptor.catalogue.snapshot import Catalogue
from preceptor.catalogue.store import replace_stored
from preceptor.runtime.settings import CODE
from tests.support.catalogue import SOURCE, Rows, program, small_catalogue, write_csv


def state(engine: Engine) -> tuple[str, str]:
    """The version and when it was imported."""
    with reading(engine) as connection:
        version, imported_at = connection.execute(text("SELECT * FROM catalogue_version")).one()
        return str(version), str(imported_at)


def program_ids(engine: Engine) -> list[str]:
    return [program.id for program in Catalogue.load(engine).programs]


def strings(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems]


def test_the_small_catalogue_has_no_problems(folder: Path) -> None:
    assert check(folder) == []


def test_the_projects_own_catalogue_has_no_problems() -> None:
    assert strings(check(CODE / "catalogue")) == []


# What is imported ---------------------------------------------------------------------


def test_a_first_import_adds_every_row(engine: Engine, folder: Path, rows: Rows) -> None:
    report = import_folder(folder, engine)
    assert report.files == {name: Changes(added=len(lines)) for name, lines in rows.items()}
    assert report.changed


def test_the_same_files_again_change_nothing_not_even_the_version(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    before = state(imported)
    report = import_folder(folder, imported)
    assert report.files == {name: Changes(unchanged=len(lines)) for name, lines in rows.items()}
    assert not report.changed
    assert state(imported) == before


def test_the_order_of_rows_and_columns_does_not_matter(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    for name, lines in rows.items():
        columns = RECORDS[name].columns()[::-1]
        with (folder / name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(lines[::-1])
    assert not import_folder(folder, imported).changed


def test_changes_are_counted_by_file(imported: Engine, folder: Path, rows: Rows) -> None:
    before, _ = state(imported)
    rows["programs.csv"] = [
        program("kenya-elective", places="mombasa"),
        program("new-one"),
        program("another"),
    ]
    report = import_folder(write_csv(folder, rows), imported)
    assert report.files["programs.csv"] == Changes(added=2, changed=1, removed=1, unchanged=0)
    assert report.files["countries.csv"] == Changes(unchanged=7)
    assert report.version != before


def test_ids_are_the_natural_keys_and_survive_a_second_import(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    assert program_ids(imported) == ["bali-volunteer", "kenya-elective"]
    rows["programs.csv"][0]["name"] = "Another name"
    rows["programs.csv"].reverse()
    import_folder(write_csv(folder, rows), imported)
    assert program_ids(imported) == ["bali-volunteer", "kenya-elective"]


def test_a_byte_order_mark_windows_line_ends_and_blank_rows_are_tolerated(
    imported: Engine, folder: Path
) -> None:
    path = folder / "programs.csv"
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n" + b"," * 29 + b"\r\n")
    assert not import_folder(folder, imported).changed


def test_blanks_around_values_and_repeated_values_do_not_matter(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    rows["programs.csv"][0]["specialties"] = " surgery ; paediatrics; surgery ;"
    rows["programs.csv"][0]["name"] = "  Kenya Elective "
    assert not import_folder(write_csv(folder, rows), imported).changed


# Refusal ------------------------------------------------------------------------------


def test_a_refused_import_leaves_the_old_catalogue(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    rows["programs.csv"] = [program("new-one"), program("broken", kind="holiday")]
    before = state(imported)
    with pytest.raises(ImportRefused, match="refused because of 1 error") as caught:
        import_folder(write_csv(folder, rows), imported)
    assert strings(caught.value.problems) == [
        "programs.csv, row 3, kind: 'holiday' is not one of: clinical_observation, elective,"
        " volunteer, research"
    ]
    assert state(imported) == before
    assert program_ids(imported) == ["bali-volunteer", "kenya-elective"]


def test_a_failure_half_way_leaves_the_old_catalogue(
    imported: Engine, folder: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_at_the_end(*args: object) -> None:
        replace_stored(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr("preceptor.catalogue.importer.replace_stored", fail_at_the_end)
    rows["programs.csv"] = [program("new-one")]
    with pytest.raises(KeyboardInterrupt):
        import_folder(write_csv(folder, rows), imported)
    assert program_ids(imported) == ["bali-volunteer", "kenya-elective"]


def test_all_errors_are_reported_at_once(folder: Path, rows: Rows) -> None:
    rows["countries.csv"][0]["name"] = ""
    rows["programs.csv"] = [
        program(
            "one", price_minor="1.200", min_weeks="4", max_weeks="2", specialties="magic;surgery"
        ),
        program("one", countries="XX;KE;YY"),
    ]
    del rows["helplines.csv"]
    (folder / "helplines.csv").unlink()
    assert strings(check(write_csv(folder, rows))) == [
        "countries.csv, row 2, name: is empty, but every row needs it",
        "programs.csv, row 2, specialties: 'magic' is not in specialties.csv",
        "programs.csv, row 2, max_weeks: 2 is less than min_weeks, which is 4",
        "programs.csv, row 2, price_minor: '1.200' is not a whole number of minor units"
        " (write 120000 for 1,200.00)",
        "programs.csv, row 3, id: 'one' stands already in row 2",
        "programs.csv, row 3, countries: 'XX' is not in countries.csv",
        "programs.csv, row 3, countries: 'YY' is not in countries.csv",
        "helplines.csv: is missing",
    ]


BAD_CELLS = [
    ("countries.csv", "iso2", "ke", "not a country code"),
    ("countries.csv", "ambiguous", "Keny", "'Keny' is neither the name nor one of the aliases"),
    ("regions.csv", "id", "East Africa", "not an id"),
    ("regions.csv", "countries", "", "is empty"),
    ("regions.csv", "countries", " ; ", "is empty"),
    ("regions.csv", "countries", "KE;FR", "'FR' is not in countries.csv"),
    ("places.csv", "type", "town", "not one of: city, area"),
    ("places.csv", "country", "FR", "'FR' is not in countries.csv"),
    ("places.csv", "area", "atlantis", "'atlantis' is not in places.csv"),
    ("places.csv", "area", "mombasa", "'mombasa' is not a place of type area"),
    ("places.csv", "area", "bali", "'bali' lies in ID, this place in KE"),
    ("places.csv", "area", "nairobi", "lies inside itself"),
    ("specialties.csv", "parent", "medicine", "'medicine' is not in specialties.csv"),
    ("specialties.csv", "parent", "orthopaedics", "lies inside itself"),
    ("kinds.csv", "id", "internship", "not one of: clinical_observation"),
    ("stages.csv", "id", "student", "not one of: pre_university"),
    ("programs.csv", "id", "Kenya_elective", "not an id"),
    ("programs.csv", "organisation", "", "is empty, but every row needs it"),
    ("programs.csv", "listing", "open", "not one of: open_call, restricted, report"),
    ("programs.csv", "worldwide", "maybe", "not one of: yes, no"),
    ("programs.csv", "places", "denpasar", "lies in ID, which is not among the countries"),
    ("programs.csv", "places", "atlantis", "'atlantis' is not in places.csv"),
    ("programs.csv", "kind", "research", "'research' is not in kinds.csv"),
    ("programs.csv", "stages", "nurse", "'nurse' is not in stages.csv"),
    ("programs.csv", "stages", "wizard", "'wizard' is not one of"),
    ("programs.csv", "min_weeks", "2-4", "not a whole number of weeks"),
    ("programs.csv", "min_weeks", "0", "from 1 to 520"),
    ("programs.csv", "max_weeks", "4.5", "not a whole number of weeks"),
    ("programs.csv", "max_weeks", "٤", "not a whole number of weeks"),
    ("programs.csv", "price_minor", "-5", "not a whole number of minor units"),
    ("programs.csv", "price_minor", "9" * 30, "not a whole number of minor units"),
    ("programs.csv", "currency", "dollars", "not a currency code"),
    ("programs.csv", "currency", "eur", "not a currency code"),
    ("programs.csv", "price_basis", "cheap", "not one of: total_shortest_stay"),
    ("programs.csv", "price_date", "July 2024", "not a date (write 2024, 2024-07 or 2024-07-01)"),
    ("programs.csv", "price_date", "2024-13", "not a date"),
    ("programs.csv", "source_date", "2023-02-30", "not a date"),
    ("programs.csv", "languages", "spanish", "not a language code"),
    ("programs.csv", "languages", "ES", "not a language code"),
    ("programs.csv", "accommodation", "maybe", "not one of: yes, no, optional"),
    ("programs.csv", "source_url", "www.example.org", "not a web address"),
    ("programs.csv", "source_url", "ftp://example.org", "not a web address"),
    ("programs.csv", "source_url", "javascript:alert(1)", "not a web address"),
    ("programs.csv", "source_url", "https://", "not a web address"),
    ("programs.csv", "source_url", "https://[bad", "not a web address"),
    ("programs.csv", "source_url", "https://a.org/x y", "not a web address"),
    ("programs.csv", "confidence", "", "is empty"),
    ("programs.csv", "confidence", "low", "not one of: high, medium"),
    ("registration.csv", "country", "XX", "'XX' is not in countries.csv"),
    ("registration.csv", "route", "foreign", "not one of: home, abroad, eu, recognised"),
    ("registration.csv", "needed", "sometimes", "not one of: yes, partly, no, not stated"),
    ("registration.csv", "needed_note", "a fragment", "not a sentence of at most 30 words"),
    ("registration.csv", "pay", "word " * 31 + ".", "not a sentence of at most 30 words"),
    ("registration.csv", "min_months", "a year", "not a number of months"),
    ("registration.csv", "max_months", "1", "1 is less than min_months, which is 12"),
    ("registration.csv", "source_url", "", "is empty, but every row needs it"),
    ("registration.csv", "read", "2026-11", "not a whole date"),
    ("registration.csv", "page_date", "last year", "write 2024, 2024-07, 2024-07-01 or undated"),
    ("registration.csv", "confidence", "high", "not one of: confirmed, unconfirmed"),
    ("registration_terms.csv", "kind", "board", "not one of: regulator, exam, programme"),
    ("registration_terms.csv", "countries", "GB", "'GB' is not in countries.csv"),
    ("registration_terms.csv", "profession", "vet", "not one of: doctor, nurse"),
    ("registration_terms.csv", "ambiguous", "next", "neither the name nor one of the aliases"),
    ("regulators.csv", "url", "kmpdc.go.ke", "not a web address"),
    ("emergency_numbers.csv", "number", "call the police", "not a number that one can call"),
    ("emergency_numbers.csv", "service", "fire", "not one of: general, ambulance"),
    ("helplines.csv", "phone", "", "column url: phone, text and url are all empty"),
    ("exchange_rates.csv", "units_per_eur", "1,08", "not an exchange rate"),
    ("exchange_rates.csv", "units_per_eur", "0", "not an exchange rate"),
    ("exchange_rates.csv", "units_per_eur", "NaN", "not an exchange rate"),
    ("exchange_rates.csv", "rate_date", "2024-06", "not a whole date"),
]


@pytest.mark.parametrize(
    ("file", "column", "value", "words"), BAD_CELLS, ids=[f"{c[1]}={c[2][:20]}" for c in BAD_CELLS]
)
def test_a_bad_cell_is_reported_with_its_place(
    folder: Path, rows: Rows, file: str, column: str, value: str, words: str
) -> None:
    rows[file][0][column] = value
    if words.startswith("column "):
        column, words = words.removeprefix("column ").split(": ", 1)
    problems = [p for p in check(write_csv(folder, rows)) if (p.file, p.row) == (file, 2)]
    assert [p.column for p in problems if words in p.message] == [column], strings(problems)
    # One wrong cell is one error, not several about the same thing.
    assert len([p for p in problems if p.column == column]) == 1


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"price_minor": "100"}, "currency", "price_minor has a price that needs it"),
        ({"price_minor": "100"}, "price_basis", "price_minor has a price that needs it"),
        ({"countries": ""}, "worldwide", "'no' needs at least one country"),
        ({"source_url": ""}, "confidence", "'high' needs a source_url"),
    ],
)
def test_cells_that_need_each_other_are_checked(
    folder: Path, rows: Rows, cells: dict[str, str], column: str, words: str
) -> None:
    rows["programs.csv"] = [program("one", **cells)]
    problems = check(write_csv(folder, rows))
    assert [p.message for p in problems if p.column == column and words in p.message]


def test_kosovo_is_a_country_though_iso_3166_has_no_code_for_it(folder: Path, rows: Rows) -> None:
    rows["countries.csv"].append({"iso2": "XK", "name": "Kosovo"})
    assert check(write_csv(folder, rows)) == []


def test_medium_confidence_needs_no_source(folder: Path, rows: Rows) -> None:
    rows["programs.csv"] = [program("one", source_url="", confidence="medium")]
    assert check(write_csv(folder, rows)) == []


def test_a_worldwide_programme_needs_no_country(folder: Path, rows: Rows) -> None:
    rows["programs.csv"] = [program("one", countries="", worldwide="yes")]
    assert check(write_csv(folder, rows)) == []


def test_a_key_of_two_columns_may_repeat_in_one(folder: Path, rows: Rows) -> None:
    rows["emergency_numbers.csv"].append(
        {"country": "KE", "service": "general", "number": "112", **SOURCE}
    )
    assert strings(check(write_csv(folder, rows))) == [
        "emergency_numbers.csv, row 4, country: 'KE general' stands already in row 2"
    ]


Edit = Callable[[bytes], bytes]
BAD_FILES: list[tuple[str, Edit, list[str]]] = [
    ("empty", lambda raw: b"", ["kinds.csv: is empty: not even a header row"]),
    ("blank lines only", lambda raw: b"\n\n", ["kinds.csv: is empty: not even a header row"]),
    (
        "missing column",
        lambda raw: (
            raw.replace(b"name,", b"", 1).replace(b"Elective,", b"").replace(b"Volunteering,", b"")
        ),
        ["kinds.csv, row 1, name: this column is missing"],
    ),
    (
        "unknown column",
        lambda raw: raw.replace(b"description", b"descripton", 1),
        [
            "kinds.csv, row 1, description: this column is missing",
            "kinds.csv, row 1, descripton: no such column in the data dictionary"
            " (did you mean description?)",
        ],
    ),
    (
        "duplicate column",
        lambda raw: raw.replace(b"description", b"name", 1),
        [
            "kinds.csv, row 1, name: this column stands twice",
            "kinds.csv, row 1, description: this column is missing",
        ],
    ),
    (
        "semicolons",
        lambda raw: raw.replace(b",", b";"),
        ["kinds.csv, row 1: separates columns by semicolons or tabs; the catalogue needs commas"],
    ),
    (
        "ragged rows",
        lambda raw: raw.replace(b"Elective,,", b"Elective, in hospital,,") + b"research\n",
        [
            "kinds.csv, row 2: has 5 cells, but the header has 4 columns"
            " (is a cell with a comma without quotes?)",
            "kinds.csv, row 4: has 1 cells, but the header has 4 columns"
            " (is a cell with a comma without quotes?)",
        ],
    ),
    (
        "Windows code page",
        lambda raw: raw.replace(b"Elective", b"\xc9lective"),
        ["kinds.csv, row 2, name: is not UTF-8 text; save the file as “CSV UTF-8”"],
    ),
    (
        "UTF-16",
        lambda raw: raw.decode().encode("utf-16"),
        ["kinds.csv: is UTF-16 text; save it as “CSV UTF-8”"],
    ),
    (
        "NUL byte",
        lambda raw: raw.replace(b"Volunteering", b"Volun\0teering"),
        ["kinds.csv, row 3: holds a NUL byte: this is not a text file, or it is damaged"],
    ),
    (
        "control character",
        lambda raw: raw.replace(b"Elective", b"Elec\x07tive"),
        ["kinds.csv, row 2, name: holds an invisible control character (U+0007); delete it"],
    ),
    (
        "open quote",
        lambda raw: raw.replace(b"Volunteering", b'"Volunteering'),
        ["kinds.csv, row 3: begins a cell with a quote that is never closed"],
    ),
    (
        "stray quote",
        lambda raw: raw.replace(b"Volunteering", b'"Volun"teering'),
        [
            'kinds.csv, row 3: has a stray quote: double it (“""”) or take it out'
            " (',' expected after '\"')"
        ],
    ),
    (
        "long cell",
        lambda raw: raw.replace(b"Elective", b"E" * 10_001),
        ["kinds.csv, row 2, name: has 10,001 characters, and 10,000 is the most"],
    ),
    (
        "huge cell",
        lambda raw: raw.replace(b"Elective", b"E" * 1_000_000),
        ["kinds.csv, row 2: holds a cell that is far too long (is a closing quote missing?)"],
    ),
    (
        "100 MB cell",
        lambda raw: raw.replace(b"Elective", b"E" * 100_000_000),
        ["kinds.csv: is too large: 100,000,078 bytes, and 50,000,000 is the most"],
    ),
]


@pytest.mark.parametrize(
    ("edit", "expected"), [case[1:] for case in BAD_FILES], ids=[case[0] for case in BAD_FILES]
)
def test_a_bad_file_is_reported(folder: Path, edit: Edit, expected: list[str]) -> None:
    path = folder / "kinds.csv"
    path.write_bytes(edit(path.read_bytes()))
    problems = [p for p in check(folder) if p.file == "kinds.csv"]
    assert strings(problems) == expected


def test_a_bad_file_does_not_make_all_that_points_to_it_dangling(folder: Path) -> None:
    (folder / "countries.csv").write_bytes(b"\xff\xfe")
    assert strings(check(folder)) == ["countries.csv: is UTF-16 text; save it as “CSV UTF-8”"]


def test_rows_are_numbered_as_a_spreadsheet_does(folder: Path, rows: Rows) -> None:
    rows["kinds.csv"][0]["description"] = "Two\nlines"
    text = (write_csv(folder, rows) / "kinds.csv").read_text()
    # A cell with a line break is one row of the sheet; a blank line is one too.
    (folder / "kinds.csv").write_text(text + "\nmagic,Magic,,\n")
    assert [(p.row, p.column) for p in check(folder)] == [(5, "id")]


def test_a_folder_that_does_not_exist_is_one_problem(tmp_path: Path) -> None:
    assert strings(check(tmp_path / "no")) == [f"{tmp_path}/no: this folder does not exist"]


def test_a_folder_in_place_of_a_file_is_reported(folder: Path) -> None:
    (folder / "kinds.csv").unlink()
    (folder / "kinds.csv").mkdir()
    assert "kinds.csv: cannot be read (Is a directory)" in strings(check(folder))


# Readers during an import ---------------------------------------------------------------


def test_readers_see_old_or_new_while_another_process_imports(
    imported: Engine, url: str, tmp_path: Path
) -> None:
    """Both catalogues are told by the version; each reader must see one of them, whole."""
    contents = {}
    for label in ("old", "new"):
        rows = small_catalogue()
        rows["programs.csv"] = [program(f"{label}-{i}") for i in range(60)]
        rows["kinds.csv"][0]["description"] = label
        folder = write_csv(tmp_path / label, rows)
        contents[import_folder(folder, imported).version] = label
    script = (
        "import sys\n"
        "from preceptor.catalogue.database import engine_from_url\n"
        "from preceptor.catalogue.importer import import_folder\n"
        "for i in range(12):\n"
        f"    import_folder(sys.argv[1 + i % 2], engine_from_url({url!r}))\n"
    )
    arguments = [sys.executable, "-c", script, str(tmp_path / "old"), str(tmp_path / "new")]

    def pause(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        if "catalogue_rows" in sql:
            time.sleep(0.05)  # Long enough for an import to come between two statements.

    event.listen(imported, "before_cursor_execute", pause)
    seen = set()
    with subprocess.Popen(arguments, cwd=CODE, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            catalogue = Catalogue.load(imported)
            label = contents[catalogue.version]
            ids = [program.id for program in catalogue.programs]
            assert {id.split("-")[0] for id in ids} == {label}
            assert len(ids) == 60
            seen.add(label)
    assert process.returncode == 0
    assert seen == {"old", "new"}
