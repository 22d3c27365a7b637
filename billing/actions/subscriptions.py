"""Verbs of customers: subscribe, change the plan, cancel, and undo that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from billing import agenda, catalogue, changes, clock, customers, invoicing, lifecycle
from billing.changes import Change, When
from billing.errors import (
    AlreadySubscribed,
    NotADraft,
    NotBuildable,
    NotOnSale,
    PartlyPaid,
    RegionNotOffered,
)
from billing.models import Plan, Subscription, SubscriptionItem
from billing.rating import periods
from billing.rating.lines import Charge
from billing.states import RUNNING, InvoiceKind, PlanKind, SubscriptionState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from tenants import offers
from tenants.models import Tenant
from tenants.states import TenantState

NOT_OVER = frozenset(SubscriptionState) - {SubscriptionState.CANCELLED}


class PlanChoice(Input):
    plan: str = Field(min_length=1, max_length=40, description="code of a plan on sale")
    region: str = Field(
        default="", max_length=40, description="one of the plan's; default: its first"
    )


class Subscribe(Action[Tenant, PlanChoice, Subscription]):
    """Subscribe a tenant to a plan; the first invoice is open until it is paid.

    A free plan, and one with a trial, is in force at once. Choosing again before
    anything was paid replaces the earlier choice.
    """

    model = Tenant
    Input = PlanChoice
    permission = "billing.subscribe_tenant"

    def run(self, target: Tenant, data: PlanChoice, *, actor: Actor) -> Subscription:
        plan = on_sale(data.plan)
        region = data.region or plan.regions[0]
        if region not in plan.regions:
            raise RegionNotOffered(f"{plan.name} is offered in {plan.regions}")
        present = target.subscriptions.filter(state__in=NOT_OVER).first()
        if present is not None and _same_offer(present, plan, region):
            return present
        _make_room(target, present)
        subscription = _draft(target, plan, region)
        if plan.trial_days and not _had_trial(target, plan):
            lifecycle.begin_trial(subscription)
        elif plan.free:
            lifecycle.activate(subscription, reason="a free plan")
        else:
            _bill_first(subscription)
        return subscription

    def present(self, result: Subscription) -> dict[str, Any]:
        return {**super().present(result), **to_pay(result)}

    def recall(self, output: Mapping[str, Any]) -> Subscription | None:
        return Subscription.objects.filter(public_id=output.get("id")).first()


def on_sale(code: str) -> Plan:
    """The plan that is sold under this code. Raises NotOnSale, NotBuildable."""
    plan = catalogue.sold(code)
    if plan.kind != PlanKind.BASE:
        raise NotOnSale("an add-on is taken beside a plan")
    product = offers.product_in(plan.features)
    if why := offers.why_not(plan.isolation, plan.cloud, product):
        raise NotBuildable(why)
    return plan


def to_pay(subscription: Subscription, *kinds: InvoiceKind) -> dict[str, Any]:
    """The oldest open invoice of these kinds, for whoever has to pay it."""
    unpaid = invoicing.open_invoices(subscription, *kinds)
    if not unpaid:
        return {"invoice": "", "amount_due": 0, "currency": subscription.plan.currency}
    first = unpaid[0]
    return {
        "invoice": first.public_id,
        "amount_due": first.outstanding,
        "currency": first.currency,
    }


def _same_offer(present: Subscription, plan: Plan, region: str) -> bool:
    """Tell whether just this was chosen before and waits for its payment."""
    waits = present.state == SubscriptionState.INCOMPLETE
    return waits and present.plan == plan and present.region == region


def _make_room(tenant: Tenant, present: Subscription | None) -> None:
    """Withdraw a choice that nothing was paid for. Raises AlreadySubscribed."""
    if present is not None:
        if present.state != SubscriptionState.INCOMPLETE:
            raise AlreadySubscribed
        if any(invoice.paid for invoice in invoicing.open_invoices(present)):
            raise PartlyPaid
        lifecycle.end(present, reason="another plan was chosen")
    if tenant.state != TenantState.DRAFT:
        raise NotADraft


def _had_trial(tenant: Tenant, plan: Plan) -> bool:
    """One trial of a plan for each account, whatever its version."""
    return Subscription.objects.filter(
        tenant__account=tenant.account,
        plan__code=plan.code,
        activated_at__isnull=False,
    ).exists()


def _draft(tenant: Tenant, plan: Plan, region: str) -> Subscription:
    now = clock.now()
    customer = customers.of(tenant.account)
    if not customer.currency:
        customer.currency = plan.currency
        customer.save(update_fields=["currency"])
    subscription = Subscription.objects.create(
        tenant=tenant,
        customer=customer,
        plan=plan,
        region=region,
        state=SubscriptionState.INCOMPLETE,
        anchor=now,
        period_start=now,
        period_end=now,
    )
    for price in plan.prices.filter(currency=customer.currency):
        SubscriptionItem.objects.create(
            subscription=subscription, price=price, start=now, billed_to=now
        )
    return subscription


def _bill_first(subscription: Subscription) -> None:
    plan = subscription.plan
    expected = periods.period(subscription.anchor, plan.every, 0, subscription.zone)
    charge = Charge(unit_amount=plan.price, currency=plan.currency)
    words = f"{plan.name}, first period, from the day of payment"
    invoicing.issue_items(
        subscription, InvoiceKind.START, plan, expected, [(words, charge)]
    )
    agenda.reschedule(subscription)


class ChangePlan(Action[Subscription, PlanChoice, Subscription]):
    """Change to another plan; a dry run shows when, and what is to be paid before.

    More is charged for the rest of the period and takes effect on payment; less
    takes effect with the next period.
    """

    model = Subscription
    Input = PlanChoice
    permission = "billing.change_subscription"
    danger = Danger.CAREFUL
    legal_in = frozenset({SubscriptionState.ACTIVE, SubscriptionState.TRIALING})

    def run(
        self, target: Subscription, data: PlanChoice, *, actor: Actor
    ) -> Subscription:
        plan = on_sale(data.plan)
        if data.region and data.region != target.region:
            raise RegionNotOffered("the region of a tenant can not change")
        change = changes.work_out(target, plan, clock.now())
        for offer in invoicing.open_invoices(target, InvoiceKind.CHANGE):
            invoicing.void(offer, reason="another change was chosen")
        _make(target, plan, change)
        return target

    def present(self, result: Subscription) -> dict[str, Any]:
        planned = result.next_plan.code if result.next_plan else ""
        changed = {"plan": result.plan.code, "next_plan": planned}
        due = to_pay(result, InvoiceKind.CHANGE)
        return {**super().present(result), **changed, **due}


def _make(subscription: Subscription, plan: Plan, change: Change) -> None:
    subscription.next_plan = None
    if change.when is When.NOW:
        lifecycle.change_plan(subscription, plan)
        return
    if change.when is When.NEXT_PERIOD:
        subscription.next_plan = plan
    else:
        rest, kind = subscription.period, InvoiceKind.CHANGE
        invoicing.issue_items(subscription, kind, plan, rest, change.items)
    agenda.reschedule(subscription)


class CancelInput(Input):
    when: Literal["period_end", "now"] = Field(
        default="period_end",
        description="with the period that is paid for, or at once",
    )


class CancelSubscription(Action[Subscription, CancelInput, Subscription]):
    """Cancel a subscription: the tenant is closed, its data kept for a while."""

    model = Subscription
    Input = CancelInput
    permission = "billing.cancel_subscription"
    danger = Danger.DESTRUCTIVE
    legal_in = NOT_OVER

    def run(
        self, target: Subscription, data: CancelInput, *, actor: Actor
    ) -> Subscription:
        if data.when == "now" or target.state not in RUNNING:
            lifecycle.end(target, reason=f"cancelled by {actor.label or actor.id}")
            return target
        target.cancel_at_period_end = True
        agenda.reschedule(target)
        return target


class UndoCancel(Action[Subscription, NoInput, Subscription]):
    """Go on with a subscription that was cancelled to the end of its period."""

    model = Subscription
    permission = "billing.cancel_subscription"
    legal_in = RUNNING

    def run(self, target: Subscription, data: NoInput, *, actor: Actor) -> Subscription:
        if target.state not in RUNNING or not target.cancel_at_period_end:
            raise IllegalMove("this subscription is not about to end")
        target.cancel_at_period_end = False
        agenda.reschedule(target)
        return target
