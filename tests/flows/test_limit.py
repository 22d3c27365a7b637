"""What a plan allows holds inside the tenant, by the licence that billing wrote."""

from __future__ import annotations

from typing import Any

import pytest

from examples.storefront.actions import AddProduct
from examples.storefront.models import Product
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import system
from paybill_site.kernel.errors import LimitReached
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants.actions import ClaimPlacement
from tenants.models import Tenant
from tests.tenants.test_going_live import PROVISIONING, drain, entitle

KEEPER = system("keeper", "storefront.view_product", "storefront.add_product")


@pytest.fixture
def shop(tenant: Tenant) -> Place:
    """The plane of a tenant whose plan allows one product."""
    entitle(tenant, limits={"products": 1})
    tenant.refresh_from_db()
    placement = perform(ClaimPlacement, tenant, actor=PROVISIONING).result
    drain()
    place: Place = placement.place
    return place


def add(sku: str) -> None:
    wanted: dict[str, Any] = {"name": sku, "sku": sku, "price_minor": 100}
    perform(AddProduct, None, wanted, actor=KEEPER)


def test_the_limit_is_reached_in_the_tenant_and_lifted_by_a_larger_plan(
    tenant: Tenant, shop: Place
) -> None:
    with plane(shop):
        add("MUG")
        with pytest.raises(LimitReached, match="the plan free allows 1 products"):
            add("LAMP")
        assert Product.objects.count() == 1
        denied = AuditEntry.objects.get(outcome="denied")
        assert "limit:products" in denied.body
    with plane(CONTROL):
        entitle(tenant, plan="team", limits={"products": 2})
        drain()
    with plane(shop):
        add("LAMP")
        with pytest.raises(LimitReached, match="the plan team allows 2 products"):
            add("DESK")
