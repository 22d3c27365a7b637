"""A payment that the payer's bank took back: booked, and owed anew by an invoice.

The invoice that was paid stays paid and what it set off stays done: a second payment of
it would set it off again. What the bank took is a line of its own, untaxed and no
revenue, both of which the first invoice has; so it is dunned as any other invoice is,
and the customer's credit pays it first.
"""

from __future__ import annotations

from billing import clock, invoicing, ledger, outcomes
from billing.drafts import Draft, DraftLine
from billing.errors import WrongCurrency
from billing.invoicing import notes
from billing.ledger import books
from billing.models import Dispute, Invoice
from billing.rating.lines import Charge
from billing.rating.periods import Period
from billing.states import InvoiceKind, InvoiceState, LineKind, NoteReason

WHY = "The bank took a payment by it back."


def lost(dispute: Dispute) -> None:
    """Book what the bank took, and bill it. Raises WrongCurrency.

    Only inside an action, the customer locked. The method is charged no more: its
    holder, or its bank, said that it was not to be.
    """
    if dispute.currency != dispute.payment.currency:
        raise WrongCurrency(f"{dispute} is in {dispute.currency}")
    outcomes.give_up_on(dispute.payment.method, WHY)
    ledger.post(books.taken_by_bank(dispute))
    dispute.invoice = invoicing.issue(_draft(dispute))
    dispute.save(update_fields=["invoice"])


def won(dispute: Dispute) -> None:
    """Book what came back after all, and take back what was billed for it."""
    rows = Invoice.objects.select_for_update(of=("self",), no_key=True)
    invoice = rows.select_related("customer").get(disputes=dispute)
    ledger.post(books.returned_by_bank(dispute, invoice.total))
    if invoice.state != InvoiceState.VOID and invoice.credited < invoice.total:
        words = "The bank gave the payment back."
        notes.credit(invoice, notes.Wish(), reason=NoteReason.OTHER, memo=words)
    dispute.invoice = None
    dispute.save(update_fields=["invoice"])


def _draft(dispute: Dispute) -> Draft:
    paid, now = dispute.payment.invoice, clock.now()
    line = DraftLine(
        f"Payment of {paid.number} that the bank took back",
        Charge(unit_amount=dispute.amount, currency=dispute.currency),
        LineKind.CHARGEBACK,
        Period(now, now),
        paid.subscription,
    )
    kind, currency = InvoiceKind.ONE_OFF, dispute.currency
    return Draft(dispute.payment.customer, kind, currency, (line,), now)
