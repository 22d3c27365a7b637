"""Subscribe a tenant to a plan."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from billing import catalogue, clock, customers, invoicing, lifecycle
from billing.engine import accounts, baskets, writing
from billing.engine.baskets import Wanted
from billing.errors import (
    AlreadySubscribed,
    NoSuchChange,
    NotAChoice,
    NotADraft,
    NotBuildable,
    NotOnSale,
    PartlyPaid,
    RegionNotOffered,
)
from billing.models import Customer, Plan, Subscription
from billing.states import (
    InvoiceKind,
    PlanKind,
    PriceKind,
    SubscriptionState,
    TrialEnd,
)
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.inputs import Soon, example
from tenants import offers
from tenants.models import Tenant
from tenants.states import Isolation, TenantState

NOT_OVER = frozenset(SubscriptionState) - {SubscriptionState.CANCELLED}

Quantity = Annotated[int, Field(ge=0, le=1_000_000)]
Code = Annotated[str, Field(min_length=1, max_length=40)]
Quantities = dict[Code, Quantity]


class PlanChoice(Input):
    model_config = example({"plan": "business", "region": "local"})
    plan: str = Field(min_length=1, max_length=40, description="code of a plan on sale")
    region: str = Field(
        default="", max_length=40, description="one of the plan's; default: its first"
    )
    seats: Quantities = Field(
        default_factory=dict, max_length=20, description="how many, by code of the seat"
    )


class SubscribeInput(PlanChoice):
    isolation: Isolation | Literal[""] = Field(
        default="", description="one of the plan's; default: the plan's own"
    )
    size: str = Field(
        default="", max_length=20, description="of the stack, one of the plan's"
    )
    addons: Quantities = Field(
        default_factory=dict, max_length=50, description="how many, by code"
    )
    currency: str = Field(
        default="", max_length=3, description="for the first one; default: the plan's"
    )
    starts_at: Soon | None = Field(
        default=None, description="a moment to come; default: at once"
    )
    trial_then: TrialEnd = Field(
        default=TrialEnd.INVOICE, description="after a trial, if no method is stored"
    )


class Subscribe(Action[Tenant, SubscribeInput, Subscription]):
    """Subscribe a tenant to a plan; the first invoice is open until it is paid.

    A free plan, and one with a trial, is in force at once. Choosing again before
    anything was paid replaces the earlier choice.
    """

    model = Tenant
    Input = SubscribeInput
    permission = "billing.subscribe_tenant"

    def run(
        self, target: Tenant, data: SubscribeInput, *, actor: Actor
    ) -> Subscription:
        plan = on_sale(data.plan, data.isolation)
        data = _completed(data, plan)
        customer = customers.of(target.account)
        present = target.subscriptions.filter(state__in=NOT_OVER).first()
        if present is not None and _same_offer(present, plan, data):
            return present
        _make_room(target, present)
        _fix_currency(customer, plan, data.currency)
        return _subscribed(target, customer, plan, data)

    def present(self, result: Subscription) -> dict[str, Any]:
        return {**super().present(result), **to_pay(result)}

    def recall(self, output: Mapping[str, Any]) -> Subscription | None:
        return Subscription.objects.filter(public_id=output.get("id")).first()


def on_sale(code: str, isolation: str = "") -> Plan:
    """The plan that is sold under this code. Raises NotOnSale, NotBuildable.

    ``isolation``: one of the plan's, to be asked about instead of its own.
    """
    plan = catalogue.sold(code)
    if plan.kind != PlanKind.BASE:
        raise NotOnSale("an add-on is taken beside a plan")
    product = offers.product_in(plan.features)
    if isolation and isolation not in plan.isolations:
        raise NotAChoice(f"{plan.name} is sold as {', '.join(plan.isolations)}")
    if why := offers.why_not(isolation or plan.isolation, plan.cloud, product):
        raise NotBuildable(why)
    return plan


def addons_on_sale(chosen: Mapping[str, int]) -> dict[Plan, Decimal]:
    """The add-ons that are sold under these codes. Raises NotOnSale."""
    found = {catalogue.sold(code): Decimal(count) for code, count in chosen.items()}
    if any(addon.kind != PlanKind.ADDON for addon in found):
        raise NotOnSale("this is a plan of its own, and nothing taken beside one")
    return found


def seats(chosen: Mapping[str, int], plan: Plan) -> dict[str, Decimal]:
    """Quantities of seats that the plan has. Raises NoSuchChange."""
    known = plan.prices.filter(kind=PriceKind.SEAT).values_list("code", flat=True)
    if unknown := chosen.keys() - set(known):
        raise NoSuchChange(f"{plan.name} has no seats called {', '.join(unknown)}")
    return {code: Decimal(count) for code, count in chosen.items()}


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


def _completed(data: SubscribeInput, plan: Plan) -> SubscribeInput:
    """What the plan takes where nothing is chosen. Raises what it does not offer."""
    region = data.region or plan.regions[0]
    if region not in plan.regions:
        raise RegionNotOffered(f"{plan.name} is offered in {plan.regions}")
    if data.size and data.size not in plan.sizes:
        raise NotAChoice(f"{plan.name} has the sizes {', '.join(plan.sizes)}")
    isolation = Isolation(data.isolation or plan.isolation)
    return data.model_copy(update={"region": region, "isolation": isolation})


def _same_offer(present: Subscription, plan: Plan, data: SubscribeInput) -> bool:
    """Tell whether just this was chosen before and waits for its payment."""
    waits = present.state == SubscriptionState.INCOMPLETE
    before = (present.region, present.isolation, present.size)
    chosen = (data.region, data.isolation, data.size)
    return waits and present.plan == plan and before == chosen


def _make_room(tenant: Tenant, present: Subscription | None) -> None:
    """Withdraw a choice that nothing was paid for. Raises AlreadySubscribed."""
    if present is not None:
        if present.activated_at is not None:
            raise AlreadySubscribed
        if any(invoice.paid for invoice in invoicing.open_invoices(present)):
            raise PartlyPaid
        lifecycle.end(present, reason="another plan was chosen")
    if tenant.state != TenantState.DRAFT:
        raise NotADraft


def _fix_currency(customer: Customer, plan: Plan, wanted: str) -> None:
    """The first subscription says in which currency the customer is billed."""
    currency = customer.currency or wanted or plan.currency
    if wanted and wanted != currency:
        raise NoSuchChange(f"this customer is billed in {currency}")
    if not plan.prices.filter(currency=currency).exists():
        raise NoSuchChange(f"{plan.name} has no price in {currency}")
    if not customer.currency:
        customer.currency = currency
        customer.save(update_fields=["currency"])


def _subscribed(
    tenant: Tenant, customer: Customer, plan: Plan, data: SubscribeInput
) -> Subscription:
    now = clock.now()
    later = data.starts_at is not None and data.starts_at > now
    starts = data.starts_at if data.starts_at and later else now
    state = SubscriptionState.SCHEDULED if later else SubscriptionState.INCOMPLETE
    row = Subscription.objects.create(
        tenant=tenant,
        customer=customer,
        plan=plan,
        region=data.region,
        isolation=data.isolation,
        size=data.size,
        state=state,
        starts_at=starts,
        trial_then=data.trial_then,
        anchor=starts,
        period_start=starts,
        period_end=starts,
    )
    account, held = accounts.hold(row)
    baskets.fill(held, seats(data.seats, plan), starts)
    addons = addons_on_sale(data.addons)
    for addon in addons:
        if not baskets.goes_with(addon, plan):
            raise NoSuchChange(f"{addon.name} can not be taken beside {plan.name}")
    baskets.recompose(held, Wanted(addons=addons), starts)
    if later:
        writing.write_one(account, held)
        return row
    held.state = SubscriptionState.SCHEDULED
    lifecycle.step(account, held, now)
    return row
