"""Lengths, money and positions as people write them."""

import pytest

from preceptor.nlu.entities.durations import durations
from preceptor.nlu.entities.money import amounts, wants_cheap
from preceptor.nlu.entities.positions import positions
from preceptor.nlu.tokens import tokens_of


def weeks(text: str):
    found = durations(tokens_of(text))
    return [(f.value["min_weeks"], f.value["max_weeks"]) for f in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 weeks", (4.0, 4.0)),
        ("four weeks", (4.0, 4.0)),
        ("4wks", (4.0, 4.0)),
        ("a week", (1.0, 1.0)),
        ("6-8 weeks", (6.0, 8.0)),
        ("6 to 8 weeks", (6.0, 8.0)),
        ("6–8 weeks", (6.0, 8.0)),
        ("between 6 and 8 weeks", (6.0, 8.0)),
        ("a month", (4.3, 4.3)),
        ("a month or two", (4.3, 8.7)),
        ("two months", (8.7, 8.7)),
        ("a couple of weeks", (2.0, 2.0)),
        ("a few weeks", (3.0, 4.0)),
        ("a fortnight", (2.0, 2.0)),
        ("10 days", (1.4, 1.4)),
        ("a year", (52.0, 52.0)),
        ("up to 3 months", (None, 13.0)),
        ("max 4 weeks", (None, 4.0)),
        ("at most six weeks", (None, 6.0)),
        ("no longer than 4 weeks", (None, 4.0)),
        ("at least 8 weeks", (8.0, None)),
        ("8 weeks or more", (8.0, None)),
        ("4 weeks max", (None, 4.0)),
        ("this summer", (None, 12.0)),
        ("in July", (None, None)),
    ],
)
def test_lengths_of_stay_in_weeks(text, expected):
    (found,) = weeks(f"surgery {text}")
    assert found == expected


def test_a_season_and_a_month_are_kept_by_name():
    assert durations(tokens_of("this summer"))[0].value["season"] == "summer"
    assert durations(tokens_of("from September"))[0].value["month"] == 9


@pytest.mark.parametrize(
    "text",
    [
        "3 years ago",
        "19 years old",
        "two weeks in advance",
        "3rd year student",
        "may I ask",
        "week",
    ],
)
def test_other_times_are_no_lengths_of_stay(text):
    assert weeks(text) == []


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("under 2000 usd", "2000", "USD"),
        ("under 2k USD", "2000", "USD"),
        ("€1500", "1500", "EUR"),
        ("1,500 euros", "1500", "EUR"),
        ("1.500 €", "1500", "EUR"),
        ("£700", "700", "GBP"),
        ("700 quid", "700", "GBP"),
        ("50,000 rupees", "50000", "INR"),
        ("two thousand dollars", "2000", "USD"),
        ("budget of 900", "900", None),
        ("under 1.5k", "1500", None),
        ("2 lakh rs", "200000", "INR"),
        ("99.50 EUR", "99.5", "EUR"),
    ],
)
def test_sums_of_money(text, amount, currency):
    (found,) = amounts(tokens_of(text))
    assert found.value == {"amount": amount, "currency": currency}


@pytest.mark.parametrize(
    "text", ["for 4 weeks", "under 8 weeks", "3 people", "in 2025", "number 2", "I am 24", "100%"]
)
def test_other_numbers_are_no_money(text):
    assert amounts(tokens_of(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the first one", [1]),
        ("tell me about the second", [2]),
        ("3rd option please", [3]),
        ("the last one", [-1]),
        ("number 2", [2]),
        ("no. 3", [3]),
        ("#1", [1]),
        ("2", [2]),
        ("the first two", [1, 2]),
        ("compare 1 and 3", [1, 3]),
        ("difference between the first and the third one", [1, 3]),
        ("compare all three", [1, 2, 3]),
    ],
)
def test_positions_in_a_list(text, expected):
    assert [f.value["position"] for f in positions(tokens_of(text))] == expected


@pytest.mark.parametrize(
    "text",
    ["first year student", "my first time abroad", "second language", "4 weeks", "first aid"],
)
def test_other_ordinals_pick_nothing(text):
    assert positions(tokens_of(text)) == []


@pytest.mark.parametrize(
    ("text", "cheap"), [("something cheap", True), ("on a tight budget", True), ("surgery", False)]
)
def test_little_money_without_a_sum(text, cheap):
    assert wants_cheap(tokens_of(text)) is cheap


def test_offsets_point_at_the_words():
    text = "Surgery, for 4 weeks, under €1500."
    (length,), (money,) = durations(tokens_of(text)), amounts(tokens_of(text))
    assert "4 weeks" in text[length.start : length.end]
    assert text[money.start : money.end] == "€1500"
