"""The page of a subscription: what it is, change its plan, cancel, undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billing.actions import CancelSubscription, ChangePlan, UndoCancel
from billing.models import Plan, Subscription
from billing.states import RUNNING
from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction, perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError


def _find(actor: Actor, public_id: str) -> Subscription:
    rows = Subscription.objects.visible_to(actor).filter(public_id=public_id)
    found = rows.select_related("tenant", "plan", "next_plan").first()
    if found is None:
        raise Http404
    return found


def _others(subscription: Subscription, actor: Actor) -> list[Plan]:
    """Plans that the subscription may change to without a move of the tenant."""
    plan = subscription.plan
    rows = Plan.objects.visible_to(actor).on_sale().bases().exclude(pk=plan.pk)
    return list(
        rows.filter(isolation=plan.isolation, cloud=plan.cloud, currency=plan.currency)
    )


@login_required
@require_safe
def subscription(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the tenant takes, until when, and what can be done about it."""
    actor = actors.of_request(request)
    found = _find(actor, public_id)
    return render(request, "billing/subscription.html", _page(found, actor))


def _page(found: Subscription, actor: Actor) -> dict[str, Any]:
    return {
        "subscription": found,
        "tenant": found.tenant,
        "others": _others(found, actor),
        "running": found.state in RUNNING,
        "section": "tenants",
    }


@login_required
@require_POST
def change(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what a change of plan would cost and when it comes; confirmed, make it."""
    actor = actors.of_request(request)
    found = _find(actor, public_id)
    wanted = {"plan": request.POST.get("plan", "")}
    confirmed = request.POST.get("confirm") == "yes"
    try:
        if not confirmed:
            shown = rehearse(ChangePlan, found, wanted, actor=actor).output
            page = {**_page(found, actor), "preview": shown, "wanted": wanted["plan"]}
            return render(request, "billing/subscription.html", page)
        output = perform(ChangePlan, found, wanted, actor=actor).output
    except PaybillError as error:
        messages.error(request, error.detail)
        return redirect("billing:subscription", public_id)
    if output["invoice"]:
        return redirect("billing:pay", output["invoice"])
    messages.success(request, "The plan is changed.")
    return redirect("billing:subscription", public_id)


@login_required
@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """Cancel to the end of the period that is paid for."""
    done = "The subscription ends with its period."
    return _do(request, CancelSubscription, public_id, {"when": "period_end"}, done)


@login_required
@require_POST
def undo_cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go on after all."""
    return _do(request, UndoCancel, public_id, {}, "The subscription goes on.")


def _do(
    request: HttpRequest,
    action: AnyAction,
    public_id: str,
    data: dict[str, Any],
    done: str,
) -> HttpResponse:
    actor = actors.of_request(request)
    found = _find(actor, public_id)
    try:
        perform(action, found, data, actor=actor)
    except PaybillError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("billing:subscription", public_id)
