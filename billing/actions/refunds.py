"""Verbs on refunds: give back, record how it went, try again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from billing import balance, machines, refunding
from billing.errors import TooMuchToRefund
from billing.gateways.contract import Returned
from billing.models import Payment, Refund
from billing.states import PaymentState, RefundState
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
    amount: int | None = Field(
        default=None,
        gt=0,
        le=10**12,
        description="minor units; default: all that did not go back yet",
    )
    why: str = Field(
        min_length=1, max_length=200, description="the customer is told this"
    )


class RefundPayment(Action[Payment, RefundInput, Refund]):
    """Give back what is on the customer's balance, by the way a payment came.

    What an invoice charged is given back by a credit note. A gateway is asked at once;
    a bank transfer waits until an operator has sent it.
    """

    model = Payment
    Input = RefundInput
    permission = "billing.refund_payment"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset({PaymentState.SUCCEEDED})

    def run(self, target: Payment, data: RefundInput, *, actor: Actor) -> Refund:
        amount = data.amount or refunding.refundable(target)
        if not amount:
            raise TooMuchToRefund("nothing of this payment can go back")
        return balance.pay_back(target, amount, reason=data.why)

    def recall(self, output: Mapping[str, Any]) -> Refund | None:
        return Refund.objects.filter(public_id=output.get("id")).first()
