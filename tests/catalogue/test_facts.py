"""Facts: what answers read from the catalogue."""

from decimal import Decimal
from pathlib import Path

from sqlalchemy.engine import Engine

from preceptor.catalogue import facts
from preceptor.catalogue.importer import import_folder
from preceptor.catalogue.records import RegulatorRecord
from preceptor.catalogue.snapshot import Catalogue
from tests.support.catalogue import Rows, program, write_csv


def test_a_country_has_a_rule_by_each_route(imported: Engine, folder: Path, rows: Rows) -> None:
    abroad = {**rows["registration.csv"][0], "route": "abroad", "needed": "not stated", "pay": ""}
    rows["registration.csv"] += [abroad | {"gaps": "not stated by the regulator"}]
    import_folder(write_csv(folder, rows), imported)
    rules = facts.registration_rules(Catalogue.load(imported), "KE")
    assert list(rules) == ["home", "abroad"]
    assert (rules["home"].min_months, rules["home"].max_months) == (Decimal(12), Decimal("13.5"))
    assert rules["abroad"].needed == "not stated"
    # Looked up in vain is not the same as not looked up.
    assert (rules["abroad"].gaps, rules["abroad"].pay) == ("not stated by the regulator", None)
    assert facts.registration_rules(Catalogue.load(imported), "PE") == {}


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
