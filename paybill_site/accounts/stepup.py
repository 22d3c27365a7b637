"""Asks for a fresh proof of who is there, before what can not be undone."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from paybill_site.kernel import actors, planes
from paybill_site.kernel.admin import reauthenticator

RECENT = 10 * 60  # seconds
PROVED = "proved_at"


def proved_at(request: HttpRequest) -> float:
    """When the person last proved who it is, in seconds of the epoch; 0.0 for never.

    In the control plane by password or second factor; in a tenant's plane it is what
    the control plane said when the person came in.
    """
    if planes.here().schema != planes.CONTROL.schema:
        return float(request.session.get(PROVED, 0.0))
    records = get_authentication_records(request, request.user)
    return max((float(record["at"]) for record in records), default=0.0)


def recently_authenticated(request: HttpRequest) -> bool:
    """Whether the person proved who it is within the last ten minutes."""
    return time.time() - proved_at(request) < RECENT


@actors.prover
def second_factor_at(request: HttpRequest) -> datetime | None:
    """When the person last showed a second factor in this session of the control plane.

    An entry into a tenant's plane says nothing of factors, so there it is None.
    """
    if planes.here().schema != planes.CONTROL.schema or not hasattr(request, "session"):
        return None
    records = get_authentication_records(request, getattr(request, "user", None))
    times = [record["at"] for record in records if record.get("method") == "mfa"]
    return datetime.fromtimestamp(max(times), UTC) if times else None


@reauthenticator
def ask_again(request: HttpRequest) -> HttpResponse | None:
    """A redirect to prove it again and come back here, or None when that was recent."""
    if recently_authenticated(request):
        return None
    back = {"next": request.get_full_path()}
    if planes.here().schema == planes.CONTROL.schema:
        return HttpResponseRedirect(f"/accounts/reauthenticate/?{urlencode(back)}")
    return HttpResponseRedirect(f"/entry/?{urlencode({**back, 'fresh': '1'})}")
