"""Every page of a simulated tenant says where its data really is."""

from __future__ import annotations

import pytest
from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.kernel.licences import sign
from paybill_site.kernel.models import Licence
from paybill_site.kernel.planes import plane
from paybill_site.kernel.templatetags.paybill_ui import simulated_here
from tenants import entitlements
from tenants.actions.places import taken
from tenants.directory import reach
from tenants.models import Entitlement, Tenant
from tests.cast import LogIn

SAID = "Simulated, data on this machine"
PAGES = ["", "progress/", "members/", "database/"]


@pytest.fixture
def simulated(live_tenant: Tenant) -> Tenant:
    live_tenant.simulated = True
    live_tenant.save(update_fields=["simulated"])
    return live_tenant


@pytest.mark.parametrize("page", PAGES)
def test_each_page_in_the_portal_says_so(
    page: str, simulated: Tenant, log_in: LogIn, owner_user: User
) -> None:
    shown = log_in(owner_user).get(f"/tenants/{simulated.public_id}/{page}")
    assert shown.status_code == 200
    assert SAID in shown.content.decode()


def test_the_list_of_tenants_says_so(
    simulated: Tenant, log_in: LogIn, owner_user: User
) -> None:
    assert SAID in log_in(owner_user).get("/tenants/").content.decode()


def test_a_page_of_a_tenant_on_a_real_place_does_not(
    live_tenant: Tenant, log_in: LogIn, owner_user: User
) -> None:
    shown = log_in(owner_user).get(f"/tenants/{live_tenant.public_id}/")
    assert SAID not in shown.content.decode()


def test_the_administration_says_so(
    simulated: Tenant, log_in: LogIn, operator_user: User
) -> None:
    shown = log_in(operator_user).get(
        f"/operators/tenants/tenant/{simulated.pk}/change/"
    )
    assert SAID in shown.content.decode()


def test_the_licence_tells_the_tenants_own_pages(simulated: Tenant) -> None:
    granted = Entitlement(tenant=simulated, state="active", plan="business-aws")
    token = sign(simulated.public_id, entitlements.terms(granted), 99)
    place = taken(simulated)
    assert place is not None
    with plane(reach(place)):
        assert not simulated_here()
        Licence.objects.create(version=99, token=token)
        assert simulated_here()
        home = Client(headers={"host": "ta.localhost"}).get("/")
    assert SAID in home.content.decode()
