"""What time does to a subscription: begins, renews, pauses, resumes, ends it.

Everything is done to rows in memory. Each function leaves the items so that the lines
which are due at that moment follow from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any

from billing.engine import baskets, terms
from billing.engine.accounts import Account, Held
from billing.models import Subscription
from billing.rating import durations, phases, schedule
from billing.states import (
    RUNNING,
    Collection,
    PriceKind,
    SubscriptionState,
    TrialEnd,
)

_S = SubscriptionState


def moments(held: Held) -> Iterator[datetime]:
    """When something happens to a subscription besides its items falling due."""
    row, state = held.row, held.state
    known = (
        (row.starts_at, state == _S.SCHEDULED),
        (row.ends_at, state in RUNNING or state == _S.PAUSED),
        (row.pauses_at, state == _S.ACTIVE),
        (row.resumes_at, state == _S.PAUSED),
    )
    yield from (moment for moment, counts in known if moment and counts)
    if state in RUNNING:
        yield row.period_end
        yield from (moment for moment in map(_moment, row.waiting) if moment)


def turn(account: Account, held: Held, at: datetime) -> None:
    """Do to a subscription what is due at a moment. Twice is as once."""
    row = held.row
    if held.state == _S.SCHEDULED and _by(row.starts_at, at):
        begin(account, held, at)
    if held.state == _S.PAUSED and _by(row.resumes_at, at):
        resume(account, held, at)
    if held.state in RUNNING or held.state == _S.PAUSED:
        _end_or_go_on(account, held, at)


def _by(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment <= at


def _moment(change: dict[str, Any]) -> datetime | None:
    """From when a change is to be; None: from the next period on."""
    return datetime.fromisoformat(change["at"]) if change.get("at") else None


def _end_or_go_on(account: Account, held: Held, at: datetime) -> None:
    row = held.row
    if _by(row.ends_at, at):
        end(held, at, "it was to end on this day")
    elif held.state == _S.ACTIVE and _by(row.pauses_at, at):
        pause(held, at)
    elif held.state in RUNNING:
        if row.period_end <= at:
            with over_by_itself(account, held):
                _renew(account, held, at)
        now = [change for change in row.waiting if _by(_moment(change), at)]
        _take_waiting(account, held, at, now)


def begin(account: Account, held: Held, at: datetime) -> None:
    """Let its terms begin: with a trial, or with the first period."""
    row, customer = held.row, account.customer
    row.begun_at = at
    paid_from = _trial_end(held, at, customer.zone)
    for item in held.items:
        baskets.shift(item, paid_from)
        if not row.plan.trial_days:
            item.phased_from = at
    row.trial_end = paid_from if paid_from > at else None
    _count(account, held, paid_from)
    row.ends_at = row.ends_at or fixed_end(held, customer.zone)
    if row.trial_end is None:
        terms.enter(row, at)
        held.move(_S.INCOMPLETE, "its day has come")
    else:
        row.period_start, row.period_end = at, paid_from
        held.move(_S.TRIALING, "trial")


def _trial_end(held: Held, at: datetime, zone: tzinfo) -> datetime:
    """When the first period that is paid begins: one trial for an account and plan."""
    if had_trial(held.row):
        return at
    wall = at.astimezone(zone)
    if days := held.row.plan.trial_days:
        return durations.after(wall, f"P{days}D").astimezone(UTC)
    known = (phases.trial_end(i.price.phased, at, zone) for i in held.items)
    return min(known, default=at)


def had_trial(row: Subscription) -> bool:
    """Whether the account had the plan before, in any version."""
    others = Subscription.objects.filter(
        customer=row.customer_id, plan__code=row.plan.code, activated_at__isnull=False
    )
    return others.exclude(pk=row.pk).exists()


def fixed_end(held: Held, zone: tzinfo) -> datetime | None:
    """When all there is to it is over: nothing of its plan goes on for ever."""
    ends = [
        phases.over_at(item.price.phased, item.phased_from or item.start, zone)
        for item in held.items
        if item.end is None
    ]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


@contextmanager
def over_by_itself(account: Account, held: Held) -> Iterator[None]:
    """Inside, what it is made of changes, and with that the day on which it is over."""
    row, zone = held.row, account.customer.zone
    alone = row.ends_at == fixed_end(held, zone)
    yield
    if alone and held.state != _S.CANCELLED:
        row.ends_at = fixed_end(held, zone)


def start_paid(account: Account, held: Held, at: datetime) -> None:
    """Let the first period, which is paid for, begin on the day of the payment.

    Where the calendar or a given day says when periods end, it began before.
    """
    row = held.row
    if row.anchor != row.begun_at:
        leave_out(account, held, at)
        return
    row.begun_at = at
    _count(account, held, at)
    for item in held.items:
        billed = item.billed_to > item.start
        baskets.shift(item, at)
        first = schedule.following(terms.of(item), at)
        if billed and first is not None:
            item.billed_to = item.first_end = first.part.end
    terms.enter(row, at)


def extend(account: Account, held: Held, until: datetime) -> None:
    """Let a trial go on until another moment; paid periods count from there."""
    row = held.row
    row.trial_end = row.period_end = until
    _count(account, held, until)
    with over_by_itself(account, held):
        for item in held.items:
            baskets.shift(item, until)


def end_trial(held: Held, at: datetime) -> None:
    """Let a trial be over before its time: what it was for is paid from now on."""
    row = held.row
    for item in held.items:
        if item.start == row.trial_end:
            baskets.shift(item, at)
    row.trial_end = None
    held.move(_S.ACTIVE, "the trial is over")


def count_from(account: Account, held: Held, at: datetime) -> None:
    """Count periods anew from a moment in the middle of one."""
    _count(account, held, at)
    terms.enter(held.row, at)


def _count(account: Account, held: Held, start: datetime) -> None:
    anchor = terms.anchoring(account.customer, held.row.plan.every, start)
    held.row.anchor, held.row.anchor_day = anchor.at, anchor.day


def _renew(account: Account, held: Held, at: datetime) -> None:
    """Start the next period; take the plan, version and quantities that wait for it."""
    row = held.row
    if held.state == _S.TRIALING and not _goes_on(account, held, at):
        return
    held.lapsed, row.offered = bool(row.offered), {}
    old = row.plan.every
    plan = account.version_of(row.next_plan or row.plan, at)
    row.next_plan = None
    if plan != row.plan:
        baskets.take(held, plan, at)
    _take_waiting(account, held, at, [c for c in row.waiting if not c.get("at")])
    baskets.renew_addons(account, held, at)
    if row.plan.every != old:
        _count(account, held, at)
    terms.enter(row, at)


def _take_waiting(
    account: Account, held: Held, at: datetime, changes: list[dict[str, Any]]
) -> None:
    for change in changes:
        wanted = baskets.Wanted.read(change, account.plans)
        baskets.recompose(held, wanted, at)
    held.row.waiting = [c for c in held.row.waiting if c not in changes]


def _goes_on(account: Account, held: Held, at: datetime) -> bool:
    """What follows a trial; whoever has stored how to pay has decided already."""
    held.row.trial_end = None
    ends = TrialEnd(held.row.trial_then)
    if held.row.plan.free or account.customer.collection == Collection.AUTOMATIC:
        ends = TrialEnd.INVOICE
    if ends == TrialEnd.CANCEL:
        end(held, at, "nobody said how it is paid after the trial")
    elif ends == TrialEnd.PAUSE:
        pause(held, at)
    else:
        held.move(_S.ACTIVE, "trial is over")
    return ends == TrialEnd.INVOICE


def pause(held: Held, at: datetime) -> None:
    """Close access and bill nothing more; items stay to be resumed."""
    row = held.row
    row.pauses_at, row.closed_at = None, at
    held.lapsed, row.offered = True, {}
    held.move(_S.PAUSED, "paused")


def resume(account: Account, held: Held, at: datetime) -> None:
    """Go on; what was not billed while it was closed never will be."""
    row = held.row
    row.resumes_at = row.closed_at = row.trial_end = None
    held.move(_S.ACTIVE, "resumed")
    leave_out(account, held, at)


def leave_out(account: Account, held: Held, at: datetime) -> None:
    """Bill nothing of what lies before a moment, and count on from there."""
    row = held.row
    if row.period_end <= at:
        if terms.anchoring(account.customer, row.plan.every, at).at == at:
            _count(account, held, at)
        terms.enter(row, at)
    for item in held.open_at(at):
        item.billed_to = max(item.billed_to, at)


def end(held: Held, at: datetime, reason: str) -> None:
    """Let it be over: nothing is billed beyond this moment."""
    row = held.row
    row.ended_at, row.next_plan, row.ends_at = at, None, None
    row.cancel_at_period_end, row.waiting = False, []
    row.pauses_at = row.resumes_at = None
    held.lapsed, row.offered = True, {}
    for item in held.items:
        baskets.close(item, at)
    held.move(_S.CANCELLED, reason)


def revive(account: Account, held: Held, at: datetime) -> None:
    """Let it go on with what it was made of when it ended, counted from now."""
    row = held.row
    last = row.items.filter(end=row.ended_at).select_related("price__plan")
    row.ended_at = row.closed_at = row.trial_end = None
    row.begun_at = at
    for item in last.exclude(price__kind=PriceKind.ONCE):
        baskets.take_again(held, item, at)
    _count(account, held, at)
    terms.enter(row, at)
    held.move(_S.ACTIVE, "reactivated")
