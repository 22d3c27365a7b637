"""Writes down what coupons took off invoices, and gives it back with one."""

from __future__ import annotations

from collections.abc import Sequence

from billing import machines
from billing.coupons.taking import Taken, leftover
from billing.models import CouponUse, Invoice, Redemption
from billing.rating.discounts import Duration
from billing.states import RedemptionState


def count(taken: Taken) -> None:
    """Count a use in memory, so that the next draft of a batch finds what is left."""
    taken.redemption.used += 1
    taken.redemption.left = leftover(taken)


def spent(redemption: Redemption) -> bool:
    """Whether it took off as often as it holds."""
    coupon = redemption.coupon
    once = 1 if coupon.duration == Duration.ONCE else None
    times = once or coupon.times
    return times is not None and redemption.used >= times


def use(taken: Sequence[tuple[Invoice, Taken]]) -> None:
    """Write down what each redemption took off its invoice; used up, it ends."""
    if not taken:
        return
    CouponUse.objects.bulk_create(
        CouponUse(redemption=each.redemption, invoice=invoice, amount=each.amount)
        for invoice, each in taken
    )
    rows = {each.redemption.pk: each.redemption for _, each in taken}.values()
    Redemption.objects.bulk_update(rows, ["used", "left"])
    for row in rows:
        if spent(row):
            machines.redemptions.move(row, RedemptionState.USED, reason="used up")


def give_back(invoice: Invoice) -> None:
    """Take the uses of an invoice back that is taken back itself."""
    for use_ in invoice.coupon_uses.select_related("redemption__coupon"):
        row = use_.redemption
        row.used -= 1
        if row.coupon.amount is not None and row.coupon.duration != Duration.ONCE:
            row.left = max(0, row.left + use_.amount - row.coupon.amount)
        row.save(update_fields=["used", "left"])
        if row.state == RedemptionState.USED:
            reason = f"{invoice.number} was taken back"
            machines.redemptions.move(row, RedemptionState.ACTIVE, reason=reason)
