"""A customer redeems a code: every limit is checked, the last one goes to one only."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError
from django.db.models import F, Q
from django.utils import timezone

from billing import clock
from billing.errors import (
    CodeNotForYou,
    CodeRedeemed,
    CodeSpent,
    NoSuchCode,
)
from billing.models import Coupon, Customer, PromotionCode, Redemption
from billing.states import CouponState, InvoiceState
from paybill_site.kernel import limits
from paybill_site.kernel.planes import atomic

LONGEST = 40
# Nobody types more codes than this; whoever guesses them does.
MOST, WINDOW = 30, timedelta(hours=1)


def code_for(customer: Customer, typed: str) -> PromotionCode:
    """The code, if this customer may redeem it now. Raises what speaks against it.

    Every door asks here, previews among them, so here it is counted how often an
    account asks: raises TooMany past ``MOST`` in a ``WINDOW``, right or wrong.
    """
    asking = customer.account.public_id
    limits.throttle("billing.code", asking, most=MOST, window=WINDOW)
    wanted = typed.strip().upper()[:LONGEST]
    rows = PromotionCode.objects.select_related("coupon")
    code = rows.filter(code=wanted, state=CouponState.ACTIVE).first()
    if code is None or code.coupon.state != CouponState.ACTIVE:
        raise NoSuchCode
    _check_time(code)
    _check_customer(code, customer)
    return code


def _check_time(code: PromotionCode) -> None:
    now = clock.now()
    for until in (code.redeem_by, code.coupon.redeem_by):
        if until is not None and until <= now:
            day = timezone.localtime(until).strftime("%d %b %Y")
            raise CodeSpent(f"this code was to be redeemed by {day}")


def _check_customer(code: PromotionCode, customer: Customer) -> None:
    coupon = code.coupon
    if code.customer_id not in {None, customer.pk}:
        raise NoSuchCode  # whose it is, is nobody else's business
    if coupon.currency and customer.currency not in {"", coupon.currency}:
        raise CodeNotForYou(f"this code is for invoices in {coupon.currency}")
    if coupon.first_time and _paid_before(customer):
        raise CodeNotForYou("this code is for a first purchase")


def _paid_before(customer: Customer) -> bool:
    return customer.invoices.filter(state=InvoiceState.PAID, total__gt=0).exists()


def redeem(customer: Customer, typed: str) -> Redemption:
    """Give a customer the coupon of a code. Only inside an action, customer locked.

    Raises NoSuchCode, CodeSpent, CodeNotForYou, CodeRedeemed.
    """
    code = code_for(customer, typed)
    try:
        with atomic():
            redemption = Redemption.objects.create(
                customer=customer, coupon=code.coupon, code=code
            )
    except IntegrityError as error:
        raise CodeRedeemed from error
    _count(PromotionCode, code.pk)
    _count(Coupon, code.coupon_id)
    return redemption


def _count(model: type[Coupon] | type[PromotionCode], pk: int) -> None:
    """Count a redemption, unless the last one is gone: of two at once, one wins."""
    left = Q(max_redemptions=None) | Q(redeemed__lt=F("max_redemptions"))
    rows = model._base_manager.filter(left, pk=pk)
    if rows.update(redeemed=F("redeemed") + 1) != 1:
        raise CodeSpent("this code was redeemed as often as it can be")
