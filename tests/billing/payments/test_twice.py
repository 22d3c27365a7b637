"""Two payments of one invoice: each goes back as itself, and none is refused."""

from __future__ import annotations

from billing.actions import MarkInvoicePaid, RefundPayment
from billing.models import Customer, Invoice, Refund, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tests.billing.desk import only_open


def test_a_payment_that_is_named_is_the_one_that_goes_back(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    came = [
        perform(
            MarkInvoicePaid, invoice, {"reference": ref, "amount": 1500}, actor=operator
        ).result
        for ref in ("b1", "b2")
    ]
    asked = {"amount": 700, "why": "twice"}
    refund: Refund = perform(RefundPayment, came[0], asked, actor=operator).result
    assert (refund.payment, refund.amount) == (came[0], 700)


def test_a_second_transfer_for_a_paid_invoice_goes_to_the_balance(
    subscription: Subscription, operator: Actor
) -> None:
    invoice = Invoice.objects.get()
    twice = {"reference": "b9", "amount": 3000}
    perform(MarkInvoicePaid, invoice, twice, actor=operator)
    assert Customer.objects.get().balance == 3000
