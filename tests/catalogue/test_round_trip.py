"""Export: the same catalogue gives the same files, and the files give the same catalogue."""

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from preceptor.catalogue.database import CatalogueError, NotImported, engine_from_url
from preceptor.catalogue.exporter import export_folder
from preceptor.catalogue.importer import check, import_folder
from preceptor.catalogue.records import RECORDS
from preceptor.catalogue.snapshot import Catalogue
from preceptor.catalogue.store import load_stored
from tests.support.catalogue import SOURCE, Rows, program, small_catalogue, write_csv

# Anything that a spreadsheet may hold: quotes, commas, line breaks, right-to-left, emoji.
TEXT = (
    st.text(
        st.one_of(
            st.sampled_from("\",\n =+-'éĐالعربية中🩺"), st.characters(exclude_categories=["C"])
        ),
        max_size=30,
    )
    .map(str.strip)
    .filter(bool)
)
MAYBE_TEXT = st.one_of(st.just(""), TEXT)
ITEM = TEXT.map(lambda text: text.replace(";", ",").strip())
ITEMS = st.lists(ITEM.filter(bool), max_size=4, unique=True).map(";".join)
WEEKS = st.tuples(st.integers(1, 20), st.integers(0, 20)).map(
    lambda pair: {"min_weeks": str(pair[0]), "max_weeks": str(pair[0] + pair[1])}
)
PRICES: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "price_minor": st.integers(0, 10**12).map(str),
            "currency": st.sampled_from(["EUR", "JPY", "KWD"]),
            "price_basis": st.sampled_from(["per_week", "exchange_fee"]),
            "price_covers": MAYBE_TEXT,
            "price_date": st.sampled_from(["", "2024", "2024-02", "2024-02-29"]),
        }
    ),
)


def several(values: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), unique=True).map(";".join)


@st.composite
def catalogues(draw: st.DrawFn) -> Rows:
    rows = small_catalogue()
    rows["countries.csv"][0]["aliases"] = draw(ITEMS)
    rows["specialties.csv"][0]["synonyms"] = draw(ITEMS)
    slugs = draw(
        st.lists(st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True), unique=True)
    )
    rows["programs.csv"] = [
        program(
            slug,
            name=draw(TEXT),
            organisation=draw(TEXT),
            departments=draw(MAYBE_TEXT),
            countries=draw(several(["KE", "TZ", "PE"])),
            worldwide="yes",
            specialties=draw(several(["surgery", "orthopaedics", "paediatrics"])),
            stages=draw(several(["premed", "clinical_student"])),
            languages=draw(several(["en", "es", "sw"])),
            **draw(st.one_of(st.just({}), WEEKS)),
            **draw(PRICES),
        )
        for slug in slugs
    ]
    months = st.decimals(0, 240, places=2).map(str)
    rows["registration.csv"][0]["min_months"] = draw(st.one_of(st.just(""), months))
    rows["registration.csv"][0]["max_months"] = ""
    rate = draw(st.decimals("0.000001", "99999", places=6))
    rows["exchange_rates.csv"].append(
        {"currency": "KES", "units_per_eur": str(rate), "rate_date": "2024-02-29", **SOURCE}
    )
    rows["kinds.csv"][0]["description"] = draw(MAYBE_TEXT)
    return rows


# Each example writes two databases.
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(catalogues())
def test_importing_an_export_gives_the_same_catalogue(rows: Rows) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        first = engine_from_url(f"sqlite:///{root}/first.db")
        second = engine_from_url(f"sqlite:///{root}/second.db")
        report = import_folder(write_csv(root / "in", rows), first)
        export_folder(root / "out", first)
        again = import_folder(root / "out", second)
        assert again.version == report.version
        assert load_stored(first) == load_stored(second)
        assert not import_folder(root / "out", first).changed
        export_folder(root / "out2", second)
        for file in RECORDS:
            assert (root / "out" / file).read_bytes() == (root / "out2" / file).read_bytes()


def test_an_export_is_sorted_and_has_the_dictionarys_columns(
    imported: Engine, tmp_path: Path
) -> None:
    written = export_folder(tmp_path / "out", imported)
    assert written["places.csv"] == 6
    lines = (tmp_path / "out" / "places.csv").read_text().splitlines()
    assert lines[0] == "id,name,type,country,area,aliases,ambiguous"
    assert [line.split(",")[0] for line in lines[1:]] == [
        "bali",
        "cusco",
        "denpasar",
        "kandy",
        "mombasa",
        "nairobi",
    ]
    assert check(tmp_path / "out") == []


@pytest.mark.parametrize("text", ["=1+1", "+254 722", "-5", "@cmd", "'=1+1", "''@x"])
def test_no_exported_cell_is_a_formula_and_an_import_takes_the_apostrophe_away(
    engine: Engine, folder: Path, rows: Rows, tmp_path: Path, text: str
) -> None:
    rows["programs.csv"] = [program("one", departments="'" + text, name="It's = here")]
    import_folder(write_csv(folder, rows), engine)
    (one,) = Catalogue.load(engine).programs
    assert (one.departments, one.name) == (text, "It's = here")
    export_folder(tmp_path / "out", engine)
    with (tmp_path / "out" / "programs.csv").open() as stream:
        (row,) = csv.DictReader(stream)
    assert (row["departments"], row["name"]) == ("'" + text, "It's = here")
    assert not import_folder(tmp_path / "out", engine).changed


def test_an_export_replaces_its_files_and_leaves_others_alone(
    imported: Engine, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "kinds.csv").write_text("old")
    export_folder(tmp_path, imported)
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / "kinds.csv").read_text().startswith("id,name")
    assert not list(tmp_path.glob(".*.part"))


def test_nothing_is_exported_without_a_catalogue(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotImported):
        export_folder(tmp_path / "out", engine)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_reported(imported: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogueError, match="cannot be written"):
        export_folder(tmp_path / "file" / "out", imported)
