"""What every page of ours on a tenant's host shows around its content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from paybill_site.kernel import limits, planes


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context of ``tenant/base.html``."""
    licence = limits.terms(planes.here().tenant)
    name = licence.name if licence else ""
    return {
        "tenant_name": name or request.get_host().partition(".")[0],
        "login_url": login_url(request),
        "logout_url": reverse("accounts:leave"),
    }


def login_url(request: HttpRequest) -> str:
    """Where the person comes in, and back to this page."""
    back = urlencode({"next": request.get_full_path()})
    return f"{reverse('accounts:enter')}?{back}"
