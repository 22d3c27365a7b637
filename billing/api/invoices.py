"""REST: invoices."""

from __future__ import annotations

from rest_framework import serializers

from billing import actions
from billing.api.session import SessionThings
from billing.models import Invoice, InvoiceLine
from paybill_site.kernel.rest import Row, action_path, things


class LineSerializer(Row[InvoiceLine]):
    why = serializers.CharField(read_only=True)

    class Meta:
        model = InvoiceLine
        fields = ("position", "description", "amount", "inputs", "why")


class InvoiceSerializer(Row[Invoice]):
    number = serializers.CharField(read_only=True)
    reference = serializers.CharField(read_only=True)
    outstanding = serializers.IntegerField(read_only=True)
    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = Invoice
        fields = (
            "id",
            "tenant",
            "subscription",
            "kind",
            "state",
            "number",
            "reference",
            "currency",
            "total",
            "paid",
            "outstanding",
            "period_start",
            "period_end",
            "opened_at",
            "due_at",
            "paid_at",
            "lines",
        )


class InvoiceViews(SessionThings):
    queryset = Invoice.objects.select_related(
        "tenant", "subscription"
    ).prefetch_related("lines")
    serializer_class = InvoiceSerializer


one = "invoices/<str:public_id>"
urlpatterns = [
    *things("invoices", InvoiceViews),
    action_path(f"{one}/void", actions.VoidInvoice),
]
