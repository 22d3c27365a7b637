"""The demonstration is sown once, however often it is asked for."""

from __future__ import annotations

import io

from django.core.management import call_command

from agents.models import Agent
from examples.storefront.models import Order
from paybill_site.kernel.grants import models_of
from paybill_site.kernel.planes import CONTROL, NOWHERE, Place, plane
from tenants.actions.places import taken
from tenants.models import Tenant
from tenants.states import TenantState


def seed() -> str:
    out = io.StringIO()
    with plane(NOWHERE):
        call_command("seed", stdout=out)
    return out.getvalue()


def shop() -> Place:
    with plane(CONTROL):
        placement = taken(Tenant.objects.get(slug="demo"))
        assert placement is not None
        place: Place = placement.place
        return place


def rows(place: Place) -> dict[str, int]:
    with plane(place):
        every = models_of(place.schema)
        return {m._meta.label: m._default_manager.count() for m in every}


def test_it_makes_one_live_shop_with_an_agent(control: Place) -> None:
    assert "Demo shop (demo) is live" in seed()
    assert Tenant.objects.get(slug="demo").state == TenantState.LIVE
    with plane(shop()):
        assert Order.objects.exists()
        assert [agent.name for agent in Agent.objects.all()] == ["Shop assistant"]


def test_a_second_time_changes_nothing(control: Place) -> None:
    seed()
    place = shop()
    before = rows(CONTROL), rows(place)
    seed()
    assert (rows(CONTROL), rows(place)) == before
