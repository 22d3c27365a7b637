"""The one way in which the state of a subscription moves, and all that goes with it.

A move, the entitlement that follows from it and the event that tells of it are made
together, in the open transaction: whoever moves a subscription in another way leaves
its tenant behind.
"""

from __future__ import annotations

from billing import catalogue, clock, keeping, machines
from billing.events import (
    SubscriptionActivated,
    SubscriptionEnded,
    SubscriptionEvent,
    SubscriptionInGrace,
    SubscriptionOffered,
    SubscriptionPastDue,
    SubscriptionPaused,
    SubscriptionReactivated,
    SubscriptionRestored,
    SubscriptionResumed,
    SubscriptionSuspended,
    SubscriptionWithdrawn,
    TrialEnded,
)
from billing.models import Subscription
from billing.reports import movements
from billing.states import ENTITLEMENT_IN, SubscriptionState
from paybill_site.kernel import events
from tenants import entitlements

_S = SubscriptionState

# What each move means to whoever follows. Every pair that is allowed is here.
MEANS: dict[tuple[str, str], type[SubscriptionEvent]] = {
    (_S.SCHEDULED, _S.INCOMPLETE): SubscriptionOffered,
    (_S.SCHEDULED, _S.TRIALING): SubscriptionActivated,
    (_S.SCHEDULED, _S.ACTIVE): SubscriptionActivated,
    (_S.SCHEDULED, _S.CANCELLED): SubscriptionWithdrawn,
    (_S.INCOMPLETE, _S.TRIALING): SubscriptionActivated,
    (_S.INCOMPLETE, _S.ACTIVE): SubscriptionActivated,
    (_S.INCOMPLETE, _S.CANCELLED): SubscriptionWithdrawn,
    (_S.TRIALING, _S.ACTIVE): TrialEnded,
    (_S.TRIALING, _S.PAUSED): SubscriptionPaused,
    (_S.TRIALING, _S.CANCELLED): SubscriptionEnded,
    (_S.ACTIVE, _S.PAST_DUE): SubscriptionPastDue,
    (_S.ACTIVE, _S.PAUSED): SubscriptionPaused,
    (_S.ACTIVE, _S.CANCELLED): SubscriptionEnded,
    (_S.PAST_DUE, _S.ACTIVE): SubscriptionRestored,
    (_S.PAST_DUE, _S.GRACE): SubscriptionInGrace,
    (_S.PAST_DUE, _S.CANCELLED): SubscriptionEnded,
    (_S.GRACE, _S.ACTIVE): SubscriptionRestored,
    (_S.GRACE, _S.SUSPENDED): SubscriptionSuspended,
    (_S.GRACE, _S.CANCELLED): SubscriptionEnded,
    (_S.SUSPENDED, _S.ACTIVE): SubscriptionRestored,
    (_S.SUSPENDED, _S.CANCELLED): SubscriptionEnded,
    (_S.PAUSED, _S.ACTIVE): SubscriptionResumed,
    (_S.PAUSED, _S.CANCELLED): SubscriptionEnded,
    (_S.CANCELLED, _S.ACTIVE): SubscriptionReactivated,
}


def move(subscription: Subscription, to: SubscriptionState, *, reason: str) -> None:
    """Move the state, write the entitlement, say what happened.

    Raises IllegalMove, and NothingKept for what ended too long ago to go on.

    Only inside an action. What a subscription that was never in force moves through
    entitles nobody to anything, so no entitlement is written for it.
    """
    old = subscription.state
    if MEANS.get((old, to)) is SubscriptionReactivated:
        keeping.check(subscription.tenant)
    machines.subscriptions.move(subscription, to, reason=reason)
    version = grant(subscription) if subscription.activated_at is not None else 0
    say(MEANS[old, to], subscription, version)


def grant(subscription: Subscription) -> int:
    """Write what the tenant is entitled to now; return the entitlement's version.

    What it brings in a month is written down with it, if it is not what it was.
    """
    movements.note(subscription)
    plan, granted = subscription.plan, catalogue.entitled(subscription)
    row = entitlements.write(
        subscription.tenant,
        state=str(ENTITLEMENT_IN[SubscriptionState(subscription.state)]),
        plan=plan.code,
        isolation=subscription.isolation,
        size=subscription.granted_size,
        region=subscription.region,
        cloud=plan.cloud,
        retention_days=plan.retention_days,
        backup_days=plan.backup_days,
        features=dict(granted.features),
        limits=granted.licensed,
        reason=subscription.state,
        ended_at=clock.now() if subscription.state == _S.CANCELLED else None,
    )
    return row.version


def say(
    event: type[SubscriptionEvent], subscription: Subscription, version: int = 0
) -> None:
    """Tell of a subscription, once the transaction commits."""
    events.emit(
        event(
            tenant=subscription.tenant.public_id,
            subscription=subscription.public_id,
            plan=subscription.plan.code,
            version=version,
        )
    )
