"""The credit balance of a customer: what it was granted and has not used yet.

``CreditGrant.left`` says what is left of each amount and ``Customer.balance`` what is
left in all; ``BalanceEntry`` has every movement. All three are written together, under
the customer's lock, and in the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing import clock, ledger, refunding
from billing.errors import BalanceTooLow
from billing.ledger import books
from billing.models import (
    BalanceEntry,
    CreditGrant,
    Customer,
    Invoice,
    Payment,
    Refund,
)
from billing.rating import money
from billing.states import CreditKind, EntryKind, InvoiceKind

# What is used first: what can run out before what was paid for.
PRIORITY = {
    CreditKind.PROMOTION: 20,
    CreditKind.ADJUSTMENT: 40,
    CreditKind.PREPAID: 60,
}


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of a grant, minor units, above zero in the customer's favour."""

    grant: CreditGrant
    amount: int
    kind: EntryKind
    invoice: Invoice | None = None
    reason: str = ""


def usable(customers: Iterable[Customer]) -> dict[int, int]:
    """What each customer (by key) can use now, in minor units."""
    having = [customer.pk for customer in customers if customer.balance]
    if not having:
        return {}
    rows = _unexpired(CreditGrant.objects.filter(customer__in=having), clock.now())
    sums = rows.values_list("customer").annotate(Sum("left"))
    return dict(sums.order_by())


def _unexpired(grants: QuerySet[CreditGrant], now: datetime) -> QuerySet[CreditGrant]:
    return grants.filter(Q(expires_at=None) | Q(expires_at__gt=now), left__gt=0)


def add(  # noqa: PLR0913 - what a grant consists of
    customer: Customer,
    amount: int,
    kind: CreditKind,
    *,
    reason: str = "",
    invoice: Invoice | None = None,
    priority: int | None = None,
    expires_at: datetime | None = None,
) -> CreditGrant:
    """Grant credit to a locked customer; prepaid, given away or adjusted, it is booked.

    Credit that an invoice, a payment or a note gives is booked with these.
    """
    grant = CreditGrant.objects.create(
        customer=customer,
        kind=kind,
        amount=amount,
        left=amount,
        currency=invoice.currency if invoice else customer.currency,
        priority=PRIORITY.get(kind, 50) if priority is None else priority,
        expires_at=expires_at,
        reason=reason[:200],
        invoice=invoice,
    )
    _write([Movement(grant, amount, EntryKind.GRANTED, invoice, reason)], [customer])
    if kind in books.SOURCE:
        ledger.post(books.granted(grant, amount))
    return grant


def take(
    customer: Customer, amount: int, kind: EntryKind, *, reason: str
) -> list[Movement]:
    """Take credit from a locked customer; the caller books it. Raises BalanceTooLow."""
    parts = _use(_grants([customer])[customer.pk], amount)
    if sum(part for _, part in parts) < amount:
        held = money.text(customer.balance, customer.currency)
        raise BalanceTooLow(
            f"the balance is {held}; to give back what an invoice charged, credit it"
        )
    moved = [Movement(grant, -part, kind, None, reason) for grant, part in parts]
    _write(moved, [customer])
    return moved


def reduce(customer: Customer, amount: int, *, reason: str) -> None:
    """Take credit back by hand, and book it. Raises BalanceTooLow."""
    moved = take(customer, amount, EntryKind.ADJUSTED, reason=reason)
    ledger.post_many(books.expired(each.grant, -each.amount) for each in moved)


def pay_back(payment: Payment, amount: int, *, reason: str) -> Refund:
    """Refund credit of a locked customer by the way a payment came.

    What is not on the balance is not given back like this: a credit note takes the
    invoice back, and refunds. Raises BalanceTooLow, TooMuchToRefund.
    """
    take(payment.customer, amount, EntryKind.REFUNDED, reason=reason)
    refund = refunding.ask(payment, amount, reason=reason)
    ledger.post(books.from_balance(refund))
    return refund


def expire(customer: Customer) -> int:
    """Take what was not used in time from a locked customer; return minor units."""
    due = customer.grants.filter(left__gt=0, expires_at__lte=clock.now())
    moved = []
    for grant in due.select_related("customer"):
        moved.append(Movement(grant, -grant.left, EntryKind.EXPIRED))
        grant.left = 0
    _write(moved, [customer])
    ledger.post_many(books.expired(each.grant, -each.amount) for each in moved)
    return -sum(each.amount for each in moved)


