"""Verbs of the sandbox: pay with a test card, confirm, keep one."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from billing import collecting, customers, outcomes
from billing.actions.payments import ShowsPayment, paid
from billing.errors import InFlight
from billing.gateways.contract import Charged, Order
from billing.models import Invoice, Payment, PaymentMethod
from billing.sandbox.cards import CARDS
from billing.sandbox.clock import ForwardInput, MoveClock
from billing.sandbox.gateway import charged, declined, kept
from billing.settlement import PAYABLE
from billing.states import InvoiceState, MethodState, PaymentState
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from tenants.models import Account

__all__ = ["ForwardInput", "MoveClock"]


class CardInput(Input):
    card: str = Field(max_length=40, title="Test card", description="token of a card")

    @field_validator("card")
    @classmethod
    def known(cls, card: str) -> str:
        if card not in CARDS:
            raise ValueError("choose one of the test cards")
        return card


class PayWithSandbox(ShowsPayment, Action[Invoice, CardInput, Payment]):
    """Pay an invoice with a test card; a declined one leaves it as it was."""

    model = Invoice
    Input = CardInput
    permission = "billing.pay_invoice"
    legal_in = PAYABLE

    def run(self, target: Invoice, data: CardInput, *, actor: Actor) -> Payment:
        collecting.check_payable(target)
        if collecting.in_flight(target) is not None:
            raise InFlight
        payment = collecting.written(
            target, amount=target.outstanding, gateway="sandbox", there=True
        )
        outcomes.record(payment, charged(data.card, _order(payment)))
        return payment


def _order(payment: Payment) -> Order:
    return Order(
        key=payment.public_id,
        amount=payment.amount,
        currency=payment.currency,
        payer="",
        method="",
        purpose="",
        back="",
        on_session=True,
    )


class Confirmation(Input):
    approve: bool = Field(description="what the bank's page would have asked")


class ConfirmSandboxPayment(Action[Payment, Confirmation, Payment]):
    """Confirm a payment with a test card, or refuse to."""

    model = Payment
    Input = Confirmation
    permission = "billing.pay_invoice"
    legal_in = frozenset({PaymentState.NEEDS_CONFIRMATION})

    def run(self, target: Payment, data: Confirmation, *, actor: Actor) -> Payment:
        if (target.gateway, target.state) != ("sandbox", *self.legal_in):
            raise IllegalMove("this payment waits for no confirmation here")
        outcomes.record(target, _answer(target, data.approve))
        return target

    def present(self, result: Payment) -> dict[str, Any]:
        return paid(result)


def _answer(payment: Payment, approve: bool) -> Charged:
    if not approve:
        return declined(payment.public_id, "refused", "You refused the payment.")
    if payment.invoice.state == InvoiceState.PAID:
        # Nothing was taken yet, so nothing has to go back.
        return declined(payment.public_id, "paid", "The invoice was paid meanwhile.")
    return Charged(
        state=PaymentState.SUCCEEDED, amount=payment.amount, currency=payment.currency
    )


class FillInTestMethod(Action[PaymentMethod, CardInput, PaymentMethod]):
    """Fill a payment method in with a test card, as on a gateway's own page."""

    model = PaymentMethod
    Input = CardInput
    permission = "billing.add_paymentmethod"
    legal_in = frozenset({MethodState.PENDING})

    def run(
        self, target: PaymentMethod, data: CardInput, *, actor: Actor
    ) -> PaymentMethod:
        if (target.gateway, target.state) != ("sandbox", MethodState.PENDING):
            raise IllegalMove("this method is not to be filled in here")
        outcomes.keep(target, kept(data.card))
        return target


class AddTestMethod(Action[Account, CardInput, PaymentMethod]):
    """Keep a test card as a payment method, in one step."""

    model = Account
    Input = CardInput
    permission = "billing.add_paymentmethod"

    def run(self, target: Account, data: CardInput, *, actor: Actor) -> PaymentMethod:
        method = PaymentMethod.objects.create(
            customer=customers.of(target), gateway="sandbox"
        )
        PaymentMethod.objects.filter(pk=method.pk).update(setup=method.public_id)
        method.setup = method.public_id
        outcomes.keep(method, kept(data.card))
        return method

    def recall(self, output: Any) -> PaymentMethod | None:
        return PaymentMethod.objects.filter(public_id=output.get("id")).first()
