"""What the pages of billing show, as plain values for the templates."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse

from billing import catalogue, gateways
from billing.gateways import Gateway
from billing.models import Invoice, InvoiceLine, Plan, Price
from billing.portal import prices, sums
from billing.rating import money
from billing.rating.prices import Flat
from billing.states import InvoiceKind, PlanKind, PriceKind
from paybill_site.kernel import actors
from paybill_site.kernel.actors import Actor
from tenants import offers, starting
from tenants.models import Tenant


def draft(request: HttpRequest) -> Tenant | None:
    """The draft that a plan is chosen for, as the address names it. Raises Http404."""
    public_id = request.GET.get("tenant", "")
    if not public_id:
        return None
    rows = Tenant.objects.visible_to(actors.of_request(request))
    rows = rows.select_related("account__customer")
    found = rows.filter(public_id=public_id[:40]).first()
    if found is None:
        raise Http404
    return found


def on_sale(actor: Actor) -> list[dict[str, Any]]:
    """The cards of the catalogue, cheapest first, with the add-ons beside each."""
    plans = Plan.objects.visible_to(actor).on_sale().prefetch_related("prices")
    every = list(plans)
    addons = [plan for plan in every if plan.kind == PlanKind.ADDON]
    return [_card(plan, addons) for plan in every if plan.kind == PlanKind.BASE]


def _card(plan: Plan, addons: list[Plan]) -> dict[str, Any]:
    return {
        "code": plan.code,
        "name": plan.name,
        "summary": plan.summary,
        "price": plan.price,
        "currency": plan.currency,
        "interval": prices.spoken_every(plan.every),
        "trial_days": plan.trial_days,
        "prices": [prices.in_words(price) for price in besides(plan)],
        "addons": [
            {"name": addon.name, "prices": "; ".join(map(prices.in_words, of(addon)))}
            for addon in beside(plan, addons)
        ],
        "isolation": plan.isolation,
        "features": catalogue.in_words(plan.features, plan.limits),
        "unavailable": offers.why_not(
            plan.isolation, plan.cloud, offers.product_in(plan.features)
        ),
    }


def beside(plan: Plan, addons: list[Plan]) -> list[Plan]:
    """The add-ons that can be had beside a plan and are billed in its currency."""
    return [
        addon
        for addon in addons
        if (not addon.beside or plan.code in addon.beside)
        and addon.code not in plan.includes
        and any(price.currency == plan.currency for price in addon.prices.all())
    ]


def of(plan: Plan) -> list[Price]:
    """What is billed of a plan in its first currency; the prices are loaded."""
    return [price for price in plan.prices.all() if price.currency == plan.currency]


def besides(plan: Plan) -> list[Price]:
    """Prices that the head of the card does not say already."""
    return [price for price in of(plan) if not _is_head(price, plan)]


def _is_head(price: Price, plan: Plan) -> bool:
    """The flat fee of which ``plan.price`` is the amount."""
    card = price.phased[-1].card.price
    flat = price.kind == PriceKind.FEE and isinstance(card, Flat)
    lasting = len(price.phased) == 1 and price.every == plan.every
    return flat and lasting and _same(card, plan)


def _same(card: Any, plan: Plan) -> bool:
    return money.to_minor(card.amount, plan.currency) == plan.price


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
