"""The moves of runs, with what follows from them for phases and deployments.

What follows is computed from (old, new) in one place, so no caller can forget it.
Only inside an action.
"""

from __future__ import annotations

from django.utils import timezone

from paybill_site.kernel import events
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.states import Machine
from provisioning.events import DeploymentGone, DeploymentReady, RunEnded
from provisioning.models import Deployment, Run, RunPhase, StateLock
from provisioning.states import (
    ACCOUNT_MOVES,
    DEPLOYMENT_MOVES,
    FINAL,
    PHASE_EFFECTS,
    RUN_MOVES,
    DeploymentState,
    Operation,
    Phase,
    PhaseState,
    RunState,
)

RUN = Machine("run", RUN_MOVES)
DEPLOYMENT = Machine("deployment", DEPLOYMENT_MOVES)
ACCOUNT = Machine("cloud account", ACCOUNT_MOVES)


def advance(run: Run, to: RunState, *, reason: str = "") -> None:
    """Move a run. Raises IllegalMove and Conflict as ``Machine.move`` does."""
    old = RunState(run.state)
    RUN.move(run, to, reason=reason)
    _phases(run, old, to)
    _deployment(run, old, to)
    if to in FINAL:
        _end(run)
        _unsettle(run, old)


def enter(run: Run, name: Phase) -> None:
    """Go on with the next phase of planning: the one before it is done.

    Raises IllegalMove when the run is not planning.
    """
    if run.state != RunState.PLANNING:
        raise IllegalMove(f"run is {run.state}; it can not go on with {name}")
    for phase in run.phases.filter(state=PhaseState.RUNNING):
        _set_phase(phase, PhaseState.DONE)
    _set_phase(run.phases.get(name=name), PhaseState.RUNNING)


def _phases(run: Run, old: RunState, new: RunState) -> None:
    effects = PHASE_EFFECTS.get((old, new), {})
    for name, state in effects.items():
        _set_phase(run.phases.get(name=name), state)
    if new in FINAL - {RunState.APPLIED}:
        for phase in run.phases.all():
            if phase.state == PhaseState.RUNNING:
                _set_phase(phase, PhaseState.FAILED)
            elif phase.state == PhaseState.PENDING:
                _set_phase(phase, PhaseState.UNREACHABLE)


def _set_phase(phase: RunPhase, state: PhaseState) -> None:
    if phase.state == state:
        return  # it ended earlier than the others of its stage
    phase.state = state
    if state == PhaseState.RUNNING:
        phase.started_at, phase.ended_at = timezone.now(), None
    elif state == PhaseState.PENDING:
        phase.started_at, phase.ended_at = None, None
    elif phase.started_at is not None:
        phase.ended_at = timezone.now()
    phase.save(update_fields=["state", "started_at", "ended_at"])


def _deployment(run: Run, old: RunState, new: RunState) -> None:
    if run.operation in {Operation.REFRESH, Operation.UNPROTECT, Operation.ADOPT}:
        return  # it stands as before, whatever comes of these
    deployment, apply = run.deployment, run.operation == Operation.APPLY
    works = {RunState.APPLYING, RunState.FINISHING}
    if new in works and old not in works:
        _move(
            deployment,
            DeploymentState.BUILDING if apply else DeploymentState.DESTROYING,
        )
    elif new == RunState.APPLIED:
        _move(deployment, DeploymentState.READY if apply else DeploymentState.GONE)
        _tell(deployment, apply=apply)
    elif new in FINAL and old in works:
        _move(deployment, DeploymentState.BROKEN)


def _unsettle(run: Run, old: RunState) -> None:
    """After an apply that ended badly nobody knows what exists: it has to be looked.

    So it is when a plan that was to take something up did not come to its apply.
    """
    if run.state != RunState.APPLIED and (old == RunState.APPLYING or run.imports):
        run.deployment.settled = False
        run.deployment.save(update_fields=["settled"])


def _move(deployment: Deployment, to: DeploymentState) -> None:
    # Nothing was ever made of an empty deployment, so its destroy proves just that.
    if deployment.state == DeploymentState.EMPTY and to == DeploymentState.DESTROYING:
        return
    if deployment.state != to:
        DEPLOYMENT.move(deployment, to)


def _tell(deployment: Deployment, *, apply: bool) -> None:
    event = DeploymentReady if apply else DeploymentGone
    events.emit(
        event(tenant=deployment.tenant.public_id, deployment=deployment.public_id)
    )


def _end(run: Run) -> None:
    run.ended_at = timezone.now()
    run.lease_until, run.missed_at = None, None  # who held it last stays known
    run.token_digest, run.token_writes = "", False
    run.save(
        update_fields=[
            "ended_at",
            "lease_until",
            "missed_at",
            "token_digest",
            "token_writes",
        ]
    )
    StateLock.objects.filter(run=run).delete()  # its Terraform can write nothing more
    events.emit(
        RunEnded(
            tenant=run.tenant.public_id,
            run=run.public_id,
            deployment=run.deployment.public_id,
            operation=run.operation,
            state=run.state,
        )
    )
