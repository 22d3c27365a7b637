"""Verbs of the catalogue. A plan is never edited: a new version takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from billing import catalogue, clock
from billing.catalogue import differences, document, migrating, selling
from billing.catalogue.differences import Difference
from billing.catalogue.errors import CatalogueChanged
from billing.catalogue.migrating import Migration
from billing.catalogue.terms import PlanInput
from billing.models import Plan
from billing.states import PlanState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove

__all__ = [
    "CreatePlan",
    "ImportCatalogue",
    "MigratePlan",
    "PlanInput",
    "RetirePlan",
    "StartSale",
]


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


class FileInput(Input):
    text: str = Field(
        min_length=1, max_length=document.LONGEST, description="a catalogue as YAML"
    )
    seen: str = Field(
        default="",
        max_length=64,
        description="digest of the catalogue that was looked at before",
    )


class ImportCatalogue(Action[None, FileInput, list[Difference]]):
    """Make the catalogue what a file says: new plans, new versions, plans taken off.

    All of it or nothing. The same file again changes nothing; a dry run says what
    would change.
    """

    model = Plan
    Input = FileInput
    permission = "billing.import_plans"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: FileInput, *, actor: Actor) -> list[Difference]:
        wanted = document.read(data.text)
        list(Plan.objects.select_for_update(no_key=True).order_by("pk"))
        if data.seen and data.seen != differences.digest():
            raise CatalogueChanged
        found = differences.between(wanted)
        differences.apply(found)
        return found

    def present(self, result: list[Difference]) -> dict[str, Any]:
        return {"changes": [each.told()[0] for each in result]}

    def recall(self, output: Mapping[str, Any]) -> list[Difference]:
        return []


class MigrateInput(Input):
    versions: list[Annotated[int, Field(ge=1, le=2**31 - 1)]] = Field(
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
