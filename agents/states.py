"""The states of what the agents' frame keeps, and the moves between them."""

from __future__ import annotations

from django.db import models


class AgentState(models.TextChoices):
    ACTIVE = "active"
    STOPPED = "stopped"


MOVES = {
    AgentState.ACTIVE: {AgentState.STOPPED},
    AgentState.STOPPED: {AgentState.ACTIVE},
}


class RuleState(models.TextChoices):
    SHADOW = "shadow"  # evaluated and logged, not enforced
    ACTIVE = "active"
    OFF = "off"


RULE_MOVES = {
    RuleState.SHADOW: {RuleState.ACTIVE, RuleState.OFF},
    RuleState.ACTIVE: {RuleState.SHADOW, RuleState.OFF},
    RuleState.OFF: {RuleState.SHADOW},
}


class BindingKind(models.TextChoices):
    FIXED = "fixed"
    LISTED = "listed"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Measure(models.TextChoices):
    CALLS = "calls"
    ROWS = "rows"
    OBJECTS = "objects"
    AMOUNT = "amount"


class Per(models.TextChoices):
    """Whose use is counted together; ``call``: each call by itself, in no window."""

    CALL = "call"
    AGENT = "agent"
    TOKEN = "token"  # noqa: S105 - a word, no secret
    TOOL = "tool"
    WORKFLOW = "workflow"
    OBJECT = "object"


class RunStatus(models.TextChoices):
    ACTIVE = "active"
    WAITING = "waiting"  # for a person
    DONE = "done"
    COMPENSATING = "compensating"
    FAILED = "failed"
    CANCELLED = "cancelled"


RUN_MOVES: dict[RunStatus, set[RunStatus]] = {
    RunStatus.ACTIVE: {
        RunStatus.WAITING,
        RunStatus.DONE,
        RunStatus.COMPENSATING,
        RunStatus.FAILED,
        RunStatus.CANCELLED,
    },
    RunStatus.WAITING: {
        RunStatus.ACTIVE,
        RunStatus.DONE,
        RunStatus.COMPENSATING,
        RunStatus.FAILED,
        RunStatus.CANCELLED,
    },
    RunStatus.COMPENSATING: {RunStatus.CANCELLED, RunStatus.FAILED},
    RunStatus.DONE: set(),
    RunStatus.FAILED: {RunStatus.COMPENSATING},
    RunStatus.CANCELLED: set(),
}


class StepStatus(models.TextChoices):
    DONE = "done"
    UNDONE = "undone"  # its compensation was done


class ApprovalState(models.TextChoices):
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    VOID = "void"  # what was shown is no longer what would happen
    EXPIRED = "expired"
    REVOKED = "revoked"


APPROVAL_MOVES: dict[ApprovalState, set[ApprovalState]] = {
    ApprovalState.WAITING: {
        ApprovalState.APPROVED,
        ApprovalState.REFUSED,
        ApprovalState.VOID,
        ApprovalState.EXPIRED,
        ApprovalState.REVOKED,
    },
    ApprovalState.APPROVED: {
        ApprovalState.USED,
        ApprovalState.VOID,
        ApprovalState.EXPIRED,
        ApprovalState.REVOKED,
    },
    ApprovalState.REFUSED: set(),
    ApprovalState.USED: set(),
    ApprovalState.VOID: set(),
    ApprovalState.EXPIRED: set(),
    ApprovalState.REVOKED: set(),
}


class ProposalState(models.TextChoices):
    OPEN = "open"
    TAKEN = "taken"  # somebody did it
    DECLINED = "declined"


PROPOSAL_MOVES = {
    ProposalState.OPEN: {ProposalState.TAKEN, ProposalState.DECLINED},
    ProposalState.TAKEN: set(),
    ProposalState.DECLINED: set(),
}
