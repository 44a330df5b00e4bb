"""Facts: what answers read from the catalogue."""

from decimal import Decimal
from pathlib import Path

from sqlalchemy.engine import Engine

from preceptor.catalogue import facts
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.records import LicensingRecord, RegulatorRecord
from preceptor.catalogue.snapshot import Catalogue
from tests.support.catalogue import SOURCE, Rows, program, write_csv


def test_licensing_tells_the_rule_with_its_source(catalogue: Catalogue) -> None:
    rule = catalogue.all(LicensingRecord)["KE"]
    assert (rule.local_name, rule.required) == ("Internship", "yes")
    assert (rule.min_months, rule.max_months) == (Decimal(12), Decimal("13.5"))
    assert rule.rotations is None
    assert (rule.source_url, rule.confidence) == (SOURCE["source_url"], "high")
    assert (rule.source_title, rule.source_date, rule.source_note) == (None, None, None)


def test_the_regulator_is_named_with_its_site(catalogue: Catalogue) -> None:
    regulator = catalogue.all(RegulatorRecord)["KE"]
    assert (regulator.name, regulator.url) == ("KMPDC", "https://kmpdc.go.ke")


def test_emergency_numbers_put_the_ambulance_first(catalogue: Catalogue) -> None:
    numbers = facts.emergency_numbers(catalogue, "KE")
    assert [(n.service, n.number) for n in numbers] == [
        ("ambulance", "1199"),
        ("general", "999 / 112"),
    ]
    assert facts.emergency_numbers(catalogue, "PE") == ()


def test_helplines_of_the_country_come_before_international_ones(catalogue: Catalogue) -> None:
    assert [h.id for h in facts.helplines(catalogue, "KE")] == [
        "befrienders-kenya",
        "find-a-helpline",
    ]
    assert [h.id for h in facts.helplines(catalogue, "PE")] == ["find-a-helpline"]
    assert [h.id for h in facts.helplines(catalogue)] == ["find-a-helpline"]


def test_countries_covered_are_those_with_programmes_or_rules(
    imported: Engine, folder: Path, rows: Rows
) -> None:
    rows["programs.csv"] = [
        program("a", countries="PE;EC"),
        program("b", countries="PE", listing="restricted"),
        program("c", countries="PE", listing="report"),
    ]
    import_folder(write_csv(folder, rows), imported)
    catalogue = Catalogue.load(imported)
    covered = facts.countries_covered(catalogue)
    assert [(each.country.name, *each[1:]) for each in covered] == [
        ("Ecuador", 1, 1, False),
        ("Kenya", 0, 0, True),
        ("Peru", 3, 1, False),
    ]
