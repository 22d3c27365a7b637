"""What time brings: renewals, unpaid invoices, the end. Nothing is billed twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing import agenda, clock
from billing.actions import (
    BillCustomer,
    CancelSubscription,
    Subscribe,
    UndoCancel,
    VoidInvoice,
)
from billing.actions.biller import BILLER
from billing.dunning.tasks import dun_one
from billing.errors import NotDue
from billing.models import Invoice, Plan, Subscription
from billing.tasks import bill, bill_one
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.models import OutboxEvent
from tenants.models import Account, Entitlement, Tenant
from tenants.states import Role
from tests.billing.desk import Turn, live, only_open, pay_in_full, sell
from tests.cast import acting, join, make_tenant

DAY = timedelta(days=1)


def look(subscription: Subscription) -> Subscription:
    subscription.refresh_from_db()
    return subscription


def test_nothing_is_done_before_it_is_due(
    subscription: Subscription, turn: Turn
) -> None:
    turn(20 * DAY)
    assert bill_one(subscription.public_id) == 0
    with pytest.raises(NotDue):
        perform(BillCustomer, subscription.customer, actor=BILLER)
    assert dun_one(subscription.customer.public_id) == 0


def test_the_next_period_is_billed_when_it_begins(owing: Subscription) -> None:
    invoice = only_open(owing)
    assert (owing.state, owing.period_index) == ("active", 1)
    assert (owing.period_end.month, owing.period_end.day) == (3, 31)
    assert (invoice.kind, invoice.total) == ("renewal", 3000)
    assert invoice.due_at == clock.now() + 7 * DAY


def test_billing_again_adds_nothing(owing: Subscription) -> None:
    assert bill_one(owing.public_id) == 0
    assert bill() == 0
    assert owing.invoices.count() == 2


def test_billing_to_a_day_in_one_go_equals_billing_day_by_day(
    subscription: Subscription, owner_user: User, turn: Turn
) -> None:
    account = Account.objects.create(name="Twin", created_by=owner_user.public_id)
    join(account, owner_user, Role.OWNER)
    twin_tenant, owner = make_tenant(account, "twin-bakery"), acting(owner_user)
    twin = perform(Subscribe, twin_tenant, {"plan": "basic"}, actor=owner).result
    pay_in_full(only_open(twin))
    for _ in range(100):
        turn(DAY)
        bill_one(subscription.public_id)
        for invoice in subscription.invoices.filter(state="open"):
            pay_in_full(invoice)
    bill_one(twin.public_id)
    facts = ("kind", "total", "period_start", "period_end")
    one, other = (
        list(row.invoices.values_list(*facts)) for row in (subscription, twin)
    )
    assert one == other
    assert len(one) == 4


def test_a_late_biller_catches_up_period_by_period(
    free: Plan, tenant: Tenant, owner: Actor, turn: Turn
) -> None:
    row = perform(Subscribe, tenant, {"plan": "starter"}, actor=owner).result
    turn(100 * DAY)
    assert bill_one(row.public_id) == 3
    assert look(row).period_index == 3
    assert not Invoice.objects.exists()


def test_unpaid_goes_step_by_step_to_suspended_and_to_the_end(
    owing: Subscription, turn: Turn
) -> None:
    seen = []
    for days in (7, 3, 7, 30):
        turn(days * DAY)
        live(owing)
        granted = Entitlement.objects.get(tenant=owing.tenant).state
        seen.append((look(owing).state, granted))
    assert seen == [
        ("past_due", "active"),
        ("grace", "grace"),
        ("suspended", "suspended"),
        ("cancelled", "ended"),
    ]
    names = list(OutboxEvent.objects.values_list("name", flat=True))
    assert names.count("billing.invoice_overdue") == 4
    assert names.count("billing.subscription_suspended") == 1
    assert names.count("billing.subscription_ended") == 1
    assert agenda.upcoming(owing) == []


@pytest.mark.parametrize("days", [8, 11, 20])
def test_paying_restores_at_once(owing: Subscription, turn: Turn, days: int) -> None:
    turn(days * DAY)
    live(owing)
    assert look(owing).state in {"past_due", "grace", "suspended"}
    pay_in_full(only_open(owing))
    assert look(owing).state == "active"
    assert Entitlement.objects.get(tenant=owing.tenant).state == "active"
    assert OutboxEvent.objects.filter(name="billing.subscription_restored").exists()


def test_periods_in_which_access_was_closed_are_not_billed(
    owing: Subscription, turn: Turn
) -> None:
    now = turn(45 * DAY)  # suspended since day 17, its period over since day 31
    live(owing)
    pay_in_full(owing.invoices.filter(state="open").earliest("due_at"))
    assert look(owing).state in {"active", "past_due"}
    while owing.state != "active":
        pay_in_full(owing.invoices.filter(state="open").earliest("due_at"))
        look(owing)
    live(owing)
    assert look(owing).period_start <= now < owing.period_end


def test_an_invoice_taken_back_restores_as_well(
    owing: Subscription, turn: Turn, operator: Actor
) -> None:
    turn(8 * DAY)
    live(owing)
    perform(VoidInvoice, only_open(owing), actor=operator)
    assert look(owing).state == "active"


def test_a_late_payment_after_the_end_is_recorded_and_revives_nothing(
    owing: Subscription, turn: Turn
) -> None:
    turn(60 * DAY)
    live(owing)
    assert look(owing).state == "cancelled"
    invoice = owing.invoices.filter(state="uncollectible").first()
    assert invoice is not None
    pay_in_full(invoice)
    assert (invoice.state, look(owing).state) == ("paid", "cancelled")


def test_a_trial_ends_in_the_first_paid_period(
    tenant: Tenant, owner: Actor, turn: Turn
) -> None:
    sell("tried", 3000, trial_days=14)
    row = perform(Subscribe, tenant, {"plan": "tried"}, actor=owner).result
    turn(14 * DAY)
    bill_one(row.public_id)
    assert (look(row).state, only_open(row).total) == ("active", 3000)
    assert row.period_start == row.anchor


def test_an_offer_that_nobody_pays_lapses(unpaid: Subscription, turn: Turn) -> None:
    turn(31 * DAY)
    bill_one(unpaid.public_id)
    assert look(unpaid).state == "cancelled"
    assert unpaid.invoices.get().state == "void"


def test_cancelled_to_the_end_of_the_period_it_stays_in_force_until_then(
    subscription: Subscription, owner: Actor, turn: Turn
) -> None:
    perform(CancelSubscription, subscription, actor=owner)
    turn(27 * DAY)
    bill_one(subscription.public_id)
    assert look(subscription).state == "active"
    turn(DAY)
    bill_one(subscription.public_id)
    assert look(subscription).state == "cancelled"
    assert subscription.invoices.count() == 1


def test_a_cancellation_can_be_undone_before_the_end(
    subscription: Subscription, owner: Actor, turn: Turn
) -> None:
    perform(CancelSubscription, subscription, actor=owner)
    perform(UndoCancel, subscription, actor=owner)
    with pytest.raises(IllegalMove):
        perform(UndoCancel, subscription, actor=owner)
    turn(28 * DAY)
    bill_one(subscription.public_id)
    assert look(subscription).state == "active"


def test_cancelled_now_it_is_over_now(
    subscription: Subscription, owner: Actor, turn: Turn
) -> None:
    perform(CancelSubscription, subscription, {"when": "now"}, actor=owner)
    assert look(subscription).state == "cancelled"
    assert Entitlement.objects.get(tenant=subscription.tenant).state == "ended"
    with pytest.raises(IllegalMove):
        perform(CancelSubscription, subscription, {"when": "now"}, actor=owner)
