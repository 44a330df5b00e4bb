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


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (4.0, 4.0, "4 weeks"),
        (1.0, 1.0, "1 week"),
        (0.1, 0.1, "1 day"),
        (0.4, 0.4, "3 days"),
        (1.4, 1.4, "10 days"),
        (17.3, 17.3, "about 17 weeks"),
        (2, 12, "2 to 12 weeks"),
        (1.0, 2.0, "1 to 2 weeks"),
        (0.4, 0.7, "3 to 5 days"),
        (0.4, 2.0, "3 days to 2 weeks"),
        (0.1, 0.3, "1 to 2 days"),
        (1.0, None, "from 1 week"),
        (4.0, None, "from 4 weeks"),
        (None, 0.4, "up to 3 days"),
        (None, 1.0, "up to 1 week"),
        (None, None, ""),
    ],
)
def test_lengths_of_stay_read_as_people_say_them(low, high, expected):
    assert phrases.weeks(low, high) == expected
