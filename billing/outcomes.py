"""What becomes of payments and methods when a gateway says how they stand.

An answer is recorded from wherever it comes: the call itself, a webhook, a sweep, the
customer who comes back. The same answer twice, or an older one, changes nothing: the
table of moves knows no way back.
"""

from __future__ import annotations

from datetime import datetime

from billing import clock, collecting, customers, machines, settlement
from billing.errors import WrongCurrency
from billing.events import (
    MethodAdded,
    PaymentFailed,
    PaymentNeedsConfirmation,
    PaymentSucceeded,
)
from billing.gateways.contract import Charged, Kept
from billing.models import Customer, Invoice, Payment, PaymentMethod
from billing.rating import retries
from billing.states import (
    IN_FLIGHT,
    Collection,
    InvoiceState,
    MethodState,
    PaymentState,
)
from paybill_site.kernel import events

# Refused now, but not for ever: the customer only has to be there.
ONLY_ABSENT = "authentication_required"


def asked(payment: Payment) -> bool:
    """Note that its gateway is about to be asked; returns whether it may have been.

    From here on nobody knows how it went until an answer is recorded.
    """
    before = payment.state != PaymentState.CREATED
    if not before:
        machines.payments.move(payment, PaymentState.PROCESSING, reason="asked for")
    _look_again(payment)
    return before


def record(payment: Payment, charged: Charged) -> None:
    """Bring a locked payment to where its gateway says it is. Raises WrongCurrency."""
    if charged.reference and not payment.reference:
        payment.reference = charged.reference
    payment.confirm_at = charged.confirm_at
    payment.save(update_fields=["reference", "confirm_at"])
    if not machines.payments.allows(payment.state, charged.state):
        _look_again(payment)
        return
    if charged.state == PaymentState.SUCCEEDED:
        _succeeded(payment, charged)
    elif charged.state == PaymentState.FAILED:
        _failed(payment, charged)
    else:
        machines.payments.move(payment, charged.state, reason="says the gateway")
        if charged.state == PaymentState.NEEDS_CONFIRMATION:
            events.emit(PaymentNeedsConfirmation(**named(payment)))
    _look_again(payment)


def _succeeded(payment: Payment, charged: Charged) -> None:
    if charged.currency and charged.currency != payment.currency:
        raise WrongCurrency(f"{payment.public_id} came in {charged.currency}")
    # What came in counts, whatever was asked for.
    payment.amount = charged.amount or payment.amount
    payment.settled_at = clock.now()
    payment.failure = payment.code = ""
    payment.hard = False
    payment.save(update_fields=["amount", "settled_at", "failure", "code", "hard"])
    machines.payments.move(payment, PaymentState.SUCCEEDED, reason="money came in")
    arrive(payment)
    events.emit(PaymentSucceeded(**named(payment)))


def _failed(payment: Payment, charged: Charged) -> None:
    payment.code, payment.hard = charged.code, charged.hard
    payment.failure = charged.failure or "The payment did not go through."
    payment.save(update_fields=["code", "hard", "failure"])
    machines.payments.move(payment, PaymentState.FAILED, reason=payment.failure)
    if charged.hard and charged.code != ONLY_ABSENT:
        give_up_on(payment.method, payment.failure)
    failed = {"number": payment.number, "code": payment.code, "hard": payment.hard}
    events.emit(PaymentFailed(**named(payment), **failed))


def give_up_on(method: PaymentMethod | None, why: str) -> None:
    """Charge a method no more that will never do."""
    if method is None or method.state != MethodState.ACTIVE:
        return
    method.is_default, method.trouble = False, why
    method.save(update_fields=["is_default", "trouble"])
    machines.methods.move(method, MethodState.UNUSABLE, reason=why)


def arrive(payment: Payment) -> None:
    """Count what came in for its invoice; the rest goes to the customer's balance.

    From there it pays the invoices that were too small to be charged alone. A payment
    for an invoice that was paid meanwhile is all rest: nothing is lost.
    """
    customer = customers.locked(payment.customer_id)
    rows = Invoice.objects.select_for_update(of=("self",), no_key=True)
    payment.invoice = rows.select_related("customer").get(pk=payment.invoice_id)
    settlement.credit(payment.invoice, payment.amount, payment)
    customer.refresh_from_db(fields=["balance"])
    if customer.balance:
        _pay_small_ones(customer, payment.currency)


def _pay_small_ones(customer: Customer, currency: str) -> None:
    rows = customer.invoices.select_for_update(of=("self",), no_key=True)
    waiting = rows.filter(state=InvoiceState.OPEN, currency=currency)
    for row in waiting.order_by("due_at", "pk"):
        if collecting.carried(row) and collecting.in_flight(row) is None:
            settlement.use_balance(row)
            customer.refresh_from_db(fields=["balance"])


def _look_again(payment: Payment) -> None:
    """Say when to ask the gateway next, while the outcome is open."""
    at: datetime | None = None
    if payment.state in IN_FLIGHT:
        at = retries.next_look(clock.now(), payment.looks)
    if at != payment.look_at:
        payment.look_at = at
        payment.looks += 1
        payment.save(update_fields=["look_at", "looks"])


def named(payment: Payment) -> dict[str, str]:
    """What facts about a payment name."""
    return {
        "payment": payment.public_id,
        "invoice": payment.invoice.public_id,
        "customer": payment.customer.public_id,
        "tenant": payment.tenant.public_id if payment.tenant else "",
    }


def keep(method: PaymentMethod, kept: Kept) -> None:
    """Bring a locked method to where its gateway says it is."""
    for name in ("kind", "reference", "setup", "address", "label", "expires"):
        if told := getattr(kept, name):
            setattr(method, name, told)
    method.trouble = kept.trouble
    if kept.state != MethodState.PENDING:
        method.address = ""
    method.save()
    if kept.state != method.state and machines.methods.allows(method.state, kept.state):
        _move_method(method, kept)


def _move_method(method: PaymentMethod, kept: Kept) -> None:
    if kept.state != MethodState.ACTIVE and method.is_default:
        method.is_default = False
        method.save(update_fields=["is_default"])
    machines.methods.move(method, kept.state, reason=kept.trouble or "says the gateway")
    if kept.state == MethodState.ACTIVE:
        welcome(method)


def welcome(method: PaymentMethod) -> None:
    """Take a new method into use: the first one is what is charged from now on."""
    customer = customers.locked(method.customer_id)
    if collecting.default_method(customer) is None:
        make_default(customer, method)
    events.emit(MethodAdded(method=method.public_id))


def make_default(customer: Customer, method: PaymentMethod) -> None:
    """Charge this method from now on, automatically. The customer is locked."""
    customer.methods.filter(is_default=True).update(is_default=False)
    method.is_default = True
    method.save(update_fields=["is_default"])
    if customer.collection != Collection.AUTOMATIC:
        customer.collection = Collection.AUTOMATIC
        customer.save(update_fields=["collection"])


def remove(customer: Customer, method: PaymentMethod) -> None:
    """Charge it no more; without any other the customer pays by transfer again."""
    method.is_default, method.address = False, ""
    method.save(update_fields=["is_default", "address"])
    machines.methods.move(method, MethodState.REMOVED)
    if not customer.methods.filter(state=MethodState.ACTIVE).exists():
        customer.collection = Collection.TRANSFER
        customer.save(update_fields=["collection"])
