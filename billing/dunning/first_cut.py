"""The first cut, until the engine's agenda asks the cases: steps by state alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from billing.states import SubscriptionState


@dataclass(frozen=True, slots=True)
class Step:
    """So long ``after`` the oldest unpaid invoice was due, the state is ``state``."""

    after: timedelta
    state: SubscriptionState


STEPS = (
    Step(timedelta(days=0), SubscriptionState.PAST_DUE),
    Step(timedelta(days=3), SubscriptionState.GRACE),
    Step(timedelta(days=10), SubscriptionState.SUSPENDED),
    Step(timedelta(days=40), SubscriptionState.CANCELLED),
)
ORDER = (SubscriptionState.ACTIVE, *(step.state for step in STEPS))


def next_step(state: str) -> Step | None:
    """The step that follows a state, None when the dunning does not apply to it."""
    following = zip(ORDER, STEPS, strict=False)
    return next((step for before, step in following if before == state), None)
