"""A product counts what is used in its own plane, and the control plane hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from billing import clock
from billing.models import Meter, UsageEvent
from billing.rating.periods import Period
from billing.rating.usage import Aggregation
from billing.usage import quantity
from paybill_site.kernel import acts, outbox, planes
from paybill_site.kernel.actors import system
from paybill_site.kernel.errors import LimitReached
from paybill_site.kernel.licences import sign
from paybill_site.kernel.models import Delivery, Licence, UsageCounter
from paybill_site.kernel.planes import CONTROL, Place, plane
from paybill_site.kernel.usage import Used, use, used
from tenants.models import Tenant
from tests.billing.usage.desk import a_meter

PRODUCT = system("product")


@pytest.fixture(autouse=True)
def afternoon(control: Place) -> Iterator[None]:
    """In this file it is now: a plane's own clock is not billing's."""
    with clock.at(timezone.now()):
        yield


@pytest.fixture
def api_calls(control: Place) -> Meter:
    return a_meter(Aggregation.SUM, "api_calls", value_from="amount")


def allow(tenant: Tenant, place: Place, **limits: Any) -> None:
    """A licence in the tenant's plane with these limits alone."""
    said = {"state": "active", "plan": "team", "features": {}, "limits": limits}
    with plane(place):
        token = sign(tenant.public_id, said, 1)
        Licence.objects.update_or_create(version=1, defaults={"token": token})


def using(place: Place, amount: int, meter: str = "api_calls") -> Used:
    """What an action of the product does: its effect, the use and the event as one."""
    act = acts.Act("test.call", PRODUCT)
    with plane(place), planes.atomic():
        with acts.entered(act):
            after = use(meter, amount)
        outbox.store(act.events, PRODUCT)
    return after


def delivered(place: Place) -> None:
    with plane(place):
        outbox.drain()
        assert not Delivery.objects.exclude(state="done").exists()
    outbox.drain()


def today() -> Period:
    return Period(timezone.now() - timedelta(hours=1), timezone.now())


def test_what_is_used_there_is_counted_here(
    live_tenant: Tenant, tenant_a: Place, api_calls: Meter
) -> None:
    allow(live_tenant, tenant_a, api_calls={"limit": 1000, "hard": False})
    using(tenant_a, 3)
    assert using(tenant_a, 4).used == 7
    delivered(tenant_a)
    assert quantity(live_tenant, "api_calls", today()) == 7
    assert {event.source for event in UsageEvent.objects.all()} == {"tenant"}


def test_a_report_that_comes_twice_counts_once(
    live_tenant: Tenant, tenant_a: Place, api_calls: Meter
) -> None:
    allow(live_tenant, tenant_a, api_calls={"limit": None, "hard": False})
    using(tenant_a, 5)
    delivered(tenant_a)
    with plane(tenant_a):
        Delivery.objects.update(state="pending", settled_at=None)
    delivered(tenant_a)
    assert quantity(live_tenant, "api_calls", today()) == 5


def test_a_hard_limit_refuses_and_says_until_when(
    live_tenant: Tenant, tenant_a: Place
) -> None:
    allow(live_tenant, tenant_a, api_calls={"limit": 10, "hard": True})
    using(tenant_a, 9)
    with pytest.raises(LimitReached, match=r"9 of 10 api calls are used; .* on 1 "):
        using(tenant_a, 2)
    assert using(tenant_a, 1).percent == 100
    with pytest.raises(LimitReached, match=r"10 of 10"):
        using(tenant_a, 1)
    with plane(tenant_a):
        assert used("api_calls").used == 10


def test_a_soft_limit_lets_pass_and_tells_at_80_and_100_percent_once(
    live_tenant: Tenant, tenant_a: Place, api_calls: Meter
) -> None:
    allow(live_tenant, tenant_a, api_calls={"limit": 10, "hard": False})
    for amount in (7, 1, 1, 1, 5):
        using(tenant_a, amount)
    with plane(CONTROL):
        delivered(tenant_a)
    told = [letter.subject for letter in mail.outbox]
    assert told == [f"{live_tenant.name}: {n}% of api calls used" for n in (80, 100)]
    assert "8 of 10 api calls" in mail.outbox[0].body


def test_without_a_limit_everything_passes_and_without_a_licence_nothing(
    live_tenant: Tenant, tenant_a: Place
) -> None:
    with pytest.raises(LimitReached, match="no licence"):
        using(tenant_a, 1)
    allow(live_tenant, tenant_a)
    assert using(tenant_a, 10**9).limit is None


def test_a_new_month_starts_from_nothing(live_tenant: Tenant, tenant_a: Place) -> None:
    allow(live_tenant, tenant_a, api_calls={"limit": 10, "hard": True})
    using(tenant_a, 10)
    with plane(tenant_a):
        counter = UsageCounter.objects.get()
        earlier = counter.month - timedelta(days=1)
        UsageCounter.objects.update(month=earlier.replace(day=1))
        assert used("api_calls") == Used(
            "api_calls", Decimal(0), Decimal(10), True, used("api_calls").resets_at
        )


def test_a_count_of_rows_stays_a_number(live_tenant: Tenant, tenant_a: Place) -> None:
    allow(live_tenant, tenant_a, agents=5)
    with plane(tenant_a):
        assert (used("agents").limit, used("agents").hard) == (Decimal(5), True)


def test_counting_takes_the_same_few_queries_however_much_was_used(
    live_tenant: Tenant, tenant_a: Place, django_assert_max_num_queries: Any
) -> None:
    allow(live_tenant, tenant_a, api_calls={"limit": None, "hard": False})
    act = acts.Act("test.call", PRODUCT)
    for amount in (1, 10**6):
        with (
            plane(tenant_a),
            planes.atomic(),
            acts.entered(act),
            django_assert_max_num_queries(2),
        ):
            use("api_calls", amount)
