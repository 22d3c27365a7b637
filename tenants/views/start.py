"""Landing page, list of tenants, and the start of a new one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_safe,
)

from paybill_site.accounts.principals import actor_of
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.limits import throttle
from tenants import mails, panels, slugs, starting
from tenants.actions.places import address
from tenants.errors import SlugRefused, SlugTaken
from tenants.forms import StartForm
from tenants.models import Tenant
from tenants.states import TenantState

UNFINISHED = {TenantState.DRAFT, TenantState.PROVISIONING}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What Paybill is; whoever is logged in goes on to the tenants."""
    if request.user.is_authenticated:
        return redirect("portal:dashboard")
    return render(request, "portal/home.html")


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Every tenant that the person may see, and what waits for it."""
    actor = actor_of(request)
    tenants = Tenant.objects.visible_to(actor).exclude(state=TenantState.CLOSED)
    # An operator sees all tenants in the administration; here it sees its own.
    tenants = tenants.filter(account__public_id__in=list(actor.accounts))
    rows = tenants.select_related("account", "entitlement").order_by("-id")[:200]
    shown = [_row(tenant, actor) for tenant in rows]
    context = {"tenants": shown, "section": "tenants"}
    return render(request, "portal/dashboard.html", context)


def _row(tenant: Tenant, actor: Any) -> dict[str, Any]:
    waits = tenant.state in UNFINISHED
    return {
        "name": tenant.name,
        "public_id": tenant.public_id,
        "slug": tenant.slug,
        "state": tenant.state,
        "simulated": tenant.simulated,
        "plan_name": panels.shown("plan_name", tenant, actor, "No plan yet"),
        "address": address(tenant),
        "url": mails.url_of(tenant) if tenant.state == TenantState.LIVE else "",
        "next_url": starting.progress_url(tenant) if waits else "",
        "next_action": "Continue" if waits else "",
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Name a tenant and choose its address; the plan comes next."""
    form = StartForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data: Any = form.data_input()
        try:
            tenant = starting.start_tenant(request, data.name, data.slug)
        except (SlugRefused, SlugTaken) as refusal:
            form.add_error("slug", refusal.detail)
        else:
            return redirect(starting.progress_url(tenant))
    context = {"form": form, "submit": "Go on", "section": "tenants"}
    status = 422 if form.is_bound else 200
    return render(request, "tenants/start.html", context, status=status)


@require_GET
def slug(request: HttpRequest) -> HttpResponse:
    """Say whether an address is free, as somebody types it."""
    throttle(
        "slug",
        request.META.get("REMOTE_ADDR", ""),
        most=120,
        window=timedelta(minutes=1),
    )
    typed = request.GET.get("slug", "")[:100]
    check = {"tone": "", "text": ""}
    if typed:
        try:
            slugs.check_free(typed)
            check = {"tone": "good", "text": f"{typed} is free"}
        except PaybillError as refusal:
            check = {"tone": "bad", "text": refusal.detail}
    context = {"slug_check": check}
    return render(request, "tenants/slug.html", context)
