"""What a report is: tables of figures, each with the rows that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Sum

from billing.rating import money


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a model by look-ups, as the list of the administration takes them.

    ``sums`` is the column or expression whose sum is the figure; without one the rows
    are counted.
    """

    model: type[models.Model]
    where: Mapping[str, Any]
    sums: Any = None

    def queryset(self) -> models.QuerySet[Any]:
        found: models.QuerySet[Any] = self.model._default_manager.filter(**self.where)
        return found

    def total(self) -> int:
        """The figure again, from its rows."""
        if self.sums is None:
            return self.queryset().count()
        return self.queryset().aggregate(all=Sum(self.sums))["all"] or 0

    def query(self) -> dict[str, str]:
        """The look-ups as a list's address has them."""
        return {name: _said(value) for name, value in self.where.items()}


def _said(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True, slots=True)
class Figure:
    """Minor units where there is a currency, else a count, or a share in percent."""

    value: int | Decimal | None
    currency: str = ""
    rows: Rows | None = None
    unit: str = ""

    @property
    def plain(self) -> Decimal | int | str:
        """As a spreadsheet takes it: ``Decimal("49.00")``, ``3``, or nothing."""
        if self.value is None:
            return ""
        if self.currency and isinstance(self.value, int):
            return money.to_major(self.value, self.currency)
        return self.value


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of figures. The chart draws the columns in ``charted`` (none: no chart).

    They stand on one another; what is below zero hangs down.
    """

    title: str
    first: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    charted: tuple[int, ...] = ()
    note: str = ""
