"""What a document says, as plain values: an invoice or a credit note, row by row.

Only what was stored when it was finalised is said, so it says the same for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.documents.words import Words
from billing.models import CreditNote, Invoice, InvoiceLine
from billing.rating import lines, money
from billing.rating.shares import spread
from billing.rating.taxes import Assessment, Treatment

TOLD = (Treatment.REVERSE_CHARGE, Treatment.OUTSIDE, Treatment.EXEMPT)


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the table; ``small`` are the lines below its description."""

    position: str
    text: str
    small: tuple[str, ...]
    tax: str
    amount: str


@dataclass(slots=True)
class Sheet:
    """A document. ``facts`` and ``sums`` are pairs of label and value."""

    words: Words
    title: str
    number: str
    seller: dict[str, str]
    buyer: dict[str, str]
    issued: datetime
    facts: list[tuple[str, str]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    sums: list[tuple[str, str]] = field(default_factory=list)
    taxes: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    payment: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Taxed:
    """What was taxed alike, in minor units; ``rates`` are name, percent and tax."""

    net: int = 0
    rates: dict[tuple[str, str], int] = field(default_factory=dict)


def of_invoice(invoice: Invoice) -> Sheet:
    """The invoice as a sheet of paper."""
    sheet = _begun(
        invoice, invoice.parties, "invoice", invoice.number, _opened(invoice)
    )
    words, zone = sheet.words, invoice.customer.zone
    rows = list(invoice.lines.select_related("invoice"))
    if invoice.due_at and invoice.total > 0:
        sheet.facts.append((words["due"], words.day(invoice.due_at.astimezone(zone))))
    sheet.items = [_item(sheet, row) for row in rows]
    _sum_up(sheet, invoice)
    parts = [
        (row.assessment, row.net, row.assessment.taxes) for row in rows if row.taxed
    ]
    _tell_taxes(sheet, parts, invoice.currency)
    if invoice.total > invoice.applied:
        sheet.payment = [f"{words['pay by transfer']} {invoice.reference}"]
        sheet.payment += invoice.parties.get("bank", [])
    return sheet


def of_credit_note(note: CreditNote) -> Sheet:
    """The credit note as a sheet of paper; its amounts are what is taken back."""
    invoice = note.invoice
    sheet = _begun(invoice, invoice.parties, "credit note", note.number, note.issued_at)
    words, currency = sheet.words, note.currency
    sheet.facts.append((words["of invoice"], invoice.number))
    rows = list(note.lines.select_related("line__invoice"))
    sheet.items = [
        Item(
            str(row.position),
            row.line.description,
            (),
            _rate(sheet, row.taxed),
            words.money(row.net, currency),
        )
        for row in rows
    ]
    sums = [("net", note.subtotal), ("tax", note.tax), ("total", note.total)]
    went = [
        ("off the invoice", note.noted),
        ("to balance", note.to_balance),
        ("refunded", note.refunded),
    ]
    shown = sums + [(name, amount) for name, amount in went if amount]
    sheet.sums = [
        (words[name], words.money(amount, currency)) for name, amount in shown
    ]
    parts = [(row.taxed, row.net, _split(row.taxed, row.tax)) for row in rows]
    _tell_taxes(sheet, parts, currency)
    sheet.notes += [note.memo] if note.memo else []
    return sheet


def _begun(
    invoice: Invoice, parties: dict[str, Any], kind: str, number: str, at: datetime
) -> Sheet:
    words = Words(str(parties.get("language", "en")))
    day = words.day(at.astimezone(invoice.customer.zone))
    return Sheet(
        words,
        words[kind],
        number,
        parties.get("seller", {}),
        parties.get("buyer", {}),
        at,
        facts=[(words["number"], number), (words["date"], day)],
    )


def _opened(invoice: Invoice) -> datetime:
    return invoice.opened_at or invoice.created_at


def _item(sheet: Sheet, row: InvoiceLine) -> Item:
    words, currency = sheet.words, row.invoice.currency
    plain = money.text(row.amount, currency)
    small = [_span(sheet, row), row.why if row.why != plain else ""]
    for off in row.discounts:
        taken = words.money(-off["amount"], currency)
        why = lines.from_inputs(off["inputs"]).why
        small.append(f"{off['name']}: {taken} ({why})")
    return Item(
        str(row.position),
        row.description,
        tuple(text for text in small if text),
        _rate(sheet, row.assessment) if row.taxed else "",
        words.money(row.amount, currency),
    )


def _span(sheet: Sheet, row: InvoiceLine) -> str:
    """The period in days, the last one inclusive."""
    start, end = row.period_start, row.period_end
    if start is None or end is None or start == end:
        return ""
    zone = row.invoice.customer.zone
    last = (end - timedelta(seconds=1)).astimezone(zone)
    first = sheet.words.day(start.astimezone(zone))
    return f"{first} \u2013 {sheet.words.day(last)}"


def _rate(sheet: Sheet, assessment: Assessment) -> str:
    rates = (sheet.words.number(percent) for percent in assessment.percents)
    return " + ".join(f"{rate}\u00a0%" for rate in rates) or "\u2013"


def _sum_up(sheet: Sheet, invoice: Invoice) -> None:
    words, currency = sheet.words, invoice.currency
    sums = [("subtotal", invoice.subtotal)] if invoice.discount or invoice.tax else []
    sums += [("discount", -invoice.discount)] if invoice.discount else []
    own = invoice.tax - invoice.included
    sums += [("tax", own)] if own else []
    sums.append(("total", invoice.total))
    if invoice.applied:
        moved = "to balance" if invoice.applied < 0 else "from balance"
        sums.append((moved, -invoice.applied))
        sums.append(("to pay", invoice.total - invoice.applied))
    sheet.sums = [(words[name], words.money(amount, currency)) for name, amount in sums]


def _tell_taxes(
    sheet: Sheet, parts: Iterable[tuple[Assessment, int, Sequence[int]]], currency: str
) -> None:
    """The summary by rate, and why nothing is taxed where that is so."""
    found: dict[tuple[tuple[str, ...], str], Taxed] = {}
    treatments = set()
    for assessment, net, taxes in parts:
        treatments.add(assessment.treatment)
        rates = tuple(money.plain(percent) for percent in assessment.percents)
        taxed = found.setdefault((rates, str(assessment.treatment)), Taxed())
        taxed.net += net
        names = assessment.names or ("",) * len(rates)
        for name, rate, tax in zip(names, rates, taxes, strict=True):
            taxed.rates[name, rate] = taxed.rates.get((name, rate), 0) + tax
    for taxed in found.values():
        taxable = sheet.words.money(taxed.net, currency)
        for (name, rate), tax in taxed.rates.items():
            label = f"{name} {sheet.words.number(Decimal(rate))}\u00a0%".strip()
            sheet.taxes.append((label, taxable, sheet.words.money(tax, currency)))
    sheet.notes += [sheet.words[str(each)] for each in TOLD if each in treatments]


def _split(assessment: Assessment, tax: int) -> Sequence[int]:
    """A note's tax by rate, as the line's own taxes were."""
    if len(assessment.percents) == 1:
        return [tax]
    return spread(tax, assessment.percents) if assessment.percents else []
