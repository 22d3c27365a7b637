"""Payment methods: add one at its gateway, charge it by default, remove it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from billing import gateways
from billing.actions.methods import (
    LookAtMethod,
    MakeDefault,
    RemoveMethod,
    SetUpMethod,
)
from billing.models import PaymentMethod
from billing.portal.acting import carry_out
from billing.portal.finding import find, find_account, may
from billing.portal.overview import frame
from billing.states import MethodState
from paybill_site.kernel import actors

SHOWN = (MethodState.ACTIVE, MethodState.PENDING, MethodState.UNUSABLE)


@login_required
@require_safe
def methods(request: HttpRequest, public_id: str) -> HttpResponse:
    """The methods that are stored, and a button for each gateway that stores one."""
    account, actor = find_account(request, public_id), actors.of_request(request)
    rows = PaymentMethod.objects.visible_to(actor).filter(customer__account=account)
    context = {
        **frame(account, "methods"),
        "methods": rows.filter(state__in=SHOWN).order_by("-is_default", "-pk"),
        "gateways": gateways.storing(),
        "may_add": may(actor, SetUpMethod, account),
        "may_change": may(actor, MakeDefault, account),
        "may_remove": may(actor, RemoveMethod, account),
    }
    return render(request, "billing/methods.html", context)


@login_required
@require_POST
def add(request: HttpRequest, public_id: str) -> HttpResponse:
    """Begin to add a method; the page waits with the customer for the gateway."""
    account = find_account(request, public_id)
    wanted = {"gateway": request.POST.get("gateway", "")[:20]}
    begun = carry_out(request, SetUpMethod, account, wanted)
    if begun is None:
        return redirect("billing:methods", public_id)
    return redirect("billing:method", begun.output["id"])


@login_required
@require_safe
def method(request: HttpRequest, public_id: str) -> HttpResponse:
    """A method that is being set up: on to the gateway as soon as it is ready."""
    rows = PaymentMethod.objects.select_related("customer__account")
    found: PaymentMethod = find(rows, request, public_id)
    account = found.customer.account
    if found.state != MethodState.PENDING:
        return redirect("billing:methods", account.public_id)
    if "back" in request.GET:
        carry_out(request, LookAtMethod, found)
    context = {
        **frame(account, "methods"),
        "method": found,
        "back": "back" in request.GET,
        "refresh": reverse("billing:method", args=[found.public_id]),
    }
    return render(request, "billing/method.html", context)


@login_required
@require_POST
def make_default(request: HttpRequest, public_id: str) -> HttpResponse:
    """Charge this one from now on."""
    return _do(request, public_id, MakeDefault, "It is charged from now on.")


@login_required
@require_POST
def remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Forget it here and at the gateway."""
    return _do(request, public_id, RemoveMethod, "The payment method is removed.")


def _do(request: HttpRequest, public_id: str, action: type, done: str) -> HttpResponse:
    rows = PaymentMethod.objects.select_related("customer__account")
    found: PaymentMethod = find(rows, request, public_id)
    carry_out(request, action, found, done=done)
    return redirect("billing:methods", found.customer.account.public_id)
