"""Which version is sold, who keeps which, and how those of earlier ones are moved."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from billing import catalogue, clock
from billing.actions import MigratePlan, RetirePlan, StartSale
from billing.errors import NotOnSale
from billing.models import Plan, Subscription
from billing.seed import SEEDER
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, IllegalMove
from tests.billing.desk import START, Turn, sell

DAY = timedelta(days=1)
MONTH = 30 * DAY
KEEPER = actors.system("keeper", *SEEDER.grants, "billing.start_sale")


def held(subscription: Subscription, at: datetime) -> Plan:
    plan = subscription.plan
    return catalogue.held_among(plan, Plan.objects.filter(code=plan.code), at)


def test_a_version_with_a_day_to_come_is_sold_from_then_on(
    basic: Plan, turn: Turn
) -> None:
    dearer = sell("basic", 6000, effective_from=START + MONTH)
    assert (dearer.state, dearer.version) == ("scheduled", 2)
    assert catalogue.sold("basic") == basic
    with pytest.raises(IllegalMove, match="waits"):
        perform(StartSale, dearer, actor=KEEPER)
    turn(MONTH)
    assert catalogue.sold("basic") == dearer
    perform(StartSale, dearer, actor=KEEPER)
    states = Plan.objects.order_by("version").values_list("state", flat=True)
    assert list(states) == ["retired", "on_sale"]


def test_a_version_that_waits_is_replaced_by_the_next_one(
    basic: Plan, turn: Turn
) -> None:
    waiting = sell("basic", 6000, effective_from=START + MONTH)
    sell("basic", 7000, effective_from=START + 2 * MONTH)
    turn(MONTH)
    assert catalogue.sold("basic") == basic
    waiting.refresh_from_db()
    assert waiting.state == "retired"


def test_who_has_a_version_keeps_it_until_a_later_one_is_for_them_too(
    subscription: Subscription, turn: Turn
) -> None:
    """A month at 30, a month at 30, and then 60, as Kill Bill's documents have it."""
    existing = START + 45 * DAY
    dearer = sell("basic", 6000, effective_for_existing=existing)
    first = subscription.plan
    assert catalogue.sold("basic") == dearer
    assert held(subscription, START + MONTH) == first
    assert held(subscription, existing - DAY) == first
    assert held(subscription, existing) == dearer


def test_a_version_that_says_nothing_of_existing_ones_is_not_for_them(
    subscription: Subscription, turn: Turn
) -> None:
    sell("basic", 6000)
    for years in (1, 10):
        later = START + years * 365 * DAY
        assert held(subscription, later) == subscription.plan


def test_a_retired_plan_goes_on_for_those_who_have_it(
    subscription: Subscription, operator: Actor
) -> None:
    perform(RetirePlan, subscription.plan, actor=operator)
    with pytest.raises(NotOnSale):
        catalogue.sold("basic")
    later = clock.now() + 100 * DAY
    assert held(subscription, later) == subscription.plan
    again = sell("basic", 5000)
    assert catalogue.sold("basic") == again


def test_one_that_was_taken_back_before_its_day_was_never_there(
    basic: Plan, turn: Turn, operator: Actor
) -> None:
    waiting = sell("basic", 6000, effective_from=START + MONTH)
    perform(RetirePlan, waiting, actor=operator)
    turn(2 * MONTH)
    assert catalogue.sold("basic") == basic


def test_an_unknown_plan_is_not_sold(turn: Turn) -> None:
    with pytest.raises(NotOnSale):
        catalogue.sold("nothing")


def test_migrating_shows_what_changes_for_whom_before_it_does(
    subscription: Subscription, operator: Actor
) -> None:
    dearer = sell("basic", 4000)
    shown = rehearse(MigratePlan, dearer, {}, actor=operator).output
    assert shown["subscriptions"] == [
        {
            "subscription": subscription.public_id,
            "tenant": "Bakery",
            "version": 1,
            "from": subscription.period_end.isoformat(),
            "before": "30.00 EUR",
            "after": "40.00 EUR",
        }
    ]
    subscription.refresh_from_db()
    assert subscription.next_plan is None
    done = perform(MigratePlan, dearer, {}, actor=operator).output
    assert (done["migrated"], done["staying"]) == (1, 0)
    subscription.refresh_from_db()
    assert subscription.plan.version == 1
    assert subscription.next_plan_id == dearer.pk


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"currency": "USD"}, "no price in EUR"),
        ({"regions": ["north"]}, "not offered in local"),
        ({"isolation": "bridge"}, "is not sold as pooled"),
    ],
)
def test_who_can_not_have_the_version_stays_and_it_is_said_why(
    subscription: Subscription, operator: Actor, terms: dict[str, object], why: str
) -> None:
    other = sell("basic", 4000, **terms)
    done = perform(MigratePlan, other, {}, actor=operator).output
    assert (done["migrated"], done["staying"]) == (0, 1)
    assert why in done["reasons"][0]["why"]


def test_a_change_that_the_customer_chose_is_not_overruled(
    subscription: Subscription, pro: Plan, operator: Actor
) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(next_plan=pro)
    done = perform(MigratePlan, sell("basic", 4000), {}, actor=operator).output
    assert "changes to Pro" in done["reasons"][0]["why"]
    assert done["migrated"] == 0


def test_only_the_versions_that_were_named_are_migrated(
    subscription: Subscription, operator: Actor
) -> None:
    newest = sell("basic", 4000)
    done = perform(MigratePlan, newest, {"versions": [7]}, actor=operator).output
    assert (done["migrated"], done["staying"]) == (0, 0)


def test_customers_do_not_migrate_plans(
    subscription: Subscription, owner: Actor
) -> None:
    with pytest.raises(Forbidden):
        perform(MigratePlan, subscription.plan, {}, actor=owner)
