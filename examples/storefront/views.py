"""The shop's pages for its people. What can be done is done in the administration."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agents.models import Agent
from examples.storefront.models import Customer, Order, Product
from examples.storefront.states import OrderState
from paybill_site.kernel import actors, limits, planes
from paybill_site.kernel.actors import ANONYMOUS, Actor
from paybill_site.kernel.models import AuditEntry

PAGE = 50
NEWEST = 8


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What is in this tenant: the shop, its agents, what happened last."""
    actor = actors.of_request(request)
    context = _frame(request)
    if actor is not ANONYMOUS:
        context |= {
            "products": [_shop(actor)],
            "agents": _agents(actor, linked=bool(context["admin_url"])),
            "activity": _activity(actor),
        }
    return render(request, "tenant/home.html", context)


@never_cache
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """Orders, newest first; ``?state=`` shows those of one state."""
    rows = Order.objects.visible_to(actors.of_request(request))
    state = request.GET.get("state", "")
    if state in OrderState.values:
        rows = rows.filter(state=state)
    shown = rows.select_related("customer").annotate(lines=Count("items"))
    more = {"states": OrderState, "state": state}
    return _table(request, "storefront/orders.html", shown.order_by("-id"), more)


@never_cache
@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """Products with their variants."""
    rows = Product.objects.visible_to(actors.of_request(request))
    rows = rows.prefetch_related("variants").order_by("name")
    return _table(request, "storefront/products.html", rows, {})


def _table(
    request: HttpRequest, template: str, rows: QuerySet[Any], more: dict[str, Any]
) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponseRedirect(_frame(request)["login_url"])
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, template, {**_frame(request), **more, "page": page})


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What every page of a tenant shows around its content."""
    licence = limits.terms(planes.here().tenant)
    name = licence.name if licence else ""
    back = urlencode({"next": request.get_full_path()})
    return {
        "tenant_name": name or request.get_host().partition(".")[0],
        "login_url": f"{reverse('accounts:enter')}?{back}",
        "logout_url": reverse("accounts:leave"),
        "admin_url": reverse("admin:index")
        if getattr(request.user, "is_staff", False)
        else "",
    }


def _shop(actor: Actor) -> dict[str, Any]:
    orders_ = Order.objects.visible_to(actor)
    by_state = dict(orders_.order_by().values_list("state").annotate(rows=Count("pk")))
    facts: list[tuple[str, int]] = [
        ("Customers", Customer.objects.visible_to(actor).count()),
        ("Products", Product.objects.visible_to(actor).count()),
    ]
    facts += [(f"Orders {s.label.lower()}", by_state.get(s, 0)) for s in OrderState]
    return {
        "name": "Storefront",
        "description": "Customers, products, orders and refunds.",
        "url": reverse("storefront:orders"),
        "facts": facts,
    }


def _agents(actor: Actor, *, linked: bool) -> list[dict[str, Any]]:
    rows = Agent.objects.visible_to(actor).order_by("name")
    return [
        {
            "name": agent.name,
            "state": agent.state,
            "public_id": agent.public_id,
            "url": reverse("admin:agents_agent_change", args=[agent.pk])
            if linked
            else "",
            "last_called_at": agent.last_called_at,
        }
        for agent in rows.annotate(last_called_at=Max("tokens__last_used_at"))[:PAGE]
    ]


def _activity(actor: Actor) -> list[dict[str, Any]]:
    entries = AuditEntry.objects.visible_to(actor)[:NEWEST]
    return [
        {
            "text": f"{entry.action.rpartition('.')[2].replace('_', ' ')} "
            f"{entry.target.rpartition(':')[2]}: {entry.outcome}",
            "actor": entry.actor,
            "at": entry.at,
        }
        for entry in entries
    ]
