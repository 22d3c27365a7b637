"""What other rooms do when billing says so, with their own handlers and a real pool."""

from __future__ import annotations

from datetime import timedelta

from billing.actions import CancelSubscription, Subscribe
from billing.keeping import close_over
from billing.models import Plan, Subscription
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.limits import terms
from paybill_site.kernel.models import Delivery
from paybill_site.kernel.planes import Place, plane
from tenants.actions import CloseTenant
from tenants.actions.places import taken
from tenants.models import Tenant
from tests.billing.desk import Turn, live, only_open, pay_in_full

DAY = timedelta(days=1)


def settle(subscription: Subscription) -> Tenant:
    """Deliver all events; return the tenant as it is then."""
    while outbox.drain():
        pass
    dead = Delivery.objects.filter(state="dead").values_list("handler", "error")
    assert list(dead) == []
    subscription.refresh_from_db()
    return Tenant.objects.get(pk=subscription.tenant_id)


def test_a_paid_tenant_goes_live_with_what_it_paid_for(
    subscription: Subscription,
) -> None:
    tenant = settle(subscription)
    assert tenant.state == "live"
    place = taken(tenant)
    assert place is not None
    with plane(Place(place.alias, place.schema_name, tenant.public_id)):
        licence = terms(tenant.public_id)
    assert licence is not None
    assert (licence.plan, licence.limits) == ("basic", {"agents": 5})


def test_unpaid_closes_the_doors_and_paying_opens_them(
    owing: Subscription, turn: Turn
) -> None:
    settle(owing)
    turn(17 * DAY)
    live(owing)
    assert settle(owing).state == "suspended"
    pay_in_full(only_open(owing))
    assert settle(owing).state == "live"


def test_the_end_of_the_subscription_closes_the_tenant_after_its_days(
    subscription: Subscription, owner: Actor, turn: Turn
) -> None:
    settle(subscription)
    perform(CancelSubscription, subscription, {"when": "now"}, actor=owner)
    assert settle(subscription).state == "suspended"
    turn(30 * DAY)
    assert close_over() == 1
    assert settle(subscription).state == "closed"


def test_closing_the_tenant_ends_the_subscription(
    subscription: Subscription, owner: Actor
) -> None:
    tenant = settle(subscription)
    perform(CloseTenant, tenant, actor=owner)
    assert settle(subscription).state == "closed"
    assert subscription.state == "cancelled"


def test_closing_a_draft_withdraws_its_invoice(
    unpaid: Subscription, owner: Actor
) -> None:
    perform(CloseTenant, unpaid.tenant, actor=owner)
    assert settle(unpaid).state == "closed"
    assert unpaid.invoices.get().state == "void"


def test_another_choice_closes_nothing(
    unpaid: Subscription, owner: Actor, free: Plan
) -> None:
    perform(Subscribe, unpaid.tenant, {"plan": "starter"}, actor=owner)
    assert settle(unpaid).state == "live"
