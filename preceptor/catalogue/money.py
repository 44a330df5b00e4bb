"""Money in minor units, and its conversion at the catalogue's dated exchange rates."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from babel.numbers import get_currency_precision

from preceptor.catalogue.database import CatalogueError

# babel has CLDR's digits, which follow use in the shops; the catalogue follows ISO 4217. These
# are the currencies in which the two differ (compared with ISO 4217 list one).
_ISO_DIGITS = {"IQD": 3} | dict.fromkeys(
    ["AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"], 2
)


def minor_digits(currency: str) -> int:
    """Return how many decimals a currency has by ISO 4217: EUR 2, JPY 0, KWD 3."""
    return _ISO_DIGITS.get(currency, get_currency_precision(currency))


@dataclass(frozen=True)
class Money:
    """An amount in the smallest unit of an ISO 4217 currency: EUR 21.20 is Money(2120, "EUR")."""

    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The amount in the currency's main unit, with its decimals: Decimal("21.20")."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Return the money of an amount in main units, rounded half up to the smallest unit."""
        minor = Decimal(amount).scaleb(minor_digits(currency))
        return cls(int(minor.quantize(Decimal(1), rounding=ROUND_HALF_UP)), currency)


class Rate(NamedTuple):
    """What one euro costs, and on which day; the euro itself has no date."""

    units_per_eur: Decimal
    rate_date: datetime.date | None = None


class Converted(NamedTuple):
    """An approximate amount in another currency; no date if nothing had to be converted."""

    money: Money
    rate_date: datetime.date | None


Rates = Mapping[str, Rate]


def in_euro(money: Money, rates: Rates) -> Decimal | None:
    """Return the amount in euros, not rounded, or None without a rate."""
    rate = rates.get(money.currency)
    return None if rate is None else money.amount / rate.units_per_eur


def convert_at(money: Money, currency: str, rates: Rates) -> Converted:
    """Convert by way of the euro.

    Raises:
        CatalogueError: Either currency has no rate.
    """
    if money.currency == currency:
        return Converted(money, None)
    for needed in (money.currency, currency):
        if needed not in rates:
            raise CatalogueError(f"The catalogue has no exchange rate for {needed}.")
    source, target = rates[money.currency], rates[currency]
    amount = money.amount * target.units_per_eur / source.units_per_eur
    # The result is as old as the older of its two rates.
    dates = [rate.rate_date for rate in (source, target) if rate.rate_date is not None]
    return Converted(Money.of(amount, currency), min(dates))
