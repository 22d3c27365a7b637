"""What a change means: when it takes effect, and what it costs until then.

What costs more is charged for the rest of the period and in force when that is paid,
so a failed payment never takes away what is paid for. What costs less, and another
billing interval, come with the next period, unless it is asked for now: then what is
unused goes to the customer's balance, capped by what was charged.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from billing import catalogue, clock, dunning, invoicing
from billing.drafts import Draft, DraftLine
from billing.engine import accounts, baskets, credits, moves, pieces, steps, writing
from billing.engine.accounts import Account, Held
from billing.engine.baskets import Wanted
from billing.errors import NeedsMove, NoSuchChange, RegionNotOffered
from billing.models import Plan, Subscription, SubscriptionItem
from billing.states import InvoiceKind, PlanKind, PriceKind, SubscriptionState

CHANGEABLE = frozenset({SubscriptionState.ACTIVE, SubscriptionState.TRIALING})


class When(StrEnum):
    """When a change is asked for; by default what costs less comes later."""

    DEFAULT = "default"
    NOW = "now"
    PERIOD_END = "period_end"


class Takes(StrEnum):
    """When it takes effect."""

    NOW = "now"
    ON_PAYMENT = "on payment"
    NEXT_PERIOD = "next period"


@dataclass(frozen=True, slots=True)
class Change:
    """When a change takes effect, and the lines that it comes to now."""

    takes: Takes
    lines: tuple[DraftLine, ...] = ()

    @property
    def due(self) -> int:
        """Minor units before discounts and tax; below zero goes to the balance."""
        return sum(line.amount for line in self.lines)


def work_out(
    account: Account, held: Held, wanted: Wanted, when: When, at: datetime
) -> Change:
    """What a change comes to at a moment. Raises NoSuchChange, NeedsMove and others.

    Nothing that is given is changed.
    """
    check(held, wanted, at)
    if when == When.PERIOD_END:
        return Change(Takes.NEXT_PERIOD)
    found = compose(account, imagined(held), wanted, at)
    change = Change(Takes.NOW, tuple(found))
    if when == When.DEFAULT and (_other_interval(held, wanted) or change.due < 0):
        return Change(Takes.NEXT_PERIOD)
    return Change(Takes.ON_PAYMENT, change.lines) if change.due > 0 else change


def make(subscription: Subscription, wanted: Wanted, when: When) -> Change:
    """Make a change, or the offer that it waits for. Only inside an action."""
    account, held = accounts.hold(subscription)
    now = clock.now()
    change = work_out(account, held, wanted, when, now)
    _withdraw(subscription)
    if change.takes is Takes.NEXT_PERIOD:
        _wait(held.row, wanted)
        writing.write_one(account, held)
    elif change.takes is Takes.NOW:
        lines = compose(account, held, wanted, now)
        writing.write_one(account, held, _draft(account, lines, now, held))
    else:
        _offer(account, held, wanted, now)
    subscription.refresh_from_db()
    return change


def schedule(subscription: Subscription, wanted: Wanted, at: datetime) -> None:
    """Make a change at a moment to come. Only inside an action."""
    account, held = accounts.hold(subscription)
    check(held, wanted, at)
    held.row.waiting = [*held.row.waiting, {**wanted.kept(), "at": at.isoformat()}]
    writing.write_one(account, held)


def accept(subscription: Subscription) -> None:
    """Bring into force what was offered, and is paid for since it was."""
    account, held = accounts.hold(subscription)
    offered, subscription.offered = subscription.offered, {}
    if not offered:
        return
    at = datetime.fromisoformat(offered["at"])
    plans = Plan.objects.prefetch_related("prices").in_bulk(_keys(offered))
    wanted = Wanted.read(offered, plans, plans.get(offered["plan"]))
    if at < subscription.period_start:  # a period has begun that was billed as it was
        _wait(subscription, wanted)
    else:
        compose(account, held, wanted, at)
        _use(held, SubscriptionItem.objects.in_bulk(offered["items"]))
    writing.write_one(account, held)


def compose(
    account: Account, held: Held, wanted: Wanted, at: datetime
) -> list[DraftLine]:
    """Make a subscription what is wanted, from a moment on; return the lines for it."""
    row, old = held.row, held.row.plan.every
    ends_trial = _ends_trial(held, wanted)
    with moves.over_by_itself(account, held):
        if ends_trial:
            moves.end_trial(held, at)
        baskets.recompose(held, wanted, at)
    closed = [item for item in held.items if item.end is not None and item.end <= at]
    back = credits.give_back(Held(row, closed, held.state), at)
    if row.plan.every != old or ends_trial:
        moves.count_from(account, held, at)
    return pieces.written(held, pieces.in_advance(held, at), {}) + back


def imagined(held: Held) -> Held:
    """The same to try something on."""
    row = copy.copy(held.row)
    items = [copy.copy(item) for item in held.items]
    for item in items:
        item.subscription = row
    return Held(row, items, held.state)


def check(held: Held, wanted: Wanted, at: datetime) -> None:
    """Raises NoSuchChange, NeedsMove, RegionNotOffered or ChangesBlocked."""
    row = held.row
    dunning.check_changes(row.customer)
    if row.state not in CHANGEABLE:
        said = row.get_state_display()
        raise NoSuchChange(f"the subscription is {said}; its plan can not change now")
    plan = wanted.plan or row.plan
    if wanted.plan is not None:
        _check_plan(row, wanted)
    seats = {price.code for price in plan.prices.all() if price.kind == PriceKind.SEAT}
    if unknown := wanted.quantities.keys() - seats:
        raise NoSuchChange(f"{plan.name} has no seats called {', '.join(unknown)}")
    for addon, quantity in wanted.addons.items():
        if quantity and not baskets.goes_with(addon, plan):
            raise NoSuchChange(f"{addon.name} can not be taken beside {plan.name}")


def _check_plan(row: Subscription, wanted: Wanted) -> None:
    old, plan = row.plan, wanted.plan
    if plan is None or plan.kind != PlanKind.BASE:
        raise NoSuchChange("this is no plan, but something taken beside one")
    if plan == old and not wanted.quantities:
        raise NoSuchChange("this is the present plan")
    if plan.code in old.refuses:
        raise NoSuchChange(f"{old.name} can not be changed to {plan.name}")
    if why := catalogue.why_no_place(row, plan):
        raise NeedsMove(why)
    currency = row.customer.currency
    if currency not in {price.currency for price in plan.prices.all()}:
        raise NoSuchChange(f"the subscription is billed in {currency}")
    if row.region not in plan.regions:
        raise RegionNotOffered(f"{plan.name} is not offered in {row.region}")


def _other_interval(held: Held, wanted: Wanted) -> bool:
    new = wanted.plan
    trial = held.row.trial_end is not None
    return not trial and new is not None and new.every != held.row.plan.every


def _ends_trial(held: Held, wanted: Wanted) -> bool:
    """A trial is of plans that have one: another one is paid for at once."""
    plan = wanted.plan
    return held.row.trial_end is not None and plan is not None and not plan.trial_days


def _wait(row: Subscription, wanted: Wanted) -> None:
    """Have the change with the next period, in place of what waited for it."""
    row.next_plan = wanted.plan
    later = [change for change in row.waiting if change.get("at")]
    more = wanted.quantities or wanted.addons
    row.waiting = [*later, wanted.kept()] if more else later


def _offer(account: Account, held: Held, wanted: Wanted, at: datetime) -> None:
    """Write down what it becomes when this is paid; until then nothing is different."""
    row, trial = held.row, imagined(held)
    lines = compose(account, trial, wanted, at)
    new = [item for item in trial.items if item._state.adding]
    for item in new:  # known to the invoice's lines, and had by nobody yet
        item.end = item.billed_to = item.start
    SubscriptionItem.objects.bulk_create(new)
    plan = wanted.plan.pk if wanted.plan else None
    row.offered = {
        **wanted.kept(),
        "plan": plan,
        "at": at.isoformat(),
        "items": [item.pk for item in new],
    }
    row.next_plan = None
    lines = [replace(line, subscription=row) for line in lines]
    writing.write_one(account, held, _draft(account, lines, at, trial))


def _use(held: Held, offered: dict[int, SubscriptionItem]) -> None:
    """Have the items that the invoice names, in place of new ones like them."""
    by_price = {item.price_id: item for item in offered.values()}
    for item in held.items:
        known = by_price.get(item.price_id)
        if item._state.adding and known is not None:
            item.pk, item.public_id = known.pk, known.public_id
            item._state.adding = False


def _keys(offered: dict[str, Any]) -> set[int]:
    keys = {int(key) for key in offered["addons"]}
    return keys | ({offered["plan"]} if offered["plan"] else set())


def _draft(
    account: Account, lines: list[DraftLine], at: datetime, held: Held
) -> list[Draft]:
    return list(steps.draft(account, InvoiceKind.CHANGE, lines, at, held))


def _withdraw(subscription: Subscription) -> None:
    """Take the offer of an earlier change back; its invoice goes with it."""
    subscription.offered = {}
    subscription.save(update_fields=["offered"])
    for offer in invoicing.open_invoices(subscription, InvoiceKind.CHANGE):
        invoicing.withdraw(offer, reason="another change was chosen")
