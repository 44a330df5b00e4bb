"""Money: minor units by ISO 4217, and conversion at dated rates."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preceptor.catalogue.database import CatalogueError
from preceptor.catalogue.money import Converted, Money, Rate, convert_at
from preceptor.catalogue.money import minor_digits as digits
from preceptor.catalogue.snapshot import Catalogue


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(2120, "EUR"), "21.20"),
        (Money(4000000, "HUF"), "40000.00"),
        (Money(500, "JPY"), "500"),
        (Money(1234, "KWD"), "1.234"),
        (Money(1000, "UGX"), "1000"),
    ],
)
def test_amounts_have_the_currencys_decimals(money: Money, amount: str) -> None:
    assert str(money.amount) == amount
    assert Money.of(amount, money.currency) == money


@pytest.mark.parametrize(("currency", "expected"), [("IQD", 3), ("RSD", 2), ("MMK", 2), ("LAK", 2)])
def test_decimals_follow_iso_4217_where_everyday_use_differs(currency: str, expected: int) -> None:
    assert digits(currency) == expected


@pytest.mark.parametrize(
    ("money", "currency", "expected"),
    [
        (Money(10000, "USD"), "EUR", 8000),
        (Money(8000, "EUR"), "USD", 10000),
        (Money(10000, "USD"), "JPY", 12800),
        (Money(100000, "JPY"), "KWD", 206250),
        (Money(1, "USD"), "EUR", 1),  # 0.8 cents, rounded
        (Money(5, "JPY"), "EUR", 3),  # 3.125 cents
        (Money(4, "JPY"), "EUR", 3),  # 2.5 cents, rounded half up
    ],
)
def test_conversion_goes_by_way_of_the_euro(
    catalogue: Catalogue, money: Money, currency: str, expected: int
) -> None:
    assert convert_at(money, currency, catalogue.rates).money == Money(expected, currency)


def test_a_conversion_tells_the_older_of_its_dates(catalogue: Catalogue) -> None:
    result = convert_at(Money(100, "USD"), "JPY", catalogue.rates)
    assert result.rate_date == datetime.date(2024, 6, 21)
    assert convert_at(Money(100, "USD"), "EUR", catalogue.rates).rate_date == datetime.date(
        2024, 6, 28
    )


def test_the_same_currency_needs_no_rate(catalogue: Catalogue) -> None:
    assert convert_at(Money(5, "GBP"), "GBP", catalogue.rates) == Converted(Money(5, "GBP"), None)


@pytest.mark.parametrize(("source", "target"), [("GBP", "EUR"), ("EUR", "GBP")])
def test_a_currency_without_a_rate_is_named(catalogue: Catalogue, source: str, target: str) -> None:
    with pytest.raises(CatalogueError, match="no exchange rate for GBP"):
        convert_at(Money(1, source), target, catalogue.rates)


@given(
    st.integers(0, 10**10),
    st.decimals("0.01", "10000", places=4),
    st.decimals("0.01", "10000", places=4),
)
def test_there_and_back_is_off_by_rounding_only(minor: int, usd: Decimal, kes: Decimal) -> None:
    date = datetime.date(2024, 1, 1)
    rates = {"USD": Rate(usd, date), "KES": Rate(kes, date)}
    there = convert_at(Money(minor, "USD"), "KES", rates).money
    back = convert_at(there, "USD", rates).money
    # Half a cent each way, the first of them at the rate.
    assert abs(back.minor - minor) <= Decimal("0.5") * usd / kes + 1
