"""Verbs of the biller: what time brings. Each does one thing, once it is due."""

from __future__ import annotations

from billing import lifecycle
from billing.agenda import Due
from billing.models import Subscription
from paybill_site.kernel import actors
from paybill_site.kernel.actions import Action, AnyAction, NoInput
from paybill_site.kernel.actors import Actor

BILLER = actors.system(
    "billing", "billing.view_subscription", "billing.bill_subscription"
)


class RenewSubscription(Action[Subscription, NoInput, Subscription]):
    """Bill the next period of a subscription, or end it when it was cancelled."""

    model = Subscription
    permission = "billing.bill_subscription"

    def run(self, target: Subscription, data: NoInput, *, actor: Actor) -> Subscription:
        lifecycle.renew(target)
        return target


class AdvanceDunning(Action[Subscription, NoInput, Subscription]):
    """Take the next step against a renewal that is not paid: one step a time."""

    model = Subscription
    permission = "billing.bill_subscription"

    def run(self, target: Subscription, data: NoInput, *, actor: Actor) -> Subscription:
        lifecycle.dun(target)
        return target


class ExpireUnpaid(Action[Subscription, NoInput, Subscription]):
    """Withdraw an offer that was not paid in time."""

    model = Subscription
    permission = "billing.bill_subscription"

    def run(self, target: Subscription, data: NoInput, *, actor: Actor) -> Subscription:
        lifecycle.expire(target)
        return target


ACTION_FOR: dict[Due, AnyAction] = {
    Due.RENEW: RenewSubscription,
    Due.DUN: AdvanceDunning,
    Due.EXPIRE: ExpireUnpaid,
}
