"""Money is an integer of minor units with a currency; there are no floats.

Rounding is half away from zero, once per line. Exponents are those of ISO 4217.
What is not rounded yet is an exact ``Fraction``, of major units where prices are
spoken of and of minor units where amounts are.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

type Exact = Fraction | Decimal | int

CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN "
        "BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR "
        "FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
        "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR "
        "MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON "
        "RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
        "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"
    ),
}
EXPONENTS = {code: digits for digits, codes in CODES.items() for code in codes.split()}


class UnknownCurrency(ValueError):
    """The text is no ISO 4217 code of a currency in use."""


def exponent(currency: str) -> int:
    """Digits after the point: EUR 2, JPY 0, KWD 3. Raises UnknownCurrency."""
    if currency not in EXPONENTS:
        raise UnknownCurrency(f"{currency!r} is no currency that is known here")
    return EXPONENTS[currency]


def rounded(amount: Exact) -> int:
    """The nearest integer, halves away from zero: 2.5 -> 3, -2.5 -> -3."""
    exact = Fraction(amount)
    down, rest = divmod(abs(exact), 1)
    nearest = down + (1 if rest * 2 >= 1 else 0)
    return int(nearest) if exact >= 0 else -int(nearest)


def at_places(value: Exact, places: int) -> Decimal:
    """The value with so many digits after the point, halves away from zero."""
    return of_digits(rounded(Fraction(value) * 10**places), places)


def of_digits(count: int, places: int) -> Decimal:
    """So many of the last digit that is kept: 4900 of two digits are 49.00."""
    return Decimal(count).scaleb(-places)


def unrounded(major: Exact, currency: str) -> Fraction:
    """Exact minor units: 0.005 EUR -> 1/2. Raises UnknownCurrency."""
    factor: int = 10 ** exponent(currency)
    return Fraction(major) * factor


def to_minor(major: Exact, currency: str) -> int:
    """49.00 EUR -> 4900, rounded half away from zero. Raises UnknownCurrency."""
    return rounded(unrounded(major, currency))


def percent_of(base: Exact, percent: Decimal) -> int:
    """So many percent of an amount in minor units, rounded."""
    return rounded(Fraction(base) * Fraction(percent) / 100)


def to_major(minor: int, currency: str) -> Decimal:
    """4900 EUR -> Decimal("49.00"), exact. Raises UnknownCurrency."""
    return of_digits(minor, exponent(currency))


def text(minor: int, currency: str) -> str:
    """What mails, logs and explanations say: ``"1234.50 EUR"``."""
    return f"{to_major(minor, currency)} {currency}"


def plain(value: Exact) -> str:
    """A number as people write it: ``51.2345``, ``3``, and nine digits of a third."""
    exact = Fraction(value)
    for places in range(31):
        if 10**places % exact.denominator == 0:
            return f"{at_places(exact, places):f}"
    return f"about {at_places(exact, 9):f}"
