"""Reports as CSV: for spreadsheets, which must not take a name for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models

from billing.reports.figures import Table
from paybill_site.kernel.planes import Place, here, plane

FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 2_000


class _Echo:
    """A file that keeps nothing: what is written comes back."""

    def write(self, text: str) -> str:
        return text


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Each row as a line of CSV."""
    writer: Any = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([guarded(value) for value in row])


def guarded(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it.

    Numbers stay as they are, those below zero too.
    """
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def of_tables(tables: Iterable[Table]) -> Iterator[list[Any]]:
    """A report: for each table its title, its head and its rows, then an empty line."""
    for table in tables:
        yield [table.title]
        yield [table.first, *table.columns]
        for row in table.rows:
            yield [row.label, *(figure.plain for figure in row.figures)]
        yield []


def of_rows(rows: models.QuerySet[Any], names: list[str]) -> Iterator[list[Any]]:
    """Rows of a model, read piece by piece while the answer is being sent.

    The plane is entered for each piece, because a request's has been left by then.
    """
    return _pieces(here(), rows, names)


def _pieces(
    place: Place, rows: models.QuerySet[Any], names: list[str]
) -> Iterator[list[Any]]:
    yield names
    last = 0
    while piece := _piece(place, rows, names, last):
        for key, *values in piece:
            yield values
            last = key


def _piece(
    place: Place, rows: models.QuerySet[Any], names: list[str], last: int
) -> list[Any]:
    with plane(place):
        found = rows.filter(pk__gt=last).order_by("pk").values_list("pk", *names)
        return list(found[:CHUNK])
