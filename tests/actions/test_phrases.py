"""Articles, plurals and lengths in words."""

from decimal import Decimal

import pytest

from actions import phrases


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Philippines", "the Philippines"),
        ("United Kingdom", "the United Kingdom"),
        ("Dominican Republic", "the Dominican Republic"),
        ("Cook Islands", "the Cook Islands"),
        ("Democratic Republic of the Congo", "the Democratic Republic of the Congo"),
        ("Ireland", "Ireland"),
        ("Czechia", "Czechia"),
        ("Niger", "Niger"),
    ],
)
def test_countries_have_their_article(name, shown):
    assert phrases.country(name) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("UK Foundation Programme (F1 and F2)", "the UK Foundation Programme (F1 and F2)"),
        ("Housemanship (house job)", "housemanship (house job)"),
        ("Medical internship plus service", "the medical internship plus service"),
        ("Internship training", "internship training"),
        ("Praktisches Jahr (PJ)", "Praktisches Jahr (PJ)"),
        ("LIS1 (first part of specialist training)", "LIS1 (first part of specialist training)"),
        ("Residency (PGY-1 onward) via ERAS", "the residency (PGY-1 onward) via ERAS"),
    ],
)
def test_internships_have_their_article(name, shown):
    assert phrases.internship(name) == shown


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        ("1", "1", "1 month"),
        ("12", "24", "12 to 24 months"),
        ("1", None, "at least 1 month"),
        (None, "1.5", "up to 1.5 months"),
        (None, None, ""),
    ],
)
def test_months_are_counted(low, high, shown):
    assert phrases.months(low and Decimal(low), high and Decimal(high)) == shown
