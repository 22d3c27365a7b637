"""Coupons, their codes, and who redeemed them."""

from __future__ import annotations

from django.contrib import admin

from billing import actions
from billing.admin.rows import Neighbours, rows_of
from billing.models import Coupon, PromotionCode, Redemption
from billing.rating import money
from paybill_site.kernel.admin import VerbAdmin, operators


@operators.register(Coupon)
class CouponAdmin(VerbAdmin[Coupon]):
    """What is taken off invoices; a coupon never changes, it is retired."""

    list_display = ("name", "off", "duration", "state_badge", "redeemed", "redeem_by")
    list_filter = ("state", "duration")
    search_fields = ("public_id", "name")
    creator = actions.CreateCoupon
    verbs = (actions.AddPromotionCode, actions.RetireCoupon)

    @admin.display(description="Off")
    def off(self, obj: Coupon) -> str:
        if obj.percent is not None:
            return f"{money.plain(obj.percent)}%"
        return money.text(obj.amount or 0, obj.currency)

    def related(self, obj: Coupon) -> Neighbours:
        return [
            ("codes", rows_of("promotioncode", f"coupon__id__exact={obj.pk}")),
            ("redemptions", rows_of("redemption", f"coupon__id__exact={obj.pk}")),
        ]


@operators.register(PromotionCode)
class PromotionCodeAdmin(VerbAdmin[PromotionCode]):
    """What customers type."""

    list_display = ("code", "coupon", "state_badge", "redeemed", "max_redemptions")
    list_filter = ("state",)
    search_fields = ("public_id", "code", "coupon__name")
    list_select_related = ("coupon",)
    verbs = (actions.RetirePromotionCode,)

    def related(self, obj: PromotionCode) -> Neighbours:
        redeemed = rows_of("redemption", f"code__id__exact={obj.pk}")
        return [("coupon", obj.coupon), ("redemptions", redeemed)]


@operators.register(Redemption)
class RedemptionAdmin(VerbAdmin[Redemption]):
    """Which customer has which coupon, and how often it was used."""

    list_display = ("coupon", "customer", "state_badge", "used", "created_at")
    list_filter = ("state",)
    search_fields = ("public_id", "customer__public_id", "coupon__name")
    list_select_related = ("coupon", "customer__account")
    verbs = (actions.EndRedemption,)

    def related(self, obj: Redemption) -> Neighbours:
        return [("coupon", obj.coupon), ("customer", obj.customer)]
