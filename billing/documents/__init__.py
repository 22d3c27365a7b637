"""Invoices and credit notes as PDF, with their data inside where asked for."""

from __future__ import annotations

from django.http import HttpResponse

from billing.documents import sheet
from billing.errors import StillADraft
from billing.models import CreditNote, Invoice
from billing.states import InvoiceState

__all__ = ["pdf", "response"]


def pdf(document: Invoice | CreditNote) -> bytes:
    """The document; the same one gives the same bytes. Raises StillADraft."""
    # Most processes draw nothing, and these take a second to load.
    from billing.documents import drawing, facturx  # noqa: PLC0415

    if isinstance(document, CreditNote):
        return drawing.draw(sheet.of_credit_note(document))
    if document.state == InvoiceState.DRAFT:
        raise StillADraft
    drawn = drawing.draw(sheet.of_invoice(document))
    return facturx.inside(drawn, document) if facturx.wanted(document) else drawn


def response(document: Invoice | CreditNote) -> HttpResponse:
    """The document as a download; nobody on the way keeps it."""
    answer = HttpResponse(pdf(document), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{document.number}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer
