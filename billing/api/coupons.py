"""REST: coupons, codes, and who redeemed them."""

from __future__ import annotations

from billing import actions
from billing.api.session import SessionThings
from billing.models import Coupon, PromotionCode, Redemption
from paybill_site.kernel.rest import Row, action_path, things


class CouponSerializer(Row[Coupon]):
    class Meta:
        model = Coupon
        fields = (
            "id",
            "name",
            "percent",
            "amount",
            "currency",
            "duration",
            "times",
            "plans",
            "minimum",
            "first_time",
            "redeem_by",
            "max_redemptions",
            "redeemed",
            "position",
            "state",
        )


class CouponViews(SessionThings):
    queryset = Coupon.objects.all()
    serializer_class = CouponSerializer


class CodeSerializer(Row[PromotionCode]):
    class Meta:
        model = PromotionCode
        fields = (
            "id",
            "coupon",
            "code",
            "customer",
            "redeem_by",
            "max_redemptions",
            "redeemed",
            "state",
        )


class CodeViews(SessionThings):
    queryset = PromotionCode.objects.select_related("coupon", "customer")
    serializer_class = CodeSerializer


class RedemptionSerializer(Row[Redemption]):
    class Meta:
        model = Redemption
        fields = ("id", "customer", "coupon", "code", "state", "used", "left")


class RedemptionViews(SessionThings):
    queryset = Redemption.objects.select_related("customer", "coupon", "code")
    serializer_class = RedemptionSerializer


urlpatterns = [
    *things("coupons", CouponViews, actions.CreateCoupon),
    *things("promotion-codes", CodeViews),
    *things("redemptions", RedemptionViews),
    action_path("coupons/<str:public_id>/codes", actions.AddPromotionCode),
    action_path("coupons/<str:public_id>/retire", actions.RetireCoupon),
    action_path("promotion-codes/<str:public_id>/retire", actions.RetirePromotionCode),
    action_path("redemptions/<str:public_id>/end", actions.EndRedemption),
]
