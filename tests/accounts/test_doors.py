"""The doors of a tenant on a server of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from paybill_site.accounts.doors import LicenceMiddleware
from paybill_site.kernel.licences import sign
from paybill_site.kernel.models import Licence
from paybill_site.kernel.planes import Place


def license_plane(place: Place, state: str, version: int) -> None:
    terms = {"state": state, "plan": "silo", "features": {}, "limits": {}}
    token = sign(place.tenant, terms, version)
    Licence.objects.create(version=version, token=token)


def knock(path: str = "/") -> HttpResponse:
    request = HttpRequest()
    request.path = path
    answer = LicenceMiddleware(lambda _: HttpResponse("inside"))(request)
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_new_plane_is_open_until_its_licence_closes_it(in_a: Place) -> None:
    assert knock().status_code == 200
    license_plane(in_a, "active", 1)
    assert knock().status_code == 200
    license_plane(in_a, "suspended", 2)
    assert knock().status_code == 403
    assert knock("/api/agents/tools")["Content-Type"] == "application/problem+json"
    assert knock("/health/live").status_code == 200
    license_plane(in_a, "active", 3)
    assert knock().status_code == 200
