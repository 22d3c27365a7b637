"""The page of a subscription: what it is made of, and all that can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billing import catalogue, clock, pages
from billing.actions.subscriptions import (
    CancelSubscription,
    ChangePlan,
    PauseSubscription,
    ReactivateSubscription,
    ResumeSubscription,
    UndoCancel,
)
from billing.models import Plan, Subscription, SubscriptionItem
from billing.portal import changing, prices
from billing.portal.acting import carry_out
from billing.portal.finding import SEES, find, may
from billing.portal.overdue import overdue
from billing.states import RUNNING, PlanKind, PriceKind
from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, PaybillError

ROWS = Subscription.objects.select_related(
    "tenant__account", "plan", "next_plan", "customer"
)


@dataclass(frozen=True, slots=True)
class Verb:
    """What a button does, and what is said when it is done."""

    action: AnyAction
    done: str


VERBS = {
    "pause": Verb(PauseSubscription, "The subscription is paused."),
    "resume": Verb(ResumeSubscription, "The subscription goes on."),
    "undo-cancel": Verb(UndoCancel, "The subscription goes on."),
    "reactivate": Verb(ReactivateSubscription, "The subscription is in force again."),
}


@login_required
@require_safe
def subscription(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the tenant takes, until when, and what can be done about it."""
    found: Subscription = find(ROWS, request, public_id)
    return render(request, "billing/subscription.html", page(found, request))


def page(found: Subscription, request: HttpRequest) -> dict[str, Any]:
    """The context of the page, beside what is being asked."""
    actor = actors.of_request(request)
    account = found.tenant.account
    sees = account.public_id in actor.accounts_with(SEES) or SEES in actor.grants
    items = list(_items(found))
    context: dict[str, Any] = {
        "subscription": found,
        "tenant": found.tenant,
        "account": account,
        "sees_billing": sees,
        "ends_at": found.ends_at,
        "running": found.state in RUNNING,
        "items": [_item(item) for item in items],
        "can": _can(found, actor),
        "section": "billing" if sees else "tenants",
    }
    if context["can"]["change"]:
        context |= _choices(found, items, actor)
    if sees:
        context["overdue"] = overdue(found.customer)
    return context


def _items(found: Subscription) -> Any:
    now = clock.now()
    going_on = Q(end__isnull=True) | Q(end__gt=now)
    return found.items.filter(going_on).select_related("price__plan").order_by("pk")


def _item(item: SubscriptionItem) -> dict[str, Any]:
    price = item.price
    counted = price.kind == PriceKind.SEAT
    return {
        "name": price.name,
        "words": prices.in_words(price),
        "quantity": item.quantity.normalize() if counted else None,
        "start": item.start,
        "end": item.end,
        "later": item.start > clock.now(),
    }


def _can(found: Subscription, actor: Actor) -> dict[str, bool]:
    """Which buttons are of use: by the person's role and by the state."""
    account = found.tenant.account
    leaves, state = found.ends_at is not None, found.state

    def fits(action: AnyAction) -> bool:
        legal = action.legal_in is None or state in action.legal_in
        return legal and may(actor, action, account)

    paused = state == "paused" or found.pauses_at is not None
    return {
        "change": fits(ChangePlan),
        "cancel": fits(CancelSubscription) and not leaves,
        "undo": fits(UndoCancel) and leaves,
        "pause": fits(PauseSubscription) and not paused and not leaves,
        "resume": fits(ResumeSubscription) and paused,
        "reactivate": fits(ReactivateSubscription) and found.activated_at is not None,
    }


def _choices(
    found: Subscription, items: list[SubscriptionItem], actor: Actor
) -> dict[str, Any]:
    """Other plans, seats and add-ons, each with what it costs in words."""
    sold = list(Plan.objects.visible_to(actor).on_sale().prefetch_related("prices"))
    now = {item.price.code: item for item in items if item.end is None}
    return {
        "others": [_other(plan) for plan in sold if _fits(plan, found)],
        "seats": [
            {
                "code": code,
                "name": item.price.name,
                "words": prices.in_words(item.price),
                "quantity": int(item.quantity),
            }
            for code, item in now.items()
            if item.price.kind == PriceKind.SEAT
            and item.price.plan.kind == PlanKind.BASE
        ],
        "addons": [_addon(addon, items) for addon in _addons(found, sold)],
    }


def _fits(plan: Plan, found: Subscription) -> bool:
    """Whether it can be changed to without a move of the tenant."""
    stays = not catalogue.why_no_place(found, plan)
    billed = any(p.currency == found.customer.currency for p in plan.prices.all())
    return plan.kind == PlanKind.BASE and plan.pk != found.plan_id and stays and billed


def _other(plan: Plan) -> dict[str, Any]:
    return {
        "code": plan.code,
        "name": plan.name,
        "price": plan.price,
        "currency": plan.currency,
        "every": prices.spoken_every(plan.every),
        "prices": [prices.in_words(price) for price in pages.besides(plan)],
    }


def _addons(found: Subscription, sold: list[Plan]) -> list[Plan]:
    return pages.beside(found.plan, [p for p in sold if p.kind == PlanKind.ADDON])


def _addon(addon: Plan, items: list[SubscriptionItem]) -> dict[str, Any]:
    had = [i for i in items if i.price.plan.code == addon.code and i.end is None]
    return {
        "code": addon.code,
        "name": addon.name,
        "words": "; ".join(map(prices.in_words, pages.of(addon))),
        "quantity": int(had[0].quantity) if had else 0,
    }


@login_required
@require_POST
def change(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what a change would come to and when it is in force; confirmed, make it."""
    found: Subscription = find(ROWS, request, public_id)
    try:
        what = changing.asked(found, request.POST)
        if not may(actors.of_request(request), what.action, found.tenant.account):
            raise Forbidden
        if request.POST.get("confirm") != "yes":
            context = {
                "preview": changing.preview(found, what),
                "carried": changing.carried(request.POST),
                **page(found, request),
            }
            return render(request, "billing/subscription.html", context)
    except PaybillError as error:
        messages.error(request, error.detail)
        return redirect("billing:subscription", public_id)
    made = carry_out(request, what.action, found, what.data)
    if made is None:
        return redirect("billing:subscription", public_id)
    if made.output["invoice"]:
        return redirect("billing:pay", made.output["invoice"])
    messages.success(request, "The change is made.")
    return redirect("billing:subscription", public_id)


@login_required
@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """Cancel with the period that is paid for, or at once."""
    found: Subscription = find(ROWS, request, public_id)
    when = "now" if request.POST.get("when") == "now" else "period_end"
    done = (
        "The subscription has ended."
        if when == "now"
        else "The subscription ends with its period."
    )
    carry_out(request, CancelSubscription, found, {"when": when}, done=done)
    return redirect("billing:subscription", public_id)


@login_required
@require_POST
def verb(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """A button without a form: pause, resume, go on after all, have it again."""
    known = VERBS.get(name)
    if known is None:
        raise Http404
    found: Subscription = find(ROWS, request, public_id)
    carry_out(request, known.action, found, done=known.done)
    return redirect("billing:subscription", public_id)
