"""Coupons, the codes they are known by, and which customer redeemed which."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from billing.models.customers import Customer
from billing.models.invoices import Invoice
from billing.rating.discounts import Duration
from billing.states import CouponState, RedemptionState
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class Coupon(models.Model):
    """A percentage or an amount off the invoices of whoever redeems it.

    ``plans`` are codes of the plans it applies to (none: all); ``minimum`` is what
    those lines must come to on an invoice, in minor units. ``times`` is for how many
    invoices a repeating one holds. Coupons of a customer are taken off in ``position``
    order, each from what the ones before it left. ``redeemed`` counts redemptions.
    """

    public_id = PublicId("cpn")
    name = models.CharField(max_length=60, help_text="as it stands on the invoice")
    percent = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True, help_text="minor units")
    currency = models.CharField(max_length=3, blank=True)
    duration = models.CharField(
        max_length=10, choices=[(d.value, d.value) for d in Duration]
    )
    times = models.PositiveSmallIntegerField(null=True, blank=True)
    plans = models.JSONField(default=list, blank=True)
    minimum = models.BigIntegerField(default=0, help_text="minor units")
    first_time = models.BooleanField(
        default=False, help_text="for customers who never paid before"
    )
    redeem_by = models.DateTimeField(null=True, blank=True)
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    redeemed = models.PositiveIntegerField(default=0, editable=False)
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(
        max_length=10, choices=CouponState.choices, default=CouponState.ACTIVE
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [("retire_coupon", "Can end a coupon for new customers")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__gt=0, percent__lte=100, amount=None)
                | models.Q(amount__gt=0, percent=None) & ~models.Q(currency=""),
                name="coupon_is_percent_or_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(duration="repeating", times__gte=1)
                | ~models.Q(duration="repeating") & models.Q(times=None),
                name="repeating_coupon_says_how_often",
            ),
            models.CheckConstraint(
                condition=models.Q(max_redemptions=None)
                | models.Q(redeemed__lte=models.F("max_redemptions")),
                name="coupon_redeemed_at_most",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PromotionCode(models.Model):
    """What customers type; one coupon may have several, each with limits of its own."""

    public_id = PublicId("pro")
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="codes")
    code = models.CharField(max_length=40, unique=True, help_text="in capitals")
    customer = models.ForeignKey(
        Customer,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="for this one only",
    )
    redeem_by = models.DateTimeField(null=True, blank=True)
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    redeemed = models.PositiveIntegerField(default=0, editable=False)
    state = models.CharField(
        max_length=10, choices=CouponState.choices, default=CouponState.ACTIVE
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [("retire_promotioncode", "Can end a code")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(max_redemptions=None)
                | models.Q(redeemed__lte=models.F("max_redemptions")),
                name="code_redeemed_at_most",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """A coupon that a customer has. ``used`` counts the invoices it took off of.

    ``left`` is what an amount that comes again could not take off so far, in minor
    units: it is added to the next time's amount.
    """

    account_path = "customer__account"
    locked_after = "customer"

    public_id = PublicId("rdm")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="redemptions"
    )
    coupon = models.ForeignKey(
        Coupon, on_delete=models.PROTECT, related_name="redemptions"
    )
    code = models.ForeignKey(
        PromotionCode,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="redemptions",
    )
    state = models.CharField(
        max_length=10, choices=RedemptionState.choices, default=RedemptionState.ACTIVE
    )
    used = models.PositiveIntegerField(default=0)
    left = models.BigIntegerField(default=0, help_text="minor units")
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("redeem_coupon", "Can redeem a promotion code"),
            ("end_redemption", "Can take a coupon away from a customer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "coupon"], name="coupon_once_per_customer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon.name} of {self.customer}"


class CouponUse(models.Model):
    """What a redemption took off an invoice, in minor units. Never changed."""

    append_only = True

    redemption = models.ForeignKey(
        Redemption, on_delete=models.PROTECT, related_name="uses"
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="coupon_uses"
    )
    amount = models.BigIntegerField(help_text="minor units")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["redemption", "invoice"], name="coupon_used_once_per_invoice"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.redemption} on {self.invoice}"
