"""One of each of what billing keeps, so that every address of it has something."""

from __future__ import annotations

from django.utils import timezone

from billing.actions import (
    AddPromotionCode,
    AddTaxRate,
    CheckBooks,
    CreateCoupon,
    CreditInvoice,
    GrantCredit,
    RedeemCode,
)
from billing.models import (
    Customer,
    Dispute,
    DunningCase,
    DunningSchedule,
    IncomingEvent,
    Invoice,
    Payment,
    PaymentMethod,
    Refund,
)
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor

COUPON = {"name": "Spring", "percent": "10", "duration": "forever"}
RATE = {"country": "IS", "name": "VSK", "percent": "24", "valid_from": "2020-01-01"}


def furnish(customer: Customer, invoice: Invoice, operator: Actor) -> None:
    """What operators, customers and gateways leave, by their actions where they can."""
    coupon = perform(CreateCoupon, None, COUPON, actor=operator).result
    perform(AddPromotionCode, coupon, {"code": "SPRING"}, actor=operator)
    perform(RedeemCode, customer, {"code": "spring"}, actor=operator)
    perform(AddTaxRate, None, RATE, actor=operator)
    granted = {"amount": 100, "reason": "a lamp was broken", "currency": "EUR"}
    perform(GrantCredit, customer, granted, actor=operator)
    taken = {"reason": "other", "amount": 100}
    perform(CreditInvoice, invoice, taken, actor=operator)
    perform(CheckBooks, None, actor=operator)
    _from_outside(customer)


def _from_outside(customer: Customer) -> None:
    PaymentMethod.objects.create(customer=customer, gateway="sandbox", kind="card")
    payment = Payment.objects.latest("pk")
    Dispute.objects.create(
        payment=payment, gateway="sandbox", reference="d1", amount=100, currency="EUR"
    )
    Refund.objects.create(
        customer=customer, payment=payment, amount=100, currency="EUR"
    )
    IncomingEvent.objects.create(gateway="sandbox", event="e1", kind="nothing")
    DunningSchedule.objects.create(code="patient", name="Patient", rules={})
    DunningCase.objects.create(
        customer=customer, schedule="usual 1", rules={}, opened_at=timezone.now()
    )
