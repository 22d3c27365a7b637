"""How each event is booked. Debits are above zero, credits below."""

from __future__ import annotations

from collections.abc import Sequence

from billing.ledger.booking import Booking, Side
from billing.models import (
    CreditGrant,
    CreditNote,
    CreditNoteLine,
    Dispute,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Payment,
    Refund,
)
from billing.states import CreditKind, InvoiceState, LedgerAccount, LineKind, Posting

A = LedgerAccount

# What stands against credit that was granted outside of invoices and payments.
SOURCE = {
    CreditKind.PREPAID: A.PREPAYMENTS,
    CreditKind.PROMOTION: A.PROMOTIONS,
    CreditKind.ADJUSTMENT: A.PROMOTIONS,
}
UNEARNED = {
    LineKind.PREPAID: A.PREPAYMENTS,
    LineKind.CHARGEBACK: A.CHARGEBACKS,
}


def issued(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Booking:
    """The total is owed, each line is earned in its period, tax is owed on."""
    sides = [Side(earned_by(line), -line.net, line) for line in lines]
    return Booking(
        posting=Posting.ISSUED,
        customer=invoice.customer,
        currency=invoice.currency,
        invoice=invoice,
        sides=[Side(A.RECEIVABLE, invoice.total), *sides, Side(A.TAX, -invoice.tax)],
    )


def earned_by(line: InvoiceLine) -> LedgerAccount:
    """Prepaid credit is earned when it is used; what a bank took was earned before."""
    return UNEARNED.get(LineKind(line.kind), A.REVENUE)


def taken_back(invoice: Invoice) -> Booking:
    """The opposite of what was booked when the invoice was finalised and given up."""
    entries = LedgerEntry.objects.filter(
        invoice=invoice, posting__in=[Posting.ISSUED, Posting.GIVEN_UP]
    ).select_related("line")
    return Booking(
        posting=Posting.VOIDED,
        customer=invoice.customer,
        currency=invoice.currency,
        invoice=invoice,
        sides=[
            Side(LedgerAccount(entry.account), -entry.amount, entry.line)
            for entry in entries
        ],
    )


def given_up(invoice: Invoice) -> Booking:
    """What is open is lost."""
    return Booking(
        posting=Posting.GIVEN_UP,
        customer=invoice.customer,
        currency=invoice.currency,
        invoice=invoice,
        sides=[
            Side(A.BAD_DEBT, invoice.outstanding),
            Side(A.RECEIVABLE, -invoice.outstanding),
        ],
    )


def owed_on(invoice: Invoice) -> LedgerAccount:
    """Where what is open on an invoice stands."""
    lost = invoice.state == InvoiceState.UNCOLLECTIBLE
    return A.BAD_DEBT if lost else A.RECEIVABLE


def paid(invoice: Invoice, payment: Payment | None, amount: int, over: int) -> Booking:
    """``amount`` came in, of which ``over`` was more than was open."""
    return Booking(
        posting=Posting.PAID,
        customer=invoice.customer,
        currency=invoice.currency,
        invoice=invoice,
        payment=payment,
        sides=[
            Side(A.CASH, amount),
            Side(owed_on(invoice), over - amount),
            Side(A.CREDIT, -over),
        ],
    )


def applied(invoice: Invoice, amount: int) -> Booking:
    """The balance is used; below zero, the invoice gives to the balance."""
    return _moved(invoice, Posting.APPLIED, amount)


def returned(invoice: Invoice, amount: int) -> Booking:
    """What was used of the balance is given back."""
    return _moved(invoice, Posting.RETURNED, -amount)


def _moved(invoice: Invoice, posting: Posting, amount: int) -> Booking:
    return Booking(
        posting=posting,
        customer=invoice.customer,
        currency=invoice.currency,
        invoice=invoice,
        sides=[Side(A.CREDIT, amount), Side(owed_on(invoice), -amount)],
    )


def noted(note: CreditNote, lines: Sequence[CreditNoteLine]) -> Booking:
    """Revenue and tax are less; less is owed, or it goes back."""
    invoice = note.invoice
    return Booking(
        posting=Posting.NOTED,
        customer=note.customer,
        currency=note.currency,
        invoice=invoice,
        note=note,
        sides=[
            *(Side(earned_by(each.line), each.net, each.line) for each in lines),
            Side(A.TAX, note.tax),
            Side(owed_on(invoice), -note.noted),
            Side(A.CREDIT, -note.to_balance),
            Side(A.REFUNDS, -note.refunded),
        ],
    )


def granted(grant: CreditGrant, amount: int) -> Booking:
    """Credit from outside of invoices and payments; below zero it is taken back."""
    return Booking(
        posting=Posting.GRANTED,
        customer=grant.customer,
        currency=grant.currency,
        invoice=grant.invoice,
        sides=[Side(_source(grant), amount), Side(A.CREDIT, -amount)],
    )


def expired(grant: CreditGrant, amount: int) -> Booking:
    """Credit that was not used in time; what was paid for is earned then."""
    bought = grant.kind == CreditKind.PREPAID
    return Booking(
        posting=Posting.EXPIRED,
        customer=grant.customer,
        currency=grant.currency,
        sides=[
            Side(A.CREDIT, amount),
            Side(A.REVENUE if bought else _source(grant), -amount),
        ],
    )


def _source(grant: CreditGrant) -> LedgerAccount:
    return SOURCE.get(CreditKind(grant.kind), A.PROMOTIONS)


def from_balance(refund: Refund) -> Booking:
    """Credit of the customer is paid back."""
    return _refund(refund, A.CREDIT, A.REFUNDS)


def refund_arrived(refund: Refund) -> Booking:
    """The money left."""
    return _refund(refund, A.REFUNDS, A.CASH)


def refund_came_back(refund: Refund) -> Booking:
    """The bank sent it back: it is on its way again."""
    return _refund(refund, A.CASH, A.REFUNDS)


def taken_by_bank(dispute: Dispute) -> Booking:
    """The payer's bank took money back that was paid."""
    return _disputed(dispute, dispute.amount)


def returned_by_bank(dispute: Dispute, amount: int) -> Booking:
    """It gave so much to us after all."""
    return _disputed(dispute, -amount)


def _disputed(dispute: Dispute, amount: int) -> Booking:
    return Booking(
        posting=Posting.CHARGEBACK,
        customer=dispute.payment.customer,
        currency=dispute.currency,
        payment=dispute.payment,
        sides=[Side(A.CHARGEBACKS, amount), Side(A.CASH, -amount)],
    )


def _refund(refund: Refund, debit: LedgerAccount, credit: LedgerAccount) -> Booking:
    return Booking(
        posting=Posting.REFUND,
        customer=refund.customer,
        currency=refund.currency,
        payment=refund.payment,
        note=refund.note,
        refund=refund,
        sides=[Side(debit, refund.amount), Side(credit, -refund.amount)],
    )
