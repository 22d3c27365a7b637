"""States of deployments, runs and phases, and the moves between them."""

from __future__ import annotations

from django.db import models


class Cloud(models.TextChoices):
    AWS = "aws", "AWS"
    AZURE = "azure", "Azure"
    GOOGLE = "google", "Google Cloud"
    ORACLE = "oracle", "Oracle Cloud"
    IBM = "ibm", "IBM Cloud"
    LOCAL = "local", "This machine"


class Method(models.TextChoices):
    """How an account is entered."""

    FEDERATED = "federated", "Paybill's own identity, trusted by the cloud"
    EXCHANGED = "exchanged", "Paybill's own identity, exchanged for a short token"
    STATIC = "static", "a key that does not end (the last resort)"
    NONE = "none", "nothing is asked for"


class AccountState(models.TextChoices):
    ACTIVE = "active"
    PAUSED = "paused"  # nothing new is built; what stands can be destroyed


ACCOUNT_MOVES = {
    AccountState.ACTIVE: {AccountState.PAUSED},
    AccountState.PAUSED: {AccountState.ACTIVE},
}


class Health(models.TextChoices):
    UNTRIED = "untried", "not tried against the cloud"
    OK = "ok", "works"
    FAILING = "failing"


class FourEyes(models.TextChoices):
    STRICT = "strict", "somebody else approves"
    DELAYED = "delayed", "the requester may, after a delay and a fresh second factor"


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
    UNPROTECT = "unprotect"  # an apply that only lets the cloud delete the rest
    REFRESH = "refresh"  # a look at what changed outside; it writes nothing
    ADOPT = "adopt"  # takes what changed outside into the state; builds nothing


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
    FORCE_CANCELED = "force_canceled", "canceled by force"


_ENDS_BADLY = {
    RunState.FAILED,
    RunState.ERRORED,
    RunState.CANCELED,
    RunState.FORCE_CANCELED,
}

RUN_MOVES = {
    RunState.PENDING: {RunState.PLANNING, *_ENDS_BADLY},
    RunState.PLANNING: {
        RunState.PENDING,  # its runner died; nothing was changed, so it starts over
        RunState.WAITING,
        RunState.CONFIRMED,
        RunState.FINISHING,  # nothing to change
        RunState.APPLIED,  # a look: it changes nothing
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
    RunState.FORCE_CANCELED: set[RunState](),
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
    """``prepare``: folder, credentials, init. ``check``: policies, cost, approval."""

    PREPARE = "prepare"
    PLAN = "plan"
    CHECK = "check"
    APPLY = "apply"
    FINISH = "finish"


# Longest time of each phase in seconds. Terraform is asked to stop after it; check and
# finish, which do without Terraform, are cut off.
# A managed database takes up to 40 minutes, and a stack makes several things in turn.
SECONDS = {
    Phase.PREPARE: 300.0,
    Phase.PLAN: 900.0,
    Phase.CHECK: 120.0,
    Phase.APPLY: 2 * 3600.0,
    Phase.FINISH: 1800.0,
}


class PhaseState(models.TextChoices):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


def _planning(state: PhaseState) -> dict[Phase, PhaseState]:
    return dict.fromkeys((Phase.PREPARE, Phase.PLAN, Phase.CHECK), state)


PHASE_EFFECTS: dict[tuple[str, str], dict[Phase, PhaseState]] = {
    (RunState.PENDING, RunState.PLANNING): {Phase.PREPARE: PhaseState.RUNNING},
    (RunState.PLANNING, RunState.PENDING): _planning(PhaseState.PENDING),
    (RunState.PLANNING, RunState.WAITING): _planning(PhaseState.DONE),
    (RunState.PLANNING, RunState.CONFIRMED): _planning(PhaseState.DONE),
    (RunState.PLANNING, RunState.FINISHING): {
        **_planning(PhaseState.DONE),
        Phase.APPLY: PhaseState.UNREACHABLE,
        Phase.FINISH: PhaseState.RUNNING,
    },
    (RunState.PLANNING, RunState.APPLIED): {
        Phase.PREPARE: PhaseState.DONE,
        Phase.PLAN: PhaseState.DONE,
        Phase.CHECK: PhaseState.UNREACHABLE,
        Phase.APPLY: PhaseState.UNREACHABLE,
        Phase.FINISH: PhaseState.UNREACHABLE,
    },
    (RunState.CONFIRMED, RunState.APPLYING): {Phase.APPLY: PhaseState.RUNNING},
    (RunState.APPLYING, RunState.FINISHING): {
        Phase.APPLY: PhaseState.DONE,
        Phase.FINISH: PhaseState.RUNNING,
    },
    (RunState.FINISHING, RunState.APPLIED): {Phase.FINISH: PhaseState.DONE},
}
