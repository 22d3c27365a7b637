"""Verbs on coupons: make and end them, give them codes; customers redeem those."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self

from django.db import IntegrityError
from pydantic import (
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from billing import coupons, customers, machines
from billing.errors import CodeTaken
from billing.models import Coupon, Customer, PromotionCode, Redemption
from billing.rating import money
from billing.rating.discounts import Duration
from billing.states import CouponState, RedemptionState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.inputs import Soon
from paybill_site.kernel.planes import atomic

PlanCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class CouponInput(Input):
    """A percentage or an amount off, for whom, on what, and how often."""

    name: str = Field(min_length=1, max_length=60, description="as invoices name it")
    percent: Decimal | None = Field(default=None, gt=0, le=100, decimal_places=4)
    amount: int | None = Field(
        default=None,
        gt=0,
        le=10**12,
        description="minor units, if no percentage",
    )
    currency: str = Field(default="", max_length=3, description="of the amount")
    duration: Duration = Duration.ONCE
    times: int | None = Field(
        default=None, ge=1, le=1000, description="invoices that a repeating one is for"
    )
    plans: list[PlanCode] = Field(
        default_factory=list, max_length=100, description="codes; none: all plans"
    )
    minimum: int = Field(
        default=0, ge=0, le=10**12, description="minor units that it needs to be taken"
    )
    first_time: bool = Field(
        default=False, description="only for customers who never paid before"
    )
    redeem_by: Soon | None = None
    max_redemptions: int | None = Field(default=None, ge=1, le=1_000_000)
    position: int = Field(
        default=0, ge=0, le=1000, description="order among coupons, lowest first"
    )

    @field_validator("currency")
    @classmethod
    def known(cls, currency: str) -> str:
        if currency:
            money.exponent(currency)
        return currency

    @model_validator(mode="after")
    def makes_sense(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("a coupon is either a percentage or an amount")
        if bool(self.amount) != bool(self.currency):
            raise ValueError("an amount has a currency, a percentage has none")
        if (self.duration == Duration.REPEATING) != (self.times is not None):
            raise ValueError("a repeating coupon says for how many invoices it is")
        return self


class CreateCoupon(Action[None, CouponInput, Coupon]):
    """Make a coupon; customers get it by a code. It never changes afterwards."""

    model = Coupon
    Input = CouponInput
    permission = "billing.add_coupon"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: CouponInput, *, actor: Actor) -> Coupon:
        return Coupon.objects.create(**data.model_dump())


class RetireCoupon(Action[Coupon, NoInput, Coupon]):
    """Let nobody redeem a coupon any more; those who have it keep it."""

    model = Coupon
    permission = "billing.retire_coupon"
    legal_in = frozenset({CouponState.ACTIVE})

    def run(self, target: Coupon, data: NoInput, *, actor: Actor) -> Coupon:
        machines.coupons.move(target, CouponState.RETIRED)
        return target


class CodeInput(Input):
    code: str = Field(
        min_length=3, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
    )
    customer: str = Field(
        default="", max_length=40, description="public id, for this one only"
    )
    redeem_by: Soon | None = None
    max_redemptions: int | None = Field(default=None, ge=1, le=1_000_000)


class AddPromotionCode(Action[Coupon, CodeInput, PromotionCode]):
    """Give a coupon a code that customers can type; capitals do not matter."""

    model = Coupon
    Input = CodeInput
    permission = "billing.add_promotioncode"
    legal_in = frozenset({CouponState.ACTIVE})

    def run(self, target: Coupon, data: CodeInput, *, actor: Actor) -> PromotionCode:
        machines.coupons.check(target.state, CouponState.RETIRED)
        only = Customer.objects.filter(public_id=data.customer).first()
        if data.customer and only is None:
            raise NotFound("there is no such customer")
        try:
            with atomic():
                return PromotionCode.objects.create(
                    coupon=target,
                    code=data.code.upper(),
                    customer=only,
                    redeem_by=data.redeem_by,
                    max_redemptions=data.max_redemptions,
                )
        except IntegrityError as error:
            raise CodeTaken from error

    def recall(self, output: Mapping[str, Any]) -> PromotionCode | None:
        return PromotionCode.objects.filter(public_id=output.get("id")).first()


class RetirePromotionCode(Action[PromotionCode, NoInput, PromotionCode]):
    """Let nobody redeem a code any more."""

    model = PromotionCode
    permission = "billing.retire_promotioncode"
    legal_in = frozenset({CouponState.ACTIVE})

    def run(
        self, target: PromotionCode, data: NoInput, *, actor: Actor
    ) -> PromotionCode:
        machines.coupons.move(target, CouponState.RETIRED)
        return target


class Typed(Input):
    code: str = Field(min_length=1, max_length=40, title="Promotion code")


class RedeemCode(Action[Customer, Typed, Redemption]):
    """Redeem a promotion code; it is taken off the invoices to come."""

    model = Customer
    Input = Typed
    permission = "billing.redeem_coupon"

    def run(self, target: Customer, data: Typed, *, actor: Actor) -> Redemption:
        return coupons.redeem(customers.locked(target.pk), data.code)

    def recall(self, output: Mapping[str, Any]) -> Redemption | None:
        return Redemption.objects.filter(public_id=output.get("id")).first()


class EndRedemption(Action[Redemption, NoInput, Redemption]):
    """Take a coupon away from a customer; invoices there are stay as they are."""

    model = Redemption
    permission = "billing.end_redemption"
    danger = Danger.CAREFUL
    legal_in = frozenset({RedemptionState.ACTIVE})

    def run(self, target: Redemption, data: NoInput, *, actor: Actor) -> Redemption:
        machines.redemptions.move(target, RedemptionState.ENDED)
        return target
