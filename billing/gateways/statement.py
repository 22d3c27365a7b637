"""A bank statement as CSV: read strictly, then matched to invoices by their references.

Columns by name: date (2026-03-31), amount (1234.50; what went out is below zero),
currency, text; and reference, the bank's own name of the line, where it has one. Else a
line is named by its digest and by how often the same line came before it in the file,
so the same file read twice names its lines alike.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from billing.errors import NotInStatement
from billing.models import Invoice, Payment
from billing.rating import money
from billing.settlement import PAYABLE

COLUMNS = frozenset({"date", "amount", "currency", "text"})
MOST_LINES = 5_000
AMOUNT = re.compile(r"[+-]?\d{1,12}(\.\d{1,4})?")
# PB-2026-000042, also where the bank or the payer dropped what is between the parts.
QUOTED = re.compile(r"\bPB[\s\-/.]*([A-Z0-9]+(?:[\s\-/.]+[0-9]{6,9})?)", re.IGNORECASE)
DIGITS = (6, 7, 8, 9)

# Invoices by their series and sequence.
type Numbered = dict[tuple[str, int], Invoice]


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``number`` is where it stands in the file, the header is 1."""

    number: int
    day: date
    amount: Decimal
    currency: str
    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class Match:
    """A line that pays an invoice; ``minor`` is its amount, ``rest`` what is over."""

    line: Line
    invoice: Invoice
    minor: int
    rest: int


@dataclass(frozen=True, slots=True)
class Matched:
    """What a statement comes to; ``known`` lines are recorded already."""

    matches: tuple[Match, ...]
    unmatched: tuple[tuple[Line, str], ...]
    known: int
    outgoing: int


def read(text: str) -> list[Line]:
    """The lines of a statement. Raises NotInStatement, which names the line."""
    text = text.lstrip("\ufeff")
    heading = text.split("\n", 1)[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
    if missing := sorted(COLUMNS - set(rows.fieldnames)):
        raise NotInStatement(f"line 1: there is no column {', '.join(missing)}")
    try:
        return list(_named(rows))
    except csv.Error as error:
        raise NotInStatement(f"line {rows.line_num + 1}: {error}") from error


def _named(rows: csv.DictReader[str]) -> Iterator[Line]:
    seen: Counter[str] = Counter()
    for row in rows:
        if rows.line_num > MOST_LINES:
            raise NotInStatement(f"a statement has at most {MOST_LINES} lines")
        if None in row or None in row.values():
            raise NotInStatement(f"line {rows.line_num}: it has not as many columns")
        yield _line(rows.line_num, {k: v.strip() for k, v in row.items()}, seen)


def _line(number: int, row: dict[str, str], seen: Counter[str]) -> Line:
    facts = "|".join(row[name] for name in sorted(COLUMNS))
    digest = hashlib.sha256(f"{facts}|{seen[facts]}".encode()).hexdigest()[:32]
    seen[facts] += 1
    if not AMOUNT.fullmatch(row["amount"]):
        raise NotInStatement(f"line {number}: the amount is no number such as 1234.50")
    try:
        day, amount = date.fromisoformat(row["date"]), Decimal(row["amount"])
        money.exponent(row["currency"])
    except (ValueError, InvalidOperation) as error:
        raise NotInStatement(f"line {number}: {_words(error)}") from error
    return Line(
        number=number,
        day=day,
        amount=amount,
        currency=row["currency"],
        text=row["text"][:500],
        reference=(row.get("reference") or digest)[:80],
    )


def _words(error: Exception) -> str:
    if isinstance(error, money.UnknownCurrency):
        return "the currency is not known here"
    return "the date is none such as 2026-03-31"


def match(lines: Sequence[Line]) -> Matched:
    """Find the invoice of each line. Reads only."""
    coming = [line for line in lines if line.amount > 0]
    known = set(
        Payment.objects.filter(
            gateway="manual", reference__in=[line.reference for line in coming]
        ).values_list("reference", flat=True)
    )
    matches: list[Match] = []
    unmatched: list[tuple[Line, str]] = []
    left: dict[int, int] = {}
    fresh = [line for line in coming if line.reference not in known]
    quoted = _quoted(fresh)
    for line in fresh:
        found = _invoice(line, quoted, left)
        if isinstance(found, str):
            unmatched.append((line, found))
            continue
        minor = money.to_minor(line.amount, line.currency)
        open_now = left.get(found.pk, found.outstanding)
        matches.append(Match(line, found, minor, max(minor - open_now, 0)))
        left[found.pk] = max(open_now - minor, 0)
    outgoing = len(lines) - len(coming)
    again = len(coming) - len(fresh)
    return Matched(tuple(matches), tuple(unmatched), again, outgoing)


def _invoice(line: Line, quoted: Numbered, left: dict[int, int]) -> Invoice | str:
    """The invoice that a line pays, or why there is none."""
    if money.unrounded(line.amount, line.currency).denominator != 1:
        return "the amount has more digits than its currency"
    quote = QUOTED.search(line.text)
    if quote is None:
        return "it quotes no invoice"
    invoice = next((quoted[n] for n in _numbers(quote[1]) if n in quoted), None)
    if invoice is None:
        return f"there is no invoice {quote[0].strip()}"
    if invoice.currency != line.currency:
        return f"{invoice.number} is in {invoice.currency}"
    if invoice.state not in PAYABLE or not left.get(invoice.pk, invoice.outstanding):
        # It may be what somebody recorded by hand, by another name: a person decides.
        state = invoice.state if invoice.pk not in left else "paid"
        return f"{invoice.number} is {state}"
    return invoice


def _quoted(lines: Iterable[Line]) -> Numbered:
    """The invoices that lines may quote, read at once."""
    quotes = [quote for line in lines if (quote := QUOTED.search(line.text))]
    numbers = {number for quote in quotes for number in _numbers(quote[1])}
    rows = Invoice.objects.filter(
        series__in={series for series, _ in numbers},
        sequence__in={sequence for _, sequence in numbers},
    )
    return {(row.series, row.sequence): row for row in rows if row.sequence}


def _numbers(text: str) -> Iterator[tuple[str, int]]:
    """The numbers that a quote may mean: nobody says where the series ends."""
    compact = re.sub(r"[^A-Z0-9]", "", text.upper())
    for digits in DIGITS:
        series, number = compact[:-digits], compact[-digits:]
        if series and number.isdigit() and len(number) == digits:
            yield series, int(number)
