"""``PAYBILL_MODE=tenant``: one plane, and no way to another one."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from paybill_site.kernel import planes
from paybill_site.kernel.planes import Place, SinglePlaneMiddleware


@pytest.fixture(autouse=True)
def _tenant_mode(settings: Any, tenant_a: Place) -> None:
    settings.PAYBILL_MODE = "tenant"
    settings.PAYBILL_SCHEMA = tenant_a.schema
    settings.PAYBILL_TENANT_ID = tenant_a.tenant


@pytest.mark.parametrize("host", ["ta.localhost", "tb.localhost", "localhost"])
def test_every_request_is_in_the_one_plane(host: str, tenant_a: Place) -> None:
    seen: list[Place] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(planes.here())
        return HttpResponse()

    SinglePlaneMiddleware(view)(RequestFactory().get("/", headers={"host": host}))
    assert seen == [tenant_a]
    assert planes.here() == planes.NOWHERE


def test_only_its_own_tenant_is_found(tenant_a: Place, tenant_b: Place) -> None:
    assert planes.place_of(tenant_a.tenant) == tenant_a
    assert planes.place_of(tenant_a.schema) == tenant_a
    assert planes.place_of(tenant_b.tenant) is None
    assert list(planes.every_place()) == [tenant_a]
