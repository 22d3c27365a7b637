"""Pages of the sandbox: pay with a test card, keep one, and the bank's question."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from billing import gateways, pages
from billing.models import Invoice, Payment, PaymentMethod
from billing.sandbox.actions import (
    ConfirmSandboxPayment,
    FillInTestMethod,
    PayWithSandbox,
)
from billing.sandbox.gateway import CardForm, cards
from billing.states import PaymentState
from billing.views import find_invoice
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from tenants import starting


@login_required
@require_POST
def pay(request: HttpRequest, public_id: str) -> HttpResponse:
    """Charge a test card, then go on to the progress, or say why not."""
    invoice = find_invoice(request, public_id)
    form = CardForm(request.POST)
    if form.is_valid():
        actor = actors.of_request(request)
        try:
            payment = perform(
                PayWithSandbox, invoice, dict(form.cleaned_data), actor=actor
            ).result
        except PaybillError as error:
            form.add_error(None, error.detail)
        else:
            if payment.state == PaymentState.FAILED:
                form.add_error("card", payment.failure)
            else:
                return _onwards(payment)
    context = pages.payment(invoice, gateways.named("sandbox"))
    return render(request, "portal/pay.html", {**context, "form": form}, status=422)


def _onwards(payment: Payment) -> HttpResponse:
    if payment.state == PaymentState.NEEDS_CONFIRMATION:
        return redirect("billing:sandbox_confirm", payment.public_id)
    if payment.state == PaymentState.SUCCEEDED and payment.invoice.tenant:
        return redirect(starting.progress_url(payment.invoice.tenant))
    return redirect("billing:invoice", payment.invoice.public_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the bank would ask before it lets the payment through."""
    actor = actors.of_request(request)
    rows = Payment.objects.visible_to(actor).filter(public_id=public_id)
    payment = rows.select_related("invoice__tenant").first()
    if payment is None:
        raise Http404
    invoice: Invoice = payment.invoice
    if request.method != "POST":
        context = {"payment": payment, "invoice": invoice, "tenant": invoice.tenant}
        return render(request, "billing/confirm_payment.html", context)
    answer = {"approve": request.POST.get("answer") == "approve"}
    try:
        settled = perform(ConfirmSandboxPayment, payment, answer, actor=actor).result
    except PaybillError as error:
        messages.error(request, error.detail)
        return redirect("billing:invoice", invoice.public_id)
    if settled.state == PaymentState.SUCCEEDED:
        return _onwards(settled)
    messages.error(request, settled.failure)
    return redirect("billing:pay", invoice.public_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def method(request: HttpRequest, public_id: str) -> HttpResponse:
    """The sandbox's stand-in for a gateway's page on which a card is filled in."""
    actor = actors.of_request(request)
    rows = PaymentMethod.objects.visible_to(actor).filter(gateway="sandbox")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen: dict[str, Any] = dict(form.cleaned_data)
        try:
            perform(FillInTestMethod, found, chosen, actor=actor)
        except PaybillError as error:
            form.add_error(None, error.detail)
        else:
            back = reverse("billing:method", args=[found.public_id])
            return redirect(f"{back}?back")
    status = 422 if form.is_bound else 200
    context = {"form": form, "cards": cards(), "method": found, "section": "tenants"}
    return render(request, "billing/sandbox_method.html", context, status=status)
