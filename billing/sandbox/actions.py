"""Verbs of the sandbox: pay with a test card, confirm, and move the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import F
from pydantic import Field, field_validator

from billing import clock, machines, settlement
from billing.actions.invoices import paid
from billing.models import ClockOffset, Invoice, Payment
from billing.sandbox.events import ClockMoved
from billing.sandbox.gateway import CARDS, Outcome
from billing.states import InvoiceState, PaymentState
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.events import emit
from paybill_site.kernel.ids import new_id

STATE_AFTER = {
    Outcome.SUCCEEDS: PaymentState.SUCCEEDED,
    Outcome.DECLINED: PaymentState.FAILED,
    Outcome.NEEDS_CONFIRMATION: PaymentState.NEEDS_CONFIRMATION,
}


class CardInput(Input):
    card: str = Field(max_length=40, title="Test card", description="token of a card")

    @field_validator("card")
    @classmethod
    def known(cls, card: str) -> str:
        if card not in CARDS:
            raise ValueError("choose one of the test cards")
        return card


class PayWithSandbox(Action[Invoice, CardInput, Payment]):
    """Pay an invoice with a test card; a declined one leaves it as it was."""

    model = Invoice
    Input = CardInput
    permission = "billing.pay_invoice"
    legal_in = frozenset({InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE})

    def run(self, target: Invoice, data: CardInput, *, actor: Actor) -> Payment:
        amount = target.outstanding
        settlement.check_payable(target, amount)
        payment = settlement.record(
            target,
            amount=amount,
            gateway="sandbox",
            reference=new_id("sbx"),
            state=STATE_AFTER[CARDS[data.card].outcome],
        )
        if payment.state == PaymentState.SUCCEEDED:
            settlement.credit(target, amount)
        elif payment.state == PaymentState.FAILED:
            payment.failure = "The card was declined."
            payment.save(update_fields=["failure"])
        return payment

    def present(self, result: Payment) -> dict[str, Any]:
        return paid(result)

    def recall(self, output: Mapping[str, Any]) -> Payment | None:
        return Payment.objects.filter(public_id=output.get("id")).first()


class Confirmation(Input):
    approve: bool = Field(description="what the bank's page would have asked")


class ConfirmSandboxPayment(Action[Payment, Confirmation, Payment]):
    """Confirm a payment with a test card, or refuse to."""

    model = Payment
    Input = Confirmation
    permission = "billing.pay_invoice"
    legal_in = frozenset({PaymentState.NEEDS_CONFIRMATION})

    def run(self, target: Payment, data: Confirmation, *, actor: Actor) -> Payment:
        machines.payments.check(target.state, PaymentState.SUCCEEDED)
        invoice = Invoice.objects.select_for_update(of=("self",), no_key=True).get(
            pk=target.invoice_id
        )
        target.invoice = invoice
        if not data.approve:
            return _fail(target, "You refused the payment.")
        if invoice.state == InvoiceState.PAID or target.amount > invoice.outstanding:
            return _fail(target, "The invoice was paid meanwhile.")
        settlement.check_payable(invoice, target.amount)
        target.settled_at = clock.now()
        target.save(update_fields=["settled_at"])
        machines.payments.move(target, PaymentState.SUCCEEDED, reason="confirmed")
        settlement.credit(invoice, target.amount)
        return target

    def present(self, result: Payment) -> dict[str, Any]:
        return paid(result)


def _fail(payment: Payment, why: str) -> Payment:
    payment.failure = why
    payment.save(update_fields=["failure"])
    machines.payments.move(payment, PaymentState.FAILED, reason=why)
    return payment


class ForwardInput(Input):
    days: int = Field(ge=1, le=800, description="how far to go forward")


class MoveClock(Action[None, ForwardInput, ClockOffset]):
    """Move the clock of billing forward; it never goes back."""

    model = ClockOffset
    Input = ForwardInput
    permission = "billing.move_clock"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: ForwardInput, *, actor: Actor) -> ClockOffset:
        row, _ = ClockOffset.objects.get_or_create(name="billing")
        ClockOffset.objects.filter(pk=row.pk).update(
            offset=F("offset") + timedelta(days=data.days)
        )
        row.refresh_from_db()
        emit(ClockMoved(days=data.days))
        return row
