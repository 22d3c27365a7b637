"""What starts a removal, and what lets it go on."""

from __future__ import annotations

from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles
from provisioning.actions import BeginRemoval, NoteRemoval
from provisioning.clouds import ledger
from provisioning.events import (
    BackupFinished,
    RemovalDone,
    RemovalGoesOn,
    RunEnded,
)
from provisioning.models import Removal
from provisioning.removal import driving
from provisioning.removal.states import RemovalState
from provisioning.removal.system import REMOVER
from provisioning.removal.tasks import wake
from provisioning.states import RunState
from tenants.actions import FinishClosing, RetirePlacement
from tenants.events import TenantClosing
from tenants.models import Placement, Tenant
from tenants.states import Isolation, PlacementState, TenantState


@handles(TenantClosing)
def take_down(event: TenantClosing, delivery_id: str) -> None:
    """Begin to take away what the tenant lives in.

    Who lived in the pool is closed at once: nobody enters a retired place, and what
    is in it goes when its last backup is stored. Infrastructure of its own has to be
    gone before the tenant is closed.
    """
    tenant = Tenant.objects.get(public_id=event.tenant)
    perform(BeginRemoval, tenant, actor=REMOVER)
    taken = Placement.objects.filter(tenant=tenant, state=PlacementState.TAKEN)
    for placement in taken.filter(kind=Isolation.POOLED):
        perform(RetirePlacement, placement, actor=REMOVER)
    _close(tenant)


@handles(RemovalGoesOn)
def go_on(event: RemovalGoesOn, delivery_id: str) -> None:
    """Wake a worker: dropping and asking take longer than a handler should."""
    wake(event.removal)


@handles(RunEnded)
def follow_run(event: RunEnded, delivery_id: str) -> None:
    """A run ended for which a removal waits, or which stood in its way.

    One that an operator retried and that was applied takes a removal out of trouble.
    """
    if event.state == RunState.APPLIED:
        stuck = Removal.objects.filter(deployment__public_id=event.deployment)
        for removal in stuck.exclude(trouble=""):
            perform(NoteRemoval, removal, {"trouble": ""}, actor=REMOVER)
    for removal in driving.concerned(run=event.run):
        wake(removal.public_id)


@handles(BackupFinished)
def follow_backup(event: BackupFinished, delivery_id: str) -> None:
    """The last backup is there, or there is none."""
    for removal in driving.concerned(backup=event.backup):
        wake(removal.public_id)


@handles(RemovalDone)
def finish(event: RemovalDone, delivery_id: str) -> None:
    """Give back what the place held, and close the tenant when all is gone."""
    removal = Removal.objects.get(public_id=event.removal)
    if removal.deployment is not None:
        ledger.release(removal.deployment)
    _close(removal.tenant)


def _close(tenant: Tenant) -> None:
    """Close a tenant that is closing, once no infrastructure of its own is left."""
    open_ones = Removal.objects.filter(tenant=tenant).exclude(state=RemovalState.DONE)
    standing = open_ones.exclude(deployment=None).exists()
    if tenant.state == TenantState.CLOSING and not standing:
        perform(FinishClosing, tenant, actor=REMOVER)
