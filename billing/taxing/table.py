"""Rates of tax: the operator's rows, and below them the table that is shipped.

The shipped one (``rates.csv``) has the standard rates of the member states of the Union
with the day since when each holds, as known when this version was made. Whoever
invoices by it has to check it; a row in the database takes its place.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Self

from billing.models import TaxRate
from billing.states import TaxPayer

STANDARD = "standard"
SHIPPED = Path(__file__).with_name("rates.csv")


@dataclass(frozen=True, slots=True)
class Rate:
    """A row of the table, wherever it comes from."""

    country: str
    name: str
    percent: Decimal
    valid_from: date
    region: str = ""
    tax_class: str = STANDARD
    payer: str = TaxPayer.ANY
    valid_until: date | None = None

    @property
    def closeness(self) -> tuple[bool, bool, date]:
        """What is nearer to the case counts first, then what is newer."""
        return bool(self.region), self.payer != TaxPayer.ANY, self.valid_from


@dataclass(frozen=True, slots=True)
class Case:
    """What a rate is looked up for."""

    country: str
    region: str
    business: bool
    day: date

    def fits(self, rate: Rate) -> bool:
        payer = TaxPayer.BUSINESS if self.business else TaxPayer.CONSUMER
        return (
            rate.country == self.country
            and rate.region in {"", self.region}
            and rate.payer in {TaxPayer.ANY, payer}
            and rate.valid_from <= self.day
            and (rate.valid_until is None or self.day < rate.valid_until)
        )


class Table:
    """The rates of some countries."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self.rates = tuple(rates)

    @classmethod
    def of(cls, countries: Iterable[str]) -> Self:
        """The operator's rows of these countries, and what is shipped of the others."""
        wanted = set(countries)
        rows = TaxRate.objects.filter(country__in=wanted)
        kept = [_from_row(row) for row in rows]
        own = {rate.country for rate in kept}
        return cls([*kept, *(r for r in shipped() if r.country in wanted - own)])

    def rates_for(self, case: Case, tax_class: str) -> list[Rate]:
        """One rate of each name, the nearest; of a class unknown, the standard ones."""
        fitting = [rate for rate in self.rates if case.fits(rate)]
        of_class = [rate for rate in fitting if rate.tax_class == tax_class]
        if not of_class and tax_class != STANDARD:
            return self.rates_for(case, STANDARD)
        nearest: dict[str, Rate] = {}
        for rate in sorted(of_class, key=lambda rate: rate.closeness):
            nearest[rate.name] = rate
        return [nearest[name] for name in sorted(nearest)]


def _from_row(row: TaxRate) -> Rate:
    return Rate(
        country=row.country,
        name=row.name,
        percent=row.percent,
        valid_from=row.valid_from,
        region=row.region,
        tax_class=row.tax_class,
        payer=row.payer,
        valid_until=row.valid_until,
    )


@cache
def shipped() -> tuple[Rate, ...]:
    """The rates that come with this version; the first line says as of when."""
    with SHIPPED.open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(
            Rate(
                country=row["country"],
                name=row["name"],
                percent=Decimal(row["percent"]),
                valid_from=date.fromisoformat(row["valid_from"]),
            )
            for row in rows
        )
