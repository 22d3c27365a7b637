"""Where a tenant's host sends the browser for a code."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from paybill_site.accounts.principals import actor_of
from paybill_site.accounts.stepup import proved_at, recently_authenticated
from paybill_site.kernel.actions import perform
from paybill_site.kernel.limits import throttle
from tenants.actions import IssueEntry
from tenants.models import Tenant

AFTER_FORM = "after"


@never_cache
@require_GET
def authorize(request: HttpRequest) -> HttpResponse:
    """Check who asks and for what, then send it to the tenant's host with a code.

    The host comes from the Domain table; what the request names only has to match.
    """
    if not request.user.is_authenticated:
        return redirect_to_login(_again(request), settings.LOGIN_URL)
    if request.GET.get("fresh") == "1" and not recently_authenticated(request):
        back = urlencode({"next": _again(request)})
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{back}")
    actor = actor_of(request)
    throttle("entry.issue", actor.id, most=60, window=timedelta(minutes=1))
    said = {name: request.GET.get(name, "") for name in ("host", "challenge", "state")}
    asked = {**said, "proved_at": int(proved_at(request))}
    public_id = request.GET.get("tenant", "")[:40]
    url = perform(IssueEntry, public_id, asked, actor=actor).result
    if request.GET.get(AFTER_FORM) != "form":
        return HttpResponseRedirect(url)
    tenant = Tenant.objects.visible_to(actor).get(public_id=public_id)
    response = render(request, "tenants/continue.html", {"url": url, "tenant": tenant})
    response["Referrer-Policy"] = "no-referrer"
    return response


def _again(request: HttpRequest) -> str:
    """This request, to come back to after a form.

    A browser holds the redirects after a form to the CSP's ``form-action``, and the
    tenant's host is another one; so the way goes on by a page of its own.
    """
    asked = request.GET.copy()
    asked[AFTER_FORM] = "form"
    return f"{request.path}?{asked.urlencode()}"
