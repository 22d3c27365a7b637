"""The steps of a removal: each does its work, or says that it has to be waited for.

Every one may be repeated: it first looks whether its work is done. What it asks for
(a backup, a run) is asked for under a trigger of its own, so twice is once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import Transition, reference
from provisioning import attempts, reports, state
from provisioning.actions import (
    CancelRun,
    NoteDropped,
    NoteRemoval,
    QueueRun,
    RequestBackup,
)
from provisioning.checks import Check, failures, told
from provisioning.clouds import placing
from provisioning.clouds.inventory import Found
from provisioning.databases import restoring
from provisioning.databases.errors import BacksItselfUp, NoDatabase
from provisioning.databases.places import ground_of
from provisioning.databases.states import BackupReason, BackupState
from provisioning.errors import NoReport
from provisioning.models import Backup, DatabaseCopy, Deployment, Removal, Run
from provisioning.removal import keeping, proof
from provisioning.removal.states import RemovalState
from provisioning.removal.system import REMOVER
from provisioning.states import (
    ACTIVE,
    DeploymentState,
    Operation,
    RunState,
)
from tenants import pool
from tenants.actions import NotePlacementGone, RetirePlacement
from tenants.models import Placement
from tenants.states import Isolation, PlacementState, TenantState

# How triggers of backups begin that were asked for by the end of a subscription.
AT_THE_END = "ended:"
# How long a server of its own is asked to take its closed licence before it is left.
PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Finished:
    """A step is done: what to tell of it, and what the record needs."""

    detail: str
    notes: dict[str, Any] = field(default_factory=dict)


class Stuck(PaybillError):
    """The removal can not go on by itself."""


type Step = Callable[[Removal], Finished | None]


def suspend(removal: Removal) -> Finished | None:
    """Let nobody in any more: hosts are not routed; a silo is told by its licence."""
    deployment = removal.deployment
    if deployment is None:
        return Finished("its place is retired: nobody enters it")
    serves = deployment.state == DeploymentState.READY
    if deployment.kind != Isolation.SILO or not serves:
        return Finished("its addresses lead nowhere")
    try:
        reports.closed(deployment)
    except NoReport as error:
        if timezone.now() - removal.created_at < PATIENCE:
            return None
        return Finished(f"its server does not say that it is closed: {error.detail}")
    return Finished("its server says that its licence is closed")


def back_up(removal: Removal) -> Finished | None:
    """Take the last backup and wait until it is stored and read back."""
    if why := _nothing_to_keep(removal):
        return _no_backup(why)
    if (kept := _taken_at_the_end(removal)) is not None:
        perform(NoteRemoval, removal, {"backup": kept.public_id}, actor=REMOVER)
        return Finished(f"{kept.public_id}, from when the subscription ended")
    trigger = f"final:{removal.public_id}:{removal.attempt}"
    asked = {"reason": BackupReason.FINAL.value, "trigger": trigger}
    try:
        backup: Backup = perform(
            RequestBackup, removal.tenant, asked, actor=REMOVER
        ).result
    except NoDatabase:
        return _no_backup("there was no database")
    except BacksItselfUp:
        return _left_to_the_cloud(removal)
    if removal.backup_id != backup.pk:
        perform(NoteRemoval, removal, {"backup": backup.public_id}, actor=REMOVER)
    if backup.state == BackupState.FAILED:
        raise Stuck(f"the last backup failed: {backup.explanation}")
    if backup.state != BackupState.READY:
        return None
    return Finished(f"{backup.public_id}, stored and read back")


def _taken_at_the_end(removal: Removal) -> Backup | None:
    """The backup of the subscription's end, if nobody was let in since."""
    rows = Backup.objects.filter(
        tenant=removal.tenant,
        reason=BackupReason.FINAL,
        state=BackupState.READY,
        trigger__startswith=AT_THE_END,
    )
    newest = rows.order_by("-id").first()
    if newest is None:
        return None
    opened = Transition.objects.filter(
        target=reference(removal.tenant),
        new=TenantState.LIVE,
        at__gt=newest.created_at,
    )
    return None if opened.exists() else newest


def _left_to_the_cloud(removal: Removal) -> Finished:
    """Nothing here reaches the database. Raises Stuck where the cloud keeps nothing."""
    deployment = removal.deployment
    if deployment is None or keeping.copy_of(deployment) is not keeping.Copy.CLOUD:
        raise Stuck(
            "Paybill can not reach this database, and the cloud keeps nothing of it"
            " after the destroy: have a copy made there, then skip the backup"
        )
    name = keeping.snapshot(deployment)
    said = f"the cloud is told to keep the snapshot {name} when it deletes the database"
    return Finished(said, {"no_backup": said, "snapshot": name})


def _no_backup(why: str) -> Finished:
    return Finished(f"none: {why}", {"no_backup": why})


def _nothing_to_keep(removal: Removal) -> str:
    if removal.without_backup:
        return "an operator decided to go without one"
    deployment = removal.deployment
    empty = deployment is not None and deployment.state == DeploymentState.EMPTY
    return "nothing was ever built" if empty else ""


