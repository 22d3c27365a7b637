"""Verbs on refunds: give back, record how it went, try again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from billing import balance, customers, machines, refunding
from billing.errors import TooMuchToRefund
from billing.gateways.contract import Returned
from billing.invoicing import notes
from billing.invoicing.notes import Wish
from billing.models import Invoice, Payment, Refund
from billing.states import NoteReason, PaymentState, RefundState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor


class RecordRefund(Action[Refund, Returned, Refund]):
    """Record how a refund stands at its gateway."""

    model = Refund
    Input = Returned
    permission = "billing.settle_refund"

    def run(self, target: Refund, data: Returned, *, actor: Actor) -> Refund:
        refunding.record(target, data)
        return target


class SentBack(Input):
    reference: str = Field(
        min_length=1, max_length=80, description="the bank's name of the transfer"
    )


class MarkRefundSent(Action[Refund, SentBack, Refund]):
    """Record that a refund was sent by bank transfer."""

    model = Refund
    Input = SentBack
    permission = "billing.settle_refund"
    danger = Danger.CAREFUL
    legal_in = frozenset({RefundState.PENDING})

    def run(self, target: Refund, data: SentBack, *, actor: Actor) -> Refund:
        machines.refunds.check(target.state, RefundState.SUCCEEDED)
        refunding.record(target, Returned(done=True, reference=data.reference))
        return target


class RetryRefund(Action[Refund, NoInput, Refund]):
    """Ask once more for a refund that failed."""

    model = Refund
    permission = "billing.retry_refund"
    danger = Danger.CAREFUL
    legal_in = frozenset({RefundState.FAILED})

    def run(self, target: Refund, data: NoInput, *, actor: Actor) -> Refund:
        refunding.again(target)
        return target


class RefundInput(Input):
    source: Literal["invoice", "balance"] = Field(
        default="invoice",
        description="invoice: a credit note takes back what was billed; balance: "
        "credit that the customer has is paid out",
    )
    amount: int | None = Field(
        default=None,
        gt=0,
        le=10**12,
        description="minor units, with tax; default: all that did not go back yet",
    )
    why: str = Field(
        min_length=1, max_length=200, description="the customer is told this"
    )


class RefundPayment(Action[Payment, RefundInput, Refund]):
    """Give money of a payment back, by the way it came.

    A gateway is asked at once; a bank transfer waits until an operator has sent it.
    """

    model = Payment
    Input = RefundInput
    permission = "billing.refund_payment"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset({PaymentState.SUCCEEDED})

    def run(self, target: Payment, data: RefundInput, *, actor: Actor) -> Refund:
        customers.locked(target.customer_id)
        amount = data.amount or refunding.refundable(target)
        if not 0 < amount <= refunding.refundable(target):
            raise TooMuchToRefund("so much of this payment can not go back")
        if data.source == "balance":
            return balance.pay_back(target, amount, reason=data.why)
        rows = Invoice.objects.select_for_update(of=("self",), no_key=True)
        invoice = rows.select_related("customer").get(pk=target.invoice_id)
        return _with_a_note(invoice, target, amount, data.why)

    def recall(self, output: Mapping[str, Any]) -> Refund | None:
        return Refund.objects.filter(public_id=output.get("id")).first()


def _with_a_note(invoice: Invoice, payment: Payment, amount: int, why: str) -> Refund:
    """Take so much of an invoice back, and send it back out of this payment."""
    note = notes.credit(
        invoice,
        Wish(total=amount),
        reason=NoteReason.OTHER,
        memo=why,
        refund=True,
        first=payment,
    )
    refund = note.refunds.filter(payment=payment).first()
    if refund is None:
        raise TooMuchToRefund("nothing of this invoice can go back by this payment")
    return refund
