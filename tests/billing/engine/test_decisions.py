"""What people decide: seats, add-ons, pauses, ends to a day, trials; who is parked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import agenda, clock
from billing.actions import (
    CancelSubscription,
    ChangePlan,
    ChangeQuantity,
    CreatePlan,
    ExtendTrial,
    PauseSubscription,
    ReactivateSubscription,
    ResumeSubscription,
    RetryBilling,
    SetAddon,
    Subscribe,
)
from billing.engine import pieces
from billing.errors import NoSuchChange
from billing.models import Customer, Invoice, Plan, Subscription
from billing.seed import SEEDER
from billing.tasks import bill, bill_one
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from tenants.models import Entitlement, Tenant
from tests.billing.desk import Turn, a_plan, only_open, pay_in_full, sell

DAY = timedelta(days=1)
SEATS = {
    "code": "seats",
    "kind": "seat",
    "card": {"price": {"model": "per_unit", "unit_amount": "10"}},
}


def look(row: Subscription) -> Subscription:
    row.refresh_from_db()
    return row


def left(row: Subscription) -> int:
    return Customer.objects.get(pk=row.customer_id).balance


@pytest.fixture
def seated(turn: Turn, tenant: Tenant, owner: Actor) -> Subscription:
    """A plan of 30.00 with three seats at 10.00, in force since the clock's start."""
    sell("seated", 3000, prices=[SEATS])
    chosen = {"plan": "seated", "seats": {"seats": 3}}
    row = perform(Subscribe, tenant, chosen, actor=owner).result
    assert only_open(row).total == 6000
    pay_in_full(only_open(row))
    return look(row)


@pytest.fixture
def addon(seated: Subscription) -> Plan:
    terms = a_plan("extra", 1400, kind="addon", beside=["seated"])
    return perform(CreatePlan, None, terms, actor=SEEDER).result


def test_more_seats_are_paid_for_the_rest_and_there_when_that_is_paid(
    seated: Subscription, owner: Actor, turn: Turn
) -> None:
    turn(14 * DAY)
    shown = rehearse(ChangeQuantity, seated, {"seats": {"seats": 5}}, actor=owner)
    assert shown.output["amount_due"] == 1000  # half of two seats
    perform(ChangeQuantity, seated, {"seats": {"seats": 5}}, actor=owner)
    assert seated.items.get(price__code="seats", end=None).quantity == 3
    pay_in_full(only_open(seated))
    assert seated.items.get(price__code="seats", end=None).quantity == 5
    turn(14 * DAY)
    bill_one(seated.public_id)
    assert only_open(seated).total == 8000


def test_fewer_seats_come_with_the_next_period(
    seated: Subscription, owner: Actor, turn: Turn
) -> None:
    perform(ChangeQuantity, seated, {"seats": {"seats": 1}}, actor=owner)
    assert seated.items.get(price__code="seats", end=None).quantity == 3
    turn(28 * DAY)
    bill_one(seated.public_id)
    assert only_open(seated).total == 4000


def test_fewer_seats_now_give_back_what_was_charged_and_no_more(
    seated: Subscription, owner: Actor, turn: Turn
) -> None:
    turn(14 * DAY)
    for count in (1, 0):
        now = {"seats": {"seats": count}, "when": "now"}
        perform(ChangeQuantity, seated, now, actor=owner)
    assert left(seated) == 1500  # half of three seats, in two steps
    turn(14 * DAY)
    bill_one(seated.public_id)
    invoice = Invoice.objects.filter(kind="renewal").latest("pk")
    assert (invoice.total, invoice.applied) == (3000, 1500)


def test_an_addon_shares_the_periods_and_goes_as_it_came(
    seated: Subscription, addon: Plan, owner: Actor, turn: Turn
) -> None:
    turn(14 * DAY)
    perform(SetAddon, seated, {"addon": "extra", "quantity": 2}, actor=owner)
    assert only_open(seated).total == 1400  # half of two
    pay_in_full(only_open(seated))
    turn(14 * DAY)
    bill_one(seated.public_id)
    assert only_open(seated).total == 6000 + 2800
    pay_in_full(only_open(seated))
    perform(SetAddon, seated, {"addon": "extra", "quantity": 0}, actor=owner)
    turn(31 * DAY)
    bill_one(seated.public_id)
    assert only_open(seated).total == 6000


def test_an_addon_of_a_later_day_is_billed_from_that_day(
    seated: Subscription, addon: Plan, owner: Actor, turn: Turn
) -> None:
    at = (clock.now() + 21 * DAY).isoformat()
    perform(SetAddon, seated, {"addon": "extra", "at": at}, actor=owner)
    assert bill_one(seated.public_id) == 0
    turn(21 * DAY)
    bill_one(seated.public_id)
    assert only_open(seated).total == 350  # 7 of 28 days of 14.00


def test_nothing_is_billed_in_a_pause_and_what_is_unused_comes_back(
    seated: Subscription, owner: Actor, turn: Turn
) -> None:
    turn(7 * DAY)
    perform(PauseSubscription, seated, actor=owner)
    assert (look(seated).state, left(seated)) == ("paused", 4500)
    assert Entitlement.objects.get(tenant=seated.tenant).state == "suspended"
    turn(60 * DAY)
    assert bill_one(seated.public_id) == 0
    perform(ResumeSubscription, seated, actor=owner)
    bill_one(seated.public_id)
    invoice = Invoice.objects.filter(kind="renewal").latest("pk")
    assert (invoice.total, invoice.applied) == (6000, 4500)
    assert (look(seated).state, seated.period_start) == ("active", clock.now())


