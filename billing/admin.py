"""Operators' view of billing: rows to read, verbs as buttons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing import actions
from billing.models import ClockOffset, Invoice, Payment, Plan, Subscription
from billing.states import InvoiceState
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import money, when

type Neighbours = Iterable[tuple[str, models.Model | str | None]]


def rows_of(label: str, query: str) -> str:
    """The address of a list, filtered."""
    return f"{reverse(f'admin:billing_{label}_changelist')}?{query}"


@operators.register(Plan)
class PlanAdmin(VerbAdmin[Plan]):
    """The catalogue: every version that was ever sold."""

    list_display = ("name", "code", "version", "state_badge", "amount", "isolation")
    list_filter = ("state", "isolation", "currency")
    search_fields = ("public_id", "code", "name")
    creator = actions.CreatePlan
    verbs = (actions.RetirePlan,)

    @admin.display(description="Price", ordering="price")
    def amount(self, obj: Plan) -> SafeString:
        return money(obj.price, obj.currency)

    def related(self, obj: Plan) -> Neighbours:
        return [("subscriptions", rows_of("subscription", f"plan__id__exact={obj.pk}"))]


@operators.register(Subscription)
class SubscriptionAdmin(VerbAdmin[Subscription]):
    """Who takes what, until when, and what the biller does next."""

    list_display = ("tenant", "plan", "state_badge", "until", "next", "public_id")
    list_filter = ("state", "plan__code", "cancel_at_period_end")
    search_fields = ("public_id", "tenant__public_id", "tenant__name")
    list_select_related = ("tenant", "plan")
    verbs = (actions.ChangePlan, actions.CancelSubscription, actions.UndoCancel)

    @admin.display(description="Period ends", ordering="period_end")
    def until(self, obj: Subscription) -> SafeString:
        return when(obj.period_end)

    @admin.display(description="Next work", ordering="next_at")
    def next(self, obj: Subscription) -> SafeString:
        return when(obj.next_at)

    def related(self, obj: Subscription) -> Neighbours:
        return [
            ("tenant", obj.tenant),
            ("plan", obj.plan),
            ("invoices", rows_of("invoice", f"subscription__id__exact={obj.pk}")),
        ]


@operators.register(Invoice)
class InvoiceAdmin(VerbAdmin[Invoice]):
    """What is owed and paid; each amount says how it came about."""

    list_display = ("__str__", "tenant", "state_badge", "amount", "open", "due")
    list_filter = ("state", "kind", "currency")
    search_fields = ("public_id", "tenant__public_id", "tenant__name", "=sequence")
    list_select_related = ("tenant",)
    readonly_fields = ("reference", "explained")
    verbs = (actions.MarkInvoicePaid, actions.VoidInvoice)

    @admin.display(description="Total", ordering="total")
    def amount(self, obj: Invoice) -> SafeString:
        return money(obj.total, obj.currency)

    @admin.display(description="Open")
    def open(self, obj: Invoice) -> SafeString:
        return money(obj.outstanding, obj.currency)

    @admin.display(description="Due", ordering="due_at")
    def due(self, obj: Invoice) -> SafeString:
        return when(obj.due_at)

    @admin.display(description="Lines")
    def explained(self, obj: Invoice) -> SafeString:
        lines = [
            (line.description, money(line.amount, obj.currency), line.why)
            for line in obj.lines.all()
        ]
        return format_html_join("", "<p>{}: {} ({})</p>", lines)

    def related(self, obj: Invoice) -> Neighbours:
        return [
            ("tenant", obj.tenant),
            ("subscription", obj.subscription),
            ("payments", rows_of("payment", f"invoice__id__exact={obj.pk}")),
        ]


@operators.register(Payment)
class PaymentAdmin(VerbAdmin[Payment]):
    """Money that came, and attempts that failed."""

    list_display = ("__str__", "tenant", "invoice", "state_badge", "sum", "settled_at")
    list_filter = ("state", "gateway")
    search_fields = ("public_id", "reference", "tenant__public_id")
    list_select_related = ("tenant", "invoice")

    @admin.display(description="Amount", ordering="amount")
    def sum(self, obj: Payment) -> SafeString:
        return money(obj.amount, obj.currency)

    def related(self, obj: Payment) -> Neighbours:
        return [("invoice", obj.invoice), ("tenant", obj.tenant)]


@waiting
def transfers(actor: Actor) -> Iterable[dict[str, Any]]:
    """Open invoices: a transfer may have come in for them."""
    rows = Invoice.objects.visible_to(actor).filter(state=InvoiceState.OPEN)
    if count := rows.count():
        yield {
            "title": "Open invoices: look for their transfers",
            "count": count,
            "url": rows_of("invoice", "state__exact=open"),
            "tone": "busy",
        }


if settings.PAYBILL_EMBEDDED:
    from billing.sandbox.actions import MoveClock

    @operators.register(ClockOffset)
    class ClockAdmin(VerbAdmin[ClockOffset]):
        """How far billing's clock is ahead; add to it to move it on."""

        list_display = ("name", "offset")
        creator = MoveClock
