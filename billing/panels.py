"""What the portal's pages about a tenant show of its subscription and invoices."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from billing import agenda, pages
from billing.models import Invoice, Subscription
from billing.states import InvoiceState, SubscriptionState
from paybill_site.kernel.actors import Actor
from tenants.models import Tenant
from tenants.panels import panel

LATEST = 12


def _subscription(tenant: Tenant, actor: Actor) -> Subscription | None:
    rows = Subscription.objects.visible_to(actor).filter(tenant=tenant)
    return rows.select_related("plan").order_by("-id").first()


@panel("plan_name")
def plan_name(tenant: Tenant, actor: Actor) -> str:
    found = _subscription(tenant, actor)
    return found.plan.name if found else "No plan yet"


@panel("plan_url")
def plan_url(tenant: Tenant, actor: Actor) -> str:
    found = _subscription(tenant, actor)
    return _page_of(found) if found else ""


def _page_of(subscription: Subscription) -> str:
    return reverse("billing:subscription", args=[subscription.public_id])


@panel("invoices")
def invoices(tenant: Tenant, actor: Actor) -> list[dict[str, Any]]:
    rows = Invoice.objects.visible_to(actor).filter(tenant=tenant).order_by("-id")
    return [
        {
            "number": invoice.number,
            "state": invoice.state,
            "total": invoice.total,
            "currency": invoice.currency,
            "issued_at": invoice.opened_at,
            "url": reverse("billing:invoice", args=[invoice.public_id]),
        }
        for invoice in rows.exclude(state=InvoiceState.DRAFT)[:LATEST]
    ]


@panel("suspension")
def suspension(tenant: Tenant, actor: Actor) -> dict[str, str]:
    """What opens it again: going on after a pause, or paying what is unpaid longest."""
    found = _subscription(tenant, actor)
    if found is not None and found.state == SubscriptionState.PAUSED:
        return {
            "next_action": "The subscription is paused; nothing is billed.",
            "url": _page_of(found),
            "action": "See the subscription",
        }
    unpaid = agenda.overdue_first(found) if found else None
    if unpaid is None:
        return {}
    visible = Invoice.objects.visible_to(actor).filter(pk=unpaid.pk).exists()
    return {
        "next_action": "Everything is open again as soon as it is paid.",
        "url": pages.pay_url(unpaid) if visible else "",
        "action": f"Pay {unpaid.number}" if visible else "",
    }
