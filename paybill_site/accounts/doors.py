"""On a server of its own a tenant is closed by its licence: nobody routes its hosts."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from paybill_site.kernel import limits, planes
from paybill_site.kernel.errors import (
    Forbidden,
    is_for_programs,
    problem_response,
)

CLOSED = {"suspended", "ended"}
ALWAYS_OPEN = ("/health/", "/entry/push/")
KEPT = 5.0  # seconds


class Suspended(Forbidden):
    """This tenant is suspended; its owner sees the reason in the portal."""


class LicenceMiddleware:
    """Answers 403 while the licence says so, at most five seconds late."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.until, self.closed = 0.0, False

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(ALWAYS_OPEN) or not self._closed():
            return self.get_response(request)
        if is_for_programs(request):
            return problem_response(Suspended())
        tenant = planes.here().tenant
        portal = f"{settings.PAYBILL_BASE_URL}/tenants/{tenant}/"
        context = {"tenant_name": "", "portal_url": portal}
        return render(request, "tenant/suspended.html", context, status=403)

    def _closed(self) -> bool:
        if time.monotonic() >= self.until:
            terms = limits.terms(planes.here().tenant)
            self.closed = terms is not None and terms.state in CLOSED
            self.until = time.monotonic() + KEPT
        return self.closed
