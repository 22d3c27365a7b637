"""Which rules hold for a customer: its own, else those for its way to pay."""

from __future__ import annotations

from dataclasses import dataclass

from billing.dunning.rules import CARD, TRANSFER, Rules
from billing.models import Customer, DunningSchedule
from billing.states import Collection

BUILT_IN = {Collection.AUTOMATIC: CARD, Collection.TRANSFER: TRANSFER}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rules and what they are called."""

    name: str
    rules: Rules


def of(customer: Customer) -> Schedule:
    """The rules with which a case of this customer would begin now."""
    row = newest(customer.dunning_schedule) if customer.dunning_schedule else None
    row = row or usual(Collection(customer.collection))
    if row is None:
        return Schedule("built-in", BUILT_IN[Collection(customer.collection)])
    return Schedule(f"{row.code} {row.version}", Rules.model_validate(row.rules))


def newest(code: str) -> DunningSchedule | None:
    """The version of a schedule that holds."""
    return DunningSchedule.objects.filter(code=code).order_by("-version").first()


def usual(collection: Collection) -> DunningSchedule | None:
    """The schedule for a way to pay: of those that say so the one written last."""
    rows = DunningSchedule.objects.filter(default_for=collection).order_by("-id")
    return next((row for row in rows if newest(row.code) == row), None)
