"""Neither plane's doors exist on the other's hosts, whoever knocks."""

from __future__ import annotations

import pytest
from django.urls import get_resolver

from paybill_site.accounts.models import User
from paybill_site.accounts.sessions import cookie_name
from paybill_site.kernel.planes import Place, plane
from tests.cast import browser

CONTROL_ONLY = (
    "/operators/tenants/tenant/1/change/",
    "/plans/",
    "/start/",
    "/tenants/",
    "/accounts/login/",
    "/accounts/signup/",
    "/mail/",
    "/entry/authorize/",
    "/api/tenants",
    "/api/plans",
)


def operator_addresses() -> list[str]:
    """Every address of the operators' administration that needs no argument."""
    site = get_resolver("paybill_site.urls").namespace_dict["operators"]
    prefix, resolver = site
    found = resolver.reverse_dict
    names = {name for name in found if isinstance(name, str)}
    return sorted(
        f"/{prefix}{address}"
        for name in names
        for possibilities, *_ in found.getlist(name)
        for address, arguments in possibilities
        if not arguments
    )


def test_the_list_of_operator_addresses_is_not_empty() -> None:
    assert len(operator_addresses()) > 10


def test_no_operator_address_exists_on_a_tenants_host(tenant_a: Place) -> None:
    client = browser("ta.localhost")
    with plane(tenant_a):
        staff = User.objects.create_superuser("root@ta.example", "x" * 20)
        client.force_login(staff)
        client.cookies[cookie_name()] = str(client.session.session_key)
    for address in operator_addresses():
        assert client.get(address).status_code == 404, address


@pytest.mark.parametrize("address", CONTROL_ONLY)
def test_a_tenants_host_has_no_door_of_the_control_plane(
    tenant_a: Place, address: str
) -> None:
    assert browser("ta.localhost").get(address).status_code == 404


@pytest.mark.parametrize("address", ["/admin/", "/entry/", "/orders/", "/leave/"])
def test_the_control_host_has_no_door_of_a_tenant(control: Place, address: str) -> None:
    assert browser().get(address).status_code == 404
