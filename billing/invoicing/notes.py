"""Credit notes: a part of a finalised invoice taken back, by its own rates of tax.

What was open on the invoice is less by it; what was paid already goes to the balance,
or back by the way it came. All notes of an invoice are never more than the invoice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from billing import balance, clock, ledger, refunding, settlement
from billing.errors import CreditUsed, NotPayable, TooMuchCredit
from billing.events import CreditNoteIssued
from billing.invoicing import numbers
from billing.ledger import books
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Payment
from billing.rating import credit_notes, money
from billing.rating.credit_notes import Amounts
from billing.states import (
    CreditKind,
    InvoiceKind,
    InvoiceState,
    LineKind,
    NoteReason,
    PaymentState,
)
from paybill_site.kernel import events

# What takes effect with its payment is taken back whole, not noted while it is open.
OFFERS = frozenset({InvoiceKind.START, InvoiceKind.CHANGE})


@dataclass(frozen=True, slots=True)
class Wish:
    """How much to take back, in minor units: all that is left, an ``amount`` before tax
    in proportion over the lines, amounts before tax ``by_line`` (by position; None is
    all that is left of that line), or a ``total`` with tax, to the minor unit."""

    amount: int | None = None
    by_line: Mapping[int, int | None] | None = None
    total: int | None = None


def credit(
    invoice: Invoice,
    wish: Wish,
    *,
    reason: NoteReason,
    memo: str = "",
    refund: bool = False,
    first: Payment | None = None,
) -> CreditNote:
    """Issue a credit note for a locked invoice, its customer locked before it.

    ``refund``: what was paid goes back by the way it came, as far as it can, instead
    of to the balance; out of the payment ``first``, if one is named. Raises
    TooMuchCredit, NotPayable, CreditUsed.
    """
    parts = _parts(invoice, wish)
    net, tax = sum(p.subtotal for _, p in parts), sum(p.tax for _, p in parts)
    _check(invoice, parts, net + tax)
    note = _write(invoice, Amounts(net, tax), refund=refund, reason=reason, memo=memo)
    rows = CreditNoteLine.objects.bulk_create(
        CreditNoteLine(
            note=note, line=line, position=position, net=part.subtotal, tax=part.tax
        )
        for position, (line, part) in enumerate(parts, start=1)
    )
    ledger.post(books.noted(note, rows))
    invoice.credited += note.total
    invoice.noted += note.noted
    invoice.save(update_fields=["credited", "noted"])
    events.emit(CreditNoteIssued(**invoice.named, note=note.public_id))
    _give(note, first)
    if invoice.state != InvoiceState.PAID and not invoice.outstanding:
        settlement.settle(invoice)
    return note


def _parts(invoice: Invoice, wish: Wish) -> list[tuple[InvoiceLine, Amounts]]:
    """What of each line is taken back. Raises TooMuchCredit."""
    lines = list(invoice.lines.all())
    earlier = _earlier(invoice)
    whole = {line.pk: Amounts(line.net, line.tax) for line in lines}
    left = {pk: credit_notes.rest(whole[pk], earlier[pk]) for pk in whole}
    try:
        if wish.total is not None:
            parts = list(_of_total(lines, left, wish.total))
        else:
            wanted = _wanted(lines, left, wish)
            parts = [
                (line, _of_line(line, wanted[line.pk], left[line.pk], earlier[line.pk]))
                for line in lines
                if line.pk in wanted
            ]
    except credit_notes.TooMuchCredit as error:
        raise TooMuchCredit(str(error)) from error
    return [(line, part) for line, part in parts if part.subtotal or part.tax]


def _earlier(invoice: Invoice) -> dict[int, list[Amounts]]:
    found: dict[int, list[Amounts]] = defaultdict(list)
    for row in CreditNoteLine.objects.filter(note__invoice=invoice):
        found[row.line_id].append(Amounts(row.net, row.tax))
    return found


def _wanted(
    lines: Sequence[InvoiceLine], left: Mapping[int, Amounts], wish: Wish
) -> dict[int, int | None]:
    """Minor units before tax for each line (by key); None is all that is left."""
    if wish.by_line is not None:
        known = {line.position: line.pk for line in lines}
        if missing := wish.by_line.keys() - known.keys():
            raise TooMuchCredit(f"the invoice has no line {min(missing)}")
        return {known[place]: net for place, net in wish.by_line.items()}
    if wish.amount is None:
        return {line.pk: None for line in lines}
    each = credit_notes.split(wish.amount, [left[line.pk].subtotal for line in lines])
    return {line.pk: net for line, net in zip(lines, each, strict=True) if net}


def _of_total(
    lines: Sequence[InvoiceLine], left: Mapping[int, Amounts], total: int
) -> Iterator[tuple[InvoiceLine, Amounts]]:
    each = credit_notes.split(total, [left[line.pk].total for line in lines])
    for line, part in zip(lines, each, strict=True):
        if part:
            yield line, credit_notes.of_total(part, left[line.pk])


def _of_line(
    line: InvoiceLine, net: int | None, left: Amounts, earlier: Sequence[Amounts]
) -> Amounts:
    if net is None:
        return left
    whole = Amounts(line.net, line.tax)
    return credit_notes.credit(net, line.assessment.percents, whole, earlier)


def _check(
    invoice: Invoice, parts: Sequence[tuple[InvoiceLine, Amounts]], total: int
) -> None:
    if invoice.state in {InvoiceState.DRAFT, InvoiceState.VOID}:
        raise NotPayable(f"this invoice is {invoice.state}; there is nothing to credit")
    if any(line.kind == LineKind.PREPAID for line, _ in parts):
        raise CreditUsed
    if not 0 < total <= invoice.total - invoice.credited:
        left = money.text(invoice.total - invoice.credited, invoice.currency)
        raise TooMuchCredit(f"of {invoice.number} {left} can be credited")
    unpaid = not invoice.paid and not invoice.applied
    if invoice.kind in OFFERS and unpaid and total >= invoice.outstanding > 0:
        raise NotPayable("nothing was paid for it: take the invoice back instead")


def _write(
    invoice: Invoice, amounts: Amounts, *, refund: bool, reason: str, memo: str
) -> CreditNote:
    now, total = clock.now(), amounts.total
    noted = (
        min(total, invoice.outstanding) if invoice.state in settlement.PAYABLE else 0
    )
    back = 0
    if refund:
        can = sum(refunding.refundable(payment) for payment in _payments(invoice))
        back = min(total - noted, can)
    series = numbers.of_credit_notes(now)
    return CreditNote.objects.create(
        customer=invoice.customer,
        invoice=invoice,
        series=series,
        sequence=numbers.take(series)[0],
        reason=reason,
        memo=memo,
        currency=invoice.currency,
        subtotal=amounts.subtotal,
        tax=amounts.tax,
        total=total,
        noted=noted,
        refunded=back,
        to_balance=total - noted - back,
        issued_at=now,
    )


def _payments(invoice: Invoice, first: Payment | None = None) -> list[Payment]:
    """What came in for it, the newest first: that is the likeliest to go back.

    One that is named comes before all others.
    """
    rows = list(invoice.payments.filter(state=PaymentState.SUCCEEDED).order_by("-id"))
    return sorted(rows, key=lambda payment: payment != first)


def _give(note: CreditNote, first: Payment | None) -> None:
    left = note.refunded
    for payment in _payments(note.invoice, first):
        part = min(left, refunding.refundable(payment))
        if part:
            refunding.ask(payment, part, reason=note.number, note=note)
            left -= part
    if note.to_balance:
        balance.add(
            note.customer,
            note.to_balance,
            CreditKind.NOTE,
            reason=note.number,
            invoice=note.invoice,
        )
