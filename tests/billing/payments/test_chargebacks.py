"""What a payer's bank takes back is booked, owed anew, and not refunded besides."""

from __future__ import annotations

from typing import Any

import pytest

from billing.actions import RefundPayment
from billing.errors import TooMuchToRefund
from billing.incoming.actions import LISTENER, RecordDispute
from billing.ledger.checking import differences
from billing.models import Dispute, Invoice, Payment, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.models import Account
from tests.billing.payments.desk import drain, sandbox_card


def disputed(payment: Payment, state: str, **other: Any) -> Dispute:
    told = {
        "reference": "dp_1",
        "payment": payment.reference,
        "amount": payment.amount,
        "currency": payment.currency,
        "state": state,
        "why": "fraudulent",
        **other,
    }
    row: Dispute = perform(RecordDispute, payment, told, actor=LISTENER).result
    drain()
    return row


@pytest.fixture
def payment(unpaid: Subscription, account: Account, owner: Actor) -> Payment:
    """The first invoice, paid by card."""
    sandbox_card(account, "test_succeeds", owner)
    drain()
    return Payment.objects.get()


def test_a_lost_dispute_is_owed_anew_and_its_card_charged_no_more(
    payment: Payment,
) -> None:
    disputed(payment, "open")
    assert Invoice.objects.count() == 1
    row = disputed(payment, "lost")
    paid, again = Invoice.objects.order_by("pk")
    assert (paid.state, row.invoice) == ("paid", again)
    assert (again.state, again.total, again.tax) == ("open", payment.amount, 0)
    assert Payment.objects.count() == 1
    payment.refresh_from_db()
    assert payment.method is not None
    assert (payment.method.state, payment.method.is_default) == ("unusable", False)
    assert list(differences()) == []
    # The same again is no second invoice.
    disputed(payment, "lost")
    assert Invoice.objects.count() == 2


def test_one_that_is_not_booked_is_found_at_night(payment: Payment) -> None:
    row = disputed(payment, "open")
    Dispute.objects.filter(pk=row.pk).update(state="lost")
    [found] = differences()
    assert found == {
        "check": "what a bank took back is not in the ledger",
        "where": payment.public_id,
        "should": -payment.amount,
        "is": 0,
    }


def test_won_after_all_nothing_is_owed(payment: Payment) -> None:
    disputed(payment, "lost")
    disputed(payment, "won")
    again = Invoice.objects.latest("pk")
    assert (again.state, again.outstanding) == ("paid", 0)
    assert list(differences()) == []


@pytest.mark.parametrize("state", ["open", "lost"])
def test_what_is_disputed_is_not_refunded_besides(
    payment: Payment, operator: Actor, state: str
) -> None:
    disputed(payment, state)
    payment.refresh_from_db()
    asked = {"amount": 1, "why": "sorry"}
    with pytest.raises(TooMuchToRefund):
        perform(RefundPayment, payment, asked, actor=operator)
