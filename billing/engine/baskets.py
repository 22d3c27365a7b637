"""What a subscription is made of: which prices, and how many of each, from when on.

An item is never edited once it was billed: it ends, and another one begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from billing.engine.accounts import Account, Held
from billing.models import Plan, Price, Subscription, SubscriptionItem
from billing.states import PhasesFrom, PlanKind, PriceKind

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription is to be made of, where it is to be different.

    ``quantities`` are of the plan's seats by code; ``addons`` how many of each plan
    of add-ons, 0 for none any more.
    """

    plan: Plan | None = None
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    addons: Mapping[Plan, Decimal] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """Quantities and add-ons as a row keeps them."""
        quantities = {code: str(count) for code, count in self.quantities.items()}
        addons = {str(plan.pk): str(count) for plan, count in self.addons.items()}
        return {"quantities": quantities, "addons": addons}

    @classmethod
    def read(
        cls,
        kept: Mapping[str, Any],
        plans: Mapping[int, Plan],
        plan: Plan | None = None,
    ) -> Self:
        """What a row kept, with the plans that it names."""
        quantities = kept.get("quantities", {}).items()
        addons = kept.get("addons", {}).items()
        return cls(
            plan,
            {code: Decimal(count) for code, count in quantities},
            {plans[int(key)]: Decimal(count) for key, count in addons},
        )


def fill(held: Held, quantities: Mapping[str, Decimal], at: datetime) -> None:
    """Take all prices of its plan, at its beginning."""
    for price in _prices(held.row.plan, held.row):
        _open(held, price, _quantity(price, quantities), at)


def recompose(held: Held, wanted: Wanted, at: datetime) -> None:
    """Make it what is wanted from a moment on."""
    if wanted.plan is not None and wanted.plan != held.row.plan:
        take(held, wanted.plan, at)
    for item in held.base(at):
        quantity = wanted.quantities.get(item.price.code, item.quantity)
        if item.price.kind == PriceKind.SEAT and quantity != item.quantity:
            _exchange(held, item, item.price, quantity, at)
    for addon, quantity in wanted.addons.items():
        _have(held, addon, quantity, at)
    held.changed = True


def take(held: Held, plan: Plan, at: datetime) -> None:
    """Have another plan, with as many seats, and the add-ons that go with it."""
    row, old = held.row, {item.price.code: item for item in held.base(at)}
    for item in old.values():
        close(item, at)
    same = plan.code == row.plan.code
    row.plan, row.next_plan = plan, None
    for price in _prices(plan, row):
        before = old.get(price.code)
        if price.kind == PriceKind.ONCE:
            continue  # it was due when the subscription began
        quantity = before.quantity if before and price.kind == PriceKind.SEAT else ONE
        phased = _phased(before) if before and same else None
        _open(held, price, quantity, at, phased)
    for item in _addons(held, at):
        if not goes_with(item.price.plan, plan):
            close(item, at)
    held.changed = True


def goes_with(addon: Plan, plan: Plan) -> bool:
    """Whether an add-on can be had beside a plan, and does not come with it anyway."""
    beside = not addon.beside or plan.code in addon.beside
    return beside and addon.code not in plan.includes


def renew_addons(account: Account, held: Held, at: datetime) -> None:
    """Have the version of each add-on that holds from a moment on."""
    for item in _addons(held, at):
        version = account.version_of(item.price.plan, at)
        if version == item.price.plan:
            continue
        for price in _prices(version, held.row):
            if price.code == item.price.code:
                _exchange(held, item, price, item.quantity, at)
                held.changed = True


def take_again(held: Held, item: SubscriptionItem, at: datetime) -> None:
    """Have once more what had ended; its phases go on where they were."""
    _open(held, item.price, item.quantity, at, _phased(item))


def _have(held: Held, addon: Plan, quantity: Decimal, at: datetime) -> None:
    present = [item for item in _addons(held, at) if item.price.plan.code == addon.code]
    for item in present:
        if not quantity:
            close(item, at)
        elif item.quantity != quantity:
            _exchange(held, item, item.price, quantity, at)
    if quantity and not present:
        phased = None
        if addon.phases_from == PhasesFrom.SUBSCRIPTION:
            phased = held.row.begun_at
        for price in _prices(addon, held.row):
            _open(held, price, quantity, at, phased)


def _addons(held: Held, at: datetime) -> list[SubscriptionItem]:
    items = held.open_at(at)
    return [item for item in items if item.price.plan.kind == PlanKind.ADDON]


def _exchange(
    held: Held, item: SubscriptionItem, price: Price, quantity: Decimal, at: datetime
) -> None:
    close(item, at)
    _open(held, price, quantity, at, _phased(item))


def _phased(item: SubscriptionItem) -> datetime:
    return item.phased_from or item.start


def _open(
    held: Held,
    price: Price,
    quantity: Decimal,
    at: datetime,
    phased_from: datetime | None = None,
) -> None:
    # Within a trial everything is there, and paid for from its end on.
    row = held.row
    start = max(at, row.trial_end) if row.trial_end else at
    item = SubscriptionItem(
        subscription=row,
        price=price,
        quantity=ONE if price.kind == PriceKind.USAGE else quantity,
        start=start,
        billed_to=start,
        phased_from=phased_from or start,
    )
    held.items.append(item)


def close(item: SubscriptionItem, at: datetime) -> None:
    """Let an item end at a moment; one that had not begun is never billed."""
    if item.end is None or item.end > at:
        item.end = max(at, item.start)


def shift(item: SubscriptionItem, start: datetime) -> None:
    """Let an item of which nothing was billed begin at another moment."""
    item.start = item.billed_to = item.phased_from = start


def _prices(plan: Plan, row: Subscription) -> Iterable[Price]:
    """What is billed of a plan in the customer's currency."""
    currency = row.customer.currency
    prices = [price for price in plan.prices.all() if price.currency == currency]
    for price in prices:
        price.plan = plan
    return prices


def _quantity(price: Price, quantities: Mapping[str, Decimal]) -> Decimal:
    return quantities.get(price.code, ONE) if price.kind == PriceKind.SEAT else ONE
