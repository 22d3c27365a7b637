"""Subscriptions in each state with all that hangs on them, and a verb that moves."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from billing import clock, transitions
from billing.models import Customer, Plan, Subscription
from billing.states import SubscriptionState
from paybill_site.kernel import actors, outbox
from paybill_site.kernel.actions import Action, Input, NoInput, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Delivery
from provisioning.system import PROVISIONING
from tenants.actions import ClaimPlacement
from tenants.models import Tenant

MOVER = actors.system("mover", "billing.view_subscription", "billing.bill_subscription")
_S = SubscriptionState
# Nothing was ever in force: no entitlement, no place.
NEVER = {_S.SCHEDULED, _S.INCOMPLETE}


class To(Input):
    to: SubscriptionState = Field()


class MoveSubscription(Action[Subscription, To, Subscription]):
    """What every verb does that moves a subscription, and nothing besides."""

    model = Subscription
    Input = To
    permission = "billing.bill_subscription"

    def run(self, target: Subscription, data: To, *, actor: Actor) -> Subscription:
        if data.to not in NEVER and target.state in NEVER:
            target.activated_at = clock.now()
            target.save(update_fields=["activated_at"])
        if data.to == _S.CANCELLED and target.state in NEVER:
            target.activated_at = None
        transitions.move(target, data.to, reason="a test")
        return target


class Grant(Action[Subscription, NoInput, Subscription]):
    """Write the entitlement of a subscription as it is."""

    model = Subscription
    permission = "billing.bill_subscription"

    def run(self, target: Subscription, data: NoInput, *, actor: Actor) -> Subscription:
        transitions.grant(target)
        return target


def in_state(state: SubscriptionState, tenant: Tenant, plan: Plan) -> Subscription:
    """A subscription in this state whose tenant has followed."""
    customer, _ = Customer.objects.get_or_create(account=tenant.account)
    now = clock.now()
    never = state in NEVER
    row = Subscription.objects.create(
        tenant=tenant,
        customer=customer,
        plan=plan,
        region="local",
        state=state,
        anchor=now,
        period_start=now,
        period_end=now + timedelta(days=30),
        activated_at=None if never else now,
    )
    if never:
        return row
    perform(Grant, row, actor=MOVER)
    perform(ClaimPlacement, tenant, actor=PROVISIONING)
    deliver()
    return row


def deliver() -> None:
    """Let everybody follow; nobody may give up."""
    while outbox.drain():
        pass
    dead = Delivery.objects.filter(state="dead").values_list("handler", "error")
    assert list(dead) == []
