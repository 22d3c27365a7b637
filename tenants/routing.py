"""Which plane a request belongs to: decided by its host, before anything else.

The control host serves the control plane. Every other host is looked up among the
domains; the answer is kept in the process for ``KEPT`` seconds, so a suspension is
at most that late. Nothing after this middleware changes the plane of a request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from paybill_site.kernel.errors import (
    Forbidden,
    NotFound,
    is_for_programs,
    problem_response,
)
from paybill_site.kernel.logs import note
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants.directory import reach
from tenants.models import Domain
from tenants.states import Isolation, PlacementState, TenantState

KEPT = 5.0
# Strangers choose the hosts that are asked for, so the memory has a bound.
HOSTS_KEPT = 10_000

type Next = Callable[[HttpRequest], HttpResponseBase]


class Suspended(Forbidden):
    """This tenant is suspended; its owner sees the reason in the portal."""


class UnknownHost(NotFound):
    """No tenant lives at this address."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Who lives at a host."""

    tenant: str
    name: str
    state: str
    place: Place | None
    elsewhere: str = ""


class HostMiddleware:
    """Enters the plane of the request's host."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host = request.get_host().rsplit(":", 1)[0].rstrip(".").lower()
        # A probe asks by number whether the process lives, also without its database.
        if host == settings.CONTROL_HOST or request.path == ALIVE:
            with plane(CONTROL):
                return self.get_response(request)
        resident = resident_of(host)
        if resident is None:
            return _unknown(request, host)
        note(tenant=resident.tenant)
        return self._serve(request, resident)

    def _serve(self, request: HttpRequest, resident: Resident) -> HttpResponseBase:
        # Also for the error pages: no operator URL exists on a tenant's host.
        request.urlconf = "paybill_site.urls_tenant"
        if resident.state == TenantState.SUSPENDED:
            return _suspended(request, resident)
        if resident.place is None:
            return _moved(request, resident)
        with plane(resident.place):
            return self.get_response(request)


ALIVE = "/health/live"
_known: dict[str, tuple[float, Resident | None]] = {}


def resident_of(host: str) -> Resident | None:
    """Who lives at ``host``, at most ``KEPT`` seconds old; None for nobody."""
    until, resident = _known.get(host, (0.0, None))
    if time.monotonic() < until:
        return resident
    resident = _look_up(host)
    if len(_known) >= HOSTS_KEPT:
        _known.clear()
    _known[host] = (time.monotonic() + KEPT, resident)
    return resident


def forget_hosts() -> None:
    """Let this process look every host up again."""
    _known.clear()


def _look_up(host: str) -> Resident | None:
    with plane(CONTROL):
        found = (
            Domain.objects.filter(domain=host, tenant__state=PlacementState.TAKEN)
            .select_related("tenant__tenant")
            .first()
        )
    if found is None or found.tenant.tenant is None:
        return None
    placement, tenant = found.tenant, found.tenant.tenant
    if tenant.state not in {TenantState.LIVE, TenantState.SUSPENDED}:
        return None
    silo = placement.kind == Isolation.SILO
    return Resident(
        tenant=tenant.public_id,
        name=tenant.name,
        state=tenant.state,
        place=None if silo else reach(placement),
        elsewhere=placement.base_url if silo else "",
    )


def _moved(request: HttpRequest, resident: Resident) -> HttpResponseBase:
    """A silo answers for itself; who asks here is sent there, with what was posted."""
    return HttpResponseRedirect(
        f"{resident.elsewhere.rstrip('/')}{request.get_full_path()}",
        preserve_request=True,
    )


def _suspended(request: HttpRequest, resident: Resident) -> HttpResponseBase:
    if is_for_programs(request):
        return problem_response(Suspended())
    portal = f"{settings.PAYBILL_BASE_URL}/tenants/{resident.tenant}/"
    facts = {"tenant_name": resident.name, "portal_url": portal}
    return render(request, "tenant/suspended.html", facts, status=403)


def _unknown(request: HttpRequest, host: str) -> HttpResponseBase:
    if is_for_programs(request):
        return problem_response(UnknownHost())
    facts = {"host": host, "portal_url": settings.PAYBILL_BASE_URL}
    return render(request, "tenant/unknown.html", facts, status=404)
