"""Vocabulary: every name by which the catalogue's things are known, always up to date."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from preceptor.catalogue.database import PROJECT_ROOT, NotImported, session
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.store import current_version
from preceptor.catalogue.vocabulary import Term, Vocabulary, VocabularyCache
from tests.catalogue.support import Rows, program, write_csv


@pytest.fixture
def vocabulary(imported: Engine) -> Vocabulary:
    return VocabularyCache(imported).current()


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
    assert VocabularyCache(imported).current().of_kind("language") == (
        Term("language", "es", "Spanish"),
        Term("language", "sw", "Swahili"),
    )


def test_a_text_stands_once_for_each_thing(imported: Engine, folder: Path, rows: Rows) -> None:
    rows["countries.csv"][0]["aliases"] = "KENYA;Kenyan;kenyan"
    import_folder(write_csv(folder, rows), imported)
    texts = [t.text for t in VocabularyCache(imported).current().terms if t.id == "KE"]
    assert texts == ["Kenya", "Kenyan"]


def test_the_version_is_that_of_the_catalogue(imported: Engine, vocabulary: Vocabulary) -> None:
    with session(imported) as opened:
        assert vocabulary.version == current_version(opened)


def test_nothing_is_read_again_while_nothing_changes(imported: Engine) -> None:
    cache = VocabularyCache(imported)
    first = cache.current()
    statements: list[str] = []
    event.listen(
        imported, "before_cursor_execute", lambda c, cur, sql, *rest: statements.append(sql)
    )
    assert cache.current() is first
    assert len([sql for sql in statements if sql.startswith("SELECT")]) == 1


def test_a_settled_file_is_not_opened_until_an_import(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    if imported.url.get_backend_name() != "sqlite":
        pytest.skip("only files have a state to look at")
    an_hour_ago = time.time() - 3600
    for path in Path(str(imported.url.database)).parent.glob("*.db*"):
        os.utime(path, (an_hour_ago, an_hour_ago))
    cache = VocabularyCache(imported)
    first = cache.current()
    statements: list[str] = []
    event.listen(
        imported, "before_cursor_execute", lambda c, cur, sql, *rest: statements.append(sql)
    )
    assert cache.current() is first
    assert not statements
    rows["programs.csv"].append(program("a-new-one", name="Clinic on the moon"))
    import_folder(write_csv(folder, rows), imported)
    assert Term("program", "a-new-one", "Clinic on the moon") in cache.current().terms


def test_an_import_by_another_process_is_seen_at_the_next_call(
    imported: Engine, url: str, folder: Path, rows: Rows
) -> None:
    cache = VocabularyCache(imported)
    assert "a-new-one" not in {term.id for term in cache.current().terms}
    rows["programs.csv"].append(program("a-new-one", name="Clinic on the moon"))
    write_csv(folder, rows)
    script = (
        "import sys\n"
        "from preceptor.catalogue.database import engine_from_url\n"
        "from preceptor.catalogue.importer import import_folder\n"
        "import_folder(sys.argv[1], engine_from_url(sys.argv[2]))\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(folder), url],
        cwd=PROJECT_ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert Term("program", "a-new-one", "Clinic on the moon") in cache.current().terms


def test_without_a_catalogue_the_cache_says_so(engine: Engine) -> None:
    with pytest.raises(NotImported):
        VocabularyCache(engine).current()
