"""Verbs of the reports: what time alone brings, when nobody changed anything."""

from __future__ import annotations

from typing import Any

from billing import customers
from billing.models import Customer, RecurringChange
from billing.reports import movements
from paybill_site.kernel import actors
from paybill_site.kernel.actions import Action, NoInput
from paybill_site.kernel.actors import Actor

REPORTER = actors.system(
    "reports", "billing.view_customer", "billing.bill_subscription"
)


class NoteRecurring(Action[Customer, NoInput, list[RecurringChange]]):
    """Write down that recurring revenue changed by itself, as when a discount ends."""

    model = Customer
    permission = "billing.bill_subscription"

    def run(
        self, target: Customer, data: NoInput, *, actor: Actor
    ) -> list[RecurringChange]:
        customer = customers.locked(target.pk)
        rows = customer.subscriptions.filter(state__in=movements.RECURRING)
        noted = [movements.note(row) for row in rows.select_related("customer")]
        return [change for change in noted if change is not None]

    def present(self, result: list[RecurringChange]) -> dict[str, Any]:
        return {"changes": [change.public_id for change in result]}
