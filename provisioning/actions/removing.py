"""Taking places away: beginning it, noting its steps, holding it, trying it again."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from pydantic import Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.states import Machine
from provisioning.events import RemovalDone, RemovalGoesOn
from provisioning.models import Backup, Deployment, Removal, RemovalStep, Run
from provisioning.removal import record
from provisioning.removal.states import REMOVAL_MOVES, RemovalState
from provisioning.states import DeploymentState
from tenants import entitlements
from tenants.models import Placement, Tenant
from tenants.states import Isolation, PlacementState, TenantState

REMOVAL = Machine("removal", REMOVAL_MOVES)
GOING_ON = frozenset(RemovalState) - {RemovalState.DONE}


class BeginRemoval(Action[Tenant, NoInput, Tenant]):
    """Note that everything a closing tenant lives in is to be taken away."""

    model = Tenant
    permission = "provisioning.begin_removal"

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Tenant:
        if target.state not in {TenantState.CLOSING, TenantState.CLOSED}:
            raise IllegalMove(f"{target.name} is {target.state}: close it first")
        standing = Deployment.objects.filter(tenant=target, removal=None)
        for deployment in standing.exclude(state=DeploymentState.GONE):
            _begin(Removal(tenant=target, deployment=deployment))
            # A closing tenant's terms are closed: a server of its own learns it so.
            entitlements.renew(target)
        places = Placement.objects.filter(
            tenant=target, kind=Isolation.POOLED, removal=None
        )
        for placement in places.exclude(state=PlacementState.GONE):
            _begin(Removal(tenant=target, placement=placement))
        return target


def _begin(removal: Removal) -> None:
    removal.save()
    RemovalStep.objects.create(removal=removal, name=removal.state)
    _wake(removal)


def _wake(removal: Removal) -> None:
    events.emit(
        RemovalGoesOn(tenant=removal.tenant.public_id, removal=removal.public_id)
    )


class AdvanceRemovalInput(Input):
    to: RemovalState
    detail: str = Field(default="", max_length=2000)
    notes: dict[str, Any] = Field(default_factory=dict)


class AdvanceRemoval(Action[Removal, AdvanceRemovalInput, Removal]):
    """Note that a step is done, and what it found; the last one signs the record."""

    model = Removal
    Input = AdvanceRemovalInput
    permission = "provisioning.advance_removal"

    def run(
        self, target: Removal, data: AdvanceRemovalInput, *, actor: Actor
    ) -> Removal:
        if target.held:
            raise IllegalMove(f"removal is held: {target.held}")
        _leave(target, data.detail)
        REMOVAL.move(target, data.to)
        target.notes, target.trouble = {**target.notes, **data.notes}, ""
        if data.to == RemovalState.DONE:
            _close(target)
        else:
            RemovalStep.objects.create(removal=target, name=data.to)
        target.save(update_fields=["notes", "trouble", "record", "done_at"])
        return target


def _leave(removal: Removal, detail: str) -> None:
    step = removal.steps.get(name=removal.state)
    step.ended_at, step.detail = timezone.now(), detail
    step.save(update_fields=["ended_at", "detail"])


def _close(removal: Removal) -> None:
    removal.done_at = timezone.now()
    removal.record = record.signed(record.of(removal))
    events.emit(RemovalDone(tenant=removal.tenant.public_id, removal=removal.public_id))


class NoteRemovalInput(Input):
    trouble: str = Field(default="", max_length=2000)
    backup: str = Field(default="", max_length=40)
    run: str = Field(default="", max_length=40)


class NoteRemoval(Action[Removal, NoteRemovalInput, Removal]):
    """Note what a removal waits for, or why it can not go on by itself."""

    model = Removal
    Input = NoteRemovalInput
    permission = "provisioning.advance_removal"

    def run(self, target: Removal, data: NoteRemovalInput, *, actor: Actor) -> Removal:
        target.trouble = data.trouble
        if data.backup:
            target.backup = Backup.objects.get(public_id=data.backup)
        if data.run:
            target.run = Run.objects.get(public_id=data.run)
        target.save(update_fields=["trouble", "backup", "run"])
        return target


class HoldRemovalInput(Input):
    why: str = Field(min_length=3, max_length=500, title="Why")


class HoldRemoval(Action[Removal, HoldRemovalInput, Removal]):
    """Let a removal wait; what is going on ends, no further step begins."""

    model = Removal
    Input = HoldRemovalInput
    permission = "provisioning.hold_removal"
    danger = Danger.CAREFUL
    legal_in = GOING_ON

    def run(self, target: Removal, data: HoldRemovalInput, *, actor: Actor) -> Removal:
        _check_going_on(target)
        target.held = data.why
        target.save(update_fields=["held"])
        return target


class ReleaseRemoval(Action[Removal, NoInput, Removal]):
    """Let a removal that was held go on."""

    model = Removal
    permission = "provisioning.hold_removal"
    danger = Danger.CAREFUL
    legal_in = GOING_ON

    def run(self, target: Removal, data: NoInput, *, actor: Actor) -> Removal:
        _check_going_on(target)
        target.held = ""
        target.save(update_fields=["held"])
        _wake(target)
        return target


class RetryRemoval(Action[Removal, NoInput, Removal]):
    """Try the step again at which a removal is stuck."""

    model = Removal
    permission = "provisioning.retry_removal"
    danger = Danger.CAREFUL
    legal_in = GOING_ON

    def run(self, target: Removal, data: NoInput, *, actor: Actor) -> Removal:
        _check_going_on(target)
        if not target.trouble:
            raise IllegalMove("removal is not stuck; it goes on by itself")
        target.trouble, target.attempt = "", target.attempt + 1
        target.save(update_fields=["trouble", "attempt"])
        _wake(target)
        return target


class SkipBackup(Action[Removal, NoInput, Removal]):
    """Go on without a last backup: what is in the database is lost for good."""

    model = Removal
    permission = "provisioning.skip_backup"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset({RemovalState.SUSPENDING, RemovalState.BACKING_UP})

    def run(self, target: Removal, data: NoInput, *, actor: Actor) -> Removal:
        if target.state not in self.legal_in:
            raise IllegalMove(f"removal is {target.state}; its backup is behind it")
        target.without_backup, target.trouble = True, ""
        target.save(update_fields=["without_backup", "trouble"])
        _wake(target)
        return target


def _check_going_on(removal: Removal) -> None:
    if removal.state == RemovalState.DONE:
        raise IllegalMove("removal is done")