def test_a_pause_can_begin_and_end_on_days_to_come(
    seated: Subscription, owner: Actor, turn: Turn
) -> None:
    begins, ends = clock.now() + 7 * DAY, clock.now() + 9 * DAY
    perform(PauseSubscription, seated, {"at": begins.isoformat()}, actor=owner)
    perform(ResumeSubscription, seated, {"at": ends.isoformat()}, actor=owner)
    turn(7 * DAY)
    bill_one(seated.public_id)
    assert look(seated).state == "paused"
    turn(2 * DAY)
    bill_one(seated.public_id)
    assert look(seated).state == "active"


def test_cancelled_to_a_day_it_is_billed_to_that_day(
    seated: Subscription, owner: Actor, turn: Turn
) -> None:
    day = seated.period_end + 15 * DAY
    chosen = {"when": "date", "at": day.isoformat()}
    perform(CancelSubscription, seated, chosen, actor=owner)
    turn(seated.period_end - clock.now())
    bill_one(seated.public_id)
    assert only_open(seated).total == 1452 + 1452  # 15 of 31 days, each line rounded
    turn(15 * DAY)
    bill_one(seated.public_id)
    assert look(seated).state == "cancelled"
    assert agenda.upcoming(seated) == []


def test_cancelled_now_with_money_back_is_the_operators_decision(
    seated: Subscription, owner: Actor, operator: Actor, turn: Turn
) -> None:
    turn(14 * DAY)
    chosen = {"when": "now", "refund": True}
    with pytest.raises(Exception, match="operator"):
        perform(CancelSubscription, seated, chosen, actor=owner)
    perform(CancelSubscription, seated, chosen, actor=operator)
    assert (look(seated).state, left(seated)) == ("cancelled", 3000)


def test_what_is_over_can_be_had_again_while_its_data_is_kept(
    seated: Subscription, owner: Actor, turn: Turn
) -> None:
    perform(CancelSubscription, seated, {"when": "now"}, actor=owner)
    turn(10 * DAY)
    perform(ReactivateSubscription, seated, actor=owner)
    assert look(seated).state == "active"
    assert only_open(seated).total == 6000
    perform(CancelSubscription, seated, {"when": "now"}, actor=owner)
    turn(31 * DAY)
    with pytest.raises(NoSuchChange, match="not kept"):
        perform(ReactivateSubscription, seated, actor=owner)


@pytest.mark.parametrize(
    ("then", "state"), [("cancel", "cancelled"), ("pause", "paused")]
)
def test_a_trial_without_a_way_to_pay_ends_as_it_was_agreed(
    tenant: Tenant, owner: Actor, operator: Actor, turn: Turn, then: str, state: str
) -> None:
    sell("tried", 3000, trial_days=14)
    chosen = {"plan": "tried", "trial_then": then}
    row = perform(Subscribe, tenant, chosen, actor=owner).result
    longer = {"until": (clock.now() + 20 * DAY).isoformat()}
    perform(ExtendTrial, row, longer, actor=operator)
    turn(14 * DAY)
    assert bill_one(row.public_id) == 0
    turn(6 * DAY)
    bill_one(row.public_id)
    assert look(row).state == state
    assert not Invoice.objects.exists()


def test_a_subscription_of_a_later_day_waits_for_it_and_for_its_payment(
    tenant: Tenant, owner: Actor, basic: Plan, turn: Turn
) -> None:
    starts = clock.now() + 5 * DAY
    chosen = {"plan": "basic", "starts_at": starts.isoformat()}
    row = perform(Subscribe, tenant, chosen, actor=owner).result
    assert (row.state, Invoice.objects.count()) == ("scheduled", 0)
    turn(5 * DAY)
    bill_one(row.public_id)
    assert look(row).state == "incomplete"
    pay_in_full(only_open(row))
    assert (look(row).state, row.period_start) == ("active", starts)


def test_who_can_not_be_billed_is_left_alone_and_holds_nobody_up(
    subscription: Subscription,
    outsider: Actor,
    operator: Actor,
    turn: Turn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = subscription.customer
    due: Any = pieces.charge

    def charge(item: Any, piece: Any) -> Any:
        if item.subscription.customer_id == broken.pk:
            raise ArithmeticError("this price makes no sense")
        return due(item, piece)

    monkeypatch.setattr(pieces, "charge", charge)
    turn(28 * DAY)
    bill()
    broken.refresh_from_db()
    assert "makes no sense" in broken.parked_why
    assert bill() == 0
    monkeypatch.setattr(pieces, "charge", due)
    perform(RetryBilling, broken, actor=operator)
    bill()
    assert only_open(subscription).total == 3000


def test_an_upgrade_now_and_back_gives_back_what_it_cost(
    seated: Subscription, owner: Actor, turn: Turn
) -> None:
    sell("grand", 9000, prices=[SEATS])
    turn(14 * DAY)
    perform(ChangePlan, seated, {"plan": "grand"}, actor=owner)
    assert only_open(seated).total == 3000
    pay_in_full(only_open(seated))
    back = {"plan": "seated", "when": "now"}
    perform(ChangePlan, seated, back, actor=owner)
    assert (look(seated).plan.code, left(seated)) == ("seated", 3000)
