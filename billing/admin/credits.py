"""Customers' credit, every movement of it, the ledger, and the nightly check."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing import actions
from billing.admin.customers import CustomerAdmin
from billing.admin.rows import Neighbours, rows_of
from billing.models import BalanceEntry, BooksCheck, CreditGrant, LedgerEntry
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import money


@operators.register(CreditGrant)
class CreditGrantAdmin(VerbAdmin[CreditGrant]):
    """Amounts in customers' favour, and what is left of each."""

    list_display = ("customer", "kind", "granted", "remaining", "expires_at", "reason")
    list_filter = ("kind", "currency")
    search_fields = ("public_id", "customer__public_id", "reason")
    list_select_related = ("customer__account",)

    @admin.display(description="Amount", ordering="amount")
    def granted(self, obj: CreditGrant) -> SafeString:
        return money(obj.amount, obj.currency)

    @admin.display(description="Left", ordering="left")
    def remaining(self, obj: CreditGrant) -> SafeString:
        return money(obj.left, obj.currency)

    def related(self, obj: CreditGrant) -> Neighbours:
        entries = rows_of("balanceentry", f"grant__id__exact={obj.pk}")
        return [
            ("customer", obj.customer),
            ("invoice", obj.invoice),
            ("entries", entries),
        ]


@operators.register(BalanceEntry)
class BalanceEntryAdmin(VerbAdmin[BalanceEntry]):
    """Every movement of a balance; rows are only ever added."""

    list_display = ("at", "customer", "kind", "sum", "invoice", "reason")
    list_filter = ("kind", "currency")
    search_fields = ("public_id", "customer__public_id", "reason")
    list_select_related = ("customer__account", "invoice")

    @admin.display(description="Amount", ordering="amount")
    def sum(self, obj: BalanceEntry) -> SafeString:
        return money(obj.amount, obj.currency)

    def related(self, obj: BalanceEntry) -> Neighbours:
        return [("credit", obj.grant), ("invoice", obj.invoice)]


@operators.register(LedgerEntry)
class LedgerEntryAdmin(VerbAdmin[LedgerEntry]):
    """The double-entry ledger: debits above zero, credits below."""

    list_display = ("at", "posting", "account", "sum", "customer", "invoice", "booking")
    list_filter = ("account", "posting", "currency")
    search_fields = ("public_id", "booking", "customer__public_id")
    list_select_related = ("customer__account", "invoice")

    @admin.display(description="Amount", ordering="amount")
    def sum(self, obj: LedgerEntry) -> SafeString:
        return money(obj.amount, obj.currency)

    def related(self, obj: LedgerEntry) -> Neighbours:
        return [
            ("the whole booking", rows_of("ledgerentry", f"booking={obj.booking}")),
            ("invoice", obj.invoice),
            ("payment", obj.payment),
            ("credit note", obj.note),
            ("refund", obj.refund),
        ]


@operators.register(BooksCheck)
class BooksCheckAdmin(VerbAdmin[BooksCheck]):
    """Every night all is compared; what does not agree stands here."""

    list_display = ("at", "__str__", "invoices", "entries")
    readonly_fields = ("found",)
    exclude = ("differences",)
    creator = actions.CheckBooks

    @admin.display(description="Found")
    def found(self, obj: BooksCheck) -> SafeString | str:
        rows = [
            (each["where"], each["check"], each.get("is", ""), each.get("should", ""))
            for each in obj.differences
        ]
        told = format_html_join("", "<p>{}: {} (is {}, should be {})</p>", rows)
        return told or "Nothing: all agrees."


CustomerAdmin.offer(
    actions.RedeemCode,
    actions.GrantCredit,
    actions.ReduceCredit,
    actions.BuyCredit,
    actions.DraftInvoice,
    actions.SetPapers,
)


@waiting
def books(actor: Actor) -> Iterable[dict[str, Any]]:
    """The last check found something: no figure can be trusted until that is known."""
    last = BooksCheck.objects.visible_to(actor).order_by("-id").first()
    if last is not None and last.differences:
        yield {
            "title": "The books do not agree",
            "count": len(last.differences),
            "url": rows_of("bookscheck", f"id__exact={last.pk}"),
            "tone": "bad",
        }
