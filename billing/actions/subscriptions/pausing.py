"""Pause and resume, and let a trial last longer."""

from __future__ import annotations

from pydantic import Field

from billing import agenda, clock, lifecycle
from billing.errors import NoSuchChange
from billing.models import Subscription
from billing.states import SubscriptionState
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.inputs import Soon

_S = SubscriptionState


class Moment(Input):
    at: Soon | None = Field(default=None, description="a moment to come; default: now")

    @property
    def later(self) -> bool:
        return self.at is not None and self.at > clock.now()


class PauseSubscription(Action[Subscription, Moment, Subscription]):
    """Pause a subscription: nothing is billed, and access is closed until it resumes.

    What is paid for and not used goes to the customer's balance.
    """

    model = Subscription
    Input = Moment
    permission = "billing.change_subscription"
    danger = Danger.CAREFUL
    legal_in = frozenset({_S.ACTIVE})

    def run(self, target: Subscription, data: Moment, *, actor: Actor) -> Subscription:
        if target.state != _S.ACTIVE:
            raise NoSuchChange(f"{target.get_state_display()}: this can not be paused")
        if data.later:
            target.pauses_at = data.at
            agenda.reschedule(target)
        else:
            lifecycle.pause(target)
        return target


class ResumeSubscription(Action[Subscription, Moment, Subscription]):
    """Go on after a pause, or do not begin it; what is billed counts from then."""

    model = Subscription
    Input = Moment
    permission = "billing.change_subscription"
    danger = Danger.CAREFUL
    legal_in = frozenset({_S.ACTIVE, _S.PAUSED})

    def run(self, target: Subscription, data: Moment, *, actor: Actor) -> Subscription:
        if target.state == _S.PAUSED and not data.later:
            lifecycle.resume(target)
            return target
        if target.state == _S.PAUSED:
            target.resumes_at = data.at
        elif target.pauses_at is None:
            raise NoSuchChange("this subscription is not paused, nor about to be")
        elif data.later:
            target.resumes_at = data.at
        else:
            target.pauses_at = target.resumes_at = None
        agenda.reschedule(target)
        return target


class TrialExtension(Input):
    until: Soon = Field(description="a moment after the trial's present end")


class ExtendTrial(Action[Subscription, TrialExtension, Subscription]):
    """Let a trial last longer; paid periods count from its new end."""

    model = Subscription
    Input = TrialExtension
    permission = "billing.bill_subscription"
    danger = Danger.CAREFUL
    legal_in = frozenset({_S.TRIALING})

    def run(
        self, target: Subscription, data: TrialExtension, *, actor: Actor
    ) -> Subscription:
        if target.state != _S.TRIALING or target.trial_end is None:
            raise NoSuchChange("this subscription is not in a trial")
        if data.until <= target.trial_end:
            raise NoSuchChange("the trial lasts until then anyway")
        lifecycle.extend_trial(target, data.until)
        return target