def apply(invoice: Invoice) -> int:
    """Use the balance for what is open on an invoice; return how much it was."""
    before = invoice.applied
    apply_many([invoice])
    return invoice.applied - before


def apply_many(invoices: Sequence[Invoice]) -> None:
    """Use the balances of the invoices' customers.

    Nothing is asked of the database for customers without a balance.
    """
    using = [
        invoice
        for invoice in invoices
        if invoice.outstanding > 0
        and invoice.customer.balance > 0
        # Credit does not buy credit: what runs out would last for ever then.
        and invoice.kind != InvoiceKind.PREPAID
    ]
    grants = _grants([invoice.customer for invoice in using])
    moved, amounts = [], {}
    for invoice in using:
        parts = _use(grants[invoice.customer_id], invoice.outstanding)
        moved += [Movement(g, -part, EntryKind.APPLIED, invoice) for g, part in parts]
        amounts[invoice] = sum(part for _, part in parts)
    for invoice, amount in amounts.items():
        invoice.applied += amount
    Invoice.objects.bulk_update(amounts, ["applied"])
    _write(moved, [invoice.customer for invoice in using])
    ledger.post_many(books.applied(*each) for each in amounts.items())


def keep_below_zero(invoices: Iterable[Invoice]) -> None:
    """Add to the customers' balances what new invoices are below zero."""
    for invoice in invoices:
        if invoice.total < 0:
            kind, reason = CreditKind.INVOICE, invoice.number
            ledger.post(books.applied(invoice, invoice.total))
            add(invoice.customer, -invoice.total, kind, reason=reason, invoice=invoice)


def give_back(invoice: Invoice) -> None:
    """Give back what was used for an invoice that is taken back, to where it was."""
    entries = invoice.balance_entries.filter(kind=EntryKind.APPLIED)
    moved = []
    for entry in entries.select_related("grant__customer"):
        entry.grant.left -= entry.amount
        moved.append(Movement(entry.grant, -entry.amount, EntryKind.RETURNED, invoice))
    _write(moved, [invoice.customer])
    if moved:
        ledger.post(books.returned(invoice, invoice.applied))


def _grants(customers: Iterable[Customer]) -> dict[int, list[CreditGrant]]:
    """What can be used of each customer (by key), in the order in which it is used."""
    found: dict[int, list[CreditGrant]] = defaultdict(list)
    keys = {customer.pk for customer in customers}
    if keys:
        rows = _unexpired(CreditGrant.objects.filter(customer__in=keys), clock.now())
        order = ("priority", F("expires_at").asc(nulls_last=True), "id")
        for row in rows.select_related("customer").order_by(*order):
            found[row.customer_id].append(row)
    return found


def _use(grants: Sequence[CreditGrant], amount: int) -> list[tuple[CreditGrant, int]]:
    """Take up to an amount off grants, in order; return what of which."""
    parts = []
    for grant in grants:
        part = min(grant.left, amount)
        if part > 0:
            grant.left -= part
            amount -= part
            parts.append((grant, part))
    return parts


def _write(moved: Sequence[Movement], customers: Iterable[Customer]) -> None:
    """Store movements whose grants were changed, and the balances that follow."""
    if not moved:
        return
    now = clock.now()
    CreditGrant.objects.bulk_update(
        {m.grant.pk: m.grant for m in moved}.values(), ["left"]
    )
    BalanceEntry.objects.bulk_create(
        BalanceEntry(
            customer_id=each.grant.customer_id,
            grant=each.grant,
            kind=each.kind,
            amount=each.amount,
            currency=each.grant.currency,
            invoice=each.invoice,
            reason=each.reason[:200],
            at=now,
        )
        for each in moved
    )
    keys = {each.grant.customer_id for each in moved}
    left = CreditGrant.objects.filter(customer=OuterRef("pk"), left__gt=0)
    total = left.order_by().values("customer").annotate(held=Sum("left")).values("held")
    Customer.objects.filter(pk__in=keys).update(
        balance=Coalesce(Subquery(total), 0, output_field=BigIntegerField())
    )
    held = dict(Customer.objects.filter(pk__in=keys).values_list("pk", "balance"))
    for customer in customers:
        customer.balance = held.get(customer.pk, customer.balance)
