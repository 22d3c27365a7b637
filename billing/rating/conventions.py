"""How a payment gateway counts money, where it differs from ISO 4217.

Two differences, and they are not the same: how many digits a currency has there, and
zeros that the gateway wants behind an amount although the currency has no such digits.
Source: the gateway's own page on currencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from billing.rating import money


class NotPayable(ValueError):
    """The gateway can not collect this amount to the last digit."""


@dataclass(frozen=True, slots=True)
class Convention:
    """Digits after the point where they are not ISO's, and zeros to be appended.

    ``least``: the smallest amount that is collected, in ISO minor units.
    """

    name: str
    digits: Mapping[str, int] = field(default_factory=dict)
    zeros: Mapping[str, int] = field(default_factory=dict)
    last_digit_zero: frozenset[str] = frozenset()
    least: Mapping[str, int] = field(default_factory=dict)

    def exponent(self, currency: str) -> int:
        """Digits after the point in this convention. Raises UnknownCurrency."""
        return self.digits.get(currency, money.exponent(currency))

    def minor(self, major: Decimal, currency: str) -> int:
        """Minor units as this convention counts them, rounded half away from zero."""
        return money.rounded(Fraction(major) * 10 ** self.exponent(currency))

    def sent(self, minor: int, currency: str) -> int:
        """What goes to the gateway for ISO minor units. Raises NotPayable.

        Never rounded: the customer is charged what the invoice says or nothing.
        """
        here = Fraction(money.to_major(minor, currency))
        units = here * 10 ** self.exponent(currency)
        needs_zero = currency in self.last_digit_zero and units % 10
        if units.denominator != 1 or needs_zero:
            raise NotPayable(f"{money.text(minor, currency)} can not be collected")
        zeros: int = 10 ** self.zeros.get(currency, 0)
        return int(units) * zeros

    def received(self, amount: int, currency: str) -> int:
        """ISO minor units of an amount that the gateway names. Raises NotPayable."""
        digits = self.exponent(currency) + self.zeros.get(currency, 0)
        units = money.unrounded(Decimal(amount).scaleb(-digits), currency)
        if units.denominator != 1:
            raise NotPayable(f"{amount} is less than a minor unit of {currency}")
        return int(units)


ISO_4217 = Convention("ISO 4217")
STRIPE = Convention(
    "stripe API minor units",
    digits={"MGA": 0, "ISK": 2},
    zeros={"UGX": 2},
    last_digit_zero=frozenset({"BHD", "JOD", "KWD", "OMR", "TND"}),
    # Its table "Minimum and maximum charge amounts".
    least={
        **{"AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50},
        **{"CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500},
        **{"INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50},
        **{"PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50},
    },
)
