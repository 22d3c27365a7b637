"""Recurring revenue: each change is a row, and the rows add up to what there is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.db.models import Sum

from billing.actions import Subscribe
from billing.models import RecurringChange, Subscription
from billing.rating.cards import RateCard
from billing.rating.periods import Every, Interval
from billing.rating.prices import Flat
from billing.rating.recurring import monthly, percent
from billing.reports import movements
from billing.reports.tasks import note_recurring
from billing.states import SubscriptionState
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.models import Tenant
from tests.billing.desk import Turn, only_open, pay_in_full, sell


@pytest.mark.parametrize(
    ("price", "interval", "count", "a_month"),
    [
        ("30", Interval.MONTH, 1, 3000),
        ("100", Interval.YEAR, 1, 833),  # 8.33 and a third
        ("100", Interval.MONTH, 3, 3333),
        ("10", Interval.WEEK, 1, 4345),  # 365 days are 52 and a seventh weeks
        ("1", Interval.DAY, 1, 3042),
        ("0", Interval.MONTH, 1, 0),
    ],
)
def test_every_interval_has_its_month(
    price: str, interval: Interval, count: int, a_month: int
) -> None:
    card = RateCard(Flat(Decimal(price)))
    assert monthly(card, Decimal(1), "EUR", Every(interval, count)) == a_month


def test_a_share_of_nothing_is_none() -> None:
    assert percent(1, 0) is None
    assert percent(1, 8) == Decimal("12.5")


def test_a_year_has_five_movements(year: Subscription) -> None:
    rows = RecurringChange.objects.order_by("id")
    assert [(row.kind, row.amount) for row in rows] == [
        ("new", 3000),
        ("expansion", 600),
        ("contraction", -360),
        ("churn", -3240),
        ("reactivation", 3240),
    ]
    assert rows.aggregate(all=Sum("amount"))["all"] == movements.monthly(year) == 3240


def test_a_second_note_adds_nothing(year: Subscription) -> None:
    assert movements.note(year) is None
    assert RecurringChange.objects.count() == 5


def test_a_trial_and_what_waits_for_payment_bring_nothing(unpaid: Subscription) -> None:
    assert movements.monthly(unpaid) == 0
    unpaid.state = SubscriptionState.TRIALING
    assert movements.monthly(unpaid) == 0
    assert not RecurringChange.objects.exists()


def test_not_paying_is_no_movement_until_access_is_closed(
    subscription: Subscription, turn: Turn
) -> None:
    for state in (SubscriptionState.PAST_DUE, SubscriptionState.GRACE):
        subscription.state = state
        assert movements.note(subscription) is None
    turn(timedelta(days=1))
    subscription.state = SubscriptionState.SUSPENDED
    gone = movements.note(subscription)
    assert gone is not None
    assert (gone.kind, gone.customer_after) == ("churn", 0)


def test_what_was_written_stays(year: Subscription) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        RecurringChange.objects.update(amount=0)


def test_a_discount_that_ends_is_noted_by_the_sweep(
    turn: Turn, tenant: Tenant, owner: Actor
) -> None:
    def flat(amount: str) -> dict[str, Any]:
        return {"price": {"model": "flat", "amount": amount}}

    phases = [
        {"kind": "discount", "card": flat("10"), "duration": "P2M"},
        {"kind": "evergreen", "card": flat("30")},
    ]
    sell("cheap", None, prices=[{"code": "base", "kind": "fee", "phases": phases}])
    made = perform(Subscribe, tenant, {"plan": "cheap"}, actor=owner).result
    pay_in_full(only_open(made))
    assert note_recurring() == 0
    turn(timedelta(days=62))
    assert note_recurring() == 1
    assert note_recurring() == 0
    changes = RecurringChange.objects.order_by("id").values_list("kind", "amount")
    assert list(changes) == [("new", 1000), ("expansion", 2000)]
