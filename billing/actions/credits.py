"""Verbs on a customer's balance: adjust it, buy credit ahead, let it expire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import Field, field_validator

from billing import balance, clock, collecting, drafting, invoicing
from billing.errors import InFlight, OtherCurrency
from billing.models import CreditGrant, Customer, Invoice
from billing.rating import money
from billing.states import CreditKind, InvoiceKind, InvoiceState, LineKind
from paybill_site.kernel import actors, limits
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.inputs import Soon

BOOKKEEPER = actors.system(
    "books",
    "billing.view_customer",
    "billing.view_invoice",
    "billing.expire_credit",
    "billing.check_books",
)


# Each purchase is an invoice with a number: nobody needs more of them in an hour.
MOST, WINDOW = 30, timedelta(hours=1)


class GrantInput(Input):
    amount: int = Field(gt=0, le=10**12, description="minor units")
    reason: str = Field(min_length=1, max_length=200)
    promotion: bool = Field(
        default=False, description="given away, and used before what was paid for"
    )
    expires_at: Soon | None = Field(default=None, description="default: never")
    priority: int | None = Field(
        default=None, ge=0, le=100, description="used before others of a higher number"
    )
    currency: str = Field(
        default="", max_length=3, description="of a customer without invoices"
    )

    @field_validator("currency")
    @classmethod
    def known(cls, currency: str) -> str:
        """In capitals; raises ValueError for what is no currency."""
        if currency:
            money.exponent(currency.upper())
        return currency.upper()


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
            target.currency = data.currency
            target.save(update_fields=["currency"])
        if data.currency not in {"", target.currency} or not target.currency:
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
    """Buy credit ahead: it is there once its invoice is paid, and taxed when used.

    One purchase waits for its payment at a time: the same again is that one, another
    amount takes its place.
    """

    model = Customer
    Input = PurchaseInput
    permission = "billing.buy_credit"

    def run(self, target: Customer, data: PurchaseInput, *, actor: Actor) -> Invoice:
        bought = drafting.Charged("Credit", data.amount, kind=LineKind.PREPAID)
        kind = InvoiceKind.PREPAID
        draft = drafting.by_hand(target, data.currency, [bought], kind)
        waiting = target.invoices.filter(kind=kind, state=InvoiceState.OPEN, paid=0)
        for invoice in waiting.select_for_update(of=("self",), no_key=True):
            if invoice.subtotal == data.amount:
                return invoice
            if collecting.in_flight(invoice) is not None:
                raise InFlight
            invoicing.void(invoice, reason="another amount was chosen")
        asking = target.account.public_id
        limits.throttle("billing.buy", asking, most=MOST, window=WINDOW)
        return invoicing.issue(draft)

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
