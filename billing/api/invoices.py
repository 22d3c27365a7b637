"""REST: invoices and credit notes, with why each amount is what it is, and as PDF."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from billing import actions, documents
from billing.api.session import SessionThings
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.openapi import OF_READS, refusals
from paybill_site.kernel.rest import Known, Row, action_path, things


class LineSerializer(Row[InvoiceLine]):
    why = serializers.CharField(read_only=True)
    why_discount = serializers.CharField(read_only=True)
    why_tax = serializers.CharField(read_only=True)

    class Meta:
        model = InvoiceLine
        fields = (
            "position",
            "description",
            "kind",
            "period_start",
            "period_end",
            "amount",
            "discount",
            "tax",
            "inputs",
            "discounts",
            "taxed",
            "why",
            "why_discount",
            "why_tax",
        )


class InvoiceSerializer(Row[Invoice]):
    number = serializers.CharField(read_only=True)
    reference = serializers.CharField(read_only=True)
    outstanding = serializers.IntegerField(read_only=True)
    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = Invoice
        fields = (
            "id",
            "customer",
            "tenant",
            "subscription",
            "kind",
            "state",
            "number",
            "reference",
            "currency",
            "subtotal",
            "discount",
            "tax",
            "included",
            "total",
            "applied",
            "noted",
            "credited",
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
        "customer", "tenant", "subscription"
    ).prefetch_related("lines__invoice")
    serializer_class = InvoiceSerializer


class NoteLineSerializer(Row[CreditNoteLine]):
    line = serializers.IntegerField(source="line.position", read_only=True)
    description = serializers.CharField(source="line.description", read_only=True)

    class Meta:
        model = CreditNoteLine
        fields = ("position", "line", "description", "net", "tax")


class CreditNoteSerializer(Row[CreditNote]):
    number = serializers.CharField(read_only=True)
    lines = NoteLineSerializer(many=True, read_only=True)

    class Meta:
        model = CreditNote
        fields = (
            "id",
            "customer",
            "invoice",
            "number",
            "reason",
            "memo",
            "currency",
            "subtotal",
            "tax",
            "total",
            "noted",
            "to_balance",
            "refunded",
            "issued_at",
            "lines",
        )


class CreditNoteViews(SessionThings):
    queryset = CreditNote.objects.select_related(
        "customer", "invoice"
    ).prefetch_related("lines__line")
    serializer_class = CreditNoteSerializer


class Pdf(APIView):
    """A document as PDF, for whoever may see its row."""

    permission_classes = (Known,)
    rows: Any = Invoice.objects

    @extend_schema(
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, **refusals(*OF_READS)}
    )
    def get(self, request: Request, public_id: str) -> HttpResponse:
        actor: Any = request.auth
        found = self.rows.visible_to(actor).filter(public_id=public_id[:40]).first()
        if found is None:
            raise NotFound
        return documents.response(found)


class CreditNotePdf(Pdf):
    rows: Any = CreditNote.objects


class Noted(BaseModel):
    """A credit note, in minor units."""

    id: str
    number: str
    total: int
    currency: str


one, one_note = "invoices/<str:public_id>", "credit-notes/<str:public_id>"
urlpatterns = [
    *things("invoices", InvoiceViews),
    *things("credit-notes", CreditNoteViews),
    path(f"{one}/pdf", Pdf.as_view(), name="invoice-pdf"),
    path(f"{one_note}/pdf", CreditNotePdf.as_view(), name="credit-note-pdf"),
    action_path(f"{one}/finalise", actions.FinaliseInvoice),
    action_path(f"{one}/discard", actions.DiscardDraft),
    action_path(f"{one}/void", actions.VoidInvoice),
    action_path(f"{one}/give-up", actions.GiveUpInvoice),
    action_path(f"{one}/credit", actions.CreditInvoice, output=Noted),
]
