"""Operators see what was used, day by day, and the events behind each figure."""

from __future__ import annotations

import re

from django.urls import reverse

from billing import clock
from billing.models import Meter
from billing.rating.usage import Aggregation
from billing.usage import rollups
from billing.usage.seed import METERS, seed_meters
from paybill_site.accounts.models import User
from tenants.models import Tenant
from tests.billing.usage.desk import a_meter, an_event, send
from tests.cast import LogIn


def test_from_a_tenant_to_its_days_to_their_events(
    log_in: LogIn, operator_user: User, tenant: Tenant
) -> None:
    meter = a_meter(Aggregation.SUM, units="calls")
    event = an_event(tenant, meter, properties={"n": "41.5"})
    send(event, an_event(tenant, meter, properties={"n": "0.5"}))
    rollups.sweep()
    operator = log_in(operator_user)
    index = operator.get(reverse("admin:usage")).content.decode()
    assert tenant.name in index
    page = operator.get(reverse("admin:usage_of_tenant", args=[tenant.public_id]))
    text = page.content.decode()
    assert "42 calls" in text
    assert 'role="img"' in text
    (address,) = set(re.findall(r'href="([^"]+/2031-03-14/)"', text))
    events = operator.get(address).content.decode()
    assert f"test/{event['id']}" in events
    batch = re.search(r'href="([^"]+usage-batches/[^"]+)"', events)
    assert batch is not None
    assert "2 accepted" in operator.get(batch[1]).content.decode()


def test_odd_addresses_are_not_found(
    log_in: LogIn, operator_user: User, tenant: Tenant
) -> None:
    a_meter(Aggregation.SUM)
    operator = log_in(operator_user)
    for name, arguments in (
        ("usage_of_tenant", ["ten_nobody"]),
        ("usage_day", [tenant.public_id, "nothing", "2031-03-14"]),
        ("usage_day", [tenant.public_id, "sum", "yesterday"]),
        ("usage_day", [tenant.public_id, "sum", "0001-01-01"]),
        ("usage_batch", ["ubt_nobody"]),
    ):
        address = reverse(f"admin:{name}", args=arguments)
        assert operator.get(address).status_code == 404


def test_customers_find_no_such_pages(
    log_in: LogIn, owner_user: User, tenant: Tenant
) -> None:
    address = reverse("admin:usage_of_tenant", args=[tenant.public_id])
    assert log_in(owner_user).get(address).status_code in (302, 403, 404)


def test_the_seed_declares_its_meters_once() -> None:
    assert len(seed_meters()) == len(METERS)
    assert seed_meters() == []
    assert Meter.objects.get(code="api_calls").created_at is not None
    assert clock.now() is not None
