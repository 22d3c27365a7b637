"""Paying with a stored method, and what the customer's bank asks about it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from billing.actions.payments import PayInvoice, WithdrawPayment
from billing.models import Payment
from billing.portal.acting import carry_out
from billing.portal.finding import find
from billing.states import PaymentState
from billing.views import find_invoice


@login_required
@require_POST
def pay_stored(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pay an invoice with one of the stored methods, or with the default one."""
    invoice = find_invoice(request, public_id)
    chosen = {"method": request.POST.get("method", "")[:40]}
    done = "The payment is on its way; this page says how it went."
    carry_out(request, PayInvoice, invoice, chosen, done=done)
    return redirect("billing:invoice", invoice.public_id)


@login_required
@require_safe
def confirm(request: HttpRequest, public_id: str) -> HttpResponse:
    """On to the bank's own page, while it asks; whoever may see the payment may go."""
    payment = _payment(request, public_id)
    if payment.state == PaymentState.NEEDS_CONFIRMATION and payment.confirm_at:
        return redirect(payment.confirm_at)
    return redirect("billing:invoice", payment.invoice.public_id)


@login_required
@require_POST
def withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take back what the bank asks about, to pay in another way."""
    payment = _payment(request, public_id)
    done = "The payment is withdrawn; in a moment you can pay in another way."
    carry_out(request, WithdrawPayment, payment, done=done)
    return redirect("billing:invoice", payment.invoice.public_id)


def _payment(request: HttpRequest, public_id: str) -> Payment:
    found: Payment = find(Payment.objects.select_related("invoice"), request, public_id)
    return found
