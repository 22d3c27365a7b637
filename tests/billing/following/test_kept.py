"""After the end: kept for the days of the plan, had again in them, or taken away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing import keeping
from billing.actions import CancelSubscription, ReactivateSubscription
from billing.errors import NoSuchChange, NothingKept
from billing.models import Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from provisioning.models import Backup, Removal
from tenants.actions import CloseTenant
from tenants.actions.places import taken
from tenants.models import Tenant
from tests.billing.desk import Turn
from tests.billing.following.moving import deliver

DAY = timedelta(days=1)


@pytest.fixture
def over(subscription: Subscription, owner: Actor) -> Subscription:
    """In force once, then cancelled at once; everybody has followed."""
    deliver()
    perform(CancelSubscription, subscription, {"when": "now"}, actor=owner)
    deliver()
    subscription.refresh_from_db()
    return subscription


def tenant_of(subscription: Subscription) -> Tenant:
    return Tenant.objects.get(pk=subscription.tenant_id)


def test_what_was_there_is_kept_closed_and_backed_up(over: Subscription) -> None:
    tenant = tenant_of(over)
    assert (tenant.state, tenant.suspension) == ("suspended", "end")
    place = taken(tenant)
    assert place is not None
    assert Backup.objects.get(tenant=tenant).reason == "final"
    assert over.ended_at is not None
    assert keeping.until(tenant) == over.ended_at + 30 * DAY
    assert not Removal.objects.exists()


def test_in_these_days_it_goes_on_where_it_was(
    over: Subscription, owner: Actor, turn: Turn
) -> None:
    before = taken(tenant_of(over))
    turn(29 * DAY)
    assert keeping.close_over() == 0
    perform(ReactivateSubscription, over, actor=owner)
    deliver()
    tenant = tenant_of(over)
    assert (tenant.state, tenant.suspension) == ("live", "")
    assert taken(tenant) == before
    assert keeping.until(tenant) is None
    turn(40 * DAY)
    assert keeping.close_over() == 0


def test_after_these_days_it_is_taken_away_and_nothing_is_had_again(
    over: Subscription, owner: Actor, turn: Turn
) -> None:
    turn(30 * DAY)
    assert keeping.close_over() == 1
    assert keeping.close_over() == 0
    deliver()
    tenant = tenant_of(over)
    assert tenant.state == "closed"
    assert Removal.objects.get(tenant=tenant).deployment is None
    with pytest.raises((NothingKept, NoSuchChange)):
        perform(ReactivateSubscription, over, actor=owner)
    assert tenant_of(over).state == "closed"


def test_a_place_that_is_being_taken_down_is_not_had_again(
    over: Subscription, owner: Actor
) -> None:
    perform(CloseTenant, tenant_of(over), actor=owner)
    with pytest.raises(NothingKept, match="its place is taken down"):
        perform(ReactivateSubscription, over, actor=owner)


def test_the_end_said_again_makes_the_days_no_longer(
    over: Subscription, turn: Turn
) -> None:
    before = keeping.until(tenant_of(over))
    turn(5 * DAY)
    deliver()
    assert keeping.until(tenant_of(over)) == before
