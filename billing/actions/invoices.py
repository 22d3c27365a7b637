"""Verbs of operators on invoices: record a payment, take an invoice back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from billing import invoicing, lifecycle, settlement
from billing.models import Invoice, Payment, Subscription
from billing.states import InvoiceKind, InvoiceState, PaymentState, SubscriptionState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor


class Transfer(Input):
    """A bank transfer, as the account statement shows it."""

    reference: str = Field(
        min_length=1, max_length=80, description="the bank's name of the transfer"
    )
    amount: int | None = Field(
        default=None,
        gt=0,
        le=10**12,
        description="minor units; default: all that is open",
    )


class MarkInvoicePaid(Action[Invoice, Transfer, Payment]):
    """Record a bank transfer; a partial one leaves the invoice open.

    Once it is paid in full, what it was for takes effect in the same transaction.
    """

    model = Invoice
    Input = Transfer
    permission = "billing.settle_invoice"
    danger = Danger.CAREFUL
    legal_in = frozenset({InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE})

    def run(self, target: Invoice, data: Transfer, *, actor: Actor) -> Payment:
        amount = target.outstanding if data.amount is None else data.amount
        settlement.check_payable(target, amount)
        payment = settlement.record(
            target,
            amount=amount,
            gateway="manual",
            reference=data.reference,
            state=PaymentState.SUCCEEDED,
        )
        settlement.credit(target, amount)
        return payment

    def present(self, result: Payment) -> dict[str, Any]:
        return paid(result)

    def recall(self, output: Mapping[str, Any]) -> Payment | None:
        return Payment.objects.filter(public_id=output.get("id")).first()


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


class VoidInvoice(Action[Invoice, NoInput, Invoice]):
    """Take back an invoice that nothing was paid for; nothing is owed for it then.

    Taking back a first invoice withdraws the subscription that waits for it.
    """

    model = Invoice
    permission = "billing.void_invoice"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset({InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE})

    def run(self, target: Invoice, data: NoInput, *, actor: Actor) -> Invoice:
        invoicing.void(target, reason=f"by {actor.label or actor.id}")
        subscription = Subscription.objects.select_for_update(
            of=("self",), no_key=True
        ).get(pk=target.subscription_id)
        waits = subscription.state == SubscriptionState.INCOMPLETE
        if waits and target.kind == InvoiceKind.START:
            lifecycle.end(subscription, reason=f"{target.number} was taken back")
        else:
            lifecycle.settle_up(subscription)
        return target
