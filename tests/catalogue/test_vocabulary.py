"""Vocabulary: every name by which the catalogue's things are known."""

from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.snapshot import Catalogue
from preceptor.catalogue.vocabulary import Term, Vocabulary
from tests.support.catalogue import Rows, program, write_csv


@pytest.fixture
def vocabulary(catalogue: Catalogue) -> Vocabulary:
    return Vocabulary.of(catalogue)


@pytest.mark.parametrize(
    "term",
    [
        Term("country", "KE", "Kenya"),
        Term("country", "KE", "Kenyans"),
        Term("region", "africa", "African"),
        Term("place", "denpasar", "Denpassar"),
        Term("specialty", "paediatrics", "peds"),
        Term("kind", "volunteer", "volunteer"),
        Term("stage", "clinical_student", "3rd year"),
        Term("program", "kenya-elective", "Kenya Elective"),
        Term("organisation", "Helpers (HLP)", "Helpers (HLP)"),
        Term("organisation", "Helpers (HLP)", "Helpers"),
        Term("organisation", "Helpers (HLP)", "HLP"),
    ],
    ids=str,
)
def test_a_name_is_in_the_vocabulary(vocabulary: Vocabulary, term: Term) -> None:
    assert term in vocabulary.terms


def test_ambiguous_names_are_marked_whatever_their_case(vocabulary: Vocabulary) -> None:
    marked = {term.text for term in vocabulary.terms if term.ambiguous}
    assert marked == {"Chad", "Kandy"}


def test_languages_are_those_of_the_programmes(imported: Engine, folder: Path, rows: Rows) -> None:
    rows["programs.csv"] = [program("a", languages="sw;es"), program("b", languages="es")]
    import_folder(write_csv(folder, rows), imported)
    assert Vocabulary.of(Catalogue.load(imported)).of_kind("language") == (
        Term("language", "es", "Spanish"),
        Term("language", "sw", "Swahili"),
    )


def test_a_text_stands_once_for_each_thing(imported: Engine, folder: Path, rows: Rows) -> None:
    rows["countries.csv"][0]["aliases"] = "KENYA;Kenyan;kenyan"
    import_folder(write_csv(folder, rows), imported)
    texts = [t.text for t in Vocabulary.of(Catalogue.load(imported)).terms if t.id == "KE"]
    assert texts == ["Kenya", "Kenyan"]


def test_places_are_known_with_their_countries(vocabulary: Vocabulary) -> None:
    assert vocabulary.place_countries["denpasar"] == "ID"


def test_the_version_is_that_of_the_catalogue(catalogue: Catalogue, vocabulary: Vocabulary) -> None:
    assert vocabulary.version == catalogue.version
