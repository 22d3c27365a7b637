"""What a subscription grants: its plan, its add-ons, and what was agreed besides."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing import catalogue, clock
from billing.actions import Subscribe
from billing.models import Plan, Subscription, SubscriptionItem
from billing.rating.grants import Allowance
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from tenants.models import Entitlement, Tenant
from tests.billing.catalogue.samples import card, usage
from tests.billing.desk import Turn, sell

FIVE = {"limit": 1000, "hard": True}


def an_addon(code: str, **grants: object) -> Plan:
    return sell(code, 500, kind="addon", beside=["basic"], **grants)


def take(subscription: Subscription, addon: Plan, quantity: int = 1) -> None:
    now = clock.now()
    SubscriptionItem.objects.create(
        subscription=subscription,
        price=addon.prices.get(),
        quantity=Decimal(quantity),
        start=now,
        billed_to=now,
    )


def test_a_plan_alone(subscription: Subscription) -> None:
    granted = catalogue.entitled(subscription)
    assert (granted.features, granted.limits) == ({"sso": True}, {"agents": 5})


def test_addons_add_their_limits_so_many_times(subscription: Subscription) -> None:
    more = an_addon(
        "more-agents",
        features={"support": "by telephone"},
        limits={"agents": 10},
        metered={"api_calls": FIVE},
    )
    take(subscription, more, 3)
    granted = catalogue.entitled(subscription)
    assert granted.limits == {"agents": 35}
    assert granted.features == {"sso": True, "support": "by telephone"}
    assert granted.metered == {"api_calls": Allowance(3000, hard=True)}


def test_within_a_trial_addons_grant_what_they_will_be_billed_for(
    turn: Turn, tenant: Tenant, owner: Actor
) -> None:
    sell("team", trial_days=14)
    sell("more", 500, kind="addon", beside=["team"], limits={"agents": 10})
    wanted = {"plan": "team", "addons": {"more": 1}}
    perform(Subscribe, tenant, wanted, actor=owner)
    assert Entitlement.objects.get(tenant=tenant).limits["agents"] == 15


def test_an_addon_that_is_billed_by_usage_alone_grants_its_features(
    turn: Turn, tenant: Tenant, owner: Actor
) -> None:
    audit = usage("lines", card("per_unit", unit_amount="1"))
    sell("team", 0)
    extra = {"beside": ["team"], "features": {"audit": True}, "prices": [audit]}
    sell("audited", None, kind="addon", **extra)
    wanted = {"plan": "team", "addons": {"audited": 1}}
    perform(Subscribe, tenant, wanted, actor=owner)
    assert Entitlement.objects.get(tenant=tenant).features["audit"]


@pytest.mark.parametrize("far", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00Z"])
def test_nothing_begins_where_calendars_end(
    tenant: Tenant, owner: Actor, far: str
) -> None:
    wanted = {"plan": sell("team").code, "starts_at": far}
    with pytest.raises(Invalid, match="within the next ten years"):
        perform(Subscribe, tenant, wanted, actor=owner)


def test_an_addon_that_was_given_back_grants_nothing(
    subscription: Subscription, turn: Turn
) -> None:
    take(subscription, an_addon("more-agents", limits={"agents": 10}))
    now = turn(timedelta(days=3))
    subscription.items.filter(price__plan__kind="addon").update(end=now)
    assert catalogue.entitled(subscription).limits == {"agents": 5}


def test_addons_that_come_with_the_plan_need_no_taking(
    subscription: Subscription,
) -> None:
    an_addon("more-agents", limits={"agents": 10})
    subscription.plan = sell("basic", 4000, includes={"more-agents": 2})
    assert catalogue.entitled(subscription).limits == {"agents": 25}


def test_what_was_agreed_has_the_last_word(subscription: Subscription) -> None:
    take(subscription, an_addon("more-agents", limits={"agents": 10}))
    subscription.overrides = {
        "features": {"sso": False},
        "limits": {"agents": None},
        "metered": {"api_calls": {"limit": 7}},
    }
    granted = catalogue.entitled(subscription)
    assert granted.features == {"sso": False}
    assert granted.limits == {"agents": None}
    assert granted.metered == {"api_calls": Allowance(7)}
