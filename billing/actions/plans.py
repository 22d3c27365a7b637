"""Verbs of the catalogue. A plan is never edited: a new version takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from billing import catalogue, clock
from billing.catalogue import migrating, selling
from billing.catalogue.migrating import Migration
from billing.catalogue.terms import PlanInput
from billing.models import Plan
from billing.states import PlanState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove

__all__ = ["CreatePlan", "MigratePlan", "PlanInput", "RetirePlan", "StartSale"]


class CreatePlan(Action[None, PlanInput, Plan]):
    """Put a plan on sale, in place of the version that is on sale now.

    At once, or from the moment it says. Who has an earlier version keeps it, unless
    the new one says from when it is for them too.
    """

    model = Plan
    Input = PlanInput
    permission = "billing.add_plan"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: PlanInput, *, actor: Actor) -> Plan:
        return selling.put_on_sale(data)


class RetirePlan(Action[Plan, NoInput, Plan]):
    """Take a plan off sale; those who have it keep it."""

    model = Plan
    permission = "billing.retire_plan"
    danger = Danger.CAREFUL
    legal_in = frozenset({PlanState.SCHEDULED, PlanState.ON_SALE})

    def run(self, target: Plan, data: NoInput, *, actor: Actor) -> Plan:
        selling.retire(target)
        return target


class StartSale(Action[Plan, NoInput, Plan]):
    """Sell a version whose day has come, in place of the one before it."""

    model = Plan
    permission = "billing.start_sale"
    legal_in = frozenset({PlanState.SCHEDULED})

    def run(self, target: Plan, data: NoInput, *, actor: Actor) -> Plan:
        if not catalogue.has_begun(target, clock.now()):
            raise IllegalMove("this version waits for its day")
        selling.begin(target)
        return target


class MigrateInput(Input):
    versions: list[int] = Field(
        default_factory=list, max_length=100, description="of these only; default: all"
    )


class MigratePlan(Action[Plan, MigrateInput, Migration]):
    """Let subscriptions of earlier versions have this one from their next period on.

    A dry run says for whom, what they pay before and after, and who stays and why.
    """

    model = Plan
    Input = MigrateInput
    permission = "billing.migrate_plan"
    danger = Danger.CAREFUL
    legal_in = frozenset({PlanState.ON_SALE, PlanState.RETIRED})

    def run(self, target: Plan, data: MigrateInput, *, actor: Actor) -> Migration:
        return migrating.migrate(target, data.versions)

    def present(self, result: Migration) -> dict[str, Any]:
        return result.told()

    def recall(self, output: Mapping[str, Any]) -> None:
        return None
