"""Recurring revenue as it changes: a row for each change, in the change's transaction.

What recurs is what the items of a subscription in force come to in a month, fees and
seats, before discounts and tax; usage does not. A trial, a pause and a suspension bring
nothing: no period is billed for them.
"""

from __future__ import annotations

from datetime import tzinfo

from django.db.models import Q, Sum

from billing import clock
from billing.models import RecurringChange, Subscription, SubscriptionItem
from billing.models.reporting import Movement
from billing.rating import phases, recurring
from billing.states import PriceKind, SubscriptionState

COUNTS = (PriceKind.FEE, PriceKind.SEAT)
_S = SubscriptionState
# In a suspension access is closed, and the periods in it are not billed.
RECURRING = frozenset({_S.ACTIVE, _S.PAST_DUE, _S.GRACE})


def monthly(subscription: Subscription) -> int:
    """What the subscription brings in a month at this moment, in minor units."""
    if subscription.state not in RECURRING:
        return 0
    now = clock.now()
    items = subscription.items.filter(Q(end__isnull=True) | Q(end__gt=now))
    taken = items.filter(start__lte=now, price__kind__in=COUNTS)
    zone = subscription.customer.zone
    return sum(_monthly(item, zone) for item in taken.select_related("price"))


def _monthly(item: SubscriptionItem, zone: tzinfo) -> int:
    """By the phase that runs: a year's discount is no recurring revenue yet."""
    price, begin = item.price, item.phased_from or item.start
    card = phases.at(price.phased, begin, clock.now(), zone).phase.card
    return recurring.monthly(card, item.quantity, price.currency, price.every)


def note(subscription: Subscription) -> RecurringChange | None:
    """Write down what changed since the last time, if anything did.

    Only inside an action that holds the customer's lock, after the items are as they
    will be: so rows of one customer never overtake each other.
    """
    after = monthly(subscription)
    known = RecurringChange.objects.filter(subscription=subscription)
    last = known.order_by("-id").first()
    before = last.after if last else 0
    if after == before:
        return None
    of_customer = RecurringChange.objects.filter(customer=subscription.customer_id)
    reached = of_customer.aggregate(sum=Sum("amount"))["sum"] or 0
    return RecurringChange.objects.create(
        customer_id=subscription.customer_id,
        subscription=subscription,
        kind=_kind(before, after, known=last is not None),
        currency=subscription.customer.currency,
        before=before,
        after=after,
        amount=after - before,
        customer_before=reached,
        customer_after=reached + after - before,
        at=clock.now(),
    )


def stale() -> set[str]:
    """Public ids of customers of whom a phase ended without anybody writing it down."""
    rows = Subscription.objects.filter(
        state__in=RECURRING,
        items__end__isnull=True,
        items__price__kind__in=COUNTS,
        items__price__phases__0__isnull=False,
    ).distinct()
    return {
        row.customer.public_id
        for row in rows.select_related("customer__account").iterator(chunk_size=500)
        if monthly(row) != _noted(row)
    }


def _noted(subscription: Subscription) -> int:
    known = RecurringChange.objects.filter(subscription=subscription)
    last = known.order_by("-id").values_list("after", flat=True).first()
    return last or 0


def _kind(before: int, after: int, *, known: bool) -> Movement:
    if before == 0:
        return Movement.REACTIVATION if known else Movement.NEW
    if after == 0:
        return Movement.CHURN
    return Movement.EXPANSION if after > before else Movement.CONTRACTION
