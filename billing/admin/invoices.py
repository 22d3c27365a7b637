"""What is owed, how each amount came about, and what was taken back of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing import actions, taxing
from billing.admin.rows import Neighbours, rows_of
from billing.models import CreditNote, Invoice, InvoiceLine, TaxRate
from billing.states import InvoiceState
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import money, when


@operators.register(Invoice)
class InvoiceAdmin(VerbAdmin[Invoice]):
    """What is owed and paid; each amount says how it came about."""

    list_display = ("__str__", "customer", "tenant", "state_badge", "amount", "open")
    list_filter = ("state", "kind", "currency")
    search_fields = (
        "public_id",
        "customer__public_id",
        "customer__name",
        "tenant__public_id",
        "tenant__name",
        "=sequence",
    )
    list_select_related = ("tenant", "customer__account")
    readonly_fields = ("reference", "due", "explained")
    verbs = (
        actions.FinaliseInvoice,
        actions.DiscardDraft,
        actions.MarkInvoicePaid,
        actions.CreditInvoice,
        actions.GiveUpInvoice,
        actions.VoidInvoice,
    )

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
        rows = [
            (line.description, money(line.amount, obj.currency), _because(line))
            for line in obj.lines.select_related("invoice")
        ]
        return format_html_join("", "<p>{}: {} ({})</p>", rows)

    def related(self, obj: Invoice) -> Neighbours:
        pdf = obj.state != InvoiceState.DRAFT
        return [
            ("customer", obj.customer),
            ("tenant", obj.tenant),
            ("subscription", obj.subscription),
            ("payments", rows_of("payment", f"invoice__id__exact={obj.pk}")),
            ("credit notes", rows_of("creditnote", f"invoice__id__exact={obj.pk}")),
            ("ledger", rows_of("ledgerentry", f"invoice__id__exact={obj.pk}")),
            ("PDF", reverse("billing:invoice_pdf", args=[obj.public_id]) * pdf),
        ]


def _because(line: InvoiceLine) -> str:
    """How amount, discount and tax came about."""
    told = (line.why, line.why_discount, line.why_tax)
    return "; ".join(words for words in told if words)


@operators.register(CreditNote)
class CreditNoteAdmin(VerbAdmin[CreditNote]):
    """What was taken back of invoices, and where it went."""

    list_display = ("__str__", "customer", "invoice", "reason", "amount", "issued_at")
    list_filter = ("reason", "currency")
    search_fields = ("public_id", "customer__public_id", "=sequence", "memo")
    list_select_related = ("invoice", "customer__account")

    @admin.display(description="Total", ordering="total")
    def amount(self, obj: CreditNote) -> SafeString:
        return money(obj.total, obj.currency)

    def related(self, obj: CreditNote) -> Neighbours:
        return [
            ("invoice", obj.invoice),
            ("customer", obj.customer),
            ("refunds", rows_of("refund", f"note__id__exact={obj.pk}")),
            ("PDF", reverse("billing:credit_note_pdf", args=[obj.public_id])),
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


@waiting
def untaxed(actor: Actor) -> Iterable[dict[str, Any]]:
    """Without a seller's country nothing is taxed: better said than found out."""
    issued = Invoice.objects.visible_to(actor).exclude(state=InvoiceState.DRAFT)
    if settings.PAYBILL_EMBEDDED or not issued.exists():
        return
    if not taxing.seller_country():
        yield {
            "title": "Invoices are without tax: set PAYBILL_SELLER_COUNTRY",
            "count": issued.filter(tax=0).count(),
            "url": rows_of("invoice", "tax__exact=0"),
            "tone": "bad",
        }
    elif not TaxRate.objects.exists():
        yield {
            "title": "Rates of tax are those shipped: check them, and enter yours",
            "count": len(taxing.shipped()),
            "url": reverse("admin:billing_taxrate_changelist"),
            "tone": "busy",
        }
