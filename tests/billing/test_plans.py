"""The catalogue: versions, what is refused, what everybody sees."""

from __future__ import annotations

from typing import Any

import pytest

from billing.actions import CreatePlan, RetirePlan, Subscribe
from billing.errors import NotOnSale
from billing.models import Plan, Subscription
from billing.seed import seed_plans
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import ANONYMOUS, Actor
from paybill_site.kernel.errors import Forbidden, Invalid
from paybill_site.kernel.planes import Place
from tenants.models import Tenant
from tests.billing.desk import a_plan, sell


def test_seeding_twice_leaves_each_plan_once(control: Place) -> None:
    codes = [plan.code for plan in seed_plans()]
    assert codes == ["free", "team", "business", "business-aws", "more-agents"]
    assert seed_plans() == []
    plans = Plan.objects.on_sale().filter(kind="base")
    sold = plans.values_list("code", "isolation", "price")
    assert list(sold) == [
        ("free", "pooled", 0),
        ("team", "bridge", 4900),
        ("business", "silo", 49900),
        ("business-aws", "silo", 59900),
    ]


def test_a_new_version_takes_the_place_and_leaves_the_old_one_to_who_has_it(
    operator: Actor, subscription: Subscription
) -> None:
    dearer = a_plan("basic", 4000)
    new = perform(CreatePlan, None, dearer, actor=operator).result
    assert (new.version, new.state) == (2, "on_sale")
    subscription.refresh_from_db()
    assert (subscription.plan.version, subscription.plan.state) == (1, "retired")
    assert subscription.plan.price == 3000


def test_a_retired_plan_is_not_sold(
    operator: Actor, owner: Actor, tenant: Tenant, basic: Plan
) -> None:
    perform(RetirePlan, basic, actor=operator)
    with pytest.raises(NotOnSale):
        perform(Subscribe, tenant, {"plan": "basic"}, actor=owner)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", -1),
        ("price", 49.5),
        ("currency", "XXX"),
        ("currency", "euro"),
        ("interval", "fortnight"),
        ("interval_count", 0),
        ("regions", []),
        ("isolation", "none"),
        ("code", "Not A Code"),
        ("limits", {"agents": -1}),
        ("features", {"Not A Name": True}),
        ("surprise", 1),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    operator: Actor, field: str, value: Any
) -> None:
    terms = {**a_plan("odd").model_dump(mode="json"), field: value}
    with pytest.raises(Invalid, match=field):
        perform(CreatePlan, None, terms, actor=operator)
    assert not Plan.objects.filter(code="odd").exists()


def test_customers_do_not_make_plans(owner: Actor) -> None:
    with pytest.raises(Forbidden):
        perform(CreatePlan, None, a_plan("mine"), actor=owner)


def test_everybody_sees_what_is_on_sale_and_nothing_else(
    operator: Actor, control: Place
) -> None:
    sell("basic")
    sell("basic", 4000)
    assert [p.version for p in Plan.objects.visible_to(ANONYMOUS)] == [2]
    assert Plan.objects.visible_to(operator).count() == 2


def test_seats_cost_though_the_base_is_free(control: Place) -> None:
    def seats(code: str, unit: str) -> Plan:
        card = {"price": {"model": "per_unit", "unit_amount": unit}}
        return sell(code, 0, prices=[{"code": "s", "kind": "seat", "card": card}])

    assert sell("nothing", 0).free
    assert seats("given", "0").free
    assert not seats("seated", "8").free
    assert not sell("base", 100).free
