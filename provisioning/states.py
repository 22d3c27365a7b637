"""States of deployments, runs and phases, and the moves between them."""

from __future__ import annotations

from django.db import models


class DeploymentState(models.TextChoices):
    EMPTY = "empty"  # nothing was made yet
    BUILDING = "building"
    READY = "ready"
    BROKEN = "broken"  # the last apply ended badly: a retry or a destroy follows
    DESTROYING = "destroying"
    GONE = "gone"  # proved to be gone


DEPLOYMENT_MOVES = {
    DeploymentState.EMPTY: {DeploymentState.BUILDING, DeploymentState.GONE},
    DeploymentState.BUILDING: {DeploymentState.READY, DeploymentState.BROKEN},
    DeploymentState.READY: {DeploymentState.BUILDING, DeploymentState.DESTROYING},
    DeploymentState.BROKEN: {DeploymentState.BUILDING, DeploymentState.DESTROYING},
    DeploymentState.DESTROYING: {DeploymentState.GONE, DeploymentState.BROKEN},
    DeploymentState.GONE: set[DeploymentState](),
}


class Operation(models.TextChoices):
    APPLY = "apply"
    DESTROY = "destroy"


class RunState(models.TextChoices):
    """``failed``: Terraform or a check said no. ``errored``: Paybill's side broke."""

    PENDING = "pending"
    PLANNING = "planning"
    WAITING = "waiting", "waiting for confirmation"
    CONFIRMED = "confirmed"
    APPLYING = "applying"
    FINISHING = "finishing"
    APPLIED = "applied"
    DISCARDED = "discarded"
    FAILED = "failed"
    ERRORED = "errored"
    CANCELED = "canceled"


_ENDS_BADLY = {RunState.FAILED, RunState.ERRORED, RunState.CANCELED}

RUN_MOVES = {
    RunState.PENDING: {RunState.PLANNING, *_ENDS_BADLY},
    RunState.PLANNING: {
        RunState.PENDING,  # its runner died; nothing was changed, so it starts over
        RunState.WAITING,
        RunState.CONFIRMED,
        RunState.FINISHING,  # nothing to change
        *_ENDS_BADLY,
    },
    RunState.WAITING: {RunState.CONFIRMED, RunState.DISCARDED, *_ENDS_BADLY},
    RunState.CONFIRMED: {RunState.APPLYING, RunState.DISCARDED, *_ENDS_BADLY},
    RunState.APPLYING: {RunState.FINISHING, *_ENDS_BADLY},
    RunState.FINISHING: {RunState.APPLIED, *_ENDS_BADLY},
    RunState.APPLIED: set[RunState](),
    RunState.DISCARDED: set[RunState](),
    RunState.FAILED: set[RunState](),
    RunState.ERRORED: set[RunState](),
    RunState.CANCELED: set[RunState](),
}

FINAL = frozenset(state for state, following in RUN_MOVES.items() if not following)
ACTIVE = frozenset(RUN_MOVES) - FINAL
# A runner process works on it and holds the lease.
HELD = frozenset({RunState.PLANNING, RunState.APPLYING, RunState.FINISHING})
# A runner process may take it up.
CLAIMABLE = frozenset({RunState.PENDING, RunState.CONFIRMED, RunState.FINISHING})
# Terraform runs and its token is good.
TERRAFORM = frozenset({RunState.PLANNING, RunState.APPLYING})


class Phase(models.TextChoices):
    PLAN = "plan"
    APPLY = "apply"
    FINISH = "finish"


class PhaseState(models.TextChoices):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


PHASE_EFFECTS: dict[tuple[str, str], dict[Phase, PhaseState]] = {
    (RunState.PENDING, RunState.PLANNING): {Phase.PLAN: PhaseState.RUNNING},
    (RunState.PLANNING, RunState.PENDING): {Phase.PLAN: PhaseState.PENDING},
    (RunState.PLANNING, RunState.WAITING): {Phase.PLAN: PhaseState.DONE},
    (RunState.PLANNING, RunState.CONFIRMED): {Phase.PLAN: PhaseState.DONE},
    (RunState.PLANNING, RunState.FINISHING): {
        Phase.PLAN: PhaseState.DONE,
        Phase.APPLY: PhaseState.UNREACHABLE,
        Phase.FINISH: PhaseState.RUNNING,
    },
    (RunState.CONFIRMED, RunState.APPLYING): {Phase.APPLY: PhaseState.RUNNING},
    (RunState.APPLYING, RunState.FINISHING): {
        Phase.APPLY: PhaseState.DONE,
        Phase.FINISH: PhaseState.RUNNING,
    },
    (RunState.FINISHING, RunState.APPLIED): {Phase.FINISH: PhaseState.DONE},
}
