"""What the coupons of a customer take off the lines of a draft. Nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from billing.drafts import Draft, DraftLine
from billing.models import Coupon, Customer, Redemption
from billing.rating import discounts, lines
from billing.rating.discounts import AmountOff, Duration, GivenBack, PercentOff
from billing.rating.lines import Line
from billing.states import LineKind, RedemptionState

# What no coupon reduces: credits give back what was paid, prepaid credit is money.
UNTOUCHED = frozenset(
    {LineKind.CREDIT, LineKind.PREPAID, LineKind.DISCOUNT, LineKind.CHARGEBACK}
)


@dataclass(frozen=True, slots=True)
class Off:
    """What is taken off one line, by which rule and for which coupon's sake."""

    name: str
    rule: Line
    redemption: Redemption | None = None

    @property
    def amount(self) -> int:
        """Minor units off; below zero where less is given back."""
        return -self.rule.amount

    @property
    def stored(self) -> dict[str, Any]:
        """As it is kept on the line."""
        told = {"name": self.name, "amount": self.amount}
        if self.redemption is not None:
            told["redemption"] = self.redemption.public_id
        return {**told, "inputs": lines.inputs(self.rule)}


@dataclass(frozen=True, slots=True)
class Taken:
    """What one redemption took off an invoice, of how much it had."""

    redemption: Redemption
    amount: int
    available: int | None


def held_by(customers: Iterable[Customer]) -> dict[int, list[Redemption]]:
    """The coupons of each customer (by key) that still hold, in their order."""
    rows = (
        Redemption.objects.filter(
            customer__in={customer.pk for customer in customers},
            state=RedemptionState.ACTIVE,
        )
        .select_related("coupon")
        .order_by("coupon__position", "id")
    )
    held: dict[int, list[Redemption]] = defaultdict(list)
    for row in rows:
        held[row.customer_id].append(row)
    return held


def take_off(
    draft: Draft, held: Sequence[Redemption]
) -> tuple[list[list[Off]], list[Taken]]:
    """For each line what is taken off it, and for each coupon what it took in all.

    Coupons are taken in the order given, each from what the ones before it left.
    """
    offs: list[list[Off]] = [_given_back(line, draft.currency) for line in draft.lines]
    left = [line.amount for line in draft.lines]
    taken = []
    for redemption in held:
        places = _places(redemption.coupon, draft, left)
        rules = _rules(redemption, [left[place] for place in places], draft.currency)
        for place, rule in zip(places, rules, strict=True):
            off = Off(redemption.coupon.name, rule, redemption)
            if off.amount:
                offs[place].append(off)
                left[place] -= off.amount
        amount = -sum(rule.amount for rule in rules)
        if amount:
            taken.append(Taken(redemption, amount, available(redemption)))
    return offs, taken


def available(redemption: Redemption) -> int | None:
    """Minor units that an amount coupon has for the next invoice; None for percents."""
    amount = redemption.coupon.amount
    return None if amount is None else amount + redemption.left


def _places(coupon: Coupon, draft: Draft, left: Sequence[int]) -> list[int]:
    """The lines it applies to; none where they come to less than its minimum."""
    if coupon.amount is not None and coupon.currency != draft.currency:
        return []
    places = [
        place
        for place, line in enumerate(draft.lines)
        if left[place] > 0 and _applies(coupon, line)
    ]
    enough = sum(left[place] for place in places) >= coupon.minimum
    return places if enough else []


def _applies(coupon: Coupon, line: DraftLine) -> bool:
    if line.kind in UNTOUCHED:
        return False
    return not coupon.plans or line.plan_code in coupon.plans


def _rules(redemption: Redemption, left: list[int], currency: str) -> list[Line]:
    off, percent = available(redemption), redemption.coupon.percent
    if percent is not None:
        return [
            PercentOff(base=line, percent=percent.normalize(), currency=currency)
            for line in left
        ]
    return [
        AmountOff(off=off or 0, lines=tuple(left), currency=currency, line=number)
        for number in range(len(left))
    ]


def _given_back(line: DraftLine, currency: str) -> list[Off]:
    """A credit for a line with a discount gives back that much less."""
    charged = line.gives_back
    if charged is None or charged.discount <= 0 or line.amount >= 0:
        return []
    rule = GivenBack(
        base=line.amount,
        charged=charged.amount,
        taken=charged.discount,
        currency=currency,
        before=line.gave_back,
    )
    return [Off("discount on what is given back", rule)]


def leftover(taken: Taken) -> int:
    """Minor units that stay with an amount coupon that comes again."""
    if taken.available is None:
        return 0
    coupon = discounts.Coupon(
        amount=taken.available, duration=Duration(taken.redemption.coupon.duration)
    )
    return discounts.leftover(coupon, taken.amount)
