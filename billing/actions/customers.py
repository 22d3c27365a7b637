"""Verbs of operators on how customers are billed, and on what was agreed with them.

Nothing here touches an invoice: what is billed stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from billing import customers, transitions
from billing.actions.details import BillingDetails
from billing.catalogue.terms import Allowed, Features, Limits, Name
from billing.models import Customer, Subscription
from billing.rating.anchors import Alignment
from billing.rating.proration import Counting
from billing.states import Collection, TaxBy
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor

# From when a setting holds: told with the answer, so that nobody has to guess.
HOLDS = {
    "counting": "for parts of periods that are billed from now on",
    "alignment": "for subscriptions that begin from now on; others keep their days",
    "billing_day": "for subscriptions that begin from now on; others keep their days",
    "tax_by": "for invoices that are written from now on",
}


class Reckoning(Input):
    """How invoices come about."""

    counting: Counting = Field(description="how a part of a period is counted")
    alignment: Alignment = Field(description="from where periods are counted")
    billing_day: int | None = Field(
        default=None,
        ge=1,
        le=31,
        description="of the month, for a given day; default: the first one's",
    )
    tax_by: TaxBy = Field(description="on each line, or on the sum of the lines")

    @model_validator(mode="after")
    def fits(self) -> Self:
        if self.alignment != Alignment.DAY and self.billing_day is not None:
            raise ValueError("billing_day: said where periods keep a given day, only")
        return self


class SetReckoning(Action[Customer, Reckoning, dict[str, str]]):
    """Say how a customer's periods and taxes are counted from now on.

    What is billed stays as it is; the answer says from when each change holds.
    """

    model = Customer
    Input = Reckoning
    permission = "billing.set_terms"
    danger = Danger.CAREFUL

    def run(self, target: Customer, data: Reckoning, *, actor: Actor) -> dict[str, str]:
        changed = _set(target, data)
        return {name: HOLDS[name] for name in changed}

    def present(self, result: dict[str, str]) -> dict[str, Any]:
        return {"holds": result}

    def recall(self, output: Mapping[str, Any]) -> dict[str, str]:
        return dict(output.get("holds", {}))


class PaymentTerms(Input):
    """How invoices are paid."""

    collection: Collection
    terms_days: int = Field(ge=0, le=120, description="days to pay a renewal in")
    tax_exempt: bool = Field(default=False, description="no tax on any invoice")


class SetTerms(Action[Customer, PaymentTerms, Customer]):
    """Say how a customer pays, and whether there is tax on what it pays."""

    model = Customer
    Input = PaymentTerms
    permission = "billing.set_terms"
    danger = Danger.CAREFUL

    def run(self, target: Customer, data: PaymentTerms, *, actor: Actor) -> Customer:
        _set(target, data)
        return target


class SetAddress(Action[Customer, BillingDetails, Customer]):
    """Say whom invoices are for; a VAT number is checked at once, offline."""

    model = Customer
    Input = BillingDetails
    permission = "billing.set_terms"
    danger = Danger.CAREFUL

    def run(self, target: Customer, data: BillingDetails, *, actor: Actor) -> Customer:
        _set(target, data)
        return target


class Overrides(Input):
    """Features and limits of one subscription, in place of its plan's and add-ons'."""

    features: Features = Field(default_factory=dict, max_length=100)
    limits: Limits = Field(default_factory=dict, max_length=100)
    metered: dict[Name, Allowed] = Field(default_factory=dict, max_length=100)


class SetOverrides(Action[Subscription, Overrides, Subscription]):
    """Agree on features and limits of one subscription; they hold at once.

    In place of what was agreed before. What is not named is as plan and add-ons say.
    """

    model = Subscription
    Input = Overrides
    permission = "billing.set_terms"
    danger = Danger.CAREFUL

    def run(
        self, target: Subscription, data: Overrides, *, actor: Actor
    ) -> Subscription:
        customers.locked(target.customer_id)
        said = data.model_dump(mode="json")
        target.overrides = {name: values for name, values in said.items() if values}
        target.save(update_fields=["overrides"])
        if target.activated_at is not None:
            transitions.grant(target)
        return target


def _set(customer: Customer, data: Input) -> list[str]:
    """Write what is other than before; return the names of it."""
    values = data.model_dump(mode="json")
    changed = [
        name for name, value in values.items() if getattr(customer, name) != value
    ]
    for name in changed:
        setattr(customer, name, values[name])
    customer.save(update_fields=changed)
    return changed
