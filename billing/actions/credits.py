"""Verbs on a customer's balance: adjust it, buy credit ahead, let it expire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from billing import balance, clock, drafting, invoicing
from billing.errors import OtherCurrency
from billing.models import CreditGrant, Customer, Invoice
from billing.states import CreditKind, InvoiceKind, LineKind
from paybill_site.kernel import actors
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid

BOOKKEEPER = actors.system(
    "books",
    "billing.view_customer",
    "billing.view_invoice",
    "billing.expire_credit",
    "billing.check_books",
)


class GrantInput(Input):
    amount: int = Field(gt=0, le=10**12, description="minor units")
    reason: str = Field(min_length=1, max_length=200)
    promotion: bool = Field(
        default=False, description="given away, and used before what was paid for"
    )
    expires_at: datetime | None = Field(default=None, description="default: never")
    priority: int | None = Field(
        default=None, ge=0, le=100, description="used before others of a higher number"
    )
    currency: str = Field(
        default="", max_length=3, description="of a customer without invoices"
    )


class GrantCredit(Action[Customer, GrantInput, CreditGrant]):
    """Grant a customer credit by hand; the next invoices use it."""

    model = Customer
    Input = GrantInput
    permission = "billing.adjust_balance"
    danger = Danger.CAREFUL

    def run(self, target: Customer, data: GrantInput, *, actor: Actor) -> CreditGrant:
        if data.expires_at is not None and data.expires_at <= clock.now():
            raise Invalid("this credit would have expired already")
        if not target.currency and data.currency:
            target.currency = data.currency.upper()
            target.save(update_fields=["currency"])
        if data.currency.upper() not in {"", target.currency} or not target.currency:
            raise OtherCurrency("say the customer's currency")
        kind = CreditKind.PROMOTION if data.promotion else CreditKind.ADJUSTMENT
        return balance.add(
            target,
            data.amount,
            kind,
            reason=data.reason,
            priority=data.priority,
            expires_at=data.expires_at,
        )

    def recall(self, output: Mapping[str, Any]) -> CreditGrant | None:
        return CreditGrant.objects.filter(public_id=output.get("id")).first()


class ReduceInput(Input):
    amount: int = Field(gt=0, le=10**12, description="minor units")
    reason: str = Field(min_length=1, max_length=200)


class ReduceCredit(Action[Customer, ReduceInput, Customer]):
    """Take credit back that a customer has; never more than there is."""

    model = Customer
    Input = ReduceInput
    permission = "billing.adjust_balance"
    danger = Danger.DESTRUCTIVE

    def run(self, target: Customer, data: ReduceInput, *, actor: Actor) -> Customer:
        balance.reduce(target, data.amount, reason=data.reason)
        return target


class PurchaseInput(Input):
    amount: int = Field(gt=0, le=10**9, description="minor units")
    currency: str = Field(default="", max_length=3, description="the customer's")


class BuyCredit(Action[Customer, PurchaseInput, Invoice]):
    """Buy credit ahead: it is there once its invoice is paid, and taxed when used."""

    model = Customer
    Input = PurchaseInput
    permission = "billing.buy_credit"

    def run(self, target: Customer, data: PurchaseInput, *, actor: Actor) -> Invoice:
        bought = drafting.Charged("Credit", data.amount, kind=LineKind.PREPAID)
        kind = InvoiceKind.PREPAID
        return invoicing.issue(drafting.by_hand(target, data.currency, [bought], kind))

    def recall(self, output: Mapping[str, Any]) -> Invoice | None:
        return Invoice.objects.filter(public_id=output.get("id")).first()


class LapsePurchase(Action[Invoice, NoInput, Invoice]):
    """Withdraw an offer of credit that was not paid in time."""

    model = Invoice
    permission = "billing.expire_credit"

    def run(self, target: Invoice, data: NoInput, *, actor: Actor) -> Invoice:
        invoicing.void(target, reason="not paid in time")
        return target


class ExpireCredit(Action[Customer, NoInput, Customer]):
    """Take back credit that was not used in time."""

    model = Customer
    permission = "billing.expire_credit"

    def run(self, target: Customer, data: NoInput, *, actor: Actor) -> Customer:
        balance.expire(target)
        return target
