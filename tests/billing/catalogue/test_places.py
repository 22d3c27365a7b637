"""How a tenant is isolated and how large it is: chosen at the sale, where one may."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.actions import ChangePlan, Subscribe
from billing.errors import NeedsMove, NotAChoice
from billing.models import Plan, Subscription
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants import offers
from tenants.models import Account, Entitlement, Tenant
from tests.billing.desk import Turn, only_open, pay_in_full, sell
from tests.cast import LogIn

SHAPES: dict[str, Any] = {
    "isolations": ["pooled", "bridge"],
    "sizes": ["small", "large"],
    "moves": ["pooled-to-bridge", "bridge-to-pooled"],
    "backup_days": 90,
}


@pytest.fixture(autouse=True)
def buildable(monkeypatch: pytest.MonkeyPatch) -> None:
    """This installation can build everything; what it can not has its own tests."""
    monkeypatch.setattr(offers, "_obstacles", [])


@pytest.fixture
def shaped(control: object) -> Plan:
    return sell("shaped", **SHAPES)


def taken(tenant: Tenant, owner: Actor, **chosen: str) -> Subscription:
    wanted = {"plan": "shaped", **chosen}
    made: Subscription = perform(Subscribe, tenant, wanted, actor=owner).result
    pay_in_full(only_open(made))
    made.refresh_from_db()
    return made


def test_what_is_chosen_is_what_the_tenant_is_entitled_to(
    turn: Turn, tenant: Tenant, owner: Actor, shaped: Plan
) -> None:
    taken(tenant, owner, isolation="bridge", size="large")
    granted = Entitlement.objects.get(tenant=tenant)
    assert (granted.isolation, granted.size) == ("bridge", "large")
    assert (granted.backup_days, granted.retention_days) == (90, 30)


def test_where_nothing_is_chosen_the_plan_says_it(
    turn: Turn, tenant: Tenant, owner: Actor, shaped: Plan
) -> None:
    taken(tenant, owner)
    granted = Entitlement.objects.get(tenant=tenant)
    assert (granted.isolation, granted.size) == ("pooled", "small")


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"isolation": "silo"}, "sold as pooled, bridge"),
        ({"size": "huge"}, "the sizes small, large"),
    ],
)
def test_what_the_plan_does_not_leave_open_is_refused(
    tenant: Tenant, owner: Actor, shaped: Plan, chosen: dict[str, str], why: str
) -> None:
    with pytest.raises(NotAChoice, match=why):
        perform(Subscribe, tenant, {"plan": "shaped", **chosen}, actor=owner)
    assert not Subscription.objects.exists()


def test_another_choice_replaces_one_that_is_not_paid(
    turn: Turn, tenant: Tenant, owner: Actor, shaped: Plan
) -> None:
    for isolation in ("pooled", "bridge"):
        wanted = {"plan": "shaped", "isolation": isolation}
        perform(Subscribe, tenant, wanted, actor=owner)
    states = Subscription.objects.order_by("pk").values_list("isolation", "state")
    assert list(states) == [("pooled", "cancelled"), ("bridge", "incomplete")]


def test_a_plan_that_is_sold_as_what_the_tenant_is_can_be_changed_to(
    turn: Turn, tenant: Tenant, owner: Actor, shaped: Plan
) -> None:
    running = taken(tenant, owner, isolation="bridge", size="large")
    sell("grown", 9000, isolation="silo", isolations=["silo", "bridge"])
    perform(ChangePlan, running, {"plan": "grown"}, actor=owner)
    pay_in_full(only_open(running))
    granted = Entitlement.objects.get(tenant=tenant)
    assert (granted.plan, granted.isolation) == ("grown", "bridge")
    assert granted.size == "small"  # the new plan has no larger one


def test_a_move_is_refused_and_the_reason_is_said(
    turn: Turn, tenant: Tenant, owner: Actor, shaped: Plan
) -> None:
    running = taken(tenant, owner, isolation="bridge")
    sell("shared", 9000, isolation="pooled")
    sell("alone", 9000, isolation="silo")
    for code, why in (
        ("shared", "the move to pooled is not built yet"),
        ("alone", "not sold as bridge, which the tenant is, and names no move"),
    ):
        with pytest.raises(NeedsMove, match=why):
            perform(ChangePlan, running, {"plan": code}, actor=owner)


def test_the_order_page_asks_where_the_plan_leaves_a_choice(
    log_in: LogIn, owner_user: User, account: Account, shaped: Plan
) -> None:
    portal = log_in(owner_user)
    shown = portal.get("/plans/shaped/order/").content.decode()
    assert "Bridge: a database of its own" in shown
    assert "Silo" not in shown
    order(portal, isolation="bridge", size="large")
    made = Subscription.objects.get()
    assert (made.isolation, made.size) == ("bridge", "large")
    sell("fixed")
    assert "isolation" not in portal.get("/plans/fixed/order/").content.decode()


def order(portal: Client, **chosen: str) -> None:
    who = {"to-name": "Acme Ltd", "to-country": "DE", "to-city": "Berlin"}
    named = {"name": "Flower shop", "slug": "flowers"}
    answer = portal.post("/plans/shaped/order/", {**named, **who, **chosen})
    assert answer.status_code == 302
