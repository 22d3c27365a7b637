"""What the pages of billing show, as plain values for the templates."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from billing import catalogue, gateways
from billing.gateways import Gateway
from billing.models import Invoice, InvoiceLine, Plan
from billing.portal import sums
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
        "progress_url": after_paying(invoice),
        "section": "billing",
        **gateway.page(invoice),
    }


def after_paying(invoice: Invoice) -> str:
    """Where somebody who paid goes on: to what the tenant waits for, else back."""
    if invoice.tenant is not None and invoice.kind == InvoiceKind.START:
        return starting.progress_url(invoice.tenant)
    return reverse("billing:invoice", args=[invoice.public_id])


def summary(invoice: Invoice) -> dict[str, Any]:
    """An invoice with its lines and why each amounts to what it does."""
    return {
        "public_id": invoice.public_id,
        "number": invoice.number,
        "state": invoice.state,
        "kind": invoice.get_kind_display(),
        "first": invoice.kind == InvoiceKind.START,
        "currency": invoice.currency,
        "lines": [_line(line) for line in invoice.lines.all()],
        "sums": sums.of_invoice(invoice),
        "total": invoice.total,
        "outstanding": invoice.outstanding,
        "opened_at": invoice.opened_at,
        "due_at": invoice.due_at,
        "paid_at": invoice.paid_at,
    }


def _line(line: InvoiceLine) -> dict[str, Any]:
    period = None
    if line.period_start and line.period_end:
        period = {"start": line.period_start, "end": line.period_end}
    return {
        "description": line.description,
        "amount": line.amount,
        "why": line.why,
        "period": period,
    }


def pay_url(invoice: Invoice, gateway: Gateway | None = None) -> str:
    address = reverse("billing:pay", args=[invoice.public_id])
    return f"{address}?via={gateway.name}" if gateway else address
