"""What is owed, and the transfers to look for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing import actions
from billing.admin.rows import Neighbours, rows_of
from billing.models import Invoice
from billing.states import InvoiceState
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import money, when


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
