"""What was paid, drafted, issued or found changed, for doors that need it so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from billing.actions import DraftInvoice, FinaliseInvoice
from billing.models import Customer, Invoice, Payment, Refund
from billing.sandbox.actions import AddTestMethod, PayWithSandbox
from billing.usage.seed import seed_meters
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from provisioning.models import (
    Deployment,
    Removal,
    Rollout,
    Run,
    StackVersion,
    StateVersion,
)
from tenants.models import Invitation, Placement, Tenant

CLERK = actors.system(
    "clerk",
    "billing.pay_invoice", "billing.view_invoice", "billing.add_invoice",
    "billing.view_customer", "billing.add_paymentmethod", "tenants.view_account",
)  # fmt: skip
LINE = {"description": "Work", "quantity": 1, "unit_amount": 1000}
INVITED = "oscar@example.com"


def paid() -> None:
    """The furnished invoice is paid, and so the subscription is active."""
    Payment.objects.update(state="failed")
    card = {"card": "test_succeeds"}
    perform(PayWithSandbox, Invoice.objects.latest("pk"), card, actor=CLERK)


def running() -> None:
    """An active subscription, with the meters that its plan counts by."""
    paid()
    seed_meters()


def drafted() -> None:
    customer = Customer.objects.latest("pk")
    perform(DraftInvoice, customer, {"lines": [LINE]}, actor=CLERK)


def issued() -> None:
    """Another invoice, of which nothing is paid or credited."""
    drafted()
    perform(FinaliseInvoice, Invoice.objects.latest("pk"), {}, actor=CLERK)


def with_a_card() -> None:
    issued()
    card = {"card": "test_succeeds"}
    perform(AddTestMethod, Customer.objects.latest("pk").account, card, actor=CLERK)


def refused() -> None:
    """A refund that failed, of a payment that is through."""
    paid()
    payment = Payment.objects.latest("pk")
    Refund.objects.create(
        customer=payment.customer, payment=payment, amount=100,
        currency=payment.currency, state="failed",
    )  # fmt: skip


def due() -> None:
    paid()
    Customer.objects.update(next_at=timezone.now() - timedelta(minutes=1))


def _state(serial: int) -> dict[str, Any]:
    text = json.dumps({"version": 4, "serial": serial, "lineage": "l"})
    return {"serial": serial, "content": text.encode()}


def rescued() -> None:
    """A state that Terraform could not save holds its deployment up."""
    Run.objects.update(state="failed")
    Deployment.objects.update(frozen="a test")
    StateVersion.objects.update(origin="rescued", **_state(1))


def older() -> None:
    """The last of the states is one from before the one in force."""
    Run.objects.update(state="failed")
    newest = StateVersion.objects.latest("pk")
    StateVersion.objects.update(**_state(2))
    StateVersion.objects.create(
        deployment=newest.deployment, run=newest.run, lineage="l", md5="1" * 32,
        **_state(1),
    )  # fmt: skip


def behind() -> None:
    """A deployment stands on an older version of the last stack."""
    Removal.objects.all().delete()
    Rollout.objects.all().delete()
    target = StackVersion.objects.latest("pk")
    old = StackVersion.objects.create(name=target.name, digest="1" * 64, files={})
    StackVersion.objects.filter(pk=old.pk).update(id=0)
    Deployment.objects.update(stack_version=0, state="ready")


def invited() -> None:
    Invitation.objects.update(email=INVITED)


def bridged(state: str) -> Callable[[], None]:
    """The place of the tenant is a database of its own."""

    def arrange() -> None:
        Tenant.objects.update(state=state)
        place = Placement.objects.filter(state="taken").latest("pk")
        place.tenant, place.kind = Tenant.objects.latest("pk"), "bridge"
        place.save()

    return arrange
