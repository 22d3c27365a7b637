"""What goes back for unused time: no more than was paid for it, and no less."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from billing import customers
from billing.actions import (
    CancelSubscription,
    ChangePlan,
    PauseSubscription,
    Subscribe,
)
from billing.models import Customer, Invoice, Plan, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import atomic
from tenants.models import Tenant
from tests.billing.desk import Turn, only_open, pay_in_full
from tests.billing.invoices.desk import assert_books_agree, coupon, credit, redeem

DAY = timedelta(days=1)

type Subscribed = Callable[[int], Subscription]


def left(row: Subscription) -> int:
    return Customer.objects.get(pk=row.customer_id).balance


def pause_half_way(row: Subscription, owner: Actor, turn: Turn) -> Invoice:
    """Pause in the middle of the period; the invoice that gives the rest back."""
    row.refresh_from_db()
    turn((row.period_end - row.period_start) / 2)
    perform(PauseSubscription, row, actor=owner)
    return Invoice.objects.latest("pk")


@pytest.fixture
def with_coupon(tenant: Tenant, basic: Plan, owner: Actor, turn: Turn) -> Subscribed:
    """Subscribe to the plan of 30.00 by the month with so many percent off."""

    def subscribed(percent: int) -> Subscription:
        with atomic():
            customer = customers.of(tenant.account)
        redeem(customer, coupon(percent=percent, duration="forever"))
        row: Subscription = perform(
            Subscribe, tenant, {"plan": "basic"}, actor=owner
        ).result
        return row

    return subscribed


@pytest.mark.parametrize(
    ("percent", "paid", "back"), [(50, 1500, 750), (33, 2010, 1005)]
)
def test_who_paid_less_by_a_coupon_gets_back_that_much_less_and_only_once(
    with_coupon: Subscribed,
    owner: Actor,
    turn: Turn,
    percent: int,
    paid: int,
    back: int,
) -> None:
    row = with_coupon(percent)
    assert only_open(row).total == paid
    pay_in_full(only_open(row))
    pause_half_way(row, owner, turn)
    assert left(row) == back
    assert_books_agree()


def test_who_paid_nothing_gets_nothing_back(
    with_coupon: Subscribed, owner: Actor, turn: Turn
) -> None:
    row = with_coupon(100)
    assert pause_half_way(row, owner, turn).kind == "start"
    assert left(row) == 0


def test_what_a_credit_note_took_back_is_not_given_back_again(
    subscription: Subscription, owner: Actor, turn: Turn
) -> None:
    credit(subscription.invoices.get())
    assert left(subscription) == 3000
    pause_half_way(subscription, owner, turn)
    assert left(subscription) == 3000
    assert_books_agree()


def test_a_note_on_a_part_leaves_what_is_unused_up_to_the_rest(
    subscription: Subscription, owner: Actor, turn: Turn
) -> None:
    credit(subscription.invoices.get(), amount=2000)
    pause_half_way(subscription, owner, turn)
    assert left(subscription) == 3000  # 20.00 by the note, 10.00 of the 15.00 unused
    assert_books_agree()


def test_days_count_from_the_payment_where_the_period_began_with_it(
    unpaid: Subscription, owner: Actor, turn: Turn
) -> None:
    turn(20 * DAY)
    pay_in_full(only_open(unpaid))
    back = pause_half_way(unpaid, owner, turn)
    unpaid.refresh_from_db()
    assert left(unpaid) == 1500
    assert (back.period_start, back.period_end) == (
        unpaid.closed_at,
        unpaid.period_end,
    )
    assert_books_agree()


def test_a_late_payment_with_a_coupon_gives_back_what_was_paid(
    with_coupon: Subscribed, owner: Actor, turn: Turn
) -> None:
    row = with_coupon(50)
    turn(25 * DAY)
    pay_in_full(only_open(row))
    pause_half_way(row, owner, turn)
    assert left(row) == 750
    assert_books_agree()


def test_an_upgrade_of_who_paid_late_takes_off_all_that_is_unused(
    unpaid: Subscription, pro: Plan, owner: Actor, turn: Turn
) -> None:
    turn(20 * DAY)
    pay_in_full(only_open(unpaid))
    unpaid.refresh_from_db()
    turn((unpaid.period_end - unpaid.period_start) / 2)
    perform(ChangePlan, unpaid, {"plan": "pro"}, actor=owner)
    assert only_open(unpaid).total == 4500 - 1500


def test_what_is_unused_pays_first_of_all_for_what_is_owed(
    owing: Subscription, owner: Actor, turn: Turn
) -> None:
    owed = only_open(owing)
    turn(DAY)
    perform(PauseSubscription, owing, actor=owner)
    owed.refresh_from_db()
    assert (owed.state, owed.outstanding) == ("open", 97)  # one day of 31
    assert left(owing) == 0
    pay_in_full(owed)
    assert_books_agree()


def test_what_is_owed_and_unused_altogether_is_settled(
    owing: Subscription, operator: Actor, turn: Turn
) -> None:
    owed = only_open(owing)
    at_once = {"when": "now", "refund": True}
    perform(CancelSubscription, owing, at_once, actor=operator)
    owed.refresh_from_db()
    assert (owed.state, owed.applied, left(owing)) == ("paid", 3000, 0)
    assert_books_agree()


def test_what_is_being_collected_is_left_alone(
    owing: Subscription, owner: Actor, turn: Turn
) -> None:
    owed = only_open(owing)
    owed.payments.create(
        customer=owed.customer,
        number=1,
        gateway="sandbox",
        state="processing",
        amount=owed.outstanding,
        currency="EUR",
    )
    turn(DAY)
    perform(PauseSubscription, owing, actor=owner)
    owed.refresh_from_db()
    assert (owed.outstanding, left(owing)) == (3000, 2903)


def test_a_change_that_is_only_offered_has_given_nothing_back(
    subscription: Subscription, pro: Plan, owner: Actor, turn: Turn
) -> None:
    turn(14 * DAY)
    perform(ChangePlan, subscription, {"plan": "pro"}, actor=owner)
    assert only_open(subscription).total == 4500 - 1500
    perform(PauseSubscription, subscription, actor=owner)
    assert left(subscription) == 1500
    assert not subscription.invoices.filter(state="open").exists()
    assert_books_agree()
