"""Getting the money: one attempt at a time for an invoice, with the stored method.

1. ``attempt`` writes a payment down (state created, the next number) inside an action,
   and says so by an event. A second one meanwhile is refused by a unique index.
2. The handler of the event asks the gateway (``billing.gateways.handlers``), with the
   payment's public id as the key, and records how it stands (``billing.outcomes``).
3. Whoever doubts how it went (a worker that came back, a webhook, a sweep, the
   customer) looks, and records again. So a payment moves only to where the gateway
   says that it is.

An invoice below what the gateway collects stays open and is carried along: the next
charge is for both, what is more than its own invoice goes to the balance, and from
there it pays the small one.
"""

from __future__ import annotations

from django.db import IntegrityError
from django.db.models import Max, QuerySet

from billing import gateways
from billing.errors import (
    AlreadyPaid,
    CanNotCharge,
    InFlight,
    NoMethod,
    NotPayable,
    ReferenceUsed,
)
from billing.events import PaymentCreated
from billing.models import Customer, Invoice, Payment, PaymentMethod
from billing.settlement import PAYABLE
from billing.states import (
    IN_FLIGHT,
    Collection,
    InvoiceState,
    MethodState,
    PaymentState,
)
from paybill_site.kernel import events
from paybill_site.kernel.errors import NotFound, Refused
from paybill_site.kernel.planes import atomic


def default_method(customer: Customer) -> PaymentMethod | None:
    """What is charged automatically, or None."""
    return customer.methods.filter(is_default=True).first()


def attempt(invoice: Invoice) -> Payment | None:
    """Try to collect a locked invoice from the customer's default method.

    None when there is nothing to try: the customer pays by transfer, has no method,
    an attempt is going on, this method was refused for good, or the amount is too
    small (then it is carried along). Only inside an action.
    """
    customer = invoice.customer
    method = default_method(customer)
    automatic = customer.collection == Collection.AUTOMATIC
    if not automatic or method is None or refused_for_good(invoice, method):
        return None
    try:
        return begin(invoice, method)
    except Refused:
        return None


def begin(
    invoice: Invoice, method: PaymentMethod, *, on_session: bool = False
) -> Payment:
    """Write an attempt down and let its gateway be asked. Only inside an action.

    ``on_session``: the customer is there and can answer its bank. Raises AlreadyPaid,
    NotPayable, InFlight, NoMethod or CanNotCharge.
    """
    check_payable(invoice)
    if in_flight(invoice) is not None:
        raise InFlight
    if method.state != MethodState.ACTIVE:
        raise NoMethod
    amount = invoice.outstanding + carried_with(invoice, method.gateway)
    if why := obstacle(method.gateway, amount, invoice.currency):
        raise CanNotCharge(why)
    payment = written(
        invoice, amount=amount, gateway=method.gateway, method=method, there=on_session
    )
    events.emit(PaymentCreated(payment=payment.public_id, invoice=invoice.public_id))
    return payment


def check_payable(invoice: Invoice) -> None:
    """Raise AlreadyPaid or NotPayable."""
    if invoice.state == InvoiceState.PAID:
        raise AlreadyPaid
    if invoice.state not in PAYABLE or invoice.outstanding <= 0:
        raise NotPayable(f"this invoice is {invoice.state}; only an open one is paid")


def in_flight(invoice: Invoice) -> Payment | None:
    """The attempt whose outcome is open, or None."""
    return invoice.payments.filter(state__in=IN_FLIGHT).first()


def written(  # noqa: PLR0913 - what a payment is
    invoice: Invoice,
    *,
    amount: int,
    gateway: str,
    reference: str = "",
    state: PaymentState = PaymentState.CREATED,
    method: PaymentMethod | None = None,
    there: bool = False,
) -> Payment:
    """A new row for money that is to come. Raises InFlight or ReferenceUsed."""
    last = invoice.payments.aggregate(last=Max("number"))["last"] or 0
    try:
        with atomic():
            return Payment.objects.create(
                customer=invoice.customer,
                tenant=invoice.tenant,
                invoice=invoice,
                method=method,
                number=last + 1,
                gateway=gateway,
                reference=reference,
                state=state,
                amount=amount,
                currency=invoice.currency,
                on_session=there,
            )
    except IntegrityError as error:
        raise (InFlight if "in_flight" in str(error) else ReferenceUsed) from error


def refused_for_good(invoice: Invoice, method: PaymentMethod) -> bool:
    """Whether the bank said for this invoice that this method will never do."""
    return invoice.payments.filter(method=method, hard=True).exists()


def obstacle(gateway: str, amount: int, currency: str) -> str:
    """Why a gateway can not collect an amount, or ""."""
    try:
        return gateways.named(gateway).obstacle(amount, currency)
    except NotFound:
        return "this way to pay is not offered here any more"


def carried(invoice: Invoice) -> bool:
    """Whether an open invoice waits for the next one, being too small to be charged.

    Who duns leaves it alone.
    """
    method = default_method(invoice.customer)
    if method is None or invoice.customer.collection != Collection.AUTOMATIC:
        return False
    try:
        least = gateways.named(method.gateway).convention.least
    except NotFound:
        return False
    return 0 < invoice.outstanding < least.get(invoice.currency, 0)


def carried_with(invoice: Invoice, gateway: str) -> int:
    """Minor units of other open invoices that are too small to be charged alone."""
    least = gateways.named(gateway).convention.least.get(invoice.currency, 0)
    return sum(row.outstanding for row in small_ones(invoice, least))


def small_ones(invoice: Invoice, least: int) -> list[Invoice]:
    """Open invoices of the same customer and currency below ``least`` minor units."""
    if not least:
        return []
    rows: QuerySet[Invoice] = invoice.customer.invoices.filter(
        state=InvoiceState.OPEN, currency=invoice.currency
    )
    others = rows.exclude(pk=invoice.pk).exclude(payments__state__in=IN_FLIGHT)
    return [
        row for row in others.order_by("due_at", "pk") if 0 < row.outstanding < least
    ]
