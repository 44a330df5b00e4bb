"""A small catalogue as Python rows, and how to write it as CSV files."""

import csv
from pathlib import Path

from preceptor.catalogue.records import RECORDS

Rows = dict[str, list[dict[str, str]]]

SOURCE = {"source_url": "https://example.org/page", "confidence": "high"}


def program(id: str, **cells: str) -> dict[str, str]:
    """A complete row of programs.csv, with some cells replaced."""
    row = {
        "id": id,
        "name": id.replace("-", " ").title(),
        "organisation": "Helpers (HLP)",
        "listing": "open_call",
        "countries": "KE",
        "worldwide": "no",
        "kind": "elective",
        **SOURCE,
    }
    return row | cells


def small_catalogue() -> Rows:
    """A catalogue with one of everything, made anew for each test."""
    return {
        "countries.csv": [
            {"iso2": "KE", "name": "Kenya", "aliases": "Kenyan;Kenyans"},
            {"iso2": "TZ", "name": "Tanzania", "aliases": "Tanzanian"},
            {"iso2": "PE", "name": "Peru", "aliases": "Peruvian"},
            {"iso2": "EC", "name": "Ecuador"},
            {"iso2": "LK", "name": "Sri Lanka"},
            {"iso2": "ID", "name": "Indonesia"},
            {"iso2": "TD", "name": "Chad", "aliases": "Chadian", "ambiguous": "chad"},
        ],
        "regions.csv": [
            {"id": "africa", "name": "Africa", "aliases": "African", "countries": "KE;TZ;TD"},
            {"id": "east-africa", "name": "East Africa", "countries": "KE;TZ"},
            {"id": "south-america", "name": "South America", "countries": "PE;EC"},
            {"id": "asia", "name": "Asia", "countries": "LK;ID"},
        ],
        "places.csv": [
            {"id": "nairobi", "name": "Nairobi", "type": "city", "country": "KE"},
            {"id": "mombasa", "name": "Mombasa", "type": "city", "country": "KE"},
            {"id": "bali", "name": "Bali", "type": "area", "country": "ID"},
            {
                "id": "denpasar",
                "name": "Denpasar",
                "type": "city",
                "country": "ID",
                "area": "bali",
                "aliases": "Denpassar",
            },
            {"id": "kandy", "name": "Kandy", "type": "city", "country": "LK", "ambiguous": "Kandy"},
            {"id": "cusco", "name": "Cusco", "type": "city", "country": "PE", "aliases": "Cuzco"},
        ],
        "specialties.csv": [
            {"id": "surgery", "name": "Surgery", "synonyms": "surgical"},
            {"id": "orthopaedics", "name": "Orthopaedics", "parent": "surgery"},
            {"id": "neurosurgery", "name": "Neurosurgery", "parent": "surgery"},
            {"id": "paediatrics", "name": "Paediatrics", "synonyms": "peds"},
        ],
        "kinds.csv": [
            {"id": "elective", "name": "Elective"},
            {"id": "volunteer", "name": "Volunteering", "synonyms": "volunteer"},
        ],
        "stages.csv": [
            {"id": "premed", "name": "Premed student"},
            {"id": "clinical_student", "name": "Clinical student", "synonyms": "3rd year"},
        ],
        "programs.csv": [
            program("kenya-elective", places="nairobi", specialties="surgery;paediatrics"),
            program("bali-volunteer", countries="ID", places="denpasar", kind="volunteer"),
        ],
        "registration.csv": [
            {
                "country": "KE",
                "route": "home",
                "name": "Internship",
                "needed": "yes",
                "needed_note": "It is needed.",
                "min_months": "12",
                "max_months": "13.5",
                "steps": "Degree > internship > registration",
                "regulator": "KMPDC",
                "regulator_name": "Kenya Medical Practitioners and Dentists Council",
                "source_title": "Internship",
                "source_url": "https://example.org/page",
                "source_publisher": "KMPDC",
                "read": "2026-11-29",
                "page_date": "undated",
                "confidence": "confirmed",
            }
        ],
        "registration_terms.csv": [
            {
                "id": "kmpdc",
                "name": "Kenya Medical Practitioners and Dentists Council",
                "kind": "regulator",
                "countries": "KE",
                "profession": "doctor",
                "aliases": "KMPDC",
                "url": "https://kmpdc.go.ke",
            }
        ],
        "regulators.csv": [
            {"country": "KE", "name": "KMPDC", "url": "https://kmpdc.go.ke", **SOURCE}
        ],
        "emergency_numbers.csv": [
            {"country": "KE", "service": "general", "number": "999 / 112", **SOURCE},
            {"country": "KE", "service": "ambulance", "number": "1199", **SOURCE},
        ],
        "helplines.csv": [
            {
                "id": "befrienders-kenya",
                "country": "KE",
                "name": "Befrienders Kenya",
                "phone": "+254 722 178 177",
                "for_whom": "anyone",
                **SOURCE,
            },
            {
                "id": "find-a-helpline",
                "name": "Find a Helpline",
                "url": "https://findahelpline.com",
                "for_whom": "anyone",
                **SOURCE,
            },
        ],
        "exchange_rates.csv": [
            {"currency": "USD", "units_per_eur": "1.25", "rate_date": "2024-06-28", **SOURCE},
            {"currency": "JPY", "units_per_eur": "160", "rate_date": "2024-06-21", **SOURCE},
            {"currency": "KWD", "units_per_eur": "0.33", "rate_date": "2024-06-28", **SOURCE},
        ],
    }


def write_csv(folder: Path, rows: Rows) -> Path:
    """Write the rows as the catalogue's CSV files; a file that is not among them is not written."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in rows.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, RECORDS[name].columns())
            writer.writeheader()
            writer.writerows(lines)
    return folder
