"""The doors of gateways: webhooks, and the way back of a customer."""

from __future__ import annotations

from contextlib import suppress

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from billing import gateways
from billing.actions.payments import LookAtPayment
from billing.gateways.contract import Forged
from billing.incoming.actions import LISTENER, TakeIncoming
from billing.models import Payment
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError, TooLarge, problem_response

# An event of a gateway is a few kilobytes; what is longer is none.
LONGEST = 256 * 1024


@csrf_exempt
@require_POST
def hook(request: HttpRequest, gateway: str) -> HttpResponse:
    """Verify and store what a gateway tells; it is followed after the answer.

    What is forged, too old, too long or of no gateway here leaves no trace in the
    database, however often it comes.
    """
    try:
        notice = gateways.named(gateway).verify(_body(request), request.headers)
        told = {"gateway": gateway, "notice": notice.model_dump(mode="json")}
        perform(TakeIncoming, None, told, actor=LISTENER)
    except PaybillError as error:
        return problem_response(error)
    return HttpResponse(status=204)


def _body(request: HttpRequest) -> bytes:
    """The raw body. Raises TooLarge, at the latest after the first byte too many."""
    told = request.headers.get("Content-Length", "")
    if told.isascii() and told.isdigit() and int(told[:12]) > LONGEST:
        raise TooLarge
    body = request.read(LONGEST + 1)
    if len(body) > LONGEST:
        raise TooLarge
    if not body:
        raise Forged("the body is empty")
    return body


@login_required
@require_safe
def payment_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """Back from the bank: whether the webhook was faster or not, look how it stands."""
    actor = actors.of_request(request)
    row = Payment.objects.visible_to(actor).filter(public_id=public_id).first()
    if row is None:
        return redirect("billing:invoices")
    # Looking is a favour: who may not, or comes too late, is led on all the same.
    with suppress(PaybillError):
        perform(LookAtPayment, public_id, actor=actor)
    return redirect("billing:invoice", row.invoice.public_id)
