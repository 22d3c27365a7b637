"""An account's billing at a glance: what it takes, what is open, what comes next."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from billing.models import Customer, Invoice, PaymentMethod, Subscription
from billing.portal.finding import billed_accounts, customer_of, find_account
from billing.portal.overdue import overdue
from billing.portal.upcoming import expected
from billing.states import InvoiceState, SubscriptionState
from paybill_site.kernel import actors
from paybill_site.kernel.actors import Actor
from tenants.models import Account

LATEST = 5


def frame(account: Account, tab: str) -> dict[str, Any]:
    """What every page of an account's billing shows around its own."""
    return {
        "account": account,
        "customer": customer_of(account),
        "tab": tab,
        "section": "billing",
    }


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Straight to the account's billing; whoever has several is asked which."""
    accounts = list(billed_accounts(actors.of_request(request)))
    if len(accounts) == 1:
        return redirect("billing:account", accounts[0].public_id)
    context = {"accounts": accounts, "section": "billing"}
    return render(request, "billing/accounts.html", context)


@login_required
@require_safe
def overview(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the account takes, owes and will pay next."""
    account = find_account(request, public_id)
    customer = customer_of(account)
    context = frame(account, "overview")
    if customer is not None:
        context |= _at_a_glance(customer, actors.of_request(request))
    return render(request, "billing/overview.html", context)


def _at_a_glance(customer: Customer, actor: Actor) -> dict[str, Any]:
    taken = Subscription.objects.visible_to(actor).filter(customer=customer)
    running = taken.exclude(state=SubscriptionState.CANCELLED)
    known = Invoice.objects.visible_to(actor).filter(customer=customer)
    unpaid = known.filter(state=InvoiceState.OPEN).order_by("due_at", "pk")
    methods = PaymentMethod.objects.visible_to(actor).filter(customer=customer)
    return {
        "subscriptions": running.select_related("plan", "next_plan", "tenant"),
        "unpaid": list(unpaid),
        "latest": known.exclude(state=InvoiceState.DRAFT).order_by("-pk")[:LATEST],
        "expected": expected(customer),
        "overdue": overdue(customer),
        "method": methods.filter(is_default=True).first(),
    }


@login_required
@require_safe
def upcoming(request: HttpRequest, public_id: str) -> HttpResponse:
    """The next invoice as it would be if nothing changed until then."""
    account = find_account(request, public_id)
    coming = expected(customer_of(account))
    context = {**frame(account, "next"), "expected": coming}
    return render(request, "billing/upcoming.html", context)
