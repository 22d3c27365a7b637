"""The credit balance, codes that were redeemed, and credit bought ahead."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billing.actions.coupons import RedeemCode
from billing.actions.credits import BuyCredit
from billing.models import Customer
from billing.portal.acting import carry_out
from billing.portal.finding import customer_of, find_account, may
from billing.portal.overview import frame
from billing.rating import money
from billing.states import RedemptionState
from paybill_site.kernel import actors

PER_PAGE = 50
FIRST = "Credit and codes begin with the first plan; its order takes a code, too."


class AmountForm(forms.Form):
    """How much credit to buy, as people write amounts."""

    amount = forms.DecimalField(
        min_value=Decimal("0.01"), max_value=10**7, decimal_places=3, label="Amount"
    )


@login_required
@require_safe
def credit(request: HttpRequest, public_id: str) -> HttpResponse:
    """What is left of the credit, every movement of it, and the codes."""
    account, actor = find_account(request, public_id), actors.of_request(request)
    customer = customer_of(account)
    context: dict[str, Any] = {**frame(account, "credit")}
    if customer is not None:
        context |= _known(request, customer)
        context["may_redeem"] = may(actor, RedeemCode, account)
        context["may_buy"] = may(actor, BuyCredit, account) and customer.currency
        context["amount"] = AmountForm()
    return render(request, "billing/credit.html", context)


def _known(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    entries = customer.balance_entries.select_related("invoice")
    held = customer.redemptions.filter(state=RedemptionState.ACTIVE)
    return {
        "page": Paginator(entries, PER_PAGE).get_page(request.GET.get("page")),
        "grants": customer.grants.filter(left__gt=0),
        "coupons": held.select_related("coupon", "code"),
    }


@login_required
@require_POST
def redeem(request: HttpRequest, public_id: str) -> HttpResponse:
    """Redeem a promotion code."""
    customer = customer_of(find_account(request, public_id))
    if customer is None:
        messages.error(request, FIRST)
        return redirect("billing:credit", public_id)
    typed = {"code": request.POST.get("code", "")[:100]}
    done = "The code is taken off your invoices to come."
    carry_out(request, RedeemCode, customer, typed, done=done)
    return redirect("billing:credit", public_id)


@login_required
@require_POST
def buy(request: HttpRequest, public_id: str) -> HttpResponse:
    """Buy credit ahead; it is there once its invoice is paid."""
    customer = customer_of(find_account(request, public_id))
    form = AmountForm(request.POST)
    if customer is None or not customer.currency:
        messages.error(request, FIRST)
    elif not form.is_valid():
        messages.error(request, "Say an amount above zero, for example 50.")
    else:
        minor = money.to_minor(form.cleaned_data["amount"], customer.currency)
        bought = carry_out(request, BuyCredit, customer, {"amount": minor})
        if bought is not None:
            return redirect("billing:pay", bought.output["id"])
    return redirect("billing:credit", public_id)
