"""Ends that leave something open: half-paid offers, a debt, plans that are over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from billing import clock
from billing.actions import CancelSubscription, ChangePlan, Subscribe, UndoCancel
from billing.models import Customer, Invoice, InvoiceLine, Plan, Subscription
from billing.rating.usage import Aggregation
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from tenants.models import Tenant
from tests.billing.desk import Turn, live, only_open, pay_in_full, sell
from tests.billing.invoices.desk import assert_books_agree, pay
from tests.billing.usage.desk import a_meter, an_event, send

DAY = timedelta(days=1)
CALLS = {
    "code": "calls",
    "kind": "usage",
    "meter": "calls",
    "card": {"price": {"model": "per_unit", "unit_amount": "1"}},
}
QUARTER: dict[str, Any] = {
    "code": "quarter",
    "kind": "fee",
    "phases": [
        {
            "kind": "fixed_term",
            "duration": "P3M",
            "card": {"price": {"model": "flat", "amount": "5"}},
        }
    ],
}


def left(row: Subscription) -> int:
    return Customer.objects.get(pk=row.customer_id).balance


def look(row: Subscription) -> Subscription:
    row.refresh_from_db()
    return row


@pytest.fixture
def half_paid(subscription: Subscription, pro: Plan, owner: Actor) -> Invoice:
    """A change to the dearer plan that is offered, and 1.00 of it paid."""
    perform(ChangePlan, subscription, {"plan": "pro"}, actor=owner)
    offer = subscription.invoices.get(kind="change")
    pay(offer, 100)
    return offer


def test_a_half_paid_offer_lapses_with_its_period_and_what_was_paid_is_used(
    half_paid: Invoice, subscription: Subscription, turn: Turn
) -> None:
    turn(look(subscription).period_end - clock.now())
    live(subscription)
    renewal = only_open(subscription)
    assert (renewal.total, renewal.applied, left(subscription)) == (3000, 100, 0)
    assert look(subscription).plan.code == "basic"
    pay(half_paid, 4000)  # the transfer was on its way
    assert left(subscription) == 4000
    assert_books_agree()


def test_another_choice_takes_a_half_paid_offer_back(
    half_paid: Invoice, subscription: Subscription, owner: Actor
) -> None:
    sell("grand", 12_000)
    perform(ChangePlan, subscription, {"plan": "grand"}, actor=owner)
    offer = only_open(subscription)
    assert (offer.total, offer.applied) == (9000, 100)
    pay_in_full(offer)
    assert look(subscription).plan.code == "grand"
    assert_books_agree()


def test_what_was_paid_for_a_beginning_that_never_came_is_given_back(
    unpaid: Subscription, owner: Actor
) -> None:
    first = only_open(unpaid)
    pay(first, 1000)
    perform(CancelSubscription, unpaid, {"when": "now"}, actor=owner)
    first.refresh_from_db()
    assert (first.outstanding, left(unpaid)) == (0, 1000)
    assert (look(unpaid).state, unpaid.activated_at) == ("cancelled", None)
    assert_books_agree()


def test_what_was_used_before_access_was_closed_is_billed_once_it_is_open_again(
    turn: Turn, tenant: Tenant, owner: Actor
) -> None:
    a_meter(Aggregation.SUM, "calls")
    sell("metered", 1000, prices=[CALLS])
    row = perform(Subscribe, tenant, {"plan": "metered"}, actor=owner).result
    pay_in_full(only_open(row))
    turn(look(row).period_end - clock.now())
    live(row)
    turn(10 * DAY)
    sent = {"at": clock.now().isoformat(), "properties": {"n": "100"}}
    send({**an_event(tenant, "calls"), **sent})
    while look(row).state != "suspended":
        turn(DAY)
        live(row)
    pay_in_full(only_open(row))
    assert look(row).state == "active"
    used = InvoiceLine.objects.get(kind="usage", amount__gt=0)
    assert used.amount == 10_000
    turn(60 * DAY)
    live(row)
    assert InvoiceLine.objects.filter(kind="usage", amount__gt=0).count() == 1


@pytest.fixture
def for_a_quarter(turn: Turn, tenant: Tenant, owner: Actor) -> Subscription:
    """A plan that is over by itself after three months, paid three days late."""
    sell("quarterly", None, prices=[QUARTER])
    row = perform(Subscribe, tenant, {"plan": "quarterly"}, actor=owner).result
    turn(3 * DAY)
    pay_in_full(only_open(row))
    return look(row)


def test_a_plan_that_is_over_by_itself_can_not_be_had_for_ever(
    for_a_quarter: Subscription, owner: Actor
) -> None:
    row, over = for_a_quarter, for_a_quarter.ends_at
    assert over is not None
    assert row.begun_at is not None
    assert (over.month, over.day) == (5, row.begun_at.day)
    with pytest.raises(IllegalMove, match="nobody cancelled"):
        perform(UndoCancel, row, actor=owner)
    perform(CancelSubscription, row, {"when": "period_end"}, actor=owner)
    assert look(row).ends_at == row.period_end
    perform(UndoCancel, row, actor=owner)
    assert look(row).ends_at == over
    later = {"when": "date", "at": (over + 90 * DAY).isoformat()}
    perform(CancelSubscription, row, later, actor=owner)
    assert look(row).ends_at == over


def test_a_change_to_a_plan_that_is_over_by_itself_ends_with_that_plan(
    subscription: Subscription, owner: Actor
) -> None:
    row = subscription
    sell("quarterly", None, prices=[QUARTER])
    perform(ChangePlan, row, {"plan": "quarterly", "when": "now"}, actor=owner)
    assert look(row).plan.code == "quarterly"
    assert row.ends_at is not None
    assert row.ends_at.date() == date(2026, 4, 30)
    perform(ChangePlan, row, {"plan": "basic"}, actor=owner)  # the balance pays it
    again = Subscription.objects.get(pk=row.pk)
    assert (again.plan.code, again.ends_at) == ("basic", None)