def unprotect(removal: Removal) -> Finished | None:
    """Let the cloud delete the data stores: a run of its own, before the destroy."""
    deployment = removal.deployment
    if deployment is None:
        return Finished("nothing was protected")
    # Its own run takes the mark away, so what it did is told by the run.
    asked = _newest(_trigger(removal, Operation.UNPROTECT))
    if asked is None and not deployment.protected:
        return Finished("nothing was protected")
    return _run(removal, deployment, Operation.UNPROTECT)


def empty(removal: Removal) -> Finished | None:
    """Take away what a provider does not delete: objects in a bucket, for one."""
    deployment = removal.deployment
    if deployment is None or deployment.state == DeploymentState.GONE:
        return Finished("there was no storage of its own")
    outputs = state.outputs(deployment) or dict(deployment.outputs)
    said = placing.clear(deployment, outputs)
    return Finished(said) if said else None


def destroy(removal: Removal) -> Finished | None:
    """Destroy what Terraform made, or give the place in the pool up."""
    deployment = removal.deployment
    if deployment is not None:
        if deployment.state == DeploymentState.GONE:
            return Finished("it was gone already")
        return _run(removal, deployment, Operation.DESTROY)
    if removal.placement is not None:
        _drop(removal.placement)
    return Finished("its schema and its roles are dropped, and copies beside it")


def _drop(placement: Placement) -> None:
    """Drop a place in the pool with all that stands beside it."""
    if placement.state == PlacementState.GONE:
        return
    if placement.state == PlacementState.TAKEN:
        placement = perform(RetirePlacement, placement, actor=REMOVER).result
    copies = DatabaseCopy.objects.filter(placement=placement, dropped_at=None)
    for copy in copies:
        restoring.drop(ground_of(placement).dsn, copy.schema_name)
        perform(NoteDropped, copy, actor=REMOVER)
    pool.dispose(placement)


def prove(removal: Removal) -> Finished | None:
    """Look for what is left. Raises Stuck, naming it."""
    checks: list[Check] = []
    ending: list[Found] = []
    if removal.deployment is not None:
        checks, ending = proof.of(removal.deployment)
    if removal.placement is not None:
        checks = proof.of_place(removal.placement)
    left = failures(checks)
    if left:
        raise Stuck(left)
    if removal.placement is not None and removal.placement.state == "retired":
        perform(NotePlacementGone, removal.placement, actor=REMOVER)
    remains = [{"name": one.name, "ends": one.ends} for one in ending]
    said = f"gone; {len(remains)} wait for their end" if remains else "nothing is left"
    notes = {"proof": told(checks), "remains": remains, **_kept(removal, ending)}
    return Finished(said, notes)


def _kept(removal: Removal, ending: list[Found]) -> dict[str, str]:
    """What became of the snapshot that the cloud was told to keep."""
    name = removal.notes.get("snapshot")
    if not name:
        return {}
    if any(one.name.endswith(f":snapshot:{name}") for one in ending):
        said = f"the cloud keeps the snapshot {name}, readable while its key is there"
    else:
        said = f"the cloud was told to keep the snapshot {name} and does not list it"
    return {"no_backup": f"none of Paybill's own: {said}"}


STEPS: dict[str, tuple[Step, RemovalState]] = {
    RemovalState.SUSPENDING: (suspend, RemovalState.BACKING_UP),
    RemovalState.BACKING_UP: (back_up, RemovalState.UNPROTECTING),
    RemovalState.UNPROTECTING: (unprotect, RemovalState.EMPTYING),
    RemovalState.EMPTYING: (empty, RemovalState.DESTROYING),
    RemovalState.DESTROYING: (destroy, RemovalState.PROVING),
    RemovalState.PROVING: (prove, RemovalState.DONE),
}


def _run(
    removal: Removal, deployment: Deployment, operation: Operation
) -> Finished | None:
    """The run that a step needs: queued once, followed through its retries."""
    run = _newest(_trigger(removal, operation))
    if run is None:
        _queue(removal, deployment, operation)
        return None
    if removal.run_id != run.pk:
        perform(NoteRemoval, removal, {"run": run.public_id}, actor=REMOVER)
    if run.state in ACTIVE:
        return None
    if run.state != RunState.APPLIED:
        raise Stuck(f"{run} is {run.state}: {run.explanation or 'without a reason'}")
    return Finished(f"{run.public_id} was applied")


def _trigger(removal: Removal, operation: Operation) -> str:
    return f"{removal.public_id}:{operation}:{removal.attempt}"


def _newest(trigger: str) -> Run | None:
    run = Run.objects.filter(trigger=trigger).first()
    return attempts.newest(run) if run else None


def _queue(removal: Removal, deployment: Deployment, operation: Operation) -> None:
    """Queue the run; what still goes on is asked to stop first."""
    going_on = deployment.runs.filter(state__in=ACTIVE).first()
    if going_on is not None:
        if going_on.cancel_requested_at is None and _can_stop(going_on):
            perform(CancelRun, going_on, actor=REMOVER, reason=str(removal))
        return
    if deployment.frozen:
        raise Stuck(deployment.frozen)
    trigger = _trigger(removal, operation)
    asked = {"operation": operation.value, "trigger": trigger}
    run: Run = perform(QueueRun, deployment, asked, actor=REMOVER).result
    perform(NoteRemoval, removal, {"run": run.public_id}, actor=REMOVER)


def _can_stop(run: Run) -> bool:
    return run.operation != Operation.DESTROY and run.state != RunState.FINISHING
