"""Payments that failed: tried again on their days, until it does or never will."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from billing import clock
from billing.actions import RetryPayment
from billing.actions.dunning import DUNNER
from billing.dunning import timeline
from billing.dunning.retrying import HARD, SETTLED, USED_UP
from billing.dunning.tasks import dun, dun_one
from billing.errors import NotDue
from billing.models import Invoice, PaymentRetry, Subscription
from billing.tasks import bill_one
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.models import Account
from tests.billing.desk import Turn, only_open, pay_in_full
from tests.billing.payments.desk import drain, sandbox_card

DAY = timedelta(days=1)


@pytest.fixture
def declined(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> Invoice:
    """The card that is charged automatically was declined, softly."""
    return renewed(subscription, account, owner, turn, "test_declined")


def renewed(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn, card: str
) -> Invoice:
    sandbox_card(account, card, owner)
    turn(subscription.period_end - clock.now())
    bill_one(subscription.public_id)
    drain()
    return only_open(subscription)


def retry() -> PaymentRetry:
    return PaymentRetry.objects.get()


def go_on(invoice: Invoice) -> int:
    done = dun_one(invoice.customer.public_id)
    drain()
    return done


def test_it_is_tried_again_on_its_days_and_no_more(
    declined: Invoice, turn: Turn
) -> None:
    failed = clock.now()
    assert retry().next_at == failed + 2 * DAY
    tried = []
    for day in range(1, 25):
        turn(DAY)
        before = declined.payments.count()
        for _ in range(2):
            go_on(declined)
        if declined.payments.count() > before:
            assert declined.payments.count() == before + 1
            tried.append(day)
    assert tried == [2, 7, 14, 21]
    assert (retry().next_at, retry().stopped) == (None, USED_UP)


def test_the_same_failure_said_twice_is_planned_once(declined: Invoice) -> None:
    before = retry().moments
    drain()
    with pytest.raises(NotDue):
        perform(
            RetryPayment,
            declined.customer,
            {"retry": retry().public_id},
            actor=DUNNER,
        )
    assert retry().moments == before
    assert declined.payments.count() == 1


def test_a_hard_decline_is_not_tried_again_and_another_method_is_asked_for(
    subscription: Subscription,
    account: Account,
    owner: Actor,
    turn: Turn,
    mailoutbox: list[object],
) -> None:
    invoice = renewed(subscription, account, owner, turn, "test_hard_declined")
    assert (retry().next_at, retry().stopped) == (None, HARD)
    asked = [mail for mail in mailoutbox if "Another way to pay" in mail.subject]  # type: ignore[attr-defined]
    assert len(asked) == 1
    # Another method that is declined softly has days of its own.
    sandbox_card(account, "test_declined", owner)
    drain()
    assert (retry().stopped, retry().next_at) == ("", clock.now() + 2 * DAY)
    assert invoice.payments.count() == 2


def test_paid_meanwhile_it_is_not_tried(declined: Invoice, turn: Turn) -> None:
    pay_in_full(declined)
    turn(2 * DAY)
    assert dun() >= 1
    go_on(declined)
    assert retry().stopped == SETTLED
    assert declined.payments.filter(gateway="sandbox").count() == 1


def test_the_timeline_has_the_attempts(declined: Invoice) -> None:
    told = [each.at for each in timeline(declined.customer) if each.what == "retry"]
    assert told == [datetime.fromisoformat(moment) for moment in retry().moments]
    assert len(told) == 4
