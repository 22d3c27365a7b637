"""Downloads of documents, for whoever may see their rows: customers and operators."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from billing import documents
from billing.errors import StillADraft
from billing.models import CreditNote, Invoice
from paybill_site.kernel import actors


@login_required
@require_safe
def invoice_pdf(request: HttpRequest, public_id: str) -> HttpResponse:
    return _download(request, Invoice.objects, public_id)


@login_required
@require_safe
def credit_note_pdf(request: HttpRequest, public_id: str) -> HttpResponse:
    return _download(request, CreditNote.objects, public_id)


def _download(request: HttpRequest, rows: Any, public_id: str) -> HttpResponse:
    seen = rows.visible_to(actors.of_request(request))
    found = seen.filter(public_id=public_id[:40]).first()
    if found is None:
        raise Http404
    try:
        return documents.response(found)
    except StillADraft as error:
        raise Http404 from error
