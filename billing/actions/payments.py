"""Verbs on payments: pay, record what came in, withdraw, and what gateways say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from billing import clock, collecting, machines, outcomes
from billing.errors import NoMethod
from billing.events import PaymentReturned, PaymentSucceeded, PaymentWithdrawn
from billing.gateways.contract import Charged
from billing.models import Invoice, Payment, PaymentMethod
from billing.settlement import PAYABLE
from billing.states import IN_FLIGHT, InvoiceState, PaymentState
from paybill_site.kernel import actors, events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor

# What asks gateways and records what they say.
GATEWAYS = actors.system(
    "gateways",
    "billing.view_payment",
    "billing.record_payment",
    "billing.view_paymentmethod",
    "billing.record_method",
    "billing.view_invoice",
    "billing.view_refund",
    "billing.settle_refund",
)


def paid(payment: Payment) -> dict[str, Any]:
    """What doors return about a payment."""
    return {
        "id": payment.public_id,
        "state": str(payment.state),
        "failure": payment.failure,
        "invoice": payment.invoice.public_id,
        "invoice_state": str(payment.invoice.state),
        "outstanding": payment.invoice.outstanding,
        "currency": payment.currency,
    }


class ShowsPayment:
    """How verbs that make a payment for an invoice tell of it."""

    def present(self, result: Payment) -> dict[str, Any]:
        return paid(result)

    def recall(self, output: Mapping[str, Any]) -> Payment | None:
        return Payment.objects.filter(public_id=output.get("id")).first()


class Transfer(Input):
    """A bank transfer, as the account statement shows it."""

    reference: str = Field(
        min_length=1, max_length=80, description="the bank's name of the transfer"
    )
    amount: int | None = Field(
        default=None,
        gt=0,
        le=10**12,
        description="minor units; default: all that is open. What came for an invoice "
        "on which nothing is open, a second time or too late, is told by its amount",
    )


class MarkInvoicePaid(ShowsPayment, Action[Invoice, Transfer, Payment]):
    """Record a bank transfer; a partial one leaves the invoice open.

    What is more than the invoice goes to the customer's balance, and so does all that
    comes for one on which nothing is open: money that is there is never refused. Paid
    in full, what it was for takes effect in the same transaction.
    """

    model = Invoice
    Input = Transfer
    permission = "billing.settle_invoice"
    danger = Danger.CAREFUL
    legal_in = frozenset(InvoiceState) - {InvoiceState.DRAFT}

    def run(self, target: Invoice, data: Transfer, *, actor: Actor) -> Payment:
        if data.amount is None or target.state == InvoiceState.DRAFT:
            collecting.check_payable(target)
        amount = target.outstanding if data.amount is None else data.amount
        return transferred(target, amount, data.reference)


def transferred(invoice: Invoice, amount: int, reference: str) -> Payment:
    """Count a transfer that came in for a locked invoice. Raises ReferenceUsed."""
    payment = collecting.written(
        invoice,
        amount=amount,
        gateway="manual",
        reference=reference,
        state=PaymentState.SUCCEEDED,
    )
    payment.settled_at = clock.now()
    payment.save(update_fields=["settled_at"])
    outcomes.arrive(payment)
    events.emit(PaymentSucceeded(**outcomes.named(payment)))
    return payment


class MethodChoice(Input):
    method: str = Field(
        default="", max_length=40, description="one of yours; default: the default one"
    )


class PayInvoice(ShowsPayment, Action[Invoice, MethodChoice, Payment]):
    """Pay an invoice with a stored method, now; the gateway is asked at once."""

    model = Invoice
    Input = MethodChoice
    permission = "billing.pay_invoice"
    legal_in = PAYABLE

    def run(self, target: Invoice, data: MethodChoice, *, actor: Actor) -> Payment:
        method = collecting.default_method(target.customer)
        if data.method:
            own = PaymentMethod.objects.filter(customer=target.customer)
            method = own.filter(public_id=data.method).first()
        if method is None:
            raise NoMethod("there is no such payment method; add one first")
        return collecting.begin(target, method, on_session=True)


class CollectInvoice(ShowsPayment, Action[Invoice, NoInput, Payment]):
    """Try to collect an open invoice from the customer's default method."""

    model = Invoice
    permission = "billing.record_payment"

    def run(self, target: Invoice, data: NoInput, *, actor: Actor) -> Payment:
        # Nothing to try is a fine result of trying, though there is no row of it.
        return collecting.attempt(target)  # type: ignore[return-value]

    def present(self, result: Payment | None) -> dict[str, Any]:
        return paid(result) if result else {}


class AskGateway(Action[Payment, NoInput, bool]):
    """Note that a gateway is about to be asked for a payment."""

    model = Payment
    permission = "billing.record_payment"

    def run(self, target: Payment, data: NoInput, *, actor: Actor) -> bool:
        return outcomes.asked(target)

    def present(self, result: bool) -> dict[str, Any]:
        return {"again": result}


class RecordPayment(Action[Payment, Charged, Payment]):
    """Record how a payment stands at its gateway."""

    model = Payment
    Input = Charged
    permission = "billing.record_payment"

    def run(self, target: Payment, data: Charged, *, actor: Actor) -> Payment:
        outcomes.record(target, data)
        return target


class LookAtPayment(Action[Payment, NoInput, Payment]):
    """Ask the gateway how a payment stands."""

    model = Payment
    permission = "billing.pay_invoice"
    legal_in = frozenset(IN_FLIGHT)

    def run(self, target: Payment, data: NoInput, *, actor: Actor) -> Payment:
        if target.state in IN_FLIGHT:
            events.emit(PaymentReturned(**which(target)))
        return target


class WithdrawPayment(Action[Payment, NoInput, Payment]):
    """Take back a payment that waits for a confirmation, to pay in another way."""

    model = Payment
    permission = "billing.pay_invoice"
    legal_in = frozenset({PaymentState.NEEDS_CONFIRMATION})

    def run(self, target: Payment, data: NoInput, *, actor: Actor) -> Payment:
        machines.payments.check(target.state, PaymentState.FAILED)
        events.emit(PaymentWithdrawn(**which(target)))
        return target


def which(payment: Payment) -> dict[str, str]:
    """What events name a payment by."""
    return {"payment": payment.public_id, "invoice": payment.invoice.public_id}
