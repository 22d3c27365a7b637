"""Verbs of the biller: what time brings, once it is due.

A batch of customers is billed in one transaction, with one entry in the audit trail
that holds the digest of its invoices.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from billing import clock, lifecycle
from billing.engine import run
from billing.engine.run import Billed
from billing.errors import NotDue
from billing.models import Customer, Subscription
from paybill_site.kernel import actors
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor

BILLER = actors.system(
    "billing",
    "billing.view_subscription",
    "billing.view_customer",
    "billing.bill_subscription",
)
BATCH = 250


class Batch(Input):
    most: int = Field(default=BATCH, ge=1, le=2_000, description="customers at once")


class BillBatch(Action[None, Batch, Billed]):
    """Bill the customers that are due for longest, a batch of them at once.

    Customers that somebody else is working on are left to them.
    """

    model = Customer
    Input = Batch
    permission = "billing.bill_subscription"
    creates = True

    def run(self, target: None, data: Batch, *, actor: Actor) -> Billed:
        now = clock.now()
        rows = Customer.objects.select_for_update(
            of=("self",), no_key=True, skip_locked=True
        )
        due = rows.filter(next_at__lte=now, parked_at=None).order_by("next_at", "pk")
        return run.bill(list(due.select_related("account")[: data.most]), now)

    def present(self, result: Billed) -> dict[str, Any]:
        invoices = len(result.invoices)
        return {
            "customers": result.customers,
            "invoices": invoices,
            "digest": result.digest,
        }


class BillCustomer(Action[Customer, NoInput, Customer]):
    """Do what is due for a customer next, and nothing beyond that. Raises NotDue."""

    model = Customer
    permission = "billing.bill_subscription"

    def run(self, target: Customer, data: NoInput, *, actor: Actor) -> Customer:
        now = clock.now()
        if target.next_at is None or target.next_at > now:
            raise NotDue
        run.bill([target], now)
        return target


class Parking(Input):
    why: str = Field(min_length=1, max_length=2_000)


class ParkCustomer(Action[Customer, Parking, Customer]):
    """Leave a customer alone whom billing failed for, until an operator has looked."""

    model = Customer
    Input = Parking
    permission = "billing.bill_subscription"
    danger = Danger.CAREFUL

    def run(self, target: Customer, data: Parking, *, actor: Actor) -> Customer:
        target.parked_at, target.parked_why = clock.now(), data.why
        target.save(update_fields=["parked_at", "parked_why"])
        return target


class RetryBilling(Action[Customer, NoInput, Customer]):
    """Have a customer billed again that was left alone."""

    model = Customer
    permission = "billing.bill_subscription"
    danger = Danger.CAREFUL

    def run(self, target: Customer, data: NoInput, *, actor: Actor) -> Customer:
        target.parked_at, target.parked_why = None, ""
        target.save(update_fields=["parked_at", "parked_why"])
        return target


class ExpireUnpaid(Action[Subscription, NoInput, Subscription]):
    """Withdraw an offer that was not paid in time."""

    model = Subscription
    permission = "billing.bill_subscription"

    def run(self, target: Subscription, data: NoInput, *, actor: Actor) -> Subscription:
        lifecycle.expire(target)
        return target
