"""Cancel a subscription, undo that, and have it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from billing import agenda, clock, dunning, lifecycle, machines
from billing.actions.subscriptions.subscribing import NOT_OVER
from billing.errors import AlreadySubscribed, NoSuchChange
from billing.models import InvoiceLine, Subscription
from billing.states import RUNNING, InvoiceState, SubscriptionState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden
from paybill_site.kernel.inputs import Soon, example

_S = SubscriptionState


class CancelInput(Input):
    model_config = example({"when": "period_end"}, {"when": "now", "refund": True})
    when: Literal["period_end", "now", "date"] = Field(
        default="period_end",
        description="with the period that is paid for, at once, or on a day",
    )
    at: Soon | None = Field(default=None, description="that day, to come")
    refund: bool = Field(
        default=False, description="at once, with what is unused to the balance"
    )

    @model_validator(mode="after")
    def says_when(self) -> Self:
        if (self.when == "date") != (self.at is not None):
            raise ValueError("a day is said for, and only for, a cancellation to a day")
        return self


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
        machines.subscriptions.check(target.state, _S.CANCELLED)
        if data.refund and not actor.may("billing.bill_subscription"):
            raise Forbidden("giving money back is the operator's decision")
        if data.when == "now" or target.state not in RUNNING:
            reason = f"cancelled by {actor.label or actor.id}"
            lifecycle.end(target, reason=reason, refund=data.refund)
            return target
        if data.at is not None and data.at <= clock.now():
            raise NoSuchChange("this day has passed")
        target.cancel_at_period_end = data.when == "period_end"
        lifecycle.end_on(target, data.at or target.period_end)
        return target


class UndoCancel(Action[Subscription, NoInput, Subscription]):
    """Go on with a subscription that was cancelled to a day to come."""

    model = Subscription
    permission = "billing.cancel_subscription"
    legal_in = RUNNING

    def run(self, target: Subscription, data: NoInput, *, actor: Actor) -> Subscription:
        lifecycle.go_on(target)
        return target


class ReactivateSubscription(Action[Subscription, NoInput, Subscription]):
    """Have a subscription again that is over, while its data is still kept.

    It is billed from now on, with what it was made of.
    """

    model = Subscription
    permission = "billing.change_subscription"
    danger = Danger.CAREFUL
    legal_in = frozenset({_S.CANCELLED})

    def run(self, target: Subscription, data: NoInput, *, actor: Actor) -> Subscription:
        _check(target)
        lifecycle.reactivate(target)
        return target


def _check(row: Subscription) -> None:
    """Raises NoSuchChange, AlreadySubscribed or ChangesBlocked.

    Who was closed for a debt is not open again by ending and beginning anew.
    """
    if row.state != _S.CANCELLED or row.activated_at is None or row.ended_at is None:
        raise NoSuchChange("this subscription is not over, or never was in force")
    kept = timedelta(days=row.plan.retention_days)
    if row.ended_at + kept < clock.now():
        raise NoSuchChange("its data is not kept any more; subscribe anew")
    if row.tenant.subscriptions.filter(state__in=NOT_OVER).exists():
        raise AlreadySubscribed
    dunning.check_changes(row.customer)
    if agenda.owes(row, clock.now()) or _given_up(row):
        raise NoSuchChange("what is owed has to be paid first")


def _given_up(row: Subscription) -> bool:
    """Whether an invoice of it, its own or one of several, was given up."""
    lines = InvoiceLine.objects.filter(subscription=row)
    return lines.filter(invoice__state=InvoiceState.UNCOLLECTIBLE).exists()
