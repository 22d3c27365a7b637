"""The case of a customer that owes: which step comes next, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billing import clock
from billing.dunning import owing, schedules
from billing.dunning.rules import Rules, Step
from billing.errors import ChangesBlocked
from billing.models import Customer, DunningCase
from billing.rating.overdue import Owed, reached
from billing.states import CaseState


@dataclass(frozen=True, slots=True)
class Next:
    """What the dunning does next for a customer; without a step it begins, or ends."""

    at: datetime
    step: Step | None = None


def open_case(customer: Customer) -> DunningCase | None:
    """The case that is going on, or None."""
    return customer.dunning_cases.filter(state=CaseState.OPEN).first()


def coming(customer: Customer) -> Next | None:
    """What comes next if nobody pays, and when; None when nothing will."""
    case = open_case(customer)
    if case is not None:
        return _of_case(case, customer)
    since = owing.first_due(customer)
    if since is None or customer.dunning_exempt:
        return None
    steps = schedules.of(customer).rules.steps
    owed = owing.summed(list(owing.unpaid(customer)), since)
    first = following(steps, 0, owed) if owed else None
    return Next(max(since, first.at), first.step) if first else None


def _of_case(case: DunningCase, customer: Customer) -> Next | None:
    now = clock.now()
    owed = owing.summed(owing.overdue(customer, now), now)
    if owed is None or customer.dunning_exempt:
        return Next(now)
    return following(Rules.model_validate(case.rules).steps, case.taken, owed)


def following(steps: list[Step], taken: int, owed: Owed) -> Next | None:
    """The first step after those that were taken, and when its conditions hold."""
    if taken >= len(steps):
        return None
    at = reached(steps[taken].conditions, owed)
    return Next(at, steps[taken]) if at else None


def moments(customers: Iterable[Customer]) -> dict[int, datetime | None]:
    """For customers (by key) with an open case, when its next step may be.

    One question to the database, however many they are.
    """
    rows = DunningCase.objects.filter(customer__in=customers, state=CaseState.OPEN)
    return dict(rows.order_by().values_list("customer", "next_at"))


def check_changes(customer: Customer) -> None:
    """Raise ChangesBlocked when a step said that nothing may be changed.

    Not for long: once nothing is owed, or the customer is exempt, it may.
    """
    case = open_case(customer)
    blocked = case is not None and case.changes_blocked and not customer.dunning_exempt
    if blocked and owing.overdue(customer, clock.now()):
        raise ChangesBlocked
