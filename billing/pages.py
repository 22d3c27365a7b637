"""What the pages of billing show, as plain values for the templates."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from billing import catalogue, gateways
from billing.gateways import Gateway
from billing.models import Invoice, Plan
from billing.states import InvoiceKind
from paybill_site.kernel.actors import Actor
from tenants import offers, starting


def on_sale(actor: Actor) -> list[dict[str, Any]]:
    """The cards of the catalogue, cheapest first."""
    return [_card(plan) for plan in Plan.objects.visible_to(actor).on_sale()]


def _card(plan: Plan) -> dict[str, Any]:
    every = plan.interval
    if plan.interval_count > 1:
        every = f"{plan.interval_count} {plan.interval}s"
    return {
        "code": plan.code,
        "name": plan.name,
        "summary": plan.summary,
        "price": plan.price,
        "currency": plan.currency,
        "interval": every,
        "trial_days": plan.trial_days,
        "isolation": plan.isolation,
        "features": catalogue.in_words(plan.features, plan.limits),
        "unavailable": offers.why_not(
            plan.isolation, plan.cloud, offers.product_in(plan.features)
        ),
    }


def payment(invoice: Invoice, gateway: Gateway) -> dict[str, Any]:
    """The context of the pay page of an open invoice."""
    return {
        "tenant": invoice.tenant,
        "invoice": summary(invoice),
        "gateway": gateway.name,
        "others": [
            {"label": other.label, "url": pay_url(invoice, other)}
            for other in gateways.available()
            if other.name != gateway.name
        ],
        "progress_url": starting.progress_url(invoice.tenant),
        "section": "tenants",
        **gateway.page(invoice),
    }


def summary(invoice: Invoice) -> dict[str, Any]:
    """An invoice with its lines and why each amounts to what it does."""
    return {
        "public_id": invoice.public_id,
        "number": invoice.number,
        "state": invoice.state,
        "kind": invoice.get_kind_display(),
        "first": invoice.kind == InvoiceKind.START,
        "currency": invoice.currency,
        "lines": [
            {"description": line.description, "amount": line.amount, "why": line.why}
            for line in invoice.lines.all()
        ],
        "subtotal": invoice.total,
        "tax": 0,
        "total": invoice.total,
        "paid": invoice.paid,
        "outstanding": invoice.outstanding,
        "opened_at": invoice.opened_at,
        "due_at": invoice.due_at,
        "paid_at": invoice.paid_at,
    }


def pay_url(invoice: Invoice, gateway: Gateway | None = None) -> str:
    address = reverse("billing:pay", args=[invoice.public_id])
    return f"{address}?via={gateway.name}" if gateway else address
