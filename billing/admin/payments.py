"""Money that came, and attempts that failed."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from billing.admin.rows import Neighbours
from billing.models import Payment
from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.templatetags.paybill_ui import money


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
