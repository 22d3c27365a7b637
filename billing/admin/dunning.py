"""What is done about unpaid invoices, and for whom it goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing.actions.dunning import WriteDunningSchedule
from billing.admin.rows import Neighbours, rows_of
from billing.dunning import timeline
from billing.models import DunningCase, DunningSchedule, PaymentRetry
from billing.states import CaseState
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import when


@operators.register(DunningSchedule)
class DunningScheduleAdmin(VerbAdmin[DunningSchedule]):
    """The rules; a change is a new version."""

    list_display = ("name", "code", "version", "default_for", "created_at")
    list_filter = ("default_for",)
    search_fields = ("public_id", "code", "name")
    creator = WriteDunningSchedule


@operators.register(DunningCase)
class DunningCaseAdmin(VerbAdmin[DunningCase]):
    """Customers that owe beyond their day, and what will happen when."""

    list_display = ("customer", "state_badge", "schedule", "taken", "next", "opened_at")
    list_filter = ("state", "schedule")
    search_fields = ("public_id", "customer__name", "customer__public_id")
    list_select_related = ("customer__account",)
    readonly_fields = ("ahead",)

    @admin.display(description="Next step", ordering="next_at")
    def next(self, obj: DunningCase) -> SafeString:
        return when(obj.next_at)

    @admin.display(description="What will happen when")
    def ahead(self, obj: DunningCase) -> SafeString:
        if obj.state != CaseState.OPEN:
            return format_html_join("", "{}", [("Nothing: it has ended.",)])
        told = [
            (when(each.at), each.words, " (done)" if each.done else "")
            for each in timeline(obj.customer)
        ]
        return format_html_join("", "<p>{}: {}{}</p>", told)

    def related(self, obj: DunningCase) -> Neighbours:
        mine = f"customer__id__exact={obj.customer_id}&state__exact=open"
        return [("unpaid invoices", rows_of("invoice", mine))]


@operators.register(PaymentRetry)
class PaymentRetryAdmin(VerbAdmin[PaymentRetry]):
    """Payments that failed and are tried again."""

    list_display = ("invoice", "done", "next", "stopped", "failed_at")
    search_fields = ("public_id", "invoice__public_id")
    list_select_related = ("invoice",)

    @admin.display(description="Next attempt", ordering="next_at")
    def next(self, obj: PaymentRetry) -> SafeString:
        return when(obj.next_at)

    def related(self, obj: PaymentRetry) -> Neighbours:
        return [("invoice", obj.invoice)]


@waiting
def closed_for_non_payment(actor: Actor) -> Iterable[dict[str, Any]]:
    """Customers whose access is closed: somebody may want to call them."""
    rows = DunningCase.objects.visible_to(actor).filter(state=CaseState.OPEN)
    if count := rows.filter(closed_since__isnull=False).count():
        yield {
            "title": "Customers closed for non-payment",
            "count": count,
            "url": rows_of("dunningcase", "state__exact=open"),
            "tone": "busy",
        }
