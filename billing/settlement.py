"""Money that came in: recorded once, and what it was for takes effect with it.

1. The customer's row is locked, then the invoice's, so payments queue up.
2. It is booked, and counted for what is open; the rest goes to the balance.
3. When nothing is outstanding the invoice is paid, and then, in the same
   transaction, the subscription starts, changes or is restored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from billing import balance, clock, ledger, machines
from billing.events import InvoicePaid
from billing.ledger import books
from billing.models import Customer, Invoice, Payment, Subscription
from billing.states import (
    IN_FLIGHT,
    CreditKind,
    InvoiceKind,
    InvoiceState,
    LineKind,
)
from paybill_site.kernel import events

# First payments and changes are offers: unpaid they lapse and are not owed.
OWED = (InvoiceKind.RENEWAL, InvoiceKind.ONE_OFF)
PAYABLE = frozenset({InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE})

type Effect = Callable[[Subscription, Invoice], None]
_effects: dict[InvoiceKind, Effect] = {}


def takes_effect(kind: InvoiceKind) -> Callable[[Effect], Effect]:
    """Register what happens to each subscription of an invoice when it is paid."""

    def bind(effect: Effect) -> Effect:
        _effects[kind] = effect
        return effect

    return bind


def credit(invoice: Invoice, amount: int, payment: Payment | None = None) -> None:
    """Count money that came in towards a locked invoice, its customer locked first.

    Paid in full, it takes effect. What is more than is open goes to the customer's
    balance, all of it where nothing is open any more: money is never refused.
    """
    taken = min(amount, invoice.outstanding) if invoice.state in PAYABLE else 0
    over = amount - taken
    ledger.post(books.paid(invoice, payment, amount, over))
    if taken:
        invoice.paid += taken
        invoice.save(update_fields=["paid"])
    if over:
        _keep(invoice, over)
    if taken and not invoice.outstanding:
        settle(invoice)


def _keep(invoice: Invoice, over: int) -> None:
    reason = f"more than was open on {invoice.number}"
    customer = invoice.customer
    balance.add(customer, over, CreditKind.OVERPAID, reason=reason, invoice=invoice)


def use_balance(invoice: Invoice) -> None:
    """Pay a locked invoice from the balance, as far as that goes."""
    if balance.apply(invoice) and not invoice.outstanding:
        settle(invoice)


def use_for_owed(customer: Customer) -> None:
    """Pay what a locked customer owes from the balance, the oldest first.

    Not offers, which lapse unpaid, nor what a gateway is collecting at the moment.
    """
    rows = customer.invoices.select_for_update(of=("self",), no_key=True)
    owed = rows.filter(state=InvoiceState.OPEN, kind__in=OWED)
    waiting = owed.exclude(payments__state__in=IN_FLIGHT)
    # What one sets off may pay another, so each is read when its turn has come.
    for pk in list(waiting.order_by("due_at", "pk").values_list("pk", flat=True)):
        customer.refresh_from_db(fields=["balance"])
        invoice = owed.filter(pk=pk).first() if customer.balance > 0 else None
        if invoice is not None:
            invoice.customer = customer
            use_balance(invoice)


def settle(invoice: Invoice) -> None:
    """Close a locked invoice on which nothing is open; its subscriptions follow."""
    finish(invoice, _subscriptions_of(invoice))


def finish(invoice: Invoice, subscriptions: Iterable[Subscription]) -> None:
    """Close an invoice on which nothing is open, and do what it was for.

    ``subscriptions`` are those of its lines, locked; they are changed in place, so a
    caller that holds them sees what became of them.
    """
    invoice.paid_at = clock.now()
    invoice.save(update_fields=["paid_at"])
    machines.invoices.move(invoice, InvoiceState.PAID, reason="paid in full")
    events.emit(InvoicePaid(**invoice.named))
    _give_prepaid(invoice)
    if effect := _effects.get(InvoiceKind(invoice.kind)):
        for subscription in subscriptions:
            effect(subscription, invoice)


def _give_prepaid(invoice: Invoice) -> None:
    """Credit that was bought is there once it is paid for."""
    bought = invoice.lines.filter(kind=LineKind.PREPAID) if invoice.total > 0 else ()
    for line in bought:
        balance.add(
            invoice.customer,
            line.amount,
            CreditKind.PREPAID,
            reason=invoice.number,
            invoice=invoice,
        )


def _subscriptions_of(invoice: Invoice) -> list[Subscription]:
    ids = invoice.lines.exclude(subscription=None).values("subscription")
    rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(pk__in=ids).order_by("pk"))
