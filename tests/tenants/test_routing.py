"""The host decides which plane a request is in, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from paybill_site.kernel import planes
from paybill_site.kernel.planes import CONTROL, NOWHERE, Place, plane
from tenants import routing
from tenants.models import Domain, Placement, Tenant
from tenants.routing import HostMiddleware
from tenants.states import Isolation, TenantState
from tests.cast import browser


@pytest.fixture(autouse=True)
def _fresh_hosts(db: None) -> Iterator[None]:
    routing.forget_hosts()
    yield
    routing.forget_hosts()


def ask(host: str, path: str = "/", **headers: Any) -> HttpResponse:
    """What the middleware answers; the view says where it stands."""

    def view(request: HttpRequest) -> HttpResponse:
        place = planes.here()
        urls = getattr(request, "urlconf", "the control plane's")
        return HttpResponse(f"{place.schema} {place.tenant} {urls}".strip())

    request = RequestFactory().get(path, headers={"host": host, **headers})
    answer = HostMiddleware(view)(request)
    assert isinstance(answer, HttpResponse)
    return answer


def change_tenant(**fields: Any) -> None:
    with plane(CONTROL):
        Tenant.objects.filter(slug="ta").update(**fields)


def test_the_control_host_is_the_control_plane() -> None:
    assert ask("localhost:8000").content == b"public  the control plane's"


@pytest.mark.parametrize("host", ["ta.localhost", "TA.localhost:8000", "ta.localhost."])
def test_a_tenants_host_is_its_plane_without_operator_urls(
    host: str, tenant_a: Place
) -> None:
    expected = f"ta {tenant_a.tenant} paybill_site.urls_tenant"
    assert ask(host).content.decode() == expected


@pytest.mark.parametrize("host", ["nobody.localhost", "ta.localhost.evil", "127.0.0.1"])
def test_an_unknown_host_is_not_found(host: str) -> None:
    assert ask(host).status_code == 404
    assert ask(host, "/api/x")["Content-Type"] == "application/problem+json"
    assert planes.here() == NOWHERE


def test_a_forged_header_changes_nothing(tenant_a: Place) -> None:
    answer = ask("ta.localhost", **{"x-forwarded-host": "tb.localhost"})
    assert answer.content.decode().startswith("ta ")


def test_a_suspended_tenant_is_closed_at_every_address() -> None:
    change_tenant(state=TenantState.SUSPENDED)
    for path in ("/", "/admin/", "/entry/callback/"):
        assert ask("ta.localhost", path).status_code == 403
    assert b"suspended" in ask("ta.localhost", "/api/x").content
    assert ask("tb.localhost").status_code == 200


def test_a_suspension_is_seen_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert ask("ta.localhost").status_code == 200
    change_tenant(state=TenantState.SUSPENDED)
    now[0] += routing.KEPT - 0.1
    assert ask("ta.localhost").status_code == 200
    now[0] += 0.2
    assert ask("ta.localhost").status_code == 403


@pytest.mark.parametrize(
    "state", [TenantState.PROVISIONING, TenantState.CLOSING, TenantState.CLOSED]
)
def test_a_tenant_that_is_not_live_is_not_found(state: str) -> None:
    change_tenant(state=state)
    assert ask("ta.localhost").status_code == 404


def test_a_known_host_costs_no_query(
    tenant_a: Place, django_assert_num_queries: Any
) -> None:
    ask("ta.localhost")
    with django_assert_num_queries(0):
        ask("ta.localhost")


def test_strangers_can_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "HOSTS_KEPT", 5)
    for number in range(12):
        ask(f"x{number}.localhost")
    assert len(routing._known) <= 5


def test_a_silo_answers_for_itself() -> None:
    with plane(CONTROL):
        Placement.objects.filter(tenant__slug="ta").update(
            kind=Isolation.SILO, base_url="http://ta.localhost:8123"
        )
    answer = ask("ta.localhost", "/orders/?page=2")
    assert answer.status_code == 307
    assert answer["Location"] == "http://ta.localhost:8123/orders/?page=2"


def test_a_domain_that_points_elsewhere_moves_the_tenant(tenant_b: Place) -> None:
    with plane(CONTROL):
        other = Placement.objects.get(schema_name="tb")
        Domain.objects.filter(domain="ta.localhost").update(tenant=other)
    assert ask("ta.localhost").content.decode().startswith("tb ")


def test_a_probe_by_number_hears_that_the_process_lives(control: Place) -> None:
    assert browser("127.0.0.1").get("/health/live").status_code == 200
    assert browser("127.0.0.1").get("/health/ready").status_code == 404
