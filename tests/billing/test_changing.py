"""Changing the plan: what it costs, when it comes, what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.actions import ChangePlan, Subscribe
from billing.errors import NeedsMove, NoSuchChange, RegionNotOffered
from billing.models import Plan, Subscription
from billing.tasks import bill_one
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden
from tenants.models import Entitlement, Tenant
from tests.billing.desk import Turn, live, only_open, pay_in_full, sell

DAY = timedelta(days=1)


def test_an_upgrade_is_charged_for_the_rest_and_comes_with_the_payment(
    subscription: Subscription, owner: Actor, pro: Plan, turn: Turn
) -> None:
    turn(14 * DAY)  # half of the 28 days
    output = perform(ChangePlan, subscription, {"plan": "pro"}, actor=owner).output
    assert output["amount_due"] == 3000  # half of 90.00 less half of 30.00
    assert output["plan"] == "basic"
    invoice = only_open(subscription)
    assert [(line.amount, line.why) for line in invoice.lines.all()] == [
        (4500, "14 of 28 days of 90.00 EUR"),
        (-1500, "credit for 14 of 28 days of 30.00 EUR"),
    ]
    pay_in_full(invoice)
    subscription.refresh_from_db()
    assert subscription.plan == pro
    assert Entitlement.objects.get(tenant=subscription.tenant).plan == "pro"


def test_every_line_is_recomputed_from_its_stored_inputs(
    subscription: Subscription, owner: Actor, pro: Plan, turn: Turn
) -> None:
    turn(timedelta(days=3, seconds=17))
    perform(ChangePlan, subscription, {"plan": "pro"}, actor=owner)
    for invoice in subscription.invoices.all():
        lines = list(invoice.lines.all())
        assert [line.amount for line in lines] == [line.rated.amount for line in lines]
        assert invoice.total == sum(line.amount for line in lines)


def test_an_upgrade_that_is_not_paid_leaves_the_plan_that_is(
    subscription: Subscription, owner: Actor, pro: Plan, turn: Turn
) -> None:
    perform(ChangePlan, subscription, {"plan": "pro"}, actor=owner)
    turn(15 * DAY)
    bill_one(subscription.public_id)
    subscription.refresh_from_db()
    assert (subscription.state, subscription.plan.code) == ("active", "basic")
    assert subscription.invoices.get(kind="change").state == "void"


def test_a_downgrade_comes_with_the_next_period_and_costs_nothing_now(
    subscription: Subscription, owner: Actor, turn: Turn
) -> None:
    small = sell("small", 1000)
    output = perform(ChangePlan, subscription, {"plan": "small"}, actor=owner).output
    assert (output["amount_due"], output["next_plan"]) == (0, "small")
    turn(28 * DAY)
    bill_one(subscription.public_id)
    subscription.refresh_from_db()
    assert (subscription.plan, subscription.next_plan) == (small, None)
    assert only_open(subscription).total == 1000


def test_another_interval_begins_with_the_next_period(
    subscription: Subscription, owner: Actor, turn: Turn
) -> None:
    sell("yearly", 30_000, interval="year")
    perform(ChangePlan, subscription, {"plan": "yearly"}, actor=owner)
    turn(28 * DAY)
    bill_one(subscription.public_id)
    subscription.refresh_from_db()
    assert only_open(subscription).total == 30_000
    assert (subscription.period_end - subscription.period_start).days == 365


def test_from_free_to_paid_only_the_rest_is_charged(
    free: Plan, basic: Plan, tenant: Tenant, owner: Actor, turn: Turn
) -> None:
    row = perform(Subscribe, tenant, {"plan": "starter"}, actor=owner).result
    turn(14 * DAY)
    output = perform(ChangePlan, row, {"plan": "basic"}, actor=owner).output
    assert output["amount_due"] == 1500
    assert only_open(row).lines.count() == 1


def test_a_second_thought_takes_the_first_ones_invoice_back(
    subscription: Subscription, owner: Actor, pro: Plan
) -> None:
    sell("max", 20_000)
    perform(ChangePlan, subscription, {"plan": "pro"}, actor=owner)
    perform(ChangePlan, subscription, {"plan": "max"}, actor=owner)
    plan = only_open(subscription).plan
    assert plan is not None
    assert plan.code == "max"
    assert subscription.invoices.filter(kind="change", state="void").count() == 1


def test_a_dry_run_shows_the_amount_and_changes_nothing(
    subscription: Subscription, owner: Actor, pro: Plan
) -> None:
    shown = rehearse(ChangePlan, subscription, {"plan": "pro"}, actor=owner)
    assert shown.output["amount_due"] == 6000
    assert subscription.invoices.count() == 1


def test_another_isolation_is_refused_with_the_reason(
    subscription: Subscription, owner: Actor
) -> None:
    sell("apart", 9000, isolation="bridge")
    with pytest.raises(NeedsMove, match="not sold as pooled"):
        perform(ChangePlan, subscription, {"plan": "apart"}, actor=owner)


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        ({"price": 3000, "currency": "USD"}, NoSuchChange),
        ({"regions": ["south"]}, RegionNotOffered),
    ],
)
def test_what_does_not_fit_is_refused(
    subscription: Subscription,
    owner: Actor,
    plan: dict[str, Any],
    error: type[Exception],
) -> None:
    sell("odd", **plan)
    with pytest.raises(error):
        perform(ChangePlan, subscription, {"plan": "odd"}, actor=owner)


def test_the_same_plan_is_no_change(subscription: Subscription, owner: Actor) -> None:
    with pytest.raises(NoSuchChange, match="present plan"):
        perform(ChangePlan, subscription, {"plan": "basic"}, actor=owner)


def test_whoever_owes_pays_first(
    owing: Subscription, owner: Actor, pro: Plan, turn: Turn
) -> None:
    turn(8 * DAY)
    live(owing)
    with pytest.raises(NoSuchChange, match="past due"):
        perform(ChangePlan, owing, {"plan": "pro"}, actor=owner)


def test_a_teammate_looks_and_does_not_change(
    subscription: Subscription, teammate: Actor, pro: Plan
) -> None:
    with pytest.raises(Forbidden):
        perform(ChangePlan, subscription, {"plan": "pro"}, actor=teammate)
